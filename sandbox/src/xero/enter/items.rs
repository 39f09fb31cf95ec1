//! Items: known by their code.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{defaults, too_long};
use crate::xero::desk::{Desk, Flaw, Known, No};
use crate::xero::json::{self, Record, decimal_of, text_of};
use crate::xero::kinds::Kind;
use crate::xero::{money, records};

pub const WRITABLE: [&str; 10] = [
    "ItemID",
    "Code",
    "InventoryAssetAccountCode",
    "Name",
    "IsSold",
    "IsPurchased",
    "Description",
    "PurchaseDescription",
    "PurchaseDetails",
    "SalesDetails",
];

const LONGEST: [(&str, usize); 4] = [("Code", 30), ("Name", 50), ("Description", 4000), ("PurchaseDescription", 4000)];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let code = text_of(record, "Code").ok_or("Price List Item Code must be specified")?.to_owned();
    if records::by_name(desk.connection, desk.org.n, Kind::Items, &code)?.iter().any(|(_, other)| *other != known.id) {
        return Err(format!("Price List Item with Code '{code}' already exists").into());
    }
    if desk.by_app() {
        desk.refuse(flaws(desk, record))?;
        track(known, record)?;
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
    if desk.by_app() {
        for (sold, words, details) in
            [("IsSold", "Description", "SalesDetails"), ("IsPurchased", "PurchaseDescription", "PurchaseDetails")]
        {
            if record.get(sold) == Some(&json!(false)) {
                record.remove(words);
                record.insert(details.into(), json!({}));
            }
        }
    }
    let places = if desk.four_decimals { 4 } else { 2 };
    for side in ["SalesDetails", "PurchaseDetails"] {
        let places = if known.sent.contains_key(side) { places } else { 4 };
        if let Some(Value::Object(details)) = record.get_mut(side)
            && let Some(price) = decimal_of(details, "UnitPrice")
        {
            details.insert("UnitPrice".into(), json::number(money::rounded(price, places)));
        }
    }
    Ok(())
}

fn flaws(desk: &Desk, record: &Record) -> Vec<Flaw> {
    let mut flaws = too_long(record, &LONGEST, None);
    for side in ["SalesDetails", "PurchaseDetails"] {
        let Some(Value::Object(details)) = record.get(side) else { continue };
        for name in ["AccountCode", "COGSAccountCode"] {
            if let Some(code) = text_of(details, name).filter(|code| !desk.ledger.accounts.contains_key(*code)) {
                flaws.push(format!("Account code '{code}' is not a valid code").into());
            }
        }
        if let Some(tax_type) = text_of(details, "TaxType").filter(|tax_type| !desk.ledger.rates.contains_key(*tax_type)) {
            flaws.push(format!("The TaxType code '{tax_type}' does not exist").into());
        }
    }
    if let Some(code) = text_of(record, "InventoryAssetAccountCode")
        && desk.ledger.chart.get(code).is_none_or(|account| account.type_ != "INVENTORY")
    {
        flaws.push(format!("Account code '{code}' is not a valid inventory asset account").into());
    }
    flaws
}

/// An item with an inventory account and an account for what was sold is tracked from then on.
fn track(known: &Known, record: &mut Record) -> Result<(), No> {
    let cost = record.get("PurchaseDetails").and_then(Value::as_object).and_then(|details| text_of(details, "COGSAccountCode"));
    let (asset, cost) = (text_of(record, "InventoryAssetAccountCode").is_some(), cost.is_some());
    let was_tracked = known.was.as_ref().is_some_and(|(was, _)| was.get("IsTrackedAsInventory") == Some(&json!(true)));
    match (asset, cost) {
        (true, true) => {
            record.insert("IsTrackedAsInventory".into(), true.into());
            for (name, places) in [("QuantityOnHand", 4), ("TotalCostPool", 2)] {
                let nothing = json::number(money::rounded(Decimal::ZERO, places));
                record.entry(name).or_insert(nothing);
            }
            Ok(())
        }
        (false, false) if !was_tracked => Ok(()),
        _ => Err("InventoryAssetAccountCode and COGSAccountCode are both required for tracked items".into()),
    }
}

/// The item of the same code.
pub fn same(desk: &Desk, sent: &Record) -> Result<Option<Uuid>, No> {
    let Some(code) = text_of(sent, "Code") else { return Ok(None) };
    Ok(records::by_name(desk.connection, desk.org.n, Kind::Items, code)?.into_iter().next().map(|(_, id)| id))
}

/// An item goes when it holds no stock and no document names it.
pub fn delete(desk: &Desk, known: &Known) -> Result<Option<Record>, No> {
    let Some((item, _)) = &known.was else { return Err(No::Absent) };
    let stock = decimal_of(item, "QuantityOnHand").is_some_and(|stock| !stock.is_zero());
    let used = match text_of(item, "Code") {
        Some(code) if desk.on("xero.used_items_cannot_be_deleted") => {
            records::mentions(desk.connection, desk.org.n, Kind::Items, &format!("\"ItemCode\":{}", json!(code)))?
        }
        _ => false,
    };
    if stock || used { Err("This item cannot be deleted because it is in use".into()) } else { Ok(None) }
}
