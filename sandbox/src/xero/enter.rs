//! What Xero makes of a record that is entered, a file a kind.

mod contacts;
mod invoices;
mod items;
mod overpayments;
mod payments;

use serde_json::{Value, json};
use uuid::Uuid;

use super::desk::{Desk, Known, No};
use super::json::Record;
use super::kinds::Kind;
use super::{documents, records};

/// Fills a record in, or refuses it. What it changes beside the record itself, it keeps.
pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    match known.kind {
        Kind::Invoices => invoices::enter(desk, known, record),
        Kind::Payments => payments::enter(desk, known, record),
        Kind::Overpayments => overpayments::enter(desk, known, record),
        Kind::Contacts => contacts::enter(desk, known, record),
        Kind::Items => items::enter(desk, known, record),
        _ => Ok(()),
    }
}

/// The record that a POST without an id means, by its name or number.
pub fn same(desk: &Desk, kind: Kind, sent: &Record) -> Result<Option<Uuid>, No> {
    match kind {
        Kind::Invoices => invoices::same(desk, sent),
        Kind::Contacts => contacts::same(desk, sent),
        Kind::Items => items::same(desk, sent),
        _ => Ok(None),
    }
}

/// The key of a coded record that is sent without its code.
pub fn new_code(_: &Desk, kind: Kind, _: &Record) -> Result<Uuid, No> {
    Err(format!("{} is missing", kind.id_field()).into())
}

/// Fields that every record of a kind has, whatever was sent.
fn defaults<const N: usize>(record: &mut Record, fields: [(&str, Value); N]) {
    for (name, value) in fields {
        record.entry(name).or_insert(value);
    }
}

/// Finds a document's contact and writes it as documents show it.
fn contact_of(desk: &Desk, record: &mut Record) -> Result<Uuid, No> {
    let id = record.get("Contact").and_then(|contact| contact.get("ContactID")).and_then(Value::as_str);
    let id = id.and_then(|id| Uuid::parse_str(id).ok()).ok_or("Contact.ContactID is missing or not an id")?;
    let found = records::by_id(desk.connection, desk.org.n, Kind::Contacts, id)?;
    let (body, _) = found.ok_or_else(|| format!("there is no contact `{id}`"))?;
    let contact: Value = serde_json::from_str(&body).unwrap_or_default();
    let name = contact.get("Name").and_then(Value::as_str).unwrap_or_default();
    record.insert("Contact".into(), documents::contact_summary(&id.to_string(), name));
    Ok(id)
}

/// The first document makes a contact a customer or a supplier; its time of change stays.
fn note_role(desk: &Desk, id: Uuid, role: &str) -> Result<(), No> {
    let Some((mut contact, modified)) = desk.read(Kind::Contacts, id)? else { return Ok(()) };
    if contact.get(role) == Some(&json!(true)) {
        return Ok(());
    }
    contact.insert(role.into(), true.into());
    desk.keep(Kind::Contacts, id, modified, contact).map(|_| ())
}

fn field_is(body: &str, name: &str, wanted: &str) -> bool {
    serde_json::from_str::<Value>(body).is_ok_and(|record| record.get(name).and_then(Value::as_str) == Some(wanted))
}
