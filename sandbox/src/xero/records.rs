//! The books of Xero's organisations: every record as ready JSON text, found by id or number.

use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;

use super::kinds::{KINDS, Kind};

/// One record, ready to be stored.
#[derive(Clone, Debug)]
pub struct Row {
    pub id: Uuid,
    pub modified_ms: i64,
    /// Invoice or payment type.
    pub type_: String,
    pub status: String,
    /// What it is known by besides its id: number, name, code.
    pub name: String,
    pub customer: bool,
    pub supplier: bool,
    pub currency: String,
    pub total_cents: i64,
    pub tax_cents: i64,
    pub due_cents: i64,
    /// Another name that it is found by: a contact's number.
    pub other: String,
    /// Whose it is.
    pub contact: Option<Uuid>,
    /// Midnight of the day that it is dated.
    pub date_ms: Option<i64>,
    /// An app made it. What a later edit says about this does not count.
    pub by_app: bool,
    pub body: String,
}

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_record (
           org INTEGER NOT NULL, kind INTEGER NOT NULL, id BLOB NOT NULL, modified INTEGER NOT NULL,
           type TEXT NOT NULL, status TEXT NOT NULL, name TEXT NOT NULL, customer INTEGER NOT NULL, supplier INTEGER NOT NULL,
           currency TEXT NOT NULL, total INTEGER NOT NULL, tax INTEGER NOT NULL, due INTEGER NOT NULL,
           other TEXT NOT NULL, contact BLOB, date INTEGER, by_app INTEGER NOT NULL, body TEXT NOT NULL);
         CREATE UNIQUE INDEX xero_record_id ON xero_record (org, kind, id);
         CREATE INDEX xero_record_modified ON xero_record (org, kind, modified, id, type, status, customer, supplier);
         CREATE INDEX xero_record_name ON xero_record (org, kind, name);
         CREATE INDEX xero_record_other ON xero_record (org, kind, other) WHERE other <> '';
         CREATE INDEX xero_record_contact ON xero_record (org, kind, contact) WHERE contact IS NOT NULL;
         CREATE INDEX xero_record_date ON xero_record (org, kind, date, id) WHERE date IS NOT NULL;",
    )
}

/// Stores a record, in place of the one with its id.
pub fn store(connection: &Connection, org: i64, kind: Kind, row: &Row) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO xero_record (org, kind, id, modified, type, status, name, customer, supplier, currency, total, tax, due,
               other, contact, date, by_app, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
             ON CONFLICT (org, kind, id) DO UPDATE SET modified = ?4, type = ?5, status = ?6, name = ?7, customer = ?8, supplier = ?9,
               currency = ?10, total = ?11, tax = ?12, due = ?13,
               other = ?14, contact = ?15, date = ?16, body = ?18",
        )?
        .execute(params![
            org,
            kind.number(),
            row.id.as_bytes(),
            row.modified_ms,
            row.type_,
            row.status,
            row.name,
            row.customer,
            row.supplier,
            row.currency,
            row.total_cents,
            row.tax_cents,
            row.due_cents,
            row.other,
            row.contact.as_ref().map(|contact| contact.as_bytes()),
            row.date_ms,
            row.by_app,
            row.body,
        ])?;
    Ok(())
}

/// The body and the time of change of one record.
pub fn by_id(connection: &Connection, org: i64, kind: Kind, id: Uuid) -> rusqlite::Result<Option<(String, i64)>> {
    connection
        .prepare_cached("SELECT body, modified FROM xero_record WHERE org = ?1 AND kind = ?2 AND id = ?3")?
        .query_row(params![org, kind.number(), id.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// What the columns say of one record, for those who need no more of it.
#[derive(Clone, Debug)]
pub struct Brief {
    pub name: String,
    pub status: String,
    pub customer: bool,
    pub supplier: bool,
}

pub fn brief(connection: &Connection, org: i64, kind: Kind, id: Uuid) -> rusqlite::Result<Option<Brief>> {
    connection
        .prepare_cached("SELECT name, status, customer, supplier FROM xero_record WHERE org = ?1 AND kind = ?2 AND id = ?3")?
        .query_row(params![org, kind.number(), id.as_bytes()], |row| {
            Ok(Brief { name: row.get(0)?, status: row.get(1)?, customer: row.get(2)?, supplier: row.get(3)? })
        })
        .optional()
}

/// Body and id of every record of that number, name or code; the oldest first.
pub fn by_name(connection: &Connection, org: i64, kind: Kind, name: &str) -> rusqlite::Result<Vec<(String, Uuid)>> {
    connection
        .prepare_cached("SELECT body, id FROM xero_record WHERE org = ?1 AND kind = ?2 AND name = ?3 ORDER BY rowid")?
        .query_map(params![org, kind.number(), name], |row| {
            let id: [u8; 16] = row.get(1)?;
            Ok((row.get(0)?, Uuid::from_bytes(id)))
        })?
        .collect()
}

/// Body and id of every record of that other name, a contact's number; the oldest first.
pub fn by_other(connection: &Connection, org: i64, kind: Kind, other: &str) -> rusqlite::Result<Vec<(String, Uuid)>> {
    connection
        .prepare_cached(
            "SELECT body, id FROM xero_record WHERE org = ?1 AND kind = ?2 AND other = ?3 AND other <> '' ORDER BY rowid",
        )?
        .query_map(params![org, kind.number(), other], |row| {
            let id: [u8; 16] = row.get(1)?;
            Ok((row.get(0)?, Uuid::from_bytes(id)))
        })?
        .collect()
}

/// Id, time of change and body of some records of a contact.
pub fn of_contact(
    connection: &Connection,
    org: i64,
    kind: Kind,
    contact: Uuid,
    take: usize,
) -> rusqlite::Result<Vec<(Uuid, i64, String)>> {
    connection
        .prepare_cached("SELECT id, modified, body FROM xero_record WHERE org = ?1 AND kind = ?2 AND contact = ?3 LIMIT ?4")?
        .query_map(params![org, kind.number(), contact.as_bytes(), take as i64], |row| {
            Ok((Uuid::from_bytes(row.get(0)?), row.get(1)?, row.get(2)?))
        })?
        .collect()
}

/// Whether a record of another list holds a piece of text. It reads until it finds one: for rare questions.
pub fn mentions(connection: &Connection, org: i64, but: Kind, piece: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM xero_record WHERE org = ?1 AND kind <> ?2 AND instr(body, ?3) > 0 LIMIT 1")?
        .exists(params![org, but.number(), piece])
}

/// Forgets one record.
pub fn remove(connection: &Connection, org: i64, kind: Kind, id: Uuid) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM xero_record WHERE org = ?1 AND kind = ?2 AND id = ?3")?.execute(params![
        org,
        kind.number(),
        id.as_bytes()
    ])?;
    Ok(())
}

/// Forgets all records of one organisation.
pub fn clear(connection: &Connection, org: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM xero_record WHERE org = ?1", [org])?;
    Ok(())
}

/// Counts and sums of the records of one kind, type, status and currency.
#[derive(Clone, Debug)]
pub struct Sum {
    pub kind: Kind,
    pub type_: String,
    pub status: String,
    pub currency: String,
    pub count: i64,
    pub total_cents: i64,
    pub tax_cents: i64,
    pub due_cents: i64,
}

impl Sum {
    /// As the control plane shows it.
    pub fn report(&self) -> serde_json::Value {
        serde_json::json!({
            "list": self.kind.collection(), "type": self.type_, "status": self.status, "currency": self.currency,
            "count": self.count, "total_cents": self.total_cents, "tax_cents": self.tax_cents, "due_cents": self.due_cents,
        })
    }
}

/// Counts and sums of one organisation, for the control plane.
pub fn sums(connection: &Connection, org: i64) -> rusqlite::Result<Vec<Sum>> {
    connection
        .prepare_cached(
            "SELECT kind, type, status, currency, COUNT(*), SUM(total), SUM(tax), SUM(due) FROM xero_record
             WHERE org = ?1 GROUP BY kind, type, status, currency ORDER BY kind, type, status, currency",
        )?
        .query_map([org], |row| {
            let kind = usize::try_from(row.get::<_, i64>(0)?).unwrap_or(usize::MAX);
            Ok(Sum {
                kind: *KINDS.get(kind).ok_or(rusqlite::Error::QueryReturnedNoRows)?,
                type_: row.get(1)?,
                status: row.get(2)?,
                currency: row.get(3)?,
                count: row.get(4)?,
                total_cents: row.get(5)?,
                tax_cents: row.get(6)?,
                due_cents: row.get(7)?,
            })
        })?
        .collect()
}

/// Up to `take` bodies after `after`, and where to go on; so that a dump needs neither memory nor the store to itself.
pub fn stretch(
    connection: &Connection,
    org: i64,
    kind: Kind,
    after: i64,
    take: i64,
    each: &mut dyn FnMut(&str),
) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached(
        "SELECT rowid, body FROM xero_record WHERE rowid > ?3 AND +org = ?1 AND +kind = ?2 ORDER BY rowid LIMIT ?4",
    )?;
    let mut rows = statement.query(params![org, kind.number(), after, take])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        each(row.get_ref(1)?.as_str()?);
        last = Some(row.get(0)?);
    }
    Ok(last)
}
