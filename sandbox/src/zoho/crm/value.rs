//! Whether a value may stand in a field, and how it is kept.

use chrono::DateTime;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::desk::{Desk, id_of};
use super::external;
use super::field::{Field, Kind};
use super::lines::{decimal, number};
use super::module::Module;
use super::record;
use crate::zoho::time;

/// A record has no more tags than this.
const TAGS_MAX: usize = 10;

/// The value as it is kept; null for nothing. `places` is where the field stands: module and field, or module, subform and field.
pub fn check(desk: &Desk, field: &Field, value: &Value, places: &[&str], path: &str) -> Result<Value, Refusal> {
    let name = &*field.api_name;
    let wrong = || Refusal::expected(field.kind.expected(), name, path);
    if value.is_null() || value.as_str() == Some("") {
        return Ok(Value::Null);
    }
    Ok(match field.kind {
        Kind::Text | Kind::TextArea | Kind::Autonumber | Kind::Formula => {
            fitting(field, value.as_str().ok_or_else(wrong)?, path)?
        }
        Kind::Email => {
            let text = value.as_str().filter(|text| is_email(text)).ok_or_else(wrong)?;
            fitting(field, text, path)?
        }
        Kind::Phone => {
            let text = value.as_str().filter(|text| text.chars().any(|letter| letter.is_alphanumeric())).ok_or_else(wrong)?;
            fitting(field, text, path)?
        }
        Kind::Website => {
            let text =
                value.as_str().filter(|text| !text.contains(char::is_whitespace) && text.contains('.')).ok_or_else(wrong)?;
            fitting(field, text, path)?
        }
        Kind::Picklist => {
            let text = value.as_str().ok_or_else(wrong)?;
            if text == "-None-" {
                return Ok(Value::Null);
            }
            listed(desk, field, text, path)?;
            fitting(field, text, path)?
        }
        Kind::MultiPicklist => {
            let chosen = value.as_array().ok_or_else(wrong)?;
            for one in chosen {
                listed(desk, field, one.as_str().ok_or_else(wrong)?, path)?;
            }
            value.clone()
        }
        Kind::Date => value.as_str().and_then(time::parse_date).ok_or_else(wrong)?.to_string().into(),
        Kind::DateTime => {
            let at = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok()).ok_or_else(wrong)?;
            desk.org.stamp(at.timestamp()).into()
        }
        Kind::Integer => {
            let whole = value.as_i64().ok_or_else(wrong)?;
            digits(field, whole.unsigned_abs().to_string().len(), path)?;
            whole.into()
        }
        Kind::BigInt => {
            let whole = id_of(value).ok_or_else(wrong)?;
            digits(field, whole.unsigned_abs().to_string().len(), path)?;
            whole.to_string().into()
        }
        Kind::Double | Kind::Currency | Kind::Percent => {
            let figure = decimal(value).ok_or_else(wrong)?;
            digits(field, figure.trunc().abs().to_string().len(), path)?;
            number(figure)
        }
        Kind::Discount => match value {
            Value::Number(_) => {
                let figure = decimal(value).ok_or_else(wrong)?;
                digits(field, figure.trunc().abs().to_string().len(), path)?;
                number(figure)
            }
            Value::String(text) => {
                let figure = text.trim().trim_end_matches('%').trim().parse::<Decimal>().map_err(|_| wrong())?;
                digits(field, figure.trunc().abs().to_string().len(), path)?;
                if text.trim().ends_with('%') { value.clone() } else { number(figure) }
            }
            _ => return Err(wrong()),
        },
        Kind::Boolean => value.as_bool().ok_or_else(wrong)?.into(),
        Kind::Lookup => lookup(desk, field, value, places, path)?,
        Kind::OwnerLookup | Kind::UserLookup => {
            let id = value.as_object().and_then(|object| object.get("id")).and_then(id_of).ok_or_else(wrong)?;
            let user = desk.org.person(id).ok_or_else(|| unknown(name, path))?;
            json!({"id": user.id.to_string()})
        }
        Kind::LineTax => line_taxes(desk, field, value, path)?,
        Kind::ProductTax => product_taxes(desk, field, value, path)?,
        Kind::Tags => tags(field, value, path)?,
        // Looked after by whoever writes records: it needs more than the value.
        Kind::Subform | Kind::Parent => value.clone(),
    })
}

fn unknown(name: &str, path: &str) -> Refusal {
    Refusal::new("INVALID_DATA", "the id given seems to be invalid", json!({"api_name": name, "json_path": path}))
}

fn fitting(field: &Field, text: &str, path: &str) -> Result<Value, Refusal> {
    match text.chars().count() > field.length as usize {
        true => Err(Refusal::too_long(field.length, &field.api_name, path)),
        false => Ok(text.into()),
    }
}

fn digits(field: &Field, digits: usize, path: &str) -> Result<(), Refusal> {
    match digits > field.length as usize {
        true => Err(Refusal::too_long(field.length, &field.api_name, path)),
        false => Ok(()),
    }
}

fn listed(desk: &Desk, field: &Field, text: &str, path: &str) -> Result<(), Refusal> {
    // Which currencies there are is a setting and never open to guesses.
    let strict = field.api_name == "Currency" || desk.on("zoho.crm_picklists_refuse_unknown_values");
    if !strict || field.values.iter().any(|value| value == text) {
        return Ok(());
    }
    Err(Refusal::invalid(&field.api_name, path))
}

fn is_email(text: &str) -> bool {
    let Some((before, after)) = text.split_once('@') else { return false };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|letter: char| letter.is_whitespace() || ",;<>@()".contains(letter));
    plain(before) && plain(after) && after.contains('.') && !after.starts_with('.') && !after.ends_with('.')
}

/// `{"id"}`, or by the field that X-EXTERNAL names.
fn lookup(desk: &Desk, field: &Field, value: &Value, places: &[&str], path: &str) -> Result<Value, Refusal> {
    let name = &*field.api_name;
    let object = value.as_object().ok_or_else(|| Refusal::expected("jsonobject", name, path))?;
    let Some(module) = field.to else { return Err(unknown(name, path)) };
    if let Some(key) = desk.external.under(places)
        && let Some(given) = object.get(key)
    {
        let text = given.as_str().ok_or_else(|| Refusal::expected("text", key, path))?;
        let found = external::find(desk, module, key, text, path)?;
        let id = found.ok_or_else(|| {
            let message = "The external ID of the lookup field or the Price Book is incorrect";
            Refusal::new("INVALID_DATA", message, json!({"api_name": name, "json_path": path}))
        })?;
        return Ok(json!({"id": id.to_string()}));
    }
    let given = object.get("id").ok_or_else(|| Refusal::mandatory("id", &format!("{path}.id")))?;
    let id = id_of(given).ok_or_else(|| Refusal::expected("bigint", "id", &format!("{path}.id")))?;
    match record::name_of(desk, module, id)? {
        Some(_) => Ok(json!({"id": id.to_string()})),
        None => Err(unknown(name, path)),
    }
}

/// `[{"name","percentage"}]`: they must be taxes of the organisation.
fn line_taxes(desk: &Desk, field: &Field, value: &Value, path: &str) -> Result<Value, Refusal> {
    let given = value.as_array().ok_or_else(|| Refusal::expected("jsonarray", &field.api_name, path))?;
    let mut taxes = Vec::with_capacity(given.len());
    for (at, tax) in given.iter().enumerate() {
        let path = format!("{path}[{at}]");
        let name = tax.get("name").and_then(Value::as_str);
        let id = tax.get("id").and_then(id_of);
        let found = desk.org.taxes().into_iter().find(|(known, named, _)| Some(*known) == id || Some(*named) == name);
        let (id, name, percentage) = found.ok_or_else(|| Refusal::invalid("name", &format!("{path}.name")))?;
        let percentage: Decimal = percentage.parse().unwrap_or_default();
        if tax.get("percentage").and_then(decimal).is_some_and(|given| given != percentage) {
            return Err(Refusal::invalid("percentage", &format!("{path}.percentage")));
        }
        taxes.push(json!({"id": id.to_string(), "name": name, "percentage": number(percentage), "value": 0}));
    }
    Ok(taxes.into())
}

/// `[{"id"}]` or `[{"value": "GST"}]`.
fn product_taxes(desk: &Desk, field: &Field, value: &Value, path: &str) -> Result<Value, Refusal> {
    let given = value.as_array().ok_or_else(|| Refusal::expected("jsonarray", &field.api_name, path))?;
    let mut taxes = Vec::with_capacity(given.len());
    for tax in given {
        let id = tax.get("id").and_then(id_of);
        let name = tax.get("value").and_then(Value::as_str).map(|text| text.split(" - ").next().unwrap_or(text));
        let found = desk.org.taxes().into_iter().find(|(known, named, _)| Some(*known) == id || Some(*named) == name);
        let (id, name, percentage) = found.ok_or_else(|| Refusal::invalid(&field.api_name, path))?;
        taxes.push(json!({"id": id.to_string(), "value": format!("{name} - {percentage} %")}));
    }
    Ok(taxes.into())
}

fn tags(field: &Field, value: &Value, path: &str) -> Result<Value, Refusal> {
    let given = value.as_array().ok_or_else(|| Refusal::expected("jsonarray", &field.api_name, path))?;
    if given.len() > TAGS_MAX {
        return Err(Refusal::new(
            "LIMIT_EXCEEDED",
            "tag limit exceeded",
            json!({"limit": TAGS_MAX, "api_name": "Tag", "json_path": path}),
        ));
    }
    let mut names = Vec::with_capacity(given.len());
    for tag in given {
        let name = tag.get("name").and_then(Value::as_str).ok_or_else(|| Refusal::mandatory("name", path))?;
        if name.chars().count() > 25 {
            return Err(Refusal::too_long(25, "name", path));
        }
        names.push(json!({"name": name}));
    }
    Ok(names.into())
}

/// The record that a note or an attachment hangs on: `{"id", "module": {"api_name"}}`.
pub fn parent(desk: &Desk, value: &Value, path: &str) -> Result<i64, Refusal> {
    let object = value.as_object().ok_or_else(|| Refusal::expected("jsonobject", "Parent_Id", path))?;
    let given = object.get("id").ok_or_else(|| Refusal::mandatory("id", &format!("{path}.id")))?;
    let id = id_of(given).ok_or_else(|| Refusal::expected("bigint", "id", &format!("{path}.id")))?;
    let module = object.get("module").and_then(|module| module.get("api_name").unwrap_or(module).as_str());
    let found = record::whose(desk.connection, desk.org.id, id)?;
    match found {
        Some((of, _)) if module.is_none_or(|module| Module::of_records(module) == Some(of)) => Ok(id),
        _ => Err(unknown("Parent_Id", path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_letters() {
        for good in ["ada@example.com", "a.b+c@d-e.co.nz", "ünï@exämple.de"] {
            assert!(is_email(good), "{good}");
        }
        for bad in
            ["ada", "ada@", "@example.com", "ada@example", "ada @example.com", "a@b@c.d", "a@.com", "a@b.", "Ada <a@b.com>"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
