//! Prepayments and overpayments: money that came or went before there was an invoice or a bill for it.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::invoice::{LineAmountTypes, LineItem, OfContact};
use crate::xero::{Record, wire};

/// Both kinds have the same fields but for the name of their id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Advance {
    #[serde(rename = "PrepaymentID", alias = "OverpaymentID")]
    pub id: String,
    #[serde(rename = "Type")]
    pub kind: AdvanceType,
    pub status: AdvanceStatus,
    pub contact: OfContact,
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
    #[serde(deserialize_with = "wire::amount")]
    pub total: Decimal,
    /// What is neither used nor paid back.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub remaining_credit: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::list")]
    pub allocations: Vec<Allocation>,
    /// What was paid back: records of their own, named here.
    #[serde(default, deserialize_with = "wire::list")]
    pub payments: Vec<PaidBack>,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum AdvanceType {
    #[serde(rename = "RECEIVE-PREPAYMENT", alias = "ARPREPAYMENT")]
    ReceivedPrepayment,
    #[serde(rename = "SPEND-PREPAYMENT", alias = "APPREPAYMENT")]
    SpentPrepayment,
    #[serde(rename = "RECEIVE-OVERPAYMENT", alias = "AROVERPAYMENT")]
    ReceivedOverpayment,
    #[serde(rename = "SPEND-OVERPAYMENT", alias = "APOVERPAYMENT")]
    SpentOverpayment,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AdvanceStatus {
    Authorised,
    /// Used up or paid back.
    Paid,
    Voided,
}

/// A part that is used for an invoice or a bill.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Allocation {
    #[serde(rename = "AllocationID", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(deserialize_with = "wire::amount")]
    pub amount: Decimal,
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub date: Option<NaiveDate>,
    pub invoice: AllocatedInvoice,
    #[serde(default, deserialize_with = "wire::flag")]
    pub is_deleted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AllocatedInvoice {
    #[serde(rename = "InvoiceID")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub invoice_number: String,
    /// The invoice's own rate, at which the allocation relieves it.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub currency_rate: Option<Decimal>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaidBack {
    #[serde(rename = "PaymentID", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(deserialize_with = "wire::amount")]
    pub amount: Decimal,
    #[serde(default, deserialize_with = "wire::optional_day")]
    pub date: Option<NaiveDate>,
}

impl Advance {
    /// Whether a customer paid it; otherwise we paid a supplier.
    pub fn is_received(&self) -> bool {
        matches!(self.kind, AdvanceType::ReceivedPrepayment | AdvanceType::ReceivedOverpayment)
    }

    /// A prepayment stands on the accounts of its lines, an overpayment on what is owed.
    pub fn is_prepayment(&self) -> bool {
        matches!(self.kind, AdvanceType::ReceivedPrepayment | AdvanceType::SpentPrepayment)
    }

    /// What it is used for now.
    pub fn used(&self) -> impl Iterator<Item = &Allocation> {
        self.allocations.iter().filter(|allocation| !allocation.is_deleted)
    }

    pub fn paid_back(&self) -> Decimal {
        self.payments.iter().map(|payment| payment.amount).sum()
    }

    pub fn remaining(&self) -> Decimal {
        match self.status {
            AdvanceStatus::Voided => Decimal::ZERO,
            _ => self.remaining_credit.unwrap_or_else(|| {
                self.total - self.paid_back() - self.used().map(|allocation| allocation.amount).sum::<Decimal>()
            }),
        }
    }

    /// The organisation's own currency has the rate 1 or none.
    pub fn rate(&self) -> Decimal {
        self.currency_rate.filter(|rate| *rate > Decimal::ZERO).unwrap_or(Decimal::ONE)
    }
}

impl Record for Advance {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn label(&self) -> String {
        let what = if self.is_prepayment() { "Prepayment" } else { "Overpayment" };
        let mut label = format!("{what} of {:.2}", self.total);
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
