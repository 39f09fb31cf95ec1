//! Looks through Zoho's lists for what has changed there, the latest change first. What is not our own writing becomes a hint.

use std::collections::HashMap;

use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::{lane, run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value as Bound};
use serde_json::Value;

use super::lanes;
use super::settle;
use super::slice::{Halt, Lane, Provider, Slice};
use super::version::{Told, compare, moment_us};
use crate::hints::{self, Side};

/// Changes may show late in a list, and Zoho tells whole seconds.
const OVERLAP_US: i64 = 120_000_000;
const FRESH_US: i64 = 2_000_000;

/// Looks once a run whether anything of this lane has changed in Zoho.
pub async fn look(slice: &mut Slice, run: &run::Model, lane: Lane) -> Result<(), Halt> {
    if lane.flow.back().is_none() || slice.link.one_way || !lane.on {
        return Ok(());
    }
    let row = lanes::lane_row(slice, lane).await?;
    if row.zoho_run == Some(run.id) {
        return Ok(());
    }
    let Some(watermark) = row.zoho_watermark else {
        // Nothing was ever carried by this lane: from here on changes are noticed.
        return noted(slice, run, lane, clock(slice), &[]).await;
    };
    slice.go_on()?;
    let from = watermark.0 - OVERLAP_US;
    let (mut began, mut changed) = (None, Vec::new());
    for page in 1.. {
        slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
        let listed = match slice.zoho.client.latest(lane.flow.zoho(), page).await {
            Ok(listed) => listed,
            Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
        };
        slice.moved = true;
        began.get_or_insert_with(|| clock(slice));
        let times: Vec<Option<i64>> = listed.rows.iter().map(modified).collect();
        // Where Zoho does not know the order, the whole list is looked through.
        let is_ordered = times.is_sorted_by(|one, other| matches!((one, other), (Some(one), Some(other)) if one >= other));
        let is_over = is_ordered && times.last().copied().flatten().is_some_and(|last| last < from);
        let rows = listed.rows.into_iter().zip(times).filter(|(_, time)| time.is_none_or(|time| time >= from));
        changed.extend(rows.filter_map(|(row, _)| {
            let id = row[lane.flow.zoho().id].as_str()?.to_owned();
            Some((id, row["last_modified_time"].as_str().unwrap_or_default().to_owned()))
        }));
        if is_over || !listed.more {
            break;
        }
    }
    let ours = versions(slice, lane, &changed).await?;
    let hints: Vec<String> = changed
        .into_iter()
        .filter(|(id, row)| ours.get(id).is_none_or(|kept| compare(kept, row) == Told::Changed))
        .map(|(id, _)| id)
        .collect();
    let began = began.unwrap_or_else(|| clock(slice));
    noted(slice, run, lane, began, &hints).await
}

/// From here on changes in Zoho are noticed: what was written up to now was written by us.
pub async fn begin(slice: &Slice, lanes: &[Lane]) -> Result<(), Halt> {
    lane::Entity::update_many()
        // Without the overlap: our own last writing is not looked at again.
        .col_expr(lane::Column::ZohoWatermark, Expr::value(Some(At(clock(slice).0 + OVERLAP_US))))
        .filter(lane::Column::TenantId.eq(slice.tenant))
        .filter(lane::Column::Id.is_in(lanes.iter().map(|lane| lane.id)))
        .filter(lane::Column::ZohoWatermark.is_null())
        .exec(&slice.context.database)
        .await?;
    Ok(())
}

/// Zoho's clock.
pub(super) fn clock(slice: &Slice) -> At {
    match slice.zoho.client.server_time_us() {
        0 => slice.context.now(),
        now => At(now),
    }
}

/// When a record that was just read was last changed. Zoho tells whole seconds: of one that was changed in this very second nobody knows
/// whether that was all, so that it is read once more when its row is seen again.
pub fn version(slice: &Slice, record: &Value) -> String {
    let is_fresh = modified(record).is_some_and(|at| clock(slice).0 - at < FRESH_US);
    if is_fresh { String::new() } else { record["last_modified_time"].as_str().unwrap_or_default().to_owned() }
}

fn modified(row: &Value) -> Option<i64> {
    moment_us(row["last_modified_time"].as_str()?)
}

async fn versions(slice: &Slice, lane: Lane, changed: &[(String, String)]) -> Result<HashMap<String, String>, Halt> {
    let database = &slice.context.database;
    let mut found = HashMap::new();
    // One list may be several lanes': customers and vendors, journals of people and of bank transactions.
    let sharing: Vec<Bound> = slice
        .lanes
        .iter()
        .filter(|other| other.flow.zoho().path == lane.flow.zoho().path)
        .map(|other| Bound::from(other.id.0))
        .collect();
    for chunk in changed.chunks(500) {
        let mut values: Vec<Bound> = vec![slice.tenant.0.into()];
        let place = |n: usize| format!("${}", n + 2);
        let lanes: Vec<String> = (0..sharing.len()).map(place).collect();
        let ids: Vec<String> = (sharing.len()..sharing.len() + chunk.len()).map(place).collect();
        values.extend(sharing.iter().cloned());
        values.extend(chunk.iter().map(|(id, _)| Bound::from(id.clone())));
        let text = format!(
            "SELECT zoho_id, version FROM pair WHERE tenant_id = $1 AND lane_id IN ({}) AND zoho_id IS NOT NULL AND zoho_id IN ({})",
            lanes.join(", "),
            ids.join(", ")
        );
        for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
            let version: Option<String> = row.try_get("", "version")?;
            found.insert(row.try_get("", "zoho_id")?, version.unwrap_or_default());
        }
    }
    Ok(found)
}

/// The hints and the watermark, together.
async fn noted(slice: &mut Slice, run: &run::Model, lane: Lane, began: At, changed: &[String]) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    let now = slice.context.now();
    let hints: Vec<_> = changed.iter().map(|id| (lane.id, Side::Zoho, id.clone())).collect();
    hints::put(&transaction, now, slice.tenant, &hints).await?;
    lane::Entity::update_many()
        .col_expr(lane::Column::ZohoWatermark, Expr::value(Some(began)))
        .col_expr(lane::Column::ZohoRun, Expr::value(Some(run.id)))
        .filter(lane::Column::TenantId.eq(slice.tenant))
        .filter(lane::Column::Id.eq(lane.id))
        .exec(&transaction)
        .await?;
    settle::flush_calls(&transaction, slice, run).await?;
    transaction.commit().await?;
    slice.calls.clear();
    Ok(())
}
