//! What a person leaves on a record in Xero's own screens: files and notes.

use uuid::Uuid;

use super::attachments::{self, File, On};
use super::desk::{By, Desk, No, Refused};
use super::history;
use super::kinds::Kind;
use super::sessions::Org;
use crate::Shared;

/// Attaches a file. The time of the record's change stays, as it does for the API.
pub fn leave(shared: &Shared, org: &Org, on: (Kind, Uuid), name: &str, bytes: &[u8]) -> Result<(), Refused> {
    let type_ = attachments::type_of(name).unwrap_or("application/octet-stream").to_owned();
    let on = On { org: org.n, kind: on.0, record: on.1 };
    let file = File {
        id: Uuid::new_v5(&on.record, name.as_bytes()),
        name: name.to_owned(),
        type_,
        length: bytes.len() as i64,
        online: false,
    };
    at_desk(shared, org, |desk| attachments::attach(desk, on, &file, bytes, &format!("Attached the file {name}")))
}

/// Writes a note into its history.
pub fn write_note(shared: &Shared, org: &Org, (kind, id): (Kind, Uuid), note: &str) -> Result<(), Refused> {
    at_desk(shared, org, |desk| history::add(desk, kind, id, "Note", note).map(drop))
}

fn at_desk(shared: &Shared, org: &Org, work: impl FnOnce(&Desk) -> Result<(), No>) -> Result<(), Refused> {
    let done = shared.store.atomically(|connection| {
        let desk = Desk::open(shared, connection, org.clone(), By::Person { silent: true })?;
        work(&desk).map_err(|no| match no {
            No::Says(says) => Refused::Wrong { index: 0, says: says.join(" ") },
            No::Absent => Refused::Wrong { index: 0, says: "there is no such record".into() },
            No::Store(error) => Refused::Store(error),
        })
    });
    shared.xero.memo.changed();
    done
}
