//! Lines that Xero has already: a new set of lines keeps the ids, and the tracking that people set, of those that are recognisably the same.

use serde_json::{Value, json};

use super::super::money;
use super::sheet::{Sheet, text};
use super::tracking;
use crate::flow::{Known, Unmappable};

/// The new lines with Xero's ids. `with_tracking`: their own tracking counts, not what Xero's lines have.
pub fn lines(mut items: Vec<Value>, there: Option<&Value>, with_tracking: bool) -> Vec<Value> {
    let Some(there) = there else { return items };
    for (item, same) in matched(&items, lines_of(there)).into_iter().enumerate() {
        let Some(same) = same.map(|n| &lines_of(there)[n]) else { continue };
        items[item]["LineItemID"] = same["LineItemID"].clone();
        let is_priced = items[item].get("UnitAmount").is_some();
        if !with_tracking && is_priced && same["Tracking"].is_array() {
            items[item]["Tracking"] = told(&same["Tracking"]);
        } else if is_priced && items[item].get("Tracking").is_none() {
            // No tag any more is no tracking any more, and nothing said would leave it.
            items[item]["Tracking"] = json!([]);
        }
    }
    items
}

/// Xero's own lines with nothing changed but their tracking: the document is Xero's, and in Zoho only tags were set. Zoho's lines are the
/// same ones in the same order, or nobody can say which is meant.
pub fn tracked(label: &str, document: &Value, there: &Value, known: &Known) -> Result<Vec<Value>, Unmappable> {
    let sheet = Sheet::read(document);
    let priced: Vec<&Value> = sheet.iter().flat_map(|sheet| &sheet.rows).filter(|row| !row.is_text).map(|row| row.line).collect();
    let mut items = as_they_are(there);
    let mut of_amounts: Vec<&mut Value> = items.iter_mut().filter(|item| is_priced(item)).collect();
    // What stands beside Zoho's lines (shipping, rounding) is at the end in Xero.
    if of_amounts.len() < priced.len() {
        return Err(Unmappable {
            code: "LINES_DIFFER",
            sentence: format!(
                "The reporting tags of {label} were changed in Zoho Books, but its lines in Xero are not the same ones. Set the tracking in Xero."
            ),
            expected: false,
        });
    }
    for (item, line) in of_amounts.iter_mut().zip(priced) {
        item["Tracking"] = tracking::of_line(label, line, document, known)?.into();
    }
    Ok(items)
}

/// Xero's own lines with nothing changed.
pub fn as_they_are(there: &Value) -> Vec<Value> {
    lines_of(there).iter().map(as_it_is).collect()
}

pub fn lines_of(there: &Value) -> &[Value] {
    there["LineItems"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A line of Xero's as it may be sent again. Its amount follows from the rest; its tax may have been typed.
fn as_it_is(line: &Value) -> Value {
    let mut item = json!({});
    let keys = [
        "LineItemID",
        "Description",
        "Quantity",
        "UnitAmount",
        "ItemCode",
        "AccountCode",
        "TaxType",
        "TaxAmount",
        "DiscountRate",
        "DiscountAmount",
    ];
    for key in keys {
        if let Some(value) = line.get(key).filter(|value| !value.is_null() && *value != "") {
            item[key] = value.clone();
        }
    }
    if item.get("AccountCode").is_none() && is_priced(line) && !text(line, "AccountID").is_empty() {
        item["AccountID"] = line["AccountID"].clone();
    }
    if !is_priced(line) {
        item = json!({ "LineItemID": line["LineItemID"], "Description": line["Description"] });
    }
    item["Tracking"] = told(&line["Tracking"]);
    item
}

fn is_priced(line: &Value) -> bool {
    line.get("UnitAmount").is_some_and(|amount| !amount.is_null())
}

/// Tracking by its ids only.
fn told(tracking: &Value) -> Value {
    let one =
        |one: &Value| json!({ "TrackingCategoryID": one["TrackingCategoryID"], "TrackingOptionID": one["TrackingOptionID"] });
    tracking.as_array().into_iter().flatten().map(one).collect()
}

/// For each new line the line of Xero's that it is: with the same words and amount, else with the same words, else with the same amount on
/// the same account.
fn matched(items: &[Value], there: &[Value]) -> Vec<Option<usize>> {
    let amount = |line: &Value, key: &str| money::read(&line[key]).unwrap_or_default();
    let words = |one: &Value, other: &Value| text(one, "Description") == text(other, "Description");
    let amounts = |one: &Value, other: &Value| {
        ["Quantity", "UnitAmount"].iter().all(|key| amount(one, key) == amount(other, key))
            && text(one, "AccountCode") == text(other, "AccountCode")
    };
    let mut found = vec![None; items.len()];
    let mut is_taken = vec![false; there.len()];
    for way in [0, 1, 2] {
        for (n, item) in items.iter().enumerate() {
            let same = |other: &Value| match way {
                0 => words(item, other) && amounts(item, other),
                1 => words(item, other),
                _ => is_priced(item) && is_priced(other) && amounts(item, other),
            };
            let free = |m: &usize| !is_taken[*m] && same(&there[*m]);
            if found[n].is_none()
                && let Some(m) = (0..there.len()).find(free)
            {
                is_taken[m] = true;
                found[n] = Some(m);
            }
        }
    }
    found
}
