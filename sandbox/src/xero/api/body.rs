//! What was sent: read, spelt as Xero spells it, and refused where a value cannot be what its field holds.

use chrono::Datelike;
use serde_json::{Map, Number, Value};
use uuid::Uuid;

use super::{Call, Failure, xml};
use crate::xero::fields::{self, Shape};
use crate::xero::json::{self, Record};
use crate::xero::money::is_bearable;

/// A body may have 3.5 MB.
const BYTES_MAX: usize = 3_500_000;
/// Nothing that Xero knows lies deeper: a document in a collection, its contact, an address of it.
const DEPTH_MAX: usize = 8;

/// The elements of a collection that were sent: `{"Invoices": […]}`, a bare list, or one element.
pub fn elements(call: &Call, collection: &str) -> Result<Vec<Record>, Failure> {
    let any_case = call.shared.switches.on("xero.request_keys_in_any_case");
    let body = parsed(call, collection)?;
    let list = match body {
        Value::Array(list) => list,
        Value::Object(mut body) => {
            let key = body.keys().find(|key| *key == collection || (any_case && key.eq_ignore_ascii_case(collection))).cloned();
            match key.and_then(|key| body.remove(&key)) {
                Some(Value::Array(list)) => list,
                Some(one @ Value::Object(_)) => vec![one],
                Some(_) => return Err(Failure::body(format!("JSON for post data was invalid,{collection} is not a list"))),
                None => vec![Value::Object(body)],
            }
        }
        _ => return Err(Failure::nothing(collection)),
    };
    if list.is_empty() {
        return Err(Failure::nothing(collection));
    }
    list.into_iter()
        .enumerate()
        .map(|(index, element)| match element {
            Value::Object(record) => spelt(record, any_case, 0, &|| format!("{collection}[{index}]")),
            _ => Err(Failure::body(format!("JSON for post data was invalid,{collection}[{index}] is not an object"))),
        })
        .collect()
}

fn parsed(call: &Call, collection: &str) -> Result<Value, Failure> {
    if call.body.len() > BYTES_MAX {
        return Err(Failure::TooLarge);
    }
    if call.body.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::nothing(collection));
    }
    if call.header("Content-Type").is_some_and(|kind| kind.contains("xml")) {
        let text =
            std::str::from_utf8(call.body).map_err(|error| Failure::body(format!("XML for post data was invalid,{error}")))?;
        return xml::to_json(text).map_err(|says| Failure::body(format!("XML for post data was invalid,{says}")));
    }
    serde_json::from_slice(call.body).map_err(|error| Failure::body(format!("JSON for post data was invalid,{error}")))
}

/// A record with Xero's names only. `null` says nothing, and neither does an id of zeros.
fn spelt(record: Map<String, Value>, any_case: bool, depth: usize, path: &dyn Fn() -> String) -> Result<Record, Failure> {
    if depth > DEPTH_MAX {
        return Err(Failure::body(format!("JSON for post data was invalid,{} is nested too deeply", path())));
    }
    let mut out = Record::new();
    for (name, value) in record {
        let Some((name, shape)) = fields::field(&name, any_case) else { continue };
        let here = || format!("{}.{name}", path());
        if let Some(value) = value_of(value, shape, any_case, depth, &here)? {
            out.insert(name.to_owned(), value);
        }
    }
    Ok(out)
}

fn value_of(
    value: Value,
    shape: Shape,
    any_case: bool,
    depth: usize,
    path: &dyn Fn() -> String,
) -> Result<Option<Value>, Failure> {
    let wrong = |from: &str, to: &str| {
        Err(Failure::body(format!("JSON for post data was invalid,Could not convert {from} to {to}. Path '{}'.", path())))
    };
    let value = match (shape, value) {
        (_, Value::Null) => return Ok(None),
        (Shape::Text, text @ Value::String(_)) => text,
        (Shape::Text, Value::Number(number)) => Value::String(number.to_string()),
        (Shape::Text, Value::Bool(word)) => Value::String(word.to_string()),
        (Shape::Number, number @ Value::Number(_)) if json::decimal(&number).is_some_and(is_bearable) => number,
        (Shape::Number | Shape::Date | Shape::Id | Shape::Boolean, Value::String(text)) if text.trim().is_empty() => {
            return Ok(None);
        }
        (Shape::Number, Value::String(text)) => {
            let value = Value::String(text);
            match json::decimal(&value).filter(|amount| is_bearable(*amount)).map(|amount| amount.to_string().parse::<Number>()) {
                Some(Ok(number)) => Value::Number(number),
                _ => return wrong(&format!("string to decimal: {}", value.as_str().unwrap_or_default()), "decimal"),
            }
        }
        (Shape::Number, _) => return wrong("the value", "decimal"),
        (Shape::Boolean, word @ Value::Bool(_)) => word,
        (Shape::Boolean, Value::String(text)) => match text.to_ascii_lowercase().as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return wrong(&format!("string `{text}`"), "boolean"),
        },
        (Shape::Boolean, _) => return wrong("the value", "boolean"),
        (Shape::Date, date @ Value::String(_)) if json::date(&date).is_some_and(|date| (1..=9999).contains(&date.year())) => date,
        (Shape::Date, Value::String(text)) => return wrong(&format!("string `{text}`"), "DateTime"),
        (Shape::Date, _) => return wrong("the value", "DateTime"),
        (Shape::Id, Value::String(text)) => match Uuid::parse_str(text.trim()) {
            Ok(id) if id.is_nil() => return Ok(None),
            Ok(id) => Value::String(id.to_string()),
            Err(_) => return wrong(&format!("string `{text}`"), "System.Guid"),
        },
        (Shape::Id, _) => return wrong("the value", "System.Guid"),
        (Shape::List | Shape::Either, Value::Array(list)) => {
            let mut out = Vec::with_capacity(list.len());
            for (index, element) in list.into_iter().enumerate() {
                match element {
                    Value::Object(record) => {
                        out.push(Value::Object(spelt(record, any_case, depth + 1, &|| format!("{}[{index}]", path()))?));
                    }
                    Value::Null => {}
                    _ => return wrong("an element", "object"),
                }
            }
            Value::Array(out)
        }
        (Shape::List, _) => return wrong("the value", "list"),
        (Shape::Object | Shape::Either, Value::Object(record)) => Value::Object(spelt(record, any_case, depth + 1, path)?),
        (Shape::Object, _) => return wrong("the value", "object"),
        (Shape::Either, other) => other,
        (Shape::Text, _) => return wrong("the value", "string"),
    };
    Ok(Some(value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(record: Value) -> Result<Value, String> {
        let Value::Object(record) = record else { return Err("not a record".into()) };
        match spelt(record, true, 0, &|| "Invoices[0]".into()) {
            Ok(record) => Ok(Value::Object(record)),
            Err(Failure::Bad { says, .. }) => Err(says),
            Err(_) => Err("something else".into()),
        }
    }

    #[test]
    fn names_are_spelt_and_unknown_ones_left_out() {
        let sent = json!({"invoiceNumber": "A", "COLOUR": "red", "lineItems": [{"unitamount": "1.50", "taxType": null}],
                          "ContactID": "00000000-0000-0000-0000-000000000000"});
        let read = read(sent).map(|read| read.to_string());
        assert_eq!(read.as_deref(), Ok(r#"{"InvoiceNumber":"A","LineItems":[{"UnitAmount":1.50}]}"#));
    }

    #[test]
    fn a_value_that_its_field_cannot_hold_is_refused_with_its_path() {
        for (sent, path) in [
            (json!({"LineItems": [{}, {"Quantity": "many"}]}), "Invoices[0].LineItems[1].Quantity"),
            (json!({"LineItems": "none"}), "Invoices[0].LineItems"),
            (json!({"Total": 1e13}), "Invoices[0].Total"),
            (json!({"Date": "soon"}), "Invoices[0].Date"),
            (json!({"SentToContact": "perhaps"}), "Invoices[0].SentToContact"),
            (json!({"Contact": {"ContactID": "7"}}), "Invoices[0].Contact.ContactID"),
            (json!({"Reference": ["a"]}), "Invoices[0].Reference"),
        ] {
            let says = read(sent).unwrap_err();
            assert!(says.contains(&format!("'{path}'")), "{says}");
        }
    }
}
