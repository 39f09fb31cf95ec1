//! What one call of CRM works with: the store, the organisation, the hour, and what will have to be told to whom.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::external::External;
use super::field::Fields;
use super::module::Module;
use super::orgs::Org;
use super::scopes::{self, Operation};
use crate::Shared;

/// Handed from function to function.
pub struct Desk<'a> {
    pub shared: &'a Shared,
    pub connection: &'a Connection,
    pub org: &'a Org,
    pub now: DateTime<Utc>,
    pub scopes: &'a str,
    /// The header X-EXTERNAL.
    pub external: External,
    /// Somebody watches this organisation, so events are worth collecting.
    pub watched: bool,
    /// What was done to records, for the channels that watch.
    pub events: RefCell<Vec<Event>>,
    /// Bulk jobs that begin when this call is done.
    pub started: RefCell<Vec<i64>>,
}

/// One record was inserted, updated or deleted.
#[derive(Clone, Debug)]
pub struct Event {
    pub module: Module,
    pub happened: Happened,
    pub id: i64,
    /// What changed, as the record shows it now.
    pub values: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    Insert,
    Update,
    Delete,
}

impl Happened {
    /// As notifications say it.
    pub fn operation(self) -> &'static str {
        match self {
            Self::Insert => "insert",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    /// As subscriptions say it.
    pub fn event(self) -> &'static str {
        match self {
            Self::Insert => "create",
            Self::Update => "edit",
            Self::Delete => "delete",
        }
    }
}

impl<'a> Desk<'a> {
    /// For work that came with no headers and that nobody watches.
    pub fn open(shared: &'a Shared, connection: &'a Connection, org: &'a Org, scopes: &'a str) -> Self {
        Self {
            shared,
            connection,
            org,
            now: shared.clock.now(),
            scopes,
            external: External::default(),
            watched: false,
            events: RefCell::default(),
            started: RefCell::default(),
        }
    }

    pub fn on(&self, switch: &str) -> bool {
        self.shared.switches.on(switch)
    }

    pub fn fields(&self, module: Module) -> Result<Fields, Refusal> {
        Fields::of(self.connection, self.org, module)
    }

    pub fn permitted(&self, area: &str, operation: Operation) -> Result<(), Refusal> {
        scopes::permitted(self.scopes, area, operation)
    }

    pub fn may(&self, module: Module, operation: Operation) -> Result<(), Refusal> {
        self.permitted(&format!("modules.{}", module.scope()), operation)
    }

    /// `http://127.0.0.1:…/zoho/eu/api`.
    pub fn api_domain(&self) -> String {
        format!("{}/zoho/{}/api", self.shared.base, self.org.dc)
    }

    /// Runs one row: what it wrote before it was refused is undone.
    pub fn row<T>(&self, work: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.connection.prepare_cached("SAVEPOINT crm_row")?.execute([])?;
        let outcome = work();
        if outcome.is_err() {
            self.connection.prepare_cached("ROLLBACK TO crm_row")?.execute([])?;
        }
        self.connection.prepare_cached("RELEASE crm_row")?.execute([])?;
        outcome
    }

    /// The status of an answer in which every row was refused.
    pub fn all_refused(&self) -> u16 {
        if self.on("zoho.crm_all_rows_refused_is_202") { 202 } else { 400 }
    }
}

/// An id as CRM writes it: digits in a string, or a bare number.
pub fn id_of(value: &Value) -> Option<i64> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_i64(),
        _ => None,
    }
}
