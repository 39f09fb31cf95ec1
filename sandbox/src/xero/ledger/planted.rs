//! Planted companies: posted when somebody first asks, in the order in which they were planted, under numbers kept free for them.

use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use uuid::Uuid;

use super::entries::{self, POSTING};
use super::{Books, Chart, Kept, Owner, balances, insert};
use crate::Shared;
use crate::xero::kinds::{KINDS, Kind};

/// One transaction posts so many planted records; the others may call in between.
const STRETCH: i64 = 100;
/// A lock goes to who asks first, and that would always be the next stretch.
pub(super) const BREATH: Duration = Duration::from_micros(200);

/// A company has been planted: keeps numbers free for what it has to post.
pub fn planted(connection: &Connection, org: i64, now_ms: i64) -> rusqlite::Result<()> {
    let (count, last) = connection
        .prepare_cached(&format!(
            "SELECT COUNT(*), COALESCE(MAX(rowid), 0) FROM xero_record WHERE org = ?1 AND kind IN ({})",
            posting_kinds()
        ))?
        .query_row([org], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    Books::of(connection, org)?;
    // A document in another currency may leave a cent, which is a journal of its own.
    connection.execute(
        "UPDATE xero_ledger SET number = MAX(reserved, (SELECT COALESCE(MAX(number), 0) FROM xero_journal WHERE org = ?1)),
           reserved = MAX(reserved, (SELECT COALESCE(MAX(number), 0) FROM xero_journal WHERE org = ?1)) + ?2,
           planted = ?3, planted_ms = ?4 WHERE org = ?1",
        params![org, 2 * count, last, now_ms],
    )?;
    Ok(())
}

fn posting_kinds() -> String {
    POSTING.map(|kind| kind.number().to_string()).join(",")
}

/// A planted record that is edited before the books were asked for is posted as it was planted.
pub(super) fn post_as_planted(
    connection: &Connection,
    chart: &Chart,
    org: i64,
    books: Books,
    kind: Kind,
    id: Uuid,
) -> rusqlite::Result<()> {
    let row: Option<(i64, String)> = connection
        .prepare_cached("SELECT rowid, body FROM xero_record WHERE org = ?1 AND kind = ?2 AND id = ?3")?
        .query_row(params![org, kind.number(), id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((_, body)) = row.filter(|(row, _)| *row > books.posted && *row <= books.planted) else { return Ok(()) };
    let number = post_planted(connection, chart, org, books, kind, id, &body)?;
    connection.prepare_cached("UPDATE xero_ledger SET number = ?2 WHERE org = ?1")?.execute([org, number])?;
    Ok(())
}

/// Posts a planted record unless it has been posted. Answers the last number used.
fn post_planted(
    connection: &Connection,
    chart: &Chart,
    org: i64,
    books: Books,
    kind: Kind,
    id: Uuid,
    body: &str,
) -> rusqlite::Result<i64> {
    let mut number = books.number;
    let Ok(Value::Object(record)) = serde_json::from_str(body) else { return Ok(number) };
    let journals = entries::of(chart, kind, id, &record);
    if journals.is_empty() {
        return Ok(number);
    }
    let owner = Owner::of(org, books.planted_ms, kind, id, &record);
    let is_posted = connection
        .prepare_cached("SELECT 1 FROM xero_journal WHERE org = ?1 AND kind = ?2 AND source = ?3 LIMIT 1")?
        .exists(params![org, kind.number(), owner.source.as_bytes()])?;
    if is_posted {
        return Ok(number);
    }
    for journal in journals {
        number += 1;
        insert(connection, owner, Some(number), false, &Kept::of(owner, &journal))?;
    }
    Ok(number)
}

/// Posts what is not posted yet and folds what is not folded in, a stretch at a time.
pub fn catch_up(shared: &Shared, org: i64) -> rusqlite::Result<()> {
    while !shared.store.atomically(|connection| post_stretch(connection, shared, org))? {
        thread::sleep(BREATH);
    }
    while !shared.store.atomically(|connection| balances::fold(connection, org))? {
        thread::sleep(BREATH);
    }
    Ok(())
}

fn post_stretch(connection: &Connection, shared: &Shared, org: i64) -> rusqlite::Result<bool> {
    let mut books = Books::of(connection, org)?;
    if !books.are_behind() {
        return Ok(true);
    }
    let chart = shared.xero.charts.of(connection, org, books.chart)?;
    let mut last = books.planted;
    let mut count = 0;
    {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT rowid, kind, id, body FROM xero_record WHERE rowid > ?2 AND rowid <= ?3 AND +org = ?1 AND +kind IN ({})
             ORDER BY rowid LIMIT ?4",
            posting_kinds()
        ))?;
        let mut rows = statement.query(params![org, books.posted, books.planted, STRETCH])?;
        while let Some(row) = rows.next()? {
            count += 1;
            last = row.get(0)?;
            let kind = usize::try_from(row.get::<_, i64>(1)?).ok().and_then(|kind| KINDS.get(kind).copied());
            let id: [u8; 16] = row.get(2)?;
            if let Some(kind) = kind {
                books.number =
                    post_planted(connection, &chart, org, books, kind, Uuid::from_bytes(id), row.get_ref(3)?.as_str()?)?;
            }
        }
    }
    if count < STRETCH {
        last = books.planted;
    }
    connection.prepare_cached("UPDATE xero_ledger SET posted = ?2, number = ?3 WHERE org = ?1")?.execute([
        org,
        last,
        books.number,
    ])?;
    Ok(count < STRETCH)
}
