//! The tracking of a line, from the reporting tags of Zoho's.

use serde_json::{Value, json};

use super::super::tracking_categories;
use super::sheet::text;
use crate::flow::{By, Known, Need};

/// A line in Xero is of one option of each of so many categories at most.
const CATEGORIES_MAX: usize = 2;

/// `Tracking` of a line: the options that its tags are in Xero, and those of the whole document where the line says nothing else. A tag
/// that Xero does not have is left out.
pub fn of_line(line: &Value, document: &Value, known: &Known) -> Vec<Value> {
    let mut tracking: Vec<Value> = Vec::new();
    for tag in tags(line).chain(tags(document)) {
        let xero_id = |key: &str| known.xero_id(tracking_categories::KEY, text(tag, key));
        if let (Some(category), Some(option)) = (xero_id("tag_id"), xero_id("tag_option_id"))
            && tracking.len() < CATEGORIES_MAX
            && !tracking.iter().any(|other| other["TrackingCategoryID"] == category)
        {
            tracking.push(json!({ "TrackingCategoryID": category, "TrackingOptionID": option }));
        }
    }
    tracking
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
