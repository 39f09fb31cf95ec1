//! Comments & history of a record: what people wrote, below the line that says when it came to be.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value, json};

use super::nowhere;
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::consent::USER_EMAIL;
use crate::zoho::module::Module;
use crate::zoho::records::{self, Desk, Record};
use crate::zoho::shape;
use crate::zoho::time;

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE zoho_comment (id INTEGER PRIMARY KEY, record INTEGER NOT NULL, description TEXT NOT NULL, is_shown INTEGER NOT NULL, created INTEGER NOT NULL);
        CREATE INDEX zoho_comment_by_record ON zoho_comment (record);",
    )
}

/// Where comments are documented: resource, methods, and the status of a new one.
const DOCUMENTED: &[(&str, &[&str], u16)] = &[
    ("bills", &["GET", "POST", "DELETE"], 201),
    ("contacts", &["GET", "POST", "DELETE"], 200),
    ("creditnotes", &["GET", "POST", "DELETE"], 200),
    ("estimates", &["GET", "POST", "PUT", "DELETE"], 200),
    ("expenses", &["GET"], 200),
    ("invoices", &["GET", "POST", "PUT", "DELETE"], 200),
    ("journals", &["POST", "DELETE"], 200),
    ("projects", &["GET", "POST", "DELETE"], 201),
    ("purchaseorders", &["GET", "POST", "PUT", "DELETE"], 201),
    ("recurringbills", &["GET"], 200),
    ("recurringexpenses", &["GET"], 200),
    ("recurringinvoices", &["GET"], 200),
    ("retainerinvoices", &["GET", "POST", "PUT", "DELETE"], 200),
    ("salesorders", &["GET", "POST", "PUT", "DELETE"], 200),
    ("vendorcredits", &["GET", "POST", "DELETE"], 201),
];

/// Guessed; no document gives it.
const DESCRIPTION_MAX: usize = 2000;

pub fn answer(call: &Call, desk: &Desk, module: Module, resource: &str, id: &str, rest: &[&str]) -> Result<Answer, Refusal> {
    let documented = DOCUMENTED.iter().find(|(name, ..)| *name == resource);
    let (_, methods, status) = documented.ok_or_else(nowhere)?;
    if !methods.contains(&call.method.as_str()) {
        return Err(nowhere());
    }
    let id = id.parse().map_err(|_| Refusal::absent(module.noun()))?;
    let record = records::need(desk, module, id)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => list(desk, module, &record),
        ("POST", []) => {
            let (description, shown) = said(&call.json()?)?;
            let id = records::new_ids(desk, 1)?;
            desk.connection
                .prepare_cached(
                    "INSERT INTO zoho_comment (id, record, description, is_shown, created) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute((id, record.id, description, shown, desk.now.timestamp()))?;
            Ok(Answer::with(*status, "Comments added.", "comment", &need(desk, module, &record, id)?.to_string()))
        }
        ("PUT", [comment]) => {
            let id = of(comment)?;
            need(desk, module, &record, id)?;
            let (description, shown) = said(&call.json()?)?;
            desk.connection
                .prepare_cached("UPDATE zoho_comment SET description = ?2, is_shown = ?3 WHERE id = ?1")?
                .execute((id, description, shown))?;
            Ok(Answer::with(200, "The comment has been updated.", "comment", &need(desk, module, &record, id)?.to_string()))
        }
        ("DELETE", [comment]) => {
            let id = of(comment)?;
            need(desk, module, &record, id)?;
            desk.connection.prepare_cached("DELETE FROM zoho_comment WHERE id = ?1")?.execute([id])?;
            Ok(Answer::done("The comment has been deleted."))
        }
        _ => Err(nowhere()),
    }
}

fn of(comment: &str) -> Result<i64, Refusal> {
    comment.parse().map_err(|_| Refusal::absent("Comment"))
}

fn said(body: &Map<String, Value>) -> Result<(String, bool), Refusal> {
    let description = shape::text(body, "description").ok_or_else(|| Refusal::missing("description"))?;
    shape::length("description", description, DESCRIPTION_MAX)?;
    Ok((description.to_owned(), shape::flag(body, "show_comment_to_clients")))
}

fn list(desk: &Desk, module: Module, record: &Record) -> Result<Answer, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT id, description, is_shown, created FROM zoho_comment WHERE record = ?1 ORDER BY id DESC LIMIT 200",
    )?;
    let mut rows = statement.query_map([record.id], |row| shown(desk, module, record, row))?.collect::<Result<Vec<_>, _>>()?;
    let mut began = comment(desk, module, record, record.id, record.created);
    began["description"] = format!("{} created.", module.noun()).into();
    began["comment_type"] = "system".into();
    began["operation_type"] = "Added".into();
    rows.push(began);
    let key = if module == Module::Contacts { "contact_comments" } else { "comments" };
    let mut body = json!({"code": 0, "message": "success", key: rows});
    if module == Module::Contacts {
        body["page_context"] = json!({"page": 1, "per_page": 200, "has_more_page": false});
    }
    Ok(Answer { status: 200, body: body.to_string() })
}

fn need(desk: &Desk, module: Module, record: &Record, id: i64) -> Result<Value, Refusal> {
    let found = desk
        .connection
        .prepare_cached("SELECT id, description, is_shown, created FROM zoho_comment WHERE id = ?1 AND record = ?2")?
        .query_row((id, record.id), |row| shown(desk, module, record, row))
        .optional()?;
    found.ok_or_else(|| Refusal::absent("Comment"))
}

fn shown(desk: &Desk, module: Module, record: &Record, row: &Row) -> rusqlite::Result<Value> {
    let mut shown = comment(desk, module, record, row.get(0)?, row.get(3)?);
    let to_clients: bool = row.get(2)?;
    shown["description"] = row.get::<_, String>(1)?.into();
    shown["comment_type"] = if to_clients { "client" } else { "internal" }.into();
    shown["show_comment_to_clients"] = to_clients.into();
    Ok(shown)
}

fn comment(desk: &Desk, module: Module, record: &Record, id: i64, at: i64) -> Value {
    let stamp = time::stamp(at, &desk.org.time_zone);
    json!({
        "comment_id": id.to_string(), module.id_key(): record.id.to_string(), "commented_by": USER_EMAIL, "date": stamp[..10], "time": stamp[11..16],
        "date_with_time": stamp, "transaction_id": record.id.to_string(), "transaction_type": module.entity(),
    })
}
