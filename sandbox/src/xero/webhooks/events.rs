//! Events: how they are written, kept and taken out again.

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::xero::desk::Desk;
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::records::Row;

/// Undelivered events are kept so long.
const KEPT_MS: i64 = 31 * 24 * 3600 * 1000;

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_event (seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, forced INTEGER NOT NULL, body TEXT NOT NULL);",
    )
}

/// The event of a change to a record.
pub fn of(desk: &Desk, kind: Kind, category: &str, row: &Row, is_new: bool, record: &Record) -> Value {
    let mut event = json!({
        "resourceUrl": address(&desk.shared.base, kind, row.id), "resourceId": row.id, "eventDateUtc": time(desk.now_ms),
        "eventType": if is_new { "CREATE" } else { "UPDATE" }, "eventCategory": category, "tenantId": desk.org.tenant,
        "tenantType": "ORGANISATION",
    });
    let field = |name: &str| text_of(record, name).unwrap_or_default();
    match kind {
        Kind::CreditNotes => event["data"] = json!({"Type": field("Type"), "Status": field("Status")}),
        Kind::Prepayments | Kind::Overpayments => {
            event["data"] =
                json!({"Type": field("Type"), "Status": field("Status"), "UpdatedDateUTCString": field("UpdatedDateUTCString")});
        }
        Kind::Payments if desk.on("xero.payment_events_have_data") => {
            event["data"] = json!({"Type": field("PaymentType"), "Status": field("Status"), "UpdatedDateUTCString": field("UpdatedDateUTCString")});
        }
        _ => {}
    }
    event
}

/// Where the record is read.
pub fn address(base: &str, kind: Kind, id: Uuid) -> String {
    format!("{base}/xero/api/api.xro/2.0/{}/{id}", kind.path())
}

/// `2024-06-21T01:15:39.902`: UTC, and it does not say so.
pub fn time(ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(ms).unwrap_or_default().format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

pub fn write(connection: &Connection, now_ms: i64, event: &Value) -> rusqlite::Result<()> {
    insert(connection, now_ms, event, false)
}

/// An event that is delivered whatever its category and organisation.
pub fn force(connection: &Connection, now_ms: i64, event: &Value) -> rusqlite::Result<()> {
    insert(connection, now_ms, event, true)
}

fn insert(connection: &Connection, now_ms: i64, event: &Value, forced: bool) -> rusqlite::Result<()> {
    connection.prepare_cached("INSERT INTO xero_event (at, forced, body) VALUES (?1, ?2, ?3)")?.execute(params![
        now_ms,
        forced,
        event.to_string()
    ])?;
    Ok(())
}

/// One event that waits.
pub struct Waiting {
    pub seq: i64,
    pub forced: bool,
    pub event: Value,
}

/// Takes the oldest events out, up to a number. Those that waited too long are gone.
pub fn take(connection: &Connection, now_ms: i64, up_to: i64, count: usize) -> rusqlite::Result<Vec<Waiting>> {
    connection.prepare_cached("DELETE FROM xero_event WHERE at < ?1")?.execute([now_ms - KEPT_MS])?;
    let taken: Vec<Waiting> = connection
        .prepare_cached("SELECT seq, forced, body FROM xero_event WHERE seq <= ?1 ORDER BY seq LIMIT ?2")?
        .query_map(params![up_to, i64::try_from(count).unwrap_or(i64::MAX)], |row| {
            let body: String = row.get(2)?;
            Ok(Waiting { seq: row.get(0)?, forced: row.get(1)?, event: serde_json::from_str(&body).unwrap_or_default() })
        })?
        .collect::<rusqlite::Result<_>>()?;
    if let Some(last) = taken.last() {
        connection.prepare_cached("DELETE FROM xero_event WHERE seq <= ?1")?.execute([last.seq])?;
    }
    Ok(taken)
}

/// How many wait, and the number of the newest.
pub fn waiting(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection
        .prepare_cached("SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM xero_event")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Forgets every event that waits.
pub fn clear(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM xero_event", [])?;
    Ok(())
}
