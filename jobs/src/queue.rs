//! The queue: one table of alarms. The only file that knows apalis.
//!
//! apalis runs the workers; claiming, back-off, attempts, one live job a key and recovery are our own SQL, the same on SQLite
//! and PostgreSQL. Our `Backend` never fails and never buffers: a database that is busy for a while costs time, not workers
//! (docs/decisions/0003). An alarm names a row; the row is the truth, so an alarm may come twice.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Polling, Poll};
use std::time::Duration;

use apalis_core::backend::finalize::Ephemeral;
use apalis_core::backend::{Backend, BackendConfig};
use apalis_core::task::Task;
use apalis_core::task::task_id::RandomId;
use apalis_core::worker::builder::WorkerBuilder;
use apalis_core::worker::context::WorkerContext;
use entities::clock::{At, Clock};
use entities::database::{begin_write, sql};
use futures::FutureExt;
use futures::future::BoxFuture;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, FromQueryResult, Value};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tracing::{Instrument, Span};

use crate::context::Context;
use crate::job::{self, Job, Queue};
use crate::{postgres, spans};

/// A job whose worker has not been heard of for this long is taken over.
const DEAD_AFTER: Duration = Duration::from_secs(15);
/// How often a worker says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(3);
/// How long the queue sleeps when nothing is due and nobody wakes it.
const IDLE: Duration = Duration::from_millis(500);
/// First pause after a failure of our own; doubles with every attempt.
const BACKOFF: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(300);
/// How often a job may fail before it is left for a person. Orphans do not count.
const ATTEMPTS_MAX: i32 = 20;
/// A job that runs longer than this is taken for stuck.
const JOB_TIMEOUT: Duration = Duration::from_secs(120);
/// A job that asks to be run again later than this begins a trace of its own: it is the clock then that wakes it.
const SAME_CAUSE: Duration = Duration::from_secs(90);
/// How long finished jobs are kept for a look.
const KEEP_DONE: Duration = Duration::from_secs(3600);

/// Wakes the workers of this process when something was enqueued. Other processes notice within `IDLE`, or at once on PostgreSQL.
#[derive(Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    pub fn wake(&self) {
        self.0.notify_waiters();
    }
}

/// One claimed job.
#[derive(Clone)]
pub struct Alarm {
    job: Claimed,
    /// Keeps the worker's place until the job has ended.
    _place: Arc<OwnedSemaphorePermit>,
}

/// A job's row, as far as its worker reads it.
#[derive(Clone, FromQueryResult)]
struct Claimed {
    id: String,
    name: String,
    payload: String,
    attempts: i32,
    max_attempts: i32,
    traceparent: Option<String>,
}

/// Puts a job in the queue, inside the caller's transaction if it has one. A live job with the same key already stands for it;
/// its alarm is moved forward, and one that is running comes again.
pub async fn enqueue<J: Job>(connection: &impl ConnectionTrait, clock: &dyn Clock, job: &J, run_at: At) -> Result<(), DbErr> {
    let now = clock.now();
    let payload = serde_json::to_string(job).map_err(|error| DbErr::Custom(error.to_string()))?;
    let values: Vec<Value> = vec![
        ulid::Ulid::new().to_string().into(),
        J::QUEUE.name().into(),
        J::NAME.into(),
        job.tenant().map(|tenant| tenant.0).into(),
        payload.into(),
        ATTEMPTS_MAX.into(),
        J::PRIORITY.into(),
        run_at.0.into(),
        job.key().into(),
        now.0.into(),
        spans::current().into(),
    ];
    connection
        .execute_raw(sql(
            connection.get_database_backend(),
            "INSERT INTO job (id, queue, name, tenant_id, payload, status, attempts, max_attempts, priority, run_at, dedup, created_at, traceparent) \
             VALUES ($1, $2, $3, $4, $5, 'pending', 0, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT (queue, dedup) WHERE status IN ('pending', 'running') \
             DO UPDATE SET run_at = CASE WHEN job.run_at > excluded.run_at THEN excluded.run_at ELSE job.run_at END, \
             again = CASE WHEN job.status = 'running' THEN excluded.run_at ELSE job.again END, \
             traceparent = COALESCE(excluded.traceparent, job.traceparent)",
            values,
        ))
        .await?;
    postgres::tell(connection).await
}

/// Whether a live job has this key: it stands for every other of the same.
pub async fn is_live(connection: &impl ConnectionTrait, queue: &str, key: Option<&str>) -> Result<bool, DbErr> {
    let text = "SELECT 1 AS n FROM job WHERE queue = $1 AND dedup = $2 AND status IN ('pending', 'running') LIMIT 1";
    let live = sql(connection.get_database_backend(), text, vec![queue.into(), key.into()]);
    Ok(connection.query_one_raw(live).await?.is_some())
}

/// Runs one queue until `shutdown` ends; jobs that run then are let finish.
pub async fn work(context: Context, queue: Queue, owner: String, shutdown: impl Future<Output = ()> + Send + 'static) {
    let claims = Claims {
        database: context.database.clone(),
        clock: context.clock.clone(),
        waker: context.waker.clone(),
        queue,
        owner: owner.clone(),
        places: Arc::new(Semaphore::new(queue.concurrency())),
    };
    let beating = tokio::spawn(beat(claims.clone()));
    let worker = WorkerBuilder::new(owner.as_str()).backend(Alarms { claims: claims.clone(), next: None }).build({
        let claims = claims.clone();
        move |alarm: Alarm| {
            // A task of its own: jobs of one queue run beside each other on all cores.
            let (context, claims) = (context.clone(), claims.clone());
            async move {
                tokio::spawn(run_one(context, claims, alarm));
                Ok::<(), std::convert::Infallible>(())
            }
        }
    });
    let running = worker.run_until(async move {
        shutdown.await;
        Ok::<(), std::io::Error>(())
    });
    if let Err(error) = running.await {
        tracing::debug!(queue = queue.name(), %error, "the queue stopped");
    }
    // Every place is back when no job runs any more.
    let _ = claims.places.acquire_many(queue.concurrency() as u32).await;
    beating.abort();
}

async fn run_one(context: Context, claims: Claims, alarm: Alarm) {
    let outcome = match job::registered(&alarm.job.name) {
        None => Err(format!("no job is called {:?}", alarm.job.name)),
        Some(run) => {
            let span = match claims.queue.has_a_cause() {
                true => spans::job(&alarm.job.name, alarm.job.traceparent.as_deref()),
                false => Span::none(),
            };
            let running =
                std::panic::AssertUnwindSafe(run(alarm.job.payload.clone(), context)).catch_unwind().instrument(span.clone());
            let ended = tokio::time::timeout(JOB_TIMEOUT, running).await;
            if !matches!(ended, Ok(Ok(Ok(_)))) {
                span.record("otel.status_code", "ERROR");
            }
            match ended {
                Err(_) => Err("took too long".to_owned()),
                Ok(Err(_)) => Err("panicked".to_owned()),
                Ok(Ok(Err(failure))) => Err(chain(&failure)),
                Ok(Ok(Ok(again))) => Ok(again),
            }
        }
    };
    if let Err(error) = &outcome {
        tracing::error!(job.name = alarm.job.name, job.attempts = alarm.job.attempts, error, "a job failed");
    }
    // The outcome must reach the table, or the row waits until the worker counts as dead.
    for pause_ms in [0, 100, 500, 2_000, 5_000] {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        match claims.settle(&alarm, &outcome).await {
            Ok(()) => break,
            Err(error) => tracing::warn!(job.name = alarm.job.name, %error, "the outcome of a job could not be stored yet"),
        }
    }
    drop(alarm);
    claims.waker.wake();
}

async fn beat(claims: Claims) {
    loop {
        if let Err(error) = claims.heartbeat().await {
            tracing::warn!(queue = claims.queue.name(), %error, "the heartbeat could not be stored");
        }
        tokio::time::sleep(HEARTBEAT).await;
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// One worker's hold on one queue.
#[derive(Clone)]
struct Claims {
    database: DatabaseConnection,
    clock: Arc<dyn Clock>,
    waker: Waker,
    queue: Queue,
    owner: String,
    places: Arc<Semaphore>,
}

impl Claims {
    /// Waits until a job is due and a place is free.
    async fn next(self) -> Alarm {
        loop {
            // Only the queue's own shutdown closes the semaphore, and then nobody polls this any more.
            let Ok(place) = self.places.clone().acquire_owned().await else { std::future::pending().await };
            let woken = self.waker.0.notified();
            let looked = self.clock.now();
            match self.claim(looked).await {
                Ok(Some(job)) => return Alarm { job, _place: Arc::new(place) },
                Ok(None) => {}
                Err(error) => tracing::warn!(queue = self.queue.name(), %error, "the queue could not be read; trying again"),
            }
            drop(place);
            let pause = self.until_due(looked).await;
            let _ = tokio::time::timeout(pause, woken).await;
        }
    }

    /// How long to sleep: until the next job is due, and never longer than `IDLE`. One that was due already waits for a place of its
    /// tenant's: whoever gives it back wakes us.
    async fn until_due(&self, looked: At) -> Duration {
        let next = self
            .database
            .query_one_raw(sql(
                self.database.get_database_backend(),
                "SELECT MIN(run_at) AS at FROM job WHERE queue = $1 AND status = 'pending' AND run_at > $2",
                vec![self.queue.name().into(), looked.0.into()],
            ))
            .await;
        match next.and_then(|row| row.map_or(Ok(None), |row| row.try_get::<Option<i64>>("", "at"))) {
            Ok(Some(at)) => At(at).since(self.clock.now()).clamp(Duration::from_millis(1), IDLE),
            _ => IDLE,
        }
    }

    async fn claim(&self, looked: At) -> Result<Option<Claimed>, DbErr> {
        let skip = match self.database.get_database_backend() {
            DatabaseBackend::Postgres => "FOR UPDATE OF j SKIP LOCKED",
            _ => "",
        };
        let now = looked.0;
        let claimed = self
            .database
            .query_one_raw(sql(
                self.database.get_database_backend(),
                format!(
                    "WITH due AS (SELECT j.id FROM job j WHERE j.queue = $1 AND j.status = 'pending' AND j.run_at <= $2 \
                       AND (j.tenant_id IS NULL OR (SELECT COUNT(*) FROM job r WHERE r.queue = j.queue AND r.tenant_id = j.tenant_id AND r.status = 'running') < $3) \
                       ORDER BY j.priority DESC, j.run_at, j.id LIMIT 1 {skip}) \
                     UPDATE job SET status = 'running', lock_by = $4, lock_at = $2, attempts = attempts + 1 FROM due WHERE job.id = due.id \
                     RETURNING job.id, job.name, job.payload, job.attempts, job.max_attempts, job.traceparent"
                ),
                vec![self.queue.name().into(), now.into(), self.queue.per_tenant().into(), self.owner.clone().into()],
            ))
            .await?;
        claimed.map(|row| Claimed::from_query_result(&row, "")).transpose()
    }

    /// Writes down how a job ended: done, due again at the moment it asked for, or failed with back-off.
    async fn settle(&self, alarm: &Alarm, outcome: &Result<Option<At>, String>) -> Result<(), DbErr> {
        let now = self.clock.now();
        let mine = |text: &str, mut values: Vec<Value>| {
            values.extend([alarm.job.id.clone().into(), self.owner.clone().into()]);
            let n = values.len();
            sql(
                self.database.get_database_backend(),
                format!("{text} WHERE id = ${} AND lock_by = ${} AND status = 'running'", n - 1, n),
                values,
            )
        };
        let statement = match outcome {
            Ok(None) => mine(
                "UPDATE job SET status = CASE WHEN again IS NULL THEN 'done' ELSE 'pending' END, run_at = COALESCE(again, run_at), \
                 done_at = CASE WHEN again IS NULL THEN CAST($1 AS BIGINT) END, again = NULL, attempts = 0, lock_by = NULL, error = NULL, \
                 traceparent = CASE WHEN again IS NULL THEN NULL ELSE traceparent END",
                vec![now.0.into()],
            ),
            Ok(Some(at)) => mine(
                "UPDATE job SET status = 'pending', run_at = CASE WHEN again < CAST($1 AS BIGINT) THEN again ELSE CAST($1 AS BIGINT) END, \
                 again = NULL, attempts = 0, lock_by = NULL, error = NULL, \
                 traceparent = CASE WHEN again IS NULL AND CAST($1 AS BIGINT) > CAST($2 AS BIGINT) THEN NULL ELSE traceparent END",
                vec![at.0.into(), now.plus(SAME_CAUSE).0.into()],
            ),
            Err(error) if alarm.job.attempts >= alarm.job.max_attempts => mine(
                "UPDATE job SET status = 'failed', done_at = $1, lock_by = NULL, error = $2",
                vec![now.0.into(), error.clone().into()],
            ),
            Err(error) => {
                let backoff = BACKOFF.saturating_mul(1 << alarm.job.attempts.clamp(1, 16).saturating_sub(1)).min(BACKOFF_MAX);
                mine(
                    "UPDATE job SET status = 'pending', run_at = $1, lock_by = NULL, error = $2",
                    vec![now.plus(backoff).0.into(), error.clone().into()],
                )
            }
        };
        self.database.execute_raw(statement).await?;
        Ok(())
    }

    /// Says that this worker lives, and frees the jobs of workers that do not. An orphan's attempt is given back: it did not fail.
    async fn heartbeat(&self) -> Result<(), DbErr> {
        let backend = self.database.get_database_backend();
        let now = self.clock.now();
        let transaction = begin_write(&self.database).await?;
        transaction
            .execute_raw(sql(
                backend,
                "INSERT INTO job_worker (id, queue, last_seen) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen",
                vec![self.owner.clone().into(), self.queue.name().into(), now.0.into()],
            ))
            .await?;
        let dead = now.minus(DEAD_AFTER).0;
        transaction
            .execute_raw(sql(
                backend,
                "UPDATE job SET status = 'pending', lock_by = NULL, attempts = attempts - 1, error = 'worker lost' WHERE queue = $1 AND status = 'running' \
                 AND lock_by NOT IN (SELECT id FROM job_worker WHERE last_seen >= $2)",
                vec![self.queue.name().into(), dead.into()],
            ))
            .await?;
        transaction.execute_raw(sql(backend, "DELETE FROM job_worker WHERE last_seen < $1", vec![dead.into()])).await?;
        transaction
            .execute_raw(sql(
                backend,
                "DELETE FROM job WHERE status = 'done' AND done_at < $1",
                vec![now.minus(KEEP_DONE).0.into()],
            ))
            .await?;
        transaction.commit().await
    }
}

/// apalis's view of a queue: an endless row of alarms.
struct Alarms {
    claims: Claims,
    next: Option<BoxFuture<'static, Alarm>>,
}

impl Backend for Alarms {
    type Task = Task<Alarm>;
    type Error = std::convert::Infallible;

    fn poll_ready(&mut self, _: &mut Polling<'_>, _: &WorkerContext) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_next(&mut self, polling: &mut Polling<'_>, _: &WorkerContext) -> Poll<Option<Result<Self::Task, Self::Error>>> {
        let next = self.next.get_or_insert_with(|| self.claims.clone().next().boxed());
        let alarm = futures::ready!(Pin::new(next).poll(polling));
        self.next = None;
        Poll::Ready(Some(Ok(Task::new(alarm))))
    }

    fn poll_close(&mut self, _: &mut Polling<'_>, _: &WorkerContext) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }
}

impl BackendConfig for Alarms {
    type Args = Alarm;
    type Id = RandomId;
    type Kind = Ephemeral;
    type Config = Queue;
    type Layer = tower::layer::util::Identity;

    fn config(&self) -> &Queue {
        &self.claims.queue
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> Self::Layer {
        tower::layer::util::Identity::new()
    }
}
