//! A payment of an invoice, a bill, or something else that can be paid.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::invoice::OfContact;
use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Payment {
    #[serde(rename = "PaymentID")]
    pub id: String,
    pub payment_type: PaymentType,
    #[serde(default)]
    pub status: PaymentStatus,
    #[serde(deserialize_with = "wire::day")]
    pub date: NaiveDate,
    /// In the currency of what is paid.
    #[serde(deserialize_with = "wire::amount")]
    pub amount: Decimal,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub currency_rate: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::text")]
    pub reference: String,
    #[serde(default)]
    pub account: Option<PaymentAccount>,
    #[serde(default)]
    pub invoice: Option<PaidInvoice>,
    /// A refund says which credit is paid back.
    #[serde(default)]
    pub credit_note: Option<PaidCredit>,
    #[serde(default)]
    pub prepayment: Option<PaidCredit>,
    #[serde(default)]
    pub overpayment: Option<PaidCredit>,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum PaymentType {
    #[serde(rename = "ACCRECPAYMENT")]
    OfInvoice,
    #[serde(rename = "ACCPAYPAYMENT")]
    OfBill,
    #[serde(rename = "ARCREDITPAYMENT")]
    CustomerCreditRefund,
    #[serde(rename = "APCREDITPAYMENT")]
    SupplierCreditRefund,
    #[serde(rename = "AROVERPAYMENTPAYMENT")]
    CustomerOverpaymentRefund,
    #[serde(rename = "ARPREPAYMENTPAYMENT")]
    CustomerPrepaymentRefund,
    #[serde(rename = "APPREPAYMENTPAYMENT")]
    SupplierPrepaymentRefund,
    #[serde(rename = "APOVERPAYMENTPAYMENT")]
    SupplierOverpaymentRefund,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PaymentStatus {
    #[default]
    Authorised,
    Deleted,
}

/// Where the money went or came from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaymentAccount {
    #[serde(rename = "AccountID", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub code: String,
}

/// What was paid.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaidInvoice {
    #[serde(rename = "InvoiceID", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub invoice_number: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: String,
    /// The rate of what was paid, which may not be the payment's.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub currency_rate: Option<Decimal>,
    #[serde(default)]
    pub contact: Option<OfContact>,
}

/// What was paid back: a credit note, a prepayment or an overpayment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PaidCredit {
    #[serde(alias = "CreditNoteID", alias = "PrepaymentID", alias = "OverpaymentID", default, deserialize_with = "wire::text")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub credit_note_number: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: String,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub currency_rate: Option<Decimal>,
    #[serde(default)]
    pub contact: Option<OfContact>,
}

impl Payment {
    /// What is paid back by a refund, as far as it says so.
    pub fn credit(&self) -> Option<&PaidCredit> {
        self.credit_note.as_ref().or(self.prepayment.as_ref()).or(self.overpayment.as_ref())
    }

    /// Whether money goes back instead of settling a document.
    pub fn is_refund(&self) -> bool {
        !matches!(self.payment_type, PaymentType::OfInvoice | PaymentType::OfBill)
    }

    pub fn rate(&self) -> Decimal {
        self.currency_rate.filter(|rate| *rate > Decimal::ZERO).unwrap_or(Decimal::ONE)
    }
}

impl Record for Payment {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn label(&self) -> String {
        let (currency, number) = match &self.invoice {
            Some(paid) => (paid.currency_code.as_str(), paid.invoice_number.as_str()),
            None => self.credit().map_or(("", ""), |credit| (credit.currency_code.as_str(), credit.credit_note_number.as_str())),
        };
        let what = if self.is_refund() { "Refund" } else { "Payment" };
        let mut label = format!("{what} of {:.2}", self.amount);
        if !currency.is_empty() {
            label.push_str(&format!(" {currency}"));
        }
        label.push_str(&format!(" on {}", self.date));
        if !number.is_empty() {
            label.push_str(&format!(" for {number}"));
        }
        label
    }
}
