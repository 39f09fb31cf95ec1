//! What is known of the records that are met.

use connectors::zoho::Action;
use entities::database::sql;
use sea_orm::{ConnectionTrait, Value as Bound};
use std::collections::HashSet;

use super::super::arrive::{self, COMING, Way};
use super::super::seek::{LATE, Trace};
use super::super::settle;
use super::super::slice::{Halt, Lane, Slice};
use crate::hints::Side;

/// One pair, as far as a meeting needs it.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) key: String,
    pub(super) zoho_id: Option<String>,
    pub(super) part: Option<String>,
    pub(super) prints: Option<Vec<u8>>,
    pub(super) zoho_prints: Option<Vec<u8>>,
    pub(super) state: String,
    /// Status calls that are still due.
    pub(super) due: Vec<Action>,
    pub(super) origin: Option<String>,
    pub(super) winner: Option<String>,
    pub(super) turns: i32,
    /// It was sent to Xero, and nobody knows whether it arrived.
    pub(super) is_doubtful: bool,
    /// The side to which a write may have arrived.
    pub(super) in_doubt: Option<Side>,
    /// How often it was sent to Xero without a clear answer.
    pub(super) attempts: i32,
    /// By what a record that was sent so is recognised.
    pub(super) trace: Option<Trace>,
}

impl Known {
    pub(super) fn is_coming(&self) -> bool {
        self.key.starts_with(COMING)
    }

    pub(super) fn way(&self, zoho_id: &str) -> Way {
        Way { key: self.key.clone(), zoho_id: zoho_id.to_owned(), part: self.part.clone() }
    }

    pub(super) fn owner(&self) -> Side {
        if self.origin.as_deref() == Some("zoho") { Side::Zoho } else { Side::Xero }
    }
}

/// Those of Xero's ids that a pair knows.
pub async fn paired(slice: &Slice, lane: Lane, ids: &[String]) -> Result<HashSet<String>, Halt> {
    Ok(pairs(slice, lane, "xero_id", ids).await?.into_iter().map(|known| known.key).collect())
}

/// Those of Xero's ids of which anything is known, what is left out included.
pub async fn noted(slice: &Slice, lane: Lane, ids: &[String]) -> Result<HashSet<String>, Halt> {
    let database = &slice.context.database;
    let mut noted = HashSet::new();
    for chunk in ids.chunks(500) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 3)).collect();
        let mut values: Vec<Bound> = vec![slice.tenant.0.into(), lane.id.0.into()];
        values.extend(chunk.iter().map(|id| Bound::from(id.clone())));
        let text =
            format!("SELECT xero_id FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND xero_id IN ({})", places.join(", "));
        for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
            noted.insert(row.try_get("", "xero_id")?);
        }
    }
    Ok(noted)
}

/// What is still under way to Xero, so that nothing can be said of it yet: the pairs' keys and Zoho's ids.
pub(super) async fn under_way(slice: &Slice, lane: Lane) -> Result<HashSet<String>, Halt> {
    let database = &slice.context.database;
    let text = "SELECT pair.xero_id AS xero_id, pair.zoho_id AS zoho_id FROM intent JOIN pair ON pair.tenant_id = intent.tenant_id \
                AND pair.lane_id = intent.lane_id AND pair.xero_id = intent.xero_id \
                WHERE intent.tenant_id = $1 AND intent.lane_id = $2 AND intent.toward = 'xero' AND intent.sent_at > $3";
    let values = vec![slice.tenant.0.into(), lane.id.0.into(), still_late(slice).into()];
    let mut ids = HashSet::new();
    for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
        ids.insert(row.try_get::<String>("", "xero_id")?);
        ids.extend(row.try_get::<Option<String>>("", "zoho_id")?);
    }
    Ok(ids)
}

/// What was sent since then may still arrive.
pub(super) fn still_late(slice: &Slice) -> i64 {
    slice.context.now().0 - LATE.as_micros() as i64
}

pub(super) async fn pairs(slice: &Slice, lane: Lane, column: &str, ids: &[String]) -> Result<Vec<Known>, Halt> {
    let database = &slice.context.database;
    let mut found = Vec::new();
    for chunk in ids.chunks(500) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 3)).collect();
        let mut values: Vec<Bound> = vec![slice.tenant.0.into(), lane.id.0.into()];
        values.extend(chunk.iter().map(|id| Bound::from(id.clone())));
        let text = format!(
            "SELECT xero_id, zoho_id, part, prints, zoho_prints, state, due, origin, winner, turns, turns_since, toward, \
             COALESCE((SELECT attempts FROM intent WHERE intent.tenant_id = pair.tenant_id AND intent.lane_id = pair.lane_id \
             AND intent.xero_id = pair.xero_id AND intent.toward = 'xero'), 0) AS attempts, \
             (SELECT trace FROM intent WHERE intent.tenant_id = pair.tenant_id AND intent.lane_id = pair.lane_id \
             AND intent.xero_id = pair.xero_id AND intent.toward = 'xero') AS trace, \
             (SELECT COALESCE(toward, 'zoho') FROM intent WHERE intent.tenant_id = pair.tenant_id AND intent.lane_id = pair.lane_id \
             AND intent.xero_id = pair.xero_id) AS in_doubt \
             FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND {column} IS NOT NULL AND {column} IN ({})",
            places.join(", ")
        );
        for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
            let attempts: i32 = row.try_get("", "attempts")?;
            found.push(Known {
                key: row.try_get("", "xero_id")?,
                zoho_id: row.try_get("", "zoho_id")?,
                part: row.try_get("", "part")?,
                prints: row.try_get("", "prints")?,
                zoho_prints: row.try_get("", "zoho_prints")?,
                state: row.try_get("", "state")?,
                due: settle::actions(row.try_get::<Option<String>>("", "due")?.as_deref().unwrap_or_default()),
                origin: row.try_get("", "origin")?,
                winner: row.try_get("", "winner")?,
                turns: match row.try_get::<Option<i64>>("", "turns_since")? {
                    Some(since) if since >= slice.context.now().0 - arrive::LOOP_LASTS.as_micros() as i64 => {
                        row.try_get("", "turns")?
                    }
                    _ => 0,
                },
                is_doubtful: attempts > 0,
                in_doubt: match row.try_get::<Option<String>>("", "in_doubt")?.as_deref() {
                    Some("xero") => Some(Side::Xero),
                    Some(_) => Some(Side::Zoho),
                    None => None,
                },
                attempts,
                trace: row.try_get::<Option<Vec<u8>>>("", "trace")?.and_then(Trace::of_bytes),
            });
        }
    }
    found.retain(|known| !["passed", "out", "gone"].contains(&known.state.as_str()));
    Ok(found)
}
