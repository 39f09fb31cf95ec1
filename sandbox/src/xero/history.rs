//! History and notes: what happened to a record and when. Records are only ever added, by those who write a note and by Xero itself.

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use uuid::Uuid;

use super::app::{APP_NAME, USER_NAME};
use super::desk::{By, Desk, No};
use super::json::{Record, ms_date, text_of};
use super::kinds::Kind;

/// A note may have so many characters.
pub const DETAILS_MAX: usize = 250;

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_history (org INTEGER NOT NULL, kind INTEGER NOT NULL, record BLOB NOT NULL, at INTEGER NOT NULL,
           changes TEXT NOT NULL, by TEXT NOT NULL, details TEXT NOT NULL);
         CREATE INDEX xero_history_record ON xero_history (org, kind, record);",
    )
}

/// Forgets the history of one organisation.
pub fn clear(connection: &Connection, org: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM xero_history WHERE org = ?1")?.execute([org])?;
    Ok(())
}

/// What a record was before it was kept anew.
#[derive(Clone, Debug)]
pub struct Before {
    pub status: String,
    pub modified_ms: i64,
    total_cents: i64,
    due_cents: i64,
}

/// None: there was no such record.
pub fn before(connection: &Connection, org: i64, kind: Kind, id: Uuid) -> rusqlite::Result<Option<Before>> {
    use rusqlite::OptionalExtension;
    connection
        .prepare_cached("SELECT status, modified, total, due FROM xero_record WHERE org = ?1 AND kind = ?2 AND id = ?3")?
        .query_row(params![org, kind.number(), id.as_bytes()], |row| {
            Ok(Before { status: row.get(0)?, modified_ms: row.get(1)?, total_cents: row.get(2)?, due_cents: row.get(3)? })
        })
        .optional()
}

/// Notes by itself what has happened to a record. `totals`: what it comes to now, and what is due of it.
pub fn changed(
    desk: &Desk,
    kind: Kind,
    id: Uuid,
    before: Option<&Before>,
    record: &Record,
    totals: (i64, i64),
) -> Result<(), No> {
    let status = text_of(record, kind.about().status).unwrap_or_default();
    let changes = match before {
        None => "Created",
        Some(before) if before.status != status => match status {
            "AUTHORISED" if before.status == "PAID" => "Edited",
            "AUTHORISED" | "POSTED" => "Approved",
            "PAID" => "Paid",
            "VOIDED" => "Voided",
            "DELETED" => "Deleted",
            "ARCHIVED" => "Archived",
            _ => "Edited",
        },
        Some(before) if totals.0 == before.total_cents && totals.1 < before.due_cents => "Paid",
        Some(_) => "Edited",
    };
    let details = match (desk.by, text_of(record, kind.about().name)) {
        (By::App, Some(name)) => format!("{name} through the Xero API using {APP_NAME}"),
        (By::App, None) => format!("Through the Xero API using {APP_NAME}"),
        (_, name) => name.unwrap_or_default().to_owned(),
    };
    add(desk, kind, id, changes, &details).map(|_| ())
}

/// Adds one record. Answers its time.
pub fn add(desk: &Desk, kind: Kind, id: Uuid, changes: &str, details: &str) -> Result<i64, No> {
    let by = if desk.by_app() { "System Generated" } else { USER_NAME };
    desk.connection.prepare_cached("INSERT INTO xero_history VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?.execute(params![
        desk.org.n,
        kind.number(),
        id.as_bytes(),
        desk.now_ms,
        changes,
        by,
        details
    ])?;
    Ok(desk.now_ms)
}

/// The newest first.
pub fn of(connection: &Connection, org: i64, kind: Kind, id: Uuid) -> rusqlite::Result<Vec<Value>> {
    connection
        .prepare_cached(
            "SELECT at, changes, by, details FROM xero_history WHERE org = ?1 AND kind = ?2 AND record = ?3 ORDER BY rowid DESC",
        )?
        .query_map(params![org, kind.number(), id.as_bytes()], |row| {
            let (at, changes, by, details): (i64, String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(json!({"Changes": changes, "DateUTCString": seconds(at), "DateUTC": ms_date(at), "User": by, "Details": details}))
        })?
        .collect()
}

/// `2018-11-08T15:01:21`.
pub fn seconds(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default().format("%Y-%m-%dT%H:%M:%S").to_string()
}
