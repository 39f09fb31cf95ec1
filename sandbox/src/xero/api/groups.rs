//! Contact groups and their members.

use serde_json::Value;

use super::answer::{Answer, Body};
use super::parts::{at_desk, id, refuse};
use super::{Call, Failure, answer};
use crate::xero::enter::contact_groups as groups;
use crate::xero::json::Record;
use crate::xero::kinds::Kind;
use crate::xero::records;

/// A group with its members, which lists of groups leave out.
pub fn single(call: &Call, group: &str) -> Result<Answer, Failure> {
    let id = id(group)?;
    let org = call.caller.org.n;
    let found = call.shared.store.with(|connection| {
        let group = records::by_id(connection, org, Kind::ContactGroups, id)?;
        Ok::<_, rusqlite::Error>(group.map(|(group, _)| (group, groups::members(connection, org, id))))
    })?;
    let (body, members) = found.ok_or(Failure::Absent)?;
    let mut group: Record = serde_json::from_str(&body).unwrap_or_default();
    let members: Value = serde_json::from_str(&format!("[{}]", members?)).unwrap_or_default();
    group.insert("Contacts".into(), members);
    Ok(Answer::records(call.shared, Kind::ContactGroups, "", &Value::Object(group).to_string()))
}

/// `PUT …/Contacts`, `DELETE …/Contacts`, `DELETE …/Contacts/{id}`.
pub fn members(call: &Call, group: &str, below: &[&str]) -> Result<Answer, Failure> {
    let of = id(group)?;
    let nothing = Record::new();
    match (call.method.as_str(), below) {
        ("PUT", []) => {
            let sent = super::body::elements(call, "Contacts")?;
            let shown = at_desk(call, |desk| {
                let group = groups::active(desk, of).map_err(refuse(&nothing))?;
                let add = |member: &Record| {
                    let shown = groups::add(desk, &group, &Value::Object(member.clone())).map_err(refuse(member))?;
                    Ok(shown.to_string())
                };
                sent.iter().map(add).collect::<Result<Vec<_>, Failure>>()
            })?;
            Ok(Answer::collection(call.shared, "Contacts", "", &shown.join(",")))
        }
        ("DELETE", []) => {
            at_desk(call, |desk| {
                groups::active(desk, of).map_err(refuse(&nothing))?;
                groups::empty(desk, of).map_err(refuse(&nothing))
            })?;
            Ok(Answer { status: 204, body: Body::Empty })
        }
        ("DELETE", [contact]) => {
            let contact = id(contact)?;
            let removed = at_desk(call, |desk| {
                groups::active(desk, of).map_err(refuse(&nothing))?;
                groups::remove(desk, of, contact).map_err(refuse(&nothing))
            })?;
            if removed { Ok(Answer { status: 204, body: Body::Empty }) } else { Err(Failure::Absent) }
        }
        _ => Ok(answer::absent()),
    }
}
