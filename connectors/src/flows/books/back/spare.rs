//! What an update from Xero leaves to Zoho: the fields that did not change in Xero, and the ids of lines that are still the same ones, on
//! which projects, custom fields and orders hang there.

use serde_json::{Value, json};

use super::papers::Paper;
use super::sheet::{Off, Sheet, off, text};
use super::words::leave_out;
use crate::flow::own;
use crate::flows::books::money;

/// `there`: Zoho's document as it is. `changed`: the fields that changed in Xero.
pub fn spare(paper: &Paper, there: &Value, changed: &[&'static str], body: &mut Value) {
    let has = |fields: &[&str]| fields.iter().any(|field| changed.contains(field));
    let money = has(&["lines", "totals", "tax_mode"]);
    let is_kept = |key: &str| match key {
        "reference_number" => has(&["reference", "texts"]),
        "notes" | "terms" | "attention" => has(&["reference", "texts"]),
        "date" => has(&["dates"]),
        "currency_id" | "exchange_rate" => has(&["currency"]),
        "line_items" => money || has(&["tracking"]),
        "is_inclusive_tax"
        | "adjustment"
        | "adjustment_description"
        | "discount_type"
        | "is_discount_before_tax"
        | "is_item_level_tax_calc" => money,
        key if key == paper.zoho.number => has(&["number"]),
        key if Some(key) == paper.zoho.until => has(&["dates"]),
        key if key == paper.zoho.contact => has(&["contact"]),
        // Custom fields, and how a number is given.
        _ => true,
    };
    if let Some(body) = body.as_object_mut() {
        body.retain(|key, _| is_kept(key));
    }
    let Some(Value::Array(lines)) = body.get("line_items").cloned() else { return };
    if money {
        body["line_items"] = with_ids(lines, there);
        beside(there, body);
    } else {
        match tagged(&lines, there) {
            Some(lines) => body["line_items"] = lines,
            // Nobody can say which lines are meant: Zoho's stay as they are.
            None => leave_out(body, "line_items"),
        }
    }
}

/// What an update says again where Zoho insists: with whom it is, the number, the day and, of most kinds, the lines.
pub fn insisted(paper: &Paper, there: &Value) -> Value {
    let mut body = own(there, &[paper.zoho.contact, paper.zoho.number, "date"]);
    if paper.lines_are_wanted {
        body["line_items"] = lines_of(there).iter().map(as_it_is).collect();
    }
    body
}

fn lines_of(there: &Value) -> &[Value] {
    there["line_items"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Xero's lines hold what stood beside Zoho's: it would count twice.
fn beside(there: &Value, body: &mut Value) {
    let some = |key: &str| money::read(&there[key]).is_some_and(|amount| !amount.is_zero());
    if some("shipping_charge") {
        body["shipping_charge"] = 0.into();
    }
    if text(there, "discount_type") == "entity_level" {
        body["discount_type"] = "item_level".into();
        if off(&there["discount"]) != Off::None {
            body["discount"] = 0.into();
        }
    }
}

/// The new lines; those that are Zoho's own once more keep their ids.
fn with_ids(mut lines: Vec<Value>, there: &Value) -> Value {
    let theirs = lines_of(there);
    let mut is_taken = vec![false; theirs.len()];
    let words = |one: &Value, other: &Value| {
        text(one, "item_id") == text(other, "item_id")
            && (text(one, "name") == text(other, "name") || !text(one, "item_id").is_empty())
    };
    let amounts =
        |one: &Value, other: &Value| ["quantity", "rate"].iter().all(|key| money::read(&one[*key]) == money::read(&other[*key]));
    for both in [true, false] {
        for line in lines.iter_mut().filter(|line| line.get("line_item_id").is_none()).collect::<Vec<_>>() {
            let same = |other: &Value| words(line, other) && (!both || amounts(line, other));
            if let Some(n) = (0..theirs.len()).find(|n| !is_taken[*n] && same(&theirs[*n])) {
                is_taken[n] = true;
                line["line_item_id"] = theirs[n]["line_item_id"].clone();
            }
        }
    }
    lines.into()
}

/// Zoho's own lines with nothing changed but their tags. `None`: Xero has other lines.
fn tagged(lines: &[Value], there: &Value) -> Option<Value> {
    let sheet = Sheet::read(there)?;
    let is_priced = |line: &&Value| money::read(&line["rate"]).is_some_and(|rate| !rate.is_zero());
    let priced: Vec<&Value> = lines.iter().filter(is_priced).collect();
    let own = sheet.rows.iter().filter(|row| !row.rate.is_zero()).count();
    // What stands beside Zoho's lines comes after them in Xero.
    if priced.len() < own {
        return None;
    }
    let mut tags = priced.into_iter().map(|line| line.get("tags").cloned().unwrap_or_else(|| json!([])));
    let lines = sheet.rows.iter().map(|row| {
        let mut line = as_it_is(row.line);
        if !row.rate.is_zero() {
            line["tags"] = tags.next().unwrap_or_else(|| json!([]));
        }
        line
    });
    Some(lines.collect())
}

/// A line of Zoho's as it may be sent again.
fn as_it_is(line: &Value) -> Value {
    const KEYS: [&str; 19] = [
        "line_item_id",
        "item_id",
        "name",
        "description",
        "quantity",
        "unit",
        "rate",
        "discount",
        "tax_id",
        "account_id",
        "tags",
        "project_id",
        "customer_id",
        "is_billable",
        "item_order",
        "item_custom_fields",
        "header_name",
        "header_id",
        "salesorder_item_id",
    ];
    let mut told = json!({});
    for key in KEYS {
        if let Some(value) = line.get(key).filter(|value| !value.is_null() && *value != "") {
            told[key] = value.clone();
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::books::back::papers::AsPaper;
    use crate::flows::books::invoices::Invoices;

    fn there() -> Value {
        json!({
            "invoice_number": "INV-7", "total": 46, "discount_type": "item_level", "shipping_charge": 5,
            "line_items": [
                {"line_item_id": "1", "item_id": "501", "name": "Golf balls", "quantity": 2, "rate": 20, "project_id": "p", "tags": []},
                {"line_item_id": "2", "name": "Words", "quantity": 1, "rate": 0},
                {"line_item_id": "3", "name": "Work", "quantity": 1, "rate": 1.0},
            ],
        })
    }

    fn told(changed: &[&'static str]) -> Value {
        let mut body = json!({
            "customer_id": "101", "invoice_number": "INV-8", "reference_number": "PO 8", "date": "2026-02-03", "due_date": "2026-03-04", "currency_id": "201",
            "is_inclusive_tax": false, "adjustment": 0, "adjustment_description": "Rounding", "custom_fields": [],
            "line_items": [
                {"name": "Work", "quantity": 1, "rate": 3}, {"item_id": "501", "quantity": 2, "rate": 20, "tags": [{"tag_id": "71", "tag_option_id": "81"}]},
            ],
        });
        spare(&Invoices::PAPER, &there(), changed, &mut body);
        body
    }

    #[test]
    fn only_what_changed_in_xero_is_told() {
        assert_eq!(told(&["reference"]), json!({"reference_number": "PO 8", "custom_fields": []}));
        let moved = json!({
            "invoice_number": "INV-8", "date": "2026-02-03", "due_date": "2026-03-04", "custom_fields": [],
        });
        assert_eq!(told(&["number", "dates"]), moved);
        assert_eq!(told(&["contact"]), json!({"customer_id": "101", "custom_fields": []}));
    }

    #[test]
    fn what_zoho_insists_on_is_its_own() {
        let lines: Value = lines_of(&there()).iter().map(as_it_is).collect();
        assert_eq!(insisted(&Invoices::PAPER, &there()), json!({"invoice_number": "INV-7", "line_items": lines}));
    }

    #[test]
    fn lines_keep_their_ids_and_nothing_counts_twice() {
        let body = told(&["lines"]);
        let ids: Vec<&Value> = body["line_items"].as_array().unwrap().iter().map(|line| &line["line_item_id"]).collect();
        assert_eq!(ids, ["3", "1"]);
        assert_eq!((&body["shipping_charge"], &body["is_inclusive_tax"]), (&json!(0), &json!(false)));
    }

    #[test]
    fn tracking_alone_touches_nothing_but_tags() {
        let lines = told(&["tracking"])["line_items"].clone();
        assert_eq!(
            lines[0],
            json!({"line_item_id": "1", "item_id": "501", "name": "Golf balls", "quantity": 2, "rate": 20, "project_id": "p", "tags": []})
        );
        assert_eq!(lines[1], json!({"line_item_id": "2", "name": "Words", "quantity": 1, "rate": 0}));
        assert_eq!(lines[2]["tags"], json!([{"tag_id": "71", "tag_option_id": "81"}]));
        // Fewer lines in Xero than in Zoho: whose tags these are cannot be said.
        let mut body = json!({"line_items": [{"name": "Work", "rate": 3}]});
        spare(&Invoices::PAPER, &there(), &["tracking"], &mut body);
        assert_eq!(body, json!({}));
    }
}
