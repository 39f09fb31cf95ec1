//! Custom fields of a Zoho module, as `settings/fields` tells them.

use serde::Deserialize;
use serde_json::Value;

use crate::xero::wire;

/// One custom field. Its `api_name` is Zoho's choice: read it, never guess it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
pub struct FieldInfo {
    pub id: String,
    pub label: String,
    pub api_name: String,
    pub data_type: String,
    pub is_unique: bool,
    pub is_active: bool,
    /// The choices of a drop-down that can be chosen.
    pub options: Vec<String>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default, deserialize_with = "wire::text")]
    field_id: String,
    #[serde(default, deserialize_with = "wire::text")]
    customfield_id: String,
    #[serde(default, deserialize_with = "wire::text")]
    label: String,
    #[serde(default, deserialize_with = "wire::text")]
    field_name_formatted: String,
    #[serde(default, deserialize_with = "wire::text")]
    api_name: String,
    #[serde(default, deserialize_with = "wire::text")]
    placeholder: String,
    #[serde(default, deserialize_with = "wire::text")]
    data_type: String,
    #[serde(default, deserialize_with = "wire::flag")]
    is_unique: bool,
    is_active: Option<bool>,
    #[serde(default, deserialize_with = "wire::list")]
    values: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default, deserialize_with = "wire::text")]
    name: String,
    is_active: Option<bool>,
}

impl From<Written> for FieldInfo {
    fn from(field: Written) -> Self {
        let first = |one: String, other: String| if one.is_empty() { other } else { one };
        Self {
            id: first(field.field_id, field.customfield_id),
            label: first(field.label, field.field_name_formatted),
            api_name: first(field.api_name, field.placeholder),
            data_type: field.data_type,
            is_unique: field.is_unique,
            is_active: field.is_active.unwrap_or(true),
            options: field
                .values
                .into_iter()
                .filter(|choice| choice.is_active != Some(false) && !choice.name.is_empty())
                .map(|choice| choice.name)
                .collect(),
        }
    }
}

/// The custom fields among `fields`; Zoho's own have names without `cf_`.
pub fn read_fields(body: &Value) -> Vec<FieldInfo> {
    body["fields"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|field| FieldInfo::deserialize(field).ok())
        .filter(|field| field.api_name.starts_with("cf_"))
        .collect()
}
