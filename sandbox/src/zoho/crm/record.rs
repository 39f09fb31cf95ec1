//! Records in the store: reading, writing, and the index of values that are looked for.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::desk::Desk;
use super::field::{Field, Fields, Kind};
use super::module::Module;
use crate::zoho::tables;

/// One record. Lookups in `data` hold only the id; names are put in when it is shown.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: i64,
    pub name: String,
    /// What a note or an attachment hangs on.
    pub parent: Option<i64>,
    pub owner: i64,
    pub created: i64,
    pub modified: i64,
    pub created_by: i64,
    pub modified_by: i64,
    pub data: Map<String, Value>,
    /// The rows of the subform.
    pub lines: Option<Vec<Value>>,
}

/// The columns that `from_row` reads.
pub const COLUMNS: &str = "id, name, parent, owner, created, modified, created_by, modified_by, data, lines";
/// The same without the rows of subforms, for lists.
pub const LIST_COLUMNS: &str = "id, name, parent, owner, created, modified, created_by, modified_by, data, NULL";

impl Record {
    pub fn new(desk: &Desk) -> Result<Self, Refusal> {
        let me = desk.org.me().id;
        let now = desk.now.timestamp();
        Ok(Self {
            id: tables::take(desk.connection, tables::IDS, 1)?,
            name: String::new(),
            parent: None,
            owner: me,
            created: now,
            modified: now,
            created_by: me,
            modified_by: me,
            data: Map::new(),
            lines: None,
        })
    }

    pub fn text(&self, name: &str) -> &str {
        self.data.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn display_name(&self, module: Module) -> String {
        match module.display_field() {
            "Full_Name" => format!("{} {}", self.text("First_Name"), self.text("Last_Name")).trim().to_owned(),
            field => self.text(field).to_owned(),
        }
    }
}

pub fn from_row(row: &Row) -> rusqlite::Result<Record> {
    let (data, lines): (String, Option<String>) = (row.get(8)?, row.get(9)?);
    Ok(Record {
        id: row.get(0)?,
        name: row.get(1)?,
        parent: row.get(2)?,
        owner: row.get(3)?,
        created: row.get(4)?,
        modified: row.get(5)?,
        created_by: row.get(6)?,
        modified_by: row.get(7)?,
        data: serde_json::from_str(&data).unwrap_or_default(),
        lines: lines.and_then(|lines| serde_json::from_str(&lines).ok()),
    })
}

/// The record with this id, if the organisation has it in this module.
pub fn read(desk: &Desk, module: Module, id: i64) -> Result<Option<Record>, Refusal> {
    let record = desk
        .connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM zoho_crm_record WHERE id = ?1 AND org = ?2 AND module = ?3"))?
        .query_row((id, desk.org.id, module as i64), from_row)
        .optional()?;
    Ok(record)
}

/// What a lookup shows of the record it points at.
pub fn name_of(desk: &Desk, module: Module, id: i64) -> Result<Option<String>, Refusal> {
    let name = desk
        .connection
        .prepare_cached("SELECT name FROM zoho_crm_record WHERE id = ?1 AND org = ?2 AND module = ?3")?
        .query_row((id, desk.org.id, module as i64), |row| row.get(0))
        .optional()?;
    Ok(name)
}

/// The module and name of a record of any module, for parents.
pub fn whose(connection: &Connection, org: i64, id: i64) -> Result<Option<(Module, String)>, Refusal> {
    let found = connection
        .prepare_cached("SELECT module, name FROM zoho_crm_record WHERE id = ?1 AND org = ?2")?
        .query_row((id, org), |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.and_then(|(number, name)| Some((Module::numbered(number)?, name))))
}

/// The first two records whose indexed field has this value: none, the one, or too many.
pub fn find(desk: &Desk, module: Module, field: &Field, value: &str) -> Result<Vec<i64>, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT record FROM zoho_crm_value WHERE org = ?1 AND module = ?2 AND field = ?3 AND value = ?4 ORDER BY record LIMIT 2",
    )?;
    let rows = statement.query_map((desk.org.id, module as i64, &*field.api_name, field.key(value)), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes a record and its index.
pub fn save(desk: &Desk, module: Module, fields: &Fields, record: &mut Record, new: bool) -> Result<(), Refusal> {
    record.name = record.display_name(module);
    let lines = record.lines.as_ref().map(|lines| Value::from(lines.clone()).to_string());
    let data = Value::Object(record.data.clone()).to_string();
    if new {
        desk.connection
            .prepare_cached(
                "INSERT INTO zoho_crm_record (id, org, module, name, parent, owner, created, modified, created_by, modified_by, data, lines)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(rusqlite::params![
                record.id, desk.org.id, module as i64, record.name, record.parent, record.owner, record.created, record.modified,
                record.created_by, record.modified_by, data, lines
            ])?;
    } else {
        desk.connection
            .prepare_cached(
                "UPDATE zoho_crm_record SET name = ?2, parent = ?3, owner = ?4, modified = ?5, modified_by = ?6, data = ?7, lines = ?8 WHERE id = ?1",
            )?
            .execute(rusqlite::params![
                record.id, record.name, record.parent, record.owner, record.modified, record.modified_by, data, lines
            ])?;
        desk.connection.prepare_cached("DELETE FROM zoho_crm_value WHERE record = ?1")?.execute([record.id])?;
    }
    index(desk, module, fields, record)
}

fn index(desk: &Desk, module: Module, fields: &Fields, record: &Record) -> Result<(), Refusal> {
    let mut insert = desk
        .connection
        .prepare_cached("INSERT OR IGNORE INTO zoho_crm_value (org, module, field, value, record) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (_, field) in fields.all().filter(|(_, field)| field.is_indexed(module)) {
        if let Some(value) = indexed(record, field) {
            insert.execute((desk.org.id, module as i64, &*field.api_name, field.key(&value), record.id))?;
        }
    }
    Ok(())
}

/// The value of a field as text, if it has one.
pub fn indexed(record: &Record, field: &Field) -> Option<String> {
    match record.data.get(&*field.api_name)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(_) if field.kind == Kind::Lookup => None,
        _ => None,
    }
}

/// Puts every value of a field that became unique or external into the index. False when two records share one.
pub fn index_field(desk: &Desk, module: Module, field: &Field) -> Result<bool, Refusal> {
    let path = format!("$.\"{}\"", field.api_name);
    let exact = field.external.is_some() || field.unique.is_some_and(|unique| unique.case_sensitive);
    let value = if exact { "json_extract(data, ?3)" } else { "lower(json_extract(data, ?3))" };
    desk.connection.execute(
        &format!(
            "INSERT OR IGNORE INTO zoho_crm_value (org, module, field, value, record)
             SELECT org, module, ?4, {value}, id FROM zoho_crm_record WHERE org = ?1 AND module = ?2 AND json_extract(data, ?3) IS NOT NULL"
        ),
        (desk.org.id, module as i64, path, &*field.api_name),
    )?;
    let shared: bool = desk.connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM zoho_crm_value WHERE org = ?1 AND module = ?2 AND field = ?3 GROUP BY value HAVING count(*) > 1)",
        (desk.org.id, module as i64, &*field.api_name),
        |row| row.get(0),
    )?;
    Ok(!shared)
}

/// Into the recycle bin, with what hangs on it. False: there was none.
pub fn remove(desk: &Desk, module: Module, id: i64) -> Result<bool, Refusal> {
    let moved = desk
        .connection
        .prepare_cached(
            "INSERT INTO zoho_crm_deleted (id, org, module, name, created_by, deleted_by, deleted)
             SELECT id, org, module, name, created_by, ?4, ?5 FROM zoho_crm_record WHERE id = ?1 AND org = ?2 AND module = ?3",
        )?
        .execute((id, desk.org.id, module as i64, desk.org.me().id, desk.now.timestamp()))?;
    if moved == 0 {
        return Ok(false);
    }
    for text in [
        "DELETE FROM zoho_crm_file WHERE record = ?1 OR record IN (SELECT id FROM zoho_crm_record WHERE parent = ?1)",
        "DELETE FROM zoho_crm_value WHERE record = ?1 OR record IN (SELECT id FROM zoho_crm_record WHERE parent = ?1)",
        "DELETE FROM zoho_crm_record WHERE id = ?1 OR parent = ?1",
    ] {
        desk.connection.prepare_cached(text)?.execute([id])?;
    }
    Ok(true)
}
