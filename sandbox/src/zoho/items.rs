//! Items: what is bought and sold.

use rust_decimal::RoundingStrategy;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::call::Query;
use super::module::Module;
use super::records::{self, Desk, Record, number};
use super::settings::started;
use super::shape::{self, Kind::*};
use super::{custom_fields, lists};

const ITEM: &[(&str, shape::Kind)] = &[
    ("name", Text(100)),
    ("rate", Number),
    ("description", Text(2000)),
    ("sku", Guess(100)),
    ("unit", Guess(50)),
    ("item_type", Choice(&["sales", "purchases", "sales_and_purchases", "inventory"])),
    ("product_type", Choice(&["goods", "service", "digital_service"])),
    ("purchase_rate", Number),
    ("purchase_description", Text(2000)),
    ("is_taxable", Flag),
    ("reorder_level", Number),
    ("tags", Tags),
];

/// `POST` and `PUT /items`.
pub fn write(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    let sku_was = record.text("sku").to_owned();
    shape::take(desk, body, ITEM, &mut record.detail)?;
    record.name = shape::text(&record.detail, "name").ok_or_else(|| Refusal::missing("name"))?.to_owned();
    let rate = shape::amount(&record.detail, "rate")?.ok_or_else(|| Refusal::missing("rate"))?;
    // More decimals than the organisation keeps are rounded away without a word.
    let kept = |value: rust_decimal::Decimal| {
        number(value.round_dp_with_strategy(desk.org.price_precision, RoundingStrategy::MidpointAwayFromZero))
    };
    record.set("rate", kept(rate));
    record.total_e6 = records::e6(rate)?;
    if let Some(rate) = shape::amount(&record.detail, "purchase_rate")? {
        record.set("purchase_rate", kept(rate));
    }
    record.kind = shape::text(&record.detail, "item_type").unwrap_or("sales").to_owned();
    record.set("item_type", record.kind.clone());
    if desk.on("zoho.item_names_unique") && !records::named(desk, Module::Items, &record.name, record.id)?.is_empty() {
        return Err(Refusal::new(4, format!("The item \"{}\" already exists. Please specify a different name.", record.name)));
    }
    let sku = record.text("sku").to_owned();
    if !records::claim(desk, Module::Items, "sku", &sku_was, &sku, record.id)? {
        return Err(Refusal::new(4, format!("An item with the SKU \"{sku}\" already exists.")));
    }
    references(desk, &mut record, body)?;
    record.set("item_name", record.name.clone());
    if new {
        record.status = "active".to_owned();
        for (key, value) in [("product_type", "goods"), ("description", ""), ("unit", "")] {
            record.detail.entry(key).or_insert_with(|| value.into());
        }
    }
    custom_fields::apply(desk, Module::Items, &mut record, body)?;
    records::save(desk, Module::Items, &mut record, new)?;
    Ok(record)
}

fn references(desk: &Desk, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    let links =
        [("account_id", "account_name", Module::Accounts), ("purchase_account_id", "purchase_account_name", Module::Accounts)];
    let more =
        [("inventory_account_id", "inventory_account_name", Module::Accounts), ("vendor_id", "vendor_name", Module::Contacts)];
    for (id_key, name_key, module) in links.into_iter().chain(more) {
        if let Some(id) = shape::id(body, id_key)? {
            let found = records::brief(desk, module, id)?;
            if id_key == "vendor_id" && found.kind != "vendor" {
                return Err(Refusal::invalid("vendor_id"));
            }
            record.set(id_key, id.to_string());
            record.set(name_key, found.name);
        }
    }
    if let Some(id) = shape::id(body, "tax_id")? {
        let tax = records::brief(desk, Module::Taxes, id)?;
        record.set("tax_id", id.to_string());
        record.set("tax_name", tax.name);
        record.set("tax_percentage", number(tax.figure.normalize()));
    }
    defaults(desk, record)
}

/// Sales go to Sales, purchases to Cost of Goods Sold, unless said otherwise; stock needs an account of its own.
fn defaults(desk: &Desk, record: &mut Record) -> Result<(), Refusal> {
    let (sells, buys) = match record.kind.as_str() {
        "sales" => (true, false),
        "purchases" => (false, true),
        _ => (true, true),
    };
    for (wanted, id_key, name_key, account) in [
        (sells, "account_id", "account_name", "Sales"),
        (buys, "purchase_account_id", "purchase_account_name", "Cost of Goods Sold"),
    ] {
        if wanted && !record.detail.contains_key(id_key) {
            let (id, _) = records::named(desk, Module::Accounts, account, 0)?.pop().ok_or_else(|| Refusal::missing(id_key))?;
            record.set(id_key, id.to_string());
            record.set(name_key, account);
        }
    }
    if record.kind == "inventory" && !record.detail.contains_key("inventory_account_id") {
        return Err(Refusal::missing("inventory_account_id"));
    }
    Ok(())
}

/// `GET /itemdetails?item_ids=a,b`: whole items in one call.
pub fn details(desk: &Desk, query: &Query) -> Result<Answer, Refusal> {
    let ids = query.get("item_ids").filter(|ids| !ids.is_empty()).ok_or_else(|| Refusal::missing("item_ids"))?;
    let mut list = String::from("[");
    for id in ids.split(',') {
        let id = id.trim().parse().map_err(|_| Refusal::invalid("item_ids"))?;
        if list.len() > 1 {
            list.push(',');
        }
        list.push_str(&lists::text(desk, Module::Items, id)?);
    }
    list.push(']');
    Ok(Answer::found("items", &list))
}
