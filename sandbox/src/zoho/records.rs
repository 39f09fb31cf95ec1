//! Reading and writing one record: its columns, its ready-made list row, its unique values.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

use super::answer::{Refusal, quoted};
use super::module::Module;
use super::organisations::Org;
use super::webhooks::{self, Event};
use super::{ledger, tables, time};
use crate::Shared;

/// What every write works with.
pub struct Desk<'a> {
    pub connection: &'a Connection,
    pub shared: &'a Shared,
    pub org: &'a Org,
    pub now: DateTime<Utc>,
    /// `?ignore_auto_number_generation=true` was sent.
    pub own_number: bool,
}

impl Desk<'_> {
    pub fn on(&self, switch: &str) -> bool {
        self.shared.switches.on(switch)
    }

    pub fn today(&self) -> String {
        time::today(self.now, &self.org.time_zone).to_string()
    }
}

/// One record. `detail` is what GET by id shows; the columns are what the store searches by.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub party: Option<i64>,
    pub currency: Option<i64>,
    pub status: String,
    pub date: Option<String>,
    pub due: Option<String>,
    /// A document's total, a payment's amount, an item's rate, a tax's percentage, a currency's decimals.
    pub total_e6: i64,
    /// A document's balance, what is left of a payment.
    pub balance_e6: i64,
    pub created: i64,
    pub modified: i64,
    pub detail: Map<String, Value>,
    /// The detail as JSON text, once it is saved.
    pub saved: String,
}

impl Record {
    pub fn blank(id: i64) -> Self {
        let (name, kind, status) = (String::new(), String::new(), String::new());
        Self {
            id,
            name,
            kind,
            status,
            party: None,
            currency: None,
            date: None,
            due: None,
            total_e6: 0,
            balance_e6: 0,
            created: 0,
            modified: 0,
            detail: Map::new(),
            saved: String::new(),
        }
    }

    pub fn text(&self, key: &str) -> &str {
        self.detail.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.detail.insert(key.to_owned(), value.into());
    }
}

/// The columns of a record that others refer to, without its JSON.
#[derive(Clone, Debug)]
pub struct Brief {
    pub id: i64,
    pub name: String,
    pub kind: String,
    pub status: String,
    pub currency: Option<i64>,
    pub figure: Decimal,
}

/// The record with this id, if the organisation has it.
pub fn read(desk: &Desk, module: Module, id: i64) -> Result<Option<Record>, Refusal> {
    let row = desk
        .connection
        .prepare_cached(
            "SELECT id, name, kind, party, currency, status, date, due, total_e6, balance_e6, created, modified, detail
             FROM zoho_record WHERE id = ?1 AND org = ?2 AND module = ?3",
        )?
        .query_row((id, desk.org.id, module as i64), from_row)
        .optional()?;
    Ok(row)
}

/// As `read`, where its absence is a refusal.
pub fn need(desk: &Desk, module: Module, id: i64) -> Result<Record, Refusal> {
    read(desk, module, id)?.ok_or_else(|| Refusal::absent(module.noun()))
}

/// The columns of a record that a body refers to.
pub fn brief(desk: &Desk, module: Module, id: i64) -> Result<Brief, Refusal> {
    desk.connection
        .prepare_cached(
            "SELECT id, name, kind, status, currency, total_e6 FROM zoho_record WHERE id = ?1 AND org = ?2 AND module = ?3",
        )?
        .query_row((id, desk.org.id, module as i64), |row| {
            let figure: i64 = row.get(5)?;
            Ok(Brief {
                id: row.get(0)?,
                name: row.get(1)?,
                kind: row.get(2)?,
                status: row.get(3)?,
                currency: row.get(4)?,
                figure: decimal(figure),
            })
        })
        .optional()?
        .ok_or_else(|| Refusal::unknown(module.noun()))
}

/// A record of this name other than `except`; its id and kind.
pub fn named(desk: &Desk, module: Module, name: &str, except: i64) -> Result<Vec<(i64, String)>, Refusal> {
    let mut statement = desk
        .connection
        .prepare_cached("SELECT id, kind FROM zoho_record WHERE org = ?1 AND module = ?2 AND name_key = ?3 AND id <> ?4")?;
    let rows =
        statement.query_map((desk.org.id, module as i64, name.to_lowercase(), except), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes a record: stamps it, renders its list row and its detail, and stores both.
pub fn save(desk: &Desk, module: Module, record: &mut Record, new: bool) -> Result<(), Refusal> {
    record.modified = desk.now.timestamp();
    let stamp = time::stamp(record.modified, &desk.org.time_zone);
    if new {
        record.created = record.modified;
        record.set("created_time", stamp.clone());
        record.set(module.id_key(), record.id.to_string());
    }
    record.set("last_modified_time", stamp);
    record.set("status", record.status.clone());
    let detail = serde_json::to_string(&record.detail).map_err(|error| Refusal::new(1000, error.to_string()).at(500))?;
    let summary = summarise(module, &record.detail);
    let key = record.name.to_lowercase();
    if new {
        desk.connection
            .prepare_cached(
                "INSERT INTO zoho_record (id, org, module, name, name_key, kind, party, currency, status, date, due, total_e6, balance_e6, created, modified, summary, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
            )?
            .execute(rusqlite::params![
                record.id, desk.org.id, module as i64, record.name, key, record.kind, record.party, record.currency, record.status, record.date, record.due,
                record.total_e6, record.balance_e6, record.created, record.modified, summary, detail
            ])?;
    } else {
        desk.connection
            .prepare_cached(
                "UPDATE zoho_record SET name = ?2, name_key = ?3, kind = ?4, party = ?5, currency = ?6, status = ?7, date = ?8, due = ?9,
                 total_e6 = ?10, balance_e6 = ?11, modified = ?12, summary = ?13, detail = ?14 WHERE id = ?1",
            )?
            .execute(rusqlite::params![
                record.id, record.name, key, record.kind, record.party, record.currency, record.status, record.date, record.due,
                record.total_e6, record.balance_e6, record.modified, summary, detail
            ])?;
    }
    record.saved = detail;
    webhooks::noticed(desk, module, record, if new { Event::Created } else { Event::Edited })
}

/// Removes a record, its entries and its unique values.
pub fn remove(desk: &Desk, module: Module, record: &Record) -> Result<(), Refusal> {
    ledger::erase(desk, record.id)?;
    desk.connection.prepare_cached("DELETE FROM zoho_record WHERE id = ?1")?.execute([record.id])?;
    if let Some(Value::Object(fields)) = record.detail.get("custom_field_hash") {
        for (field, value) in fields {
            claim(desk, module, field, value.as_str().unwrap_or_default(), "", record.id)?;
        }
    }
    for field in ["sku", "account_code"] {
        claim(desk, module, field, record.text(field), "", record.id)?;
    }
    webhooks::noticed(desk, module, record, Event::Deleted)
}

/// Whose value it is, if anybody's.
pub fn holder(desk: &Desk, module: Module, field: &str, value: &str) -> Result<Option<i64>, Refusal> {
    let id = desk
        .connection
        .prepare_cached("SELECT record FROM zoho_unique WHERE org = ?1 AND module = ?2 AND field = ?3 AND value = ?4")?
        .query_row((desk.org.id, module as i64, field, value), |row| row.get(0))
        .optional()?;
    Ok(id)
}

/// Moves a unique value from what it was to what it is. False when another record has it.
pub fn claim(desk: &Desk, module: Module, field: &str, was: &str, is: &str, record: i64) -> Result<bool, Refusal> {
    if was == is {
        return Ok(true);
    }
    if !is.is_empty() && holder(desk, module, field, is)?.is_some_and(|other| other != record) {
        return Ok(false);
    }
    if !was.is_empty() {
        desk.connection
            .prepare_cached(
                "DELETE FROM zoho_unique WHERE org = ?1 AND module = ?2 AND field = ?3 AND value = ?4 AND record = ?5",
            )?
            .execute((desk.org.id, module as i64, field, was, record))?;
    }
    if !is.is_empty() {
        desk.connection
            .prepare_cached("INSERT OR REPLACE INTO zoho_unique (org, module, field, value, record) VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute((desk.org.id, module as i64, field, is, record))?;
    }
    Ok(true)
}

/// Whether any document or payment names this contact.
pub fn has_transactions(desk: &Desk, contact: i64) -> Result<bool, Refusal> {
    Ok(desk
        .connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_record WHERE party = ?1)")?
        .query_row([contact], |row| row.get(0))?)
}

pub fn new_ids(desk: &Desk, count: usize) -> Result<i64, Refusal> {
    Ok(tables::take(desk.connection, tables::IDS, i64::try_from(count).unwrap_or(1))?)
}

/// A millionth is the smallest amount the store knows.
pub fn e6(value: Decimal) -> Result<i64, Refusal> {
    use rust_decimal::prelude::ToPrimitive;
    let millionths = value.checked_mul(Decimal::from(1_000_000)).and_then(|value| value.round().to_i64());
    millionths.ok_or_else(|| Refusal::new(2, "The amount is too large."))
}

pub fn decimal(e6: i64) -> Decimal {
    Decimal::new(e6, 6)
}

/// A JSON number that prints exactly as the decimal does.
pub fn number(value: Decimal) -> Value {
    value.to_string().parse::<Number>().map_or(Value::Null, Value::Number)
}

fn summarise(module: Module, detail: &Map<String, Value>) -> String {
    let mut out = String::with_capacity(640);
    let mut put = |key: &str, value: &Value| {
        out.push(if out.is_empty() { '{' } else { ',' });
        out.push_str(&quoted(key));
        out.push(':');
        out.push_str(&value.to_string());
    };
    for key in module.summary() {
        if let Some(value) = detail.get(*key) {
            put(key, value);
        }
    }
    if let Some(Value::Object(fields)) = detail.get("custom_field_hash") {
        for (key, value) in fields {
            put(key, value);
        }
    }
    out.push('}');
    out
}

fn from_row(row: &SqlRow) -> rusqlite::Result<Record> {
    let detail: String = row.get(12)?;
    let detail = serde_json::from_str(&detail)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(12, rusqlite::types::Type::Text, Box::new(error)))?;
    Ok(Record {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: row.get(2)?,
        party: row.get(3)?,
        currency: row.get(4)?,
        status: row.get(5)?,
        date: row.get(6)?,
        due: row.get(7)?,
        total_e6: row.get(8)?,
        balance_e6: row.get(9)?,
        created: row.get(10)?,
        modified: row.get(11)?,
        detail,
        saved: String::new(),
    })
}
