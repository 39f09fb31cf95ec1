//! Keeping a link in step without being asked: a sync every so many minutes, a short run when hints have come, and no heap of runs that
//! found nothing.

use std::time::Duration;

use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::{LinkId, RunId, TenantId};
use entities::link;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::audit::Author;
use crate::context::{Context, Failure};
use crate::hints;
use crate::limits::LimitSettings;
use crate::runs::{self, Kind, Started, Wishes};
use crate::sync::scope::Scope;

/// Runs that found nothing are kept for a look.
const KEEP_EMPTY: Duration = Duration::from_secs(24 * 3600);
/// So many of a link stay however old they are.
const KEEP_NEWEST: usize = 20;
/// Runs that one start forgets at most.
const FORGET_AT_ONCE: usize = 200;
/// Syncs whose cost is looked at: one that had much to carry does not make the next ones rarer.
const COST_OF: i64 = 5;
/// The share of a day's calls that syncs which find nothing may use up: one part in so many.
const SHARE: u32 = 2;
const DAY_MINUTES: u64 = 24 * 60;
/// Between two sweeps of a link; seven times as long where it has many records.
const SWEEP_MINUTES: u32 = 24 * 60;
const MANY: i64 = 10_000;

/// Who asked for a run, where nobody did.
pub const BY_TIME: &str = "timetable";
pub const BY_HINT: &str = "webhook";

/// What a link does by itself, where it says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Habits {
    /// Minutes between two syncs; 0: none.
    pub every_minutes: u32,
    /// Whether webhooks are made in Zoho.
    pub zoho_webhooks: bool,
}

/// What a sync that finds nothing costs in calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    pub xero: i64,
    pub zoho: i64,
}

/// How often a link is synced, and what that takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// 0: only when somebody or something asks.
    pub every_minutes: u32,
    /// Of one sync, where there was one.
    pub cost: Option<Cost>,
}

/// A link that is kept in step and has nothing under way.
struct Quiet {
    tenant: TenantId,
    link: LinkId,
    /// Minutes between two syncs that were wished for it.
    wish: Option<i32>,
    one_way: bool,
    /// When the last run of these kinds began.
    last: At,
}

/// The links of all tenants that are kept in step by themselves, once a migration of each is done, and have no run at work. `kinds`: the
/// runs whose last one counts.
async fn quiet(context: &Context, kinds: [Kind; 2]) -> Result<Vec<Quiet>, Failure> {
    let database = &context.database;
    let text = "SELECT tenant_id, id, sync_every_minutes, one_way, (SELECT MAX(created_at) FROM run WHERE run.tenant_id = link.tenant_id \
                AND run.link_id = link.id AND run.kind IN ($2, $3)) AS last FROM link \
                WHERE state = 'ready' AND COALESCE(sync_every_minutes, $1) > 0 \
                AND EXISTS (SELECT 1 FROM run WHERE run.tenant_id = link.tenant_id AND run.link_id = link.id AND run.kind = 'migration' AND run.state = 'done') \
                AND NOT EXISTS (SELECT 1 FROM run WHERE run.tenant_id = link.tenant_id AND run.link_id = link.id AND run.state IN ('working', 'paused'))";
    let values = vec![(context.habits.every_minutes as i32).into(), kinds[0].name().into(), kinds[1].name().into()];
    let rows = database.query_all_raw(sql(database.get_database_backend(), text, values)).await?;
    rows.iter()
        .map(|row| {
            Ok(Quiet {
                tenant: TenantId(row.try_get("", "tenant_id")?),
                link: LinkId(row.try_get("", "id")?),
                wish: row.try_get("", "sync_every_minutes")?,
                one_way: row.try_get("", "one_way")?,
                last: At(row.try_get::<Option<i64>>("", "last")?.unwrap_or_default()),
            })
        })
        .collect()
}

/// Starts a sync of every link whose time has come.
pub async fn on_time(context: &Context) -> Result<(), Failure> {
    let now = context.now();
    for Quiet { tenant, link, wish, last, .. } in quiet(context, [Kind::Migration, Kind::Sync]).await? {
        // Before its costs are looked up: the pace is this one or a slower one.
        let wish = wish.map_or(context.habits.every_minutes, |wish| wish.max(0) as u32);
        if last >= turn(link, wish, now) {
            continue;
        }
        if last >= turn(link, slowed(wish, cost(context, tenant, link).await?, &context.providers.limits), now) {
            continue;
        }
        if let Started::Run(run) =
            runs::start(context, tenant, link, Kind::Sync, &Author::timetable(), &Wishes::default()).await?
        {
            tracing::debug!(tenant.id = %tenant, link.id = %link, run.id = %run, "a sync begins by itself");
        }
    }
    Ok(())
}

/// Starts a sweep of every link whose last comparison of both sides is a day ago, or a week where there are many records: what was deleted
/// in Zoho, or changed there without a trace in its lists, is found by it.
pub async fn sweeps(context: &Context) -> Result<(), Failure> {
    let now = context.now();
    for Quiet { tenant, link, one_way, last, .. } in quiet(context, [Kind::Migration, Kind::Reconciliation]).await? {
        if one_way || last >= turn(link, SWEEP_MINUTES, now) {
            continue;
        }
        let minutes = if records(context, tenant, link).await? < MANY { SWEEP_MINUTES } else { 7 * SWEEP_MINUTES };
        if last < turn(link, minutes, now) {
            runs::start(context, tenant, link, Kind::Reconciliation, &Author::timetable(), &Wishes::default()).await?;
        }
    }
    Ok(())
}

/// How many records of a link are known on both sides.
async fn records(context: &Context, tenant: TenantId, link: LinkId) -> Result<i64, Failure> {
    let text = "SELECT COUNT(*) AS n FROM pair JOIN lane ON lane.tenant_id = pair.tenant_id AND lane.id = pair.lane_id \
                WHERE lane.tenant_id = $1 AND lane.link_id = $2";
    let database = &context.database;
    let row = database.query_one_raw(sql(database.get_database_backend(), text, vec![tenant.0.into(), link.0.into()])).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "n"))?)
}

/// Starts a short run when hints have come and no run is at work, which would take them along.
pub async fn for_hints(context: &Context, tenant: TenantId, link: LinkId) -> Result<Option<RunId>, Failure> {
    let transaction = begin_write(&context.database).await?;
    let Some(found) = runs::locked(&transaction, tenant, link).await? else { return Ok(None) };
    if found.state != "ready" || !is_migrated(&transaction, tenant, link).await? {
        return Ok(None);
    }
    let is_busy = runs::active(&transaction, tenant, link).await?.is_some();
    if is_busy || !is_hinted(&transaction, context.now(), &found).await? {
        return Ok(None);
    }
    let run = RunId::new(context.clock.as_ref(), context.chance.as_ref());
    runs::open(&transaction, context, tenant, (link, run), Kind::Hint, BY_HINT).await?;
    transaction.commit().await?;
    Ok(Some(run))
}

/// How often this link is synced by itself.
pub async fn pace(context: &Context, link: &link::Model) -> Result<Pace, Failure> {
    let wish = link.sync_every_minutes.map_or(context.habits.every_minutes, |wish| wish.max(0) as u32);
    let cost = cost(context, link.tenant_id, link.id).await?;
    Ok(Pace { every_minutes: slowed(wish, cost, &context.providers.limits), cost })
}

/// Whether a migration of the link has come to its end: from then on it is kept in step.
pub async fn is_migrated(connection: &impl ConnectionTrait, tenant: TenantId, link: LinkId) -> Result<bool, Failure> {
    let text = "SELECT 1 AS n FROM run WHERE tenant_id = $1 AND link_id = $2 AND kind = 'migration' AND state = 'done' LIMIT 1";
    let values = vec![tenant.0.into(), link.0.into()];
    Ok(connection.query_one_raw(sql(connection.get_database_backend(), text, values)).await?.is_some())
}

/// Whether there is a hint in a lane that is carried. Those of others wait until somebody carries them.
async fn is_hinted(connection: &impl ConnectionTrait, now: At, link: &link::Model) -> Result<bool, Failure> {
    let scope = Scope::parse(link.scope.as_deref()).map_err(|error| Failure::Bug(format!("the stored scope: {error}")))?;
    let text = "SELECT flow FROM lane WHERE tenant_id = $1 AND link_id = $2 \
                AND EXISTS (SELECT 1 FROM hint WHERE hint.tenant_id = lane.tenant_id AND hint.lane_id = lane.id AND hint.seen_at <= $3)";
    let values = vec![link.tenant_id.0.into(), link.id.0.into(), hints::until(now).0.into()];
    for row in connection.query_all_raw(sql(connection.get_database_backend(), text, values)).await? {
        let flow: String = row.try_get("", "flow")?;
        if connectors::flows::flow(&flow).is_some_and(|flow| flow.hangs().is_none() && scope.carries(link, flow)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Forgets the link's older runs that found nothing, but for the newest.
pub(crate) async fn forget_empty(
    connection: &impl ConnectionTrait,
    now: At,
    tenant: TenantId,
    link: LinkId,
) -> Result<(), Failure> {
    let backend = connection.get_database_backend();
    let text = "SELECT id, created_at FROM run WHERE tenant_id = $1 AND link_id = $2 AND kind IN ('sync', 'changes') AND state = 'done' \
                AND NOT EXISTS (SELECT 1 FROM run_count WHERE run_count.tenant_id = run.tenant_id AND run_count.run_id = run.id \
                AND run_count.created + run_count.updated > 0) \
                AND NOT EXISTS (SELECT 1 FROM hold WHERE hold.tenant_id = run.tenant_id AND hold.run_id = run.id) ORDER BY id DESC";
    let rows = connection.query_all_raw(sql(backend, text, vec![tenant.0.into(), link.0.into()])).await?;
    let mut old = Vec::new();
    for row in rows.iter().skip(KEEP_NEWEST) {
        if row.try_get::<i64>("", "created_at")? < now.minus(KEEP_EMPTY).0 {
            old.push(row.try_get::<Uuid>("", "id")?);
        }
    }
    for run in old.into_iter().rev().take(FORGET_AT_ONCE) {
        for text in
            ["DELETE FROM run_count WHERE tenant_id = $1 AND run_id = $2", "DELETE FROM run WHERE tenant_id = $1 AND id = $2"]
        {
            connection.execute_raw(sql(backend, text, vec![tenant.0.into(), run.into()])).await?;
        }
    }
    Ok(())
}

/// The calls of the cheapest of the newest syncs.
async fn cost(context: &Context, tenant: TenantId, link: LinkId) -> Result<Option<Cost>, Failure> {
    let database = &context.database;
    let text = "SELECT newest.id AS id, CAST(SUM(run_count.xero_calls) AS bigint) AS xero, CAST(SUM(run_count.zoho_calls) AS bigint) AS zoho FROM \
                (SELECT tenant_id, id FROM run WHERE tenant_id = $1 AND link_id = $2 AND kind = 'sync' AND state = 'done' ORDER BY id DESC LIMIT $3) newest \
                JOIN run_count ON run_count.tenant_id = newest.tenant_id AND run_count.run_id = newest.id GROUP BY newest.id";
    let values = vec![tenant.0.into(), link.0.into(), COST_OF.into()];
    let mut cheapest: Option<Cost> = None;
    for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
        let cost = Cost { xero: row.try_get("", "xero")?, zoho: row.try_get("", "zoho")? };
        let is_cheaper = |known: Cost| cost.xero + cost.zoho < known.xero + known.zoho;
        if cheapest.is_none_or(is_cheaper) {
            cheapest = Some(cost);
        }
    }
    Ok(cheapest)
}

/// A wish, made slower where its calls would use up too much of a day.
fn slowed(wish: u32, cost: Option<Cost>, limits: &LimitSettings) -> u32 {
    let Some(cost) = cost.filter(|_| wish > 0) else { return wish };
    [(cost.xero, limits.xero.per_day), (cost.zoho, limits.zoho.per_day)]
        .into_iter()
        .filter(|(_, per_day)| *per_day > 0)
        .map(|(calls, per_day)| (calls.max(0) as u64 * DAY_MINUTES).div_ceil(u64::from((per_day / SHARE).max(1))) as u32)
        .fold(wish, u32::max)
}

/// When the present turn of a link began. Every link has turns of its own, so that not all begin at once.
fn turn(link: LinkId, every_minutes: u32, now: At) -> At {
    let period = i64::from(every_minutes.max(1)) * 60_000_000;
    let own = (link.0.as_u128() % period as u128) as i64;
    At(now.0 - (now.0 - own).rem_euclid(period))
}

#[cfg(test)]
mod tests {
    use migration::{Migrator, MigratorTrait};

    use super::*;
    use crate::limits::Limits;

    const DAY_US: i64 = 24 * 3600 * 1_000_000;

    const LINK: LinkId = LinkId(Uuid::from_u128(0x0199_0000_0000_7000_8000_1234_5678_9abc));

    #[test]
    fn a_link_has_one_turn_in_each_period_and_links_have_different_ones() {
        let now = At(1_790_000_000_000_000);
        let began = turn(LINK, 15, now);
        assert!(began <= now && now.since(began) < Duration::from_secs(15 * 60));
        assert_eq!(turn(LINK, 15, began), began);
        assert_eq!(turn(LINK, 15, began.plus(Duration::from_secs(15 * 60 - 1))), began);
        assert_eq!(turn(LINK, 15, began.plus(Duration::from_secs(15 * 60))), began.plus(Duration::from_secs(15 * 60)));
        let links = (0..100u128).map(|n| LinkId(Uuid::from_u128(n.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))));
        let offsets: Vec<u64> = links.map(|link| now.since(turn(link, 15, now)).as_secs() / 60).collect();
        for minute in 0..15 {
            let together = offsets.iter().filter(|offset| **offset == minute).count();
            assert!(together < 20, "{together} of 100 links begin in the same minute: {offsets:?}");
        }
    }

    #[test]
    fn what_finds_nothing_may_use_half_of_a_day_at_most() {
        let limits = LimitSettings { xero: Limits::XERO, zoho: Limits::ZOHO };
        let slowed = |wish, xero, zoho| slowed(wish, Some(Cost { xero, zoho }), &limits);
        assert_eq!(slowed(15, 8, 10), 15);
        // 1,000 of 2,000 calls in 1,440 minutes.
        assert_eq!(slowed(15, 8, 20), 29);
        assert_eq!(slowed(1, 5, 0), 3);
        assert_eq!(slowed(0, 100, 100), 0);
        let off = LimitSettings { xero: Limits::OFF, zoho: Limits::OFF };
        assert_eq!(super::slowed(1, Some(Cost { xero: 500, zoho: 500 }), &off), 1);
        assert_eq!(super::slowed(15, None, &limits), 15);
    }

    #[tokio::test]
    async fn only_old_runs_that_found_nothing_are_forgotten_and_the_newest_stay() {
        let database = entities::database::open("sqlite::memory:", 1).await.unwrap();
        Migrator::up(&database, None).await.unwrap();
        database.execute_unprepared("PRAGMA foreign_keys = OFF").await.unwrap();
        let tenant = TenantId(Uuid::from_u128(1));
        let now = At(100 * DAY_US);
        // One an hour, five days long; each tenth has carried something, each fifth is none of these kinds.
        for n in 0..120u128 {
            let kind = match n % 5 {
                0 => "reconciliation",
                1 | 2 => "changes",
                _ => "sync",
            };
            let at = 95 * DAY_US + n as i64 * DAY_US / 24;
            let run = Uuid::from_u128(n + 1);
            let text = "INSERT INTO run (tenant_id, id, link_id, kind, state, stage, passes, requested_by, created_at) \
                        VALUES ($1, $2, $3, $4, 'done', 'done', 0, 'test', $5)";
            let values = vec![tenant.0.into(), run.into(), LINK.0.into(), kind.into(), at.into()];
            database.execute_raw(sql(database.get_database_backend(), text, values)).await.unwrap();
            let text = "INSERT INTO run_count (tenant_id, run_id, flow, expected, seen, created, updated, unchanged, held, waiting, skipped, \
                        xero_calls, zoho_calls, xero_count, zoho_count, findings) VALUES ($1, $2, 'f', 0, 1, 0, $3, 1, 0, 0, 0, 1, 1, 0, 0, 0)";
            let values = vec![tenant.0.into(), run.into(), i64::from(n % 10 == 1).into()];
            database.execute_raw(sql(database.get_database_backend(), text, values)).await.unwrap();
        }
        forget_empty(&database, now, tenant, LINK).await.unwrap();
        let count = async |what: &str| {
            let text = format!("SELECT COUNT(*) AS n FROM run WHERE {what}");
            let row = database.query_one_raw(sql(database.get_database_backend(), text, vec![])).await.unwrap();
            row.unwrap().try_get::<i64>("", "n").unwrap()
        };
        assert_eq!(count("kind = 'reconciliation'").await, 24);
        let carried = "EXISTS (SELECT 1 FROM run_count WHERE run_count.run_id = run.id AND updated > 0)";
        assert_eq!(count(carried).await, 12);
        // Of 84 that found nothing 20 stay for being the newest; none of the last day is older than those.
        assert_eq!(count(&format!("kind <> 'reconciliation' AND NOT {carried}")).await, 20);
        assert_eq!(count("NOT EXISTS (SELECT 1 FROM run_count WHERE run_count.run_id = run.id)").await, 0);
        // Within a day nothing is forgotten, however many there are.
        let before = count("kind = 'sync'").await;
        forget_empty(&database, At(95 * DAY_US), tenant, LINK).await.unwrap();
        assert_eq!(count("kind = 'sync'").await, before);
    }
}
