//! PUT creates, POST updates or creates. With `summarizeErrors=false` every record is answered for itself; without it one wrong
//! record refuses the call, and nothing is kept.

use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Answer, Call, Failure, read, whole};
use crate::xero::desk::{By, Desk, Flaw, How, No};
use crate::xero::fields::{self, Shape};
use crate::xero::json::{self, Record};
use crate::xero::kinds::{Kind, Takes};
use crate::xero::{code_id, records};

use super::body::elements;

/// PUT and POST of a list.
pub fn many(call: &Call, kind: Kind) -> Result<Answer, Failure> {
    let about = kind.about();
    let (takes, how) = if call.method == "PUT" { (about.put, How::Create) } else { (about.post, How::Upsert) };
    if takes == Takes::Nothing {
        return Err(Failure::Absent);
    }
    let elements = elements(call, kind.collection())?;
    if takes == Takes::One && elements.len() > 1 {
        return Err(Failure::body(format!("{} takes one record in a call", kind.path())));
    }
    write(call, kind, elements.into_iter().map(|element| (element, how)).collect())
}

/// POST to one record's address.
pub fn one(call: &Call, kind: Kind, id: &str) -> Result<Answer, Failure> {
    let id = call.shared.store.with(|connection| key(connection, call, kind, id))?.ok_or(Failure::Absent)?;
    let element = elements(call, kind.collection())?.into_iter().next().ok_or_else(|| Failure::nothing(kind.collection()))?;
    write(call, kind, vec![(element, How::At(id))])
}

/// DELETE of one record's address: 204, or the record as it is kept on.
pub fn delete(call: &Call, kind: Kind, id: &str) -> Result<Answer, Failure> {
    let done = call.shared.store.atomically(|connection| {
        let id = key(connection, call, kind, id)?.ok_or(Failure::Absent)?;
        let desk = Desk::open(call.shared, connection, call.caller.org.clone(), By::App)?;
        match desk.delete(kind, id) {
            Ok(kept) => Ok(kept),
            Err(No::Store(error)) => Err(Failure::Store(error)),
            Err(No::Absent) => Err(Failure::Absent),
            Err(No::Says(says)) => {
                let was = desk.read(kind, id).ok().flatten().map(|(record, _)| record).unwrap_or_default();
                Err(Failure::Invalid(vec![refused(was, &says)]))
            }
        }
    });
    call.shared.xero.memo.changed();
    Ok(match done? {
        Some(kept) => Answer::records(call.shared, kind, "", &Value::Object(kept).to_string()),
        None => Answer::no_content(),
    })
}

/// The store's key of the record that an address names.
fn key(connection: &Connection, call: &Call, kind: Kind, id: &str) -> Result<Option<Uuid>, Failure> {
    let org = &call.caller.org;
    match Uuid::parse_str(id) {
        Ok(id) => Ok(Some(id)),
        Err(_) if kind.is_coded() => Ok(Some(code_id(org, id))),
        Err(_) if kind == Kind::Contacts => {
            Ok(records::by_other(connection, org.n, kind, id)?.into_iter().next().map(|(_, id)| id))
        }
        Err(_) if kind.about().found_by_name => {
            Ok(records::by_name(connection, org.n, kind, id)?.into_iter().next().map(|(_, id)| id))
        }
        Err(_) => Ok(None),
    }
}

fn write(call: &Call, kind: Kind, elements: Vec<(Record, How)>) -> Result<Answer, Failure> {
    let alone = answers_alone(kind) && call.answers_alone();
    let four_decimals = call.parameter("unitdp") == Some("4");
    let (settings, org) = (&call.shared.xero.settings, call.caller.org.n);
    let numbers = settings.numbers(org);
    let answered = call.shared.store.atomically(|connection| {
        let mut desk = Desk::open(call.shared, connection, call.caller.org.clone(), By::App)?;
        desk.four_decimals = four_decimals;
        let mut answered = String::with_capacity(elements.len() * 1500);
        let mut wrong = Vec::new();
        for (sent, how) in elements {
            connection.prepare_cached("SAVEPOINT element")?.execute([])?;
            let mut echo = sent.clone();
            if let (Kind::LinkedTransactions, How::At(id)) = (kind, how)
                && let Ok(Some((was, _))) = desk.read(kind, id)
            {
                // Of a billable expense the refusal tells what is kept, too.
                for (name, value) in was {
                    echo.entry(name).or_insert(value);
                }
            }
            let numbers = settings.numbers(org);
            let says = match desk.enter(kind, sent, how) {
                Ok(mut record) => {
                    connection.prepare_cached("RELEASE element")?.execute([])?;
                    whole::written(connection, org, kind, matches!(how, How::At(_)), &mut record)?;
                    push(&mut answered, &taken(&desk, kind, record, alone));
                    continue;
                }
                Err(No::Store(error)) => return Err(Failure::Store(error)),
                Err(No::Absent) => return Err(Failure::Absent),
                Err(No::Says(says)) => says,
            };
            desk.warnings();
            settings.put_back(org, numbers);
            connection.execute_batch("ROLLBACK TO element; RELEASE element")?;
            let mut refused = refused(pointed_at(kind, echo, &desk.flaws()), &says);
            if let Some(refused) = refused.as_object_mut() {
                refused.retain(|name, _| marks(kind, name));
            }
            if alone {
                push(&mut answered, &refused);
            } else {
                wrong.push(refused);
            }
        }
        if wrong.is_empty() { Ok(answered) } else { Err(Failure::Invalid(wrong)) }
    });
    if answered.is_err() {
        settings.put_back(org, numbers);
    }
    call.shared.xero.memo.changed();
    Ok(Answer::records(call.shared, kind, read::summarises(kind, !alone), &answered?))
}

fn push(list: &mut String, element: &Value) {
    if !list.is_empty() {
        list.push(',');
    }
    list.push_str(&element.to_string());
}

/// An element as it is kept, with what Xero remarks about it.
fn taken(desk: &Desk, kind: Kind, mut record: Record, alone: bool) -> Value {
    if !desk.four_decimals && kind.about().unit_prices {
        read::two_decimals(&mut record);
    }
    let mut warnings = desk.warnings();
    warnings.retain(|_| marks(kind, "Warnings"));
    if alone {
        record.insert("StatusAttributeString".into(), if warnings.is_empty() { "OK" } else { "WARNING" }.into());
    }
    if !warnings.is_empty() {
        record.insert("Warnings".into(), warnings.iter().map(|says| json!({"Message": says})).collect());
    }
    Value::Object(record)
}

/// Lists where `summarizeErrors` counts; elsewhere it is ignored.
fn answers_alone(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Accounts
            | Kind::TaxRates
            | Kind::Currencies
            | Kind::ContactGroups
            | Kind::TrackingCategories
            | Kind::LinkedTransactions
            | Kind::Organisations
    )
}

/// Whether records of a kind have a field that says how they were taken: not all have all of them.
fn marks(kind: Kind, name: &str) -> bool {
    match name {
        "HasErrors" => matches!(kind, Kind::Invoices | Kind::CreditNotes),
        "Warnings" => {
            matches!(kind, Kind::Invoices | Kind::CreditNotes | Kind::Payments | Kind::ManualJournals | Kind::PurchaseOrders)
        }
        "HasValidationErrors" => answers_alone(kind) || kind == Kind::ContactGroups,
        "StatusAttributeString" => answers_alone(kind),
        _ => true,
    }
}

/// An element as it was sent, with what is wrong with it.
pub(super) fn refused(mut element: Record, says: &[String]) -> Value {
    element.insert("StatusAttributeString".into(), "ERROR".into());
    element.insert("HasErrors".into(), true.into());
    element.insert("HasValidationErrors".into(), true.into());
    element.insert("ValidationErrors".into(), says.iter().map(|says| json!({"Message": says})).collect());
    Value::Object(element)
}

/// Dates are told as Xero tells dates, however they were sent.
pub fn as_answered(element: &mut Record) {
    for (name, value) in element {
        if (name == "DueDate" || matches!(fields::field(name, false), Some((_, Shape::Date))))
            && let Some(date) = json::date(value)
        {
            *value = json::ms_date(json::midnight_ms(date)).into();
        }
    }
}

/// What was sent, with what is wrong inside it, where that is; a new one has an id of zeros.
fn pointed_at(kind: Kind, mut element: Record, flaws: &[Flaw]) -> Record {
    as_answered(&mut element);
    if !kind.is_coded() {
        element.entry(kind.id_field()).or_insert_with(|| Uuid::nil().to_string().into());
    }
    if kind == Kind::ContactGroups {
        element.entry("Contacts").or_insert_with(|| json!([]));
    }
    for terms in element.get_mut("PaymentTerms").and_then(Value::as_object_mut).into_iter().flatten() {
        if let Value::Object(terms) = terms.1 {
            terms.insert("ValidationErrors".into(), json!([]));
        }
    }
    for (list, inner) in &mut element {
        let Value::Array(inner) = inner else { continue };
        for (index, inner) in inner.iter_mut().enumerate() {
            let own = flaws.iter().filter(|flaw| flaw.inside.as_ref().is_some_and(|(of, at)| of == list && *at == index));
            let own: Value = own.map(|flaw| json!({"Message": flaw.says})).collect();
            if let Some(inner) = inner.as_object_mut() {
                inner.insert("ValidationErrors".into(), own);
            }
        }
    }
    element
}
