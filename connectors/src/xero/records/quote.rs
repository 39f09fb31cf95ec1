//! A quote: what a customer was offered.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::invoice::{OfContact, said_in};
use super::{LineAmountTypes, LineItem};
use crate::xero::{Carrier, Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Quote {
    #[serde(rename = "QuoteID")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub quote_number: String,
    pub status: QuoteStatus,
    #[serde(default, deserialize_with = "wire::text")]
    pub reference: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub title: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub summary: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub terms: String,
    pub contact: OfContact,
    #[serde(deserialize_with = "wire::day")]
    pub date: NaiveDate,
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub expiry_date: Option<NaiveDate>,
    #[serde(default)]
    pub line_amount_types: LineAmountTypes,
    #[serde(default, deserialize_with = "wire::list")]
    pub line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: String,
    /// Foreign units for one of the organisation's own.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub currency_rate: Option<Decimal>,
    #[serde(deserialize_with = "wire::amount")]
    pub sub_total: Decimal,
    #[serde(deserialize_with = "wire::amount")]
    pub total_tax: Decimal,
    #[serde(deserialize_with = "wire::amount")]
    pub total: Decimal,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum QuoteStatus {
    Draft,
    Sent,
    Declined,
    Accepted,
    Invoiced,
    Deleted,
}

impl Record for Quote {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn label(&self) -> String {
        format!("Quote {}", super::number_or(&self.quote_number, &self.id))
    }
    fn says(&self, carrier: &Carrier) -> String {
        match carrier {
            Carrier::Reference => self.reference.trim().to_owned(),
            Carrier::Terms => self.terms.trim().to_owned(),
            Carrier::LinePart { .. } | Carrier::Tracking { .. } => said_in(&self.line_items, carrier),
            _ => String::new(),
        }
    }
}
