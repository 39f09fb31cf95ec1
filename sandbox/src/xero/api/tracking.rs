//! Tracking categories and their options.

use serde_json::Value;

use super::answer::Answer;
use super::body::elements;
use super::parts::{at_desk, id, refuse};
use super::{Call, Failure, answer};
use crate::xero::desk::Desk;
use crate::xero::enter::tracking_categories::{self as categories, put_option};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind::TrackingCategories;
use crate::xero::{lists, query, records};

/// Archived categories and options are shown on demand, deleted options never.
pub fn list(call: &Call) -> Result<Answer, Failure> {
    let query = query::read(TrackingCategories, &call.query, None)?;
    let archived = call.parameter("includeArchived").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let mut shown = Vec::new();
    let mut each = |body: &str| {
        // What has been deleted is at its own address only.
        if let Some(category) = with_options(body, archived).filter(|category| text_of(category, "Status") != Some("DELETED")) {
            shown.push(Value::Object(category).to_string());
        }
    };
    let org = call.caller.org.n;
    call.shared.store.with(|connection| {
        lists::list(connection, &call.shared.xero.memo, org, TrackingCategories, &query.filter, None, &mut each)
    })?;
    Ok(Answer::records(call.shared, TrackingCategories, "", &shown.join(",")))
}

pub fn single(call: &Call, category: &str) -> Result<Answer, Failure> {
    let category = id(category)?;
    let org = call.caller.org.n;
    let found = call.shared.store.with(|connection| records::by_id(connection, org, TrackingCategories, category))?;
    let (body, _) = found.ok_or(Failure::Absent)?;
    let category = with_options(&body, true).ok_or(Failure::Absent)?;
    Ok(Answer::records(call.shared, TrackingCategories, "", &Value::Object(category).to_string()))
}

pub fn delete(call: &Call, category: &str) -> Result<Answer, Failure> {
    let id = id(category)?;
    let deleted = at_desk(call, |desk| {
        let (mut category, modified) = there(desk, id)?;
        let echo = category.clone();
        categories::delete(desk, &mut category, id).map_err(refuse(&echo))?;
        desk.keep(TrackingCategories, id, desk.touched(modified), category).map_err(refuse(&echo))
    })?;
    Ok(Answer::records(call.shared, TrackingCategories, "", &Value::Object(deleted).to_string()))
}

/// `PUT …/Options`, `POST` and `DELETE …/Options/{id}`.
pub fn options(call: &Call, category: &str, below: &[&str]) -> Result<Answer, Failure> {
    let of = id(category)?;
    let shown = match (call.method.as_str(), below) {
        ("PUT", []) => {
            let sent = elements(call, "Options")?;
            at_desk(call, |desk| change(desk, of, &sent, |category, sent| put_option(category, None, sent)))?
        }
        ("POST", [option]) => {
            let option = id(option)?;
            let sent = elements(call, "Options")?;
            at_desk(call, |desk| change(desk, of, &sent, |category, sent| put_option(category, Some(option), sent)))?
        }
        ("DELETE", [option]) => {
            let option = id(option)?;
            let nothing = vec![Record::new()];
            at_desk(call, |desk| change(desk, of, &nothing, |category, _| categories::delete_option(desk, category, option)))?
        }
        _ => return Ok(answer::absent()),
    };
    Ok(Answer::collection(call.shared, "Options", "", &shown.join(",")))
}

fn change(
    desk: &Desk,
    of: uuid::Uuid,
    sent: &[Record],
    mut with: impl FnMut(&mut Record, Record) -> Result<Record, crate::xero::desk::No>,
) -> Result<Vec<String>, Failure> {
    let (mut category, modified) = there(desk, of)?;
    let mut shown = Vec::with_capacity(sent.len());
    for option in sent {
        let option = with(&mut category, option.clone()).map_err(refuse(option))?;
        shown.push(Value::Object(option).to_string());
    }
    desk.keep(TrackingCategories, of, desk.touched(modified), category).map_err(refuse(&Record::new()))?;
    Ok(shown)
}

/// A category that has not been deleted.
fn there(desk: &Desk, id: uuid::Uuid) -> Result<(Record, i64), Failure> {
    let found = desk.read(TrackingCategories, id).map_err(refuse(&Record::new()))?;
    found.filter(|(category, _)| text_of(category, "Status") != Some("DELETED")).ok_or(Failure::Absent)
}

fn with_options(body: &str, archived: bool) -> Option<Record> {
    let mut category: Record = serde_json::from_str(body).ok()?;
    if let Some(Value::Array(options)) = category.get_mut("Options") {
        options.retain(|option| match option.get("Status").and_then(Value::as_str) {
            Some("DELETED") => false,
            Some("ARCHIVED") => archived,
            _ => true,
        });
    }
    Some(category)
}
