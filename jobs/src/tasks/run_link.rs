//! One turn at one link: whatever woke it, this looks what there is to do and does it.

use std::time::Duration;

use connectors::side::Limit;
use entities::clock::At;
use entities::database::begin_write;
use entities::ids::{LinkId, TenantId};
use entities::{link, run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use crate::audit::{Author, Deed, note};
use crate::connections;
use crate::context::{Context, Failure};
use crate::events::{self, Event};
use crate::in_step::{self, for_hints};
use crate::job::{Job, Queue};
use crate::runs::Kind;
use crate::spans;
use crate::sync::slice::{Halt, Provider, Slice, claim, release};
use crate::sync::{arrange, buttons, custom_links, lanes, native, preview, provision, reconcile, resolve, settle};

/// A limit that lasts longer than this is shown as a pause; shorter ones are just the pace.
const PACE: Duration = Duration::from_secs(90);
/// Turns without an answer before people are told.
const MISSES_SHOWN: i32 = 4;

/// Look at this link.
#[derive(Debug, Serialize, Deserialize)]
pub struct RunLink {
    pub tenant: TenantId,
    pub link: LinkId,
}

impl Job for RunLink {
    const NAME: &'static str = "run_link";
    const QUEUE: Queue = Queue::Sync;

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn key(&self) -> Option<String> {
        Some(format!("link:{}", self.link))
    }

    async fn run(self, context: Context) -> Result<Option<At>, Failure> {
        spans::of_link(self.tenant, self.link);
        let owner = format!("{}/{}", context.name, self.link);
        let Some(link) = claim(&context, self.tenant, self.link, &owner).await? else {
            let known = link::Entity::of(self.tenant).filter(link::Column::Id.eq(self.link)).one(&context.database).await?;
            if known.is_none() {
                // Its customer was removed.
                return Ok(None);
            }
            // Another worker has it, or had it when it died.
            return Ok(Some(context.in_a(Duration::from_secs(1))));
        };
        let (halt, moved) = turn(&context, link.clone(), owner).await;
        let next = after(&context, &link, halt, moved).await;
        let (next_at, misses) = match next {
            Ok(next) => next,
            // Whoever took it over goes on.
            Err(Failure::Fenced) => return Ok(None),
            Err(failure) => {
                release(&context, &link, context.now(), link.misses).await?;
                return Err(failure);
            }
        };
        release(&context, &link, next_at, misses).await?;
        Ok((next_at < NEVER).then_some(next_at))
    }
}

/// For a link that has nothing to do until it is woken.
const NEVER: At = At(i64::MAX / 2);

async fn turn(context: &Context, link: link::Model, owner: String) -> (Halt, bool) {
    if link.state == "resting" {
        return (Halt::Idle, false);
    }
    let mut slice = match Slice::begin(context, link, owner).await {
        Ok(slice) => slice,
        Err(halt) => return (halt, false),
    };
    let halt = work(&mut slice).await.err().unwrap_or(Halt::Idle);
    if let Err(failure) = slice.end().await {
        tracing::warn!(%failure, "reserved calls could not be given back; they come free by themselves");
    }
    (halt, slice.moved)
}

async fn work(slice: &mut Slice) -> Result<(), Halt> {
    if slice.link.misses > 0 {
        slice.probe().await?;
    }
    if slice.link.state == "provisioning" || !provision::done(slice).await? {
        provision::provision(slice).await?;
        return Err(Halt::TurnOver);
    }
    buttons::tend(slice).await?;
    let Some(run) = current(slice).await? else {
        // Somebody may have told us that something has changed.
        return match for_hints(&slice.context, slice.tenant, slice.link.id).await? {
            Some(_) => Err(Halt::TurnOver),
            None => arrange::tend(slice).await,
        };
    };
    slice.read_wishes().await?;
    slice.work_on(&run)?;
    spans::of_run(run.id);
    if run.kind == Kind::Preview.name() {
        preview::preview(slice, &run).await?;
        finish(slice, &run, None).await?;
        return Err(Halt::TurnOver);
    }
    native::tend(slice, &run).await?;
    if run.started_at.is_none() && [Kind::Migration.name(), Kind::Reconciliation.name()].contains(&run.kind.as_str()) {
        custom_links::tend(slice).await?;
    }
    lanes::start(slice, &run).await?;
    let reconciling = run.kind == Kind::Reconciliation.name();
    if !reconciling && run.stage != "reconciling" {
        resolve::unknown(slice).await?;
        lanes::carry_all(slice, &run).await?;
        for lane in slice.lanes.clone().into_iter().filter(|lane| lane.on) {
            settle::hold_waiting(slice, &run, lane).await?;
        }
    }
    let clean = if [Kind::Sync.name(), Kind::Hint.name()].contains(&run.kind.as_str()) {
        None
    } else {
        // Equal to the cent is not enough where something is missing for a reason nobody announced.
        Some(reconcile::reconcile(slice, &run).await? && settle::unexpected(slice).await? == 0)
    };
    finish(slice, &run, clean).await?;
    // Another run may have been asked for meanwhile.
    Err(Halt::TurnOver)
}

/// The run to work on; one that paused for a limit or a lost connection goes on when its time has come.
async fn current(slice: &Slice) -> Result<Option<run::Model>, Halt> {
    let found = run::Entity::of(slice.tenant)
        .filter(run::Column::LinkId.eq(slice.link.id))
        .filter(run::Column::State.is_in(["working", "paused"]))
        .one(&slice.context.database)
        .await?;
    let Some(mut run) = found else { return Ok(None) };
    if run.state == "working" {
        return Ok(Some(run));
    }
    if matches!(run.pause.as_deref(), Some("user" | "guard")) {
        return Ok(None);
    }
    if let Some(at) = run.resume_at.filter(|at| *at > slice.context.now()) {
        return Err(Halt::Resting { at });
    }
    set_state(&slice.context, &run, "paused", "working", None, None).await?;
    run.state = "working".to_owned();
    Ok(Some(run))
}

async fn finish(slice: &mut Slice, run: &run::Model, clean: Option<bool>) -> Result<(), Halt> {
    let carries = ![Kind::Reconciliation.name(), Kind::Preview.name()].contains(&run.kind.as_str());
    if carries && again(slice, run).await? {
        return Ok(());
    }
    for lane in slice.lanes.clone() {
        let (held, waiting) = (lanes::parked(slice, &lane, "held").await?, lanes::parked(slice, &lane, "waiting").await?);
        entities::run_count::Entity::update_many()
            .col_expr(entities::run_count::Column::Held, Expr::value(held))
            .col_expr(entities::run_count::Column::Waiting, Expr::value(waiting))
            .filter(entities::run_count::Column::TenantId.eq(slice.tenant))
            .filter(entities::run_count::Column::RunId.eq(run.id))
            .filter(entities::run_count::Column::Flow.eq(lane.flow.key()))
            .exec(&slice.context.database)
            .await?;
    }
    let transaction = begin_write(&slice.context.database).await?;
    let done = run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value("done"))
        .col_expr(run::Column::Stage, Expr::value("done"))
        .col_expr(run::Column::Clean, Expr::value(clean))
        .col_expr(run::Column::EndedAt, Expr::value(Some(slice.context.now())))
        .filter(run::Column::TenantId.eq(slice.tenant))
        .filter(run::Column::Id.eq(run.id))
        .filter(run::Column::State.eq("working"))
        .exec(&transaction)
        .await?;
    if done.rows_affected == 1 && is_worth_noting(&transaction, run).await? {
        let result = match clean {
            None => "",
            Some(true) => " clean",
            Some(false) => " not clean",
        };
        let deed = Deed::done("run.finished", format!("run:{}", run.id), format!("{}{result}", run.kind));
        let ended = Event::RunFinished { run, state: "done", clean };
        events::tell(&transaction, &slice.context, slice.tenant, ended, slice.context.now()).await?;
        note(&transaction, &slice.context, slice.tenant, &Author::worker(), deed).await?;
    }
    transaction.commit().await?;
    tracing::info!(tenant.id = %slice.tenant, link.id = %slice.link.id, run.id = %run.id, run.kind = run.kind, clean, "a run is done");
    Ok(())
}

/// A sync that nobody asked for and that changed nothing is no act: there is one every few minutes.
async fn is_worth_noting(connection: &impl ConnectionTrait, run: &run::Model) -> Result<bool, Failure> {
    let is_asked_for = ![in_step::BY_TIME, in_step::BY_HINT].contains(&run.requested_by.as_str());
    if is_asked_for || ![Kind::Sync.name(), Kind::Hint.name()].contains(&run.kind.as_str()) {
        return Ok(true);
    }
    let counts = entities::run_count::Entity::of(run.tenant_id).filter(entities::run_count::Column::RunId.eq(run.id));
    Ok(counts.all(connection).await?.iter().any(|count| count.created + count.updated > 0))
}

/// Records that were let go on while the run was reconciling: it takes them along, and compares once more.
async fn again(slice: &Slice, run: &run::Model) -> Result<bool, Halt> {
    let mut ready = 0;
    for lane in slice.lanes.iter().filter(|lane| lane.on) {
        // On a link that runs one way nothing goes to Xero any more.
        let counts = !slice.link.one_way || lane.flow.back().is_none();
        ready += if counts { lanes::parked(slice, lane, "ready").await? } else { lanes::ready_for_zoho(slice, lane).await? };
    }
    if ready == 0 {
        return Ok(false);
    }
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    entities::run_count::Entity::update_many()
        .col_expr(entities::run_count::Column::Tally, Expr::value(None::<Vec<u8>>))
        .filter(entities::run_count::Column::TenantId.eq(slice.tenant))
        .filter(entities::run_count::Column::RunId.eq(run.id))
        .exec(&transaction)
        .await?;
    entities::finding::Entity::delete_many()
        .filter(entities::finding::Column::TenantId.eq(slice.tenant))
        .filter(entities::finding::Column::RunId.eq(run.id))
        .exec(&transaction)
        .await?;
    entities::report::Entity::delete_many()
        .filter(entities::report::Column::TenantId.eq(slice.tenant))
        .filter(entities::report::Column::RunId.eq(run.id))
        .exec(&transaction)
        .await?;
    entities::pair::Entity::update_many()
        .col_expr(entities::pair::Column::SeenRun, Expr::value(None::<uuid::Uuid>))
        .filter(entities::pair::Column::TenantId.eq(slice.tenant))
        .filter(entities::pair::Column::SeenRun.eq(run.id))
        .exec(&transaction)
        .await?;
    run::Entity::update_many()
        .col_expr(run::Column::Stage, Expr::value("starting"))
        .filter(run::Column::TenantId.eq(slice.tenant))
        .filter(run::Column::Id.eq(run.id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(true)
}

/// What the end of a turn means: when the next one is, and how many turns in a row came to nothing for want of an answer.
async fn after(context: &Context, link: &link::Model, halt: Halt, moved: bool) -> Result<(At, i32), Failure> {
    let now = context.now();
    let misses = if moved { 0 } else { link.misses };
    Ok(match halt {
        Halt::Idle => (NEVER, 0),
        Halt::TurnOver => (now, 0),
        Halt::Refreshed => (now, misses),
        Halt::Resting { at } => (at, misses),
        Halt::NotBefore { at, provider, limit } => {
            if at.since(now) > PACE {
                let reason = limit_sentence(provider, limit, at);
                pause(context, link, "limit", &reason, Some(at)).await?;
            }
            (at, misses)
        }
        Halt::Unreachable { provider } => {
            let misses = misses + 1;
            let at = now.plus(lanes::backoff(misses));
            if misses >= MISSES_SHOWN {
                let reason = format!(
                    "{} gives no usable answer at the moment. We keep trying; the work goes on by itself.",
                    provider.name()
                );
                pause(context, link, "trouble", &reason, Some(at)).await?;
            }
            (at, misses)
        }
        Halt::Lost { provider } => {
            let grant = grant_of(context, link, provider).await?;
            let why = format!(
                "{} no longer accepts the connection. It must be authorised again; the work goes on by itself then.",
                provider.name()
            );
            connections::lost(context, link.tenant_id, grant, &why).await?;
            (NEVER, misses)
        }
        Halt::Refused { sentence, .. } => {
            // Looked at again each quarter of an hour: a setting may have been put right.
            let at = now.plus(Duration::from_secs(900));
            pause(context, link, "trouble", &sentence, Some(at)).await?;
            (at, misses)
        }
        Halt::Guard { sentence } => {
            pause(context, link, "guard", &sentence, None).await?;
            (NEVER, misses)
        }
        Halt::Failed(failure) => return Err(failure),
    })
}

fn limit_sentence(provider: Provider, limit: Limit, at: At) -> String {
    let which = match limit {
        Limit::Day => "daily",
        Limit::Minute => "per-minute",
        Limit::Concurrent => "concurrency",
        Limit::App => "app-wide",
    };
    format!("{}'s {which} limit is used up. Goes on at {}.", provider.name(), at.to_utc().format("%Y-%m-%d %H:%M UTC"))
}

async fn grant_of(context: &Context, link: &link::Model, provider: Provider) -> Result<entities::ids::GrantId, Failure> {
    let id = match provider {
        Provider::Xero => link.xero_connection_id,
        Provider::Zoho => link.zoho_connection_id,
    };
    let found = entities::connection::Entity::of(link.tenant_id)
        .filter(entities::connection::Column::Id.eq(id))
        .one(&context.database)
        .await?;
    found.map(|found| found.grant_id).ok_or_else(|| Failure::Bug(format!("connection {id} is not there")))
}

async fn pause(context: &Context, link: &link::Model, kind: &str, reason: &str, resume_at: Option<At>) -> Result<(), Failure> {
    let runs = run::Entity::of(link.tenant_id)
        .filter(run::Column::LinkId.eq(link.id))
        .filter(run::Column::State.is_in(["working", "paused"]))
        .all(&context.database)
        .await?;
    for run in runs.iter().filter(|run| run.pause.as_deref() != Some("user")) {
        set_state(context, run, &run.state, "paused", Some((kind, reason)), resume_at).await?;
    }
    Ok(())
}

async fn set_state(
    context: &Context,
    run: &run::Model,
    from: &str,
    to: &str,
    pause: Option<(&str, &str)>,
    resume_at: Option<At>,
) -> Result<(), Failure> {
    let transaction = begin_write(&context.database).await?;
    let set = run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value(to))
        .col_expr(run::Column::Pause, Expr::value(pause.map(|(kind, _)| kind)))
        .col_expr(run::Column::Reason, Expr::value(pause.map(|(_, reason)| reason)))
        .col_expr(run::Column::ResumeAt, Expr::value(resume_at))
        .filter(run::Column::TenantId.eq(run.tenant_id))
        .filter(run::Column::Id.eq(run.id))
        .filter(run::Column::State.eq(from))
        .exec(&transaction)
        .await?;
    // Waiting for a limit or for a provider is no act; holding back for a person's word is.
    if let Some(("guard", _)) = pause
        && from == "working"
        && set.rows_affected == 1
    {
        let deed = Deed::done("run.paused", format!("run:{}", run.id), format!("{} guard", run.kind));
        note(&transaction, context, run.tenant_id, &Author::worker(), deed).await?;
    }
    transaction.commit().await?;
    Ok(())
}
