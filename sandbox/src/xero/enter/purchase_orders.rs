//! Purchase orders.

use serde_json::json;

use super::lines::{self, Reading};
use super::moves::Moves;
use super::{defaults, note_role, too_long};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::lists::Filter;
use crate::xero::records;

/// What an app may say.
pub const WRITABLE: [&str; 18] = [
    "PurchaseOrderID",
    "PurchaseOrderNumber",
    "Contact",
    "LineItems",
    "Date",
    "DeliveryDate",
    "LineAmountTypes",
    "Reference",
    "BrandingThemeID",
    "CurrencyCode",
    "CurrencyRate",
    "Status",
    "SentToContact",
    "DeliveryAddress",
    "AttentionTo",
    "Telephone",
    "DeliveryInstructions",
    "ExpectedArrivalDate",
];

pub const MOVES: Moves = Moves {
    all: &["DRAFT", "SUBMITTED", "AUTHORISED", "BILLED", "DELETED"],
    first: &["DRAFT", "SUBMITTED", "AUTHORISED"],
    next: &[
        ("DRAFT", &["SUBMITTED", "AUTHORISED", "DELETED"]),
        ("SUBMITTED", &["DRAFT", "AUTHORISED", "DELETED"]),
        ("AUTHORISED", &["BILLED", "DELETED"]),
        ("BILLED", &["AUTHORISED"]),
    ],
};

const READING: Reading = Reading { sale: false, discounts: true, modes: lines::TITLE_CASE };

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    MOVES.make(desk, known, record)?;
    desk.refuse(too_long(record, &[("DeliveryInstructions", 500), ("PurchaseOrderNumber", 255)], None))?;
    let contact = lines::complete(desk, known, record, &READING)?;
    lines::date(record, "Date", Some(desk.today), true)?;
    lines::date(record, "DeliveryDate", None, true)?;
    lines::date(record, "ExpectedArrivalDate", None, true)?;
    number(desk, known, record)?;
    defaults(
        record,
        [
            ("HasErrors", json!(false)),
            ("HasAttachments", json!(false)),
            ("SentToContact", json!(false)),
            ("Type", json!("PURCHASEORDER")),
        ],
    );
    // Only what is approved can have been sent; Xero takes the order and leaves the mark out.
    if !matches!(text_of(record, "Status"), Some("AUTHORISED" | "BILLED")) {
        if record.get("SentToContact") == Some(&json!(true)) {
            desk.warn("Only AUTHORISED and BILLED purchase orders may have SentToContact updated.");
        }
        record.insert("SentToContact".into(), false.into());
    }
    note_role(desk, contact, "IsSupplier")
}

fn number(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let number = match text_of(record, "PurchaseOrderNumber") {
        Some(number) => number.to_owned(),
        None => lines::next_number(desk, Kind::PurchaseOrders, "PO-", &Filter::default())?,
    };
    let same = records::by_name(desk.connection, desk.org.n, Kind::PurchaseOrders, &number)?;
    if same.iter().any(|(_, other)| *other != known.id) {
        return Err("Order number must be unique".into());
    }
    record.insert("PurchaseOrderNumber".into(), number.into());
    Ok(())
}
