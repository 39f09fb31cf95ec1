//! Notes down what became of records on their way to Xero: pairs, holds, intents and counts of a batch in one transaction.

use std::time::Duration;

use connectors::flow::{By, Need, Unmappable};
use entities::database::{begin_write, sql};
use entities::run;
use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use super::known::{alias_print, need_print};
use super::settle::{self, forget};
use super::slice::{Halt, Lane, Slice};
use super::version;
use crate::hints::{self, Side};

/// What a record is called in our books while Xero has not got it: `zoho:` and its id in Zoho, and the part of it where there are several.
pub const COMING: &str = "zoho:";
/// The word of the `due` column for a pair of which Zoho is still to be told Xero's id.
pub const MARK: &str = "mark";
/// Unclear answers for one record before a person must look.
pub const UNCLEAR_MAX: i32 = 8;
/// Changes of direction within an hour that are taken for a loop.
pub const LOOP_TURNS: i32 = 6;
/// After so much time without one, the changes of direction are counted anew.
pub const LOOP_LASTS: Duration = Duration::from_secs(3600);

/// A record on its way to Xero.
#[derive(Debug, Clone)]
pub struct Way {
    /// The pair's key: Xero's id, or `zoho:…`.
    pub key: String,
    pub zoho_id: String,
    pub part: Option<String>,
}

impl Way {
    pub fn coming(zoho_id: &str, part: Option<&str>) -> Self {
        let key = match part {
            Some(part) => format!("{COMING}{zoho_id}:{part}"),
            None => format!("{COMING}{zoho_id}"),
        };
        Self { key, zoho_id: zoho_id.to_owned(), part: part.map(str::to_owned) }
    }

    pub fn is_new(&self) -> bool {
        self.key.starts_with(COMING)
    }
}

/// What was decided about one.
pub enum Fate {
    /// Xero has it, or has had it all along; or both sides are as they were.
    Settled(Arrived),
    Held(Unmappable),
    /// It refers to a record that is not in Xero yet.
    Waiting(Need),
    /// Sent, and no clear answer. What was sent of it stays known.
    Unknown,
    /// Not sent.
    Later,
    /// Both sides changed it: which fields.
    Conflict(Unmappable),
    /// Nobody's business.
    Dropped,
}

/// How both sides look now.
pub struct Arrived {
    pub xero_id: String,
    pub alias: Option<String>,
    pub prints: Vec<u8>,
    pub zoho_prints: Vec<u8>,
    /// Zoho's `last_modified_time`.
    pub version: String,
    /// It was written now: created, or changed.
    pub written: Option<Written>,
    /// Something of it still goes to Zoho.
    pub goes_on: bool,
    /// It has come to its end on both sides: nothing brings it back.
    pub ended: bool,
    /// What arrived is older than what Zoho has.
    pub changed_since: bool,
    /// Zoho is to be told Xero's id.
    pub marks: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Created,
    Changed,
}

/// Records that these writes are about to be sent to Xero.
pub async fn intend(
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    ways: impl Iterator<Item = (&Way, &[u8], Option<Vec<u8>>)>,
) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    let now = slice.context.now();
    let backend = transaction.get_database_backend();
    for (way, zoho_prints, trace) in ways {
        if way.is_new() {
            park(&transaction, slice, run, lane, way, "coming", None).await?;
            let text = "UPDATE pair SET zoho_prints = $4 WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3";
            let values = vec![slice.tenant.0.into(), lane.id.0.into(), way.key.clone().into(), zoho_prints.to_vec().into()];
            transaction.execute_raw(sql(backend, text, values)).await?;
        }
        let values = vec![
            slice.tenant.0.into(),
            lane.id.0.into(),
            way.key.clone().into(),
            run.id.0.into(),
            slice.fence.into(),
            now.0.into(),
            trace.into(),
        ];
        transaction
            .execute_raw(sql(
                backend,
                "INSERT INTO intent (tenant_id, lane_id, xero_id, run_id, fence, attempts, created_at, toward, sent_at, trace) \
                 VALUES ($1, $2, $3, $4, $5, 1, $6, 'xero', $6, $7) \
                 ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET fence = excluded.fence, run_id = excluded.run_id, \
                 attempts = intent.attempts + 1, toward = 'xero', sent_at = excluded.sent_at, trace = excluded.trace",
                values,
            ))
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Settles, holds or parks each record. `looked_at`: hints that are answered by it.
pub async fn fates(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    fates: Vec<(Way, Fate)>,
    looked_at: &[hints::Hint],
) -> Result<(), Halt> {
    if fates.is_empty() && looked_at.is_empty() && slice.calls.is_empty() {
        return Ok(());
    }
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    let mut needs = Vec::new();
    let (mut created, mut updated, mut unchanged) = (0, 0, 0);
    for (way, fate) in fates {
        match fate {
            Fate::Settled(arrived) => {
                match arrived.written {
                    Some(Written::Created) => created += 1,
                    Some(Written::Changed) => updated += 1,
                    None => unchanged += 1,
                }
                store(&transaction, slice, run, lane, &way, &arrived).await?;
                needs.extend(needed_as(slice, lane, &way, &arrived));
            }
            Fate::Held(reason) => hold(&transaction, slice, run, lane, &way, "held", reason).await?,
            Fate::Conflict(reason) => hold(&transaction, slice, run, lane, &way, "conflict", reason).await?,
            Fate::Waiting(need) => {
                let need = need_print(slice, need.flow, need.by, &need.key);
                park(&transaction, slice, run, lane, &way, "waiting", Some(need)).await?;
                forget(&transaction, slice, lane, "intent", std::slice::from_ref(&way.key)).await?;
            }
            Fate::Unknown => park(&transaction, slice, run, lane, &way, "ready", None).await?,
            Fate::Later => {
                park(&transaction, slice, run, lane, &way, "ready", None).await?;
                forget(&transaction, slice, lane, "intent", std::slice::from_ref(&way.key)).await?;
            }
            Fate::Dropped => {
                for table in ["intent", "hold"] {
                    forget(&transaction, slice, lane, table, std::slice::from_ref(&way.key)).await?;
                }
                if way.is_new() {
                    forget(&transaction, slice, lane, "pair", std::slice::from_ref(&way.key)).await?;
                }
            }
        }
    }
    settle::wake(&transaction, slice, needs).await?;
    hints::done(&transaction, looked_at).await?;
    let counted = [("seen", created + updated + unchanged), ("created", created), ("updated", updated), ("unchanged", unchanged)];
    settle::count(&transaction, slice, run, lane, &counted).await?;
    settle::flush_calls(&transaction, slice, run).await?;
    super::points::reached("before_arrive_commit");
    transaction.commit().await?;
    slice.calls.clear();
    Ok(())
}

pub fn unclear(lane: Lane) -> Unmappable {
    Unmappable {
        code: "NO_CLEAR_ANSWER",
        sentence: format!(
            "Xero fails each time one of the {} is written, while others go through. Retry later, or ask CloudPerfect to look at it.",
            lane.flow.title().to_lowercase()
        ),
        expected: false,
    }
}

async fn hold(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    way: &Way,
    state: &str,
    reason: Unmappable,
) -> Result<(), Halt> {
    park(transaction, slice, run, lane, way, state, None).await?;
    forget(transaction, slice, lane, "intent", std::slice::from_ref(&way.key)).await?;
    settle::hold(transaction, slice, run, lane, &[(way.key.clone(), reason)]).await
}

/// Notes a record that has not arrived. What was settled of it before stays known.
async fn park(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    way: &Way,
    state: &str,
    need: Option<Vec<u8>>,
) -> Result<(), Halt> {
    let values = vec![
        slice.tenant.0.into(),
        lane.id.0.into(),
        way.key.clone().into(),
        way.zoho_id.clone().into(),
        way.part.clone().into(),
        state.into(),
        need.into(),
        run.id.0.into(),
    ];
    transaction
        .execute_raw(sql(
            transaction.get_database_backend(),
            "INSERT INTO pair (tenant_id, lane_id, xero_id, zoho_id, part, state, need, run_id, toward, origin, turns) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'xero', 'zoho', 0) \
             ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET state = excluded.state, need = excluded.need, toward = 'xero', \
             run_id = excluded.run_id",
            values,
        ))
        .await?;
    Ok(())
}

async fn store(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    way: &Way,
    arrived: &Arrived,
) -> Result<(), Halt> {
    let backend = transaction.get_database_backend();
    let tables: &[&str] = if way.is_new() { &["intent", "hold", "pair"] } else { &["intent", "hold"] };
    for table in tables {
        forget(transaction, slice, lane, table, std::slice::from_ref(&way.key)).await?;
    }
    let now = slice.context.now();
    let marks = arrived.marks && way.is_new();
    let values: Vec<Value> = vec![
        slice.tenant.0.into(),
        lane.id.0.into(),
        arrived.xero_id.clone().into(),
        way.zoho_id.clone().into(),
        way.part.clone().into(),
        arrived.alias.as_ref().map(|alias| alias_print(slice, lane.flow.record(), alias)).into(),
        arrived.prints.clone().into(),
        arrived.zoho_prints.clone().into(),
        arrived.version.clone().into(),
        match (arrived.ended, marks) {
            (true, _) => "gone",
            (false, true) => "due",
            (false, false) => "settled",
        }
        .into(),
        marks.then_some(MARK).into(),
        run.id.0.into(),
        now.0.into(),
    ];
    transaction
        .execute_raw(sql(
            backend,
            "INSERT INTO pair (tenant_id, lane_id, xero_id, zoho_id, part, alias, prints, zoho_prints, version, state, due, origin, run_id, turns, turns_since) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'zoho', $12, 1, $13) \
             ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET zoho_id = excluded.zoho_id, part = excluded.part, \
             alias = COALESCE(excluded.alias, pair.alias), prints = excluded.prints, zoho_prints = excluded.zoho_prints, version = excluded.version, \
             state = CASE WHEN pair.due IS NULL OR excluded.state = 'gone' THEN excluded.state ELSE 'due' END, \
             due = CASE WHEN excluded.state = 'gone' THEN NULL ELSE COALESCE(pair.due, excluded.due) END, need = NULL, toward = NULL, winner = NULL, run_id = excluded.run_id",
            values,
        ))
        .await?;
    if arrived.written == Some(Written::Changed) {
        turn(transaction, slice, lane, &[&arrived.xero_id], Side::Xero).await?;
    }
    if arrived.goes_on {
        hints::put(transaction, now, slice.tenant, &[(lane.id, Side::Xero, arrived.xero_id.clone())]).await?;
    }
    if arrived.changed_since {
        hints::put(transaction, now, slice.tenant, &[(lane.id, Side::Zoho, way.zoho_id.clone())]).await?;
    }
    Ok(())
}

/// Counts a write of records that both sides may change, by its direction.
pub async fn turn(transaction: &DatabaseTransaction, slice: &Slice, lane: Lane, xero_ids: &[&str], to: Side) -> Result<(), Halt> {
    let now = slice.context.now();
    let odd = i32::from(to == Side::Xero);
    for chunk in xero_ids.chunks(500) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 6)).collect();
        let mut values: Vec<Value> = vec![
            slice.tenant.0.into(),
            lane.id.0.into(),
            odd.into(),
            (now.0 - LOOP_LASTS.as_micros() as i64).into(),
            now.0.into(),
        ];
        values.extend(chunk.iter().map(|id| Value::from(*id)));
        let text = format!(
            "UPDATE pair SET \
             turns = CASE WHEN turns_since IS NULL OR turns_since < $4 THEN $3 WHEN turns % 2 = $3 THEN turns ELSE (turns / 2 + 1) * 2 + $3 END, \
             turns_since = CASE WHEN turns_since IS NULL OR turns_since < $4 THEN $5 ELSE turns_since END \
             WHERE tenant_id = $1 AND lane_id = $2 AND xero_id IN ({})",
            places.join(", ")
        );
        transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    }
    Ok(())
}

/// What others may have waited for.
fn needed_as(slice: &Slice, lane: Lane, way: &Way, arrived: &Arrived) -> Vec<Vec<u8>> {
    let flow = lane.flow.record();
    let mut prints = vec![need_print(slice, flow, By::Id, &arrived.xero_id), need_print(slice, flow, By::Zoho, &way.zoho_id)];
    prints.extend(arrived.alias.iter().map(|alias| need_print(slice, flow, By::Alias, alias)));
    prints
}

/// Zoho was told Xero's id.
pub async fn marked(slice: &mut Slice, run: &run::Model, lane: Lane, xero_id: &str, version: &str) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    let text = format!(
        "UPDATE pair SET state = 'settled', due = NULL, version = CASE WHEN $4 = '' THEN version ELSE $4 END \
         WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3 AND state = 'due' AND due = '{MARK}'"
    );
    let values = vec![slice.tenant.0.into(), lane.id.0.into(), xero_id.into(), version::written(version).into()];
    transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    settle::flush_calls(&transaction, slice, run).await?;
    transaction.commit().await?;
    slice.calls.clear();
    Ok(())
}
