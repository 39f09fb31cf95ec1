//! Overpayments as people's own screens make them; an app makes them with a bank transaction. Either way there is a bank transaction
//! that brought the money.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{bank_transactions, contact_of};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::locks::locked_record;
use crate::xero::{documents, ledger};

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    if desk.by_app() {
        return Err(No::Absent);
    }
    let used = |name: &str| record.get(name).and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    if text_of(record, "Status") == Some("VOIDED") && (used("Allocations") || used("Payments")) {
        return Err("It has been applied or refunded".into());
    }
    contact_of(desk, known, record)?;
    locked_record(desk, known, record)?;
    documents::complete_overpayment(record, &desk.ledger.base_currency, desk.today);
    let chart = ledger::of_desk(desk)?;
    let bank = chart.by_code("090").ok_or("there is no account `090`")?;
    let (id, bank_transaction) = brought(record, known.id, (bank.id, &bank.code, &bank.name));
    let modified = desk.read(Kind::BankTransactions, id)?.map_or(desk.now_ms, |(_, modified)| desk.touched(modified));
    desk.keep(Kind::BankTransactions, id, modified, bank_transaction).map(|_| ())
}

/// The bank transaction that brought an overpayment: its id follows from the overpayment's.
pub fn brought(overpayment: &Record, id: Uuid, (bank, code, name): (Uuid, &str, &str)) -> (Uuid, Record) {
    let own = Uuid::new_v5(&id, b"bank transaction");
    let mut record = Record::new();
    for name in bank_transactions::SHARED.into_iter().chain(["Reference"]) {
        if let Some(value) = overpayment.get(name) {
            record.insert(name.into(), value.clone());
        }
    }
    let dead = text_of(overpayment, "Status") == Some("VOIDED");
    for (name, value) in [
        ("BankTransactionID", json!(own)),
        ("OverpaymentID", json!(id)),
        ("BankAccount", json!({"AccountID": bank, "Code": code, "Name": name})),
        ("Status", json!(if dead { "DELETED" } else { "AUTHORISED" })),
        ("IsReconciled", json!(false)),
        ("HasAttachments", json!(false)),
    ] {
        record.insert(name.into(), value);
    }
    (own, record)
}
