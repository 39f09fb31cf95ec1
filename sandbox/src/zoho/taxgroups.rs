//! Tax groups: several taxes under one id, which a line names like a tax.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::module::Module::Taxes;
use super::records::{self, Desk, Record, e6, number};
use super::settings::started;
use super::{actions, shape};

/// The kind of a tax that is a group.
const GROUP: &str = "tax_group";

/// Everything below `/settings/taxgroups`.
pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("POST", []) => written(desk, None, &call.json()?),
        ("GET", [id]) => Ok(Answer::found(GROUP, &shown(&need(desk, id)?).to_string())),
        ("PUT", [id]) => written(desk, Some(need(desk, id)?), &call.json()?),
        ("DELETE", [id]) => {
            actions::delete(desk, Taxes, need(desk, id)?.id)?;
            Ok(Answer::done("The tax group has been deleted."))
        }
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}

fn need(desk: &Desk, id: &str) -> Result<Record, Refusal> {
    let id = id.parse().map_err(|_| Refusal::new(5, "Invalid URL Passed").at(404))?;
    records::read(desk, Taxes, id)?.filter(|tax| tax.kind == GROUP).ok_or_else(|| Refusal::absent("Tax group"))
}

fn written(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    if let Some(name) = shape::text(body, "tax_group_name") {
        shape::length("tax_group_name", name, 100)?;
        record.name = name.to_owned();
    }
    if record.name.is_empty() {
        return Err(Refusal::missing("tax_group_name"));
    }
    if !records::named(desk, Taxes, &record.name, record.id)?.is_empty() {
        return Err(Refusal::new(4, format!("The tax \"{}\" already exists.", record.name)));
    }
    if new || body.contains_key("taxes") {
        let mut taxes = Vec::new();
        let mut percent = Decimal::ZERO;
        for id in members(body)? {
            let tax = records::brief(desk, Taxes, id)?;
            if tax.kind == GROUP {
                return Err(Refusal::new(4, "A tax group cannot be part of a tax group."));
            }
            percent += tax.figure;
            taxes.push(json!({"tax_id": id.to_string(), "tax_name": tax.name, "tax_percentage": number(tax.figure.normalize())}));
        }
        record.total_e6 = e6(percent)?;
        record.set("taxes", taxes);
        record.set("tax_percentage", number(percent.normalize()));
    }
    GROUP.clone_into(&mut record.kind);
    "Active".clone_into(&mut record.status);
    record.set("tax_name", record.name.clone());
    record.set("tax_type", GROUP);
    records::save(desk, Taxes, &mut record, new)?;
    let (status, done) = if new { (201, "created") } else { (200, "updated") };
    Ok(Answer::with(status, &format!("The tax group has been {done}."), GROUP, &shown(&record).to_string()))
}

/// `"id,id"`, or a list of ids or of taxes; at least two.
fn members(body: &Map<String, Value>) -> Result<Vec<i64>, Refusal> {
    let ids: Vec<i64> = match body.get("taxes") {
        Some(Value::String(text)) => {
            text.split(',').map(|id| id.trim().parse().map_err(|_| Refusal::invalid("taxes"))).collect::<Result<_, _>>()?
        }
        Some(Value::Array(list)) => list.iter().map(member).collect::<Result<_, _>>()?,
        _ => return Err(Refusal::missing("taxes")),
    };
    if ids.len() < 2 { Err(Refusal::new(4, "A tax group has at least two taxes.")) } else { Ok(ids) }
}

fn member(value: &Value) -> Result<i64, Refusal> {
    let id = value.get("tax_id").unwrap_or(value);
    id.as_str().and_then(|id| id.parse().ok()).or_else(|| id.as_i64()).ok_or_else(|| Refusal::invalid("taxes"))
}

/// A group as its own address shows it; among the taxes it is shown as a tax.
fn shown(record: &Record) -> Value {
    json!({
        "tax_group_id": record.id.to_string(), "tax_group_name": record.name, "tax_group_percentage": record.detail.get("tax_percentage"),
        "taxes": record.detail.get("taxes"),
    })
}
