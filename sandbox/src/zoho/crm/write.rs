//! Insert, update, upsert, delete: up to a hundred rows, each answered for itself.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, rows};
use super::batch::{Batch, ROWS_MAX};
use super::call::Call;
use super::desk::{Desk, Happened};
use super::field::Fields;
use super::module::Module;
use super::writer::{Writer, note};
use super::{external, record};

/// `POST /{module}`.
pub fn insert(desk: &Desk, module: Module, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let batch = Batch::read(body)?;
    let fields = desk.fields(module)?;
    let writer = Writer { desk, module, fields: &fields, workflows: batch.workflows };
    let answers = batch
        .rows
        .iter()
        .enumerate()
        .map(|(at, row)| writer.row(row, at, |row, path| Ok(done("record added", writer.store(None, row, path)?))));
    Ok(rows("data", answers.collect::<Result<_, _>>()?, 201, desk.all_refused()))
}

/// `PUT /{module}` and, with an id, `PUT /{module}/{id}`.
pub fn update(call: &Call, desk: &Desk, module: Module, id: Option<&str>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let batch = Batch::read(body)?;
    let fields = desk.fields(module)?;
    let writer = Writer { desk, module, fields: &fields, workflows: batch.workflows };
    let since = unmodified_since(call, desk)?;
    if id.is_some() && batch.rows.len() > 1 {
        return Err(Refusal::too_long(1, "data", "$.data"));
    }
    let mut stale = false;
    let mut answers = Vec::with_capacity(batch.rows.len());
    for (at, row) in batch.rows.iter().enumerate() {
        answers.push(writer.row(row, at, |row, path| {
            let was = writer.named(id, row, path)?;
            if since.is_some_and(|since| was.modified > since) {
                stale = true;
                return Err(writer.already_modified(&was));
            }
            Ok(done("record updated", writer.store(Some(was), row, path)?))
        })?);
    }
    let refused = if stale { 412 } else { desk.all_refused() };
    Ok(rows("data", answers, 200, refused))
}

/// `POST /{module}/upsert`.
pub fn upsert(desk: &Desk, module: Module, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let batch = Batch::read(body)?;
    let fields = desk.fields(module)?;
    let writer = Writer { desk, module, fields: &fields, workflows: batch.workflows };
    let check = writer.checked(&batch.check)?;
    let answers = batch.rows.iter().enumerate().map(|(at, row)| {
        writer.row(row, at, |row, path| {
            let (was, by) = writer.matching(&check, row, path)?;
            let (message, action) = if was.is_some() { ("record updated", "update") } else { ("record added", "insert") };
            let mut answer = done(message, writer.store(was, row, path)?);
            answer["action"] = action.into();
            answer["duplicate_field"] = by.into();
            Ok(answer)
        })
    });
    Ok(rows("data", answers.collect::<Result<_, _>>()?, 200, desk.all_refused()))
}

/// One row of a bulk write, which wakes no workflow; whether it was added, and its id.
pub fn one_of_many(
    desk: &Desk,
    module: Module,
    fields: &Fields,
    row: &Map<String, Value>,
    operation: &str,
    find_by: Option<&str>,
) -> Result<(bool, String), Refusal> {
    let writer = Writer { desk, module, fields, workflows: false };
    let was = match (operation, find_by) {
        ("insert", _) => None,
        (_, Some("id")) if row.contains_key("id") => Some(writer.named(None, row, "$")?),
        (_, Some(name)) => {
            let field = fields.named(name).ok_or_else(|| Refusal::invalid(name, "$"))?;
            writer.matching(&[field], row, "$")?.0
        }
        (_, None) => None,
    };
    if was.is_none() && operation == "update" {
        return Err(Refusal::unknown_id(""));
    }
    let added = was.is_none();
    let details = writer.store(was, row, "$")?;
    Ok((added, details["id"].as_str().unwrap_or_default().to_owned()))
}

/// `DELETE /{module}?ids=` and `DELETE /{module}/{id}`.
pub fn delete(desk: &Desk, module: Module, ids: &[&str]) -> Result<Answer, Refusal> {
    if ids.len() > ROWS_MAX {
        return Err(Refusal::new("LIMIT_EXCEEDED", "limit exceeded", json!({"limit": ROWS_MAX, "param_name": "ids"})));
    }
    let mut answers = Vec::with_capacity(ids.len());
    for named in ids {
        let id = external::id(desk, module, named)?;
        let gone = match id {
            Some(id) => record::remove(desk, module, id)?,
            None => false,
        };
        answers.push(match id {
            Some(id) if gone => {
                let values = json!({"Modified_By": desk.org.me().json(), "Record_Status__s": 0});
                note(desk, module, Happened::Delete, id, values);
                done("record deleted", json!({"id": id.to_string()}))
            }
            _ => Refusal::unknown_id(named).json(),
        });
    }
    Ok(rows("data", answers, 200, desk.all_refused()))
}

/// The hour after which a change by somebody else makes this write stale.
fn unmodified_since(call: &Call, desk: &Desk) -> Result<Option<i64>, Refusal> {
    let mut headers = vec!["if-unmodified-since"];
    if desk.on("zoho.crm_if_modified_since_guards_writes") {
        headers.push("if-modified-since");
    }
    match headers.into_iter().find_map(|name| call.header(name)) {
        Some(text) => {
            Ok(Some(crate::zoho::time::parse_stamp(text).ok_or_else(|| Refusal::param_invalid("If-Unmodified-Since"))?))
        }
        None => Ok(None),
    }
}
