//! Tags of modules, and putting them on records.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, rows};
use super::call::Call;
use super::desk::Desk;
use super::module::Module;
use super::record;
use super::scopes::Operation;
use crate::zoho::tables;

/// Tags that records name exist from then on.
pub fn ensure(desk: &Desk, module: Module, names: &[&str]) -> Result<(), Refusal> {
    for name in names {
        let known: bool = desk
            .connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_crm_tag WHERE org = ?1 AND module = ?2 AND name = ?3)")?
            .query_row((desk.org.id, module as i64, name), |row| row.get(0))?;
        if !known {
            make(desk, module, name, None)?;
        }
    }
    Ok(())
}

fn make(desk: &Desk, module: Module, name: &str, color: Option<&str>) -> Result<i64, Refusal> {
    let id = tables::take(desk.connection, tables::IDS, 1)?;
    desk.connection
        .prepare_cached(
            "INSERT INTO zoho_crm_tag (id, org, module, name, color_code, created, modified) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)",
        )?
        .execute((id, desk.org.id, module as i64, name, color, desk.now.timestamp()))?;
    Ok(id)
}

/// `/settings/tags?module=`.
pub fn settings(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    let module = Module::of_records(call.need("module")?).ok_or_else(Refusal::invalid_module)?;
    match call.method.as_str() {
        "GET" => {
            desk.permitted("settings.tags", Operation::Read)?;
            list(desk, module)
        }
        "POST" => {
            desk.permitted("settings.tags", Operation::Create)?;
            create(desk, module, &call.json()?)
        }
        _ => Err(Refusal::wrong_method()),
    }
}

fn list(desk: &Desk, module: Module) -> Result<Answer, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT id, name, color_code, created, modified FROM zoho_crm_tag WHERE org = ?1 AND module = ?2 ORDER BY id",
    )?;
    let tags = statement
        .query_map((desk.org.id, module as i64), |row| {
            Ok(json!({
                "id": row.get::<_, i64>(0)?.to_string(), "name": row.get::<_, String>(1)?, "color_code": row.get::<_, Option<String>>(2)?,
                "created_time": desk.org.stamp(row.get(3)?), "modified_time": desk.org.stamp(row.get(4)?),
                "created_by": desk.org.me().json(), "modified_by": desk.org.me().json(),
            }))
        })?
        .collect::<Result<Vec<Value>, _>>()?;
    if tags.is_empty() {
        return Ok(Answer::nothing());
    }
    let info = json!({"count": tags.len(), "allowed_count": 100});
    Ok(Answer::json(200, &json!({"tags": tags, "info": info})))
}

fn create(desk: &Desk, module: Module, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let tags = body.get("tags").and_then(Value::as_array).ok_or_else(|| Refusal::mandatory("tags", "$.tags"))?;
    let mut answers = Vec::with_capacity(tags.len());
    for (at, tag) in tags.iter().enumerate() {
        let path = format!("$.tags[{at}].name");
        let Some(name) = tag["name"].as_str().filter(|name| !name.is_empty()) else {
            answers.push(Refusal::mandatory("name", &path).json());
            continue;
        };
        if name.chars().count() > 25 {
            answers.push(Refusal::too_long(25, "name", &path).json());
            continue;
        }
        let known: bool = desk.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM zoho_crm_tag WHERE org = ?1 AND module = ?2 AND name = ?3)",
            (desk.org.id, module as i64, name),
            |row| row.get(0),
        )?;
        if known {
            answers.push(Refusal::new("DUPLICATE_DATA", "duplicate data", json!({"api_name": "name", "json_path": path})).json());
            continue;
        }
        let id = make(desk, module, name, tag["color_code"].as_str())?;
        let stamp = desk.org.stamp(desk.now.timestamp());
        let me = desk.org.me().json();
        answers.push(done(
            "tags created successfully",
            json!({"id": id.to_string(), "created_time": stamp, "modified_time": stamp, "created_by": me, "modified_by": me, "color_code": tag["color_code"]}),
        ));
    }
    Ok(rows("tags", answers, 201, 400))
}

/// `POST /{module}/{id}/actions/add_tags` and `remove_tags`.
pub fn of_record(call: &Call, desk: &Desk, module: Module, id: i64, add: bool) -> Result<Answer, Refusal> {
    let Some(mut record) = record::read(desk, module, id)? else { return Err(Refusal::unknown_id(&id.to_string())) };
    let body = call.json()?;
    let sent = body.get("tags").and_then(Value::as_array).ok_or_else(|| Refusal::mandatory("tags", "$.tags"))?;
    let named: Vec<&str> = sent.iter().filter_map(|tag| tag["name"].as_str()).collect();
    let mut names: Vec<String> = match record.data.get("Tag") {
        Some(Value::Array(tags)) => tags.iter().filter_map(|tag| tag["name"].as_str()).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    names.retain(|name| !named.contains(&name.as_str()));
    if add {
        names.extend(named.iter().map(|name| (*name).to_owned()));
        ensure(desk, module, &named)?;
    }
    record.data.insert("Tag".into(), names.iter().map(|name| json!({"name": name})).collect());
    record.modified = desk.now.timestamp();
    record::save(desk, module, &desk.fields(module)?, &mut record, false)?;
    let message = if add { "tags updated successfully" } else { "tags removed successfully" };
    Ok(Answer::json(200, &json!({"data": [done(message, json!({"id": id.to_string(), "tags": names}))]})))
}
