//! What operators see of the queue: how each stands, which alarms failed for good, and one more try for one of them.

use entities::audit_entry::SYSTEM;
use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::job;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Statement};

use crate::audit::{Author, Deed, note};
use crate::context::{Context, Failure};
use crate::job::Queue;
use crate::{postgres, queue};

/// How a queue stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, FromQueryResult)]
pub struct Standing {
    pub queue: String,
    pub pending: i64,
    pub running: i64,
    /// Failed twenty times and left for a person.
    pub failed: i64,
    /// For how long the alarm that is due longest has been waiting for a worker.
    pub waits_us: i64,
}

/// How every queue stands, the empty ones too.
pub async fn queues(connection: &impl ConnectionTrait, now: At) -> Result<Vec<Standing>, DbErr> {
    let text = "SELECT queue, COUNT(*) FILTER (WHERE status = 'pending') AS pending, COUNT(*) FILTER (WHERE status = 'running') AS running, \
                COUNT(*) FILTER (WHERE status = 'failed') AS failed, \
                COALESCE(MAX($1 - run_at) FILTER (WHERE status = 'pending' AND run_at <= $1), 0) AS waits_us \
                FROM job WHERE status <> 'done' GROUP BY queue";
    let statement: Statement = sql(connection.get_database_backend(), text, vec![now.0.into()]);
    let found = Standing::find_by_statement(statement).all(connection).await?;
    let of = |queue: Queue| {
        let standing = found.iter().find(|one| one.queue == queue.name()).cloned();
        standing.unwrap_or_else(|| Standing { queue: queue.name().to_owned(), ..Standing::default() })
    };
    Ok(Queue::ALL.into_iter().map(of).collect())
}

/// Alarms that failed for good, those that were given last first. Ids grow with time.
pub async fn failed(connection: &impl ConnectionTrait, before: Option<String>, rows: u64) -> Result<Vec<job::Model>, DbErr> {
    let mut query = job::Entity::all().filter(job::Column::Status.eq("failed")).order_by_desc(job::Column::Id).limit(rows);
    if let Some(before) = before {
        query = query.filter(job::Column::Id.lt(before));
    }
    query.all(connection).await
}

/// Gives a failed alarm all its tries again. Where another alarm stands for the same by now, that one is enough, and this one goes. Says whether
/// it is tried again; `None`: no such alarm has failed.
pub async fn again(context: &Context, id: &str, by: &Author) -> Result<Option<bool>, Failure> {
    let transaction = begin_write(&context.database).await?;
    let found =
        job::Entity::all().filter(job::Column::Id.eq(id)).filter(job::Column::Status.eq("failed")).one(&transaction).await?;
    let Some(found) = found else { return Ok(None) };
    let is_alone = !queue::is_live(&transaction, &found.queue, found.dedup.as_deref()).await?;
    if is_alone {
        let text = "UPDATE job SET status = 'pending', attempts = 0, run_at = $2, done_at = NULL, again = NULL, lock_by = NULL, lock_at = NULL \
                    WHERE id = $1 AND status = 'failed'";
        let again = sql(transaction.get_database_backend(), text, vec![id.into(), context.now().0.into()]);
        transaction.execute_raw(again).await?;
        postgres::tell(&transaction).await?;
    } else {
        let text = "DELETE FROM job WHERE id = $1 AND status = 'failed'";
        transaction.execute_raw(sql(transaction.get_database_backend(), text, vec![id.into()])).await?;
    }
    let detail = if is_alone { "" } else { "another stands for it" };
    let deed = Deed::done("job.retried", format!("job:{}", found.name), detail);
    note(&transaction, context, found.tenant_id.unwrap_or(SYSTEM), by, deed).await?;
    transaction.commit().await?;
    context.waker.wake();
    Ok(Some(is_alone))
}
