//! The contact of a document: found, and on the way made or changed by what the document says about it.

use serde_json::Value;
use uuid::Uuid;

use super::contacts;
use crate::xero::desk::{Desk, How, Known, No};
use crate::xero::documents;
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::records;

const UNNAMED: &str =
    "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, ContactNumber";

/// Finds a document's contact and writes it as documents show it. An app that sends more than the contact's id changes the contact
/// with it, and one that sends an unknown name or number makes a contact.
pub fn contact_of(desk: &Desk, known: &Known, record: &mut Record) -> Result<Uuid, No> {
    let Some(Value::Object(mut sent)) = record.get("Contact").cloned() else { return Err(UNNAMED.into()) };
    if !known.is_new() && !known.sent.contains_key("Contact") {
        // Nothing was said of it: what the document shows of it may be older than the contact.
        sent.retain(|name, _| name == "ContactID");
    }
    let id = text_of(&sent, "ContactID").map(Uuid::parse_str).transpose().map_err(|_| UNNAMED)?;
    let id = match id {
        Some(id) => Some(id),
        None if text_of(&sent, "Name").is_none() && text_of(&sent, "ContactNumber").is_none() => return Err(UNNAMED.into()),
        None => contacts::same(desk, &sent)?,
    };
    let known = match id {
        Some(id) => {
            let contact = records::brief(desk.connection, desk.org.n, Kind::Contacts, id)?;
            Some((id, contact.ok_or_else(|| format!("there is no contact `{id}`"))?))
        }
        None => None,
    };
    if desk.by_app() && known.as_ref().is_some_and(|(_, contact)| contact.status == "ARCHIVED") {
        return Err("The Contact with the specified contact details has been archived. The Contact must be un-archived before creating new invoices or credit notes.".into());
    }
    let (id, name) = match known {
        Some((id, contact)) if !desk.by_app() || says_nothing_new(desk, id, &sent)? => (id, contact.name),
        known => {
            sent.remove("ContactID");
            let how = known.map_or(How::Create, |(id, _)| How::At(id));
            let contact = desk.enter(Kind::Contacts, sent, how)?;
            let id = text_of(&contact, "ContactID").and_then(|id| Uuid::parse_str(id).ok()).ok_or(UNNAMED)?;
            (id, text_of(&contact, "Name").unwrap_or_default().to_owned())
        }
    };
    record.insert("Contact".into(), documents::contact_summary(&id.to_string(), &name));
    Ok(id)
}

/// Whether a contact is already as it is sent; then it is not touched.
fn says_nothing_new(desk: &Desk, id: Uuid, sent: &Record) -> Result<bool, No> {
    let says = |name: &str, value: &Value| {
        let empty = matches!(value, Value::Array(list) if list.is_empty());
        name != "ContactID" && !empty && contacts::WRITABLE.contains(&name)
    };
    if !sent.iter().any(|(name, value)| says(name, value)) {
        return Ok(true);
    }
    let Some((contact, _)) = desk.read(Kind::Contacts, id)? else { return Ok(false) };
    Ok(sent.iter().filter(|(name, value)| says(name, value)).all(|(name, value)| contact.get(name) == Some(value)))
}
