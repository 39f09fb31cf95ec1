//! Sales invoices and bills.

use uuid::Uuid;

use super::{contact_of, field_is, note_role};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::documents;
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::{lists, records};

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let lines_entered = known.is_new() || known.sent.contains_key("LineItems") || known.sent.contains_key("LineAmountTypes");
    let contact = contact_of(desk, record)?;
    let sale = text_of(record, "Type") == Some("ACCREC");
    if sale {
        let number = match text_of(record, "InvoiceNumber") {
            Some(number) => number.to_owned(),
            None => next_number(desk)?,
        };
        let same = records::by_name(desk.connection, desk.org.n, Kind::Invoices, &number)?;
        if same.iter().any(|(body, other)| *other != known.id && is_sale(body)) {
            return Err("Invoice # must be unique.".into());
        }
        record.insert("InvoiceNumber".into(), number.into());
    } else {
        record.entry("InvoiceNumber").or_insert_with(|| "".into());
        if record.contains_key("Reference") {
            return Err("Reference is for sales invoices only".into());
        }
    }
    documents::complete_invoice(record, &desk.ledger, lines_entered, desk.today, &mut Uuid::new_v4)?;
    note_role(desk, contact, if sale { "IsCustomer" } else { "IsSupplier" })
}

/// A sales invoice of the same number.
pub fn same(desk: &Desk, sent: &Record) -> Result<Option<Uuid>, No> {
    let Some(number) = text_of(sent, "InvoiceNumber").filter(|_| text_of(sent, "Type") == Some("ACCREC")) else {
        return Ok(None);
    };
    let same = records::by_name(desk.connection, desk.org.n, Kind::Invoices, number)?;
    Ok(same.into_iter().find(|(body, _)| is_sale(body)).map(|(_, id)| id))
}

fn next_number(desk: &Desk) -> rusqlite::Result<String> {
    let filter = lists::Filter { types: vec!["ACCREC".into()], ..lists::Filter::default() };
    let mut number = lists::count_of(desk.connection, &desk.shared.xero.memo, desk.org.n, Kind::Invoices, &filter)? + 1;
    loop {
        let text = format!("INV-{number:04}");
        if records::by_name(desk.connection, desk.org.n, Kind::Invoices, &text)?.is_empty() {
            return Ok(text);
        }
        number += 1;
    }
}

fn is_sale(body: &str) -> bool {
    field_is(body, "Type", "ACCREC")
}
