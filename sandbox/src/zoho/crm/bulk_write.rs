//! Bulk write: a CSV becomes records. Workflows sleep, rows are answered in a CSV of their own.

use rusqlite::OptionalExtension;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::bulk::{self, Job};
use super::desk::{Desk, id_of};
use super::field::{Field, Kind};
use super::module::Module;
use super::orgs::Org;
use super::scopes::Operation;
use super::{channel, csv, notify, write, zip};
use crate::Shared;

const RECORDS_MAX: usize = 25_000;
const COLUMNS_MAX: usize = 200;
/// Rows of one transaction.
const CHUNK_ROWS: usize = 200;

/// The request, or why there will be no job.
pub fn checked(desk: &Desk, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let body = Value::Object(body.clone());
    let operation = body["operation"].as_str().ok_or_else(|| missing("operation"))?;
    if !matches!(operation, "insert" | "update" | "upsert") {
        return Err(Refusal::invalid("operation", "$.operation"));
    }
    let resource = body["resource"].as_array().and_then(|resources| resources.first()).ok_or_else(|| missing("resource"))?;
    if resource["type"] != "data" {
        return Err(missing("type"));
    }
    let name = resource["module"]["api_name"].as_str().ok_or_else(|| missing("module"))?;
    let module = Module::of_records(name);
    let module = module
        .ok_or_else(|| Refusal::new("MODULE_NOT_AVAILABLE", format!("Requested module '{name}' is not available."), json!({})))?;
    for needed in if operation == "update" { vec![Operation::Update] } else { vec![Operation::Create, Operation::Update] } {
        desk.may(module, needed)?;
    }
    let file: Option<i64> = match resource["file_id"].as_str().and_then(|id| id.parse::<i64>().ok()) {
        Some(id) => desk
            .connection
            .query_row("SELECT id FROM zoho_crm_upload WHERE id = ?1 AND org = ?2", (id, desk.org.id), |row| row.get(0))
            .optional()?,
        None => None,
    };
    if file.is_none() {
        return Err(Refusal::new("INVALID_FILE_ID", "improper file id", json!({})));
    }
    let fields = desk.fields(module)?;
    let mappings = resource["field_mappings"].as_array().ok_or_else(|| missing("field_mappings"))?;
    for mapping in mappings {
        let name = mapping["api_name"].as_str().ok_or_else(|| missing("api_name"))?;
        let known = name == "id"
            || fields.named(name).is_some_and(|field| !matches!(field.kind, Kind::Subform | Kind::LineTax | Kind::Parent));
        if !known {
            let details = json!({"api_name": name});
            return Err(Refusal::new("INVALID_FIELD", format!("invalid mapping. invalid api_name {name}."), details));
        }
        if mapping["index"].as_u64().is_none() && mapping["default_value"].is_null() {
            return Err(Refusal::new(
                "MISSING_REQUIRED_KEY",
                format!("required key index for field {name} is not found in request body."),
                json!({}),
            ));
        }
    }
    let mapped = |name: &str| mappings.iter().any(|mapping| mapping["api_name"] == name);
    if operation != "update" && fields.all().any(|(_, field)| field.mandatory && !mapped(&field.api_name)) {
        return Err(Refusal::new("MANDATORY_FIELDS_NOT_MAPPED", "All mandatory fields are not mapped for the layout", json!({})));
    }
    let find_by = resource["find_by"].as_str();
    if operation != "insert" {
        let by = find_by.ok_or_else(|| missing("find_by"))?;
        let good = by == "id" || fields.named(by).is_some_and(|field| field.is_indexed(module));
        if !good || !mapped(by) {
            return Err(Refusal::new(
                "INVALID_FIELD",
                format!("invalid find_by. invalid api_name {by}."),
                json!({"api_name": by}),
            ));
        }
    }
    bulk::callback(&body)?;
    Ok(body)
}

fn missing(key: &str) -> Refusal {
    Refusal::new("MISSING_REQUIRED_KEY", format!("required key {key} is not found in request body."), json!({}))
}

/// As `GET /crm/bulk/v8/write/{id}` shows it.
pub fn shown(desk: &Desk, job: &Job) -> Value {
    let asked = &job.request["resource"][0];
    let mut file = json!({"status": job.state, "added_count": 0, "skipped_count": 0, "updated_count": 0, "total_count": 0, "name": asked["file_id"]});
    super::field::extend(&mut file, &job.result);
    let done = matches!(job.state.as_str(), "COMPLETED" | "FAILED");
    let link = format!("{}/crm/bulk/v8/write/{}/result", desk.api_domain(), job.id);
    json!({
        "id": job.id.to_string(), "status": job.state, "operation": job.request["operation"], "character_encoding": "UTF-8",
        "created_time": desk.org.stamp(job.created), "created_by": bulk::by(desk), "callback": job.request["callback"],
        "resource": [{
            "status": job.state, "type": "data", "module": asked["module"], "field_mappings": asked["field_mappings"], "find_by": asked["find_by"],
            "ignore_empty": job.request["ignore_empty"], "file": file,
        }],
        "result": if done { json!({"download_url": link}) } else { Value::Null },
    })
}

/// Writes every row; answers the final state, the result file and the counts.
pub fn run(shared: &Shared, org: &Org, job: &Job) -> Result<(&'static str, Vec<u8>, Value), Refusal> {
    let asked = &job.request["resource"][0];
    let file = id_of(&asked["file_id"]).unwrap_or_default();
    let content: Vec<u8> = shared.store.with(|connection| {
        connection.query_row("SELECT content FROM zoho_crm_file WHERE record = ?1", [file], |row| row.get(0))
    })?;
    let entry = zip::entries(&content).into_iter().flatten().find(|(name, _)| name.ends_with(".csv"));
    let rows = entry.and_then(|(_, bytes)| String::from_utf8(bytes).ok()).map(|text| csv::rows(&text)).unwrap_or_default();
    let mut packer = zip::Packer::new(&format!("{}.csv", job.id));
    let failed = |error: std::io::Error| Refusal::new("INTERNAL_ERROR", error.to_string(), json!({})).at(500);
    let Some((head, rows)) = rows.split_first() else {
        return Ok(("FAILED", packer.finish().map_err(failed)?, json!({"total_count": 0})));
    };
    if rows.len() > RECORDS_MAX || head.len() > COLUMNS_MAX {
        return Ok(("FAILED", packer.finish().map_err(failed)?, json!({"total_count": rows.len()})));
    }
    let headings = ["STATUS", "RECORD_ID", "ERRORS"].map(str::to_owned);
    packer.feed(&csv::line(&[headings.as_slice(), head].concat())).map_err(failed)?;
    let (mut added, mut updated, mut skipped) = (0, 0, 0);
    for chunk in rows.chunks(CHUNK_ROWS) {
        let outcomes = shared.store.atomically(|connection| {
            let desk =
                Desk { watched: channel::is_watched(connection, org)?, ..Desk::open(shared, connection, org, &job.scopes) };
            let outcomes = some(&desk, &job.request, chunk)?;
            notify::post(&desk)?;
            Ok::<_, Refusal>(outcomes)
        })?;
        for (row, outcome) in chunk.iter().zip(outcomes) {
            let (status, id, error) = match outcome {
                Ok((true, id)) => ("ADDED", id, String::new()),
                Ok((false, id)) => ("UPDATED", id, String::new()),
                Err(refusal) => {
                    let field = refusal.details["api_name"].as_str().unwrap_or_default();
                    ("SKIPPED", String::new(), format!("{}:{field}", refusal.code))
                }
            };
            match status {
                "ADDED" => added += 1,
                "UPDATED" => updated += 1,
                _ => skipped += 1,
            }
            packer.feed(&csv::line(&[[status.to_owned(), id, error].as_slice(), row.as_slice()].concat())).map_err(failed)?;
        }
        let counts = json!({"added_count": added, "updated_count": updated, "skipped_count": skipped, "total_count": rows.len()});
        shared.store.atomically(|connection| bulk::progress(connection, job, "IN PROGRESS", &counts))?;
    }
    let counts = json!({"added_count": added, "updated_count": updated, "skipped_count": skipped, "total_count": rows.len()});
    Ok(("COMPLETED", packer.finish().map_err(failed)?, counts))
}

/// True and the id: added; false: updated.
type Outcome = Result<(bool, String), Refusal>;

fn some(desk: &Desk, request: &Value, rows: &[Vec<String>]) -> Result<Vec<Outcome>, Refusal> {
    let asked = &request["resource"][0];
    let module = asked["module"]["api_name"].as_str().and_then(Module::of_records).ok_or_else(Refusal::invalid_module)?;
    let fields = desk.fields(module)?;
    let ignore_empty = request["ignore_empty"] == true;
    let mappings: Vec<&Value> = asked["field_mappings"].as_array().into_iter().flatten().collect();
    let mut outcomes = Vec::with_capacity(rows.len());
    for row in rows {
        let mut record = Map::new();
        for mapping in &mappings {
            let cell = mapping["index"].as_u64().and_then(|index| row.get(usize::try_from(index).ok()?)).map(|cell| cell.trim());
            let cell = cell.filter(|cell| !cell.is_empty()).or_else(|| mapping["default_value"]["value"].as_str());
            let Some(name) = mapping["api_name"].as_str() else { continue };
            match cell {
                Some(cell) => _ = record.insert(name.to_owned(), typed(fields.named(name), mapping, cell)),
                None if ignore_empty || name == "id" => {}
                None => _ = record.insert(name.to_owned(), Value::Null),
            }
        }
        let operation = request["operation"].as_str().unwrap_or_default();
        let outcome = desk.row(|| write::one_of_many(desk, module, &fields, &record, operation, asked["find_by"].as_str()));
        match outcome {
            Err(refusal) if refusal.status == 500 => return Err(refusal),
            outcome => outcomes.push(outcome),
        }
    }
    Ok(outcomes)
}

/// The text of a cell as the JSON that its field takes.
fn typed(field: Option<&Field>, mapping: &Value, cell: &str) -> Value {
    let number = || serde_json::from_str::<Value>(cell).ok().filter(Value::is_number);
    match field.map(|field| field.kind) {
        Some(Kind::Integer | Kind::Double | Kind::Currency | Kind::Percent) => number().unwrap_or_else(|| cell.into()),
        Some(Kind::Boolean) => cell.to_lowercase().parse::<bool>().map_or_else(|_| cell.into(), Value::from),
        Some(Kind::MultiPicklist) => cell.split(';').map(|part| Value::from(part.trim())).collect(),
        Some(Kind::Lookup | Kind::OwnerLookup | Kind::UserLookup) => {
            let by = mapping["find_by"].as_str().unwrap_or("id");
            json!({by: cell})
        }
        _ => cell.into(),
    }
}
