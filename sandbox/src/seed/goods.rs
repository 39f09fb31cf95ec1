//! Things the company sells and buys: with and without prices of either side, some with four decimals.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Company;
use super::people::imported_at;
use crate::xero::json::{Record, number, set_updated};

const THINGS: [&str; 16] = [
    "Support plan",
    "Onboarding day",
    "Licence, yearly",
    "Merino blanket",
    "Mānuka honey 500 g",
    "Router",
    "Site visit",
    "Data migration",
    "Training session",
    "Courier bag",
    "Toner cartridge",
    "Oak desk",
    "Screen 27\"",
    "Coffee beans 1 kg",
    "Hosting, monthly",
    "Café chair",
];

/// The code that lines name.
pub fn code(index: u64) -> String {
    format!("ITM-{:04}", index + 1)
}

/// (price when sold, price when bought); some have only one side.
pub fn prices(company: &Company, index: u64) -> (Option<Decimal>, Option<Decimal>) {
    let mut dice = company.dice("price", index);
    let four = dice.one_in_thousand(250);
    let sold = if four { Decimal::new(dice.between(10_000, 9_999_999), 4) } else { Decimal::new(dice.between(100, 250_000), 2) };
    let bought = if four { Decimal::new(dice.between(5_000, 5_999_999), 4) } else { Decimal::new(dice.between(50, 150_000), 2) };
    match index % 6 {
        2 => (Some(sold), None),
        4 => (None, Some(bought)),
        // Sold, but at no fixed price.
        5 => (None, None),
        _ => (Some(sold), Some(bought)),
    }
}

pub fn item(company: &Company, index: u64) -> (Uuid, i64, Record) {
    let id = company.id("item", index);
    let mut dice = company.dice("item", index);
    let at = imported_at(&mut dice, index);
    let thing = THINGS[(index % THINGS.len() as u64) as usize];
    let round = index / THINGS.len() as u64;
    let name = if round == 0 { thing.to_owned() } else { format!("{thing} {}", round + 1) };
    let (sold, bought) = prices(company, index);
    let side = |price: Option<Decimal>, account: &str, tax: &str| match price {
        Some(price) => json!({"UnitPrice": number(price), "AccountCode": account, "TaxType": tax}),
        None => json!({}),
    };
    let record = json!({
        "ItemID": id, "Code": code(index), "Name": name, "Description": format!("{name}, as agreed"),
        "PurchaseDescription": if bought.is_some() { format!("{name} from the wholesaler") } else { String::new() },
        "SalesDetails": side(sold, "200", "OUTPUT2"), "PurchaseDetails": side(bought, "300", "INPUT2"),
        "IsTrackedAsInventory": false, "IsSold": index % 6 != 4, "IsPurchased": bought.is_some(),
    });
    let Value::Object(mut record) = record else { return (id, at, Record::new()) };
    set_updated(&mut record, at, false);
    (id, at, record)
}
