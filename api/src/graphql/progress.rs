//! How far a run is: asked once, or followed until its end.

use std::time::Duration;

use async_graphql::{Context, ID, SimpleObject, Subscription};
use entities::ids::{RunId, TenantId};
use entities::run_count;
use futures::Stream;
use jobs::runs;

use super::flows::Flow;
use super::words::{DateTime, PausedBy, RunState};
use super::{find, node_id};
use crate::error::Error;
use crate::state::State;

/// How often a followed run is looked at. The row is the truth, whichever machine works on it.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How far a run is.
#[derive(SimpleObject, Clone, Debug, PartialEq)]
pub struct RunProgress {
    run_id: ID,
    state: RunState,
    /// Which flow or step it is at.
    stage: String,
    /// Why it is paused or failed, in a sentence.
    reason: Option<String>,
    paused_by: Option<PausedBy>,
    /// When it goes on by itself.
    resume_at: Option<DateTime>,
    /// For a reconciliation: whether both sides are equal to the cent.
    clean: Option<bool>,
    /// Records whose fate is decided.
    done: i64,
    /// Records that Xero says there are.
    expected: i64,
    per_second: Option<f64>,
    /// When it should end, at the rate that the limits allow.
    eta: Option<DateTime>,
    /// The limit that holds it back.
    limited_by: Option<String>,
    counts: Vec<FlowCount>,
}

/// One run's counters for one kind of record.
#[derive(SimpleObject, Clone, Debug, PartialEq)]
struct FlowCount {
    flow: Flow,
    /// How many there are, as Xero says.
    expected: i64,
    seen: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    /// Could not be carried; each says why.
    held: i64,
    /// Wait for another record.
    waiting: i64,
    /// Not this flow's business.
    skipped: i64,
    xero_calls: i64,
    zoho_calls: i64,
    /// Reconciliation: counted in Xero.
    xero_count: i64,
    /// Reconciliation: counted in Zoho.
    zoho_count: i64,
    findings: i64,
}

impl RunProgress {
    pub async fn read(state: &State, tenant: TenantId, id: RunId) -> Result<Option<Self>, Error> {
        runs::progress(state, tenant, id).await?.map(Self::of).transpose()
    }

    fn of(progress: runs::Progress) -> Result<Self, Error> {
        let run = progress.run;
        Ok(Self {
            run_id: node_id::run(run.tenant_id, run.id),
            state: RunState::read(&run.state)?,
            stage: run.stage,
            reason: run.reason,
            paused_by: run.pause.as_deref().map(PausedBy::read).transpose()?,
            resume_at: run.resume_at.map(DateTime),
            clean: run.clean,
            done: progress.done,
            expected: progress.expected,
            per_second: progress.per_second,
            eta: progress.eta.map(DateTime),
            limited_by: progress.limited_by,
            counts: progress.counts.into_iter().map(FlowCount::of).collect(),
        })
    }

    fn is_over(&self) -> bool {
        matches!(self.state, RunState::Done | RunState::Cancelled | RunState::Failed)
    }
}

impl FlowCount {
    fn of(row: run_count::Model) -> Self {
        Self {
            flow: Flow::of(&row.flow),
            expected: row.expected,
            seen: row.seen,
            created: row.created,
            updated: row.updated,
            unchanged: row.unchanged,
            held: row.held,
            waiting: row.waiting,
            skipped: row.skipped,
            xero_calls: row.xero_calls,
            zoho_calls: row.zoho_calls,
            xero_count: row.xero_count,
            zoho_count: row.zoho_count,
            findings: row.findings,
        }
    }
}

pub struct ProgressSubscription;

#[Subscription]
impl ProgressSubscription {
    /// How far a run is: now, whenever it changes, and at its end, which ends the subscription.
    async fn run_progress(
        &self,
        context: &Context<'_>,
        run_id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<RunProgress>> + 'static> {
        let run = find::run(context, &run_id).await?;
        let follow = Follow {
            state: find::state(context)?.clone(),
            until: find::caller(context)?.until,
            tenant: run.tenant_id,
            run: run.id,
            told: None,
            over: false,
        };
        Ok(futures::stream::unfold(follow, Follow::next))
    }
}

struct Follow {
    state: State,
    until: entities::clock::At,
    tenant: TenantId,
    run: RunId,
    told: Option<RunProgress>,
    over: bool,
}

impl Follow {
    async fn next(mut self) -> Option<(async_graphql::Result<RunProgress>, Self)> {
        if self.over {
            return None;
        }
        if self.told.is_some() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        loop {
            let news = self.look().await;
            match news {
                Ok(Some(progress)) => {
                    self.over = progress.is_over();
                    self.told = Some(progress.clone());
                    return Some((Ok(progress), self));
                }
                Ok(None) => tokio::time::sleep(LOOK_EVERY).await,
                Err(error) => {
                    self.over = true;
                    return Some((Err(error.into()), self));
                }
            }
        }
    }

    /// What is new. A token that has ended meanwhile follows no longer.
    async fn look(&self) -> Result<Option<RunProgress>, Error> {
        if self.until <= self.state.now() {
            return Err(Error::Unauthenticated);
        }
        let progress = RunProgress::read(&self.state, self.tenant, self.run).await?.ok_or(Error::NotFound("run"))?;
        Ok((self.told.as_ref() != Some(&progress)).then_some(progress))
    }
}
