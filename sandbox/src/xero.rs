//! Xero: login and consent pages, identity server, connections, Accounting API.

mod access;
mod api;
mod app;
pub(crate) mod browse;
mod connections;
mod control;
mod desk;
pub(crate) mod documents;
mod enter;
mod identity;
pub(crate) mod json;
mod keys;
pub(crate) mod kinds;
mod lists;
mod login;
mod money;
mod query;
pub(crate) mod records;
pub(crate) mod sessions;

use actix_web::web::ServiceConfig;
use rusqlite::Connection;
use serde_json::{Value, json};
use uuid::Uuid;

pub use app::{APP_NAME, Registration, Rotation, USER_EMAIL, USER_NAME, USER_PASSWORD};
pub use desk::{Refused, put};
pub(crate) use desk::{code_id, ledger};
pub use kinds::{KINDS, Kind};
pub use lists::Memo;
pub(crate) use login::escape;
pub use money::{cents, rounded};

use crate::Shared;
use crate::switches::Switch;

/// Open questions about Xero.
pub const SWITCHES: &[Switch] = &[
    Switch {
        name: "xero.reconnect_keeps_event",
        default: false,
        says: "a renewed connection keeps the authEventId of its first consent",
    },
    Switch {
        name: "xero.not_modified_304",
        default: false,
        says: "a list with If-Modified-Since and nothing newer answers 304 instead of an empty list",
    },
];

/// The organisation of the story.
pub const DEMO_COMPANY: Uuid = Uuid::from_u128(0x0d1c_9a1e_52b4_4f0e_8a44_0c0f_fee0_0101);
/// The one that was connected before and that nobody meant.
pub const TRAINING: Uuid = Uuid::from_u128(0x7e57_11a6_6b1d_4c3f_9d10_0c0f_fee0_0102);

/// What is kept in memory.
#[derive(Clone, Default)]
pub struct State {
    pub registration: Registration,
    pub memo: Memo,
}

pub fn configure(cfg: &mut ServiceConfig) {
    login::configure(cfg);
    identity::configure(cfg);
    connections::configure(cfg);
    api::configure(cfg);
    control::configure(cfg);
}

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    sessions::create_tables(connection)?;
    records::create_tables(connection)
}

/// Two organisations with their settings; the training company has been connected long ago.
pub fn seed(shared: &Shared) -> rusqlite::Result<()> {
    shared.store.atomically(|connection| {
        for org in [
            sessions::Org { n: 1, tenant: DEMO_COMPANY, name: "CloudPerfect".into() },
            sessions::Org { n: 2, tenant: TRAINING, name: "Demo Company (NZ) — Training".into() },
        ] {
            sessions::add_org(connection, &org)?;
            crate::seed::settings(connection, &org)?;
        }
        let long_ago = shared.clock.now().timestamp_millis() - 200 * 24 * 3600 * 1000;
        sessions::connect(connection, TRAINING, Uuid::new_v4(), true, long_ago)
    })?;
    crate::seed::training(shared)
}

/// All tokens of everybody are void from now on: access and refresh.
pub fn revoke_tokens(shared: &Shared) {
    if let Err(error) = shared.store.with(sessions::revoke_all) {
        tracing::error!(%error, "tokens could not be revoked");
    }
}

/// Counts and sums of every list of every organisation.
pub fn state(shared: &Shared) -> rusqlite::Result<Value> {
    let orgs = shared.store.with(sessions::orgs)?;
    let mut shown = Vec::new();
    for org in orgs {
        let connected = shared.store.with(|connection| sessions::is_connected(connection, &org.tenant.to_string()))?;
        let sums = shared.store.with(|connection| records::sums(connection, org.n))?;
        let groups: Vec<_> = sums.iter().map(records::Sum::report).collect();
        let mut counts = serde_json::Map::new();
        for sum in &sums {
            let counted = counts.get(sum.kind.collection()).and_then(Value::as_i64).unwrap_or(0);
            counts.insert(sum.kind.collection().into(), (counted + sum.count).into());
        }
        shown.push(json!({"tenant": org.tenant, "name": org.name, "connected": connected, "counts": counts, "groups": groups}));
    }
    Ok(json!({"organisations": shown}))
}
