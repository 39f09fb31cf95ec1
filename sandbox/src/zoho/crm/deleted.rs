//! `GET /{module}/deleted`: what is in the recycle bin, and what has left it.

use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::desk::Desk;
use super::list;
use super::module::Module;

/// The bin is emptied of what is older.
const RECYCLED_S: i64 = 60 * 24 * 3600;

pub fn page(call: &Call, desk: &Desk, module: Module) -> Result<Answer, Refusal> {
    let kind = call.param("type").unwrap_or("all");
    if !matches!(kind, "all" | "recycle" | "permanent") {
        return Err(Refusal::param_invalid("type"));
    }
    let (page, per_page) = (call.figure("page", 1, u32::MAX)?, call.figure("per_page", list::PAGE_MAX, list::PAGE_MAX)?);
    let since = list::since(call)?;
    let gone_before = desk.now.timestamp() - RECYCLED_S;
    let mut statement = desk.connection.prepare_cached(
        "SELECT id, name, created_by, deleted_by, deleted FROM zoho_crm_deleted
         WHERE org = ?1 AND module = ?2 AND deleted > ?3 AND (?4 = 'all' OR (?4 = 'permanent') = (deleted < ?5))
         ORDER BY deleted DESC, id DESC LIMIT ?6 OFFSET ?7",
    )?;
    let person =
        |id: i64| desk.org.person(id).map_or(Value::Null, |user| json!({"name": user.name(), "id": user.id.to_string()}));
    let offset = i64::from(page - 1) * i64::from(per_page);
    let rows = statement.query_map(
        rusqlite::params![
            desk.org.id,
            module as i64,
            since.unwrap_or(i64::MIN),
            kind,
            gone_before,
            i64::from(per_page) + 1,
            offset
        ],
        |row| {
            let deleted: i64 = row.get(4)?;
            let permanent = deleted < gone_before;
            let kept = |value: Value| if permanent { Value::Null } else { value };
            Ok(json!({
                "id": row.get::<_, i64>(0)?.to_string(), "display_name": kept(row.get::<_, String>(1)?.into()),
                "type": if permanent { "permanent" } else { "recycle" }, "created_by": kept(person(row.get(2)?)),
                "deleted_by": kept(person(row.get(3)?)), "deleted_time": desk.org.stamp(deleted),
            }))
        },
    )?;
    let mut data = rows.collect::<Result<Vec<Value>, _>>()?;
    let more = data.len() > per_page as usize;
    data.truncate(per_page as usize);
    if data.is_empty() {
        return Ok(if since.is_some() { Answer::not_modified() } else { Answer::nothing() });
    }
    let info = json!({"per_page": per_page, "count": data.len(), "page": page, "more_records": more});
    Ok(Answer::json(200, &json!({"data": data, "info": info})))
}
