//! Webhooks: one address and one signing key for the app, events of every connected organisation in one stream.
//!
//! An event is written with the change that it tells of, in the same transaction. A task that runs only while an address is set takes
//! events out in order, signs them and delivers them.

mod control;
mod delivery;
mod events;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::web::ServiceConfig;
use serde_json::Value;
use tokio::sync::Notify;
use url::Url;

use super::desk::{Desk, No};
use super::json::Record;
use super::kinds::Kind;
use super::records::Row;
use crate::delivery::Manner;

pub use events::create_tables;

/// Deliveries that the log remembers.
const LOG_MAX: usize = 500;

pub fn configure(cfg: &mut ServiceConfig) {
    control::configure(cfg);
}

/// The category of a kind's events. Other kinds have none: they have to be polled.
pub fn category(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Contacts => Some("CONTACT"),
        Kind::Invoices => Some("INVOICE"),
        Kind::CreditNotes => Some("CREDITNOTE"),
        Kind::Prepayments => Some("PREPAYMENT"),
        Kind::Overpayments => Some("OVERPAYMENT"),
        Kind::Payments => Some("PAYMENT"),
        _ => None,
    }
}

const CATEGORIES: [&str; 7] = ["CONTACT", "INVOICE", "SUBSCRIPTION", "CREDITNOTE", "PREPAYMENT", "OVERPAYMENT", "PAYMENT"];

/// Writes the event of a change, when there is anybody to tell.
pub fn note(desk: &Desk, kind: Kind, row: &Row, is_new: bool, record: &Record) -> Result<(), No> {
    let webhooks = &desk.shared.xero.webhooks;
    if !webhooks.listens() {
        return Ok(());
    }
    let Some(category) = category(kind) else { return Ok(()) };
    let event = events::of(desk, kind, category, row, is_new, record);
    events::write(desk.connection, desk.now_ms, &event)?;
    webhooks.wake();
    Ok(())
}

/// Shared.
#[derive(Clone, Default)]
pub struct Webhooks {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    listens: AtomicBool,
    /// Moves when the address changes: the task of the former address ends.
    generation: AtomicU64,
    wake: Notify,
    state: Mutex<State>,
}

impl Webhooks {
    fn listens(&self) -> bool {
        self.inner.listens.load(Ordering::Acquire)
    }

    fn wake(&self) {
        self.inner.wake.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What the developer portal shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Status {
    /// No address is set.
    #[default]
    Off,
    /// The address has not yet answered the intent to receive as it should.
    IntentToReceiveRequired,
    Ok,
    /// It could not be reached for 24 hours. Events wait until it is enabled again.
    Disabled,
}

impl Status {
    fn shown(self) -> &'static str {
        match self {
            Status::Off => "OFF",
            Status::IntentToReceiveRequired => "INTENT TO RECEIVE REQUIRED",
            Status::Ok => "OK",
            Status::Disabled => "DISABLED",
        }
    }
}

/// One delivery: its body is signed as it stands.
#[derive(Clone, Debug)]
struct Payload {
    first: i64,
    last: i64,
    events: usize,
    body: String,
}

/// Since when and how often a delivery has failed.
#[derive(Clone, Copy, Debug)]
struct Failing {
    since_ms: i64,
    attempts: usize,
    next_ms: i64,
}

#[derive(Default)]
struct State {
    url: Option<Url>,
    categories: Vec<String>,
    status: Status,
    manner: Manner,
    /// Payloads made and not yet delivered, in order.
    queue: VecDeque<Payload>,
    failing: Option<Failing>,
    /// While events are held: those up to this number go out.
    release: i64,
    delivered: u64,
    lost: u64,
    log: VecDeque<Value>,
}

impl State {
    fn note(&mut self, entry: Value) {
        if self.log.len() >= LOG_MAX {
            self.log.pop_front();
        }
        self.log.push_back(entry);
    }
}
