//! Projects: what time and costs are gathered under for a customer.

use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::custom_fields;
use super::module::Module;
use super::records::{self, Desk, Record};
use super::settings::started;
use super::shape::{self, Kind::*};

const PROJECT: &[(&str, shape::Kind)] = &[
    ("project_name", Guess(100)),
    ("description", Guess(500)),
    (
        "billing_type",
        Choice(&["fixed_cost_for_project", "based_on_project_hours", "based_on_staff_hours", "based_on_task_hours"]),
    ),
    ("rate", Number),
    ("budget_type", Guess(50)),
    ("budget_hours", Number),
    ("budget_amount", Number),
    ("cost_budget_amount", Number),
    ("user_id", Text(20)),
    ("users", Any),
];

/// `POST` and `PUT /projects`.
pub fn write(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    shape::take(desk, body, PROJECT, &mut record.detail)?;
    let names: &[&str] = if desk.on("zoho.projects_need_a_user") {
        &["project_name", "billing_type", "user_id"]
    } else {
        &["project_name", "billing_type"]
    };
    if let Some(name) = names.iter().find(|name| shape::text(&record.detail, name).is_none()) {
        return Err(Refusal::missing(name));
    }
    record.name = record.text("project_name").to_owned();
    if records::named(desk, Module::Projects, &record.name, record.id)?.into_iter().next().is_some() {
        return Err(Refusal::new(4, format!("The project \"{}\" already exists. Please specify a different name.", record.name)));
    }
    let customer = shape::id(body, "customer_id")?.or(record.party).ok_or_else(|| Refusal::missing("customer_id"))?;
    let customer = records::brief(desk, Module::Contacts, customer)?;
    if customer.kind != "customer" {
        return Err(Refusal::invalid("customer_id"));
    }
    let currency = records::brief(desk, Module::Currencies, customer.currency.unwrap_or(desk.org.currency_id))?;
    record.party = Some(customer.id);
    record.currency = Some(currency.id);
    record.set("customer_id", customer.id.to_string());
    record.set("customer_name", customer.name);
    record.set("currency_id", currency.id.to_string());
    record.set("currency_code", currency.name);
    tasks(desk, &mut record, body)?;
    if new {
        record.status = "active".to_owned();
    }
    custom_fields::apply(desk, Module::Projects, &mut record, body)?;
    records::save(desk, Module::Projects, &mut record, new)?;
    Ok(record)
}

/// Tasks that come with a project, each with a name and an id of its own.
fn tasks(desk: &Desk, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(sent) = body.get("tasks").and_then(Value::as_array) else { return Ok(()) };
    let first_id = records::new_ids(desk, sent.len())?;
    let mut list = Vec::with_capacity(sent.len());
    for (task, id) in sent.iter().zip(first_id..) {
        let task = task.as_object().ok_or_else(|| Refusal::invalid("tasks"))?;
        let name = shape::text(task, "task_name").ok_or_else(|| Refusal::missing("task_name"))?;
        shape::length("task_name", name, 100)?;
        let id = shape::text(task, "task_id").map_or_else(|| id.to_string(), str::to_owned);
        list.push(json!({
            "task_id": id, "task_name": name, "description": shape::text(task, "description").unwrap_or_default(), "rate": task.get("rate"),
            "budget_hours": task.get("budget_hours"), "status": "Ongoing",
        }));
    }
    record.set("tasks", list);
    Ok(())
}
