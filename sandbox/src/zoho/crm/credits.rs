//! What calls cost: credits in any 24 hours, by edition and users, and calls at once. Off with all limits.

use actix_web::http::Method;
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};

use super::answer::Refusal;
use super::call::Call;
use super::orgs::Org;
use crate::Shared;
use crate::limits::{Permit, Rule};
use crate::zoho::excess;

/// Starting a bulk write.
const BULK_WRITE: i64 = 500;
const DAY_MIN: i64 = 24 * 60;

/// Credits of one call: one, or one for every ten rows that are written.
pub fn cost(call: &Call) -> i64 {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (call.method, segments.as_slice()) {
        (&Method::POST, ["bulk", "write"]) => BULK_WRITE,
        (&Method::POST | &Method::PUT, [module] | [module, "upsert"]) if super::module::Module::of_records(module).is_some() => {
            let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
            let rows = body["data"].as_array().map_or(1, Vec::len);
            rows.div_ceil(10).max(1) as i64
        }
        _ => 1,
    }
}

/// Admits a call as long as no more than the edition allows run at once.
pub fn enter(shared: &Shared, org: &Org) -> Result<Permit, Refusal> {
    // Minutes and days are not counted here: credits are.
    let rule = Rule { per_minute: u32::MAX, per_day: u32::MAX, in_flight: org.edition.concurrent() };
    shared.limits.enter(&format!("zoho-crm:{}", org.id), &rule).map_err(|_| too_many())
}

/// Takes the credits, or refuses for want of them. Some: what is left, once half is gone.
pub fn spend(shared: &Shared, connection: &Connection, org: &Org, cost: i64) -> Result<Option<i64>, Refusal> {
    if !shared.limits.is_on() {
        return Ok(None);
    }
    let minute = shared.clock.now().timestamp().div_euclid(60);
    let spent = spent(connection, org.id, minute)?;
    let limit = org.edition.credits(org.users);
    if spent + cost > limit {
        return Err(too_many());
    }
    connection
        .prepare_cached(
            "INSERT INTO zoho_crm_credit (org, minute, spent) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET spent = spent + ?3",
        )?
        .execute((org.id, minute, cost))?;
    connection
        .prepare_cached("INSERT INTO zoho_crm_spent (org, spent) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET spent = spent + ?2")?
        .execute((org.id, cost))?;
    let left = limit - spent - cost;
    Ok((left * 2 <= limit).then_some(left))
}

/// The credits of the last 24 hours; what is older is forgotten on the way.
fn spent(connection: &Connection, org: i64, minute: i64) -> Result<i64, Refusal> {
    let old: i64 = connection
        .prepare_cached("SELECT coalesce(sum(spent), 0) FROM zoho_crm_credit WHERE org = ?1 AND minute <= ?2")?
        .query_row((org, minute - DAY_MIN), |row| row.get(0))?;
    if old > 0 {
        connection
            .prepare_cached("DELETE FROM zoho_crm_credit WHERE org = ?1 AND minute <= ?2")?
            .execute((org, minute - DAY_MIN))?;
        connection.prepare_cached("UPDATE zoho_crm_spent SET spent = spent - ?2 WHERE org = ?1")?.execute((org, old))?;
    }
    let spent = connection
        .prepare_cached("SELECT spent FROM zoho_crm_spent WHERE org = ?1")?
        .query_row([org], |row| row.get(0))
        .optional()?;
    Ok(spent.unwrap_or(0))
}

/// The same words for both limits, and no Retry-After.
fn too_many() -> Refusal {
    let (code, message) = excess::CRM;
    Refusal::new(code, message, json!({})).at(429)
}
