//! The values that records hold in custom fields, with the uniqueness that upserts stand on.

use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::fields::{Field, of_module};
use super::module::Module;
use super::records::{self, Desk, Record};
use super::shape;

/// Our guess: a text of several lines is longer than a line.
const MULTILINE_CHARS_MAX: usize = 2000;

/// The record that holds this value in this unique field. The field must exist and be unique.
pub fn find(desk: &Desk, module: Module, api_name: &str, value: &str) -> Result<Option<i64>, Refusal> {
    if value.is_empty() {
        return Err(Refusal::invalid("X-Unique-Identifier-Value"));
    }
    let fields = of_module(desk, module)?;
    let field = fields.iter().find(|field| field.api_name == api_name && field.is_active);
    match field {
        Some(field) if field.is_unique => records::holder(desk, module, &field.api_name, value),
        _ => Err(Refusal::new(
            2,
            format!("Invalid value passed for X-Unique-Identifier-Key: {api_name} is not a unique custom field of this module."),
        )),
    }
}

/// Puts the values of a body into a record and claims the unique ones.
pub fn apply(desk: &Desk, module: Module, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(sent) = body.get("custom_fields").filter(|sent| !sent.is_null()) else { return Ok(()) };
    let sent = sent.as_array().ok_or_else(|| Refusal::invalid("custom_fields"))?;
    let fields = of_module(desk, module)?;
    let was = values(record);
    let mut is = if desk.on("zoho.partial_custom_fields_keep_others") { was.clone() } else { Map::new() };
    for entry in sent {
        let entry = entry.as_object().ok_or_else(|| Refusal::invalid("custom_fields"))?;
        let field = named(&fields, entry)
            .ok_or_else(|| Refusal::new(2, "Invalid value passed for custom_fields: there is no such field."))?;
        match checked(field, entry.get("value").unwrap_or(&Value::Null))? {
            None => is.remove(&field.api_name),
            Some(value) => is.insert(field.api_name.clone(), value),
        };
    }
    for field in fields.iter().filter(|field| field.is_unique) {
        let text = |of: &Map<String, Value>| of.get(&field.api_name).and_then(Value::as_str).unwrap_or_default().to_owned();
        if !records::claim(desk, module, &field.api_name, &text(&was), &text(&is), record.id)? {
            return Err(Refusal::new(
                4,
                format!(
                    "The value \"{}\" of the field \"{}\" already exists. It does not accept duplicate values.",
                    text(&is),
                    field.label
                ),
            ));
        }
    }
    if let Some(empty) = fields.iter().find(|field| field.is_mandatory && field.is_active && !is.contains_key(&field.api_name)) {
        return Err(Refusal::missing(&empty.label));
    }
    render(record, &fields, &is);
    Ok(())
}

fn named<'a>(fields: &'a [Field], entry: &Map<String, Value>) -> Option<&'a Field> {
    let text = |key: &str| shape::text(entry, key);
    let id = text("customfield_id").or_else(|| text("field_id"));
    let api_name = text("api_name").or_else(|| text("placeholder"));
    let index = entry.get("index").and_then(Value::as_i64);
    fields.iter().filter(|field| field.is_active).find(|field| match (id, api_name, text("label"), index) {
        (Some(id), ..) => field.id.to_string() == id,
        (None, Some(api_name), ..) => field.api_name == api_name,
        (None, None, Some(label), _) => field.label == label,
        (None, None, None, Some(index)) => field.position == index,
        _ => false,
    })
}

/// The value as records show it: a text, and of a multiselect a list of them. None clears.
fn checked(field: &Field, value: &Value) -> Result<Option<Value>, Refusal> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Array(choices) if field.data_type == "multiselect" => {
            let offered = |one: &Value| one.as_str().is_some_and(|one| field.offers(one));
            return match choices.iter().all(offered) {
                true if choices.is_empty() => Ok(None),
                true => Ok(Some(value.clone())),
                false => Err(Refusal::invalid(&field.label)),
            };
        }
        _ => return Err(Refusal::invalid(&field.label)),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let longest = if field.data_type == "multiline" { MULTILINE_CHARS_MAX } else { field.value_length as usize };
    shape::length(&field.label, &text, longest)?;
    let fits = match field.data_type.as_str() {
        "number" => shape::decimal_of(value).is_some_and(|figure| figure.fract().is_zero()),
        "decimal" | "amount" | "percent" => shape::decimal_of(value).is_some(),
        "date" => super::time::parse_date(&text).is_some(),
        "check_box" => text == "true" || text == "false",
        "url" => text.starts_with("http://") || text.starts_with("https://"),
        "email" => text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.')),
        "dropdown" => field.offers(&text),
        // Zoho works it out, or numbers it.
        "autonumber" | "formula" => false,
        _ => true,
    };
    let shown = if field.data_type == "multiselect" { json!([text]) } else { text.into() };
    if fits { Ok(Some(shown)) } else { Err(Refusal::invalid(&field.label)) }
}

/// The values a record has, by api name.
fn values(record: &Record) -> Map<String, Value> {
    let list = record.detail.get("custom_fields").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(|entry| Some((entry.get("api_name")?.as_str()?.to_owned(), entry.get("value")?.clone())))
        .collect()
}

fn render(record: &mut Record, fields: &[Field], values: &Map<String, Value>) {
    let mut list = Vec::new();
    let mut hash = Map::new();
    for field in fields {
        let Some(value) = values.get(&field.api_name) else { continue };
        // As people read it: the choices of a list one after the other.
        let formatted = match value {
            Value::Array(choices) => choices.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ").into(),
            other => other.clone(),
        };
        list.push(json!({
            "customfield_id": field.id.to_string(), "field_id": field.id.to_string(), "index": field.position, "label": field.label, "api_name": field.api_name,
            "placeholder": field.api_name, "data_type": field.data_type, "value": value, "value_formatted": formatted, "is_active": field.is_active, "show_on_pdf": false,
        }));
        hash.insert(field.api_name.clone(), formatted);
        hash.insert(format!("{}_unformatted", field.api_name), value.clone());
    }
    record.set("custom_fields", list);
    record.set("custom_field_hash", hash);
}
