//! The options of a reporting tag: read as a tree, replaced as a whole.

use serde_json::{Map, Value, json};

use super::tags::Tag;
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::records::{self, Desk};
use crate::zoho::shape;

/// The options of a tag, children inside their parents.
pub fn of(desk: &Desk, tag: i64) -> Result<Vec<Value>, Refusal> {
    let mut statement = desk
        .connection
        .prepare_cached("SELECT id, parent, name, is_active, is_default FROM zoho_tag_option WHERE tag = ?1 ORDER BY position")?;
    let rows = statement.query_map([tag], |row| {
        let shown = json!({"option_id": row.get::<_, i64>(0)?.to_string(), "option_name": row.get::<_, String>(2)?, "is_active": row.get::<_, bool>(3)?,
                           "is_default": row.get::<_, bool>(4)?, "children": []});
        Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?, shown))
    })?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(below(None, &rows))
}

fn below(parent: Option<i64>, rows: &[(i64, Option<i64>, Value)]) -> Vec<Value> {
    let children = rows.iter().filter(|(_, of, _)| *of == parent);
    children
        .map(|(id, _, shown)| {
            let mut shown = shown.clone();
            shown["children"] = below(Some(*id), rows).into();
            shown
        })
        .collect()
}

pub fn page(desk: &Desk, tag: &Tag) -> Result<Answer, Refusal> {
    let description = tag.detail.get("description").cloned().unwrap_or_default();
    let body = json!({
        "code": 0, "message": "success", "tag_id": tag.id.to_string(), "tag_name": tag.name, "description": description, "is_class": false, "is_draft": false,
        "dependent_tags": [], "options": of(desk, tag.id)?,
        "page_context": {"page": 1, "per_page": 200, "has_more_page": false, "report_name": "Reporting Tags", "sort_column": "option_name", "sort_order": "A"},
    });
    Ok(Answer { status: 200, body: body.to_string() })
}

/// `PUT /reportingtags/{id}/options`: the list as sent is the list from now on; an option that is not in it is gone.
pub fn replace(desk: &Desk, tag: &Tag, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let sent = body.get("options").and_then(Value::as_array).ok_or_else(|| Refusal::missing("options"))?;
    let mut flat = Vec::new();
    flatten(desk, sent, None, &mut flat)?;
    let mut statement = desk.connection.prepare_cached("SELECT id FROM zoho_tag_option WHERE tag = ?1")?;
    let had = statement.query_map([tag.id], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?;
    if flat.iter().any(|option| !option.new && !had.contains(&option.id)) {
        return Err(Refusal::unknown("Option"));
    }
    for (index, option) in flat.iter().enumerate() {
        let twin = |other: &Choice| {
            other.id == option.id || other.parent == option.parent && other.name.to_lowercase() == option.name.to_lowercase()
        };
        if flat[..index].iter().any(twin) {
            return Err(Refusal::new(4, format!("The option \"{}\" already exists.", option.name)));
        }
    }
    for gone in had.iter().filter(|id| !flat.iter().any(|option| option.id == **id)) {
        if is_used(desk, "tag_option_id", *gone)? {
            return Err(Refusal::new(36, "An option is used in transactions and cannot be deleted. Mark it as inactive."));
        }
    }
    desk.connection.prepare_cached("DELETE FROM zoho_tag_option WHERE tag = ?1")?.execute([tag.id])?;
    for (option, position) in flat.iter().zip(1_i64..) {
        desk.connection
            .prepare_cached("INSERT INTO zoho_tag_option (id, tag, parent, name, position, is_active, is_default) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute((option.id, tag.id, option.parent, &option.name, position, option.is_active, option.is_default))?;
    }
    Ok(Answer::done("The options of the reporting tag have been updated."))
}

struct Choice {
    id: i64,
    new: bool,
    parent: Option<i64>,
    name: String,
    is_active: bool,
    is_default: bool,
}

fn flatten(desk: &Desk, sent: &[Value], parent: Option<i64>, into: &mut Vec<Choice>) -> Result<(), Refusal> {
    for one in sent {
        let one = one.as_object().ok_or_else(|| Refusal::invalid("options"))?;
        let name = shape::text(one, "option_name").ok_or_else(|| Refusal::missing("option_name"))?;
        shape::length("option_name", name, 100)?;
        let given = shape::id(one, "option_id")?;
        let id = match given {
            Some(id) => id,
            None => records::new_ids(desk, 1)?,
        };
        let is_active = one.get("is_active").is_none_or(|_| shape::flag(one, "is_active"));
        let is_default = shape::flag(one, "is_default");
        if is_default && into.iter().any(|other| other.is_default) {
            return Err(Refusal::invalid("is_default"));
        }
        into.push(Choice { id, new: given.is_none(), parent, name: name.to_owned(), is_active, is_default });
        if let Some(children) = one.get("children").and_then(Value::as_array) {
            flatten(desk, children, Some(id), into)?;
        }
    }
    Ok(())
}

pub fn make_default(desk: &Desk, tag: &Tag, option: Option<&str>) -> Result<Answer, Refusal> {
    let option: i64 = option.and_then(|id| id.parse().ok()).ok_or_else(|| Refusal::missing("default_option_id"))?;
    let known: bool = desk
        .connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_tag_option WHERE id = ?1 AND tag = ?2)")?
        .query_row((option, tag.id), |row| row.get(0))?;
    if !known {
        return Err(Refusal::absent("Option"));
    }
    desk.connection
        .prepare_cached("UPDATE zoho_tag_option SET is_default = (id = ?2) WHERE tag = ?1")?
        .execute((tag.id, option))?;
    Ok(Answer::done("The option has been marked as default."))
}

/// Whether any record carries this tag or option. Rare enough to look everywhere.
pub fn is_used(desk: &Desk, key: &str, id: i64) -> Result<bool, Refusal> {
    Ok(desk
        .connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_record WHERE org = ?1 AND instr(detail, ?2) > 0)")?
        .query_row((desk.org.id, format!("\"{key}\":\"{id}\"")), |row| row.get(0))?)
}
