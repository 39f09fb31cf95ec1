//! Bulk jobs: files come in and go out as ZIP, jobs run in the background a few hundred rows at a time.

use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::desk::Desk;
use super::scopes::{self, Operation};
use super::{bulk_read, bulk_write, notify, orgs, zip};
use crate::Shared;
use crate::zoho::multipart;
use crate::zoho::tables;

/// A file for bulk write may be no larger.
const FILE_BYTES_MAX: usize = 25 * 1024 * 1024;

/// One job as it is kept.
pub struct Job {
    pub id: i64,
    pub org: i64,
    pub scopes: String,
    pub state: String,
    /// What was asked for.
    pub request: Value,
    /// What has come of it so far.
    pub result: Value,
    pub created: i64,
}

/// The routes below `/crm/bulk/v8`.
pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("POST", ["write"]) => {
            desk.permitted("bulk", Operation::Create)?;
            let id = start(desk, "write", bulk_write::checked(desk, &call.json()?)?)?;
            let details = json!({"id": id.to_string(), "created_by": by(desk)});
            Ok(Answer::json(201, &json!({"status": "success", "code": "SUCCESS", "message": "success", "details": details})))
        }
        ("GET", ["write", id]) => {
            desk.permitted("bulk", Operation::Read)?;
            Ok(Answer::json(200, &bulk_write::shown(desk, &need(desk, "write", id)?)))
        }
        ("POST", ["read"]) => {
            desk.permitted("bulk", Operation::Create)?;
            let id = start(desk, "read", bulk_read::checked(desk, &call.json()?)?)?;
            let details = json!({
                "id": id.to_string(), "operation": "read", "state": "ADDED", "created_by": by(desk),
                "created_time": desk.org.stamp(desk.now.timestamp()),
            });
            let row =
                json!({"status": "success", "code": "ADDED_SUCCESSFULLY", "message": "Added successfully.", "details": details});
            Ok(Answer::json(201, &json!({"data": [row], "info": {}})))
        }
        ("GET", ["read", id]) => {
            desk.permitted("bulk", Operation::Read)?;
            Ok(Answer::json(200, &json!({"data": [bulk_read::shown(desk, &need(desk, "read", id)?)]})))
        }
        ("GET", [kind @ ("read" | "write"), id, "result"]) => {
            desk.permitted("bulk", Operation::Read)?;
            let job = need(desk, kind, id)?;
            let content: Option<Vec<u8>> = desk
                .connection
                .query_row("SELECT content FROM zoho_crm_file WHERE record = ?1", [job.id], |row| row.get(0))
                .optional()?;
            Ok(Answer::file(&format!("{id}.zip"), "application/zip", content.ok_or_else(not_found)?))
        }
        (_, ["read" | "write", ..]) => Err(Refusal::wrong_method()),
        _ => Err(Refusal::no_such_address()),
    }
}

/// `POST {content host}/crm/v8/upload`.
pub fn upload(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    if !call.is_content_host {
        return Err(Refusal::no_such_address());
    }
    if !scopes::holds(desk.scopes, "ZohoFiles.files.ALL") && !scopes::holds(desk.scopes, "ZohoFiles.files.CREATE") {
        return Err(Refusal::scope_mismatch());
    }
    if call.header("feature") != Some("bulk-write") || call.header("x-crm-org") != Some(&desk.org.zgid.to_string()) {
        let body = json!({"x-error": "check if headers [feature, X-CRM-ORG] are present and valid", "info": "Forbidden", "x-info": "Link not valid", "http_status": "403"});
        return Ok(Answer::json(403, &body));
    }
    let parts = multipart::parts(call.header("content-type").unwrap_or_default(), call.body).unwrap_or_default();
    let file = parts.iter().find(|part| part.name == "file").ok_or_else(|| Refusal::param_missing("file"))?;
    if file.bytes.len() > FILE_BYTES_MAX {
        return Err(Refusal::new("FILE_TOO_LARGE", "File size too large to process", json!({})).at(413));
    }
    if zip::entries(file.bytes).is_none() {
        return Err(Refusal::new("INVALID_FILE_FORMAT", "invalid file format. only zip format is supported", json!({})));
    }
    let id = tables::take(desk.connection, tables::IDS, 1)?;
    desk.connection.execute("INSERT INTO zoho_crm_file (record, content) VALUES (?1, ?2)", (id, file.bytes))?;
    desk.connection.execute("INSERT INTO zoho_crm_upload (id, org) VALUES (?1, ?2)", (id, desk.org.id))?;
    let details = json!({"file_id": id.to_string(), "created_time": desk.org.stamp(desk.now.timestamp())});
    Ok(Answer::json(
        200,
        &json!({"status": "success", "code": "FILE_UPLOAD_SUCCESS", "message": "file uploaded.", "details": details}),
    ))
}

pub fn by(desk: &Desk) -> Value {
    let me = desk.org.me();
    json!({"id": me.id.to_string(), "name": me.name()})
}

pub fn not_found() -> Refusal {
    Refusal::new("RESOURCE_NOT_FOUND", "The requested resource doesn't exist.", json!({})).at(404)
}

fn start(desk: &Desk, kind: &str, request: Value) -> Result<i64, Refusal> {
    let id = tables::take(desk.connection, tables::IDS, 1)?;
    desk.connection.execute(
        "INSERT INTO zoho_crm_job (id, org, kind, scopes, state, request, result, created) VALUES (?1, ?2, ?3, ?4, 'ADDED', ?5, '{}', ?6)",
        (id, desk.org.id, kind, desk.scopes, request.to_string(), desk.now.timestamp()),
    )?;
    desk.started.borrow_mut().push(id);
    Ok(id)
}

fn need(desk: &Desk, kind: &str, id: &str) -> Result<Job, Refusal> {
    let job = id.parse().ok().map(|id| read(desk.connection, id)).transpose()?.flatten();
    job.filter(|(of, job)| of == kind && job.org == desk.org.id).map(|(_, job)| job).ok_or_else(not_found)
}

fn read(connection: &Connection, id: i64) -> Result<Option<(String, Job)>, Refusal> {
    let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap_or_default();
    let job = connection
        .query_row("SELECT id, org, kind, scopes, state, request, result, created FROM zoho_crm_job WHERE id = ?1", [id], |row| {
            let job = Job {
                id: row.get(0)?,
                org: row.get(1)?,
                scopes: row.get(3)?,
                state: row.get(4)?,
                request: parsed(row.get(5)?),
                result: parsed(row.get(6)?),
                created: row.get(7)?,
            };
            Ok((row.get(2)?, job))
        })
        .optional()?;
    Ok(job)
}

/// Remembers how far a job has come.
pub fn progress(connection: &Connection, job: &Job, state: &str, result: &Value) -> Result<(), Refusal> {
    connection.execute("UPDATE zoho_crm_job SET state = ?2, result = ?3 WHERE id = ?1", (job.id, state, result.to_string()))?;
    Ok(())
}

/// Runs one job to its end, on a thread that may wait for the store, then calls back.
pub async fn run(shared: Shared, id: i64) {
    let working = shared.clone();
    let outcome = actix_web::web::block(move || work(&working, id)).await;
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(refusal)) => tracing::error!(message = refusal.message, job = id, "a bulk job failed"),
        Err(error) => tracing::error!(%error, job = id, "a bulk job was cut off"),
    }
    if notify::begins(&shared) {
        notify::deliver(shared).await;
    }
}

fn work(shared: &Shared, id: i64) -> Result<(), Refusal> {
    let (kind, job) = shared.store.with(|connection| read(connection, id))?.ok_or_else(not_found)?;
    let org = shared.store.with(|connection| orgs::by_id(shared, connection, job.org))?.ok_or_else(not_found)?;
    let (state, content, result) = match kind.as_str() {
        "write" => bulk_write::run(shared, &org, &job)?,
        _ => bulk_read::run(shared, &org, &job)?,
    };
    shared.store.atomically(|connection| {
        connection.execute("INSERT OR REPLACE INTO zoho_crm_file (record, content) VALUES (?1, ?2)", (job.id, content))?;
        progress(connection, &job, state, &result)?;
        if let Some(url) = job.request["callback"]["url"].as_str() {
            let body = json!({"job_id": job.id.to_string(), "operation": kind, "state": state, "result": result});
            notify::post_to(connection, url, &body)?;
        }
        Ok(())
    })
}

/// `callback`: an address, told with `post`.
pub fn callback(request: &Value) -> Result<Value, Refusal> {
    let callback = &request["callback"];
    if callback.is_null() {
        return Ok(Value::Null);
    }
    if callback["method"] != "post" {
        let details = json!({"supported_callback_methods": ["post"]});
        return Err(Refusal::new("INVALID_CALLBACK_METHOD", "callback method not supported", details));
    }
    match callback["url"].as_str() {
        Some(url) if url.starts_with("http") => Ok(callback.clone()),
        _ => Err(Refusal::invalid("url", "$.callback.url")),
    }
}
