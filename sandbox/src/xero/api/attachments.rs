//! Files on records: list, download, upload.

use serde_json::Value;
use uuid::Uuid;

use super::answer::{Answer, Body};
use super::parts::{at_desk, id, refuse};
use super::{Call, Failure, answer};
use crate::xero::app::APP_NAME;
use crate::xero::attachments::{self, BYTES_MAX, BYTES_MAX_WIDE, FILES_MAX, File, On};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::records;

/// `/{list}/{id}/Attachments` and `/{list}/{id}/Attachments/{file}`.
pub fn answer(call: &Call, kind: Kind, record: &str, below: &[&str]) -> Result<Answer, Failure> {
    let on = On { org: call.caller.org.n, kind, record: id(record)? };
    match (call.method.as_str(), below) {
        ("GET", []) => list(call, on),
        ("GET", [file]) => download(call, on, file),
        ("PUT" | "POST", [name]) => upload(call, on, name),
        _ => Ok(answer::absent()),
    }
}

/// A single record that has files lists them; lists of records do not.
pub fn within(call: &Call, kind: Kind, answer: Answer) -> Result<Answer, Failure> {
    let text = match &answer.body {
        Body::Json(text) if kind.about().attachments && text.contains("\"HasAttachments\":true") => text,
        _ => return Ok(answer),
    };
    let Ok(Value::Object(mut envelope)) = serde_json::from_str(text) else { return Ok(answer) };
    let record = envelope.get_mut(kind.collection()).and_then(|list| list.get_mut(0)).and_then(Value::as_object_mut);
    let Some(record) = record else { return Ok(answer) };
    let Some(id) = text_of(record, kind.id_field()).and_then(|id| Uuid::parse_str(id).ok()) else { return Ok(answer) };
    let on = On { org: call.caller.org.n, kind, record: id };
    let files = call.shared.store.with(|connection| attachments::list(connection, on))?;
    let shown: Vec<_> = files.iter().map(|file| file.shown(&call.shared.base, on)).collect();
    record.insert("Attachments".into(), shown.into());
    Ok(Answer::json(answer.status, Value::Object(envelope).to_string()))
}

fn list(call: &Call, on: On) -> Result<Answer, Failure> {
    let files = call.shared.store.with(|connection| {
        records::by_id(connection, on.org, on.kind, on.record)?.map(|_| attachments::list(connection, on)).transpose()
    })?;
    Ok(shown(call, on, &files.ok_or(Failure::Absent)?))
}

fn download(call: &Call, on: On, named: &str) -> Result<Answer, Failure> {
    let found = call.shared.store.with(|connection| attachments::find(connection, on, named))?;
    let (file, bytes) = found.ok_or(Failure::Absent)?;
    Ok(Answer { status: 200, body: Body::File(file.type_, bytes) })
}

/// A file of the same name is replaced and keeps its id.
fn upload(call: &Call, on: On, name: &str) -> Result<Answer, Failure> {
    let mut sent = Record::new();
    sent.insert("FileName".into(), name.into());
    let wrong = |says: String| refuse(&sent)(says.into());
    let wide = call.shared.switches.on("xero.attachments_up_to_10_mb");
    let max = if wide { BYTES_MAX_WIDE } else { BYTES_MAX };
    if !attachments::is_name(name) {
        return Err(wrong("The file name is not valid".into()));
    }
    let Some(type_) = attachments::type_of(name) else {
        return Err(wrong(format!("The file type of '{name}' is not supported")));
    };
    if call.body.is_empty() {
        return Err(wrong("The file is empty".into()));
    }
    if call.body.len() > max {
        return Err(wrong(format!("The file exceeds the maximum size of {} MB", max / 1024 / 1024)));
    }
    let online = matches!(on.kind, Kind::Invoices | Kind::CreditNotes)
        && call.parameter("IncludeOnline").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let file = at_desk(call, |desk| {
        if desk.read(on.kind, on.record).map_err(refuse(&sent))?.is_none() {
            return Err(Failure::Absent);
        }
        let files = attachments::list(desk.connection, on)?;
        let known = files.iter().find(|known| known.name == name);
        if known.is_none() && files.len() as i64 >= FILES_MAX {
            return Err(wrong(format!("A maximum of {FILES_MAX} attachments is allowed")));
        }
        let file = File {
            id: known.map_or_else(Uuid::new_v4, |known| known.id),
            name: name.to_owned(),
            type_: type_.to_owned(),
            length: call.body.len() as i64,
            online,
        };
        let details = format!("Attached the file {name} through the Xero API using {APP_NAME}");
        attachments::attach(desk, on, &file, call.body, &details).map_err(refuse(&sent))?;
        Ok(file)
    })?;
    Ok(shown(call, on, &[file]))
}

fn shown(call: &Call, on: On, files: &[File]) -> Answer {
    let shown: Vec<_> = files.iter().map(|file| file.shown(&call.shared.base, on)).map(|file: Value| file.to_string()).collect();
    Answer::collection(call.shared, "Attachments", "", &shown.join(","))
}
