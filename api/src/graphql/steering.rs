//! Starting, pausing, resuming and ending runs.

use async_graphql::{Context, Enum, ID, Object, SimpleObject, Union};
use jobs::runs::{self, Changed, Kind, Started, Wishes};

use super::find;
use super::runs::Run;
use super::scopes::ScopeInput;
use crate::error::Error;

#[derive(Default)]
pub struct SteeringMutation;

/// What became of a wish to start a run.
#[derive(Union)]
enum StartRunResult {
    RunStarted(RunStarted),
    RunAlreadyActive(RunAlreadyActive),
    LinkNotReady(LinkNotReady),
}

/// The run is on its way.
#[derive(SimpleObject)]
struct RunStarted {
    run: Run,
}

/// The link has a run at work, or a paused one; a second was not started.
#[derive(SimpleObject)]
struct RunAlreadyActive {
    run: Run,
}

/// Not now.
#[derive(SimpleObject)]
struct LinkNotReady {
    /// Why, in a sentence.
    reason: String,
}

/// What became of a wish to change a run.
#[derive(SimpleObject)]
struct ChangeRunPayload {
    outcome: ChangeRunOutcome,
    /// The run as it is now.
    run: Run,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum ChangeRunOutcome {
    Changed,
    /// Its state does not allow it: the run is over, or was not paused.
    NotPossible,
}

#[Object]
impl SteeringMutation {
    /// Carries everything within the scope from Xero to Zoho, then reconciles. `createMissing` says whether accounts, taxes and currencies
    /// that Zoho lacks are created. What is not said stays as it was said before.
    async fn start_migration(
        &self,
        context: &Context<'_>,
        link_id: ID,
        create_missing: Option<bool>,
        scope: Option<ScopeInput>,
    ) -> Result<StartRunResult, Error> {
        start(context, &link_id, Kind::Migration, create_missing, scope).await
    }

    /// Looks what a migration would do: records, calls and days for each choice of scope, what accounts and taxes would become, locked
    /// periods. Nothing is written; `run.preview` has the answer when the run is done. A scope is kept for the migration.
    async fn preview_migration(
        &self,
        context: &Context<'_>,
        link_id: ID,
        scope: Option<ScopeInput>,
    ) -> Result<StartRunResult, Error> {
        start(context, &link_id, Kind::Preview, None, scope).await
    }

    /// Carries what has changed, now.
    async fn sync_now(&self, context: &Context<'_>, link_id: ID) -> Result<StartRunResult, Error> {
        start(context, &link_id, Kind::Sync, None, None).await
    }

    /// Compares both sides' books to the cent.
    async fn reconcile(&self, context: &Context<'_>, link_id: ID) -> Result<StartRunResult, Error> {
        start(context, &link_id, Kind::Reconciliation, None, None).await
    }

    /// Lets a run rest. What is being sent is still settled.
    async fn pause_run(&self, context: &Context<'_>, run_id: ID) -> Result<ChangeRunPayload, Error> {
        change(context, &run_id, Change::Pause).await
    }

    /// Goes on where it paused.
    async fn resume_run(&self, context: &Context<'_>, run_id: ID) -> Result<ChangeRunPayload, Error> {
        change(context, &run_id, Change::Resume).await
    }

    /// Ends a run. What was carried stays carried.
    async fn cancel_run(&self, context: &Context<'_>, run_id: ID) -> Result<ChangeRunPayload, Error> {
        change(context, &run_id, Change::Cancel).await
    }
}

async fn start(
    context: &Context<'_>,
    link_id: &ID,
    kind: Kind,
    create_missing: Option<bool>,
    scope: Option<ScopeInput>,
) -> Result<StartRunResult, Error> {
    let by = find::author(context)?;
    let link = find::link(context, link_id).await?;
    let state = find::state(context)?;
    let today = state.now().to_utc().date_naive();
    let wishes = Wishes { create_missing, scope: scope.map(|scope| scope.read(today)).transpose()?, id: None };
    let started = runs::start(state, link.tenant_id, link.id, kind, &by, &wishes).await?;
    Ok(match started {
        Started::Run(id) => StartRunResult::RunStarted(RunStarted { run: Run::read(context, link.tenant_id, id).await? }),
        Started::Already(id) => {
            StartRunResult::RunAlreadyActive(RunAlreadyActive { run: Run::read(context, link.tenant_id, id).await? })
        }
        Started::NotReady(reason) => StartRunResult::LinkNotReady(LinkNotReady { reason }),
        Started::NotFound => return Err(Error::NotFound("link")),
    })
}

enum Change {
    Pause,
    Resume,
    Cancel,
}

async fn change(context: &Context<'_>, run_id: &ID, change: Change) -> Result<ChangeRunPayload, Error> {
    let by = find::author(context)?;
    let run = find::run(context, run_id).await?;
    let state = find::state(context)?;
    let changed = match change {
        Change::Pause => runs::pause(state, run.tenant_id, run.id, &by).await?,
        Change::Resume => runs::resume(state, run.tenant_id, run.id, &by).await?,
        Change::Cancel => runs::cancel(state, run.tenant_id, run.id, &by).await?,
    };
    let outcome = match changed {
        Changed::Yes => ChangeRunOutcome::Changed,
        Changed::No { .. } => ChangeRunOutcome::NotPossible,
        Changed::NotFound => return Err(Error::NotFound("run")),
    };
    Ok(ChangeRunPayload { outcome, run: Run::read(context, run.tenant_id, run.id).await? })
}
