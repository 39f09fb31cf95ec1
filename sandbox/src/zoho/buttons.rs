//! Custom buttons: `/settings/custombuttons`. Only `POST` is documented, and of that not the words for a module and a place; the
//! other methods follow from it, and each guess has a switch.

use actix_web::web::{Data, Json, ServiceConfig};
use actix_web::{HttpResponse, web};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::module::Module;
use super::records::{self, Desk};
use super::{shape, time};
use crate::{Shared, deluge};

/// What a button does when nobody says otherwise.
const DEFAULT_SCRIPT: &str = "info 1;";
const CUSTOM_FUNCTION: &str = "customfunction";
/// Likely words for where a button stands; the documents name none.
const PAGE_VIEWS: [&str; 6] = ["details", "details_page", "details_view", "list", "list_page", "list_view"];
const NAME_LETTERS_MAX: usize = 100;

/// One button.
#[derive(Clone, Debug)]
pub struct Button {
    pub id: i64,
    pub name: String,
    pub entity_type: String,
    pub page_view: String,
    pub action_type: String,
    pub script: String,
    created: i64,
    modified: i64,
}

impl Button {
    /// Whether it stands on the page of such a record. `kind` tells customers from vendors.
    pub fn stands_on(&self, module: Module, kind: &str) -> bool {
        let right = match self.entity_type.as_str() {
            "customer" | "customers" => module == Module::Contacts && kind == "customer",
            "vendor" | "vendors" => module == Module::Contacts && kind == "vendor",
            entity => entity == module.entity() || Module::of_entity(entity, true) == Some(module),
        };
        right && !self.page_view.starts_with("list")
    }
}

/// Which plans have no buttons, and what those who ask are told. Neither the plans nor the refusal is documented.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
struct Gate {
    plans_without: Vec<String>,
    status: u16,
    code: u32,
    message: String,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            plans_without: vec!["free".into()],
            status: 400,
            code: 4,
            message: "Custom buttons are not available in your current plan. Upgrade your plan to use this feature.".into(),
        }
    }
}

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE zoho_button (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, name TEXT NOT NULL, entity_type TEXT NOT NULL, page_view TEXT NOT NULL,
            action_type TEXT NOT NULL, script TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL);
        CREATE INDEX zoho_button_by_org ON zoho_button (org);
        CREATE TABLE zoho_button_gate (id INTEGER PRIMARY KEY CHECK (id = 1), gate TEXT NOT NULL);",
    )
}

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/_sandbox/zoho/custombuttons", web::post().to(set_gate));
}

/// `{"plans_without": ["free", "standard"], "code": 57, "status": 401, "message": "…"}`; what is left out becomes as it was at first.
async fn set_gate(shared: Data<Shared>, gate: Json<Gate>) -> HttpResponse {
    let text = json!(*gate).to_string();
    let stored = shared.store.with(|connection| {
        connection.execute("INSERT OR REPLACE INTO zoho_button_gate (id, gate) VALUES (1, ?1)", [text]).map(|_| ())
    });
    match stored {
        Ok(()) => HttpResponse::Ok().json(&*gate),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

/// Everything at and below `/settings/custombuttons`.
pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    let key = if desk.on("zoho.button_keys_have_an_underscore") { "custom_button" } else { "custombutton" };
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let scripts = desk.on("zoho.button_lists_carry_scripts");
            let rows: Vec<_> = of_organisation(desk)?.iter().map(|button| shown(desk, key, button, scripts)).collect();
            Ok(Answer::found(&format!("{key}s"), &Value::from(rows).to_string()))
        }
        ("GET", [id]) => Ok(Answer::found(key, &shown(desk, key, &need(desk, id)?, true).to_string())),
        ("POST", []) => {
            permitted_by_plan(desk)?;
            let now = desk.now.timestamp();
            let blank = Button {
                id: records::new_ids(desk, 1)?,
                name: String::new(),
                entity_type: String::new(),
                page_view: String::new(),
                action_type: CUSTOM_FUNCTION.into(),
                script: DEFAULT_SCRIPT.into(),
                created: now,
                modified: now,
            };
            let button = write(desk, blank, &call.json()?)?;
            Ok(Answer::with(201, "The custom button has been created.", key, &shown(desk, key, &button, true).to_string()))
        }
        ("PUT", [id]) => {
            permitted_by_plan(desk)?;
            let button = write(desk, need(desk, id)?, &call.json()?)?;
            Ok(Answer::with(200, "The custom button has been updated.", key, &shown(desk, key, &button, true).to_string()))
        }
        ("DELETE", [id]) => {
            let button = need(desk, id)?;
            desk.connection.prepare_cached("DELETE FROM zoho_button WHERE id = ?1")?.execute([button.id])?;
            Ok(Answer::done("The custom button has been deleted."))
        }
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}

/// All buttons of an organisation, the oldest first.
pub fn of_organisation(desk: &Desk) -> Result<Vec<Button>, Refusal> {
    let mut statement = desk.connection.prepare_cached(&format!("{SELECT} WHERE org = ?1 ORDER BY id"))?;
    let rows = statement.query_map([desk.org.id], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn need(desk: &Desk, id: &str) -> Result<Button, Refusal> {
    let found = match id.parse::<i64>() {
        Ok(id) => desk
            .connection
            .prepare_cached(&format!("{SELECT} WHERE id = ?1 AND org = ?2"))?
            .query_row((id, desk.org.id), from_row)
            .optional()?,
        Err(_) => None,
    };
    found.ok_or_else(|| Refusal::absent("Custom button"))
}

fn permitted_by_plan(desk: &Desk) -> Result<(), Refusal> {
    if !desk.on("zoho.buttons_need_a_paid_plan") {
        return Ok(());
    }
    let gate: Option<String> = desk
        .connection
        .prepare_cached("SELECT gate FROM zoho_button_gate WHERE id = 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let gate: Gate = gate.and_then(|gate| serde_json::from_str(&gate).ok()).unwrap_or_default();
    match gate.plans_without.iter().any(|plan| plan.eq_ignore_ascii_case(&desk.org.plan)) {
        true => Err(Refusal::new(gate.code, gate.message).at(gate.status)),
        false => Ok(()),
    }
}

fn write(desk: &Desk, was: Button, body: &Map<String, Value>) -> Result<Button, Refusal> {
    let (id, created) = (was.id, was.created);
    let old = desk.on("zoho.button_old_names_accepted");
    let said = |name: &str, old_name: &str, was: String| {
        let said = shape::text(body, name).or_else(|| shape::text(body, old_name).filter(|_| old));
        let emptied = body.contains_key(name) && said.is_none();
        if emptied { String::new() } else { said.map_or(was, str::to_owned) }
    };
    let script = match body.get(CUSTOM_FUNCTION) {
        None | Some(Value::Null) => was.script,
        Some(Value::Object(function)) => shape::text(function, "script").map_or(was.script, str::to_owned),
        Some(_) => return Err(Refusal::invalid(CUSTOM_FUNCTION)),
    };
    let button = Button {
        id,
        name: said("name", "button_name", was.name),
        entity_type: said("entity_type", "entity", was.entity_type),
        page_view: said("page_view", "location", was.page_view),
        action_type: said("action_type", "action_type", was.action_type),
        script,
        created,
        modified: desk.now.timestamp(),
    };
    check(desk, &button)?;
    desk.connection
        .prepare_cached(
            "INSERT OR REPLACE INTO zoho_button (id, org, name, entity_type, page_view, action_type, script, created, modified)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(rusqlite::params![
            button.id,
            desk.org.id,
            button.name,
            button.entity_type,
            button.page_view,
            button.action_type,
            button.script,
            button.created,
            button.modified
        ])?;
    Ok(button)
}

fn check(desk: &Desk, button: &Button) -> Result<(), Refusal> {
    for (name, value) in [("name", &button.name), ("entity_type", &button.entity_type), ("page_view", &button.page_view)] {
        if value.trim().is_empty() {
            return Err(Refusal::missing(name));
        }
    }
    if desk.on("zoho.undocumented_lengths") {
        shape::length("name", &button.name, NAME_LETTERS_MAX)?;
    }
    shape::length("script", &button.script, deluge::SCRIPT_BYTES_MAX)?;
    if desk.on("zoho.button_words_are_checked") {
        let entity = button.entity_type.as_str();
        let known = |module: &Module| module.entity() == entity;
        if !matches!(entity, "customer" | "vendor") && !Module::ALL.iter().any(known) {
            return Err(Refusal::invalid("entity_type"));
        }
        if !PAGE_VIEWS.contains(&button.page_view.as_str()) {
            return Err(Refusal::invalid("page_view"));
        }
        if button.action_type != CUSTOM_FUNCTION {
            return Err(Refusal::invalid("action_type"));
        }
    }
    let namesake = |other: &Button| {
        other.id != button.id && other.entity_type == button.entity_type && other.name.eq_ignore_ascii_case(&button.name)
    };
    if desk.on("zoho.button_names_unique") && of_organisation(desk)?.iter().any(namesake) {
        return Err(Refusal::new(4, format!("The custom button \"{}\" already exists.", button.name)));
    }
    if desk.on("zoho.button_scripts_are_checked_when_saved")
        && let Err(mistake) = deluge::check(&button.script)
    {
        return Err(Refusal::new(2, format!("Invalid value passed for script. {mistake}")));
    }
    Ok(())
}

fn shown(desk: &Desk, key: &str, button: &Button, with_script: bool) -> Value {
    let stamp = |seconds| time::stamp(seconds, &desk.org.time_zone);
    let mut shown = json!({
        format!("{key}_id"): button.id.to_string(), "name": button.name, "entity_type": button.entity_type, "page_view": button.page_view,
        "action_type": button.action_type, "created_time": stamp(button.created), "last_modified_time": stamp(button.modified),
    });
    if with_script {
        shown[CUSTOM_FUNCTION] = json!({"script": button.script});
    }
    shown
}

const SELECT: &str = "SELECT id, name, entity_type, page_view, action_type, script, created, modified FROM zoho_button";

fn from_row(row: &SqlRow) -> rusqlite::Result<Button> {
    Ok(Button {
        id: row.get(0)?,
        name: row.get(1)?,
        entity_type: row.get(2)?,
        page_view: row.get(3)?,
        action_type: row.get(4)?,
        script: row.get(5)?,
        created: row.get(6)?,
        modified: row.get(7)?,
    })
}
