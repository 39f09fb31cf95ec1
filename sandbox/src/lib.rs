//! Xero and Zoho on this machine: the real protocols over HTTP, written from the providers' documents.
//!
//! It shares no code with the connectors: it is the second witness and refuses what the providers refuse.
//! Everything is on one port of 127.0.0.1 under path prefixes (`/xero`, `/zoho`, `/_sandbox`); letters are caught on a second one.

pub mod clock;
mod control;
mod delivery;
pub mod deluge;
pub mod faults;
pub mod limits;
pub mod mail;
mod people;
pub mod recorder;
pub mod requests;
pub mod seed;
mod server;
pub mod store;
pub mod switches;
mod wrapper;
pub mod xero;
pub mod zoho;

use std::path::PathBuf;
use std::sync::Arc;

use clock::Clock;
use faults::Faults;
use limits::Limits;
use mail::Mailbox;
use recorder::Recorder;
use requests::Requests;
pub use server::{Sandbox, start};
use store::Store;
use switches::Switches;

/// The application that CP Connect is registered as, at Xero.
pub const XERO_CLIENT_ID: &str = "5A7D0B0C1E5242C1A9F3B6D1C0FFEE01";
/// Its secret. It opens nothing but this sandbox.
pub const XERO_CLIENT_SECRET: &str = "sandbox-xero-secret";
/// What Xero signs webhooks with.
pub const XERO_WEBHOOK_KEY: &str = "sandbox-xero-webhook-key";
/// The client that CP Connect is registered as in Zoho's API console, valid in every data centre of the sandbox.
pub const ZOHO_CLIENT_ID: &str = "1000.5A4D0B0X1E5242C1A9F3B6D1C0FFEE";
/// Its secret. It opens nothing but this sandbox.
pub const ZOHO_CLIENT_SECRET: &str = "sandbox-zoho-secret";

/// How to start.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Where HTTP listens; 0 takes a free port.
    pub port: u16,
    /// Where SMTP listens; 0 takes a free port.
    pub smtp_port: u16,
    /// Where the companies are kept. None: a temporary folder, removed at the end.
    pub data_dir: Option<PathBuf>,
    /// Enforce the providers' published limits from the first call.
    pub realistic_limits: bool,
}

/// Shared by all handlers (actix app data), cheap to clone.
#[derive(Clone)]
pub struct Shared {
    pub store: Store,
    pub clock: Clock,
    pub limits: Limits,
    pub requests: Requests,
    pub faults: Faults,
    pub switches: Switches,
    pub mail: Mailbox,
    pub recorder: Recorder,
    pub xero: xero::State,
    pub zoho: zoho::State,
    /// `http://127.0.0.1:<port>`, without a slash at the end.
    pub base: Arc<str>,
}
