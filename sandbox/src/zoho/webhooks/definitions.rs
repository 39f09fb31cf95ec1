//! `settings/webhooks`: where a firing goes and what it carries.

use rusqlite::OptionalExtension;
use serde_json::{Map, Value, json};
use url::Url;

use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::module::Module;
use crate::zoho::paging::Paging;
use crate::zoho::records::{self, Desk};
use crate::zoho::shape::{self, Kind::*};
use crate::zoho::time;

pub const METHODS: &[&str] = &["POST", "PUT", "DELETE"];

const WEBHOOK: &[(&str, shape::Kind)] = &[
    ("webhook_name", Text(50)),
    ("description", Text(100)),
    ("method", Choice(METHODS)),
    ("url", Text(5000)),
    ("entity_parameters", Any),
    ("additional_parameters", Any),
    ("query_parameters", Any),
    ("form_data", Any),
    ("headers", Any),
    ("user_defined_format_name", Guess(100)),
    ("user_defined_format_value", Text(100_000)),
    ("secret", Text(50)),
    ("body_type", Choice(&["raw", "form-data"])),
    ("raw_data", Text(100_000)),
    ("is_new_response_format", Flag),
];

/// Members that are lists of `{"param_name", "param_value"}`.
const PAIRS: [&str; 5] = ["entity_parameters", "additional_parameters", "query_parameters", "form_data", "headers"];

/// The shortest secret that is taken.
const SECRET_MIN: usize = 12;

pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET", []) => list(desk, Paging::asked(&call.query)?),
        ("GET", ["editpage"]) => Ok(edit_page()),
        ("GET", [id]) => Ok(Answer::found("webhook", &shown(need(desk, id)?).to_string())),
        ("POST", []) => write(desk, None, &call.json()?, 201),
        ("PUT", [id]) => {
            let was = need(desk, id)?;
            write(desk, Some(was), &call.json()?, 200)
        }
        ("DELETE", [id]) => delete(desk, id),
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}

/// One webhook as it is kept, its secret included.
pub struct Webhook {
    pub id: i64,
    pub detail: Map<String, Value>,
}

pub fn read(desk: &Desk, id: i64) -> Result<Option<Webhook>, Refusal> {
    let detail: Option<String> = desk
        .connection
        .prepare_cached("SELECT detail FROM zoho_webhook WHERE id = ?1 AND org = ?2")?
        .query_row((id, desk.org.id), |row| row.get(0))
        .optional()?;
    Ok(detail.map(|detail| Webhook { id, detail: serde_json::from_str(&detail).unwrap_or_default() }))
}

fn need(desk: &Desk, id: &str) -> Result<Webhook, Refusal> {
    let found = id.parse().ok().map(|id| read(desk, id)).transpose()?.flatten();
    found.ok_or_else(|| Refusal::absent("Webhook"))
}

/// The secret is never shown again.
fn shown(webhook: Webhook) -> Value {
    let mut detail = webhook.detail;
    detail.insert("is_secret_set".into(), detail.contains_key("secret").into());
    detail.remove("secret");
    Value::Object(detail)
}

fn list(desk: &Desk, paging: Paging) -> Result<Answer, Refusal> {
    let mut statement =
        desk.connection.prepare_cached("SELECT id, detail FROM zoho_webhook WHERE org = ?1 ORDER BY id LIMIT ?2 OFFSET ?3")?;
    let rows = statement.query_map((desk.org.id, paging.limit(), paging.offset()), |row| {
        let detail: String = row.get(1)?;
        Ok(shown(Webhook { id: row.get(0)?, detail: serde_json::from_str(&detail).unwrap_or_default() }))
    })?;
    Ok(paging.answer("webhooks", rows.collect::<Result<_, _>>()?))
}

fn write(desk: &Desk, was: Option<Webhook>, body: &Map<String, Value>, status: u16) -> Result<Answer, Refusal> {
    let new = was.is_none();
    let mut webhook = match was {
        Some(webhook) => webhook,
        None => Webhook { id: records::new_ids(desk, 1)?, detail: Map::new() },
    };
    let detail = &mut webhook.detail;
    shape::take(desk, body, WEBHOOK, detail)?;
    let url = shape::text(detail, "url").ok_or_else(|| Refusal::missing("url"))?;
    if !Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some()) {
        return Err(Refusal::invalid("url"));
    }
    if let Some(secret) = shape::text(detail, "secret")
        && (secret.len() < SECRET_MIN || !secret.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    {
        return Err(Refusal::invalid("secret"));
    }
    for name in PAIRS {
        if let Some(list) = detail.get(name) {
            check_pairs(name, list)?;
        }
    }
    if let Some(entity) = shape::text(body, "entity") {
        let lenient = desk.on("zoho.entity_spellings_lenient");
        let module = Module::of_entity(entity, lenient).ok_or_else(|| Refusal::invalid("entity"))?;
        detail.insert("entity".into(), module.entity().into());
    }
    let stamp = time::stamp(desk.now.timestamp(), &desk.org.time_zone);
    detail.entry("webhook_name").or_insert_with(|| "Webhook".into());
    detail.entry("method").or_insert_with(|| "POST".into());
    detail.insert("webhook_id".into(), webhook.id.to_string().into());
    detail.entry("created_time").or_insert_with(|| stamp.clone().into());
    detail.insert("last_modified_time".into(), stamp.into());
    let module = shape::text(detail, "entity").and_then(|entity| Module::of_entity(entity, true)).map(|module| module as i64);
    let name = shape::text(detail, "webhook_name").unwrap_or_default();
    desk.connection
        .prepare_cached("INSERT OR REPLACE INTO zoho_webhook (id, org, module, name, detail) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute((webhook.id, desk.org.id, module, name, Value::from(detail.clone()).to_string()))?;
    let done = if new { "created" } else { "updated" };
    Ok(Answer::with(status, &format!("Webhook has been {done}."), "webhook", &shown(webhook).to_string()))
}

fn check_pairs(name: &str, list: &Value) -> Result<(), Refusal> {
    let whole =
        |pair: &Value| pair["param_name"].as_str().is_some_and(|name| !name.is_empty()) && pair["param_value"].is_string();
    match list.as_array() {
        Some(list) if list.iter().all(whole) => Ok(()),
        _ => Err(Refusal::invalid(name)),
    }
}

fn delete(desk: &Desk, id: &str) -> Result<Answer, Refusal> {
    let webhook = need(desk, id)?;
    let used: bool = desk
        .connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_workflow WHERE webhook = ?1)")?
        .query_row([webhook.id], |row| row.get(0))?;
    if used {
        return Err(Refusal::new(36, "The webhook is used in a workflow rule and cannot be deleted."));
    }
    desk.connection.prepare_cached("DELETE FROM zoho_webhook WHERE id = ?1")?.execute([webhook.id])?;
    Ok(Answer::done("Webhook has been deleted."))
}

/// What a form for a webhook would offer.
fn edit_page() -> Answer {
    let body =
        json!({"code": 0, "message": "success", "entities": entities(), "methods": METHODS, "body_types": ["raw", "form-data"]});
    Answer { status: 200, body: body.to_string() }
}

pub fn entities() -> Vec<&'static str> {
    Module::ALL.into_iter().filter(|module| of_rules(*module)).map(Module::entity).collect()
}

/// Rules can be made for records that people work with; settings have none.
pub fn of_rules(module: Module) -> bool {
    !matches!(module, Module::Currencies | Module::Taxes | Module::Accounts)
}
