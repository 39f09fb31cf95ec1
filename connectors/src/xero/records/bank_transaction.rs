//! Money spent or received through a bank account without an invoice, and the halves of transfers.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::invoice::{LineAmountTypes, LineItem};
use super::payment::PaymentAccount;
use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BankTransaction {
    #[serde(rename = "BankTransactionID")]
    pub id: String,
    #[serde(rename = "Type")]
    pub kind: BankTransactionType,
    #[serde(default)]
    pub status: BankTransactionStatus,
    /// The halves of a transfer have none.
    #[serde(default)]
    pub contact: Option<Payee>,
    #[serde(default)]
    pub bank_account: PaymentAccount,
    #[serde(deserialize_with = "wire::day")]
    pub date: NaiveDate,
    #[serde(default, deserialize_with = "wire::text")]
    pub reference: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: String,
    /// Foreign units for one of the organisation's own.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub currency_rate: Option<Decimal>,
    #[serde(default)]
    pub line_amount_types: LineAmountTypes,
    #[serde(default, deserialize_with = "wire::list")]
    pub line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub sub_total: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub total_tax: Option<Decimal>,
    #[serde(deserialize_with = "wire::amount")]
    pub total: Decimal,
    /// What a type ending in `-PREPAYMENT` has made.
    #[serde(rename = "PrepaymentID", default, deserialize_with = "wire::text")]
    pub prepayment_id: String,
    #[serde(rename = "OverpaymentID", default, deserialize_with = "wire::text")]
    pub overpayment_id: String,
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_reconciled: bool,
    #[serde(default, deserialize_with = "wire::flag")]
    pub has_attachments: bool,
    /// The page of the program that entered it.
    #[serde(default, deserialize_with = "wire::text")]
    pub url: String,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

/// Who was paid, or who paid.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Payee {
    #[serde(rename = "ContactID", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum BankTransactionType {
    #[serde(rename = "SPEND")]
    Spend,
    #[serde(rename = "RECEIVE")]
    Receive,
    #[serde(rename = "SPEND-PREPAYMENT")]
    SpendPrepayment,
    #[serde(rename = "SPEND-OVERPAYMENT")]
    SpendOverpayment,
    #[serde(rename = "RECEIVE-PREPAYMENT")]
    ReceivePrepayment,
    #[serde(rename = "RECEIVE-OVERPAYMENT")]
    ReceiveOverpayment,
    /// Half of a bank transfer, which is a record of its own.
    #[serde(rename = "SPEND-TRANSFER")]
    SpendTransfer,
    #[serde(rename = "RECEIVE-TRANSFER")]
    ReceiveTransfer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum BankTransactionStatus {
    #[default]
    Authorised,
    Deleted,
    Voided,
}

impl BankTransaction {
    pub fn is_gone(&self) -> bool {
        self.status != BankTransactionStatus::Authorised
    }

    /// Whether the money came in.
    pub fn is_received(&self) -> bool {
        use BankTransactionType::*;
        matches!(self.kind, Receive | ReceivePrepayment | ReceiveOverpayment | ReceiveTransfer)
    }

    /// The organisation's own currency has the rate 1 or none.
    pub fn rate(&self) -> Decimal {
        self.currency_rate.filter(|rate| *rate > Decimal::ZERO).unwrap_or(Decimal::ONE)
    }
}

impl Record for BankTransaction {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn label(&self) -> String {
        let what = if self.is_received() { "Money received" } else { "Money spent" };
        let mut label = format!("{what}: {:.2}", self.total);
        if !self.currency_code.is_empty() {
            label.push_str(&format!(" {}", self.currency_code));
        }
        label.push_str(&format!(" on {}", self.date));
        if !self.reference.is_empty() {
            label.push_str(&format!(" ({})", self.reference));
        }
        label
    }
}
