//! Files attached to records.

use actix_web::HttpResponse;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};

use super::nowhere;
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::call::Call;
use crate::zoho::module::Module;
use crate::zoho::records::{self, Desk};
use crate::zoho::{multipart, router, shape, time};

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE zoho_attachment (
            id INTEGER PRIMARY KEY, record INTEGER NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL, created INTEGER NOT NULL, in_mail INTEGER NOT NULL);
        CREATE INDEX zoho_attachment_by_record ON zoho_attachment (record);",
    )
}

const BYTES_MAX: usize = 10 * 1024 * 1024;

/// Ending of the name and what it is.
const TYPES: [(&str, &str); 6] = [
    ("gif", "image/gif"),
    ("png", "image/png"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("bmp", "image/bmp"),
    ("pdf", "application/pdf"),
];

/// Where attachments are documented: resource, methods, and the status of a new one.
const DOCUMENTED: &[(&str, &[&str], u16)] = &[
    ("bills", &["GET", "POST", "DELETE"], 201),
    ("contacts", &["POST"], 200),
    ("creditnotes", &["POST"], 200),
    ("expenses", &["GET", "POST", "DELETE"], 200),
    ("invoices", &["GET", "POST", "PUT", "DELETE"], 200),
    ("journals", &["POST"], 201),
    ("purchaseorders", &["GET", "POST", "PUT", "DELETE"], 201),
    ("retainerinvoices", &["GET", "POST"], 200),
    ("salesorders", &["GET", "POST", "PUT", "DELETE"], 201),
];

pub fn answer(
    call: &Call,
    desk: &Desk,
    module: Module,
    resource: &str,
    id: &str,
    what: &str,
    rest: &[&str],
) -> Result<Answer, Refusal> {
    let (_, methods, status) = DOCUMENTED.iter().find(|(name, ..)| *name == resource).ok_or_else(nowhere)?;
    let record = records::need(desk, module, id.parse().map_err(|_| Refusal::absent(module.noun()))?)?.id;
    let what = if (resource, what) == ("expenses", "receipt") { "attachment" } else { what };
    match (call.method.as_str(), what, rest) {
        (method, "attachment", []) if !methods.contains(&method) => Err(nowhere()),
        ("POST", "attachment", []) => attach(call, desk, record, *status),
        ("PUT", "attachment", []) => {
            let in_mail = call.query.get("can_send_in_mail").ok_or_else(|| Refusal::missing("can_send_in_mail"))?;
            desk.connection
                .prepare_cached("UPDATE zoho_attachment SET in_mail = ?2 WHERE record = ?1")?
                .execute((record, in_mail == "true"))?;
            Ok(Answer::done("The preference has been updated."))
        }
        ("DELETE", "attachment", []) => gone(desk.connection.execute("DELETE FROM zoho_attachment WHERE record = ?1", [record])?),
        ("DELETE", "documents", [document]) => {
            let document = document.parse::<i64>().unwrap_or_default();
            gone(desk.connection.execute("DELETE FROM zoho_attachment WHERE record = ?1 AND id = ?2", (record, document))?)
        }
        _ => Err(nowhere()),
    }
}

/// The files of a record, as the record itself shows them (`documents`). None: files of this kind are not documented.
pub fn documents(desk: &Desk, module: Module, record: i64) -> Result<Option<Value>, Refusal> {
    if !DOCUMENTED.iter().any(|(name, ..)| *name == module.path()) {
        return Ok(None);
    }
    let mut found = desk.connection.prepare_cached(
        "SELECT id, name, kind, length(body), in_mail, created FROM zoho_attachment WHERE record = ?1 ORDER BY id",
    )?;
    let shown = found.query_map([record], |row| {
        let (id, name, kind): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(document(desk, id, &name, &kind, row.get(3)?, row.get(4)?, row.get(5)?))
    })?;
    Ok(Some(Value::Array(shown.collect::<Result<_, _>>()?)))
}

fn document(desk: &Desk, id: i64, name: &str, kind: &str, bytes: i64, in_mail: bool, at: i64) -> Value {
    json!({
        "document_id": id.to_string(), "file_name": name, "file_type": kind.rsplit('/').next(), "file_size": bytes, "can_send_in_mail": in_mail,
        "uploaded_on": time::stamp(at, &desk.org.time_zone),
    })
}

fn gone(count: usize) -> Result<Answer, Refusal> {
    if count == 0 { Err(Refusal::absent("Attachment")) } else { Ok(Answer::done("Your file is no longer attached.")) }
}

/// As a part of a form, or as the body itself.
fn attach(call: &Call, desk: &Desk, record: i64, status: u16) -> Result<Answer, Refusal> {
    let content_type = call.header("content-type").unwrap_or_default();
    let parts = multipart::parts(content_type, call.body());
    let file = parts.map(|parts| {
        parts.into_iter().find(|part| part.file_name.is_some() && matches!(part.name.as_str(), "attachment" | "receipt"))
    });
    let (name, kind, bytes) = match file {
        Some(file) => {
            let file = file.ok_or_else(|| Refusal::missing("attachment"))?;
            (file.file_name.unwrap_or_default(), file.kind, file.bytes)
        }
        None => (String::new(), content_type.to_owned(), call.body()),
    };
    if bytes.is_empty() {
        return Err(Refusal::missing("attachment"));
    }
    if bytes.len() > BYTES_MAX {
        return Err(Refusal::new(2, "The size of the file must not exceed 10 MB."));
    }
    let kind =
        kind_of(&name, &kind).ok_or_else(|| Refusal::new(2, "The type of the file must be gif, png, jpeg, jpg, bmp or pdf."))?;
    shape::length("attachment", &name, 200)?;
    let id = records::new_ids(desk, 1)?;
    let name = if name.is_empty() { format!("attachment-{id}") } else { name };
    let in_mail = call.query.get("can_send_in_mail") == Some("true");
    desk.connection
        .prepare_cached(
            "INSERT INTO zoho_attachment (id, record, name, kind, body, created, in_mail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute((id, record, &name, kind, bytes, desk.now.timestamp(), in_mail))?;
    let document = document(desk, id, &name, kind, bytes.len() as i64, in_mail, desk.now.timestamp());
    Ok(Answer::with(status, "Your file has been successfully attached.", "documents", &Value::from(vec![document]).to_string()))
}

/// By the ending of its name; without a name by what it is said to be.
fn kind_of(name: &str, said: &str) -> Option<&'static str> {
    if name.is_empty() {
        let said = said.split(';').next().unwrap_or_default().trim();
        return TYPES.iter().find(|(_, kind)| *kind == said).map(|(_, kind)| *kind);
    }
    let (_, ending) = name.rsplit_once('.')?;
    TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(ending)).map(|(_, kind)| *kind)
}

/// `GET /{resource}/{id}/attachment` and `…/documents/{document}`: the file itself. None when the call is another.
pub fn download(call: &Call, desk: &Desk, scopes: &str) -> Option<Result<HttpResponse, Refusal>> {
    let (resource, id, document) = match (call.method.as_str(), call.segments.as_slice()) {
        ("GET", [resource, id, "attachment"]) => (*resource, *id, None),
        ("GET", ["expenses", id, "receipt"]) => ("expenses", *id, None),
        ("GET", [resource, id, "documents", document]) => (*resource, *id, Some(*document)),
        _ => return None,
    };
    let (module, _) = Module::at(&call.segments)?;
    Some(router::permitted(scopes, module.scope(), call.method).and_then(|()| {
        let (_, methods, _) = DOCUMENTED.iter().find(|(name, ..)| *name == resource).ok_or_else(nowhere)?;
        if document.is_none() && !methods.contains(&"GET") {
            return Err(nowhere());
        }
        file(desk, module, id, document)
    }))
}

fn file(desk: &Desk, module: Module, id: &str, document: Option<&str>) -> Result<HttpResponse, Refusal> {
    let record = records::need(desk, module, id.parse().map_err(|_| Refusal::absent(module.noun()))?)?.id;
    let document = document.map(|id| id.parse::<i64>().unwrap_or_default());
    let found: Option<(String, String, Vec<u8>)> = desk
        .connection
        .prepare_cached(
            "SELECT name, kind, body FROM zoho_attachment WHERE record = ?1 AND (?2 IS NULL OR id = ?2) ORDER BY id DESC LIMIT 1",
        )?
        .query_row((record, document), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (name, kind, body) = found.ok_or_else(|| Refusal::absent("Attachment"))?;
    let name: String = name.chars().filter(|letter| letter.is_ascii_graphic() && !matches!(letter, '"' | '\\')).collect();
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("Content-Disposition", format!("attachment; filename=\"{name}\"")))
        .body(body))
}
