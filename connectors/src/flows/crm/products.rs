//! Xero items → CRM products. Xero's code becomes the product's; document lines find it by that. One product more stands for all lines
//! that name no item: CRM wants a product on every line, and Xero does not.

use serde_json::Value;

use super::accounts::{looked_for, only};
use super::parties::{self, NAME_CHARS_MAX, Said};
use super::{module, refusals};
use crate::flow::{Authority, Carry, Cure, Field, Flow, Known, Line, Look, Need, Unmappable, Wanted};
use crate::flows::books::money;
use crate::flows::books::texts::same;
use crate::side::{Refusal, Trouble};
use crate::xero::Record;
use crate::xero::records::{ITEMS, Item};
use crate::{xero, zoho};

pub struct Products;

pub const KEY: &str = "crm.products";

/// The id by which we know the product of lines without an item. Xero has no item of this id.
pub const OTHER: &str = "00000000-0000-4000-8000-00000000c0de";
const OTHER_NAME: &str = "Other (from Xero)";

const CODE_CHARS_MAX: usize = 100;
const DESCRIPTION_CHARS_MAX: usize = 32_000;
/// CRM's currency fields have two decimals.
const PRICE_DECIMALS: u32 = 2;

impl Flow for Products {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Products";
    /// Without the one for other lines no document could be carried.
    const CAN_BE_OFF: bool = false;
    const AFTER: &'static [&'static str] = &[];
    const XERO: xero::Resource = ITEMS;
    const ZOHO: zoho::Resource = module("Products", &[("fields", "Product_Name,Product_Code")]);
    type Xero = Item;

    fn read(body: &[u8]) -> Result<Vec<Result<Item, xero::Odd>>, Trouble> {
        let mut items = xero::read_records::<Item>(&ITEMS, body)?;
        items.push(Ok(other()));
        Ok(items)
    }
    fn wanted(_: &Item) -> Wanted {
        Wanted::Carry
    }
    fn needs(_: &Item) -> Vec<Need> {
        Vec::new()
    }
    fn to_zoho(item: &Item, _: &Known) -> Result<Carry, Unmappable> {
        let price = item.sales_details.as_ref().and_then(|side| side.unit_price);
        let mut said = Said::default();
        said.text("Product_Name", name(item), NAME_CHARS_MAX).text("Product_Code", &item.code, CODE_CHARS_MAX).text(
            "Description",
            description(item),
            DESCRIPTION_CHARS_MAX,
        );
        let mut body = said.done();
        if let Some(price) = price {
            // A list price only: document lines carry the prices they were made with.
            body["Unit_Price"] = money::number(money::round(price, PRICE_DECIMALS));
        }
        Ok(Carry::new(body))
    }
    fn fields() -> &'static [Field<Item>] {
        &[
            Field {
                name: "code",
                authority: Authority::Xero,
                print: |item, printer| {
                    printer.text(Some(&item.code));
                },
            },
            Field {
                name: "name",
                authority: Authority::Xero,
                print: |item, printer| {
                    printer.text(Some(name(item)));
                },
            },
            Field {
                name: "description",
                authority: Authority::Xero,
                print: |item, printer| {
                    printer.text(Some(description(item)));
                },
            },
            Field {
                name: "price",
                authority: Authority::Xero,
                print: |item, printer| {
                    printer.amount(item.sales_details.as_ref().and_then(|side| side.unit_price));
                },
            },
        ]
    }
    fn look(item: &Item, _: &Known) -> Look {
        match item.code.is_empty() {
            true => looked_for("Product_Name", &item.name),
            false => looked_for("Product_Code", &item.code),
        }
    }
    fn find_in(item: &Item, existing: &[Value]) -> Option<String> {
        let (field, value) = if item.code.is_empty() { ("Product_Name", &item.name) } else { ("Product_Code", &item.code) };
        only(existing, |row| row[field].as_str().is_some_and(|found| same(found, value)))
    }
    fn cure(item: &Item, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refusals::hold(&item.label(), refusal)
    }
    fn xero_line(_: &Item) -> Line {
        parties::line()
    }
    fn zoho_line(_: &Value) -> Option<Line> {
        Some(parties::line())
    }
}

fn name(item: &Item) -> &str {
    if item.name.trim().is_empty() { &item.code } else { item.name.trim() }
}

fn description(item: &Item) -> &str {
    if item.description.trim().is_empty() { &item.purchase_description } else { &item.description }
}

/// The product of lines that name no item.
fn other() -> Item {
    Item {
        id: OTHER.to_owned(),
        code: String::new(),
        name: OTHER_NAME.to_owned(),
        description: "Stands on lines of documents that name no item in Xero.".to_owned(),
        purchase_description: String::new(),
        is_sold: true,
        is_purchased: true,
        sales_details: None,
        purchase_details: None,
        updated_us: 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(items: Value) -> Vec<Item> {
        let body = json!({ "Items": items }).to_string();
        Products::read(body.as_bytes()).unwrap().into_iter().map(Result::unwrap).collect()
    }

    fn body(item: &Item) -> Value {
        Products::to_zoho(item, &Known::default()).unwrap().body
    }

    #[test]
    fn an_item_becomes_a_product_and_one_more_stands_for_all_other_lines() {
        let items = read(
            json!([{"ItemID": "i-1", "Code": "GB-1", "Name": "Golf balls", "PurchaseDescription": "White, box", "SalesDetails": {"UnitPrice": 5.6325}}]),
        );
        assert_eq!(
            body(&items[0]),
            json!({"Product_Name": "Golf balls", "Product_Code": "GB-1", "Description": "White, box", "Unit_Price": 5.63})
        );
        assert_eq!((items.len(), items[1].id.as_str(), items[1].alias()), (2, OTHER, None));
        assert_eq!(body(&items[1])["Product_Name"], "Other (from Xero)");
        // Also where the list has nothing new.
        assert_eq!(read(json!([])).len(), 1);
    }

    #[test]
    fn an_item_without_a_name_is_called_by_its_code() {
        let items = read(json!([{"ItemID": "i-1", "Code": "GB-1", "Name": null}]));
        assert_eq!(body(&items[0]), json!({"Product_Name": "GB-1", "Product_Code": "GB-1"}));
    }

    #[test]
    fn a_product_of_this_code_is_the_item() {
        let items = read(json!([{"ItemID": "i-1", "Code": "GB-1", "Name": "Golf balls"}]));
        assert_eq!(Products::look(&items[0], &Known::default()).query, [("Product_Code", "GB-1".to_owned())]);
        let rows = [json!({"id": "1", "Product_Code": "gb-1"}), json!({"id": "2", "Product_Code": "GB-2"})];
        assert_eq!(Products::find_in(&items[0], &rows).as_deref(), Some("1"));
        assert_eq!(
            Products::find_in(&items[1], &[json!({"id": "3", "Product_Name": "Other (from Xero)"})]).as_deref(),
            Some("3")
        );
    }
}
