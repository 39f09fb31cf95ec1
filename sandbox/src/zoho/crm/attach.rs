//! Files and notes that hang on records: `/{module}/{id}/Attachments` and `/{module}/{id}/Notes`.

use rusqlite::OptionalExtension;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done};
use super::call::Call;
use super::desk::Desk;
use super::module::Module;
use super::record::{self, Record};
use super::scopes::Operation;
use super::{list, write};
use crate::zoho::multipart;

/// A file may be no larger.
const FILE_BYTES_MAX: usize = 20 * 1024 * 1024;

/// The routes of one record's attachments; `rest` is what follows the word.
pub fn attachments(call: &Call, desk: &Desk, module: Module, parent: i64, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            desk.may(Module::Attachments, Operation::Read)?;
            list::page(call, desk, Module::Attachments, Some(parent))
        }
        ("POST", []) => {
            desk.may(Module::Attachments, Operation::Create)?;
            desk.may(module, Operation::Read)?;
            upload(call, desk, parent)
        }
        ("GET", [id]) => {
            desk.may(Module::Attachments, Operation::Read)?;
            download(desk, parent, id)
        }
        ("DELETE", [id]) => {
            desk.may(Module::Attachments, Operation::Delete)?;
            let number = id.parse().map_err(|_| Refusal::unknown_id(id))?;
            let ours = record::read(desk, Module::Attachments, number)?.is_some_and(|file| file.parent == Some(parent));
            if !ours {
                return Err(Refusal::unknown_id(id));
            }
            write::delete(desk, Module::Attachments, &[id])
        }
        _ => Err(Refusal::wrong_method()),
    }
}

fn upload(call: &Call, desk: &Desk, parent: i64) -> Result<Answer, Refusal> {
    let content_type = call.header("content-type").unwrap_or_default();
    let parts = multipart::parts(content_type, call.body).unwrap_or_default();
    let file = parts.iter().find(|part| part.name == "file" && part.file_name.is_some());
    let file = file.ok_or_else(|| Refusal::param_missing("file"))?;
    if file.bytes.len() > FILE_BYTES_MAX {
        let message = "The size of the file is more than the allowed size";
        return Err(Refusal::new("FILE_SIZE_MORE_THAN_ALLOWED_SIZE", message, json!({"limit": FILE_BYTES_MAX})));
    }
    let mut attachment = Record::new(desk)?;
    attachment.parent = Some(parent);
    attachment.data.insert("File_Name".into(), file.file_name.clone().unwrap_or_default().into());
    attachment.data.insert("Size".into(), file.bytes.len().to_string().into());
    record::save(desk, Module::Attachments, &desk.fields(Module::Attachments)?, &mut attachment, true)?;
    desk.connection
        .prepare_cached("INSERT INTO zoho_crm_file (record, content) VALUES (?1, ?2)")?
        .execute((attachment.id, file.bytes))?;
    let (me, stamp) = (desk.org.me(), desk.org.stamp(attachment.created));
    let by = json!({"name": me.name(), "id": me.id.to_string()});
    let details = json!({"id": attachment.id.to_string(), "Created_Time": stamp, "Modified_Time": stamp, "Created_By": by, "Modified_By": by});
    Ok(Answer::json(200, &json!({"data": [done("attachment uploaded successfully", details)]})))
}

fn download(desk: &Desk, parent: i64, id: &str) -> Result<Answer, Refusal> {
    let unknown = || Refusal::unknown_id(id);
    let file = record::read(desk, Module::Attachments, id.parse().map_err(|_| unknown())?)?;
    let file = file.filter(|file| file.parent == Some(parent)).ok_or_else(unknown)?;
    let content: Option<Vec<u8>> = desk
        .connection
        .prepare_cached("SELECT content FROM zoho_crm_file WHERE record = ?1")?
        .query_row([file.id], |row| row.get(0))
        .optional()?;
    Ok(Answer::file(&file.name, "application/octet-stream", content.ok_or_else(unknown)?))
}

/// The routes of one record's notes.
pub fn notes(call: &Call, desk: &Desk, module: Module, parent: i64, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            desk.may(Module::Notes, Operation::Read)?;
            list::page(call, desk, Module::Notes, Some(parent))
        }
        ("POST", []) => {
            desk.may(Module::Notes, Operation::Create)?;
            write::insert(desk, Module::Notes, &hung(call.json()?, module, parent))
        }
        ("PUT", [id]) => {
            desk.may(Module::Notes, Operation::Update)?;
            write::update(call, desk, Module::Notes, Some(id), &call.json()?)
        }
        ("DELETE", [id]) => {
            desk.may(Module::Notes, Operation::Delete)?;
            write::delete(desk, Module::Notes, &[id])
        }
        _ => Err(Refusal::wrong_method()),
    }
}

/// The same body with every row hanging on the record of the address.
fn hung(mut body: Map<String, Value>, module: Module, parent: i64) -> Map<String, Value> {
    if let Some(Value::Array(rows)) = body.get_mut("data") {
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            row.insert("Parent_Id".into(), json!({"id": parent.to_string(), "module": {"api_name": module.api_name()}}));
        }
    }
    body
}
