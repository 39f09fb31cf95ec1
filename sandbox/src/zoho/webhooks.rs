//! Webhooks of Books: a rule notices that a record was created, edited or deleted, and a webhook tells an address about it.
//!
//! A firing is written down in the same transaction as the record, so a refused write fires nothing; it is sent after the commit.

mod control;
mod definitions;
mod firing;
mod histories;
mod post;
mod signature;
mod workflows;

use actix_web::web::ServiceConfig;
use rusqlite::Connection;

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::module::Module;
use super::records::{Desk, Record};
pub use post::{Post, run};

pub fn configure(cfg: &mut ServiceConfig) {
    control::configure(cfg);
}

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE zoho_webhook (id INTEGER PRIMARY KEY, org INTEGER NOT NULL, module INTEGER, name TEXT NOT NULL, detail TEXT NOT NULL);
        CREATE INDEX zoho_webhook_by_org ON zoho_webhook (org);

        CREATE TABLE zoho_workflow (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, module INTEGER NOT NULL, name TEXT NOT NULL, event TEXT NOT NULL, webhook INTEGER NOT NULL,
            is_active INTEGER NOT NULL, description TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL);
        CREATE INDEX zoho_workflow_by_module ON zoho_workflow (org, module);

        CREATE TABLE zoho_firing (
            id INTEGER PRIMARY KEY, org INTEGER NOT NULL, workflow INTEGER NOT NULL, webhook INTEGER NOT NULL, module INTEGER NOT NULL, record INTEGER NOT NULL,
            event TEXT NOT NULL, at_us INTEGER NOT NULL, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, state TEXT NOT NULL, code INTEGER, says TEXT NOT NULL,
            method TEXT NOT NULL, url TEXT NOT NULL, headers TEXT NOT NULL, form TEXT, body TEXT NOT NULL, secret TEXT NOT NULL);
        CREATE INDEX zoho_firing_by_org ON zoho_firing (org, at_us);
        CREATE INDEX zoho_firing_waiting ON zoho_firing (due_ms) WHERE state = 'queued';",
    )
}

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Created,
    Edited,
    Deleted,
}

impl Event {
    fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Deleted => "deleted",
        }
    }
}

/// A record was saved or removed: every active rule of its module that waits for this fires. Without rules it costs one look-up.
pub fn noticed(desk: &Desk, module: Module, record: &Record, event: Event) -> Result<(), Refusal> {
    for (workflow, webhook) in workflows::waiting_for(desk, module, event)? {
        firing::fire(desk, module, record, event, workflow, webhook)?;
    }
    Ok(())
}

/// `settings/webhooks` and `settings/workflows`.
pub fn answer(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    match call.segments.as_slice() {
        ["settings", "webhooks", "histories", rest @ ..] => histories::answer(call, desk, rest),
        ["settings", "webhooks", rest @ ..] => definitions::answer(call, desk, rest),
        ["settings", "workflows", rest @ ..] => workflows::answer(call, desk, rest),
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}
