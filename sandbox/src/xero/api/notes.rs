//! History and notes: read, and added to.

use serde_json::{Value, json};

use super::answer::Answer;
use super::body::elements;
use super::parts::{at_desk, id, refuse};
use super::{Call, Failure, answer};
use crate::xero::history::{self, DETAILS_MAX};
use crate::xero::json::{Record, ms_date, text_of};
use crate::xero::kinds::Kind;
use crate::xero::records;

/// `GET` and `PUT /{list}/{id}/History`.
pub fn answer(call: &Call, kind: Kind, record: &str) -> Result<Answer, Failure> {
    let record = id(record)?;
    match call.method.as_str() {
        "GET" => {
            let org = call.caller.org.n;
            let found = call.shared.store.with(|connection| {
                records::by_id(connection, org, kind, record)?.map(|_| history::of(connection, org, kind, record)).transpose()
            })?;
            let shown: Vec<_> = found.ok_or(Failure::Absent)?.iter().map(Value::to_string).collect();
            Ok(Answer::collection(call.shared, "HistoryRecords", "", &shown.join(",")))
        }
        "PUT" => {
            let notes = elements(call, "HistoryRecords")?;
            let shown = at_desk(call, |desk| {
                if desk.read(kind, record).map_err(refuse(&Record::new()))?.is_none() {
                    let notes = notes.iter().map(|note| of_nothing(note, desk.now_ms));
                    return Err(Failure::Invalid(notes.collect()));
                }
                let mut shown = Vec::with_capacity(notes.len());
                for note in &notes {
                    let details = details(note).map_err(|says| refuse(note)(says.into()))?;
                    let at = history::add(desk, kind, record, "Note", details).map_err(refuse(note))?;
                    let kept = json!({
                        "DateUTCString": history::seconds(at), "DateUTC": ms_date(at), "Details": details, "ValidationErrors": [],
                    });
                    shown.push(kept.to_string());
                }
                Ok(shown)
            })?;
            Ok(Answer::collection(call.shared, "HistoryRecords", "", &shown.join(",")))
        }
        _ => Ok(answer::absent()),
    }
}

/// A note on a record that is not there is refused like any other, not with 404.
fn of_nothing(note: &Record, now_ms: i64) -> Value {
    json!({
        "DateUTCString": history::seconds(now_ms), "DateUTC": ms_date(now_ms), "Details": note.get("Details"),
        "ValidationErrors": [{"Message": "The document with the supplied id was not found for this endpoint."}],
    })
}

fn details(note: &Record) -> Result<&str, String> {
    let details = text_of(note, "Details").ok_or("Details is required")?;
    if details.chars().count() > DETAILS_MAX {
        return Err(format!("Details exceeds the maximum length of {DETAILS_MAX}"));
    }
    Ok(details)
}
