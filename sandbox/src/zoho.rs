//! Zoho in the sandbox: the accounts server and Books v3. (Z writes this; these are the doors that the rest of the crate calls.)

use actix_web::web::ServiceConfig;
use rusqlite::Connection;

use crate::Shared;
use crate::switches::Switch;

/// Open questions about Zoho.
pub const SWITCHES: &[Switch] = &[];

/// Mounts `/zoho/...` and `/_sandbox/zoho/revoke`, `/_sandbox/zoho/user` (full paths; no scope named `/_sandbox`).
pub fn configure(_cfg: &mut ServiceConfig) {}

/// Tables.
pub fn create_tables(_connection: &Connection) -> rusqlite::Result<()> {
    Ok(())
}

/// What exists before anybody does anything.
pub fn seed(_shared: &Shared) {}

/// Every record of one resource of one organisation, as JSON.
pub fn dump(_shared: &Shared, _org: &str, _resource: &str, _out: &mut dyn FnMut(&str)) {}

/// Counts, sums and the "emailed customers" counter, for `GET /_sandbox/state`.
pub fn state(_shared: &Shared) -> serde_json::Value {
    serde_json::json!({})
}

/// All access tokens of everybody are void from now on (the fault `revoke_token`).
pub fn revoke_tokens(_shared: &Shared) {}
