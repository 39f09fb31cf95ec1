//! Bulk read: up to two hundred thousand records of a module as one CSV.

use rusqlite::types::Value as Sql;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::bulk::{self, Job};
use super::condition::{Condition, Operator, Where};
use super::desk::Desk;
use super::field::{Field, Kind};
use super::module::Module;
use super::orgs::Org;
use super::record::{self, LIST_COLUMNS};
use super::scopes::Operation;
use super::show::Shower;
use super::{csv, zip};
use crate::Shared;

const PER_PAGE: i64 = 200_000;
/// Records that are read while others wait for the store.
const CHUNK_ROWS: i64 = 500;

/// The request, or why there will be no job.
pub fn checked(desk: &Desk, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let body = Value::Object(body.clone());
    let query = body["query"].as_object().ok_or_else(|| Refusal::mandatory("query", "$.query"))?;
    let name = query.get("module").and_then(|module| module["api_name"].as_str());
    let name = name.ok_or_else(|| Refusal::mandatory("module", "$.query.module"))?;
    let module = Module::of_records(name).ok_or_else(Refusal::invalid_module)?;
    desk.may(module, Operation::Read)?;
    let fields = desk.fields(module)?;
    for (at, name) in names(&body).iter().enumerate().filter(|(_, name)| *name != "id") {
        if fields.named(name.strip_suffix(".id").unwrap_or(name)).is_none_or(|field| field.kind == Kind::Subform) {
            return Err(Refusal::invalid(name, &format!("$.query.fields[{at}]")));
        }
    }
    if let Some(criteria) = query.get("criteria").filter(|criteria| !criteria.is_null()) {
        let wrong = || Refusal::invalid("criteria", "$.query.criteria");
        let condition = condition(criteria).ok_or_else(wrong)?;
        Where::new(desk, module, &fields).and(&condition).map_err(|_| wrong())?;
    }
    if query.get("page").is_some_and(|page| page.as_u64().is_none_or(|page| page == 0)) {
        return Err(Refusal::expected("integer", "page", "$.query.page"));
    }
    if body.get("file_type").is_some_and(|kind| kind != "csv") {
        return Err(Refusal::invalid("file_type", "$.file_type"));
    }
    bulk::callback(&body)?;
    Ok(body)
}

fn names(request: &Value) -> Vec<String> {
    let names = request["query"]["fields"].as_array().into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `{"field": {"api_name"}, "comparator", "value"}`, or a group of them.
fn condition(criteria: &Value) -> Option<Condition> {
    if let Some(group) = criteria["group"].as_array() {
        let or = criteria["group_operator"].as_str()?.eq_ignore_ascii_case("or");
        let mut conditions = group.iter().map(condition);
        let first = conditions.next()??;
        return conditions.try_fold(first, |left, right| {
            let (left, right) = (Box::new(left), Box::new(right?));
            Some(if or { Condition::Or(left, right) } else { Condition::And(left, right) })
        });
    }
    let field = criteria["field"]["api_name"].as_str().or_else(|| criteria["api_name"].as_str())?.to_owned();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut values: Vec<String> = match &criteria["value"] {
        Value::Array(values) => values.iter().map(text).collect(),
        value => vec![text(value)],
    };
    let around = |values: &mut Vec<String>, before: &str, after: &str| {
        values.iter_mut().for_each(|value| *value = format!("{before}{value}{after}"));
    };
    let operator = match criteria["comparator"].as_str()? {
        "equal" if values == ["${EMPTY}"] => {
            values.clear();
            Operator::IsNull
        }
        "equal" => Operator::Equals,
        "not_equal" => Operator::NotEqual,
        "in" => Operator::In,
        "not_in" => Operator::NotIn,
        "less_than" => Operator::Less,
        "less_equal" => Operator::LessEqual,
        "greater_than" => Operator::Greater,
        "greater_equal" => Operator::GreaterEqual,
        "starts_with" => Operator::StartsWith,
        "between" => Operator::Between,
        "not_between" => Operator::NotBetween,
        "contains" => {
            around(&mut values, "%", "%");
            Operator::Like
        }
        "not_contains" => {
            around(&mut values, "%", "%");
            Operator::NotLike
        }
        "ends_with" => {
            around(&mut values, "%", "");
            Operator::Like
        }
        _ => return None,
    };
    Some(Condition::Compare { field, operator, values })
}

/// As `GET /crm/bulk/v8/read/{id}` shows it.
pub fn shown(desk: &Desk, job: &Job) -> Value {
    let mut shown = json!({
        "id": job.id.to_string(), "operation": "read", "state": job.state, "query": job.request["query"], "file_type": "csv",
        "created_by": bulk::by(desk), "created_time": desk.org.stamp(job.created),
    });
    if job.state == "COMPLETED" {
        shown["result"] = job.result.clone();
    }
    shown
}

/// Reads the page; answers the final state, the file and what `result` shows.
pub fn run(shared: &Shared, org: &Org, job: &Job) -> Result<(&'static str, Vec<u8>, Value), Refusal> {
    shared.store.atomically(|connection| bulk::progress(connection, job, "IN PROGRESS", &json!({})))?;
    let page = job.request["query"]["page"].as_i64().unwrap_or(1);
    let mut packer = zip::Packer::new(&format!("{}.csv", job.id));
    let failed = |error: std::io::Error| Refusal::new("INTERNAL_ERROR", error.to_string(), json!({})).at(500);
    let (mut count, mut after, mut skip) = (0, 0, (page - 1).saturating_mul(PER_PAGE));
    let mut more = false;
    loop {
        let chunk = some(shared, org, job, after, skip, CHUNK_ROWS.min(PER_PAGE - count) + 1)?;
        if after == 0 {
            packer.feed(&csv::line(&chunk.head)).map_err(failed)?;
        }
        skip = 0;
        let wanted = CHUNK_ROWS.min(PER_PAGE - count) as usize;
        let full = chunk.rows.len() > wanted;
        for (id, row) in chunk.rows.into_iter().take(wanted) {
            packer.feed(&csv::line(&row)).map_err(failed)?;
            after = id;
            count += 1;
        }
        if !full {
            break;
        }
        if count == PER_PAGE {
            more = true;
            break;
        }
    }
    let result = json!({
        "page": page, "per_page": PER_PAGE, "count": count, "more_records": more,
        "download_url": format!("/crm/bulk/v8/read/{}/result", job.id),
    });
    Ok(("COMPLETED", packer.finish().map_err(failed)?, result))
}

struct Chunk {
    head: Vec<String>,
    rows: Vec<(i64, Vec<String>)>,
}

fn some(shared: &Shared, org: &Org, job: &Job, after: i64, skip: i64, limit: i64) -> Result<Chunk, Refusal> {
    shared.store.with(|connection| {
        let desk = Desk::open(shared, connection, org, &job.scopes);
        let module = job.request["query"]["module"]["api_name"].as_str().and_then(Module::of_records);
        let module = module.ok_or_else(Refusal::invalid_module)?;
        let fields = desk.fields(module)?;
        let mut names = names(&job.request);
        if names.is_empty() {
            let all = fields.all().filter(|(_, field)| field.kind != Kind::Subform);
            names = all.map(|(_, field)| field.api_name.clone().into_owned()).collect();
        }
        names.retain(|name| name != "id");
        let chosen: Vec<&Field> =
            names.iter().filter_map(|name| fields.named(name.strip_suffix(".id").unwrap_or(name))).collect();
        let mut query = Where::new(&desk, module, &fields);
        if let Some(condition) = condition(&job.request["query"]["criteria"]) {
            query.and(&condition).map_err(|_| Refusal::invalid("criteria", "$.query.criteria"))?;
        }
        let Where { text, mut values, .. } = query;
        values.extend([Sql::from(after), limit.into(), skip.into()]);
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {LIST_COLUMNS} FROM zoho_crm_record WHERE {text} AND id > ? ORDER BY id LIMIT ? OFFSET ?"
        ))?;
        let found = statement.query_map(rusqlite::params_from_iter(values), record::from_row)?;
        let mut shower = Shower::new(&desk);
        let mut rows = Vec::new();
        for record in found {
            let record = record?;
            let mut cells = vec![record.id.to_string()];
            for field in &chosen {
                cells.push(cell(&shower.value(&record, field)?));
            }
            rows.push((record.id, cells));
        }
        let head = ["Id".to_owned()].into_iter().chain(names).collect();
        Ok(Chunk { head, rows })
    })
}

/// Lookups are their ids, lists are joined, nothing is nothing.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(object) => object.get("id").or_else(|| object.get("name")).map(cell).unwrap_or_default(),
        Value::Array(values) => values.iter().map(cell).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}
