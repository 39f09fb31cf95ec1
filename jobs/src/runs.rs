//! Runs: starting, pausing, resuming, cancelling, and how far they are. Every change compares the state it found.

use std::time::Duration;

use connectors::flows;
use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::{LinkId, RunId, TenantId};
use entities::{lane, link, pair, run, run_count};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};

use crate::audit::{Author, Deed, note};
use crate::context::{Context, Failure};
use crate::events::{self, Event};
use crate::sync::scope::Scope;
use crate::{in_step, links};

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Everything, in dependency order, then the reconciliation.
    Migration,
    /// What changed since the last run.
    Sync,
    /// Only what hints speak of. People see it as a sync.
    Hint,
    /// Both sides' books compared to the cent.
    Reconciliation,
    /// What a migration would do. Nothing is written.
    Preview,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Migration => "migration",
            Kind::Sync => "sync",
            Kind::Hint => "changes",
            Kind::Reconciliation => "reconciliation",
            Kind::Preview => "preview",
        }
    }
}

/// What became of a wish to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    Run(RunId),
    /// One is at work already.
    Already(RunId),
    /// Not now, and why.
    NotReady(String),
    NotFound,
}

/// What became of a wish to change a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    Yes,
    /// It is in a state in which that cannot be.
    No {
        state: String,
    },
    NotFound,
}

/// How far a run is.
#[derive(Debug, Clone)]
pub struct Progress {
    pub run: run::Model,
    pub counts: Vec<run_count::Model>,
    /// Records whose fate is decided.
    pub done: i64,
    /// Records that Xero says there are.
    pub expected: i64,
    pub per_second: Option<f64>,
    pub eta: Option<At>,
    /// What holds it back: `zoho minute`, `zoho day`, `xero minute`, ….
    pub limited_by: Option<String>,
}

/// What a run is started with. It is kept with the link; what is not said stays as it was.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Whether accounts, taxes and currencies that Zoho lacks are created.
    pub create_missing: Option<bool>,
    pub scope: Option<Scope>,
    /// The id that was chosen for the run before, so that whoever asks again finds it.
    pub id: Option<RunId>,
}

/// A link whose runs are looked at before one is begun. Whoever does so waits for whoever is at it: on PostgreSQL two would find none.
pub(crate) async fn locked(
    connection: &impl ConnectionTrait,
    tenant: TenantId,
    link: LinkId,
) -> Result<Option<link::Model>, Failure> {
    Ok(link::Entity::of(tenant).filter(link::Column::Id.eq(link)).lock_exclusive().one(connection).await?)
}

/// The link's run that is at work or paused.
pub(crate) async fn active(
    connection: &impl ConnectionTrait,
    tenant: TenantId,
    link: LinkId,
) -> Result<Option<run::Model>, Failure> {
    Ok(run::Entity::of(tenant)
        .filter(run::Column::LinkId.eq(link))
        .filter(run::Column::State.is_in(["working", "paused"]))
        .one(connection)
        .await?)
}

/// Starts a run of the link, unless one is at work.
pub async fn start(
    context: &Context,
    tenant: TenantId,
    link: LinkId,
    kind: Kind,
    by: &Author,
    wishes: &Wishes,
) -> Result<Started, Failure> {
    let transaction = begin_write(&context.database).await?;
    let Some(found) = locked(&transaction, tenant, link).await? else {
        return Ok(Started::NotFound);
    };
    if let Some(id) = wishes.id
        && run::Entity::of(tenant).filter(run::Column::Id.eq(id)).one(&transaction).await?.is_some()
    {
        return Ok(Started::Run(id));
    }
    match found.state.as_str() {
        "ready" => {}
        "provisioning" => {
            return Ok(Started::NotReady("The Zoho side is still being prepared; try again in a minute.".to_owned()));
        }
        _ => {
            let reason = found.rest_reason.unwrap_or_else(|| "A connection must be authorised again.".to_owned());
            return Ok(Started::NotReady(reason));
        }
    }
    if kind != Kind::Hint {
        // A short run for hints makes room: what it was told of stays noted, and the new run takes it along.
        run::Entity::update_many()
            .col_expr(run::Column::State, Expr::value("cancelled"))
            .col_expr(run::Column::EndedAt, Expr::value(Some(context.now())))
            .filter(run::Column::TenantId.eq(tenant))
            .filter(run::Column::LinkId.eq(link))
            .filter(run::Column::Kind.eq(Kind::Hint.name()))
            .filter(run::Column::State.is_in(["working", "paused"]))
            .filter(Condition::any().add(run::Column::Pause.is_null()).add(run::Column::Pause.ne("guard")))
            .exec(&transaction)
            .await?;
    }
    if let Some(active) = active(&transaction, tenant, link).await? {
        return Ok(Started::Already(active.id));
    }
    keep_scope(&transaction, &found, wishes.scope.as_ref(), (kind == Kind::Migration).then(|| context.now())).await?;
    // A preview approves nothing.
    let create_missing = wishes.create_missing.filter(|_| kind != Kind::Preview);
    if let Some(create_missing) = create_missing
        && create_missing != found.create_missing
    {
        let mut found: link::ActiveModel = found.into();
        found.create_missing = Set(create_missing);
        found.update(&transaction).await?;
    }
    if create_missing == Some(true) {
        // What was held for this goes on without being changed in Xero.
        let text = "UPDATE pair SET state = 'ready' WHERE tenant_id = $1 AND state <> 'settled' AND state = 'held' \
                    AND lane_id IN (SELECT id FROM lane WHERE tenant_id = $1 AND link_id = $2) AND EXISTS (SELECT 1 FROM hold \
                    WHERE hold.tenant_id = pair.tenant_id AND hold.lane_id = pair.lane_id AND hold.xero_id = pair.xero_id AND hold.code = 'NOT_IN_ZOHO')";
        transaction.execute_raw(sql(transaction.get_database_backend(), text, vec![tenant.0.into(), link.0.into()])).await?;
    }
    let id = wishes.id.unwrap_or_else(|| RunId::new(context.clock.as_ref(), context.chance.as_ref()));
    open(&transaction, context, tenant, (link, id), kind, by.who()).await?;
    links::wake(&transaction, context, tenant, link).await?;
    if kind != Kind::Sync || !by.is_nobody() {
        note(&transaction, context, tenant, by, Deed::done("run.started", format!("run:{id}"), kind.name())).await?;
    }
    transaction.commit().await?;
    context.waker.wake();
    Ok(Started::Run(id))
}

/// The link's runs, the newest first.
pub async fn page(
    connection: &impl ConnectionTrait,
    tenant: TenantId,
    link: LinkId,
    after: Option<RunId>,
    rows: u64,
) -> Result<Vec<run::Model>, Failure> {
    let mut query = run::Entity::of(tenant).filter(run::Column::LinkId.eq(link)).order_by_desc(run::Column::Id).limit(rows);
    if let Some(after) = after {
        query = query.filter(run::Column::Id.lt(after));
    }
    Ok(query.all(connection).await?)
}

/// Writes a new run down. The caller knows that none is at work, and wakes the link.
pub(crate) async fn open(
    connection: &impl ConnectionTrait,
    context: &Context,
    tenant: TenantId,
    (link, id): (LinkId, RunId),
    kind: Kind,
    requested_by: &str,
) -> Result<(), Failure> {
    if matches!(kind, Kind::Sync | Kind::Hint) {
        in_step::forget_empty(connection, context.now(), tenant, link).await?;
    }
    run::ActiveModel {
        tenant_id: Set(tenant),
        id: Set(id),
        link_id: Set(link),
        kind: Set(kind.name().to_owned()),
        state: Set("working".to_owned()),
        stage: Set("starting".to_owned()),
        reason: Set(None),
        pause: Set(None),
        resume_at: Set(None),
        locks: Set(None),
        passes: Set(0),
        clean: Set(None),
        requested_by: Set(requested_by.to_owned()),
        created_at: Set(context.now()),
        started_at: Set(None),
        ended_at: Set(None),
        may_remove: Set(false),
    }
    .insert(connection)
    .await?;
    Ok(())
}

/// Keeps another scope with the link. What was left out before is looked at again: every list is read from its beginning.
/// `begins`: a migration begins now.
async fn keep_scope(
    transaction: &DatabaseTransaction,
    found: &link::Model,
    wish: Option<&Scope>,
    begins: Option<At>,
) -> Result<(), Failure> {
    let kept = Scope::parse(found.scope.as_deref()).map_err(|error| Failure::Bug(format!("the stored scope: {error}")))?;
    let scope = wish.unwrap_or(&kept).clone().in_place_of(&kept, begins.map(|at| at.to_utc().date_naive()));
    if kept == scope {
        return Ok(());
    }
    let text = serde_json::to_string(&scope).map_err(|error| Failure::Bug(error.to_string()))?;
    link::Entity::update_many()
        .col_expr(link::Column::Scope, Expr::value(Some(text)))
        .filter(link::Column::TenantId.eq(found.tenant_id))
        .filter(link::Column::Id.eq(found.id))
        .exec(transaction)
        .await?;
    lane::Entity::update_many()
        .col_expr(lane::Column::Watermark, Expr::value(None::<At>))
        .filter(lane::Column::TenantId.eq(found.tenant_id))
        .filter(lane::Column::LinkId.eq(found.id))
        .exec(transaction)
        .await?;
    Ok(())
}

/// The person's pause: work rests until `resume`. What is being sent now is still settled.
pub async fn pause(context: &Context, tenant: TenantId, id: RunId, by: &Author) -> Result<Changed, Failure> {
    change(context, tenant, id, ("run.paused", by), &["working", "paused"], "paused", Some(("user", "Paused by a person."))).await
}

/// Goes on where it paused.
pub async fn resume(context: &Context, tenant: TenantId, id: RunId, by: &Author) -> Result<Changed, Failure> {
    change(context, tenant, id, ("run.resumed", by), &["paused"], "working", None).await
}

/// Ends the run. What was carried stays carried.
pub async fn cancel(context: &Context, tenant: TenantId, id: RunId, by: &Author) -> Result<Changed, Failure> {
    change(context, tenant, id, ("run.cancelled", by), &["working", "paused"], "cancelled", None).await
}

async fn change(
    context: &Context,
    tenant: TenantId,
    id: RunId,
    (act, by): (&str, &Author),
    from: &[&str],
    to: &str,
    pause: Option<(&str, &str)>,
) -> Result<Changed, Failure> {
    let transaction = begin_write(&context.database).await?;
    let read = || run::Entity::of(tenant).filter(run::Column::Id.eq(id));
    let Some(found) = read().one(&transaction).await? else { return Ok(Changed::NotFound) };
    // The link first and its runs after it, as everybody does; and the run as it is once it is ours.
    locked(&transaction, tenant, found.link_id).await?;
    let Some(found) = read().one(&transaction).await? else { return Ok(Changed::NotFound) };
    if !from.contains(&found.state.as_str()) {
        return Ok(Changed::No { state: found.state });
    }
    if found.state == to && found.pause.as_deref() == pause.map(|(kind, _)| kind) {
        // It is so already.
        return Ok(Changed::Yes);
    }
    let ended = (to == "cancelled").then(|| context.now());
    let done = run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value(to))
        .col_expr(run::Column::Pause, Expr::value(pause.map(|(kind, _)| kind)))
        .col_expr(run::Column::Reason, Expr::value(pause.map(|(_, reason)| reason)))
        .col_expr(run::Column::ResumeAt, Expr::value(None::<At>))
        .col_expr(run::Column::EndedAt, Expr::value(ended))
        .col_expr(
            run::Column::MayRemove,
            Expr::value(found.may_remove || found.pause.as_deref() == Some("guard") && to == "working"),
        )
        .filter(run::Column::TenantId.eq(tenant))
        .filter(run::Column::Id.eq(id))
        .filter(run::Column::State.eq(found.state.as_str()))
        .exec(&transaction)
        .await?;
    if done.rows_affected == 0 {
        // The work itself was quicker by a moment.
        let now = run::Entity::of(tenant).filter(run::Column::Id.eq(id)).one(&transaction).await?;
        return Ok(now.map_or(Changed::NotFound, |now| Changed::No { state: now.state }));
    }
    links::wake(&transaction, context, tenant, found.link_id).await?;
    if ended.is_some() {
        let over = Event::RunFinished { run: &found, state: to, clean: None };
        events::tell(&transaction, context, tenant, over, context.now()).await?;
    }
    note(&transaction, context, tenant, by, Deed::done(act, format!("run:{id}"), found.kind)).await?;
    transaction.commit().await?;
    context.waker.wake();
    Ok(Changed::Yes)
}

/// How far a run is, its counts in the order of carrying, with an honest estimate: the calls that are left at the rate the limits allow, or the rate seen if that is lower.
pub async fn progress(context: &Context, tenant: TenantId, id: RunId) -> Result<Option<Progress>, Failure> {
    let Some(found) = run::Entity::of(tenant).filter(run::Column::Id.eq(id)).one(&context.database).await? else {
        return Ok(None);
    };
    let mut counts = run_count::Entity::of(tenant).filter(run_count::Column::RunId.eq(id)).all(&context.database).await?;
    counts.sort_by_key(|count| flows::ALL.iter().position(|flow| flow.key() == count.flow).unwrap_or(usize::MAX));
    if found.ended_at.is_none() {
        count_parked(context, &found, &mut counts).await?;
    }
    let done: i64 = counts.iter().map(|count| count.created + count.updated + count.unchanged + count.held + count.skipped).sum();
    let expected = counts.iter().map(|count| count.expected.max(count.seen)).sum::<i64>().max(done);
    let end = found.ended_at.unwrap_or_else(|| context.now());
    let worked = found.started_at.map(|start| end.since(start)).unwrap_or_default();
    let per_second = (done > 0 && worked > Duration::from_millis(500)).then(|| done as f64 / worked.as_secs_f64());
    let eta = estimate(context, &found, &counts, done, expected, per_second);
    Ok(Some(Progress { limited_by: limited_by(&found), run: found, counts, done, expected, per_second, eta }))
}

/// While a run works, what is held or waits is counted where it stands; at its end the figures are kept.
async fn count_parked(context: &Context, run: &run::Model, counts: &mut [run_count::Model]) -> Result<(), Failure> {
    let rows = context
        .database
        .query_all_raw(sql(
            context.database.get_database_backend(),
            format!(
                "SELECT lane.flow AS flow, pair.state AS state, COUNT(*) AS n FROM lane \
             JOIN {} ON lane.tenant_id = pair.tenant_id AND lane.id = pair.lane_id \
             WHERE lane.tenant_id = $1 AND lane.link_id = $2 AND pair.state <> 'settled' AND pair.state IN ('held', 'waiting') \
             GROUP BY lane.flow, pair.state",
                pair::open(context.database.get_database_backend())
            ),
            vec![run.tenant_id.0.into(), run.link_id.0.into()],
        ))
        .await?;
    for row in rows {
        let (flow, state, n): (String, String, i64) =
            (row.try_get("", "flow")?, row.try_get("", "state")?, row.try_get("", "n")?);
        if let Some(count) = counts.iter_mut().find(|count| count.flow == flow) {
            if state == "held" {
                count.held = n;
            } else {
                count.waiting = n;
            }
        }
    }
    Ok(())
}

fn estimate(
    context: &Context,
    run: &run::Model,
    counts: &[run_count::Model],
    done: i64,
    expected: i64,
    per_second: Option<f64>,
) -> Option<At> {
    if run.state != "working" && run.pause.as_deref() != Some("limit") {
        return None;
    }
    let left = (expected - done).max(0) as f64;
    let seen = left / per_second?;
    let calls: i64 = counts.iter().map(|count| count.zoho_calls).sum();
    let calls_left = if done > 0 { left * (calls as f64 / done as f64) } else { left };
    let limits = context.providers.limits.zoho;
    let minutes = if limits.per_minute > 0 { calls_left / f64::from(limits.per_minute) * 60.0 } else { 0.0 };
    // Whole days are walked: what does not fit today waits for the next window.
    let days = if limits.per_day > 0 { (calls_left / f64::from(limits.per_day)).floor() * 86_400.0 } else { 0.0 };
    let from = run.resume_at.unwrap_or_default().max(context.now());
    Some(from.plus(Duration::from_secs_f64(seen.max(minutes).max(days).clamp(0.0, 3.15e9))))
}

fn limited_by(run: &run::Model) -> Option<String> {
    (run.pause.as_deref() == Some("limit")).then(|| run.reason.clone()).flatten()
}
