//! What a reconciliation keeps: how far each flow is, and what was found. All amounts are sealed.

use std::collections::HashMap;

use connectors::flow::Record;
use entities::database::{begin_write, sql};
use entities::ids::FindingId;
use entities::{finding, run, run_count};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, Value};
use uuid::Uuid;

use super::super::settle;
use super::super::slice::{Halt, Lane, Slice};
use super::super::tally::{self, Phase, Tally};
use super::{Tallies, of};
use crate::context::Failure;
use crate::holds;

/// Findings written for one flow; beyond that only their number is kept.
const FINDINGS_MAX: i64 = 200;
/// How long a finding's sentence, and a report, can be read.
pub const SENTENCE_LIVES: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

/// A record known on both sides, as far as a reconciliation looks at it.
pub struct Pair {
    pub zoho_id: Option<String>,
    /// The part of Zoho's record that it is, where it is not the whole.
    pub part: Option<String>,
    pub prints: Option<Vec<u8>>,
    pub answer: Option<Vec<u8>>,
    pub state: String,
    /// The print that Zoho's list left in this run.
    pub seen: Option<Vec<u8>>,
    /// Why it is held, if it is.
    pub code: Option<String>,
}

/// Something that is not equal.
pub struct Found<'a> {
    /// 1: counts and sums. 2: one document. 3: an account of the ledger.
    pub level: i32,
    pub cause: &'a str,
    /// The cause is known and named.
    pub explained: bool,
    pub sentence: String,
    /// Xero's id of the document, where it is about one.
    pub xero_id: Option<&'a str>,
}

impl<'a> Found<'a> {
    pub fn of_document(xero_id: &'a str, cause: &'a str, explained: bool, sentence: String) -> Self {
        Self { level: 2, cause, explained, sentence, xero_id: Some(xero_id) }
    }
}

/// How far the lanes are. One that has no list in Zoho begins with Xero's.
pub async fn load(slice: &Slice, run: &run::Model, lanes: &[Lane]) -> Result<Tallies, Halt> {
    let rows =
        run_count::Entity::of(slice.tenant).filter(run_count::Column::RunId.eq(run.id)).all(&slice.context.database).await?;
    let mut tallies = Tallies::new();
    for lane in lanes {
        let sealed = rows.iter().find(|row| row.flow == lane.flow.key()).and_then(|row| row.tally.as_deref());
        let mut tally = match sealed {
            Some(sealed) => {
                let plain = slice.key.open(tally::place(run.id, lane.flow.key()), sealed).map_err(Failure::from)?;
                serde_json::from_slice(&plain).unwrap_or_default()
            }
            None => Tally::default(),
        };
        if tally.phase == Phase::Zoho && !lane.flow.has_list() {
            tally.phase = Phase::Xero;
        }
        tallies.insert(lane.flow.key(), tally);
    }
    Ok(tallies)
}

/// Stores how far one flow is, in a transaction of its own.
pub async fn note(slice: &mut Slice, run: &run::Model, lane: Lane, tally: &Tally) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    keep(&transaction, slice, run, lane, tally).await?;
    end(transaction, slice, run).await
}

/// The same of several that go together.
pub async fn note_all(slice: &mut Slice, run: &run::Model, lanes: &[Lane], tallies: &Tallies) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    store(transaction, slice, run, lanes, tallies).await
}

/// Stores them in a transaction that has done more, and ends it.
pub async fn store(
    transaction: DatabaseTransaction,
    slice: &mut Slice,
    run: &run::Model,
    lanes: &[Lane],
    tallies: &Tallies,
) -> Result<(), Halt> {
    for lane in lanes {
        keep(&transaction, slice, run, *lane, of(tallies, *lane)).await?;
    }
    end(transaction, slice, run).await
}

async fn keep(transaction: &DatabaseTransaction, slice: &Slice, run: &run::Model, lane: Lane, tally: &Tally) -> Result<(), Halt> {
    let plain = serde_json::to_vec(tally).map_err(|error| Failure::Bug(error.to_string()))?;
    let sealed = slice.key.seal(tally::place(run.id, lane.flow.key()), &plain, slice.context.chance.as_ref());
    run_count::Entity::update_many()
        .col_expr(run_count::Column::Tally, Expr::value(Some(sealed)))
        .col_expr(run_count::Column::XeroCount, Expr::value(tally.xero.count()))
        .col_expr(run_count::Column::ZohoCount, Expr::value(tally.zoho.count()))
        .col_expr(run_count::Column::Findings, Expr::value(tally.findings))
        .filter(run_count::Column::TenantId.eq(slice.tenant))
        .filter(run_count::Column::RunId.eq(run.id))
        .filter(run_count::Column::Flow.eq(lane.flow.key()))
        .exec(transaction)
        .await?;
    Ok(())
}

async fn end(transaction: DatabaseTransaction, slice: &mut Slice, run: &run::Model) -> Result<(), Halt> {
    settle::flush_calls(&transaction, slice, run).await?;
    transaction.commit().await?;
    slice.calls.clear();
    Ok(())
}

/// Writes a finding down.
pub async fn find(slice: &Slice, run: &run::Model, lane: Lane, tally: &mut Tally, found: Found<'_>) -> Result<(), Halt> {
    tally.findings += 1;
    tally.unexplained += i64::from(!found.explained);
    if tally.findings > FINDINGS_MAX {
        return Ok(());
    }
    let sentence = slice.of_product(&found.sentence);
    // The same finding twice, after a crash within a page, is one.
    let name = format!("{}|{}|{}|{}", lane.flow.key(), found.level, found.cause, sentence);
    let id = FindingId(Uuid::new_v5(&run.id.0, name.as_bytes()));
    let row = finding::ActiveModel {
        tenant_id: Set(slice.tenant),
        id: Set(id),
        run_id: Set(run.id),
        flow: Set(lane.flow.key().to_owned()),
        level: Set(found.level),
        cause: Set(found.cause.to_owned()),
        explained: Set(found.explained),
        detail: Set(slice.key.seal(holds::finding_place(id.0), sentence.as_bytes(), slice.context.chance.as_ref())),
        expires_at: Set(slice.context.in_a(SENTENCE_LIVES)),
        xero_id: Set(found.xero_id.map(str::to_owned)),
    };
    finding::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&slice.context.database)
        .await?;
    Ok(())
}

/// The pairs of these records, by Xero's ids.
pub async fn pairs(
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    records: &[Box<dyn Record>],
) -> Result<HashMap<String, Pair>, Halt> {
    let database = &slice.context.database;
    let mut found = HashMap::with_capacity(records.len());
    for chunk in records.chunks(1000) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 4)).collect();
        let mut values: Vec<Value> = vec![slice.tenant.0.into(), lane.id.0.into(), run.id.0.into()];
        values.extend(chunk.iter().map(|record| Value::from(record.id().to_owned())));
        let text = format!(
            "SELECT pair.xero_id AS xero_id, zoho_id, part, prints, answer, state, CASE WHEN seen_run = $3 THEN seen END AS seen, hold.code AS code \
             FROM pair LEFT JOIN hold ON hold.tenant_id = pair.tenant_id AND hold.lane_id = pair.lane_id AND hold.xero_id = pair.xero_id \
             WHERE pair.tenant_id = $1 AND pair.lane_id = $2 AND pair.xero_id IN ({})",
            places.join(", ")
        );
        for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
            let pair = Pair {
                zoho_id: row.try_get("", "zoho_id")?,
                part: row.try_get("", "part")?,
                prints: row.try_get("", "prints")?,
                answer: row.try_get("", "answer")?,
                state: row.try_get("", "state")?,
                seen: row.try_get("", "seen")?,
                code: row.try_get("", "code")?,
            };
            found.insert(row.try_get("", "xero_id")?, pair);
        }
    }
    Ok(found)
}
