//! Transfers between bank accounts: made and deleted, never changed. Each is two bank transactions.

use serde_json::json;
use uuid::Uuid;

use super::bank_transactions::bank;
use super::{currencies, defaults};
use crate::xero::desk::{Desk, How, Known, No};
use crate::xero::json::{self, Record, ms_date, number, text_of};
use crate::xero::kinds::Kind;
use crate::xero::ledger::chart::Account;
use crate::xero::locks::locked_record;
use crate::xero::money::rounded;
use crate::xero::{history, totals, tracking};

/// What may be sent; the rest follows from it.
pub const WRITABLE: [&str; 10] = [
    "FromBankAccount",
    "ToBankAccount",
    "Amount",
    "Date",
    "FromIsReconciled",
    "ToIsReconciled",
    "Reference",
    "FromTracking",
    "ToTracking",
    "Status",
];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    locked_record(desk, known, record)?;
    if !known.is_new() {
        return delete(desk, known, record);
    }
    if desk.by_app() && known.how != How::Create {
        return Err("Bank transfer could not be found".into());
    }
    let from = bank(desk, record.get("FromBankAccount"))?;
    let to = bank(desk, record.get("ToBankAccount"))?;
    if from.id == to.id {
        return Err("The bank accounts of a transfer must be different".into());
    }
    if currency(desk, &from) != currency(desk, &to) {
        return Err("The sandbox transfers only between accounts of one currency".into());
    }
    let amount = totals::amount(record, "Amount")?;
    let mut says = Vec::new();
    for side in ["FromTracking", "ToTracking"] {
        tracking::of_line(desk, record, side, &mut |wrong| says.push(wrong));
    }
    if !says.is_empty() {
        return Err(No::Says(says));
    }
    defaults(
        record,
        [
            ("Reference", json!("")),
            ("FromIsReconciled", json!(false)),
            ("ToIsReconciled", json!(false)),
            ("HasAttachments", json!(false)),
            ("CreatedDateUTC", json!(ms_date(desk.now_ms))),
            ("CreatedDateUTCString", json!(history::seconds(desk.now_ms))),
        ],
    );
    let date = record.get("Date").and_then(json::date).unwrap_or(desk.today);
    json::set_date(record, "Date", date, true);
    // The rate of a transfer is not sent: it is that of its day.
    let (base, currency) = (&desk.ledger.base_currency, currency(desk, &from));
    record.insert(
        "CurrencyRate".into(),
        number(if *base == currency { rounded(1.into(), 6) } else { currencies::day_rate(base, &currency, date) }),
    );
    record.insert("CurrencyCode".into(), currency.into());
    record.insert("Amount".into(), number(amount));
    record.insert("Status".into(), "AUTHORISED".into());
    for (side, account, type_) in [("From", &from, "SPEND-TRANSFER"), ("To", &to, "RECEIVE-TRANSFER")] {
        record.insert(format!("{side}BankAccount"), json!({"AccountID": account.id, "Code": account.code, "Name": account.name}));
        let id = Uuid::new_v4();
        record.insert(format!("{side}BankTransactionID"), json!(id));
        desk.keep(Kind::BankTransactions, id, desk.now_ms, half(record, side, id, type_))?;
    }
    record.remove("CurrencyCode");
    Ok(())
}

/// Deletes both halves with it.
fn delete(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let Some((was, _)) = &known.was else { return Err(No::Absent) };
    if text_of(&known.sent, "Status") != Some("DELETED") {
        return Err("A bank transfer cannot be changed, only deleted".into());
    }
    if text_of(was, "Status") == Some("DELETED") {
        return Err("Bank transfer has already been deleted".into());
    }
    *record = was.clone();
    record.insert("Status".into(), "DELETED".into());
    for name in ["FromBankTransactionID", "ToBankTransactionID"] {
        if let Some(Ok(id)) = text_of(record, name).map(Uuid::parse_str)
            && let Some((mut half, modified)) = desk.read(Kind::BankTransactions, id)?
        {
            half.insert("Status".into(), "DELETED".into());
            desk.keep(Kind::BankTransactions, id, desk.touched(modified), half)?;
        }
    }
    Ok(())
}

fn currency(desk: &Desk, account: &Account) -> String {
    if account.currency.is_empty() { desk.ledger.base_currency.clone() } else { account.currency.clone() }
}

/// One side of a transfer as a bank transaction.
pub fn half(transfer: &Record, side: &str, id: Uuid, type_: &str) -> Record {
    let told = |name: &str| transfer.get(name).cloned().unwrap_or_default();
    let mut record = Record::new();
    for (name, value) in [
        ("BankTransactionID", json!(id)),
        ("BankAccount", told(&format!("{side}BankAccount"))),
        ("Type", json!(type_)),
        ("Reference", told("Reference")),
        ("IsReconciled", told(&format!("{side}IsReconciled"))),
        ("HasAttachments", json!(false)),
        ("Date", told("Date")),
        ("DateString", told("DateString")),
        ("Status", json!("AUTHORISED")),
        ("LineAmountTypes", json!("NoTax")),
        ("LineItems", json!([])),
        ("SubTotal", told("Amount")),
        ("TotalTax", number(crate::xero::cents(0.into()))),
        ("Total", told("Amount")),
        ("CurrencyCode", told("CurrencyCode")),
        ("CurrencyRate", told("CurrencyRate")),
    ] {
        record.insert(name.into(), value);
    }
    record
}
