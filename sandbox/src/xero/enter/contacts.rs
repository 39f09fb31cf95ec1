//! Contacts: names are unique among the active ones.

use serde_json::json;
use uuid::Uuid;

use super::{defaults, field_is};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::records;

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let name = text_of(record, "Name").ok_or("Name is missing")?.to_owned();
    defaults(
        record,
        [
            ("ContactStatus", json!("ACTIVE")),
            ("EmailAddress", json!("")),
            ("BankAccountDetails", json!("")),
            ("Addresses", json!([])),
            ("Phones", json!([])),
            ("ContactGroups", json!([])),
            ("ContactPersons", json!([])),
            ("IsSupplier", json!(false)),
            ("IsCustomer", json!(false)),
            ("HasAttachments", json!(false)),
            ("HasValidationErrors", json!(false)),
        ],
    );
    if text_of(record, "ContactStatus") == Some("ACTIVE") {
        let same = records::by_name(desk.connection, desk.org.n, Kind::Contacts, &name)?;
        if same.iter().any(|(body, other)| *other != known.id && is_active(body)) {
            return Err(format!(
                "The contact name {name} is already assigned to another contact. The contact name must be unique across all active contacts."
            )
            .into());
        }
    }
    Ok(())
}

/// The active contact of the same name.
pub fn same(desk: &Desk, sent: &Record) -> Result<Option<Uuid>, No> {
    let Some(name) = text_of(sent, "Name") else { return Ok(None) };
    let same = records::by_name(desk.connection, desk.org.n, Kind::Contacts, name)?;
    Ok(same.into_iter().find(|(body, _)| is_active(body)).map(|(_, id)| id))
}

fn is_active(body: &str) -> bool {
    field_is(body, "ContactStatus", "ACTIVE")
}
