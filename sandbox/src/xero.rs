//! Xero: login and consent pages, identity server, connections, Accounting API.

use actix_web::web::ServiceConfig;
use rusqlite::Connection;
use serde_json::Value;

use crate::Shared;
use crate::switches::Switch;

pub const SWITCHES: &[Switch] = &[];

pub fn configure(_cfg: &mut ServiceConfig) {}

pub fn create_tables(_connection: &Connection) -> rusqlite::Result<()> {
    Ok(())
}

pub fn seed(_shared: &Shared) -> rusqlite::Result<()> {
    Ok(())
}

pub fn revoke_tokens(_shared: &Shared) {}

pub fn put(
    _shared: &Shared,
    _tenant: &str,
    _resource: &str,
    _record: &Value,
    _silent: bool,
) -> Result<(), rusqlite::Error> {
    Ok(())
}
