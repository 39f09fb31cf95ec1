//! The Zoho organisation: what mappings and links need to know of it.

use serde::Deserialize;

use crate::xero::wire;

#[derive(Clone, Default, Debug, PartialEq, Eq, Deserialize)]
pub struct Organisation {
    #[serde(rename = "organization_id", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_id: String,
    /// Decimals that prices may have.
    #[serde(default = "two", deserialize_with = "digits")]
    pub price_precision: u32,
    #[serde(default, deserialize_with = "wire::text")]
    pub time_zone: String,
    #[serde(rename = "plan_name", default, deserialize_with = "wire::text")]
    pub plan: String,
    /// The applications it has joined, in Zoho's own words: `books`. Empty where Zoho does not say.
    #[serde(rename = "org_joined_app_list", default, deserialize_with = "words")]
    pub apps: Vec<String>,
    #[serde(rename = "is_default_org", default, deserialize_with = "wire::flag")]
    pub is_default: bool,
    #[serde(rename = "is_org_active", default = "yes", deserialize_with = "wire::flag")]
    pub is_active: bool,
}

/// A list of words; what is none is left out.
fn words<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let written = serde_json::Value::deserialize(deserializer)?;
    let words = written.as_array().into_iter().flatten().filter_map(|word| word.as_str());
    Ok(words.map(str::to_lowercase).collect())
}

/// Zoho's own default.
fn two() -> u32 {
    2
}

fn yes() -> bool {
    true
}

fn digits<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let written = wire::text(deserializer)?;
    match written.is_empty() {
        true => Ok(two()),
        false => written.parse().map_err(|_| serde::de::Error::custom("not a number of decimals")),
    }
}
