//! Sales invoices and bills.

use serde_json::Value;
use uuid::Uuid;

use super::{contact_of, currencies, field_is, note_role, too_long};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::documents;
use crate::xero::json::{self, Record, decimal_of, text_of};
use crate::xero::kinds::Kind;
use crate::xero::lines::{self, Rules};
use crate::xero::locks::locked_record;
use crate::xero::money::Mode;
use crate::xero::{lists, records};

pub const WRITABLE: [&str; 18] = [
    "InvoiceID",
    "Type",
    "Contact",
    "LineItems",
    "Date",
    "DueDate",
    "LineAmountTypes",
    "InvoiceNumber",
    "Reference",
    "BrandingThemeID",
    "Url",
    "CurrencyCode",
    "CurrencyRate",
    "Status",
    "SentToContact",
    "ExpectedPaymentDate",
    "PlannedPaymentDate",
    "InvoiceAddresses",
];

const LONGEST: [(&str, usize); 2] = [("InvoiceNumber", 255), ("Reference", 255)];
const SETTLED: &str = "Invoice not of valid status for modification";
const PARTLY_PAID: &str = "This document cannot be edited as it has a payment or credit note allocated to it.";

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    locked_record(desk, known, record)?;
    if desk.by_app() {
        may_become(desk, known)?;
    }
    if let (Some((was, _)), Some("VOIDED" | "DELETED")) = (&known.was, text_of(record, "Status")) {
        // A person's screen offers it no more than the API does once something is paid.
        if settled_in_part(was) {
            return Err(PARTLY_PAID.into());
        }
        if desk.by_app() {
            end(was, record);
            return Ok(());
        }
    }
    let lines_entered = known.enters_lines();
    let contact = contact_of(desk, known, record)?;
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
    if desk.by_app() {
        prepare(desk, known, record, sale, lines_entered)?;
    }
    documents::complete_invoice(record, &desk.ledger, lines_entered, desk.today, &mut Uuid::new_v4)?;
    if desk.by_app() {
        stays_as_paid(known, record)?;
    }
    note_role(desk, contact, if sale { "IsCustomer" } else { "IsSupplier" })
}

/// What an app leaves empty it does not mean to empty: a document has a contact and lines, and keeps its type.
pub fn as_meant(desk: &Desk, was: Option<&Record>, sent: &mut Record) {
    if text_of(sent, "Type") != Some("ACCREC") && was.is_none_or(|was| text_of(was, "Type") != Some("ACCREC")) {
        let keeps = desk.on("xero.bill_references_are_refused");
        if !keeps || text_of(sent, "Reference").is_none() {
            sent.remove("Reference");
        }
    }
    if was.is_none() {
        return;
    }
    sent.remove("Type");
    let empty = |value: Option<&Value>| match value {
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(record)) => record.is_empty(),
        _ => false,
    };
    if empty(sent.get("Contact")) {
        sent.remove("Contact");
    }
}

/// Whether the document may have the status that is sent, and may be changed at all.
fn may_become(desk: &Desk, known: &Known) -> Result<(), No> {
    let wanted = text_of(&known.sent, "Status");
    let Some(was) = known.status() else {
        return match wanted {
            None | Some("DRAFT" | "SUBMITTED" | "AUTHORISED") => Ok(()),
            Some(_) => Err("Invoice not of valid status for creation".into()),
        };
    };
    let may = match (was, wanted.unwrap_or(was)) {
        ("DRAFT" | "SUBMITTED", "DRAFT" | "SUBMITTED" | "AUTHORISED" | "DELETED") => true,
        ("AUTHORISED", "AUTHORISED" | "VOIDED") => true,
        ("PAID", "PAID") => desk.on("xero.paid_invoices_take_limited_edits"),
        _ => false,
    };
    if may { Ok(()) } else { Err(SETTLED.into()) }
}

/// Voided and deleted documents keep everything else as it was.
fn end(was: &Record, record: &mut Record) {
    let status = record.get("Status").cloned();
    record.clone_from(was);
    record.extend(status.map(|status| ("Status".to_owned(), status)));
    documents::settle(record);
}

fn settled_in_part(record: &Record) -> bool {
    ["AmountPaid", "AmountCredited"].iter().any(|name| decimal_of(record, name).is_some_and(|amount| !amount.is_zero()))
}

/// Makes everything ready to be computed, or refuses it.
fn prepare(desk: &Desk, known: &Known, record: &mut Record, sale: bool, lines_entered: bool) -> Result<(), No> {
    let mut flaws = too_long(record, &LONGEST, None);
    if !matches!(text_of(record, "Type"), Some("ACCREC" | "ACCPAY")) {
        return Err("Invoice Type must be ACCREC or ACCPAY".into());
    }
    let approved = text_of(record, "Status") == Some("AUTHORISED");
    if approved && record.get("DueDate").and_then(json::date).is_none() {
        flaws.push("DueDate must be specified for an approved invoice".into());
    }
    for (name, of_sales) in [("ExpectedPaymentDate", true), ("PlannedPaymentDate", false)] {
        match record.get(name).and_then(json::date) {
            Some(date) if sale == of_sales => json::set_date(record, name, date, true),
            _ => {
                record.remove(name);
            }
        }
    }
    if record.get("SentToContact") == Some(&Value::Bool(true)) && !approved && text_of(record, "Status") != Some("PAID") {
        flaws.push("SentToContact can be set on approved invoices only".into());
    }
    if let Some(url) = text_of(record, "Url").filter(|url| url::Url::parse(url).is_err()) {
        flaws.push(format!("The Url '{url}' is not valid").into());
    }
    if let Some(theme) = text_of(&known.sent, "BrandingThemeID") {
        let id = Uuid::parse_str(theme).unwrap_or_default();
        if records::by_id(desk.connection, desk.org.n, Kind::BrandingThemes, id)?.is_none() {
            flaws.push(format!("The BrandingThemeID '{theme}' does not exist").into());
        }
    }
    if let Err(says) = currencies::of_document(desk, known, record) {
        flaws.push(says.into());
    }
    let mode = Mode::named(text_of(record, "LineAmountTypes")).unwrap_or_else(|says| {
        flaws.push(says.into());
        Mode::Exclusive
    });
    let approves = approved && known.status() != Some("AUTHORISED");
    if lines_entered || approves {
        let (before, sent) = (known.lines(), known.sends_lines());
        if let Some(Value::Array(list)) =
            record.get_mut("LineItems").filter(|lines| lines.as_array().is_some_and(|list| !list.is_empty()))
        {
            let four_decimals = desk.four_decimals || !sent;
            let rules = Rules { mode, sale, discounts: sale, approved, four_decimals };
            if lines_entered {
                if !sent {
                    lines::computed_anew(list);
                }
                flaws.extend(lines::prepare(desk, list, before, rules)?);
            } else {
                // Approving asks more of the lines that are there, and changes nothing about them.
                flaws.extend(lines::prepare(desk, &mut list.clone(), before, rules)?);
            }
        } else {
            flaws.push("One or more line items must be specified".into());
        }
    }
    desk.refuse(flaws)
}

/// A document that is paid in part, or whole, keeps its amounts; words may change.
fn stays_as_paid(known: &Known, record: &Record) -> Result<(), No> {
    let Some((was, _)) = known.was.as_ref().filter(|(was, _)| settled_in_part(was)) else { return Ok(()) };
    let fixed = ["SubTotal", "TotalTax", "Total", "Date", "CurrencyCode", "CurrencyRate", "LineAmountTypes"];
    let same = |name: &&str| match (decimal_of(was, name), decimal_of(record, name)) {
        (Some(before), Some(after)) => before == after,
        _ => was.get(*name) == record.get(*name),
    };
    if fixed.iter().all(same) { Ok(()) } else { Err(PARTLY_PAID.into()) }
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
    let settings = &desk.shared.xero.settings;
    let mut number = match settings.last_number(desk.org.n, Kind::Invoices) {
        Some(last) => last + 1,
        None => {
            let filter = lists::Filter { types: vec!["ACCREC".into()], ..lists::Filter::default() };
            lists::count_of(desk.connection, &lists::Memo::default(), desk.org.n, Kind::Invoices, &filter)? + 1
        }
    };
    loop {
        let text = format!("INV-{number:04}");
        if records::by_name(desk.connection, desk.org.n, Kind::Invoices, &text)?.is_empty() {
            settings.note_number(desk.org.n, Kind::Invoices, number);
            return Ok(text);
        }
        number += 1;
    }
}

fn is_sale(body: &str) -> bool {
    field_is(body, "Type", "ACCREC")
}
