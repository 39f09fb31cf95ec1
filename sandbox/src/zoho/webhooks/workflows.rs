//! `settings/workflows`: which event of which record type fires which webhook.

use rusqlite::OptionalExtension;
use serde_json::{Map, Value, json};

use super::Event;
use super::definitions::{self, entities, of_rules};
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::module::Module;
use crate::zoho::paging::Paging;
use crate::zoho::records::{self, Desk};
use crate::zoho::shape::{self, Kind::*};
use crate::zoho::time;

/// Rules of one organisation, and of one module in it.
const RULES_MAX: i64 = 200;
const RULES_OF_A_MODULE_MAX: i64 = 10;

/// The documents cut the list of values off; `editpage` gives these.
const RULE_TYPES: &[&str] = &["created", "edited", "created_or_edited", "deleted"];

const WORKFLOW: &[(&str, shape::Kind)] =
    &[("workflow_name", Guess(100)), ("description", Guess(500)), ("rule_type", Choice(RULE_TYPES))];

pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET", []) => list(desk, Paging::asked(&call.query)?),
        ("GET", ["editpage"]) => Ok(edit_page()),
        ("GET", [id]) => Ok(Answer::found("workflow", &need(desk, id)?.shown(desk).to_string())),
        ("POST", []) => write(desk, None, &call.json()?, 201),
        ("PUT", [id]) => {
            let was = need(desk, id)?;
            write(desk, Some(was), &call.json()?, 200)
        }
        ("DELETE", [id]) => {
            let rule = need(desk, id)?;
            desk.connection.prepare_cached("DELETE FROM zoho_workflow WHERE id = ?1")?.execute([rule.id])?;
            Ok(Answer::done("Workflow has been deleted."))
        }
        ("POST", [id, word @ ("activate" | "deactivate" | "active" | "inactive")]) => {
            let active = matches!(*word, "activate" | "active");
            let rule = need(desk, id)?;
            desk.connection.prepare_cached("UPDATE zoho_workflow SET is_active = ?2, modified = ?3 WHERE id = ?1")?.execute((
                rule.id,
                active,
                desk.now.timestamp(),
            ))?;
            Ok(Answer::done(&format!("Workflow has been marked as {}.", if active { "active" } else { "inactive" })))
        }
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}

/// The active rules of a module that this event fires: workflow and webhook.
pub fn waiting_for(desk: &Desk, module: Module, event: Event) -> Result<Vec<(i64, i64)>, Refusal> {
    let either = if event == Event::Deleted { "deleted" } else { "created_or_edited" };
    let mut statement = desk.connection.prepare_cached(
        "SELECT id, webhook FROM zoho_workflow WHERE org = ?1 AND module = ?2 AND is_active = 1 AND event IN (?3, ?4) ORDER BY id",
    )?;
    let rows = statement.query_map((desk.org.id, module as i64, event.word(), either), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

struct Rule {
    id: i64,
    module: Module,
    name: String,
    event: String,
    webhook: i64,
    is_active: bool,
    description: String,
    created: i64,
    modified: i64,
}

impl Rule {
    fn shown(&self, desk: &Desk) -> Value {
        let stamp = |seconds| time::stamp(seconds, &desk.org.time_zone);
        json!({
            "workflow_id": self.id.to_string(), "workflow_name": self.name, "description": self.description, "rule_type": self.event,
            "entity": self.module.entity(), "is_active": self.is_active, "status": if self.is_active { "active" } else { "inactive" },
            "actions": [{"action_type": "webhook", "action_id": self.webhook.to_string()}],
            "created_time": stamp(self.created), "last_modified_time": stamp(self.modified),
        })
    }
}

const SELECT: &str = "SELECT id, module, name, event, webhook, is_active, description, created, modified FROM zoho_workflow";

fn from_row(row: &rusqlite::Row) -> rusqlite::Result<Rule> {
    let module: i64 = row.get(1)?;
    let found = Module::ALL.into_iter().find(|known| *known as i64 == module);
    Ok(Rule {
        id: row.get(0)?,
        module: found.ok_or(rusqlite::Error::IntegralValueOutOfRange(1, module))?,
        name: row.get(2)?,
        event: row.get(3)?,
        webhook: row.get(4)?,
        is_active: row.get(5)?,
        description: row.get(6)?,
        created: row.get(7)?,
        modified: row.get(8)?,
    })
}

fn need(desk: &Desk, id: &str) -> Result<Rule, Refusal> {
    let id: i64 = id.parse().map_err(|_| Refusal::absent("Workflow"))?;
    let found = desk
        .connection
        .prepare_cached(&format!("{SELECT} WHERE id = ?1 AND org = ?2"))?
        .query_row((id, desk.org.id), from_row)
        .optional()?;
    found.ok_or_else(|| Refusal::absent("Workflow"))
}

fn list(desk: &Desk, paging: Paging) -> Result<Answer, Refusal> {
    let mut statement = desk.connection.prepare_cached(&format!("{SELECT} WHERE org = ?1 ORDER BY id LIMIT ?2 OFFSET ?3"))?;
    let rows = statement.query_map((desk.org.id, paging.limit(), paging.offset()), |row| Ok(from_row(row)?.shown(desk)))?;
    Ok(paging.answer("workflows", rows.collect::<Result<_, _>>()?))
}

fn write(desk: &Desk, was: Option<Rule>, body: &Map<String, Value>, status: u16) -> Result<Answer, Refusal> {
    let new = was.is_none();
    if new {
        plan_allows(desk)?;
    }
    let mut said = Map::new();
    shape::take(desk, body, WORKFLOW, &mut said)?;
    if body
        .get("criteria")
        .is_some_and(|criteria| !matches!(criteria, Value::Null) && *criteria != json!([]) && *criteria != json!({}))
    {
        return Err(Refusal::new(2, "Invalid value passed for criteria: rules of the sandbox fire for every record."));
    }
    let text = |name: &str, before: Option<&String>| {
        let text = shape::text(&said, name).map(str::to_owned).or_else(|| before.cloned());
        text.ok_or_else(|| Refusal::missing(name))
    };
    let module = match shape::text(body, "entity") {
        Some(entity) => Module::of_entity(entity, desk.on("zoho.entity_spellings_lenient"))
            .filter(|module| of_rules(*module))
            .ok_or_else(|| Refusal::invalid("entity"))?,
        None => was.as_ref().map(|rule| rule.module).ok_or_else(|| Refusal::missing("entity"))?,
    };
    let webhook = match body.get("actions") {
        Some(actions) => action(desk, actions)?,
        None => was.as_ref().map(|rule| rule.webhook).ok_or_else(|| Refusal::missing("actions"))?,
    };
    if was.as_ref().is_none_or(|rule| rule.module != module) {
        has_room(desk, module, new)?;
    }
    let now = desk.now.timestamp();
    let rule = Rule {
        id: match &was {
            Some(rule) => rule.id,
            None => records::new_ids(desk, 1)?,
        },
        module,
        name: text("workflow_name", was.as_ref().map(|rule| &rule.name))?,
        event: text("rule_type", was.as_ref().map(|rule| &rule.event))?,
        webhook,
        is_active: was.as_ref().is_none_or(|rule| rule.is_active),
        description: text("description", was.as_ref().map(|rule| &rule.description)).unwrap_or_default(),
        created: was.as_ref().map_or(now, |rule| rule.created),
        modified: now,
    };
    desk.connection
        .prepare_cached(
            "INSERT OR REPLACE INTO zoho_workflow (id, org, module, name, event, webhook, is_active, description, created, modified)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(rusqlite::params![
            rule.id, desk.org.id, rule.module as i64, rule.name, rule.event, rule.webhook, rule.is_active, rule.description, rule.created, rule.modified
        ])?;
    let done = if new { "created" } else { "updated" };
    Ok(Answer::with(status, &format!("Workflow has been {done}."), "workflow", &rule.shown(desk).to_string()))
}

/// `[{"action_type": "webhook", "action_id": …}]`: one webhook a rule, and nothing else that the sandbox can do.
fn action(desk: &Desk, actions: &Value) -> Result<i64, Refusal> {
    let list = actions.as_array().ok_or_else(|| Refusal::invalid("actions"))?;
    let [one] = list.as_slice() else {
        return Err(Refusal::new(2, "Invalid value passed for actions: a workflow rule has exactly one webhook."));
    };
    let one = one.as_object().ok_or_else(|| Refusal::invalid("actions"))?;
    if shape::text(one, "action_type") != Some("webhook") {
        return Err(Refusal::invalid("action_type"));
    }
    let id = shape::id(one, "action_id")?.ok_or_else(|| Refusal::missing("action_id"))?;
    definitions::read(desk, id)?.map(|webhook| webhook.id).ok_or_else(|| Refusal::unknown("Webhook"))
}

fn plan_allows(desk: &Desk) -> Result<(), Refusal> {
    match desk.org.plan.to_lowercase().as_str() {
        "free" | "standard" => Err(Refusal::new(1009, "Workflow rules are not available in your current plan. Please upgrade.")),
        _ => Ok(()),
    }
}

fn has_room(desk: &Desk, module: Module, new: bool) -> Result<(), Refusal> {
    let (all, of_module): (i64, i64) = desk
        .connection
        .prepare_cached("SELECT count(*), coalesce(sum(module = ?2), 0) FROM zoho_workflow WHERE org = ?1")?
        .query_row((desk.org.id, module as i64), |row| Ok((row.get(0)?, row.get(1)?)))?;
    if new && all >= RULES_MAX {
        return Err(Refusal::new(1009, format!("You can create up to {RULES_MAX} workflow rules.")));
    }
    if of_module >= RULES_OF_A_MODULE_MAX {
        return Err(Refusal::new(1009, format!("You can create up to {RULES_OF_A_MODULE_MAX} workflow rules for a module.")));
    }
    Ok(())
}

/// What a form for a rule would offer.
fn edit_page() -> Answer {
    let body =
        json!({"code": 0, "message": "success", "entities": entities(), "rule_types": RULE_TYPES, "action_types": ["webhook"]});
    Answer { status: 200, body: body.to_string() }
}
