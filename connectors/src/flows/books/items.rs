//! Xero items → Zoho Books items. Xero's code becomes the SKU; document lines find the item by it.

use serde_json::{Value, json};

use super::texts::{clip, same};
use super::{XERO_ID, accounts, back, money, refusals, taxes};
use crate::flow::{Authority, Back, By, Carry, Cure, Field, Flow, Known, Line, Need, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{ITEMS, Item, ItemSide};
use crate::{xero, zoho};

pub struct Items;

pub const KEY: &str = "books.items";

const NAME_CHARS_MAX: usize = 100;
pub(super) const DESCRIPTION_CHARS_MAX: usize = 2000;

impl Flow for Items {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Items";
    const AFTER: &'static [&'static str] = &[taxes::KEY, accounts::KEY];
    const XERO: xero::Resource = ITEMS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "items",
        one: "item",
        many: &["items"],
        id: "item_id",
        unique: zoho::Unique::Field { module: "item", label: XERO_ID },
        query: &[],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = Item;
    const BACK: Option<Back> = Some(back::items::ITEMS);

    fn wanted(_: &Item) -> Wanted {
        Wanted::Carry
    }

    fn needs(item: &Item) -> Vec<Need> {
        let sides =
            [item.sales_details.as_ref().filter(|_| is_sold(item)), item.purchase_details.as_ref().filter(|_| item.is_purchased)];
        let mut needs = Vec::new();
        for side in sides.into_iter().flatten() {
            if !side.account().is_empty() {
                needs.push(Need { flow: accounts::KEY, key: side.account().to_owned(), by: By::Alias });
            }
        }
        if let Some(tax_type) = sales_tax(item) {
            needs.push(Need { flow: taxes::KEY, key: tax_type.to_owned(), by: By::Id });
        }
        needs
    }

    fn to_zoho(item: &Item, known: &Known) -> Result<Carry, Unmappable> {
        Ok(Carry::new(body(item, known, clip(name(item), NAME_CHARS_MAX))))
    }

    fn fields() -> &'static [Field<Item>] {
        &[
            Field {
                name: "code",
                authority: Authority::Either,
                print: |item, printer| {
                    printer.text(Some(&item.code));
                },
            },
            Field {
                name: "name",
                authority: Authority::Either,
                print: |item, printer| {
                    printer.text(Some(&item.name));
                },
            },
            Field {
                name: "description",
                authority: Authority::Either,
                print: |item, printer| {
                    printer.text(Some(&item.description));
                },
            },
            Field {
                name: "purchase_description",
                authority: Authority::Either,
                print: |item, printer| {
                    printer.text(Some(&item.purchase_description));
                },
            },
            Field {
                name: "kind",
                authority: Authority::Either,
                print: |item, printer| {
                    printer.flag(item.is_sold).flag(item.is_purchased);
                },
            },
            Field {
                name: "sale",
                authority: Authority::Either,
                print: |item, printer| print_side(item.sales_details.as_ref(), printer),
            },
            Field {
                name: "purchase",
                authority: Authority::Either,
                print: |item, printer| print_side(item.purchase_details.as_ref(), printer),
            },
        ]
    }

    /// The item with this SKU, or with this name and no SKU, if no other Xero item has claimed it.
    fn find_in(item: &Item, existing: &[Value]) -> Option<String> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
        let free = || existing.iter().filter(|row| !is_claimed(row, item));
        let by_sku = || free().find(|row| same(&text(row, "sku"), &item.code));
        let by_name = || free().find(|row| text(row, "sku").is_empty() && same(&text(row, "name"), name(item)));
        let found = by_sku().or_else(by_name)?;
        found["item_id"].as_str().map(str::to_owned)
    }

    fn cure(item: &Item, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        match (refusals::is_taken(refusal), attempt) {
            // Lists cannot be filtered by SKU; a search looks at both.
            (true, 1) if refusal.message.to_lowercase().contains("sku") => {
                Cure::Adopt { query: vec![("search_text", item.code.clone())] }
            }
            (true, 1) => Cure::Adopt { query: vec![("name", clip(name(item), NAME_CHARS_MAX).to_owned())] },
            // Names are unique in Zoho and not in Xero; the code tells them apart.
            (true, 2) if !same(name(item), &item.code) => {
                let mark = format!(" ({})", item.code);
                let room = NAME_CHARS_MAX.saturating_sub(mark.chars().count());
                Cure::Again(Carry::new(body(item, known, &format!("{}{mark}", clip(name(item), room)))))
            }
            _ => refusals::hold(&item.label(), refusal),
        }
    }

    fn xero_line(_: &Item) -> Line {
        line("active")
    }

    fn zoho_line(row: &Value) -> Option<Line> {
        Some(line(if row["status"].as_str() == Some("inactive") { "inactive" } else { "active" }))
    }
}

fn name(item: &Item) -> &str {
    if item.name.trim().is_empty() { &item.code } else { item.name.trim() }
}

/// Whether our field on this row holds another item's id. Zoho may have put a number behind the field's name.
fn is_claimed(row: &Value, item: &Item) -> bool {
    let other = |value: &Value| value.as_str().is_some_and(|id| !id.is_empty() && id != item.id);
    row.as_object().into_iter().flatten().any(|(key, value)| key.starts_with("cf_xero_id") && other(value))
}

/// Zoho wants an item to be at least one of the two.
fn is_sold(item: &Item) -> bool {
    item.is_sold || !item.is_purchased
}

fn sales_tax(item: &Item) -> Option<&str> {
    let side = item.sales_details.as_ref().filter(|_| is_sold(item))?;
    Some(side.tax_type.as_str()).filter(|tax_type| !tax_type.is_empty() && *tax_type != taxes::NO_TAX)
}

fn body(item: &Item, known: &Known, name: &str) -> Value {
    let side = |side: &Option<ItemSide>| side.clone().unwrap_or_default();
    let (sales, purchase) = (side(&item.sales_details), side(&item.purchase_details));
    let price = |side: &ItemSide| {
        // A list price only: document lines carry the prices they were made with.
        money::number(money::round(side.unit_price.unwrap_or_default(), known.zoho.price_precision.clamp(2, 6)))
    };
    let item_type = match (is_sold(item), item.is_purchased) {
        (true, true) => "sales_and_purchases",
        (false, _) => "purchases",
        (true, false) => "sales",
    };
    let mut body = json!({
        "name": name,
        "sku": item.code,
        "item_type": item_type,
        "rate": if is_sold(item) { price(&sales) } else { 0.into() },
        "description": clip(&item.description, DESCRIPTION_CHARS_MAX),
    });
    if is_sold(item) {
        if let Some(account) = known.id(accounts::KEY, sales.account()) {
            body["account_id"] = account.into();
        }
        if let Some(tax) = sales_tax(item).and_then(|tax_type| known.id(taxes::KEY, tax_type)) {
            body["tax_id"] = tax.into();
        }
    }
    if item.is_purchased {
        body["purchase_rate"] = price(&purchase);
        body["purchase_description"] = clip(&item.purchase_description, DESCRIPTION_CHARS_MAX).into();
        if let Some(account) = known.id(accounts::KEY, purchase.account()) {
            body["purchase_account_id"] = account.into();
        }
    }
    body
}

fn print_side(side: Option<&ItemSide>, printer: &mut crate::print::Printer) {
    match side {
        Some(side) => {
            printer.flag(true).amount(side.unit_price).text(Some(side.account())).text(Some(&side.tax_type));
        }
        None => {
            printer.flag(false);
        }
    }
}

fn line(status: &'static str) -> Line {
    Line { status, currency: String::new(), total: None, tax: None, due: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(extra: Value) -> Item {
        let mut record = json!({"ItemID": "i-1", "Code": "GB-1", "Name": "Golf balls"});
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known(price_precision: u32) -> Known {
        let mut known = Known::new(xero::Organisation::default(), zoho::Organisation { price_precision, ..Default::default() });
        known.learn(accounts::KEY, "200", "11");
        known.learn(accounts::KEY, "630", "12");
        known.learn(taxes::KEY, "OUTPUT2", "13");
        known
    }

    #[test]
    fn both_sides_of_an_item_are_carried() {
        let item = item(json!({
            "Description": "White", "PurchaseDescription": "White, box", "IsSold": true, "IsPurchased": true,
            "SalesDetails": {"UnitPrice": 5.6325, "AccountCode": "200", "TaxType": "OUTPUT2"},
            "PurchaseDetails": {"UnitPrice": 3.1, "COGSAccountCode": "630", "TaxType": "INPUT2"},
        }));
        assert_eq!(
            Items::needs(&item),
            [
                Need { flow: accounts::KEY, key: "200".into(), by: By::Alias },
                Need { flow: accounts::KEY, key: "630".into(), by: By::Alias },
                Need { flow: taxes::KEY, key: "OUTPUT2".into(), by: By::Id },
            ]
        );
        assert_eq!(
            Items::to_zoho(&item, &known(4)).unwrap().body,
            json!({"name": "Golf balls", "sku": "GB-1", "item_type": "sales_and_purchases", "rate": 5.6325, "description": "White", "account_id": "11",
                   "tax_id": "13", "purchase_rate": 3.1, "purchase_description": "White, box", "purchase_account_id": "12"})
        );
        assert_eq!(Items::to_zoho(&item, &known(2)).unwrap().body["rate"], json!(5.63));
    }

    #[test]
    fn an_item_without_name_or_details_is_called_by_its_code() {
        let body =
            Items::to_zoho(&item(json!({"Name": null, "IsSold": false, "IsPurchased": false, "SalesDetails": {}})), &known(4))
                .unwrap()
                .body;
        assert_eq!(body, json!({"name": "GB-1", "sku": "GB-1", "item_type": "sales", "rate": 0, "description": ""}));
        assert_eq!(Items::to_zoho(&item(json!({"IsSold": false})), &known(4)).unwrap().body["item_type"], "purchases");
    }

    #[test]
    fn a_taken_name_is_adopted_by_sku_then_marked_with_the_code() {
        let claimed = json!({"item_id": "1", "sku": "gb-1", "cf_xero_id_1": "other"});
        let (by_sku, by_name) =
            (json!({"item_id": "2", "sku": "gb-1"}), json!({"item_id": "3", "sku": "", "name": "golf balls"}));
        let found =
            |rows: &[&Value]| Items::find_in(&item(json!({})), &rows.iter().map(|row| (*row).clone()).collect::<Vec<_>>());
        assert_eq!(found(&[&claimed, &by_name, &by_sku]).as_deref(), Some("2"));
        assert_eq!(found(&[&claimed, &by_name]).as_deref(), Some("3"));
        assert_eq!(found(&[&claimed, &json!({"item_id": "4", "sku": "GB-2", "name": "Golf balls"})]), None);
        let refusal = Refusal { status: 400, code: "1001".into(), message: "Item \"Golf balls\" already exists.".into() };
        assert_eq!(
            Items::cure(&item(json!({})), &known(4), &refusal, 1),
            Cure::Adopt { query: vec![("name", "Golf balls".into())] }
        );
        let sku = Refusal { message: "An item with this SKU already exists.".into(), ..refusal.clone() };
        assert_eq!(
            Items::cure(&item(json!({})), &known(4), &sku, 1),
            Cure::Adopt { query: vec![("search_text", "GB-1".into())] }
        );
        let Cure::Again(carry) = Items::cure(&item(json!({})), &known(4), &refusal, 2) else { panic!("not tried again") };
        assert_eq!(carry.body["name"], "Golf balls (GB-1)");
        assert!(matches!(Items::cure(&item(json!({})), &known(4), &refusal, 3), Cure::Hold(_)));
    }
}
