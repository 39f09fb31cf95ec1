//! The books under the documents: every record that moves money or owes it has journals, and journals are never changed. An edit
//! posts a reversal and a new journal, a void a reversal.
//!
//! What the API writes is posted as it is written. A planted company is posted when somebody first asks for its journals or reports,
//! in the order in which it was planted, a stretch at a time; numbers are kept free for it. A planted record that is edited before
//! that is posted first as it was.

pub mod balances;
pub mod chart;
pub mod entries;
mod planted;
pub mod told;

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use uuid::Uuid;

pub use chart::{Chart, Charts};
use entries::{Journal, Line, POSTING};
pub use planted::{catch_up, planted};

use super::desk::Desk;
use super::json::{Record, text_of};
use super::kinds::Kind;
use crate::Shared;

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_ledger (
           org INTEGER PRIMARY KEY, chart INTEGER NOT NULL, reserved INTEGER NOT NULL, number INTEGER NOT NULL,
           posted INTEGER NOT NULL, planted INTEGER NOT NULL, planted_ms INTEGER NOT NULL, folded INTEGER NOT NULL);
         CREATE TABLE xero_journal (
           seq INTEGER PRIMARY KEY, org INTEGER NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, source BLOB NOT NULL,
           part BLOB NOT NULL, type TEXT NOT NULL, day INTEGER NOT NULL, created INTEGER NOT NULL, reference TEXT NOT NULL,
           standing INTEGER NOT NULL, reverses INTEGER NOT NULL, contact BLOB, lines TEXT NOT NULL);
         CREATE UNIQUE INDEX xero_journal_number ON xero_journal (org, number);
         CREATE INDEX xero_journal_source ON xero_journal (org, kind, source, standing);
         CREATE INDEX xero_journal_contact ON xero_journal (org, contact) WHERE contact IS NOT NULL AND standing;",
    )?;
    balances::create_tables(connection)
}

/// How far an organisation's books are.
#[derive(Clone, Copy, Debug, Default)]
struct Books {
    /// Moves to a number never used before with every change of an account, a tax rate or the organisation.
    chart: i64,
    /// The last number given to a planted record.
    number: i64,
    /// Planted records up to this row are posted, and this row is the last planted one.
    posted: i64,
    planted: i64,
    planted_ms: i64,
}

impl Books {
    fn of(connection: &Connection, org: i64) -> rusqlite::Result<Self> {
        let known = connection
            .prepare_cached("SELECT chart, number, posted, planted, planted_ms FROM xero_ledger WHERE org = ?1")?
            .query_row([org], |row| {
                Ok(Self {
                    chart: row.get(0)?,
                    number: row.get(1)?,
                    posted: row.get(2)?,
                    planted: row.get(3)?,
                    planted_ms: row.get(4)?,
                })
            })
            .optional()?;
        match known {
            Some(known) => Ok(known),
            None => {
                clear(connection, org)?;
                Ok(Self::default())
            }
        }
    }

    fn are_behind(self) -> bool {
        self.posted < self.planted
    }
}

/// The organisation's chart of accounts.
pub fn chart(connection: &Connection, shared: &Shared, org: i64) -> rusqlite::Result<Arc<Chart>> {
    let books = Books::of(connection, org)?;
    shared.xero.charts.of(connection, org, books.chart)
}

/// The chart of the organisation whose desk it is.
pub fn of_desk(desk: &Desk) -> rusqlite::Result<Arc<Chart>> {
    chart(desk.connection, desk.shared, desk.org.n)
}

/// An empty ledger.
pub fn clear(connection: &Connection, org: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM xero_journal WHERE org = ?1", [org])?;
    connection.execute("DELETE FROM xero_balance WHERE org = ?1", [org])?;
    connection.execute(
        "INSERT OR REPLACE INTO xero_ledger (org, chart, reserved, number, posted, planted, planted_ms, folded)
         VALUES (?1, abs(random()) + 1, 0, 0, 0, 0, 0, 0)",
        [org],
    )?;
    Ok(())
}

/// Posts a record that is about to be kept: what it meant and does not mean any more is reversed, what is new is posted.
pub fn post(
    connection: &Connection,
    (shared, org, now_ms): (&Shared, i64, i64),
    kind: Kind,
    id: Uuid,
    record: &Record,
) -> rusqlite::Result<()> {
    if matches!(kind, Kind::Accounts | Kind::TaxRates | Kind::Organisations) {
        Books::of(connection, org)?;
        connection.prepare_cached("UPDATE xero_ledger SET chart = abs(random()) + 1 WHERE org = ?1")?.execute([org])?;
    }
    if !POSTING.contains(&kind) {
        return Ok(());
    }
    let books = Books::of(connection, org)?;
    let chart = shared.xero.charts.of(connection, org, books.chart)?;
    if books.are_behind() {
        planted::post_as_planted(connection, &chart, org, books, kind, id)?;
    }
    settle(connection, Owner::of(org, now_ms, kind, id, record), &entries::of(&chart, kind, id, record))
}

/// Whose record it is, and what is written beside every one of its journals.
#[derive(Clone, Copy)]
struct Owner {
    org: i64,
    kind: Kind,
    source: Uuid,
    /// Whose invoice it is, so that what a contact owes is found without reading all invoices.
    contact: Option<Uuid>,
    created_ms: i64,
}

impl Owner {
    fn of(org: i64, created_ms: i64, kind: Kind, id: Uuid, record: &Record) -> Self {
        let contact = record.get("Contact").and_then(|contact| contact.get("ContactID")).and_then(Value::as_str);
        let contact = contact.filter(|_| kind == Kind::Invoices).and_then(|id| Uuid::parse_str(id).ok());
        Self { org, kind, source: entries::source(kind, id, record), contact, created_ms }
    }
}

/// A journal as it is kept.
struct Kept {
    part: Uuid,
    type_: String,
    day: i64,
    reference: String,
    contact: Option<Uuid>,
    lines: String,
}

impl Kept {
    fn of(owner: Owner, journal: &Journal) -> Self {
        Self {
            part: journal.part,
            type_: journal.type_.to_owned(),
            day: day_of(journal.date),
            reference: journal.reference.clone(),
            contact: owner.contact,
            lines: text(&journal.lines),
        }
    }

    fn means(&self, other: &Self) -> bool {
        self.part == other.part && self.day == other.day && self.contact == other.contact && self.lines == other.lines
    }

    fn reversed(mut self) -> Self {
        let lines = balances::lines(&self.lines).into_iter();
        let lines: Vec<Line> = lines.map(|line| Line { net: -line.net, tax: -line.tax, ..line }).collect();
        self.lines = text(&lines);
        self
    }
}

/// Reverses and posts until what stands for a source is what it means.
fn settle(connection: &Connection, owner: Owner, wanted: &[Journal]) -> rusqlite::Result<()> {
    let mut standing: Vec<(i64, Kept)> = connection
        .prepare_cached(
            "SELECT seq, part, type, day, reference, contact, lines FROM xero_journal
             WHERE org = ?1 AND kind = ?2 AND source = ?3 AND standing ORDER BY seq",
        )?
        .query_map(params![owner.org, owner.kind.number(), owner.source.as_bytes()], |row| {
            let (part, contact): ([u8; 16], Option<[u8; 16]>) = (row.get(1)?, row.get(5)?);
            let kept = Kept {
                part: Uuid::from_bytes(part),
                type_: row.get(2)?,
                day: row.get(3)?,
                reference: row.get(4)?,
                contact: contact.map(Uuid::from_bytes),
                lines: row.get(6)?,
            };
            Ok((row.get(0)?, kept))
        })?
        .collect::<rusqlite::Result<_>>()?;
    let mut fresh = Vec::new();
    for journal in wanted {
        let journal = Kept::of(owner, journal);
        match standing.iter().position(|(_, known)| known.means(&journal)) {
            Some(same) => drop(standing.remove(same)),
            None => fresh.push(journal),
        }
    }
    for (seq, known) in standing {
        connection.prepare_cached("UPDATE xero_journal SET standing = 0 WHERE seq = ?1")?.execute([seq])?;
        insert(connection, owner, None, true, &known.reversed())?;
    }
    fresh.iter().try_for_each(|journal| insert(connection, owner, None, false, journal))
}

/// Writes a journal under a number, or under the next one.
fn insert(connection: &Connection, owner: Owner, number: Option<i64>, reverses: bool, journal: &Kept) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO xero_journal (org, number, kind, source, part, type, day, created, reference, standing, reverses, contact, lines)
             VALUES (?1, COALESCE(?2, 1 + MAX((SELECT COALESCE(MAX(number), 0) FROM xero_journal WHERE org = ?1),
                                              (SELECT reserved FROM xero_ledger WHERE org = ?1))),
                     ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            owner.org,
            number,
            owner.kind.number(),
            owner.source.as_bytes(),
            journal.part.as_bytes(),
            journal.type_,
            journal.day,
            owner.created_ms,
            journal.reference,
            !reverses,
            reverses,
            journal.contact.map(Uuid::into_bytes),
            journal.lines,
        ])?;
    Ok(())
}

/// The posted invoices and bills of a contact.
pub fn invoices_of(connection: &Connection, org: i64, contact: Uuid) -> rusqlite::Result<Vec<Uuid>> {
    connection
        .prepare_cached(
            "SELECT DISTINCT source FROM xero_journal WHERE org = ?1 AND contact = ?2 AND contact IS NOT NULL AND standing",
        )?
        .query_map(params![org, contact.as_bytes()], |row| Ok(Uuid::from_bytes(row.get(0)?)))?
        .collect()
}

/// How the store knows a day.
pub fn day_of(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce())
}

/// The day that the store knows by a number.
pub fn date_of(day: i64) -> NaiveDate {
    i32::try_from(day).ok().and_then(NaiveDate::from_num_days_from_ce_opt).unwrap_or_default()
}

fn text(lines: &[Line]) -> String {
    // Numbers and strings always have a text.
    serde_json::to_string(lines).unwrap_or_default()
}

/// Whether a document posts.
pub fn is_open(record: &Record) -> bool {
    matches!(text_of(record, "Status"), Some("AUTHORISED" | "PAID"))
}
