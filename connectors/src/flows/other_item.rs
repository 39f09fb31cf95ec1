//! The item for lines that name none, in products whose lines must name one: made once for a link. What a line is, its description says.

use serde_json::{Value, json};

use super::books::XERO_ID;
use super::books::refusals;
use crate::flow::{Authority, By, Carry, Cure, Field, Flow, Known, Line, Need, Pace, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::ORGANISATION;
use crate::xero::{Organisation, Record};
use crate::{xero, zoho};

/// The flow by whose name lines ask for it, whichever product they are in.
pub struct OtherItem;

pub const KEY: &str = "finance.other_item";

/// What people see on it. Zoho wants every name once.
pub const NAME: &str = "Other (from Xero)";

impl Flow for OtherItem {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Item for lines without one";
    const PACE: Pace = Pace::Daily;
    const CAN_BE_OFF: bool = false;
    const HAS_LIST: bool = false;
    const AFTER: &'static [&'static str] = &[];
    const XERO: xero::Resource = ORGANISATION;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "items",
        one: "item",
        many: &["items"],
        id: "item_id",
        unique: zoho::Unique::Mark { module: "item", label: XERO_ID },
        query: &[],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = Organisation;

    fn wanted(_: &Organisation) -> Wanted {
        Wanted::Carry
    }
    fn needs(_: &Organisation) -> Vec<Need> {
        Vec::new()
    }
    fn to_zoho(_: &Organisation, _: &Known) -> Result<Carry, Unmappable> {
        Ok(Carry::new(json!({
            "name": NAME, "rate": 0, "purchase_rate": 0, "item_type": "sales_and_purchases", "product_type": "service",
            "description": "For lines that name no item in Xero. Kept by CP Connect.",
        })))
    }
    fn fields() -> &'static [Field<Organisation>] {
        &[Field {
            name: "organisation",
            authority: Authority::Once,
            print: |organisation, printer| {
                printer.text(Some(&organisation.id));
            },
        }]
    }
    fn find_in(_: &Organisation, existing: &[Value]) -> Option<String> {
        existing.iter().find(|row| row["name"] == NAME)?["item_id"].as_str().map(str::to_owned)
    }
    fn cure(organisation: &Organisation, _: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        match refusals::is_taken(refusal) && attempt == 1 {
            true => Cure::Adopt { query: vec![("name", NAME.to_owned())] },
            false => refusals::hold(&organisation.label(), refusal),
        }
    }
    fn xero_line(_: &Organisation) -> Line {
        Line { status: "active", currency: String::new(), total: None, tax: None, due: None }
    }
    fn zoho_line(_: &Value) -> Option<Line> {
        None
    }
}

/// What a document needs so that its lines may name it.
pub fn need() -> Need {
    Need { flow: KEY, key: "organisation".to_owned(), by: By::Alias }
}

/// Lines that name no item name this one.
pub fn named(body: &mut Value, known: &Known) {
    let Some(item) = known.id(KEY, "organisation") else { return };
    for line in body["line_items"].as_array_mut().into_iter().flatten() {
        if line["item_id"].is_null() {
            line["item_id"] = item.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_name_no_item_get_this_one() {
        let mut known = Known::default();
        known.learn(KEY, "organisation", "77");
        let mut body = json!({ "line_items": [{ "item_id": "5" }, { "name": "Advice", "rate": 10 }] });
        named(&mut body, &known);
        assert_eq!(body, json!({ "line_items": [{ "item_id": "5" }, { "name": "Advice", "rate": 10, "item_id": "77" }] }));
        let rows = [json!({ "item_id": "1", "name": "Other" }), json!({ "item_id": "2", "name": NAME })];
        assert_eq!(OtherItem::find_in(&Organisation::default(), &rows).as_deref(), Some("2"));
    }
}
