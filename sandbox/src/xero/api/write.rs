//! PUT creates, POST updates or creates. With `summarizeErrors=false` every record is answered for itself; without it one wrong
//! record refuses the call, and nothing is kept.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Answer, Call, Failure};
use crate::xero::desk::{By, Desk, How, No};
use crate::xero::json::Record;
use crate::xero::kinds::{Kind, Takes};
use crate::xero::records;

/// PUT and POST of a list.
pub fn many(call: &Call, kind: Kind) -> Result<Answer, Failure> {
    let about = kind.about();
    let (takes, how) = if call.method == "PUT" { (about.put, How::Create) } else { (about.post, How::Upsert) };
    if takes == Takes::Nothing {
        return Err(Failure::Absent);
    }
    let elements = elements(call, kind)?;
    write(call, kind, elements.into_iter().map(|element| (element, how)).collect())
}

/// POST to one record's address.
pub fn one(call: &Call, kind: Kind, id: &str) -> Result<Answer, Failure> {
    let id = call.shared.store.with(|connection| key(connection, call, kind, id))?.ok_or(Failure::Absent)?;
    let element = elements(call, kind)?.into_iter().next().ok_or_else(|| Failure::body("no record was sent"))?;
    write(call, kind, vec![(element, How::At(id))])
}

/// The store's key of the record that an address names.
fn key(connection: &rusqlite::Connection, call: &Call, kind: Kind, id: &str) -> Result<Option<Uuid>, Failure> {
    match Uuid::parse_str(id) {
        Ok(id) => Ok(Some(id)),
        Err(_) if kind.about().found_by_name => {
            Ok(records::by_name(connection, call.caller.org.n, kind, id)?.into_iter().next().map(|(_, id)| id))
        }
        Err(_) => Ok(None),
    }
}

/// What was sent: `{"Invoices": […]}`, a bare list, or one record.
fn elements(call: &Call, kind: Kind) -> Result<Vec<Record>, Failure> {
    let body: Value = serde_json::from_slice(call.body).map_err(|error| Failure::body(error.to_string()))?;
    let list = match body {
        Value::Array(list) => list,
        Value::Object(mut body) => match body.remove(kind.collection()) {
            Some(Value::Array(list)) => list,
            Some(one) => vec![one],
            None => vec![Value::Object(body)],
        },
        _ => return Err(Failure::body("an object or a list is wanted")),
    };
    list.into_iter()
        .map(|element| match element {
            Value::Object(record) => Ok(record),
            _ => Err(Failure::body("a record is an object")),
        })
        .collect()
}

fn write(call: &Call, kind: Kind, elements: Vec<(Record, How)>) -> Result<Answer, Failure> {
    let alone = call.parameter("summarizeErrors") == Some("false");
    let answered = call.shared.store.atomically(|connection| {
        let desk = Desk::open(call.shared, connection, call.caller.org.clone(), By::App)?;
        let mut answered = Vec::with_capacity(elements.len());
        let mut wrong = Vec::new();
        for (sent, how) in elements {
            connection.execute_batch("SAVEPOINT element")?;
            let echo = sent.clone();
            match desk.enter(kind, sent, how) {
                Ok(mut record) => {
                    connection.execute_batch("RELEASE element")?;
                    if alone {
                        record.insert("StatusAttributeString".into(), "OK".into());
                    }
                    answered.push(Value::Object(record).to_string());
                }
                Err(No::Store(error)) => return Err(Failure::Store(error)),
                Err(No::Absent) => return Err(Failure::Absent),
                Err(No::Says(says)) => {
                    connection.execute_batch("ROLLBACK TO element; RELEASE element")?;
                    let refused = refused(echo, &says);
                    answered.push(refused.to_string());
                    wrong.push(refused);
                }
            }
        }
        if wrong.is_empty() || alone { Ok(answered) } else { Err(Failure::Invalid(wrong)) }
    });
    call.shared.xero.memo.changed();
    Ok(Answer::records(call.shared, kind, "", &answered?.join(",")))
}

/// An element as it was sent, with what is wrong with it.
fn refused(mut element: Map<String, Value>, says: &[String]) -> Value {
    let errors: Vec<Value> = says.iter().map(|says| json!({"Message": says})).collect();
    element.insert("StatusAttributeString".into(), "ERROR".into());
    element.insert("HasValidationErrors".into(), true.into());
    element.insert("ValidationErrors".into(), errors.into());
    Value::Object(element)
}
