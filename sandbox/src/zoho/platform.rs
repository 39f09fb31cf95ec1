//! What Books offers around its records: settings that fire webhooks, tags, locks, comments, attachments, users.

use rusqlite::Connection;

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::records::Desk;
use super::{router, webhooks};

pub fn create_tables(_connection: &Connection) -> rusqlite::Result<()> {
    Ok(())
}

/// None when the address is none of these.
pub fn answer(call: &Call, desk: &Desk, scopes: &str) -> Option<Result<Answer, Refusal>> {
    let allowed = |area: &str| router::permitted(scopes, area, call.method);
    match call.segments.as_slice() {
        ["settings", "webhooks" | "workflows", ..] => {
            Some(allowed("settings").and_then(|()| webhooks::answer(call, desk).unwrap_or_else(|| Err(nowhere()))))
        }
        _ => None,
    }
}

fn nowhere() -> Refusal {
    Refusal::new(5, "Invalid URL Passed").at(404)
}
