//! `settings/webhooks/histories`: what was fired and what came of it.

use rusqlite::{OptionalExtension, Row};
use serde_json::{Value, json};

use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::module::Module;
use crate::zoho::paging::Paging;
use crate::zoho::records::Desk;
use crate::zoho::time;

/// Histories that one call may send again.
const RESEND_MAX: usize = 10;

pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET", []) => list(desk, Paging::asked(&call.query)?, call.query.get("webhook_id")),
        ("POST", ["bulkresend"]) => {
            let ids = call.query.get("history_ids").map(str::to_owned);
            let ids = ids.map_or_else(|| in_body(call), Ok)?;
            let ids: Vec<&str> = ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
            if ids.is_empty() {
                return Err(Refusal::missing("history_ids"));
            }
            if ids.len() > RESEND_MAX {
                return Err(Refusal::new(
                    2,
                    format!("Invalid value passed for history_ids: at most {RESEND_MAX} can be sent again."),
                ));
            }
            ids.into_iter().try_for_each(|id| resend(desk, id))?;
            Ok(Answer::done("The webhooks have been sent again."))
        }
        ("POST", [id, "resend"]) => {
            resend(desk, id)?;
            Ok(Answer::done("The webhook has been sent again."))
        }
        ("GET", [id]) => one(desk, id),
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}

/// `{"history_ids": ["…"]}` or `{"history_ids": "a,b"}`.
fn in_body(call: &Call) -> Result<String, Refusal> {
    match call.json()?.get("history_ids") {
        Some(Value::String(ids)) => Ok(ids.clone()),
        Some(Value::Array(ids)) => {
            let ids: Option<Vec<&str>> = ids.iter().map(Value::as_str).collect();
            ids.map(|ids| ids.join(",")).ok_or_else(|| Refusal::invalid("history_ids"))
        }
        _ => Err(Refusal::missing("history_ids")),
    }
}

// What the control plane lost was, as far as the provider knows, delivered.
const SELECT: &str = "SELECT f.id, f.webhook, coalesce(w.name, ''), f.workflow, f.module, f.record, f.event, f.at_us, f.attempts,
    CASE f.state WHEN 'lost' THEN 'success' ELSE f.state END, f.code, f.says, f.method, f.url, f.body
    FROM zoho_firing f LEFT JOIN zoho_webhook w ON w.id = f.webhook";

fn list(desk: &Desk, paging: Paging, webhook: Option<&str>) -> Result<Answer, Refusal> {
    let webhook: Option<i64> = webhook.and_then(|id| id.parse().ok());
    let mut statement = desk.connection.prepare_cached(&format!(
        "{SELECT} WHERE f.org = ?1 AND (?2 IS NULL OR f.webhook = ?2) ORDER BY f.id DESC LIMIT ?3 OFFSET ?4"
    ))?;
    let rows = statement.query_map((desk.org.id, webhook, paging.limit(), paging.offset()), |row| shown(desk, row))?;
    Ok(paging.answer("histories", rows.collect::<Result<_, _>>()?))
}

fn one(desk: &Desk, id: &str) -> Result<Answer, Refusal> {
    let id: i64 = id.parse().map_err(|_| Refusal::absent("Webhook history"))?;
    let found = desk
        .connection
        .prepare_cached(&format!("{SELECT} WHERE f.id = ?1 AND f.org = ?2"))?
        .query_row((id, desk.org.id), |row| {
            let mut history = shown(desk, row)?;
            history["request_body"] = row.get::<_, String>(14)?.into();
            Ok(history)
        })
        .optional()?;
    let history = found.ok_or_else(|| Refusal::absent("Webhook history"))?;
    Ok(Answer::found("history", &history.to_string()))
}

fn shown(desk: &Desk, row: &Row) -> rusqlite::Result<Value> {
    let id = |index: usize| row.get::<_, i64>(index).map(|id| id.to_string());
    let number: i64 = row.get(4)?;
    let entity = Module::ALL.into_iter().find(|module| *module as i64 == number).map(Module::entity);
    Ok(json!({
        "history_id": id(0)?, "webhook_id": id(1)?, "webhook_name": row.get::<_, String>(2)?, "workflow_id": id(3)?, "entity": entity, "entity_id": id(5)?,
        "event": row.get::<_, String>(6)?, "triggered_time": time::stamp(row.get::<_, i64>(7)? / 1_000_000, &desk.org.time_zone),
        "attempts": row.get::<_, i64>(8)?, "status": row.get::<_, String>(9)?, "response_code": row.get::<_, Option<u16>>(10)?,
        "response_message": row.get::<_, String>(11)?, "method": row.get::<_, String>(12)?, "url": row.get::<_, String>(13)?,
    }))
}

fn resend(desk: &Desk, id: &str) -> Result<(), Refusal> {
    let id: i64 = id.parse().map_err(|_| Refusal::absent("Webhook history"))?;
    let found = desk
        .connection
        .prepare_cached("UPDATE zoho_firing SET state = 'queued', due_ms = ?3, attempts = 0 WHERE id = ?1 AND org = ?2")?
        .execute((id, desk.org.id, desk.now.timestamp_millis()))?;
    if found == 0 {
        return Err(Refusal::absent("Webhook history"));
    }
    desk.shared.zoho.post.expect_more();
    Ok(())
}
