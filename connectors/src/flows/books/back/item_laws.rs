//! The laws of items that run both ways.

use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::items::ITEMS;
use crate::flow::{Coming, Flow, Known};
use crate::flows::books::items::Items;
use crate::flows::books::lens::{self, an_item, promised_of_item, read};
use crate::flows::books::{accounts, money, taxes};
use crate::print::{FIELD_PRINT_BYTES, PrintKey};
use crate::xero::records::Item;
use crate::zoho;

fn known(price_precision: u32) -> Known {
    let mut known = lens::known();
    known.zoho = zoho::Organisation { price_precision, ..Default::default() };
    let account = |code: &str| json!({ "AccountID": format!("id {code}"), "Code": code, "Status": "ACTIVE" });
    for code in ["200", "300"] {
        known.learn_back(accounts::KEY, format!("account {code}"), format!("id {code}"));
    }
    known.learn_list(accounts::KEY, Arc::new(vec![account("200"), account("300")]));
    // Two of Xero's rates are one of Zoho's taxes; only one of them is for sales.
    for tax_type in ["INPUT2", "OUTPUT2"] {
        known.learn_back(taxes::KEY, "tax OUTPUT2", tax_type);
    }
    let rate = |name: &str, sales: bool| json!({ "TaxType": name, "Status": "ACTIVE", "CanApplyToRevenue": sales });
    known.learn_list(taxes::KEY, Arc::new(vec![rate("INPUT2", false), rate("OUTPUT2", true)]));
    known
}

fn names() -> Vec<&'static str> {
    Items::fields().iter().map(|field| field.name).collect()
}

/// A record after this write: what is told is there, the rest stays.
fn written(was: &Value, body: &Value) -> Value {
    let mut record = was.clone();
    for (key, value) in body.as_object().unwrap() {
        record[key] = value.clone();
    }
    record
}

/// Xero drops the words and the price of what is not sold or not bought.
fn in_xero(was: &Value, body: &Value) -> Value {
    let mut record = written(was, body);
    for (flag, keys) in [("IsSold", ["Description", "SalesDetails"]), ("IsPurchased", ["PurchaseDescription", "PurchaseDetails"])]
    {
        if record[flag] == false {
            record[keys[0]] = Value::Null;
            record[keys[1]] = json!({});
        }
    }
    record
}

fn to_xero(record: &Value, there: Option<&Value>, changed: &[&'static str], known: &Known) -> Value {
    (ITEMS.to_xero)(&Coming { record, there, changed }, known).unwrap().body
}

/// The fields that differ in Zoho.
fn differ(one: &Value, other: &Value) -> Vec<&'static str> {
    let prints = [one, other].map(|record| ITEMS.prints(record, &PrintKey::new([7; 32])));
    let of = |prints: &[u8], n: usize| prints[n * FIELD_PRINT_BYTES..(n + 1) * FIELD_PRINT_BYTES].to_vec();
    names().into_iter().enumerate().filter(|(n, _)| of(&prints[0], *n) != of(&prints[1], *n)).map(|(_, name)| name).collect()
}

fn a_zoho_item() -> impl Strategy<Value = Value> {
    let account = || prop::sample::select(vec!["", "account 200", "account 300"]);
    let price = || (0i64..100_000_000).prop_map(|units| money::number(Decimal::new(units, 4)));
    let (kind, tax) = (
        prop::sample::select(vec!["sales", "purchases", "sales_and_purchases", "inventory"]),
        prop::sample::select(vec!["", "tax OUTPUT2"]),
    );
    ("[A-Z0-9-]{1,30}", "[\\p{L}\\p{N}]{1,50}", "[\\p{L} ]{0,40}", (price(), price(), account(), account(), kind, tax)).prop_map(
        |(sku, name, words, (rate, cost, sold_on, bought_on, kind, tax))| {
            let mut record = json!({ "item_id": "46001", "sku": sku, "name": name, "item_type": kind, "rate": 0 });
            if kind != "purchases" {
                record =
                    written(&record, &json!({ "description": words.trim(), "rate": rate, "account_id": sold_on, "tax_id": tax }));
            }
            if kind != "sales" {
                record = written(
                    &record,
                    &json!({ "purchase_description": words.trim(), "purchase_rate": cost, "purchase_account_id": bought_on }),
                );
            }
            record
        },
    )
}

proptest! {
    #![proptest_config(crate::trials::cases(500))]

    #[test]
    fn what_comes_back_is_what_xero_has(record in an_item(), price_precision in 2u32..5) {
        let (known, xero) = (known(price_precision), in_xero(&json!({}), &record));
        let item: Item = read(&xero);
        let zoho = written(&json!({ "item_id": "46001" }), &Items::to_zoho(&item, &known).unwrap().body);
        let back = in_xero(&xero, &to_xero(&zoho, Some(&xero), &names(), &known));
        // Even the decimals that Zoho has no room for.
        prop_assert_eq!(promised_of_item(&read(&back)), promised_of_item(&item), "{}", zoho);
        if price_precision == 4 {
            let new = in_xero(&json!({ "ItemID": "i-1" }), &to_xero(&zoho, None, &[], &known));
            prop_assert_eq!(promised_of_item(&read(&new)), promised_of_item(&item), "{}", zoho);
        }
    }

    #[test]
    fn what_people_wrote_in_zoho_stays(record in a_zoho_item()) {
        let known = known(4);
        let xero = in_xero(&json!({ "ItemID": "i-1" }), &to_xero(&record, None, &[], &known));
        let mut body = Items::to_zoho(&read(&xero), &known).unwrap().body;
        (ITEMS.spare)(&record, &names(), &mut body);
        let back = written(&record, &body);
        prop_assert_eq!(differ(&back, &record), Vec::<&str>::new(), "{} became {}", record, back);
    }

    #[test]
    fn a_change_of_one_field_leaves_the_others_alone(record in an_item(), key in prop::sample::select(vec!["sku", "name", "rate", "description"]), word in "[A-Z]{1,9}") {
        let (known, xero) = (known(2), in_xero(&json!({}), &record));
        let mut before = written(&json!({ "item_id": "46001" }), &Items::to_zoho(&read(&xero), &known).unwrap().body);
        before["description"] = if before["item_type"] == "purchases" { "".into() } else { before["description"].clone() };
        let after = written(&before, &match key { "rate" => json!({ "rate": 7.25 }), _ => json!({ key: word }) });
        let changed = differ(&before, &after);
        let told = in_xero(&xero, &to_xero(&after, Some(&xero), &changed, &known));
        let field = match key { "sku" => "Code", "name" => "Name", "rate" => "SalesDetails", _ => "Description" };
        for other in ["Code", "Name", "Description", "PurchaseDescription", "IsSold", "IsPurchased", "SalesDetails", "PurchaseDetails"] {
            prop_assert!(other == field || told[other] == xero[other], "{} became {}", xero, told);
        }
        // And back: Zoho's own stays where Xero changed something else.
        let mut body = Items::to_zoho(&read(&told), &known).unwrap().body;
        (ITEMS.spare)(&after, &["purchase"], &mut body);
        prop_assert_eq!(differ(&written(&after, &body), &after), Vec::<&str>::new());
    }
}

#[test]
fn an_item_is_told_whole_and_a_taken_code_is_that_item() {
    let record = json!({
        "item_id": "46001", "sku": "", "name": "Golf  balls", "description": "White", "item_type": "sales_and_purchases", "rate": 5.63, "account_id": "account 200",
        "tax_id": "tax OUTPUT2", "purchase_rate": 3.1, "purchase_description": "Box", "purchase_account_id": "an account that Xero lacks",
    });
    let known = known(2);
    assert_eq!(
        to_xero(&record, None, &[], &known),
        json!({
            "Code": "Golf balls", "Name": "Golf  balls", "IsSold": true, "IsPurchased": true, "Description": "White", "PurchaseDescription": "Box",
            "SalesDetails": {"UnitPrice": 5.63, "AccountCode": "200", "TaxType": "OUTPUT2"}, "PurchaseDetails": {"UnitPrice": 3.1},
        })
    );
    assert_eq!((ITEMS.seek)(&record, &known).query, [("where", "Code==\"Golf balls\"".into())]);
    assert!(
        (ITEMS.is_it)(&record, &json!({"Code": "GOLF balls"}), &known) && !(ITEMS.is_it)(&record, &json!({"Code": "GB"}), &known)
    );
    assert!(!(ITEMS.creates)(&known));
    for (sku, name) in [("", "x".repeat(31)), ("x".repeat(31).as_str(), "Short".into())] {
        let long = json!({ "sku": sku, "name": name });
        assert_eq!(
            (ITEMS.to_xero)(&Coming { record: &long, there: None, changed: &[] }, &known).unwrap_err().code,
            "NO_ITEM_CODE"
        );
    }
}

#[test]
fn stock_in_xero_keeps_its_accounts_and_a_tax_that_was_taken_off_is_none() {
    let there = json!({
        "ItemID": "i-1", "Code": "GB", "IsTrackedAsInventory": true, "SalesDetails": {"UnitPrice": 5.6325, "AccountCode": "200", "TaxType": "OUTPUT2"},
        "PurchaseDetails": {"UnitPrice": 3.1, "COGSAccountCode": "200", "TaxType": "INPUT2"},
    });
    let record = json!({"sku": "GB", "name": "Balls", "item_type": "inventory", "rate": 5.63, "account_id": "account 200", "purchase_rate": 3.5, "purchase_account_id": "account 300"});
    assert_eq!(
        to_xero(&record, Some(&there), &["sale", "purchase"], &known(2)),
        json!({"ItemID": "i-1", "Code": "GB", "SalesDetails": {"UnitPrice": 5.6325, "AccountCode": "200", "TaxType": "NONE"},
               "PurchaseDetails": {"UnitPrice": 3.5, "COGSAccountCode": "300", "TaxType": "INPUT2"}})
    );
}
