//! What several machines on one PostgreSQL need of it: it wakes their workers when something was enqueued, and its clock is everybody's.
//! On SQLite there is one machine, and all of this is nothing.

use std::time::Duration;

use entities::clock::At;
use entities::database::sql;
use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr};

use crate::context::Context;

/// The channel on which a new job is told.
const CHANNEL: &str = "cpconnect_job";
/// How often the clocks are compared. Machines drift apart by milliseconds in this time.
const AGREE_EVERY: Duration = Duration::from_secs(60);
/// A difference that is smaller is the network's, not the clock's.
const AGREE_MIN: Duration = Duration::from_millis(20);
/// An answer that took longer says too little about the time.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// How long to wait before listening again after the connection was lost; the queue is read every half second anyway.
const LISTEN_AGAIN: Duration = Duration::from_secs(5);

/// Tells the workers of all machines, when the caller's transaction commits, that there is a job.
pub async fn tell(connection: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    if backend == DatabaseBackend::Postgres {
        connection.execute_raw(sql(backend, "SELECT pg_notify($1, '')", vec![CHANNEL.into()])).await?;
    }
    Ok(())
}

/// Wakes this process's workers when another process enqueued something. Ends only when it is dropped.
pub async fn listen(context: Context) {
    if context.database.get_database_backend() != DatabaseBackend::Postgres {
        return std::future::pending().await;
    }
    loop {
        match PgListener::connect_with(context.database.get_postgres_connection_pool()).await {
            Ok(mut listener) => {
                if let Err(error) = hear(&mut listener, &context).await {
                    tracing::warn!(%error, "new jobs are no longer told by the database; the queue is read every half second");
                }
            }
            Err(error) => tracing::warn!(%error, "the database cannot be listened to; the queue is read every half second"),
        }
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

async fn hear(listener: &mut PgListener, context: &Context) -> Result<(), sea_orm::sqlx::Error> {
    listener.listen(CHANNEL).await?;
    loop {
        // None: the connection was lost and is there again; something may have been told meanwhile.
        listener.try_recv().await?;
        context.waker.wake();
    }
}

/// Keeps this process's clock in agreement with the database's. Ends only when it is dropped.
pub async fn keep_time(context: Context) {
    loop {
        tokio::time::sleep(AGREE_EVERY).await;
        if let Err(error) = agree(&context).await {
            tracing::warn!(%error, "the database could not be asked for its time");
        }
    }
}

/// Compares the clocks once and corrects ours.
pub async fn agree(context: &Context) -> Result<(), DbErr> {
    let backend = context.database.get_database_backend();
    if backend != DatabaseBackend::Postgres {
        return Ok(());
    }
    let asked = context.now();
    let text = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS at";
    let row = context.database.query_one_raw(sql(backend, text, vec![])).await?;
    let took = context.now().since(asked);
    let Some(at) = row.map(|row| row.try_get("", "at")).transpose()?.map(At) else { return Ok(()) };
    let here = asked.plus(took / 2);
    let apart = at.since(here).max(here.since(at));
    if took <= ANSWER_MAX && apart > AGREE_MIN {
        context.clock.agree(here, at);
        tracing::info!(apart_ms = apart.as_millis() as u64, "the clock now agrees with the database's");
    }
    Ok(())
}
