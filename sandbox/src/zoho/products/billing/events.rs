//! `/events`: the log of what happened through Billing, for those who missed a webhook.

use serde_json::{Value, json};

use super::{Counter, nowhere};
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::cards::{self, Card, Kind};
use crate::zoho::paging::Paging;
use crate::zoho::records::Desk;
use crate::zoho::time;

const EVENT: Kind = Kind { key: "event", list_key: "events", id_key: "event_id", noun: "Event" };

pub fn answer(counter: &Counter, rest: &[&str]) -> Result<Answer, Refusal> {
    let desk = &counter.desk();
    match (counter.call.method.as_str(), rest) {
        ("GET", []) => cards::page(desk, &EVENT, Paging::asked(&counter.call.query)?, None),
        ("GET", [id]) => Ok(Answer::found("event", &cards::need(desk, &EVENT, id)?.json())),
        _ => Err(nowhere()),
    }
}

/// Writes an event down. `data` is what a webhook would have carried.
pub fn note(desk: &Desk, kind: &str, data: Value) -> Result<(), Refusal> {
    let mut event = Card { name: kind.to_owned(), ..Card::new(desk)? };
    event.set("event_type", kind);
    event.set("event_time", time::stamp(desk.now.timestamp(), &desk.org.time_zone));
    event.set("event_source", "API");
    event.set("payload", json!({"event_id": event.id.to_string(), "event_type": kind, "data": data}));
    cards::save(desk, &EVENT, &mut event)
}
