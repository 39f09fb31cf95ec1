//! The books line by line, for reports that ask for more than the sums of accounts: lines of one tracking option, or the books on cash
//! basis. On cash basis an invoice, a bill or a credit note counts as it is settled, and a manual journal counts only where it says so.
//!
//! A big book is read a stretch at a time, so that others may call in between; when somebody has written meanwhile it is read again,
//! and at last in one piece.

use std::thread;

use rusqlite::{Connection, params};
use serde_json::Value;
use uuid::Uuid;

use super::entries::{Line, on_cash_basis};
use super::planted::BREATH;
use super::{Chart, balances, day_of};
use crate::Shared;
use crate::xero::json::Record;
use crate::xero::kinds::Kind;
use crate::xero::records;

/// So many journals or documents are read before the others get their turn.
const STRETCH: i64 = 500;
/// Who is disturbed so often reads on without a break.
const TRIES_MAX: usize = 3;
/// Journals on cash basis: those of documents are told as they are settled, and some manual journals not at all.
const ON_CASH_BASIS: &str =
    "NOT (kind IN (?cash) AND part = source) AND NOT (kind = ?manual AND source IN (SELECT id FROM xero_record
     WHERE org = ?1 AND kind = ?manual AND json_extract(body, '$.ShowOnCashBasisReports') = 0))";

/// One line of the books: its day, whether its journal undoes another one, and what it moves.
pub struct Told<'a> {
    pub day: i64,
    pub reverses: bool,
    pub line: &'a Line,
}

/// Gathers every line of the books.
pub fn gather<T: Default>(
    shared: &Shared,
    (org, chart): (i64, &Chart),
    on_cash: bool,
    with: &dyn Fn(&mut T, Told),
) -> rusqlite::Result<T> {
    for _ in 0..TRIES_MAX {
        let mut gathered = T::default();
        let before = shared.store.with(|connection| last(connection, org))?;
        let mut place = Place::default();
        while shared
            .store
            .with(|connection| stretch(connection, (org, chart), on_cash, &mut place, &mut |told| with(&mut gathered, told)))?
        {
            thread::sleep(BREATH);
        }
        if shared.store.with(|connection| last(connection, org))? == before {
            return Ok(gathered);
        }
    }
    shared.store.with(|connection| {
        let (mut gathered, mut place) = (T::default(), Place::default());
        while stretch(connection, (org, chart), on_cash, &mut place, &mut |told| with(&mut gathered, told))? {}
        Ok(gathered)
    })
}

/// Every change that moves money writes a journal.
fn last(connection: &Connection, org: i64) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT COALESCE(MAX(number), 0) FROM xero_journal WHERE org = ?1")?
        .query_row([org], |row| row.get(0))
}

/// How far the reading is: journals first, then the documents that are told on cash basis.
#[derive(Default)]
struct Place {
    journal: i64,
    journals_are_read: bool,
    document: i64,
}

/// Reads on. Answers whether there is more.
fn stretch(
    connection: &Connection,
    (org, chart): (i64, &Chart),
    on_cash: bool,
    place: &mut Place,
    with: &mut dyn FnMut(Told),
) -> rusqlite::Result<bool> {
    let mut count = 0;
    if !place.journals_are_read {
        let mut statement = connection.prepare_cached(&format!(
            "SELECT number, day, reverses, lines FROM xero_journal WHERE org = ?1 AND number > ?2 AND {} ORDER BY number LIMIT ?3",
            condition(on_cash)
        ))?;
        let mut rows = statement.query(params![org, place.journal, STRETCH])?;
        while let Some(row) = rows.next()? {
            count += 1;
            place.journal = row.get(0)?;
            let (day, reverses) = (row.get(1)?, row.get(2)?);
            for line in &balances::lines(row.get_ref(3)?.as_str()?) {
                with(Told { day, reverses, line });
            }
        }
        place.journals_are_read = count < STRETCH;
        return Ok(on_cash || !place.journals_are_read);
    }
    let mut statement = connection.prepare_cached(&format!(
        "SELECT rowid, id, body FROM xero_record WHERE rowid > ?2 AND +org = ?1 AND +kind IN ({}) AND status IN ('AUTHORISED', 'PAID')
         ORDER BY rowid LIMIT ?3",
        documents()
    ))?;
    let mut rows = statement.query(params![org, place.document, STRETCH])?;
    while let Some(row) = rows.next()? {
        count += 1;
        place.document = row.get(0)?;
        let Ok(Value::Object(record)) = serde_json::from_str(row.get_ref(2)?.as_str()?) else { continue };
        for journal in on_cash_basis(chart, Uuid::from_bytes(row.get(1)?), &record) {
            for line in &journal.lines {
                with(Told { day: day_of(journal.date), reverses: false, line });
            }
        }
    }
    Ok(count == STRETCH)
}

/// The lines of a payment's journal on cash basis: in place of the receivable or payable stands what it pays for. A payment that has
/// been deleted, and the journal that undoes it, are told as they were written.
pub fn paid_for(
    connection: &Connection,
    (org, chart): (i64, &Chart),
    payment: Uuid,
    lines: Vec<Line>,
) -> rusqlite::Result<Vec<Line>> {
    let read = |kind: Kind, id: Uuid| -> rusqlite::Result<Option<Record>> {
        Ok(records::by_id(connection, org, kind, id)?.and_then(|(body, _)| serde_json::from_str(&body).ok()))
    };
    let paid = read(Kind::Payments, payment)?.and_then(|record| {
        // Credit notes are shown as if they were invoices.
        let id = record.get("Invoice")?.get("InvoiceID")?.as_str()?;
        Uuid::parse_str(id).ok()
    });
    let Some(id) = paid else { return Ok(lines) };
    let document = match read(Kind::Invoices, id)? {
        Some(invoice) => Some(invoice),
        None => read(Kind::CreditNotes, id)?,
    };
    let settled = document.map(|document| on_cash_basis(chart, id, &document)).unwrap_or_default();
    let Some(own) = settled.into_iter().find(|journal| journal.part == payment) else { return Ok(lines) };
    let controls = [chart.system("DEBTORS"), chart.system("CREDITORS")];
    let left = own.lines.iter().chain(&lines).filter(|line| controls.contains(&line.account)).map(|line| line.net).sum();
    let control = lines.iter().find(|line| controls.contains(&line.account)).map_or(Uuid::nil(), |line| line.account);
    let mut told: Vec<Line> = lines.into_iter().chain(own.lines).filter(|line| !controls.contains(&line.account)).collect();
    if left != 0 {
        told.push(Line { account: control, net: left, ..Line::default() });
    }
    Ok(told)
}

/// Which journals are told, as SQL over `xero_journal`; `?1` is the organisation.
pub fn condition(on_cash: bool) -> String {
    if !on_cash {
        return "1".into();
    }
    ON_CASH_BASIS.replace("?cash", &documents()).replace("?manual", &Kind::ManualJournals.number().to_string())
}

fn documents() -> String {
    [Kind::Invoices, Kind::CreditNotes].map(|kind| kind.number().to_string()).join(",")
}
