//! The queues as those see them who run the installation.

use async_graphql::connection::{Connection as Page, Edge, EmptyFields};
use async_graphql::{Context, ID, Object, SimpleObject};
use entities::job;
use jobs::alarms::{self, Standing};

use super::words::DateTime;
use super::{find, paging};
use crate::error::Error;

/// Alarms of one sort: `sync` (links at work), `letters`, `partners` (their webhooks), `upkeep` (what the clock wakes).
#[derive(SimpleObject)]
struct Queue {
    name: String,
    pending: i64,
    running: i64,
    /// Given up after twenty tries: see `failedJobs`.
    failed: i64,
    /// For how many seconds the one that is due longest has been waiting for a worker. More than a minute: there are too few workers, or none.
    waits_s: i64,
}

impl Queue {
    fn of(standing: Standing) -> Self {
        let Standing { queue, pending, running, failed, waits_us } = standing;
        Self { name: queue, pending, running, failed, waits_s: waits_us / 1_000_000 }
    }
}

/// An alarm that failed twenty times through our own trouble. What a provider does is no failure: a run is paused then, or a record held.
#[derive(SimpleObject)]
struct FailedJob {
    id: ID,
    queue: String,
    /// `run_link`, `send_letter`, `tell_partner`, `purge_tenant` or `timetable`.
    name: String,
    /// Whose it is; null where it is nobody's.
    tenant_id: Option<ID>,
    attempts: i32,
    failed_at: Option<DateTime>,
    /// Why the last try failed. The log has more, under the same time.
    error: Option<String>,
}

impl FailedJob {
    fn of(row: job::Model) -> Self {
        Self {
            id: ID(row.id),
            queue: row.queue,
            name: row.name,
            tenant_id: row.tenant_id.map(|tenant| ID(tenant.to_string())),
            attempts: row.attempts,
            failed_at: row.done_at.map(DateTime),
            error: row.error,
        }
    }
}

#[derive(Default)]
pub struct QueueQuery;

#[Object]
impl QueueQuery {
    /// How the queues stand. For admins whose token is not limited to some tenants.
    async fn queues(&self, context: &Context<'_>) -> Result<Vec<Queue>, Error> {
        find::administrator(context)?;
        let state = find::state(context)?;
        Ok(alarms::queues(&state.database, state.now()).await?.into_iter().map(Queue::of).collect())
    }

    /// Alarms that were given up, the newest first. For admins whose token is not limited to some tenants.
    #[graphql(complexity = "paging::cost(first, child_complexity)")]
    async fn failed_jobs(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<String, FailedJob, EmptyFields, EmptyFields>, Error> {
        find::administrator(context)?;
        let rows = paging::rows(first)?;
        let is_next = after.is_some();
        let mut found = alarms::failed(&find::state(context)?.database, after, rows + 1).await?;
        let more = found.len() as u64 > rows;
        found.truncate(rows as usize);
        let mut page = Page::new(is_next, more);
        page.edges = found.into_iter().map(|row| Edge::new(row.id.clone(), FailedJob::of(row))).collect();
        Ok(page)
    }
}

#[derive(Default)]
pub struct QueueMutation;

#[derive(SimpleObject)]
struct RetryJobPayload {
    /// False where another alarm stands for the same by now: the failed one is taken away.
    retried: bool,
}

#[Object]
impl QueueMutation {
    /// Gives a failed alarm twenty tries more, from now. For admins whose token is not limited to some tenants.
    async fn retry_job(&self, context: &Context<'_>, id: ID) -> Result<RetryJobPayload, Error> {
        find::administrator(context)?;
        let by = find::author(context)?;
        let retried = alarms::again(find::state(context)?, &id, &by).await?.ok_or(Error::NotFound("job"))?;
        Ok(RetryJobPayload { retried })
    }
}
