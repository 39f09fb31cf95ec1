//! Money moved between two bank accounts.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::Tracking;
use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BankTransfer {
    #[serde(rename = "BankTransferID")]
    pub id: String,
    /// Missing in the answers of older transfers.
    #[serde(default)]
    pub status: TransferStatus,
    pub from_bank_account: TransferAccount,
    pub to_bank_account: TransferAccount,
    #[serde(deserialize_with = "wire::amount")]
    pub amount: Decimal,
    #[serde(deserialize_with = "wire::day")]
    pub date: NaiveDate,
    /// Foreign units for one of the organisation's own.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub currency_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::text")]
    pub reference: String,
    #[serde(default, deserialize_with = "wire::list")]
    pub from_tracking: Vec<Tracking>,
    #[serde(default, deserialize_with = "wire::list")]
    pub to_tracking: Vec<Tracking>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TransferStatus {
    #[default]
    Authorised,
    Deleted,
}

/// One of the two bank accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TransferAccount {
    #[serde(rename = "AccountID", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub code: String,
    /// Told by some answers only.
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: String,
}

impl BankTransfer {
    /// Between accounts of the organisation's own currency it is 1 or missing.
    pub fn rate(&self) -> Decimal {
        self.currency_rate.filter(|rate| *rate > Decimal::ZERO).unwrap_or(Decimal::ONE)
    }
}

impl Record for BankTransfer {
    fn id(&self) -> &str {
        &self.id
    }
    /// Xero has only the time at which it was made; it cannot be changed, only deleted.
    fn updated_us(&self) -> i64 {
        0
    }
    fn label(&self) -> String {
        format!("Bank transfer of {:.2} on {}", self.amount, self.date)
    }
}
