//! A purchase order: what was ordered from a supplier.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::invoice::{OfContact, said_in};
use super::{LineAmountTypes, LineItem};
use crate::xero::{Carrier, Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PurchaseOrder {
    #[serde(rename = "PurchaseOrderID")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub purchase_order_number: String,
    pub status: PurchaseOrderStatus,
    #[serde(default, deserialize_with = "wire::text")]
    pub reference: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub delivery_address: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub attention_to: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub telephone: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub delivery_instructions: String,
    pub contact: OfContact,
    #[serde(deserialize_with = "wire::day")]
    pub date: NaiveDate,
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub delivery_date: Option<NaiveDate>,
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub expected_arrival_date: Option<NaiveDate>,
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
pub enum PurchaseOrderStatus {
    Draft,
    Submitted,
    Authorised,
    Billed,
    Deleted,
}

impl Record for PurchaseOrder {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn label(&self) -> String {
        format!("Purchase order {}", super::number_or(&self.purchase_order_number, &self.id))
    }
    fn says(&self, carrier: &Carrier) -> String {
        match carrier {
            Carrier::Reference => self.reference.trim().to_owned(),
            Carrier::DeliveryInstructions => self.delivery_instructions.trim().to_owned(),
            Carrier::LinePart { .. } | Carrier::Tracking { .. } => said_in(&self.line_items, carrier),
            _ => String::new(),
        }
    }
}
