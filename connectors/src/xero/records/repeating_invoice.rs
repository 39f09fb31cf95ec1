//! A template by which Xero makes an invoice or a bill again and again. It has no number, no rate and no time of change.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::invoice::OfContact;
use super::{InvoiceType, LineAmountTypes, LineItem};
use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RepeatingInvoice {
    #[serde(rename = "RepeatingInvoiceID")]
    pub id: String,
    #[serde(rename = "Type")]
    pub kind: InvoiceType,
    pub status: RepeatingStatus,
    /// May hold placeholders: `[Month]`.
    #[serde(default, deserialize_with = "wire::text")]
    pub reference: String,
    pub contact: OfContact,
    pub schedule: Schedule,
    #[serde(default)]
    pub line_amount_types: LineAmountTypes,
    #[serde(default, deserialize_with = "wire::list")]
    pub line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: String,
    #[serde(deserialize_with = "wire::amount")]
    pub sub_total: Decimal,
    #[serde(deserialize_with = "wire::amount")]
    pub total_tax: Decimal,
    #[serde(deserialize_with = "wire::amount")]
    pub total: Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RepeatingStatus {
    Draft,
    Authorised,
    Deleted,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Schedule {
    /// Every so many weeks or months.
    pub period: u32,
    pub unit: Unit,
    /// A day or a number of days, as `due_date_type` says.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub due_date: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::text")]
    pub due_date_type: String,
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub start_date: Option<NaiveDate>,
    /// Missing where the template has run out.
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub next_scheduled_date: Option<NaiveDate>,
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub end_date: Option<NaiveDate>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Unit {
    Weekly,
    Monthly,
}

impl Record for RepeatingInvoice {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        0
    }
    fn label(&self) -> String {
        let what = if self.kind == InvoiceType::AccPay { "Repeating bill" } else { "Repeating invoice" };
        // It has no number: people know it by whom it is for and by its words.
        let reference = match self.reference.trim() {
            "" => String::new(),
            reference => format!(" “{reference}”"),
        };
        match self.contact.name.trim() {
            "" => format!("{what}{reference} ({})", self.id.get(..8).unwrap_or(&self.id)),
            name => format!("{what}{reference} for {name}"),
        }
    }
}
