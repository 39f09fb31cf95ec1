//! The tracking of a line: what the tenant's rules say, and by its reporting tags where they say nothing.

use serde_json::{Value, json};

use super::super::tracking_categories;
use super::sheet::text;
use super::words::not_in_xero;
use crate::flow::{By, Known, Need, Unmappable};
use crate::rules::{self, Asked};

/// A line in Xero is of one option of each of so many categories at most.
const CATEGORIES_MAX: usize = 2;
/// By which id of its own a document is known, and whose it then is.
const FLOWS: [(&str, &str); 8] = [
    ("invoice_id", "books.invoices"),
    ("bill_id", "books.bills"),
    ("creditnote_id", "books.credit_notes"),
    ("vendor_credit_id", "books.vendor_credits"),
    ("estimate_id", "books.quotes"),
    ("purchaseorder_id", "books.purchase_orders"),
    ("expense_id", "books.expenses"),
    ("journal_id", "books.journals"),
];

/// `Tracking` of a line: what rules give; then the options that its tags are in Xero, and those of the whole document where the line
/// says nothing else. A tag that Xero does not have is left out.
pub fn of_line(label: &str, line: &Value, document: &Value, known: &Known) -> Result<Vec<Value>, Unmappable> {
    let mut tracking = by_rules(label, line, document, known)?;
    for tag in tags(line).chain(tags(document)) {
        let xero_id = |key: &str| known.xero_id(tracking_categories::KEY, text(tag, key));
        if let (Some(category), Some(option)) = (xero_id("tag_id"), xero_id("tag_option_id"))
            && tracking.len() < CATEGORIES_MAX
            && !tracking.iter().any(|other| other["TrackingCategoryID"] == category)
        {
            tracking.push(json!({ "TrackingCategoryID": category, "TrackingOptionID": option }));
        }
    }
    Ok(tracking)
}

fn by_rules(label: &str, line: &Value, document: &Value, known: &Known) -> Result<Vec<Value>, Unmappable> {
    if known.rules.is_empty() {
        return Ok(Vec::new());
    }
    let found = FLOWS.iter().find(|(id, _)| document.get(id).is_some());
    let asked = Asked::knowing(found.map_or("", |(_, flow)| flow), label, document, known);
    let given = rules::tracking(&known.rules, &asked, line, known.list(tracking_categories::KEY))?;
    let mut tracking = Vec::with_capacity(given.len());
    for one in given {
        let new = || not_in_xero(label, &format!("the tracking option “{}”", one.name));
        let option = one.option.as_deref().ok_or_else(new)?;
        tracking.push(json!({ "TrackingCategoryID": one.category, "TrackingOptionID": option }));
    }
    tracking.truncate(CATEGORIES_MAX);
    Ok(tracking)
}

/// The tags and options of the document and its lines.
pub fn hints(document: &Value) -> Vec<Need> {
    let lines = document["line_items"].as_array().into_iter().flatten();
    let tags = lines.flat_map(tags).chain(tags(document));
    let keys = tags.flat_map(|tag| ["tag_id", "tag_option_id"].map(|key| text(tag, key).to_owned()));
    keys.filter(|key| !key.is_empty()).map(|key| Need { flow: tracking_categories::KEY, key, by: By::Zoho }).collect()
}

fn tags(record: &Value) -> impl Iterator<Item = &Value> {
    record["tags"].as_array().into_iter().flatten().filter(|tag| !text(tag, "tag_option_id").is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rules::{DataType, Direction, FieldRule, Missing, Rules, Source, TrackingRule, Transform};
    use crate::xero::Carrier;

    fn known(rules: Rules) -> Known {
        let option = |id: &str, name: &str| json!({ "TrackingOptionID": id, "Name": name });
        let category =
            |id: &str, name: &str, options: Value| json!({ "TrackingCategoryID": id, "Name": name, "Options": options });
        let mut known = Known::default();
        for (id, zoho) in [("r", "71"), ("n", "81"), ("t", "72"), ("a", "82")] {
            known.learn_back(tracking_categories::KEY, zoho, id);
        }
        known.learn_list(
            tracking_categories::KEY,
            Arc::new(vec![
                category("r", "Region", json!([option("n", "North"), option("s", "South")])),
                category("t", "Team", json!([option("a", "Alpha")])),
            ]),
        );
        known.learn_contact(
            "c-1",
            Arc::new(json!({ "custom_fields": [{ "api_name": "cf_zone", "data_type": "string", "value": "South" }] })),
        );
        known.rules = Arc::new(rules);
        known
    }

    fn rule(source: Source, missing: Missing) -> TrackingRule {
        TrackingRule { source, transform: Transform::AsIs, category: "r".into(), missing }
    }

    fn of(rules: Rules) -> Result<String, &'static str> {
        let line = json!({ "tags": [{ "tag_id": "71", "tag_option_id": "81" }, { "tag_id": "72", "tag_option_id": "82" }] });
        let document = json!({ "invoice_id": "1", "customer_id": "c-1", "salesperson_name": "East", "custom_fields": [{ "api_name": "cf_area", "data_type": "dropdown", "value": "South" }] });
        let given = of_line("Invoice 1", &line, &document, &known(rules)).map_err(|held| held.code)?;
        let ids = |one: &Value| format!("{}={}", text(one, "TrackingCategoryID"), text(one, "TrackingOptionID"));
        Ok(given.iter().map(ids).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_rule_comes_before_the_tag_of_its_category_and_the_others_go_by_their_tags() {
        let by = |source, missing| Rules { tracking: vec![rule(source, missing)], ..Rules::default() };
        let zone = || Source::ContactField { api_name: "cf_zone".into() };
        assert_eq!(of(Rules::default()), Ok("r=n t=a".into()));
        assert_eq!(of(by(zone(), Missing::Hold)), Ok("r=s t=a".into()));
        assert_eq!(of(by(Source::Location, Missing::Hold)), Ok("r=n t=a".into()), "a rule that gives nothing says nothing");
        assert_eq!(of(by(Source::Salesperson, Missing::Hold)), Err("TRACKING_NO_OPTION"));
        assert_eq!(of(by(Source::Salesperson, Missing::Create)), Err("NOT_READY"), "the option is not in Xero yet");
        let field = |flow: &str| FieldRule {
            flow: flow.into(),
            direction: Direction::Both,
            label: "Area".into(),
            api_name: "cf_area".into(),
            data_type: DataType::Dropdown,
            options: Vec::new(),
            create: false,
            carrier: Carrier::Tracking { category: "r".into() },
        };
        assert_eq!(of(Rules { fields: vec![field("books.invoices")], ..Rules::default() }), Ok("r=s t=a".into()));
        assert_eq!(of(Rules { fields: vec![field("books.bills")], ..Rules::default() }), Ok("r=n t=a".into()));
    }
}
