//! Small things an organisation keeps beside its records, as cards of one index: users, functions, plans, reports and the like.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::paging::Paging;
use super::records::{self, Desk};
use super::time;

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE zoho_card (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, name_key TEXT NOT NULL, owner INTEGER, detail TEXT NOT NULL);
        CREATE INDEX zoho_card_by_name ON zoho_card (org, kind, name_key);
        CREATE INDEX zoho_card_by_owner ON zoho_card (owner) WHERE owner IS NOT NULL;",
    )
}

/// What sort of card, and how Zoho speaks of it.
#[derive(Debug)]
pub struct Kind {
    /// The key of one in an answer; also what the index files it under.
    pub key: &'static str,
    pub list_key: &'static str,
    pub id_key: &'static str,
    /// As in messages: "Plan does not exist."
    pub noun: &'static str,
}

/// One card. The name is what it is found by: a plan's code, a user's address.
#[derive(Clone, Debug)]
pub struct Card {
    pub id: i64,
    pub name: String,
    /// The record or card it belongs to.
    pub owner: Option<i64>,
    pub detail: Map<String, Value>,
}

impl Card {
    pub fn new(desk: &Desk) -> Result<Self, Refusal> {
        Ok(Self { id: records::new_ids(desk, 1)?, name: String::new(), owner: None, detail: Map::new() })
    }

    pub fn text(&self, key: &str) -> &str {
        self.detail.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.detail.insert(key.to_owned(), value.into());
    }

    pub fn json(&self) -> String {
        Value::Object(self.detail.clone()).to_string()
    }
}

const SELECT: &str = "SELECT id, name, owner, detail FROM zoho_card";

fn from_row(row: &Row) -> rusqlite::Result<Card> {
    let detail: String = row.get(3)?;
    Ok(Card { id: row.get(0)?, name: row.get(1)?, owner: row.get(2)?, detail: serde_json::from_str(&detail).unwrap_or_default() })
}

/// By the id in an address.
pub fn need(desk: &Desk, kind: &Kind, id: &str) -> Result<Card, Refusal> {
    let id: i64 = id.parse().map_err(|_| Refusal::absent(kind.noun))?;
    let found = desk
        .connection
        .prepare_cached(&format!("{SELECT} WHERE id = ?1 AND org = ?2 AND kind = ?3"))?
        .query_row((id, desk.org.id, kind.key), from_row)
        .optional()?;
    found.ok_or_else(|| Refusal::absent(kind.noun))
}

/// By its name, whatever the case.
pub fn named(desk: &Desk, kind: &Kind, name: &str) -> Result<Option<Card>, Refusal> {
    let found = desk
        .connection
        .prepare_cached(&format!("{SELECT} WHERE org = ?1 AND kind = ?2 AND name_key = ?3 ORDER BY id LIMIT 1"))?
        .query_row((desk.org.id, kind.key, name.to_lowercase()), from_row)
        .optional()?;
    Ok(found)
}

/// Code 4 when another card of this kind has the name.
pub fn name_is_free(desk: &Desk, kind: &Kind, card: &Card) -> Result<(), Refusal> {
    match named(desk, kind, &card.name)? {
        Some(other) if other.id != card.id => {
            Err(Refusal::new(4, format!("The {} \"{}\" already exists.", kind.noun.to_lowercase(), card.name)))
        }
        _ => Ok(()),
    }
}

/// Stamps the card and files it.
pub fn save(desk: &Desk, kind: &Kind, card: &mut Card) -> Result<(), Refusal> {
    let stamp = time::stamp(desk.now.timestamp(), &desk.org.time_zone);
    card.set(kind.id_key, card.id.to_string());
    card.detail.entry("created_time").or_insert_with(|| stamp.clone().into());
    card.set("last_modified_time", stamp);
    desk.connection
        .prepare_cached(
            "INSERT OR REPLACE INTO zoho_card (id, org, kind, name, name_key, owner, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((card.id, desk.org.id, kind.key, &card.name, card.name.to_lowercase(), card.owner, card.json()))?;
    Ok(())
}

pub fn remove(desk: &Desk, card: &Card) -> Result<(), Refusal> {
    desk.connection.prepare_cached("DELETE FROM zoho_card WHERE id = ?1")?.execute([card.id])?;
    Ok(())
}

/// A page of them, the oldest first; of one owner when asked.
pub fn page(desk: &Desk, kind: &Kind, paging: Paging, owner: Option<i64>) -> Result<Answer, Refusal> {
    let mut statement = desk.connection.prepare_cached(&format!(
        "{SELECT} WHERE org = ?1 AND kind = ?2 AND (?3 IS NULL OR owner = ?3) ORDER BY id LIMIT ?4 OFFSET ?5"
    ))?;
    let rows = statement.query_map((desk.org.id, kind.key, owner, paging.limit(), paging.offset()), from_row)?;
    let rows = rows.map(|card| card.map(|card| Value::Object(card.detail))).collect::<Result<_, _>>()?;
    Ok(paging.answer(kind.list_key, rows))
}

/// All cards of this kind that belong to one owner, the oldest first.
pub fn of_owner(desk: &Desk, kind: &Kind, owner: i64) -> Result<Vec<Card>, Refusal> {
    let mut statement =
        desk.connection.prepare_cached(&format!("{SELECT} WHERE owner = ?1 AND kind = ?2 AND org = ?3 ORDER BY id"))?;
    let rows = statement.query_map((owner, kind.key, desk.org.id), from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The answer to a write.
pub fn written(kind: &Kind, card: &Card, status: u16) -> Answer {
    let done = if status == 201 { "created" } else { "updated" };
    Answer::with(status, &format!("The {} has been {done}.", kind.noun.to_lowercase()), kind.key, &card.json())
}

pub fn deleted(kind: &Kind) -> Answer {
    Answer::done(&format!("The {} has been deleted.", kind.noun.to_lowercase()))
}
