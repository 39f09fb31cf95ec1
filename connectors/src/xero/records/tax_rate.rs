//! A tax rate. Its `TaxType` is what document lines name.

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaxRate {
    pub tax_type: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub status: String,
    /// Per cent, with compound components worked in.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub effective_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub display_tax_rate: Option<Decimal>,
}

impl TaxRate {
    /// Per cent.
    pub fn rate(&self) -> Decimal {
        self.effective_rate.or(self.display_tax_rate).unwrap_or_default()
    }
}

impl Record for TaxRate {
    fn id(&self) -> &str {
        &self.tax_type
    }
    fn updated_us(&self) -> i64 {
        0
    }
    fn label(&self) -> String {
        format!("Tax rate {}", if self.name.is_empty() { &self.tax_type } else { &self.name })
    }
}
