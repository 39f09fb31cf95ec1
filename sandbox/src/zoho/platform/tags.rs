//! Reporting tags with their options, and the tags that records and lines carry.

use actix_web::http::Method;
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value, json};

use super::{nowhere, options};
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::module::Module;
use crate::zoho::records::{self, Desk};
use crate::zoho::shape::{self, Kind::*};

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE zoho_tag (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL, position INTEGER NOT NULL, is_active INTEGER NOT NULL,
            is_mandatory INTEGER NOT NULL, preference TEXT NOT NULL, detail TEXT NOT NULL, UNIQUE (org, name_key));
        CREATE TABLE zoho_tag_option (
            id INTEGER PRIMARY KEY, tag INTEGER NOT NULL, parent INTEGER, name TEXT NOT NULL, position INTEGER NOT NULL, is_active INTEGER NOT NULL,
            is_default INTEGER NOT NULL);
        CREATE INDEX zoho_tag_option_by_tag ON zoho_tag_option (tag, position);",
    )
}

/// Where a tag is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A whole document, payment or contact.
    Record,
    Line,
}

/// The table of operations asks for other scopes than the methods suggest.
pub fn method_of_scope(method: &Method, rest: &[&str]) -> Method {
    match (method.as_str(), rest) {
        ("POST", []) => Method::POST,
        ("POST", [_]) => Method::GET,
        ("POST", _) => Method::PUT,
        _ => method.clone(),
    }
}

pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    let asked = call.query.get("tag_id");
    match (call.method.as_str(), rest) {
        ("GET", []) => list(desk),
        ("POST", []) => write(desk, None, &call.json()?),
        ("PUT", ["reorder"]) => reorder(desk, &call.json()?),
        ("GET", ["options"]) => options::page(desk, &need(desk, asked.ok_or_else(|| Refusal::missing("tag_id"))?)?),
        ("GET", [id, "options", "all"]) => {
            let tag = need(desk, id)?;
            Ok(Answer::found("results", &Value::from(options::of(desk, tag.id)?).to_string()))
        }
        ("GET", [id]) => {
            let tag = need(desk, id)?;
            Ok(bare(desk, 200, "tag", &tag.shown(Some(options::of(desk, tag.id)?))))
        }
        ("PUT", [id]) => {
            let was = need(desk, id)?;
            write(desk, Some(was), &call.json()?)
        }
        ("DELETE", [id]) => delete(desk, &need(desk, id)?),
        ("PUT", [id, "options"]) => options::replace(desk, &need(desk, id)?, &call.json()?),
        ("POST", [id, word @ ("active" | "inactive")]) => {
            let tag = need(desk, id)?;
            desk.connection
                .prepare_cached("UPDATE zoho_tag SET is_active = ?2 WHERE id = ?1")?
                .execute((tag.id, *word == "active"))?;
            Ok(Answer::done(&format!("The reporting tag has been marked as {word}.")))
        }
        ("POST", [id, "option", option, word @ ("active" | "inactive")]) => {
            let tag = need(desk, id)?;
            let changed = desk
                .connection
                .prepare_cached("UPDATE zoho_tag_option SET is_active = ?3 WHERE id = ?1 AND tag = ?2")?
                .execute((option.parse::<i64>().unwrap_or_default(), tag.id, *word == "active"))?;
            if changed == 0 {
                Err(Refusal::absent("Option"))
            } else {
                Ok(Answer::done(&format!("The option has been marked as {word}.")))
            }
        }
        ("POST", [id]) => options::make_default(desk, &need(desk, id)?, call.query.get("default_option_id")),
        _ => Err(nowhere()),
    }
}

/// The tags of a body as records show them: checked, and with their names.
pub fn checked(desk: &Desk, value: &Value, level: Level) -> Result<Value, Refusal> {
    let sent = value.as_array().ok_or_else(|| Refusal::invalid("tags"))?;
    let mut shown: Vec<Value> = Vec::with_capacity(sent.len());
    for one in sent {
        let one = one.as_object().ok_or_else(|| Refusal::invalid("tags"))?;
        let tag = shape::id(one, "tag_id")?.ok_or_else(|| Refusal::missing("tag_id"))?;
        // Without an option the tag is taken off.
        let Some(option) = shape::id(one, "tag_option_id")? else { continue };
        let found = desk
            .connection
            .prepare_cached(
                "SELECT t.name, t.is_mandatory, t.is_active AND o.is_active, t.preference, o.name FROM zoho_tag t JOIN zoho_tag_option o ON o.tag = t.id
                 WHERE t.id = ?1 AND t.org = ?2 AND o.id = ?3",
            )?
            .query_row((tag, desk.org.id, option), |row| {
                let active: bool = row.get(2)?;
                let preference: String = row.get(3)?;
                let shown = json!({
                    "tag_id": tag.to_string(), "tag_name": row.get::<_, String>(0)?, "tag_option_id": option.to_string(),
                    "tag_option_name": row.get::<_, String>(4)?, "is_tag_mandatory": row.get::<_, bool>(1)?,
                });
                Ok((shown, active, preference))
            })
            .optional()?;
        let (tag, active, preference) = found.ok_or_else(|| Refusal::unknown("Reporting tag"))?;
        if !active {
            return Err(Refusal::new(2, format!("Invalid value passed for tags: {} is inactive.", tag["tag_name"])));
        }
        let of_lines = preference == "line_item";
        if of_lines != (level == Level::Line) && level_matters(desk, level, &preference) {
            return Err(Refusal::new(2, format!("Invalid value passed for tags: {} cannot be used here.", tag["tag_name"])));
        }
        if shown.iter().any(|other| other["tag_id"] == tag["tag_id"]) {
            return Err(Refusal::new(2, format!("Invalid value passed for tags: {} is given twice.", tag["tag_name"])));
        }
        shown.push(tag);
    }
    Ok(Value::Array(shown))
}

/// A tag without a preference is for contacts and items only, which are records.
fn level_matters(desk: &Desk, level: Level, preference: &str) -> bool {
    desk.on("zoho.tags_keep_to_their_level") && !(preference.is_empty() && level == Level::Record)
}

/// `PUT /contacts/{id}/tags`.
pub fn tag_contact(call: &Call, desk: &Desk, id: &str) -> Result<Answer, Refusal> {
    let id = id.parse().map_err(|_| Refusal::absent(Module::Contacts.noun()))?;
    let mut contact = records::need(desk, Module::Contacts, id)?;
    let body = call.json()?;
    let tags = checked(desk, body.get("tags").ok_or_else(|| Refusal::missing("tags"))?, Level::Record)?;
    contact.set("tags", tags);
    records::save(desk, Module::Contacts, &mut contact, false)?;
    Ok(Answer::done("The tags of the contact have been updated."))
}

pub struct Tag {
    pub id: i64,
    pub name: String,
    position: i64,
    is_active: bool,
    is_mandatory: bool,
    pub detail: Map<String, Value>,
}

impl Tag {
    fn shown(&self, options: Option<Vec<Value>>) -> Value {
        let mut shown = json!({
            "tag_id": self.id.to_string(), "tag_name": self.name, "tag_order": self.position, "is_active": self.is_active, "is_mandatory": self.is_mandatory,
        });
        for key in ["description", "entities", "multi_preference_entities"] {
            shown[key] = self.detail.get(key).cloned().unwrap_or_default();
        }
        if let Some(options) = options {
            shown["options"] = options.into();
        }
        shown
    }
}

const SELECT: &str = "SELECT id, name, position, is_active, is_mandatory, detail FROM zoho_tag";

fn from_row(row: &Row) -> rusqlite::Result<Tag> {
    let detail: String = row.get(5)?;
    Ok(Tag {
        id: row.get(0)?,
        name: row.get(1)?,
        position: row.get(2)?,
        is_active: row.get(3)?,
        is_mandatory: row.get(4)?,
        detail: serde_json::from_str(&detail).unwrap_or_default(),
    })
}

fn need(desk: &Desk, id: &str) -> Result<Tag, Refusal> {
    let id: i64 = id.parse().map_err(|_| Refusal::absent("Reporting tag"))?;
    let found = desk
        .connection
        .prepare_cached(&format!("{SELECT} WHERE id = ?1 AND org = ?2"))?
        .query_row((id, desk.org.id), from_row)
        .optional()?;
    found.ok_or_else(|| Refusal::absent("Reporting tag"))
}

fn all(desk: &Desk) -> Result<Vec<Tag>, Refusal> {
    let mut statement = desk.connection.prepare_cached(&format!("{SELECT} WHERE org = ?1 ORDER BY position, id"))?;
    let rows = statement.query_map([desk.org.id], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn list(desk: &Desk) -> Result<Answer, Refusal> {
    let rows: Vec<Value> = all(desk)?.iter().map(|tag| tag.shown(None)).collect();
    Ok(bare(desk, 200, "reporting_tags", &rows.into()))
}

/// The document of these calls declares neither code nor message, where all others do.
fn bare(desk: &Desk, status: u16, key: &str, value: &Value) -> Answer {
    if desk.on("zoho.reporting_tags_have_no_envelope") {
        return Answer { status, body: json!({key: value}).to_string() };
    }
    Answer::with(status, "success", key, &value.to_string())
}

const TAG: &[(&str, shape::Kind)] = &[
    ("tag_name", Guess(50)),
    ("description", Guess(500)),
    ("is_mandatory", Flag),
    ("entities", Any),
    ("multi_preference_entities", Any),
];
const ENTITIES: [&str; 5] = ["customers", "vendors", "items", "banking", "fixed_asset"];
const DOCUMENT_ENTITIES: [&str; 4] = ["sales", "purchases", "journals", "inventory_adjustment"];

fn write(desk: &Desk, was: Option<Tag>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    for name in ["tag_name", "entities", "multi_preference_entities"] {
        if body.get(name).is_none_or(Value::is_null) {
            return Err(Refusal::missing(name));
        }
    }
    let mut tag = match was {
        Some(tag) => tag,
        None => {
            let position = all(desk)?.last().map_or(1, |last| last.position + 1);
            let id = records::new_ids(desk, 1)?;
            Tag { id, name: String::new(), position, is_active: true, is_mandatory: false, detail: Map::new() }
        }
    };
    shape::take(desk, body, TAG, &mut tag.detail)?;
    tag.name = shape::text(&tag.detail, "tag_name").ok_or_else(|| Refusal::missing("tag_name"))?.to_owned();
    tag.is_mandatory = shape::flag(&tag.detail, "is_mandatory");
    check_entities("entities", tag.detail.get("entities"), &ENTITIES)?;
    let multi = tag.detail.get("multi_preference_entities").and_then(Value::as_object);
    let multi = multi.ok_or_else(|| Refusal::invalid("multi_preference_entities"))?;
    let preference = shape::text(multi, "preference").unwrap_or_default().to_owned();
    if !matches!(preference.as_str(), "" | "transaction" | "line_item") {
        return Err(Refusal::invalid("preference"));
    }
    if let Some(entities) = multi.get("entities") {
        check_entities("multi_preference_entities", Some(entities), &DOCUMENT_ENTITIES)?;
    }
    if all(desk)?.iter().any(|other| other.id != tag.id && other.name.to_lowercase() == tag.name.to_lowercase()) {
        return Err(Refusal::new(4, format!("The reporting tag \"{}\" already exists.", tag.name)));
    }
    desk.connection
        .prepare_cached(
            "INSERT OR REPLACE INTO zoho_tag (id, org, name, name_key, position, is_active, is_mandatory, preference, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(rusqlite::params![
            tag.id, desk.org.id, tag.name, tag.name.to_lowercase(), tag.position, tag.is_active, tag.is_mandatory, preference,
            Value::Object(tag.detail.clone()).to_string()
        ])?;
    let shown = tag.shown(Some(options::of(desk, tag.id)?));
    Ok(bare(desk, if new { 201 } else { 200 }, "tag", &shown))
}

fn check_entities(name: &str, list: Option<&Value>, known: &[&str]) -> Result<(), Refusal> {
    let right =
        |one: &Value| one["entity_name"].as_str().is_some_and(|entity| known.contains(&entity)) && one["is_enabled"].is_boolean();
    match list.and_then(Value::as_array) {
        Some(list) if list.iter().all(right) => Ok(()),
        _ => Err(Refusal::invalid(name)),
    }
}

fn delete(desk: &Desk, tag: &Tag) -> Result<Answer, Refusal> {
    if options::is_used(desk, "tag_id", tag.id)? {
        return Err(Refusal::new(36, "The reporting tag is used in transactions and cannot be deleted. Mark it as inactive."));
    }
    desk.connection.prepare_cached("DELETE FROM zoho_tag_option WHERE tag = ?1")?.execute([tag.id])?;
    desk.connection.prepare_cached("DELETE FROM zoho_tag WHERE id = ?1")?.execute([tag.id])?;
    Ok(Answer::done("The reporting tag has been deleted."))
}

fn reorder(desk: &Desk, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let ids = match body.get("tag_ids") {
        Some(Value::String(ids)) => ids.split(',').map(|id| id.trim().to_owned()).collect(),
        Some(Value::Array(ids)) => ids.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect::<Vec<_>>(),
        _ => return Err(Refusal::missing("tag_ids")),
    };
    let tags = ids.iter().map(|id| need(desk, id)).collect::<Result<Vec<_>, _>>()?;
    for (tag, position) in tags.iter().zip(1_i64..) {
        desk.connection.prepare_cached("UPDATE zoho_tag SET position = ?2 WHERE id = ?1")?.execute((tag.id, position))?;
    }
    let rows: Vec<Value> = all(desk)?.iter().map(|tag| tag.shown(None)).collect();
    Ok(Answer::found("tags", &Value::from(rows).to_string()))
}
