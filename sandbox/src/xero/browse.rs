//! Xero's records as a person browses them: how many of each kind, pages of a list, one record.

use rusqlite::{Connection, params};
use serde_json::Value;
use uuid::Uuid;

use super::json::Record;
use super::kinds::{KINDS, Kind};
use super::sessions::Org;
use super::{records, sessions};

/// How many records of each kind an organisation has.
pub fn counts(connection: &Connection, org: &Org) -> rusqlite::Result<Vec<(Kind, i64)>> {
    let mut found = connection.prepare_cached("SELECT kind, COUNT(*) FROM xero_record WHERE org = ?1 GROUP BY kind")?;
    let found = found.query_map([org.n], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    let count = |kind: Kind| found.iter().find(|(number, _)| *number == kind.number()).map_or(0, |(_, count)| *count);
    Ok(KINDS.into_iter().map(|kind| (kind, count(kind))).collect())
}

/// Which records of a list a person looks at.
pub struct Asked<'a> {
    /// A part of the name or number.
    pub words: &'a str,
    /// The newest change first, instead of by name.
    pub by_change: bool,
    pub skip: i64,
    pub take: i64,
}

/// Id and record, in order.
pub fn page(connection: &Connection, org: &Org, kind: Kind, asked: &Asked) -> rusqlite::Result<Vec<(Uuid, Record)>> {
    let order = if asked.by_change { "modified DESC, id DESC" } else { "name, rowid" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, body FROM xero_record WHERE org = ?1 AND kind = ?2 AND (?3 = '' OR instr(lower(name), lower(?3)) > 0)
         ORDER BY {order} LIMIT ?4 OFFSET ?5"
    ))?;
    let rows = statement.query_map(params![org.n, kind.number(), asked.words, asked.take, asked.skip], |row| {
        Ok((Uuid::from_bytes(row.get(0)?), parsed(row.get_ref(1)?.as_str()?)))
    })?;
    rows.collect()
}

pub fn record(connection: &Connection, org: &Org, kind: Kind, id: Uuid) -> rusqlite::Result<Option<Record>> {
    Ok(records::by_id(connection, org.n, kind, id)?.map(|(body, _)| parsed(&body)))
}

/// The organisation that a link names.
pub fn by_short_code(connection: &Connection, code: &str) -> rusqlite::Result<Option<Org>> {
    for org in sessions::orgs(connection)? {
        let settings = record(connection, &org, Kind::Organisations, org.tenant)?;
        if settings.is_some_and(|settings| settings.get("ShortCode").and_then(Value::as_str) == Some(code)) {
            return Ok(Some(org));
        }
    }
    Ok(None)
}

fn parsed(body: &str) -> Record {
    serde_json::from_str(body).unwrap_or_default()
}
