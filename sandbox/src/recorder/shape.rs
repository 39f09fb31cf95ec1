//! What is new about a body: which fields an object has, which types, words and lengths its values have.
//!
//! A list of a thousand invoices says little that ten of them do not say, so only elements with something new are kept.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

/// Lengths within the same class are alike. The bounds are those that the providers' documents use.
const LENGTHS: [usize; 13] = [10, 20, 30, 40, 50, 100, 150, 255, 500, 1_000, 2_000, 3_000, 4_000];
/// Words in capitals up to this length are taken for the values of an enumeration.
const WORD_MAX: usize = 40;

/// A hash that goes on from where another ended.
pub fn after(place: u64, step: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    (place, step).hash(&mut hasher);
    hasher.finish()
}

/// Whether anything in it was not seen at this place before; the elements of lists that show nothing new are taken out.
pub fn thin(value: &mut Value, place: u64, seen: &mut HashSet<u64>) -> bool {
    match value {
        Value::Null => seen.insert(after(place, "null")),
        Value::Bool(_) => seen.insert(after(place, "bool")),
        Value::Number(number) => seen.insert(after(place, ("number", number.to_string().contains('.')))),
        Value::String(text) => seen.insert(after(place, kind(text))),
        Value::Array(elements) => {
            let mut fresh = seen.insert(after(place, ("list", elements.is_empty())));
            let inside = after(place, "element");
            elements.retain_mut(|element| thin(element, inside, seen));
            fresh |= !elements.is_empty();
            fresh
        }
        Value::Object(fields) => thin_fields(fields, place, seen),
    }
}

fn thin_fields(fields: &mut Map<String, Value>, place: u64, seen: &mut HashSet<u64>) -> bool {
    let mut names: Vec<&String> = fields.keys().collect();
    names.sort_unstable();
    let mut fresh = seen.insert(after(place, ("fields", names)));
    for (name, value) in fields.iter_mut() {
        fresh |= thin(value, after(place, ("field", name)), seen);
    }
    fresh
}

/// Texts of the same kind need not be told apart: by a word of capitals, by an empty text, by their form and length.
fn kind(text: &str) -> (&str, usize) {
    let word = text.len() <= WORD_MAX && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte == b'/');
    if word {
        return (text, 0);
    }
    let form = if text.starts_with("/Date(") {
        "ms date"
    } else if text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4 {
        "uuid"
    } else if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-' || byte == b':') {
        "digits"
    } else {
        "text"
    };
    (form, LENGTHS.partition_point(|bound| *bound < text.chars().count()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_that_show_nothing_new_are_taken_out() {
        let mut seen = HashSet::new();
        let mut list = json!({"Invoices": [
            {"Type": "ACCREC", "Total": 1}, {"Type": "ACCREC", "Total": 2}, {"Type": "ACCPAY", "Total": 3},
            {"Type": "ACCREC", "Total": 4, "Url": "https://example.test/1"}, {"Type": "ACCREC", "Total": "5"},
        ]});
        assert!(thin(&mut list, 0, &mut seen));
        let kept: Vec<_> = list["Invoices"].as_array().unwrap().iter().map(|invoice| invoice["Total"].to_string()).collect();
        assert_eq!(kept, ["1", "3", "4", "\"5\""]);
        let mut again = json!({"Invoices": [{"Type": "ACCPAY", "Total": 9}]});
        assert!(!thin(&mut again, 0, &mut seen));
        assert!(thin(&mut again, 1, &mut seen), "another place");
    }

    #[test]
    fn a_longer_text_and_a_missing_field_are_new() {
        let mut seen = HashSet::new();
        assert!(thin(&mut json!({"Name": "Ada", "Code": "x"}), 0, &mut seen));
        assert!(!thin(&mut json!({"Name": "Bob", "Code": "y"}), 0, &mut seen));
        assert!(thin(&mut json!({"Name": "Ada"}), 0, &mut seen));
        assert!(thin(&mut json!({"Name": "a".repeat(256), "Code": "y"}), 0, &mut seen));
    }
}
