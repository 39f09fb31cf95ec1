//! The books of Xero's organisations: every record as ready JSON text, found by id, number, or time of change.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};
use uuid::Uuid;

/// Which list of the Accounting API a record is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Organisations,
    Currencies,
    Accounts,
    TaxRates,
    Items,
    Contacts,
    Invoices,
    Payments,
    Overpayments,
}

pub const KINDS: [Kind; 9] = [
    Kind::Organisations,
    Kind::Currencies,
    Kind::Accounts,
    Kind::TaxRates,
    Kind::Items,
    Kind::Contacts,
    Kind::Invoices,
    Kind::Payments,
    Kind::Overpayments,
];

impl Kind {
    /// The word in the path; the collection's key too, but for `Organisation`.
    pub fn path(self) -> &'static str {
        match self {
            Kind::Organisations => "Organisation",
            other => other.collection(),
        }
    }

    /// The key of the list in an answer.
    pub fn collection(self) -> &'static str {
        match self {
            Kind::Organisations => "Organisations",
            Kind::Currencies => "Currencies",
            Kind::Accounts => "Accounts",
            Kind::TaxRates => "TaxRates",
            Kind::Items => "Items",
            Kind::Contacts => "Contacts",
            Kind::Invoices => "Invoices",
            Kind::Payments => "Payments",
            Kind::Overpayments => "Overpayments",
        }
    }

    /// The field that holds the record's id.
    pub fn id_field(self) -> &'static str {
        match self {
            Kind::Organisations => "OrganisationID",
            Kind::Currencies => "Code",
            Kind::Accounts => "AccountID",
            Kind::TaxRates => "TaxType",
            Kind::Items => "ItemID",
            Kind::Contacts => "ContactID",
            Kind::Invoices => "InvoiceID",
            Kind::Payments => "PaymentID",
            Kind::Overpayments => "OverpaymentID",
        }
    }

    /// The kind of a path, as Xero compares it: without regard to case.
    pub fn of_path(path: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.path().eq_ignore_ascii_case(path))
    }

    fn number(self) -> i64 {
        self as i64
    }
}

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
    /// The record in a list that is not paged, where it differs.
    pub head: Option<String>,
    pub body: String,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    pub since_ms: Option<i64>,
    pub types: Vec<String>,
    pub statuses: Vec<String>,
    pub names: Vec<String>,
    pub ids: Vec<Uuid>,
    pub customer: Option<bool>,
    pub supplier: Option<bool>,
    pub without_archived: bool,
    pub descending: bool,
}

impl Filter {
    /// Narrows this filter by the conditions of a `where`: a list that both name keeps what both allow.
    pub fn meet(&mut self, other: Filter) {
        let both = |mine: &mut Vec<String>, theirs: Vec<String>| match (mine.is_empty(), theirs.is_empty()) {
            (_, true) => {}
            (true, false) => *mine = theirs,
            (false, false) => {
                mine.retain(|word| theirs.contains(word));
                if mine.is_empty() {
                    // Nothing can be both; no record has this status, type or name.
                    mine.push("\u{0}".into());
                }
            }
        };
        both(&mut self.types, other.types);
        both(&mut self.statuses, other.statuses);
        both(&mut self.names, other.names);
        self.customer = other.customer.or(self.customer);
        self.supplier = other.supplier.or(self.supplier);
    }
}

/// Remembered counts and page ends, so that page 900 costs what page 1 does.
#[derive(Clone, Default)]
pub struct Memo {
    /// Moves with every change of any record.
    version: Arc<AtomicU64>,
    lists: Arc<Mutex<Lists>>,
}

/// What is known of a list, by organisation, kind and filter without its time.
type Lists = HashMap<(i64, Kind, Filter), Known>;

#[derive(Clone)]
struct Known {
    version: u64,
    since_ms: i64,
    count: u64,
    /// Where a page ended: (since, page, page size, modified, id).
    end: Option<(i64, u32, u32, i64, Vec<u8>)>,
}

impl Memo {
    /// Some record has changed.
    pub fn changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }
}

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS xero_record (
           org INTEGER NOT NULL, kind INTEGER NOT NULL, id BLOB NOT NULL, modified INTEGER NOT NULL,
           type TEXT NOT NULL, status TEXT NOT NULL, name TEXT NOT NULL, customer INTEGER NOT NULL, supplier INTEGER NOT NULL,
           currency TEXT NOT NULL, total INTEGER NOT NULL, tax INTEGER NOT NULL, due INTEGER NOT NULL,
           head TEXT, body TEXT NOT NULL);
         CREATE UNIQUE INDEX IF NOT EXISTS xero_record_id ON xero_record (org, kind, id);
         CREATE INDEX IF NOT EXISTS xero_record_modified ON xero_record (org, kind, modified, id, type, status, customer, supplier);
         CREATE INDEX IF NOT EXISTS xero_record_name ON xero_record (org, kind, name);",
    )
}

/// Stores a record, in place of the one with its id.
pub fn store(connection: &Connection, org: i64, kind: Kind, row: &Row) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO xero_record (org, kind, id, modified, type, status, name, customer, supplier, currency, total, tax, due, head, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
             ON CONFLICT (org, kind, id) DO UPDATE SET modified = ?4, type = ?5, status = ?6, name = ?7, customer = ?8, supplier = ?9,
               currency = ?10, total = ?11, tax = ?12, due = ?13, head = ?14, body = ?15",
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
            row.head,
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

/// Forgets all records of one organisation.
pub fn clear(connection: &Connection, org: i64) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM xero_record WHERE org = ?1", [org])?;
    Ok(())
}

/// How many records fit, and the text of one page of them, joined by commas.
/// `page`: (number from 1, size). None: everything, as lists that are not paged show it.
pub fn list(
    connection: &Connection,
    memo: &Memo,
    org: i64,
    kind: Kind,
    filter: &Filter,
    page: Option<(u32, u32)>,
    each: &mut dyn FnMut(&str),
) -> rusqlite::Result<u64> {
    let known = count(connection, memo, org, kind, filter)?;
    let (mut sql, mut values) = narrowed(org, kind, filter, "SELECT modified, id, head, body FROM xero_record");
    let since = filter.since_ms.unwrap_or(i64::MIN);
    let mut skip = 0;
    let mut take = i64::MAX;
    if let Some((number, size)) = page {
        take = i64::from(size);
        skip = i64::from(number.saturating_sub(1)) * take;
        if let Some((at, last, of, modified, id)) = &known.end
            && (*at, *last, *of) == (since, number.saturating_sub(1), size)
        {
            sql.push_str(if filter.descending { " AND (modified, id) < (?, ?)" } else { " AND (modified, id) > (?, ?)" });
            values.push((*modified).into());
            values.push(id.clone().into());
            skip = 0;
        }
    }
    sql.push_str(if filter.descending { " ORDER BY modified DESC, id DESC" } else { " ORDER BY modified, id" });
    sql.push_str(" LIMIT ? OFFSET ?");
    values.push(take.into());
    values.push(skip.into());
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut end = None;
    while let Some(row) = rows.next()? {
        let head = if page.is_none() { row.get_ref(2)?.as_str_or_null()? } else { None };
        match head {
            Some(head) => each(head),
            None => each(row.get_ref(3)?.as_str()?),
        }
        if page.is_some() {
            let id = row.get_ref(1)?.as_blob()?;
            end = Some((row.get::<_, i64>(0)?, <[u8; 16]>::try_from(id).unwrap_or_default()));
        }
    }
    if let (Some((number, size)), Some((modified, id))) = (page, end) {
        let end = Some((since, number, size, modified, id.to_vec()));
        remember(memo, org, kind, filter, Known { end, ..known.clone() });
    }
    Ok(known.count)
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

/// How many records fit.
pub fn count_of(connection: &Connection, memo: &Memo, org: i64, kind: Kind, filter: &Filter) -> rusqlite::Result<u64> {
    count(connection, memo, org, kind, filter).map(|known| known.count)
}

/// The count of a list. Reading on with a later `since` only counts what lies between the two.
fn count(connection: &Connection, memo: &Memo, org: i64, kind: Kind, filter: &Filter) -> rusqlite::Result<Known> {
    let version = memo.version.load(Ordering::Acquire);
    let since = filter.since_ms.unwrap_or(i64::MIN);
    let key = (org, kind, Filter { since_ms: None, ..filter.clone() });
    let known = memo.lists.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&key).cloned();
    let between = |from: i64, to: Option<i64>| -> rusqlite::Result<u64> {
        let (mut sql, mut values) =
            narrowed(org, kind, &Filter { since_ms: Some(from), ..filter.clone() }, "SELECT COUNT(*) FROM xero_record");
        if let Some(to) = to {
            sql.push_str(" AND modified < ?");
            values.push(to.into());
        }
        let count: i64 = connection.prepare_cached(&sql)?.query_row(params_from_iter(values), |row| row.get(0))?;
        Ok(count.unsigned_abs())
    };
    let counted = match known {
        Some(known) if known.version == version && known.since_ms == since => return Ok(known),
        Some(known) if known.version == version && known.since_ms < since => {
            Known { count: known.count - between(known.since_ms, Some(since))?, since_ms: since, ..known }
        }
        Some(known) if known.version == version => {
            Known { count: known.count + between(since, Some(known.since_ms))?, since_ms: since, ..known }
        }
        _ => Known { version, since_ms: since, count: between(since, None)?, end: None },
    };
    remember(memo, org, kind, filter, counted.clone());
    Ok(counted)
}

fn remember(memo: &Memo, org: i64, kind: Kind, filter: &Filter, known: Known) {
    // Lists by id are short and endless in number; and there are never many different lists otherwise.
    const LISTS_MAX: usize = 256;
    if !filter.ids.is_empty() || !filter.names.is_empty() {
        return;
    }
    let mut lists = memo.lists.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if lists.len() >= LISTS_MAX {
        lists.clear();
    }
    lists.insert((org, kind, Filter { since_ms: None, ..filter.clone() }), known);
}

fn narrowed(org: i64, kind: Kind, filter: &Filter, select: &str) -> (String, Vec<Sql>) {
    let mut sql = format!("{select} WHERE org = ? AND kind = ?");
    let mut values: Vec<Sql> = vec![org.into(), kind.number().into()];
    if let Some(since) = filter.since_ms {
        sql.push_str(" AND modified >= ?");
        values.push(since.into());
    }
    let mut any_of = |column: &str, wanted: Vec<Sql>| {
        if !wanted.is_empty() {
            let marks = vec!["?"; wanted.len()].join(",");
            sql.push_str(&format!(" AND {column} IN ({marks})"));
            values.extend(wanted);
        }
    };
    any_of("type", filter.types.iter().cloned().map(Sql::from).collect());
    any_of("status", filter.statuses.iter().cloned().map(Sql::from).collect());
    any_of("name", filter.names.iter().cloned().map(Sql::from).collect());
    any_of("id", filter.ids.iter().map(|id| Sql::from(id.as_bytes().to_vec())).collect());
    if filter.without_archived {
        sql.push_str(" AND status <> 'ARCHIVED'");
    }
    for (column, wanted) in [("customer", filter.customer), ("supplier", filter.supplier)] {
        if let Some(wanted) = wanted {
            sql.push_str(&format!(" AND {column} = {}", i32::from(wanted)));
        }
    }
    (sql, values)
}
