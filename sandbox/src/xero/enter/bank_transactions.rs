//! Money spent and received. Prepayments and overpayments are made this way; halves of transfers are only read.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{contact_of, currencies, defaults, note_role};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{self, Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::ledger::chart::Account;
use crate::xero::lines::Rules;
use crate::xero::locks::locked_record;
use crate::xero::money::Mode;
use crate::xero::{documents, ledger, totals};

/// What a bank transaction and the prepayment or overpayment that it makes say alike.
pub const SHARED: [&str; 11] = [
    "Type",
    "Contact",
    "Date",
    "DateString",
    "LineAmountTypes",
    "LineItems",
    "SubTotal",
    "TotalTax",
    "Total",
    "CurrencyCode",
    "CurrencyRate",
];

/// What the API tells and never takes.
const TOLD: [&str; 4] = ["PrepaymentID", "OverpaymentID", "BatchPayment", "HasAttachments"];

/// What may be sent; the rest follows from it.
pub const WRITABLE: [&str; 12] = [
    "Type",
    "Contact",
    "LineItems",
    "BankAccount",
    "IsReconciled",
    "Date",
    "Reference",
    "CurrencyCode",
    "CurrencyRate",
    "Url",
    "Status",
    "LineAmountTypes",
];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    for name in TOLD {
        match known.was.as_ref().and_then(|(was, _)| was.get(name)) {
            Some(was) => record.insert(name.into(), was.clone()),
            None => record.remove(name),
        };
    }
    let type_ = text_of(record, "Type").ok_or("Type is missing")?.to_owned();
    if !matches!(
        type_.as_str(),
        "RECEIVE" | "SPEND" | "RECEIVE-PREPAYMENT" | "SPEND-PREPAYMENT" | "RECEIVE-OVERPAYMENT" | "SPEND-OVERPAYMENT"
    ) {
        return Err(format!("A bank transaction of the type {type_} cannot be created or changed").into());
    }
    if known.was.as_ref().is_some_and(|(was, _)| text_of(was, "Type") != Some(&type_)) {
        return Err("The type of a bank transaction cannot be changed".into());
    }
    if known.status().is_some_and(|status| status != "AUTHORISED") {
        return Err("Bank transaction not of valid status for modification".into());
    }
    defaults(record, [("Status", json!("AUTHORISED"))]);
    let deleted = match text_of(record, "Status") {
        Some("AUTHORISED") => false,
        Some("DELETED") if !known.is_new() => true,
        _ => return Err("The status of a bank transaction is AUTHORISED or DELETED".into()),
    };
    locked_record(desk, known, record)?;
    let credit = credit_of(desk, known)?;
    if let Some((_, _, made, _)) = &credit
        && ["Allocations", "Payments"]
            .into_iter()
            .any(|name| made.get(name).and_then(Value::as_array).is_some_and(|list| !list.is_empty()))
    {
        return Err("Its prepayment or overpayment has been applied or refunded".into());
    }
    if deleted {
        if let Some((was, _)) = &known.was {
            *record = was.clone();
            record.insert("Status".into(), "DELETED".into());
        }
    } else {
        fill_in(desk, known, record, &type_)?;
    }
    let made = if type_.ends_with("-PREPAYMENT") {
        Kind::Prepayments
    } else if type_.ends_with("-OVERPAYMENT") {
        Kind::Overpayments
    } else {
        return Ok(());
    };
    keep_credit(desk, record, made, credit.map(|(_, id, made, modified)| (id, made, modified)))
}

fn fill_in(desk: &Desk, known: &Known, record: &mut Record, type_: &str) -> Result<(), No> {
    let bank = bank(desk, record.get("BankAccount"))?;
    record.insert("BankAccount".into(), json!({"AccountID": bank.id, "Code": bank.code, "Name": bank.name}));
    let contact = contact_of(desk, known, record)?;
    let receive = type_.starts_with("RECEIVE");
    if desk.by_app() && !matches!(type_, "RECEIVE" | "SPEND") && !type_.ends_with("-PREPAYMENT") {
        record.remove("Reference");
    }
    let over = type_.ends_with("-OVERPAYMENT");
    if over {
        record.insert("LineAmountTypes".into(), "NoTax".into());
    }
    let inclusive = desk.on("xero.bank_lines_inclusive_by_default");
    defaults(
        record,
        [
            ("LineAmountTypes", json!(if inclusive { "Inclusive" } else { "Exclusive" })),
            ("IsReconciled", json!(false)),
            ("HasAttachments", json!(false)),
            ("Reference", json!("")),
        ],
    );
    let base = desk.ledger.base_currency.clone();
    let currency = if bank.currency.is_empty() { base } else { bank.currency.clone() };
    record.insert("CurrencyCode".into(), currency.into());
    currencies::of_document(desk, known, record)?;
    json::set_date(record, "Date", record.get("Date").and_then(json::date).unwrap_or(desk.today), true);
    if known.enters_lines() {
        if over {
            control_lines(desk, record, receive)?;
        } else {
            let mode = Mode::named(text_of(record, "LineAmountTypes"))?;
            totals::prepare(
                desk,
                known,
                record,
                Rules { mode, sale: receive, discounts: false, approved: true, four_decimals: true },
            )?;
        }
        totals::complete(record, &desk.ledger, true, &mut Uuid::new_v4)?;
        totals::amount(record, "Total")?;
    }
    note_role(desk, contact, if receive { "IsCustomer" } else { "IsSupplier" })
}

/// Overpayments are booked to the control account.
fn control_lines(desk: &Desk, record: &mut Record, receive: bool) -> Result<(), No> {
    let chart = ledger::of_desk(desk)?;
    let control = chart.by_id(chart.system(if receive { "DEBTORS" } else { "CREDITORS" })).cloned().unwrap_or_default();
    let strict = desk.on("xero.overpayment_lines_use_control_account");
    for line in record.get_mut("LineItems").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
        let other = text_of(line, "AccountCode").is_some_and(|code| code != control.code);
        let taxed = text_of(line, "TaxType").is_some_and(|tax| tax != "NONE");
        if strict && (other || taxed) {
            return Err(format!("Overpayment lines must use account '{}' ({}) without tax", control.code, control.name).into());
        }
        line.insert("AccountCode".into(), control.code.as_str().into());
        line.insert("TaxType".into(), "NONE".into());
    }
    Ok(())
}

/// The bank account that is named.
pub fn bank(desk: &Desk, named: Option<&Value>) -> Result<Account, No> {
    let chart = ledger::of_desk(desk)?;
    let account = chart.named(named).ok_or("The bank account could not be found")?;
    if !account.is_bank() {
        return Err(format!("Account '{}' is not a bank account", account.code).into());
    }
    if account.status != "ACTIVE" {
        return Err(format!("Account '{}' is archived", account.code).into());
    }
    Ok(account.clone())
}

/// The prepayment or overpayment that a known bank transaction made.
fn credit_of(desk: &Desk, known: &Known) -> Result<Option<(Kind, Uuid, Record, i64)>, No> {
    let Some((was, _)) = &known.was else { return Ok(None) };
    for kind in [Kind::Prepayments, Kind::Overpayments] {
        if let Some(Ok(id)) = text_of(was, kind.id_field()).map(Uuid::parse_str)
            && let Some((made, modified)) = desk.read(kind, id)?
        {
            return Ok(Some((kind, id, made, modified)));
        }
    }
    Ok(None)
}

/// Makes the prepayment or overpayment, or lets it follow its bank transaction.
fn keep_credit(desk: &Desk, record: &mut Record, kind: Kind, known: Option<(Uuid, Record, i64)>) -> Result<(), No> {
    let (id, mut made, modified) = match known {
        Some((id, made, modified)) => (id, made, desk.touched(modified)),
        None => (Uuid::new_v4(), Record::new(), desk.now_ms),
    };
    for name in SHARED {
        if let Some(value) = record.get(name) {
            made.insert(name.into(), value.clone());
        }
    }
    if kind == Kind::Prepayments {
        // A prepayment has no reference of its own: both fields tell its number.
        let reference = text_of(record, "Reference").unwrap_or_default().to_owned();
        if text_of(record, "Type") == Some("RECEIVE-PREPAYMENT") {
            made.insert("InvoiceNumber".into(), reference.clone().into());
        }
        made.insert("Reference".into(), reference.into());
    }
    if kind == Kind::Overpayments
        && let Some(reference) = text_of(record, "Reference")
    {
        made.insert("Reference".into(), reference.into());
    }
    let dead = text_of(record, "Status") == Some("DELETED");
    made.insert(kind.id_field().into(), json!(id));
    made.insert("ID".into(), json!(id));
    made.insert("Status".into(), if dead { "VOIDED" } else { "AUTHORISED" }.into());
    defaults(&mut made, [("Allocations", json!([])), ("Payments", json!([])), ("HasAttachments", json!(false))]);
    documents::settle_credit(&mut made);
    record.insert(kind.id_field().into(), json!(id));
    desk.keep(kind, id, modified, made).map(|_| ())
}
