//! Quotes.

use serde_json::Value;

use super::lines::{self, Reading};
use super::moves::Moves;
use super::{note_role, too_long};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::lists::Filter;
use crate::xero::records;

/// What an app may say.
pub const WRITABLE: [&str; 15] = [
    "QuoteID",
    "QuoteNumber",
    "Reference",
    "Terms",
    "Contact",
    "LineItems",
    "Date",
    "ExpiryDate",
    "Status",
    "CurrencyCode",
    "CurrencyRate",
    "Title",
    "Summary",
    "BrandingThemeID",
    "LineAmountTypes",
];

const LONGEST: [(&str, usize); 5] =
    [("QuoteNumber", 255), ("Title", 100), ("Summary", 3000), ("Terms", 4000), ("Reference", 4000)];

pub const MOVES: Moves = Moves {
    all: &["DRAFT", "SENT", "DECLINED", "ACCEPTED", "INVOICED", "DELETED"],
    first: &["DRAFT", "SENT"],
    next: &[
        ("DRAFT", &["SENT", "DELETED"]),
        ("SENT", &["ACCEPTED", "DECLINED", "DELETED"]),
        ("ACCEPTED", &["INVOICED"]),
        ("DECLINED", &[]),
    ],
};

const READING: Reading = Reading { sale: true, discounts: true, modes: lines::UPPER_CASE };

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let update = !known.is_new() && desk.by_app();
    if update && desk.on("xero.quote_updates_need_contact_and_date") {
        for name in ["Contact", "Date"] {
            if !known.sent.contains_key(name) {
                return Err(format!("{name} is required to update a quote").into());
            }
        }
    }
    MOVES.make(desk, known, record)?;
    desk.refuse(too_long(record, &LONGEST, None))?;
    let contact = lines::complete(desk, known, record, &READING)?;
    lines::date(record, "Date", Some(desk.today), true)?;
    lines::date(record, "ExpiryDate", None, true)?;
    number(desk, known, record)?;
    record.entry("Terms").or_insert_with(|| "".into());
    record.remove("IsDiscounted");
    for line in record.get_mut("LineItems").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
        line.entry("ItemCode").or_insert_with(|| "".into());
    }
    shape(desk, record)?;
    note_role(desk, contact, "IsCustomer")
}

fn number(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let number = match text_of(record, "QuoteNumber") {
        Some(number) => number.to_owned(),
        None => lines::next_number(desk, Kind::Quotes, "QU-", &Filter::default())?,
    };
    if records::by_name(desk.connection, desk.org.n, Kind::Quotes, &number)?.iter().any(|(_, other)| *other != known.id) {
        return Err("Quote number must be unique".into());
    }
    record.insert("QuoteNumber".into(), number.into());
    Ok(())
}

/// Quotes are of a younger make: their dates are written without `+0000`, and their contact is short.
fn shape(desk: &Desk, record: &mut Record) -> Result<(), No> {
    for name in ["Date", "ExpiryDate"] {
        if let Some(Value::String(date)) = record.get_mut(name) {
            *date = date.replace("+0000", "");
        }
    }
    let id = record.get("Contact").and_then(|contact| contact.get("ContactID")).and_then(Value::as_str);
    let Some(id) = id.and_then(|id| uuid::Uuid::parse_str(id).ok()) else { return Ok(()) };
    if let Some((contact, _)) = desk.read(Kind::Contacts, id)? {
        let text = |name: &str| text_of(&contact, name).unwrap_or_default();
        let short = serde_json::json!({"ContactID": id, "Name": text("Name"), "EmailAddress": text("EmailAddress")});
        record.insert("Contact".into(), short);
    }
    Ok(())
}
