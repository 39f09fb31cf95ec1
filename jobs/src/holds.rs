//! Holds and findings for people: opened with the tenant's key, and retried when their cause is cured.

use std::collections::HashMap;

use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::{LaneId, LinkId, RunId, TenantId};
use entities::sealed::{Place, TenantKey};
use entities::{finding, hold, lane, link, pair, run};
use sea_orm::{ColumnTrait, ConnectionTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::addresses::{Doors, Pages};
use crate::audit::{Author, Deed, note};
use crate::context::{Context, Failure};
use crate::links;
use crate::runs::{self, Kind, Wishes};
use crate::sync::arrive::COMING;

/// Records whose pairs are looked up in one query.
const RECORDS_AT_ONCE: usize = 200;
/// A record that Xero owns was deleted in Zoho.
pub const GONE_FROM_ZOHO: &str = "GONE_FROM_ZOHO";

/// One hold, readable.
#[derive(Debug, Clone)]
pub struct HoldView {
    pub flow: String,
    pub xero_id: String,
    pub code: String,
    pub expected: bool,
    pub sentence: String,
    pub held_at: At,
    pub attempts: i32,
    /// Where people find it.
    pub pages: Pages,
}

/// One finding, readable.
#[derive(Debug, Clone)]
pub struct FindingView {
    pub flow: String,
    pub level: i32,
    pub cause: String,
    pub explained: bool,
    pub sentence: String,
    /// Where people find the document, where it is about one.
    pub pages: Pages,
}

/// Where a hold's sentence is sealed: its row is named by lane and record.
pub fn place(lane: LaneId, xero_id: &str) -> Place<'static> {
    Place { table: "hold", column: "sentence", row: Uuid::new_v5(&lane.0, xero_id.as_bytes()) }
}

/// Where a finding's sentence is sealed.
pub fn finding_place(finding: Uuid) -> Place<'static> {
    Place { table: "finding", column: "detail", row: finding }
}

/// The link's holds, oldest first, after `after` of them.
pub async fn list(
    context: &Context,
    tenant: TenantId,
    link: LinkId,
    after: u64,
    first: u64,
) -> Result<(Vec<HoldView>, u64), Failure> {
    let lanes = lanes(context, tenant, link).await?;
    let ids: Vec<LaneId> = lanes.iter().map(|lane| lane.id).collect();
    let query = hold::Entity::of(tenant).filter(hold::Column::LaneId.is_in(ids));
    let total = query.clone().count(&context.database).await?;
    let rows = query
        .order_by_asc(hold::Column::HeldAt)
        .order_by_asc(hold::Column::XeroId)
        .offset(after)
        .limit(first)
        .all(&context.database)
        .await?;
    let key = context.tenant_key(tenant).await?;
    let doors = doors(context, tenant, link).await?;
    let known = known(context, tenant, rows.iter().map(|row| (row.lane_id, row.xero_id.as_str()))).await?;
    let views = rows
        .into_iter()
        .map(|row| {
            let flow = lanes.iter().find(|lane| lane.id == row.lane_id).map(|lane| lane.flow.clone()).unwrap_or_default();
            let zoho_id = known.get(&(row.lane_id, row.xero_id.clone())).map(String::as_str);
            HoldView {
                sentence: readable(&key, place(row.lane_id, &row.xero_id), &row.sentence),
                pages: doors.as_ref().map(|doors| doors.pages(&flow, &row.xero_id, zoho_id)).unwrap_or_default(),
                flow,
                xero_id: row.xero_id,
                code: row.code,
                expected: row.expected,
                held_at: row.held_at,
                attempts: row.attempts,
            }
        })
        .collect();
    Ok((views, total))
}

/// A reconciliation's findings, by level and flow.
pub async fn findings(context: &Context, tenant: TenantId, id: RunId, first: u64) -> Result<Vec<FindingView>, Failure> {
    findings_after(context, tenant, id, 0, first).await
}

/// The same, after `after` of them.
pub async fn findings_after(
    context: &Context,
    tenant: TenantId,
    id: RunId,
    after: u64,
    first: u64,
) -> Result<Vec<FindingView>, Failure> {
    let rows = finding::Entity::of(tenant)
        .filter(finding::Column::RunId.eq(id))
        .order_by_asc(finding::Column::Level)
        .order_by_asc(finding::Column::Flow)
        .order_by_asc(finding::Column::Id)
        .offset(after)
        .limit(first)
        .all(&context.database)
        .await?;
    let key = context.tenant_key(tenant).await?;
    let of = run::Entity::of(tenant).filter(run::Column::Id.eq(id)).one(&context.database).await?.map(|run| run.link_id);
    let (doors, lanes) = match of {
        Some(link) => (doors(context, tenant, link).await?, lanes(context, tenant, link).await?),
        None => (None, Vec::new()),
    };
    let lane = |flow: &str| lanes.iter().find(|lane| lane.flow == flow).map(|lane| lane.id);
    let about = |row: &'_ finding::Model| Some((lane(&row.flow)?, row.xero_id.clone()?));
    let named: Vec<(LaneId, String)> = rows.iter().filter_map(about).collect();
    let known = known(context, tenant, named.iter().map(|(lane, id)| (*lane, id.as_str()))).await?;
    let pages = |row: &finding::Model| {
        let (doors, about) = (doors.as_ref()?, about(row)?);
        Some(doors.pages(&row.flow, &about.1, known.get(&about).map(String::as_str)))
    };
    Ok(rows
        .iter()
        .map(|row| FindingView {
            sentence: readable(&key, finding_place(row.id.0), &row.detail),
            pages: pages(row).unwrap_or_default(),
            flow: row.flow.clone(),
            level: row.level,
            cause: row.cause.clone(),
            explained: row.explained,
        })
        .collect())
}

async fn doors(context: &Context, tenant: TenantId, link: LinkId) -> Result<Option<Doors>, Failure> {
    match link::Entity::of(tenant).filter(link::Column::Id.eq(link)).one(&context.database).await? {
        Some(link) => Doors::of(context, &link).await,
        None => Ok(None),
    }
}

/// Zoho's ids of these records, asked for a few hundred at once.
async fn known(
    context: &Context,
    tenant: TenantId,
    records: impl Iterator<Item = (LaneId, &str)>,
) -> Result<HashMap<(LaneId, String), String>, Failure> {
    let mut by_lane: HashMap<LaneId, Vec<&str>> = HashMap::new();
    for (lane, id) in records {
        by_lane.entry(lane).or_default().push(id);
    }
    let mut known = HashMap::new();
    for (lane, ids) in by_lane {
        for ids in ids.chunks(RECORDS_AT_ONCE) {
            let found = pair::Entity::of(tenant)
                .filter(pair::Column::LaneId.eq(lane))
                .filter(pair::Column::XeroId.is_in(ids.iter().copied()))
                .filter(pair::Column::ZohoId.is_not_null())
                .all(&context.database)
                .await?;
            known.extend(found.into_iter().filter_map(|pair| Some(((lane, pair.xero_id), pair.zoho_id?))));
        }
    }
    Ok(known)
}

/// Lets held records try again, all or those with these codes: in the run that works, or in one that is started for it. Gives how many.
pub async fn retry(
    context: &Context,
    tenant: TenantId,
    link: LinkId,
    codes: Option<&[String]>,
    by: &Author,
) -> Result<u64, Failure> {
    let ids: Vec<LaneId> = lanes(context, tenant, link).await?.iter().map(|lane| lane.id).collect();
    let transaction = begin_write(&context.database).await?;
    runs::locked(&transaction, tenant, link).await?;
    let mut query = hold::Entity::of(tenant).filter(hold::Column::LaneId.is_in(ids));
    if let Some(codes) = codes {
        query = query.filter(hold::Column::Code.is_in(codes.iter().cloned()));
    }
    let (mut retried, mut dropped) = (0, 0);
    for row in query.all(&transaction).await? {
        if row.code == GONE_FROM_ZOHO && row.xero_id.starts_with(COMING) {
            // It never reached Xero, and Zoho does not have it any more: there is nothing to try again.
            for table in ["hold", "intent", "pair"] {
                let text = format!("DELETE FROM {table} WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3");
                let values = vec![tenant.0.into(), row.lane_id.0.into(), row.xero_id.clone().into()];
                transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
            }
            dropped += 1;
            continue;
        }
        if row.code == GONE_FROM_ZOHO {
            // It is created there once more.
            let text = "UPDATE pair SET zoho_id = NULL, zoho_prints = NULL, version = NULL, toward = NULL \
                        WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3 AND state = 'held'";
            let values = vec![tenant.0.into(), row.lane_id.0.into(), row.xero_id.clone().into()];
            transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
        }
        retried += transaction
            .execute_raw(sql(
                transaction.get_database_backend(),
                "UPDATE pair SET state = 'ready', need = NULL, turns = 0 WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3 AND state = 'held'",
                vec![tenant.0.into(), row.lane_id.0.into(), row.xero_id.into()],
            ))
            .await?
            .rows_affected();
    }
    // A period may have been unlocked since the run asked: from here on Zoho itself decides.
    let text = "UPDATE run SET locks = NULL WHERE tenant_id = $1 AND link_id = $2 AND state IN ('working', 'paused')";
    transaction.execute_raw(sql(transaction.get_database_backend(), text, vec![tenant.0.into(), link.0.into()])).await?;
    links::wake(&transaction, context, tenant, link).await?;
    if retried + dropped > 0 {
        let counts = if dropped == 0 { retried.to_string() } else { format!("{retried}, dropped {dropped}") };
        note(&transaction, context, tenant, by, Deed::done("holds.retried", format!("link:{link}"), counts)).await?;
    }
    // Whoever made them ready may have died before a run was started for them.
    let text = "SELECT 1 AS n FROM pair WHERE tenant_id = $1 AND state = 'ready' AND state <> 'settled' \
                AND lane_id IN (SELECT id FROM lane WHERE tenant_id = $1 AND link_id = $2) LIMIT 1";
    let ready = sql(transaction.get_database_backend(), text, vec![tenant.0.into(), link.0.into()]);
    let is_ready = transaction.query_one_raw(ready).await?.is_some();
    transaction.commit().await?;
    if is_ready {
        runs::start(context, tenant, link, Kind::Sync, by, &Wishes::default()).await?;
    }
    Ok(retried)
}

fn readable(key: &TenantKey, place: Place<'_>, sealed: &[u8]) -> String {
    key.open_text(place, sealed).unwrap_or_else(|_| "The reason can no longer be read.".to_owned())
}

async fn lanes(context: &Context, tenant: TenantId, link: LinkId) -> Result<Vec<lane::Model>, Failure> {
    Ok(lane::Entity::of(tenant)
        .filter(lane::Column::LinkId.eq(link))
        .order_by_asc(lane::Column::Position)
        .all(&context.database)
        .await?)
}
