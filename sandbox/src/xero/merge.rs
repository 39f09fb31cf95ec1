//! Two contacts become one, as a person merges them in Xero: the one that goes is archived and says where it went, and its
//! documents are the other's from then on.

use rusqlite::Connection;
use serde_json::Value;
use uuid::Uuid;

use super::desk::{By, Desk, No};
use super::documents;
use super::json::text_of;
use super::kinds::{KINDS, Kind};
use super::records;
use super::sessions::Org;
use crate::Shared;

/// So many documents are held at a time.
const CHUNK: usize = 500;

/// Answers how many documents have a new contact. None: one of the two is not there, or they are one.
pub fn merge(shared: &Shared, connection: &Connection, org: Org, from: Uuid, into: Uuid) -> Result<Option<u64>, No> {
    let silent = !shared.switches.on("xero.merging_touches_documents");
    let desk = Desk::open(shared, connection, org, By::Person { silent })?;
    let (Some((mut gone, _)), Some((left, _))) = (desk.read(Kind::Contacts, from)?, desk.read(Kind::Contacts, into)?) else {
        return Ok(None);
    };
    if from == into {
        return Ok(None);
    }
    let summary = documents::contact_summary(&into.to_string(), text_of(&left, "Name").unwrap_or_default());
    let mut moved = 0;
    for kind in KINDS {
        loop {
            let chunk = records::of_contact(connection, desk.org.n, kind, from, CHUNK)?;
            for (id, modified, body) in &chunk {
                let Ok(Value::Object(mut record)) = serde_json::from_str(body) else { continue };
                if record.contains_key("Contact") {
                    record.insert("Contact".into(), summary.clone());
                }
                if let Some(Value::Object(invoice)) = record.get_mut("Invoice") {
                    invoice.insert("Contact".into(), summary.clone());
                }
                desk.keep(kind, *id, desk.touched(*modified), record)?;
                moved += 1;
            }
            if chunk.len() < CHUNK {
                break;
            }
        }
    }
    gone.insert("ContactStatus".into(), "ARCHIVED".into());
    gone.insert("MergedToContactID".into(), into.to_string().into());
    desk.keep(Kind::Contacts, from, desk.now_ms, gone)?;
    Ok(Some(moved))
}
