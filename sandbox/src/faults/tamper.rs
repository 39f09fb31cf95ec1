//! Changes what is sent and what is answered. Pure: JSON text in, JSON text out; what is no JSON stays as it is.

use serde_json::{Map, Value};

use super::kind::{Kind, Tidying};

/// What the provider gets instead of what was sent.
pub fn sent(body: &[u8], how: &[Tidying]) -> Option<Vec<u8>> {
    let mut body: Value = serde_json::from_slice(body).ok()?;
    tidy(&mut body, how);
    serde_json::to_vec(&body).ok()
}

/// What the caller gets instead of what was answered.
pub fn answered(body: &[u8], kind: &Kind) -> Option<Vec<u8>> {
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    match kind {
        Kind::PageShift { by } => {
            let rows = rows(&mut answer)?;
            rows.drain(..(*by).min(rows.len()));
        }
        Kind::EmptyList => rows(&mut answer)?.clear(),
        Kind::UnknownEnum { field, value } => replace(&mut answer, field, value),
        Kind::NewFields { fields } => add(&mut answer, fields),
        _ => return None,
    }
    serde_json::to_vec(&answer).ok()
}

/// The rows of a list, wherever the provider keeps them: the one member that is a list of records, or the answer itself.
fn rows(answer: &mut Value) -> Option<&mut Vec<Value>> {
    match answer {
        Value::Array(rows) => Some(rows),
        Value::Object(members) => members.values_mut().find_map(Value::as_array_mut),
        _ => None,
    }
}

/// The records of an answer: the rows of its list, or the one it is about.
fn records(answer: &mut Value) -> Vec<&mut Map<String, Value>> {
    match answer {
        Value::Array(rows) => rows.iter_mut().filter_map(Value::as_object_mut).collect(),
        Value::Object(members) => members
            .iter_mut()
            .filter(|(name, _)| !matches!(name.as_str(), "page_context" | "pagination" | "info"))
            .flat_map(|(_, member)| match member {
                Value::Array(rows) => rows.iter_mut().filter_map(Value::as_object_mut).collect(),
                Value::Object(record) => vec![record],
                _ => Vec::new(),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn add(answer: &mut Value, fields: &Map<String, Value>) {
    for record in records(answer) {
        record.extend(fields.clone());
    }
}

fn replace(value: &mut Value, field: &str, with: &Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|entry| replace(entry, field, with)),
        Value::Object(members) => {
            for (name, member) in members {
                if name == field {
                    *member = with.clone();
                } else {
                    replace(member, field, with);
                }
            }
        }
        _ => {}
    }
}

fn tidy(value: &mut Value, how: &[Tidying]) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(|entry| tidy(entry, how)),
        // Ids, codes and enums keep their spelling: a provider tidies what people type.
        Value::Object(members) => members.iter_mut().filter(|(name, _)| is_typed(name)).for_each(|(_, member)| tidy(member, how)),
        Value::String(text) => *text = how.iter().fold(text.clone(), |text, tidying| tidying.text(&text)),
        Value::Number(number) if number.to_string().contains('.') => {
            let rounded =
                number.to_string().parse().ok().and_then(|figure| how.iter().find_map(|tidying| tidying.number(figure)));
            if let Some(Ok(figure)) = rounded.map(|figure| figure.to_string().parse()) {
                *value = Value::Number(figure);
            }
        }
        _ => {}
    }
}

fn is_typed(name: &str) -> bool {
    const FIXED: [&str; 18] = [
        "Type",
        "Status",
        "LineAmountTypes",
        "TaxType",
        "AccountCode",
        "ItemCode",
        "Code",
        "CurrencyCode",
        "Date",
        "DueDate",
        "contact_type",
        "currency_code",
        "date",
        "due_date",
        "api_name",
        "Url",
        "account_type",
        "value",
    ];
    !FIXED.contains(&name) && !name.ends_with("ID") && !name.ends_with("_id")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn through(answer: Value, kind: &Kind) -> Value {
        serde_json::from_slice(&answered(answer.to_string().as_bytes(), kind).unwrap()).unwrap()
    }

    #[test]
    fn rows_vanish_from_the_lists_of_every_provider() {
        let shift = Kind::PageShift { by: 1 };
        assert_eq!(through(json!({"Id": "x", "Invoices": [1, 2, 3]}), &shift)["Invoices"], json!([2, 3]));
        assert_eq!(through(json!({"code": 0, "contacts": [1], "page_context": {"page": 1}}), &shift)["contacts"], json!([]));
        assert_eq!(through(json!([{"id": 1}, {"id": 2}]), &shift), json!([{"id": 2}]));
        assert_eq!(through(json!({"data": [1, 2], "info": {}}), &Kind::EmptyList)["data"], json!([]));
        assert!(answered(b"<html>", &shift).is_none());
    }

    #[test]
    fn unknown_values_and_fields_reach_every_record() {
        let unknown = Kind::UnknownEnum { field: "Status".into(), value: "FROZEN".into() };
        let seen = through(json!({"Status": "OK", "Invoices": [{"Status": "PAID", "Total": 1.10}]}), &unknown);
        assert_eq!(seen["Invoices"][0]["Status"], "FROZEN");
        let new = Kind::NewFields { fields: json!({"Colour": "red"}).as_object().unwrap().clone() };
        assert_eq!(
            through(json!({"Invoices": [{"Total": 1.10}]}), &new)["Invoices"][0].to_string(),
            r#"{"Colour":"red","Total":1.10}"#
        );
        assert_eq!(through(json!({"code": 0, "invoice": {"total": 5}}), &new)["invoice"]["Colour"], "red");
    }

    #[test]
    fn what_people_type_is_tidied_and_codes_are_not() {
        let body = json!({"Name": "  Ada   Brusch ", "ContactID": "aB", "LineItems": [{"Description": " x", "UnitAmount": 1.2345, "Quantity": 3, "TaxType": "Output2"}]});
        let tidied = sent(body.to_string().as_bytes(), &[Tidying::Trim, Tidying::Upper, Tidying::Round(2)]).unwrap();
        let tidied: Value = serde_json::from_slice(&tidied).unwrap();
        assert_eq!(
            tidied.to_string(),
            r#"{"ContactID":"aB","LineItems":[{"Description":"X","Quantity":3,"TaxType":"Output2","UnitAmount":1.23}],"Name":"ADA BRUSCH"}"#
        );
    }
}
