//! Items: known by their code.

use serde_json::{Value, json};
use uuid::Uuid;

use super::defaults;
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{self, Record, decimal_of, text_of};
use crate::xero::kinds::Kind;
use crate::xero::{money, records};

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let code = text_of(record, "Code").ok_or("Code is missing")?.to_owned();
    if records::by_name(desk.connection, desk.org.n, Kind::Items, &code)?.iter().any(|(_, other)| *other != known.id) {
        return Err(format!("Price List Item with Code '{code}' already exists").into());
    }
    defaults(
        record,
        [
            ("PurchaseDetails", json!({})),
            ("SalesDetails", json!({})),
            ("IsTrackedAsInventory", json!(false)),
            ("IsSold", json!(true)),
            ("IsPurchased", json!(true)),
        ],
    );
    for side in ["SalesDetails", "PurchaseDetails"] {
        if let Some(Value::Object(details)) = record.get_mut(side)
            && let Some(price) = decimal_of(details, "UnitPrice")
        {
            details.insert("UnitPrice".into(), json::number(money::rounded(price, 4)));
        }
    }
    Ok(())
}

/// The item of the same code.
pub fn same(desk: &Desk, sent: &Record) -> Result<Option<Uuid>, No> {
    let Some(code) = text_of(sent, "Code") else { return Ok(None) };
    Ok(records::by_name(desk.connection, desk.org.n, Kind::Items, code)?.into_iter().next().map(|(_, id)| id))
}
