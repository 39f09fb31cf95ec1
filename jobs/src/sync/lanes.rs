//! One run over all lanes of a link: each in dependency order, page by page, until nothing is left that can go.

use std::time::Duration;

use connectors::side::Trouble;
use connectors::zoho::{BULK_IDS, Lock};
use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::LaneId;
use entities::{lane, pair, run, run_count};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::shelf::{After, Part, Shelf};
use super::slice::{Halt, Lane, Provider, Slice};
use super::{carry, hanging, meet, observe, points, poll, resolve, settle, thrift};
use crate::context::Failure;
use crate::hints::Side;
use crate::runs::Kind;

/// How often the lanes are read again for records that wait for one that came later.
const PASSES_MAX: i32 = 2;

/// Gives every lane a row of counters. The first run also asks Xero how many records there are, for an honest estimate.
pub async fn start(slice: &mut Slice, run: &run::Model) -> Result<(), Halt> {
    let rows =
        run_count::Entity::of(slice.tenant).filter(run_count::Column::RunId.eq(run.id)).all(&slice.context.database).await?;
    for lane in slice.lanes.clone() {
        if !lane.on || rows.iter().any(|row| row.flow == lane.flow.key()) {
            continue;
        }
        slice.go_on()?;
        let first = lane_row(slice, lane).await?.watermark.is_none();
        // What is read with another list is counted with it.
        let is_counted =
            first && run.kind == Kind::Migration.name() && lane.flow.xero().is_sized() && lane.flow.read_with().is_none();
        let expected = if is_counted { ask_count(slice, lane).await? } else { 0 };
        let (xero_calls, zoho_calls) = slice.calls.remove(&lane.id).unwrap_or_default();
        run_count::ActiveModel {
            tenant_id: Set(slice.tenant),
            run_id: Set(run.id),
            flow: Set(lane.flow.key().to_owned()),
            expected: Set(expected),
            seen: Set(0),
            created: Set(0),
            updated: Set(0),
            unchanged: Set(0),
            held: Set(0),
            waiting: Set(0),
            skipped: Set(0),
            xero_calls: Set(xero_calls),
            zoho_calls: Set(zoho_calls),
            xero_count: Set(0),
            zoho_count: Set(0),
            findings: Set(0),
            tally: Set(None),
            removed: Set(0),
        }
        .insert(&slice.context.database)
        .await?;
    }
    if run.started_at.is_none() && run.kind == Kind::Migration.name() {
        slice.locks = read_locks(slice).await?;
        let locks = serde_json::to_string(&slice.locks).map_err(|error| Failure::Bug(error.to_string()))?;
        run::Entity::update_many()
            .col_expr(run::Column::Locks, Expr::value(Some(locks)))
            .filter(run::Column::TenantId.eq(slice.tenant))
            .filter(run::Column::Id.eq(run.id))
            .exec(&slice.context.database)
            .await?;
    }
    started(slice, run).await
}

/// Notes when the work of a run began, once.
pub async fn started(slice: &Slice, run: &run::Model) -> Result<(), Halt> {
    if run.started_at.is_none() {
        run::Entity::update_many()
            .col_expr(run::Column::StartedAt, Expr::value(Some(slice.context.now())))
            .filter(run::Column::TenantId.eq(slice.tenant))
            .filter(run::Column::Id.eq(run.id))
            .exec(&slice.context.database)
            .await?;
    }
    Ok(())
}

/// Asks Zoho for its locked periods.
pub async fn read_locks(slice: &mut Slice) -> Result<Vec<Lock>, Halt> {
    if !slice.product.has_ledger {
        return Ok(Vec::new());
    }
    slice.permit_soon(Provider::Zoho, None).await?;
    match slice.zoho.client.locks().await {
        Ok(locks) => Ok(locks),
        // An edition without them refuses the question.
        Err(Trouble::Refused(_)) => Ok(Vec::new()),
        Err(trouble) => Err(slice.halt(Provider::Zoho, trouble).await),
    }
}

async fn ask_count(slice: &mut Slice, lane: Lane) -> Result<i64, Halt> {
    slice.permit(Provider::Xero, Some(lane.id), 1).await?;
    match slice.xero.client.count(lane.flow.xero()).await {
        Ok((count, remaining)) => {
            slice.moved = true;
            slice.xero.gate.lower(&slice.context, remaining).await?;
            Ok(count.unwrap_or(0) as i64)
        }
        Err(trouble) => Err(slice.halt(Provider::Xero, trouble).await),
    }
}

/// Carries everything that can be carried. `Ok`: nothing is left but what is held or waits for it.
pub async fn carry_all(slice: &mut Slice, run: &run::Model) -> Result<(), Halt> {
    let thrift = thrift::of(slice, run).await?;
    if run.kind == Kind::Sync.name() {
        for lane in slice.lanes.clone().into_iter().filter(|lane| thrift.looks(lane, Side::Zoho)) {
            poll::look(slice, run, lane).await?;
        }
    }
    for lane in slice.lanes.clone() {
        if lane.flow.hangs().is_some() {
            continue;
        }
        // A run for hints looks at what it was told of, and at no list.
        let reads = run.kind != Kind::Hint.name() && !slice.readers(lane).is_empty() && thrift.looks(&lane, Side::Xero);
        loop {
            slice.go_on()?;
            if lane.on {
                resolve::ready(slice, run, lane).await?;
                meet::drain(slice, run, lane).await?;
            }
            let row = lane_row(slice, lane).await?;
            if !reads || row.pull_run == Some(run.id) && row.state == "read" {
                break;
            }
            // What is read with it brings what others have sent, too.
            for reader in slice.readers(lane) {
                if reader.id != lane.id && meet::is_in_doubt(slice, reader).await? {
                    meet::drain(slice, run, reader).await?;
                }
            }
            stage(slice, run, lane.flow.key()).await?;
            page(slice, run, lane, &row).await?;
        }
        resolve::acts(slice, run, lane, 1, false).await?;
    }
    // What settled late may have let an earlier lane's record go on.
    for lane in slice.lanes.clone().into_iter().filter(|lane| lane.on && lane.flow.hangs().is_none()) {
        resolve::ready(slice, run, lane).await?;
        meet::drain(slice, run, lane).await?;
        resolve::acts(slice, run, lane, 1, true).await?;
    }
    if run.kind == Kind::Migration.name() {
        let lanes: Vec<Lane> = slice.lanes.iter().filter(|lane| lane.flow.back().is_some()).copied().collect();
        poll::begin(slice, &lanes).await?;
    }
    if run.kind == Kind::Hint.name() {
        return Ok(());
    }
    again_for_waiting(slice, run).await?;
    hanging::carry_all(slice, run).await
}

/// Carries one page, for every lane that shares it, and moves the cursor.
async fn page(slice: &mut Slice, run: &run::Model, lane: Lane, row: &lane::Model) -> Result<(), Halt> {
    let (anchor, number) = observe::stand(row, run);
    let (mut shelf, server_time) = match slice.context.shelves.take(lane.id, run.id, anchor, number) {
        Some(shelf) => (shelf, None),
        None => observe::page(slice, run, lane, row).await?,
    };
    if row.pull_run != Some(run.id) {
        begin_pull(slice, run, lane, anchor, number, server_time).await?;
    }
    for part in &mut shelf.parts {
        if let Some(expected) = part.counts.expected.take() {
            expect(slice, run, part.lane, expected).await?;
        }
    }
    if let Err(halt) = carry_parts(slice, run, &mut shelf).await {
        slice.context.shelves.put(lane.id, shelf);
        return Err(halt);
    }
    let over = shelf.after == After::Done;
    commit(slice, run, lane, shelf.after, &shelf.parts).await?;
    if over {
        slice.context.shelves.forget(lane.id);
    } else {
        slice.context.shelves.remember(lane.id, run.id, shelf.boundary);
    }
    Ok(())
}

/// The parts one after the other: a later one may refer to records of an earlier one, in the state that their calls bring about.
async fn carry_parts(slice: &mut Slice, run: &run::Model, shelf: &mut Shelf) -> Result<(), Halt> {
    let lanes: Vec<Lane> = shelf.parts.iter().map(|part| part.lane).collect();
    for (n, part) in shelf.parts.iter_mut().enumerate() {
        if part.todo.is_empty() {
            continue;
        }
        for earlier in lanes[..n].iter().filter(|earlier| part.lane.flow.after().contains(&earlier.flow.key())) {
            // What both sides are looked at for is carried by then, too.
            meet::drain(slice, run, *earlier).await?;
            resolve::acts(slice, run, *earlier, 1, false).await?;
        }
        while !part.todo.is_empty() {
            slice.go_on()?;
            carry::batch(slice, run, part).await?;
            resolve::acts(slice, run, part.lane, BULK_IDS, false).await?;
        }
    }
    Ok(())
}

/// A new pull: its beginning is the provider's time, not ours.
async fn begin_pull(
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    anchor: Option<At>,
    number: i32,
    server_time: Option<At>,
) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    lane::Entity::update_many()
        .col_expr(lane::Column::PullRun, Expr::value(Some(run.id)))
        .col_expr(lane::Column::PullStarted, Expr::value(server_time))
        .col_expr(lane::Column::Anchor, Expr::value(anchor))
        .col_expr(lane::Column::Page, Expr::value(number))
        .col_expr(lane::Column::State, Expr::value("reading"))
        .filter(lane::Column::TenantId.eq(slice.tenant))
        .filter(lane::Column::Id.is_in(with_readers(slice, lane)))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Cursor and counts of a carried page, together.
async fn commit(slice: &mut Slice, run: &run::Model, lane: Lane, after: After, parts: &[Part]) -> Result<(), Halt> {
    let row = lane_row(slice, lane).await?;
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    let update = lane::Entity::update_many()
        .filter(lane::Column::TenantId.eq(slice.tenant))
        .filter(lane::Column::Id.is_in(with_readers(slice, lane)))
        .filter(lane::Column::PullRun.eq(run.id));
    let update = match after {
        After::Next { anchor, page } => {
            update.col_expr(lane::Column::Anchor, Expr::value(anchor)).col_expr(lane::Column::Page, Expr::value(page))
        }
        // The watermark never passes the provider's time at the beginning of the pull.
        After::Done => update
            .col_expr(lane::Column::State, Expr::value("read"))
            .col_expr(lane::Column::Watermark, Expr::value(row.pull_started.or(row.watermark))),
    };
    update.exec(&transaction).await?;
    for part in parts {
        let counts = part.counts;
        let add = [("seen", counts.seen), ("unchanged", counts.unchanged), ("skipped", counts.skipped)];
        settle::count(&transaction, slice, run, part.lane, &add).await?;
    }
    settle::flush_calls(&transaction, slice, run).await?;
    points::reached("before_page_commit");
    transaction.commit().await?;
    slice.calls.clear();
    points::reached("after_page_commit");
    Ok(())
}

/// The lane and those that read with it: they are where it is.
fn with_readers(slice: &Slice, lane: Lane) -> Vec<LaneId> {
    slice.readers(lane).iter().map(|reader| reader.id).chain([lane.id]).collect()
}

async fn expect(slice: &Slice, run: &run::Model, lane: Lane, expected: i64) -> Result<(), Halt> {
    let database = &slice.context.database;
    database
        .execute_raw(sql(
            database.get_database_backend(),
            "UPDATE run_count SET expected = CASE WHEN expected < $4 THEN $4 ELSE expected END WHERE tenant_id = $1 AND run_id = $2 AND flow = $3",
            vec![slice.tenant.0.into(), run.id.0.into(), lane.flow.key().into(), expected.into()],
        ))
        .await?;
    Ok(())
}

/// Where the run is, for people.
pub async fn stage(slice: &Slice, run: &run::Model, stage: &str) -> Result<(), Halt> {
    run::Entity::update_many()
        .col_expr(run::Column::Stage, Expr::value(stage))
        .filter(run::Column::TenantId.eq(slice.tenant))
        .filter(run::Column::Id.eq(run.id))
        .filter(run::Column::Stage.ne(stage))
        .exec(&slice.context.database)
        .await?;
    Ok(())
}

/// A record that waits for one which appeared after its lane was read: the lanes are read once more, from their watermarks.
async fn again_for_waiting(slice: &mut Slice, run: &run::Model) -> Result<(), Halt> {
    if run.passes >= PASSES_MAX || waiting(slice).await? == 0 {
        return Ok(());
    }
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    lane::Entity::update_many()
        .col_expr(lane::Column::PullRun, Expr::value(None::<uuid::Uuid>))
        .filter(lane::Column::TenantId.eq(slice.tenant))
        .filter(lane::Column::LinkId.eq(slice.link.id))
        .exec(&transaction)
        .await?;
    // What was held or waits may have been changed since: this pass looks at it again.
    for lane in &slice.lanes {
        transaction
            .execute_raw(sql(
                transaction.get_database_backend(),
                "UPDATE pair SET run_id = NULL WHERE tenant_id = $1 AND lane_id = $2 AND state <> 'settled' AND state IN ('held', 'waiting')",
                vec![slice.tenant.0.into(), lane.id.0.into()],
            ))
            .await?;
    }
    run::Entity::update_many()
        .col_expr(run::Column::Passes, Expr::value(run.passes + 1))
        .filter(run::Column::TenantId.eq(slice.tenant))
        .filter(run::Column::Id.eq(run.id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Err(Halt::TurnOver)
}

/// How many records wait for another.
pub async fn waiting(slice: &Slice) -> Result<i64, Halt> {
    let mut waiting = 0;
    for lane in slice.lanes.iter().filter(|lane| lane.on) {
        waiting += parked(slice, lane, "waiting").await?;
    }
    Ok(waiting)
}

/// How many records of a lane are in a state other than settled.
pub async fn parked(slice: &Slice, lane: &Lane, state: &str) -> Result<i64, Halt> {
    let database = &slice.context.database;
    let row = database
        .query_one_raw(sql(
            database.get_database_backend(),
            format!(
                "SELECT COUNT(*) AS n FROM {} WHERE tenant_id = $1 AND lane_id = $2 AND state = $3 AND state <> 'settled'",
                pair::open(database.get_database_backend())
            ),
            vec![slice.tenant.0.into(), lane.id.0.into(), state.into()],
        ))
        .await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "n"))?)
}

/// How many records of a lane are ready to go to Zoho.
pub async fn ready_for_zoho(slice: &Slice, lane: &Lane) -> Result<i64, Halt> {
    let database = &slice.context.database;
    let text = "SELECT COUNT(*) AS n FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND state = 'ready' AND toward IS NULL";
    let values = vec![slice.tenant.0.into(), lane.id.0.into()];
    let row = database.query_one_raw(sql(database.get_database_backend(), text, values)).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "n"))?)
}

/// The lane as it stands now.
pub async fn lane_row(slice: &Slice, lane: Lane) -> Result<lane::Model, Halt> {
    let row = lane::Entity::of(slice.tenant).filter(lane::Column::Id.eq(lane.id)).one(&slice.context.database).await?;
    row.ok_or_else(|| Failure::Bug(format!("lane {} is not there", lane.id)).into())
}

/// How long a link rests after so many turns without an answer: a second, doubling, five minutes at most.
pub fn backoff(misses: i32) -> Duration {
    Duration::from_secs(1u64 << misses.clamp(0, 9)).min(Duration::from_secs(300))
}
