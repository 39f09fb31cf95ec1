//! Transaction locks: a period that is closed for writing, for one area or for all.

use actix_web::http::Method;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value, json};

use super::nowhere;
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::custom_fields;
use crate::zoho::module::Module;
use crate::zoho::paging::Paging;
use crate::zoho::records::{self, Desk};
use crate::zoho::shape::{self, Kind::*};
use crate::zoho::time;

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE zoho_lock (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, area TEXT NOT NULL, day TEXT NOT NULL, reason TEXT NOT NULL, open_from TEXT, open_until TEXT,
            created INTEGER NOT NULL, UNIQUE (org, area));",
    )
}

/// The areas that can be locked each by itself; `all` stands for every one of them. The documents do not list the words.
const AREAS: &[&str] = &["all", "sales", "purchases", "banking", "accountant"];

/// What may be done to a record of a locked period, because it changes no figure.
const HARMLESS: [&str; 6] = ["paymentreminder", "email", "customfields", "templates", "address", "submit"];

pub fn answer(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    match (call.method.as_str(), call.segments.as_slice()) {
        ("GET", ["transactionlock"]) => match call.query.get("transaction_lock_id") {
            Some(id) => Ok(found(desk, &need(desk, id)?)),
            None => {
                let lock = all(desk)?.into_iter().next();
                Ok(lock.map_or_else(|| Answer::found("transaction_lock", "{}"), |lock| found(desk, &lock)))
            }
        },
        ("GET", ["transactionlocks"]) => {
            let paging = Paging::asked(&call.query)?;
            let rows = all(desk)?
                .iter()
                .map(|lock| lock.shown(desk))
                .skip(usize::try_from(paging.offset()).unwrap_or(usize::MAX))
                .collect();
            Ok(paging.answer("transaction_locks", rows))
        }
        ("PUT", ["transactionlock"]) => lock(desk, &call.json()?),
        ("PUT", ["transactionlock", "partialunlock"]) => open(desk, &call.json()?),
        ("DELETE", ["transactionlock"]) => {
            let id = call.query.get("transaction_lock_id").ok_or_else(|| Refusal::missing("transaction_lock_id"))?;
            remove(desk, &need(desk, id)?)?;
            Ok(Answer::done("The transactions have been unlocked."))
        }
        _ => Err(nowhere()),
    }
}

/// Refuses a write that is dated, or whose record is dated, inside a locked period. Costs one look-up while nothing is locked.
pub fn refusal(call: &Call, desk: &Desk) -> Result<(), Refusal> {
    if *call.method == Method::GET {
        return Ok(());
    }
    let Some(area) = call.segments.first().and_then(|resource| area_of(resource)) else { return Ok(()) };
    if over(desk, area)?.is_empty() {
        return Ok(());
    }
    let Some((module, rest)) = Module::at(&call.segments) else { return Ok(()) };
    if rest.iter().any(|part| HARMLESS.contains(part)) {
        return Ok(());
    }
    days(call, desk, module, rest)?.iter().try_for_each(|day| closed(desk, area, day))
}

/// Refuses what is dated inside a period that is locked for an area.
pub fn closed(desk: &Desk, area: &str, day: &str) -> Result<(), Refusal> {
    match over(desk, area)?.iter().find(|lock| lock.closes(day)) {
        Some(lock) => Err(Refusal::new(
            2,
            format!("Transactions dated up to {} are locked. Change the date, or unlock them first.", lock.day),
        )),
        None => Ok(()),
    }
}

/// Every date that the call would touch: what the body says, and what the records are dated that it names.
fn days(call: &Call, desk: &Desk, module: Module, rest: &[&str]) -> Result<Vec<String>, Refusal> {
    let mut days = Vec::new();
    let mut ids: Vec<i64> = rest.first().and_then(|id| id.parse().ok()).into_iter().collect();
    let written = matches!(rest, [] | [_]) && *call.method != Method::DELETE;
    if written {
        let body = call.json()?;
        if let Some(day) = shape::text(&body, "date").or_else(|| shape::text(&body, "journal_date")) {
            days.push(day.to_owned());
        } else if rest.is_empty() && *call.method == Method::POST {
            days.push(desk.today());
        }
    }
    if rest.is_empty() && *call.method == Method::PUT {
        let header = |name| call.header(name).unwrap_or_default();
        ids.extend(custom_fields::find(desk, module, header("x-unique-identifier-key"), header("x-unique-identifier-value"))?);
    }
    let bulk = ["invoice_ids", "bill_ids", "payment_ids", "vendorpayment_id", "bulk_delete_ids"];
    let named = bulk.iter().filter_map(|name| call.query.get(name)).flat_map(|list| list.split(','));
    ids.extend(named.filter_map(|id| id.trim().parse::<i64>().ok()));
    for id in ids {
        days.extend(records::read(desk, module, id)?.and_then(|record| record.date));
    }
    Ok(days)
}

fn area_of(resource: &str) -> Option<&'static str> {
    Some(match resource {
        "invoices" | "estimates" | "salesorders" | "creditnotes" | "customerpayments" | "retainerinvoices"
        | "recurringinvoices" | "salesreceipts" => "sales",
        "bills" | "purchaseorders" | "vendorcredits" | "vendorpayments" | "expenses" | "recurringbills" | "recurringexpenses" => {
            "purchases"
        }
        "banktransactions" => "banking",
        "journals" | "basecurrencyadjustment" => "accountant",
        _ => return None,
    })
}

struct Lock {
    id: i64,
    area: String,
    day: String,
    reason: String,
    open: Option<(String, String)>,
    created: i64,
}

impl Lock {
    fn closes(&self, day: &str) -> bool {
        let opened = self.open.as_ref().is_some_and(|(from, until)| from.as_str() <= day && day <= until.as_str());
        day <= self.day.as_str() && !opened
    }

    fn shown(&self, desk: &Desk) -> Value {
        let opened = self.open.as_ref().map(|(from, until)| json!({"is_enabled": true, "start_date": from, "end_date": until}));
        json!({
            "transaction_lock_id": self.id.to_string(), "transaction_lock_module": self.area, "transaction_lock_date": self.day, "reason": self.reason,
            "transaction_lock_status": if self.open.is_some() { "partially_unlocked" } else { "locked" }, "partial_unlock": opened,
            "created_time": time::stamp(self.created, &desk.org.time_zone),
        })
    }
}

const SELECT: &str = "SELECT id, area, day, reason, open_from, open_until, created FROM zoho_lock";

fn from_row(row: &Row) -> rusqlite::Result<Lock> {
    let (from, until): (Option<String>, Option<String>) = (row.get(4)?, row.get(5)?);
    Ok(Lock {
        id: row.get(0)?,
        area: row.get(1)?,
        day: row.get(2)?,
        reason: row.get(3)?,
        open: from.zip(until),
        created: row.get(6)?,
    })
}

fn all(desk: &Desk) -> Result<Vec<Lock>, Refusal> {
    let mut statement = desk.connection.prepare_cached(&format!("{SELECT} WHERE org = ?1 ORDER BY id"))?;
    let rows = statement.query_map([desk.org.id], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn over(desk: &Desk, area: &str) -> Result<Vec<Lock>, Refusal> {
    let mut statement = desk.connection.prepare_cached(&format!("{SELECT} WHERE org = ?1 AND area IN ('all', ?2)"))?;
    let rows = statement.query_map((desk.org.id, area), from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn need(desk: &Desk, id: &str) -> Result<Lock, Refusal> {
    let found = desk
        .connection
        .prepare_cached(&format!("{SELECT} WHERE id = ?1 AND org = ?2"))?
        .query_row((id.parse::<i64>().unwrap_or_default(), desk.org.id), from_row)
        .optional()?;
    found.ok_or_else(|| Refusal::absent("Transaction lock"))
}

fn of_area(desk: &Desk, area: &str) -> Result<Option<Lock>, Refusal> {
    Ok(all(desk)?.into_iter().find(|lock| lock.area == area))
}

fn found(desk: &Desk, lock: &Lock) -> Answer {
    Answer::found("transaction_lock", &lock.shown(desk).to_string())
}

fn remove(desk: &Desk, lock: &Lock) -> Result<(), Refusal> {
    desk.connection.prepare_cached("DELETE FROM zoho_lock WHERE id = ?1")?.execute([lock.id])?;
    Ok(())
}

const LOCK: &[(&str, shape::Kind)] = &[
    ("transaction_lock_status", Choice(&["locked", "unlocked"])),
    ("transaction_lock_module", Choice(AREAS)),
    ("transaction_lock_date", Date),
    ("reason", Guess(500)),
];

/// `PUT /transactionlock`.
fn lock(desk: &Desk, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let mut said = Map::new();
    shape::take(desk, body, LOCK, &mut said)?;
    let area = shape::text(&said, "transaction_lock_module").unwrap_or("all");
    let was = of_area(desk, area)?;
    if shape::text(&said, "transaction_lock_status") == Some("unlocked") {
        let was = was.ok_or_else(|| Refusal::absent("Transaction lock"))?;
        remove(desk, &was)?;
        let mut shown = was.shown(desk);
        shown["transaction_lock_status"] = "unlocked".into();
        return Ok(Answer::with(200, "The transactions have been unlocked.", "transaction_lock", &shown.to_string()));
    }
    let day = shape::text(&said, "transaction_lock_date").ok_or_else(|| Refusal::missing("transaction_lock_date"))?;
    let reason = shape::text(&said, "reason").ok_or_else(|| Refusal::missing("reason"))?;
    let id = match was {
        Some(was) => was.id,
        None => records::new_ids(desk, 1)?,
    };
    desk.connection
        .prepare_cached("INSERT OR REPLACE INTO zoho_lock (id, org, area, day, reason, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute((id, desk.org.id, area, day, reason, desk.now.timestamp()))?;
    let lock = need(desk, &id.to_string())?;
    Ok(Answer::with(200, "The transactions have been locked.", "transaction_lock", &lock.shown(desk).to_string()))
}

const OPEN: &[(&str, shape::Kind)] =
    &[("is_enabled", Flag), ("lock_module", Choice(AREAS)), ("start_date", Date), ("end_date", Date), ("reason", Guess(500))];

/// `PUT /transactionlock/partialunlock`: a window inside the locked period that may be written to.
fn open(desk: &Desk, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let mut said = Map::new();
    shape::take(desk, body, OPEN, &mut said)?;
    let lock =
        of_area(desk, shape::text(&said, "lock_module").unwrap_or("all"))?.ok_or_else(|| Refusal::absent("Transaction lock"))?;
    let window = if shape::flag(&said, "is_enabled") {
        let from = shape::text(&said, "start_date").ok_or_else(|| Refusal::missing("start_date"))?;
        let until = shape::text(&said, "end_date").ok_or_else(|| Refusal::missing("end_date"))?;
        if from > until || until > lock.day.as_str() {
            return Err(Refusal::invalid("end_date"));
        }
        Some((from, until))
    } else {
        None
    };
    desk.connection.prepare_cached("UPDATE zoho_lock SET open_from = ?2, open_until = ?3 WHERE id = ?1")?.execute((
        lock.id,
        window.map(|window| window.0),
        window.map(|window| window.1),
    ))?;
    Ok(found(desk, &need(desk, &lock.id.to_string())?))
}
