//! Credit notes of both sides: an invoice the other way round, without discounts, link and due amount.

use serde_json::json;
use uuid::Uuid;

use super::{contact_of, currencies, defaults, field_is, lines, note_role};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{self, Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::lines::Rules;
use crate::xero::lists::Filter;
use crate::xero::locks::locked_record;
use crate::xero::money::Mode;
use crate::xero::{documents, records, totals};

/// What the API tells and never takes.
const TOLD: [&str; 6] = ["Payments", "Allocations", "RemainingCredit", "AppliedAmount", "FullyPaidOnDate", "Url"];

/// What may be sent; the rest follows from it.
pub const WRITABLE: [&str; 14] = [
    "Type",
    "Contact",
    "Date",
    "DueDate",
    "Status",
    "LineAmountTypes",
    "LineItems",
    "CurrencyCode",
    "CurrencyRate",
    "CreditNoteNumber",
    "Reference",
    "SentToContact",
    "BrandingThemeID",
    "InvoiceAddresses",
];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    for name in TOLD {
        match known.was.as_ref().and_then(|(was, _)| was.get(name)) {
            Some(was) => record.insert(name.into(), was.clone()),
            None => record.remove(name),
        };
    }
    let sale = match text_of(record, "Type") {
        Some("ACCRECCREDIT") => true,
        Some("ACCPAYCREDIT") => false,
        _ => return Err("Type is ACCRECCREDIT or ACCPAYCREDIT".into()),
    };
    status(desk, known, record)?;
    let contact = contact_of(desk, known, record)?;
    number(desk, known, record, sale)?;
    defaults(
        record,
        [
            ("LineAmountTypes", json!("Exclusive")),
            ("Payments", json!([])),
            ("Allocations", json!([])),
            ("HasAttachments", json!(false)),
            ("HasErrors", json!(false)),
            ("SentToContact", json!(false)),
        ],
    );
    currencies::of_document(desk, known, record)?;
    locked_record(desk, known, record)?;
    json::set_date(record, "Date", record.get("Date").and_then(json::date).unwrap_or(desk.today), true);
    if let Some(due) = record.get("DueDate").and_then(json::date) {
        json::set_date(record, "DueDate", due, true);
    }
    if known.enters_lines() {
        let lines = record.get("LineItems").and_then(|lines| lines.as_array());
        let discounted = |line: &serde_json::Value| {
            ["DiscountRate", "DiscountAmount"]
                .into_iter()
                .any(|name| line.get(name).and_then(json::decimal).is_some_and(|d| !d.is_zero()))
        };
        if lines.is_some_and(|lines| lines.iter().any(discounted)) {
            return Err("Discounts are not supported on credit notes".into());
        }
        let mode = Mode::named(text_of(record, "LineAmountTypes"))?;
        let approved = text_of(record, "Status") == Some("AUTHORISED");
        totals::prepare(desk, known, record, Rules { mode, sale, discounts: false, approved, four_decimals: true })?;
        totals::complete(record, &desk.ledger, sale, &mut Uuid::new_v4)?;
    }
    let id = record.get("CreditNoteID").cloned().unwrap_or_default();
    record.insert("ID".into(), id);
    documents::settle_credit(record);
    note_role(desk, contact, if sale { "IsCustomer" } else { "IsSupplier" })
}

/// A sales credit note of the same number.
pub fn same(desk: &Desk, sent: &Record) -> Result<Option<Uuid>, No> {
    let Some(number) = text_of(sent, "CreditNoteNumber").filter(|_| text_of(sent, "Type") == Some("ACCRECCREDIT")) else {
        return Ok(None);
    };
    let same = records::by_name(desk.connection, desk.org.n, Kind::CreditNotes, number)?;
    Ok(same.into_iter().find(|(body, _)| is_sale(body)).map(|(_, id)| id))
}

fn status(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let wanted = text_of(record, "Status").unwrap_or("DRAFT").to_owned();
    record.insert("Status".into(), wanted.clone().into());
    let used = ["Payments", "Allocations"]
        .into_iter()
        .any(|name| known.was.as_ref().and_then(|(was, _)| was.get(name)?.as_array()).is_some_and(|list| !list.is_empty()));
    if used && matches!(wanted.as_str(), "VOIDED" | "DELETED") {
        return Err("Credit note not of valid status for modification".into());
    }
    if !desk.by_app() {
        return Ok(());
    }
    let allowed = match known.status() {
        None => matches!(wanted.as_str(), "DRAFT" | "SUBMITTED" | "AUTHORISED"),
        Some("DRAFT" | "SUBMITTED") => matches!(wanted.as_str(), "DRAFT" | "SUBMITTED" | "AUTHORISED" | "DELETED"),
        Some("AUTHORISED") => !used && matches!(wanted.as_str(), "AUTHORISED" | "VOIDED"),
        Some(_) => false,
    };
    if allowed { Ok(()) } else { Err("Credit note not of valid status for modification".into()) }
}

fn number(desk: &Desk, known: &Known, record: &mut Record, sale: bool) -> Result<(), No> {
    if !sale {
        record.entry("CreditNoteNumber").or_insert_with(|| "".into());
        // Xero takes a reference on a supplier's credit note and does not keep it.
        record.insert("Reference".into(), "".into());
        return Ok(());
    }
    record.entry("Reference").or_insert_with(|| "".into());
    let number = match text_of(record, "CreditNoteNumber") {
        Some(number) => number.to_owned(),
        None => {
            let sales = Filter { types: vec!["ACCRECCREDIT".into()], ..Filter::default() };
            lines::next_number(desk, Kind::CreditNotes, "CN-", &sales)?
        }
    };
    let same = records::by_name(desk.connection, desk.org.n, Kind::CreditNotes, &number)?;
    if same.iter().any(|(body, other)| *other != known.id && is_sale(body)) {
        return Err("Credit Note # must be unique.".into());
    }
    record.insert("CreditNoteNumber".into(), number.into());
    Ok(())
}

fn is_sale(body: &str) -> bool {
    field_is(body, "Type", "ACCRECCREDIT")
}
