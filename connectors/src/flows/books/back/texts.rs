//! What people write about a quote or a purchase order. Xero keeps it in several places, Zoho in its notes, one below the other.

use serde_json::Value;

use super::sheet::text;
use crate::flows::books::documents::REFERENCE_CHARS_MAX;
use crate::flows::books::texts::clip;

const SUMMARY_CHARS_MAX: usize = 3000;
const TERMS_CHARS_MAX: usize = 4000;
const INSTRUCTIONS_CHARS_MAX: usize = 500;

/// Title and summary are Zoho's notes, with a reference that is too long for its own field.
pub fn of_quote(document: &Value, there: Option<&Value>, body: &mut Value) {
    reference(document, there, body);
    let notes = without_reference(text(document, "notes"), there);
    let title = there.map_or("", |there| text(there, "Title")).trim();
    let summary = match notes.strip_prefix(title) {
        Some(rest) if !title.is_empty() && (rest.is_empty() || rest.starts_with('\n')) => rest.trim_start_matches('\n'),
        // The title is gone or another one: all of it is the summary.
        _ => {
            if !title.is_empty() {
                body["Title"] = "".into();
            }
            notes
        }
    };
    body["Summary"] = clip(summary, SUMMARY_CHARS_MAX).into();
    body["Terms"] = clip(text(document, "terms"), TERMS_CHARS_MAX).into();
}

/// How Zoho's notes call what Xero has fields for.
const PLACES: [(&str, &str); 3] =
    [("Deliver to: ", "DeliveryAddress"), ("Telephone: ", "Telephone"), ("Delivery instructions: ", "DeliveryInstructions")];

/// Where an order is to be delivered, and how.
pub fn of_order(document: &Value, there: Option<&Value>, body: &mut Value) {
    reference(document, there, body);
    body["AttentionTo"] = text(document, "attention").into();
    let notes = without_reference(text(document, "notes"), there);
    // What is called nothing else is an instruction.
    let mut place = "DeliveryInstructions";
    let mut said: Vec<(&str, String)> = Vec::new();
    for line in notes.lines() {
        let named = PLACES.iter().find_map(|(word, place)| Some((*place, line.strip_prefix(word)?)));
        let (at, words) = named.unwrap_or((place, line));
        place = at;
        match said.iter_mut().find(|(known, _)| *known == at) {
            Some((_, text)) => *text = format!("{text}\n{words}"),
            None => said.push((at, words.to_owned())),
        }
    }
    for (_, key) in PLACES {
        let words = said.iter().find(|(place, _)| *place == key).map_or("", |(_, words)| words.trim());
        let has = there.is_some_and(|there| !text(there, key).is_empty());
        if !words.is_empty() || has {
            body[key] = clip(words, INSTRUCTIONS_CHARS_MAX).into();
        }
    }
}

/// Xero has room for more of it than Zoho: what is only its beginning does not replace it.
fn reference(document: &Value, there: Option<&Value>, body: &mut Value) {
    let here = text(document, "reference_number");
    let is_beginning = there.is_some_and(|there| {
        let whole = text(there, "Reference");
        whole.chars().count() > REFERENCE_CHARS_MAX && clip(whole, REFERENCE_CHARS_MAX) == here
    });
    if !is_beginning {
        body["Reference"] = here.into();
    }
}

/// The notes without the reference that was put below them because it is a long one.
fn without_reference<'a>(notes: &'a str, there: Option<&Value>) -> &'a str {
    let whole = there.map_or("", |there| text(there, "Reference"));
    let notes = notes.trim();
    match notes.strip_suffix(whole).and_then(|rest| rest.strip_suffix("Reference: ")) {
        Some(rest) if !whole.is_empty() => rest.trim_end(),
        _ => notes,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn quote(notes: &str, there: Option<&Value>) -> Value {
        let mut body = json!({});
        of_quote(&json!({ "reference_number": "R", "notes": notes, "terms": "30 days" }), there, &mut body);
        body
    }

    #[test]
    fn notes_are_a_quotes_title_and_summary() {
        assert_eq!(quote("All of it", None), json!({"Reference": "R", "Summary": "All of it", "Terms": "30 days"}));
        let there = json!({"Title": "Roof", "Summary": "Old", "Reference": "R"});
        assert_eq!(quote("Roof\nAll of it", Some(&there))["Summary"], "All of it");
        assert!(quote("Roof\nAll of it", Some(&there)).get("Title").is_none());
        let body = quote("Roofing", Some(&there));
        assert_eq!((&body["Title"], &body["Summary"]), (&json!(""), &json!("Roofing")));
    }

    #[test]
    fn a_long_reference_is_not_cut_by_its_own_beginning() {
        let long = "r".repeat(60);
        let there = json!({ "Reference": long });
        let document = json!({ "reference_number": "r".repeat(50), "notes": format!("All of it\nReference: {long}") });
        let mut body = json!({});
        of_quote(&document, Some(&there), &mut body);
        assert!(body.get("Reference").is_none());
        assert_eq!(body["Summary"], "All of it");
    }

    #[test]
    fn an_orders_notes_go_where_they_belong() {
        let order = |notes: &str, there: Option<&Value>| {
            let mut body = json!({});
            of_order(&json!({ "reference_number": "R", "attention": "Jimmy", "notes": notes }), there, &mut body);
            body
        };
        assert_eq!(
            order("Deliver to: 1 Road\nWellington\nTelephone: 64 123\nDelivery instructions: Ring\ntwice", None),
            json!({"Reference": "R", "AttentionTo": "Jimmy", "DeliveryAddress": "1 Road\nWellington", "Telephone": "64 123", "DeliveryInstructions": "Ring\ntwice"})
        );
        assert_eq!(order("Ring twice", None)["DeliveryInstructions"], "Ring twice");
        let there = json!({"DeliveryAddress": "1 Road", "DeliveryInstructions": "Ring twice"});
        let body = order("", Some(&there));
        assert_eq!((&body["DeliveryAddress"], &body["DeliveryInstructions"]), (&json!(""), &json!("")));
    }
}
