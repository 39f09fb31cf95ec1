//! Money without an invoice: spent and received, transferred, paid in advance, credited and not used yet, written down by hand.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::dice::Dice;
use super::people::{self, DAY_MS, DAYS, FIRST_DAY_MS};
use super::{Company, lines, papers};
use crate::xero::documents::{self, Ledger};
use crate::xero::enter::{bank_transactions, bank_transfers};
use crate::xero::json::{Record, ms_date, number, set_date, set_updated, text_of};
use crate::xero::kinds::Kind;
use crate::xero::{cents, rounded, totals};

/// One of them to five documents. Ten in a row are what `WHAT` says.
const OF_DOCUMENTS: u64 = 5;
const WHAT: &[u8; 10] = b"SRCTSMRCSP";

/// A record: (kind, (id, time of change in milliseconds, record)).
pub type Made = (Kind, (Uuid, i64, Record));

/// How many there are: the smallest company has one of each.
pub fn counts(invoices: u64) -> u64 {
    if invoices == 0 { 0 } else { (invoices / OF_DOCUMENTS).max(WHAT.len() as u64) }
}

/// One of them, and what belongs to it.
pub fn record(company: &Company, ledger: &Ledger, index: u64) -> Result<Vec<Made>, String> {
    let mut dice = company.dice("cash", index);
    let day = dice.between(0, DAYS - 60);
    let at = FIRST_DAY_MS + day * DAY_MS + dice.between(0, DAY_MS - 1);
    let mut made = match WHAT[(index % WHAT.len() as u64) as usize] {
        b'C' => vec![credit_note(company, ledger, index, day, &mut dice)?],
        b'T' => transfer(company, ledger, index, day, at, &mut dice),
        b'M' => vec![manual_journal(company, ledger, index, day, &mut dice)],
        b'P' => prepayment(company, ledger, index, day, &mut dice)?,
        b'R' => vec![bank_transaction(company, ledger, index, day, "RECEIVE", &mut dice)?],
        _ => vec![bank_transaction(company, ledger, index, day, "SPEND", &mut dice)?],
    };
    for (kind, (_, time, record)) in &mut made {
        *time = at;
        if kind.about().dated {
            set_updated(record, at, kind.about().twin);
        }
    }
    Ok(made)
}

/// Somebody who has a document already: nobody becomes a customer or a supplier by what is here.
fn party(company: &Company, sale: bool, dice: &mut Dice) -> u64 {
    let (sales, bills) = papers::counts(company.invoices);
    let (customers, suppliers) = people::counts(company.contacts);
    if (sale && sales > 0) || bills == 0 {
        people::nth(b'C', dice.below(sales.min(customers)))
    } else {
        people::nth(b'S', dice.below(bills.min(suppliers)))
    }
}

/// A party whose documents are in dollars of New Zealand, if a few looks find one: what it pays ahead is used for them.
fn party_in_base(company: &Company, sale: bool, dice: &mut Dice) -> u64 {
    let mut found = party(company, sale, dice);
    for _ in 0..100 {
        if people::currency(company, found).is_none() {
            break;
        }
        found = party(company, sale, dice);
    }
    found
}

/// What all documents here have in common.
fn entered(company: &Company, index: u64, day: i64, sale: bool, in_base: bool, dice: &mut Dice) -> Record {
    let party = if in_base { party_in_base(company, sale, dice) } else { party(company, sale, dice) };
    let currency = if in_base { "NZD" } else { people::currency(company, party).map_or("NZD", |(currency, _, _)| currency) };
    let mut items = lines::of(company, index, sale, currency, dice);
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        item.remove("DiscountRate");
        item.remove("DiscountAmount");
    }
    if items.iter().all(|item| item.get("UnitAmount").is_none_or(|unit| unit == &number(Decimal::ZERO))) {
        items.push(
            json!({"Description": "Fee", "Quantity": 1, "UnitAmount": 25, "AccountCode": if sale { "260" } else { "404" }}),
        );
    }
    let mut record = Record::new();
    for (name, value) in [
        ("Contact", documents::contact_summary(&people::id(company, party).to_string(), &people::name(company, party))),
        ("LineAmountTypes", json!(papers::mode(dice))),
        ("LineItems", Value::Array(items)),
        ("CurrencyCode", json!(currency)),
        ("CurrencyRate", number(rounded(papers::rate(currency, dice), 6))),
        ("HasAttachments", json!(false)),
    ] {
        record.insert(name.into(), value);
    }
    set_date(&mut record, "Date", papers::date_of(FIRST_DAY_MS + day * DAY_MS), true);
    record
}

fn complete(company: &Company, ledger: &Ledger, index: u64, record: &mut Record, sale: bool) -> Result<(), String> {
    let mut ids = company.dice("cash line", index);
    totals::complete(record, ledger, sale, &mut || ids.id())
}

fn bank(ledger: &Ledger, code: &str, name: &str) -> Value {
    json!({"AccountID": ledger.accounts.get(code).map_or("", |(id, _)| id.as_str()), "Code": code, "Name": name})
}

fn bank_transaction(
    company: &Company,
    ledger: &Ledger,
    index: u64,
    day: i64,
    type_: &str,
    dice: &mut Dice,
) -> Result<Made, String> {
    let sale = type_.starts_with("RECEIVE");
    let mut record = entered(company, index, day, sale, true, dice);
    complete(company, ledger, index, &mut record, sale)?;
    let id = company.id("bank transaction", index);
    let account =
        if sale || dice.one_in_thousand(700) { ("090", "Business Bank Account") } else { ("093", "Business Credit Card") };
    for (name, value) in [
        ("BankTransactionID", json!(id)),
        ("BankAccount", bank(ledger, account.0, account.1)),
        ("Type", json!(type_)),
        ("Reference", json!(if dice.one_in_thousand(500) { format!("Ref {}", index + 1) } else { String::new() })),
        ("IsReconciled", json!(dice.one_in_thousand(600))),
        ("Status", json!(if dice.one_in_thousand(40) { "DELETED" } else { "AUTHORISED" })),
    ] {
        record.insert(name.into(), value);
    }
    Ok((Kind::BankTransactions, (id, 0, record)))
}

/// An unapplied prepayment and the bank transaction that brought it.
fn prepayment(company: &Company, ledger: &Ledger, index: u64, day: i64, dice: &mut Dice) -> Result<Vec<Made>, String> {
    let (kind, (bank_id, _, mut brought)) = bank_transaction(company, ledger, index, day, "RECEIVE-PREPAYMENT", dice)?;
    let id = company.id("prepayment", index);
    brought.insert("PrepaymentID".into(), json!(id));
    brought.insert("Status".into(), "AUTHORISED".into());
    let mut record = Record::new();
    for name in bank_transactions::SHARED.into_iter().chain(["HasAttachments"]) {
        record.insert(name.into(), brought.get(name).cloned().unwrap_or_default());
    }
    let reference = text_of(&brought, "Reference").unwrap_or_default();
    for (name, value) in [
        ("PrepaymentID", json!(id)),
        ("ID", json!(id)),
        ("Reference", json!(reference)),
        ("InvoiceNumber", json!(reference)),
        ("Status", json!("AUTHORISED")),
        ("Allocations", json!([])),
        ("Payments", json!([])),
    ] {
        record.insert(name.into(), value);
    }
    documents::settle_credit(&mut record);
    Ok(vec![(Kind::Prepayments, (id, 0, record)), (kind, (bank_id, 0, brought))])
}

fn credit_note(company: &Company, ledger: &Ledger, index: u64, day: i64, dice: &mut Dice) -> Result<Made, String> {
    let sale = dice.one_in_thousand(650);
    let mut record = entered(company, index, day, sale, false, dice);
    complete(company, ledger, index, &mut record, sale)?;
    let id = company.id("credit note", index);
    let status = match dice.below(10) {
        0 => "DRAFT",
        1 => "VOIDED",
        _ => "AUTHORISED",
    };
    for (name, value) in [
        ("CreditNoteID", json!(id)),
        ("ID", json!(id)),
        ("Type", json!(if sale { "ACCRECCREDIT" } else { "ACCPAYCREDIT" })),
        ("CreditNoteNumber", json!(if sale { format!("CN-{:05}", index + 1) } else { String::new() })),
        ("Reference", json!(if sale && dice.one_in_thousand(300) { "Returned goods" } else { "" })),
        ("Status", json!(status)),
        ("Allocations", json!([])),
        ("Payments", json!([])),
        ("HasErrors", json!(false)),
        ("SentToContact", json!(false)),
    ] {
        record.insert(name.into(), value);
    }
    documents::settle_credit(&mut record);
    Ok((Kind::CreditNotes, (id, 0, record)))
}

fn transfer(company: &Company, ledger: &Ledger, index: u64, day: i64, at: i64, dice: &mut Dice) -> Vec<Made> {
    let id = company.id("bank transfer", index);
    let mut record = Record::new();
    set_date(&mut record, "Date", papers::date_of(FIRST_DAY_MS + day * DAY_MS), true);
    for (name, value) in [
        ("BankTransferID", json!(id)),
        ("FromBankAccount", bank(ledger, "090", "Business Bank Account")),
        ("ToBankAccount", bank(ledger, "091", "Business Savings Account")),
        ("Amount", number(cents(Decimal::new(dice.between(10_000, 900_000), 2)))),
        ("CurrencyCode", json!("NZD")),
        ("CurrencyRate", number(rounded(Decimal::ONE, 6))),
        ("Reference", json!("Put aside for tax")),
        ("FromIsReconciled", json!(dice.one_in_thousand(500))),
        ("ToIsReconciled", json!(false)),
        ("HasAttachments", json!(false)),
        ("CreatedDateUTC", json!(ms_date(at))),
        ("Status", json!("AUTHORISED")),
    ] {
        record.insert(name.into(), value);
    }
    let mut made = Vec::new();
    for (nth, (side, type_)) in [("From", "SPEND-TRANSFER"), ("To", "RECEIVE-TRANSFER")].into_iter().enumerate() {
        let half = company.id("half of a transfer", index * 2 + nth as u64);
        record.insert(format!("{side}BankTransactionID"), json!(half));
        made.push((Kind::BankTransactions, (half, 0, bank_transfers::half(&record, side, half, type_))));
    }
    record.remove("CurrencyCode");
    made.insert(0, (Kind::BankTransfers, (id, 0, record)));
    made
}

fn manual_journal(company: &Company, ledger: &Ledger, index: u64, day: i64, dice: &mut Dice) -> Made {
    let id = company.id("manual journal", index);
    let amount = cents(Decimal::new(dice.between(1_000, 500_000), 2));
    let line = |amount: Decimal, code: &str, description: &str| {
        json!({
            "LineAmount": number(amount), "AccountCode": code, "AccountID": ledger.accounts.get(code).map_or("", |(id, _)| id.as_str()),
            "Description": description, "TaxType": "NONE", "TaxAmount": number(cents(Decimal::ZERO)), "Tracking": [], "IsBlank": false,
        })
    };
    let mut record = Record::new();
    set_date(&mut record, "Date", papers::date_of(FIRST_DAY_MS + day * DAY_MS), false);
    for (name, value) in [
        ("ManualJournalID", json!(id)),
        ("Narration", json!(format!("Depreciation {}", index + 1))),
        ("Status", json!(if dice.one_in_thousand(150) { "DRAFT" } else { "POSTED" })),
        ("LineAmountTypes", json!("NoTax")),
        ("ShowOnCashBasisReports", json!(true)),
        ("HasAttachments", json!(false)),
        ("JournalLines", json!([line(amount, "416", "Depreciation"), line(-amount, "711", "Office equipment")])),
    ] {
        record.insert(name.into(), value);
    }
    (Kind::ManualJournals, (id, 0, record))
}
