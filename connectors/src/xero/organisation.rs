//! The Xero organisation: what mappings and links need to know of it.

use chrono::NaiveDate;
use serde::Deserialize;

use super::wire;

#[derive(Clone, Default, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Organisation {
    #[serde(rename = "OrganisationID", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub legal_name: String,
    /// The region's edition: `NZ`, `AU`, `UK`, `US`, `GLOBAL`.
    #[serde(default, deserialize_with = "wire::text")]
    pub version: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub base_currency: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub country_code: String,
    /// What deep links need: `!mBdtL`.
    #[serde(default, deserialize_with = "wire::text")]
    pub short_code: String,
    /// Xero's own word for it: `NEWZEALANDSTANDARDTIME`.
    #[serde(default, deserialize_with = "wire::text")]
    pub timezone: String,
    /// The day and the month on which the financial year ends.
    #[serde(default, deserialize_with = "wire::text")]
    pub financial_year_end_day: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub financial_year_end_month: String,
    /// Nothing dated on or before it may change.
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub period_lock_date: Option<NaiveDate>,
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub end_of_year_lock_date: Option<NaiveDate>,
    /// The plan: `DEMO`, `GROW`, `ULTIMATE`.
    #[serde(default, deserialize_with = "wire::text")]
    pub class: String,
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_demo_company: bool,
}
