//! Sums of each account and day, so that a report over a million journals reads some thousand rows. Journals never change, so what
//! was folded in stays right; new ones are folded in when somebody asks.

use std::collections::HashMap;

use rusqlite::{Connection, params};
use uuid::Uuid;

use super::entries::Line;

/// One transaction folds so many journals; the others may call in between.
const STRETCH: i64 = 2000;

/// Debits and credits of an account, in cents. A reversal takes from the side that it undoes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub debit: i64,
    pub credit: i64,
}

impl Sum {
    /// Counts a line of a journal.
    pub fn add(&mut self, net: i64, reverses: bool) {
        if (net > 0) != reverses { self.debit += net } else { self.credit -= net }
    }

    /// Debits are positive.
    pub fn net(self) -> i64 {
        self.debit - self.credit
    }
}

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_balance (
           org INTEGER NOT NULL, account BLOB NOT NULL, day INTEGER NOT NULL, debit INTEGER NOT NULL, credit INTEGER NOT NULL,
           PRIMARY KEY (org, account, day)) WITHOUT ROWID;",
    )
}

/// Folds some journals in. Answers whether that was all.
pub fn fold(connection: &Connection, org: i64) -> rusqlite::Result<bool> {
    let folded: i64 =
        connection.prepare_cached("SELECT folded FROM xero_ledger WHERE org = ?1")?.query_row([org], |row| row.get(0))?;
    let mut sums: HashMap<(Uuid, i64), Sum> = HashMap::new();
    let (mut last, mut count) = (folded, 0);
    {
        let mut statement = connection.prepare_cached(
            "SELECT seq, day, reverses, lines FROM xero_journal WHERE seq > ?2 AND +org = ?1 ORDER BY seq LIMIT ?3",
        )?;
        let mut rows = statement.query(params![org, folded, STRETCH])?;
        while let Some(row) = rows.next()? {
            last = row.get(0)?;
            count += 1;
            let (day, reverses): (i64, bool) = (row.get(1)?, row.get(2)?);
            for line in lines(row.get_ref(3)?.as_str()?) {
                sums.entry((line.account, day)).or_default().add(line.net, reverses);
            }
        }
    }
    let mut add = connection.prepare_cached(
        "INSERT INTO xero_balance (org, account, day, debit, credit) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (org, account, day) DO UPDATE SET debit = debit + ?4, credit = credit + ?5",
    )?;
    for ((account, day), sum) in sums {
        add.execute(params![org, account.as_bytes(), day, sum.debit, sum.credit])?;
    }
    connection.prepare_cached("UPDATE xero_ledger SET folded = ?2 WHERE org = ?1")?.execute([org, last])?;
    Ok(count < STRETCH)
}

/// The lines of a journal as they are kept.
pub fn lines(text: &str) -> Vec<Line> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Sums of every account from one day to another, both included.
pub fn sums(connection: &Connection, org: i64, from: i64, to: i64) -> rusqlite::Result<HashMap<Uuid, Sum>> {
    connection
        .prepare_cached(
            "SELECT account, SUM(debit), SUM(credit) FROM xero_balance WHERE org = ?1 AND day BETWEEN ?2 AND ?3 GROUP BY account",
        )?
        .query_map([org, from, to], |row| {
            let id: [u8; 16] = row.get(0)?;
            Ok((Uuid::from_bytes(id), Sum { debit: row.get(1)?, credit: row.get(2)? }))
        })?
        .collect()
}
