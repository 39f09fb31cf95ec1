//! What a record means in double entry. Pure: a record and the chart of accounts go in, journals in base currency come out, each
//! of them in balance.
//!
//! Receivables and payables are carried at the rate of their own document. What pays them moves them at that rate; the money itself
//! counts at the payment's rate, and the difference is a realised currency gain. Prepayments wait in the accounts of their lines
//! until they are applied or refunded. Cents that rounding leaves in a settled document go to the account Rounding.

mod documents;
mod money;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::chart::Chart;
use crate::xero::json::{self, Record, decimal_of, text_of};
use crate::xero::kinds::Kind;
use crate::xero::money::cents;

/// Kinds whose records post.
pub const POSTING: [Kind; 8] = [
    Kind::Invoices,
    Kind::CreditNotes,
    Kind::Payments,
    Kind::Prepayments,
    Kind::Overpayments,
    Kind::BankTransactions,
    Kind::BankTransfers,
    Kind::ManualJournals,
];

/// One journal of a record. A record has one for itself, and one for each thing that happens to it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journal {
    /// `SourceID`.
    pub source: Uuid,
    /// Which of the record's journals: its source, an allocation, a payment, or nil for the cents that are left.
    pub part: Uuid,
    /// `SourceType`.
    pub type_: &'static str,
    pub date: NaiveDate,
    pub reference: String,
    pub lines: Vec<Line>,
}

/// One line, in cents of the base currency; debits are positive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    #[serde(rename = "a")]
    pub account: Uuid,
    #[serde(rename = "n")]
    pub net: i64,
    #[serde(rename = "x", default, skip_serializing_if = "is_zero")]
    pub tax: i64,
    #[serde(rename = "t", default, skip_serializing_if = "String::is_empty")]
    pub tax_type: String,
    #[serde(rename = "d", default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(rename = "k", default, skip_serializing_if = "Vec::is_empty")]
    pub tracking: Vec<Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(amount: &i64) -> bool {
    *amount == 0
}

/// The journals that a record stands for now.
pub fn of(chart: &Chart, kind: Kind, id: Uuid, record: &Record) -> Vec<Journal> {
    match kind {
        Kind::Invoices | Kind::CreditNotes => documents::document(chart, id, record),
        Kind::Payments => money::payment(chart, id, record).into_iter().collect(),
        Kind::BankTransactions => money::bank_transaction(chart, id, record).into_iter().collect(),
        Kind::BankTransfers => money::bank_transfer(id, record).into_iter().collect(),
        Kind::Overpayments => documents::credit(chart, id, record),
        Kind::Prepayments => documents::prepayment(chart, id, record),
        Kind::ManualJournals => money::manual(chart, id, record).into_iter().collect(),
        _ => Vec::new(),
    }
}

pub use documents::on_cash_basis;

/// The source of a record's journals: money that makes a prepayment or an overpayment is posted in its name.
pub fn source(kind: Kind, id: Uuid, record: &Record) -> Uuid {
    let made = ["PrepaymentID", "OverpaymentID"].into_iter().map(|name| id_of(record, name)).find(|id| !id.is_nil());
    made.filter(|_| kind == Kind::BankTransactions).unwrap_or(id)
}

/// Which control account a document is carried in, and whether it adds to it (+1) or takes from it (−1).
fn control(type_: &str) -> (&'static str, i64) {
    match type_ {
        "ACCREC" => ("DEBTORS", 1),
        "ACCPAYCREDIT" | "SPEND-OVERPAYMENT" | "SPEND-PREPAYMENT" | "APPREPAYMENT" => ("CREDITORS", 1),
        "ACCPAY" => ("CREDITORS", -1),
        _ => ("DEBTORS", -1),
    }
}

/// Amounts of a record in cents of the base currency.
struct Rate(Decimal);

impl Rate {
    fn of(record: &Record) -> Self {
        Self::at(decimal_of(record, "CurrencyRate"))
    }

    fn at(rate: Option<Decimal>) -> Self {
        Self(rate.filter(|rate| !rate.is_zero()).unwrap_or(Decimal::ONE))
    }

    fn base(&self, amount: Decimal) -> i64 {
        in_cents(if self.0 == Decimal::ONE { amount } else { amount / self.0 })
    }
}

fn in_cents(amount: Decimal) -> i64 {
    (cents(amount) * Decimal::ONE_HUNDRED).to_i64().unwrap_or_default()
}

fn date_of(record: &Record) -> NaiveDate {
    record.get("Date").and_then(json::date).unwrap_or_default()
}

fn text(record: &Record, name: &str) -> String {
    text_of(record, name).unwrap_or_default().to_owned()
}

fn id_of(record: &Record, name: &str) -> Uuid {
    text_of(record, name).and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_default()
}

fn list<'a>(record: &'a Record, name: &str) -> impl Iterator<Item = &'a Record> {
    record.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

fn plain(account: Uuid, net: i64) -> Line {
    Line { account, net, ..Line::default() }
}

/// What is missing to balance goes to an account.
fn balance(lines: &mut Vec<Line>, account: Uuid) {
    let over: i64 = lines.iter().map(|line| line.net).sum();
    if over != 0 {
        lines.push(plain(account, -over));
    }
}

/// The lines of a document with their tax, each times `sign`.
fn item_lines(chart: &Chart, record: &Record, rate: &Rate, sign: i64) -> Vec<Line> {
    let inclusive = text_of(record, "LineAmountTypes") == Some("Inclusive");
    let mut lines = Vec::new();
    let mut taxes = 0;
    for item in list(record, "LineItems") {
        let amount = decimal_of(item, "LineAmount").unwrap_or_default();
        let tax = decimal_of(item, "TaxAmount").unwrap_or_default();
        let (net, tax) = (rate.base(if inclusive { amount - tax } else { amount }), rate.base(tax));
        if net == 0 && tax == 0 {
            continue;
        }
        let account = match id_of(item, "AccountID") {
            id if id.is_nil() => chart.by_code(&text(item, "AccountCode")).map_or(chart.system("HISTORICAL"), |known| known.id),
            id => id,
        };
        taxes += tax;
        lines.push(Line {
            account,
            net: sign * net,
            tax: sign * tax,
            tax_type: text(item, "TaxType"),
            description: text(item, "Description"),
            tracking: item.get("Tracking").and_then(Value::as_array).cloned().unwrap_or_default(),
        });
    }
    if taxes != 0 {
        lines.push(plain(chart.system("GST"), sign * taxes));
    }
    lines
}

fn source_type(type_: &str) -> &'static str {
    match type_ {
        "ACCREC" => "ACCREC",
        "ACCPAY" => "ACCPAY",
        "ACCRECCREDIT" => "ACCRECCREDIT",
        "ACCPAYCREDIT" => "ACCPAYCREDIT",
        "RECEIVE" => "CASHREC",
        "RECEIVE-OVERPAYMENT" | "AROVERPAYMENT" => "AROVERPAYMENT",
        "SPEND-OVERPAYMENT" => "APOVERPAYMENT",
        "RECEIVE-PREPAYMENT" | "ARPREPAYMENT" => "ARPREPAYMENT",
        "SPEND-PREPAYMENT" | "APPREPAYMENT" => "APPREPAYMENT",
        _ => "CASHPAID",
    }
}
