//! What a record means in double entry. Pure: a record and the chart of accounts go in, journals in base currency come out, each
//! of them in balance.
//!
//! Receivables and payables are carried at the rate of their own document. What pays them moves them at that rate; the money itself
//! counts at the payment's rate, and the difference is a realised currency gain. Prepayments wait in the accounts of their lines
//! until they are applied or refunded. Cents that rounding leaves in a settled document go to the account Rounding.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::chart::Chart;
use crate::xero::json::{self, Record, decimal, decimal_of, text_of};
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
        Kind::Invoices | Kind::CreditNotes => document(chart, id, record),
        Kind::Payments => payment(chart, id, record).into_iter().collect(),
        Kind::BankTransactions => bank_transaction(chart, id, record).into_iter().collect(),
        Kind::BankTransfers => bank_transfer(id, record).into_iter().collect(),
        Kind::Overpayments => credit(chart, id, record),
        Kind::Prepayments => prepayment(chart, id, record),
        Kind::ManualJournals => manual(chart, id, record).into_iter().collect(),
        _ => Vec::new(),
    }
}

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

fn document(chart: &Chart, id: Uuid, record: &Record) -> Vec<Journal> {
    if !matches!(text_of(record, "Status"), Some("AUTHORISED" | "PAID")) {
        return Vec::new();
    }
    let (account, sign) = control(text_of(record, "Type").unwrap_or_default());
    let rate = Rate::of(record);
    let mut lines = vec![plain(chart.system(account), sign * rate.base(decimal_of(record, "Total").unwrap_or_default()))];
    lines.extend(item_lines(chart, record, &rate, -sign));
    balance(&mut lines, chart.system("ROUNDING"));
    let own = Journal {
        source: id,
        part: id,
        type_: source_type(text_of(record, "Type").unwrap_or_default()),
        date: date_of(record),
        reference: text(record, "Reference"),
        lines,
    };
    let mut journals: Vec<Journal> = if own.lines.iter().any(|line| line.net != 0) { vec![own] } else { Vec::new() };
    journals.extend(credit(chart, id, record));
    journals
}

/// What happens to a document or credit after it is there: gains where it is allocated at another rate, and the cents that are left
/// when nothing of it is.
fn credit(chart: &Chart, id: Uuid, record: &Record) -> Vec<Journal> {
    let mut journals = Vec::new();
    let rate = Rate::of(record);
    let type_ = text_of(record, "Type").unwrap_or_default();
    if rate.0 == Decimal::ONE || !matches!(text_of(record, "Status"), Some("AUTHORISED" | "PAID")) {
        return journals;
    }
    let (account, sign) = control(type_);
    let journal = |part, date, lines| Journal {
        source: id,
        part,
        type_: source_type(type_),
        date,
        reference: text(record, "Reference"),
        lines,
    };
    let mut left = rate.base(decimal_of(record, "Total").unwrap_or_default());
    for (settled, amount) in
        ["Payments", "Allocations", "CreditNotes", "Prepayments", "Overpayments"].into_iter().flat_map(|name| {
            let amount = if matches!(name, "Payments" | "Allocations") { "Amount" } else { "AppliedAmount" };
            list(record, name).map(move |entry| (entry, decimal_of(entry, amount).unwrap_or_default()))
        })
    {
        left -= rate.base(amount);
        let theirs = settled.get("Invoice").and_then(|invoice| invoice.get("CurrencyRate")).and_then(decimal);
        if let (Some(theirs), true) = (theirs, settled.contains_key("AllocationID")) {
            // The invoice is relieved at its rate, the credit at its own.
            let gain = sign * (rate.base(amount) - Rate::at(Some(theirs)).base(amount));
            if gain != 0 {
                let lines = vec![plain(chart.system(account), -gain), plain(chart.system("REALISEDCURRENCYGAIN"), gain)];
                journals.push(journal(id_of(settled, "AllocationID"), date_of(settled), lines));
            }
        }
    }
    if left != 0 && text_of(record, "Status") == Some("PAID") {
        let date = record.get("FullyPaidOnDate").and_then(json::date).unwrap_or_else(|| date_of(record));
        let lines = vec![plain(chart.system(account), -sign * left), plain(chart.system("ROUNDING"), sign * left)];
        journals.push(journal(Uuid::nil(), date, lines));
    }
    journals
}

/// A prepayment leaves the accounts of its lines by and by: each allocation and each refund takes its share.
fn prepayment(chart: &Chart, id: Uuid, record: &Record) -> Vec<Journal> {
    let total = decimal_of(record, "Total").unwrap_or_default();
    if total.is_zero() || !matches!(text_of(record, "Status"), Some("AUTHORISED" | "PAID")) {
        return Vec::new();
    }
    let type_ = text_of(record, "Type").unwrap_or_default();
    let (account, sign) = control(type_);
    let rate = Rate::of(record);
    // As the money came in: Cr the accounts for a customer's prepayment. It goes out the other way.
    let mut held = item_lines(chart, record, &rate, sign);
    let over: i64 = held.iter().map(|line| line.net).sum();
    let whole = sign * rate.base(total);
    if over != whole {
        held.push(plain(chart.system("ROUNDING"), whole - over));
    }
    let share = |amount: i64, used: Decimal| in_cents(Decimal::new(amount, 2) * used / total);
    let mut used = Decimal::ZERO;
    let mut journals = Vec::new();
    for (settled, key) in list(record, "Allocations")
        .map(|entry| (entry, "AllocationID"))
        .chain(list(record, "Payments").map(|entry| (entry, "PaymentID")))
    {
        let amount = decimal_of(settled, "Amount").unwrap_or_default();
        let mut lines: Vec<Line> = held
            .iter()
            .map(|line| Line {
                net: -(share(line.net, used + amount) - share(line.net, used)),
                tax: -(share(line.tax, used + amount) - share(line.tax, used)),
                ..line.clone()
            })
            .collect();
        used += amount;
        let theirs = settled.get("Invoice").and_then(|invoice| invoice.get("CurrencyRate")).and_then(decimal);
        let relieved = Rate::at(theirs.or(Some(rate.0))).base(amount);
        lines.push(plain(chart.system(account), sign * relieved));
        let odd = if theirs.is_some_and(|theirs| theirs != rate.0) { "REALISEDCURRENCYGAIN" } else { "ROUNDING" };
        balance(&mut lines, chart.system(odd));
        journals.push(Journal {
            source: id,
            part: id_of(settled, key),
            type_: source_type(type_),
            date: date_of(settled),
            reference: text(record, "Reference"),
            lines,
        });
    }
    journals
}

fn payment(chart: &Chart, id: Uuid, record: &Record) -> Option<Journal> {
    if text_of(record, "Status") == Some("DELETED") {
        return None;
    }
    let paid =
        ["Invoice", "CreditNote", "Prepayment", "Overpayment"].into_iter().find_map(|name| record.get(name)?.as_object())?;
    let (account, sign) = control(text_of(paid, "Type").unwrap_or_default());
    let amount = decimal_of(record, "Amount").unwrap_or_default();
    let bank = chart.named(record.get("Account"));
    let in_base = bank.is_none_or(|bank| bank.currency.is_empty() || bank.currency == chart.base);
    let rate = Rate::of(record);
    let banked = match decimal_of(record, "BankAmount") {
        Some(banked) if in_base => in_cents(banked),
        _ => rate.base(amount),
    };
    let theirs = Rate::at(decimal_of(paid, "CurrencyRate").or(Some(rate.0)));
    let mut lines = vec![
        plain(chart.system(account), -sign * theirs.base(amount)),
        plain(bank.map_or(Uuid::nil(), |bank| bank.id), sign * banked),
    ];
    balance(&mut lines, chart.system(if theirs.0 == rate.0 { "ROUNDING" } else { "REALISEDCURRENCYGAIN" }));
    let type_ = match text_of(record, "PaymentType").unwrap_or_default() {
        "ACCPAYPAYMENT" => "ACCPAYPAYMENT",
        "ARCREDITPAYMENT" => "ARCREDITPAYMENT",
        "APCREDITPAYMENT" => "APCREDITPAYMENT",
        "AROVERPAYMENTPAYMENT" => "AROVERPAYMENT",
        "ARPREPAYMENTPAYMENT" => "ARPREPAYMENT",
        "APPREPAYMENTPAYMENT" => "APPREPAYMENT",
        "APOVERPAYMENTPAYMENT" => "APOVERPAYMENT",
        _ => "ACCRECPAYMENT",
    };
    Some(Journal { source: id, part: id, type_, date: date_of(record), reference: text(record, "Reference"), lines })
}

fn bank_transaction(chart: &Chart, id: Uuid, record: &Record) -> Option<Journal> {
    let type_ = text_of(record, "Type").unwrap_or_default();
    // The two halves of a transfer are posted by the transfer.
    if text_of(record, "Status") != Some("AUTHORISED") || type_.ends_with("-TRANSFER") {
        return None;
    }
    let sign = if type_.starts_with("RECEIVE") { 1 } else { -1 };
    let rate = Rate::of(record);
    let total = sign * rate.base(decimal_of(record, "Total").unwrap_or_default());
    let bank = chart.named(record.get("BankAccount")).map_or(Uuid::nil(), |bank| bank.id);
    let mut lines = vec![plain(bank, total)];
    if type_.ends_with("-OVERPAYMENT") {
        lines.push(plain(chart.system(control(type_).0), -total));
    } else {
        lines.extend(item_lines(chart, record, &rate, -sign));
        balance(&mut lines, chart.system("ROUNDING"));
    }
    Some(Journal {
        source: source(Kind::BankTransactions, id, record),
        part: id,
        type_: source_type(type_),
        date: date_of(record),
        reference: text(record, "Reference"),
        lines,
    })
}

fn bank_transfer(id: Uuid, record: &Record) -> Option<Journal> {
    if text_of(record, "Status") == Some("DELETED") {
        return None;
    }
    let amount = Rate::of(record).base(decimal_of(record, "Amount").unwrap_or_default());
    let bank = |name: &str| record.get(name).and_then(Value::as_object).map_or(Uuid::nil(), |bank| id_of(bank, "AccountID"));
    let tracked = |name: &str| record.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let lines = vec![
        Line { tracking: tracked("FromTracking"), ..plain(bank("FromBankAccount"), -amount) },
        Line { tracking: tracked("ToTracking"), ..plain(bank("ToBankAccount"), amount) },
    ];
    Some(Journal { source: id, part: id, type_: "TRANSFER", date: date_of(record), reference: text(record, "Reference"), lines })
}

fn manual(chart: &Chart, id: Uuid, record: &Record) -> Option<Journal> {
    if text_of(record, "Status") != Some("POSTED") {
        return None;
    }
    let inclusive = text_of(record, "LineAmountTypes") == Some("Inclusive");
    let mut taxes = 0;
    let mut lines: Vec<Line> = Vec::new();
    for entered in list(record, "JournalLines") {
        let amount = decimal_of(entered, "LineAmount").unwrap_or_default();
        let tax = decimal_of(entered, "TaxAmount").unwrap_or_default();
        let (net, tax) = (in_cents(if inclusive { amount - tax } else { amount }), in_cents(tax));
        if net == 0 && tax == 0 {
            continue;
        }
        taxes += tax;
        lines.push(Line {
            account: id_of(entered, "AccountID"),
            net,
            tax,
            tax_type: text(entered, "TaxType"),
            description: text(entered, "Description"),
            tracking: entered.get("Tracking").and_then(Value::as_array).cloned().unwrap_or_default(),
        });
    }
    if taxes != 0 {
        lines.push(plain(chart.system("GST"), taxes));
    }
    balance(&mut lines, chart.system("ROUNDING"));
    Some(Journal { source: id, part: id, type_: "MANJOURNAL", date: date_of(record), reference: String::new(), lines })
        .filter(|journal| !journal.lines.is_empty())
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

#[cfg(test)]
mod tests;
