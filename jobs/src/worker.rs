//! Runs all queues until told to stop.

use std::sync::Arc;

use entities::chance::Chance;
use entities::database::sql;
use sea_orm::{ConnectionTrait, DbErr};
use tokio::sync::watch;

use crate::context::Context;
use crate::job::Queue;
use crate::tasks::timetable::Timetable;
use crate::{postgres, queue};

/// Runs until `shutdown` says true; the slices that run then end at their next step.
pub async fn run(context: Context, shutdown: watch::Receiver<bool>) {
    let name = context.name.clone();
    if let Err(error) = reclaim(&context).await {
        tracing::warn!(%error, "the work of dead workers on this machine could not be taken over at once; it comes free by itself");
    }
    if let Err(error) = queue::enqueue(&context.database, context.clock.as_ref(), &Timetable, context.now()).await {
        tracing::warn!(%error, "the timetable could not be started; the next worker will");
    }
    tracing::info!(worker.name = &*name, "the worker is ready");
    let queues = Queue::ALL.map(|queue| {
        let mut shutdown = shutdown.clone();
        let stopped = async move {
            let _ = shutdown.wait_for(|stop| *stop).await;
        };
        queue::work(context.clone(), queue, format!("{name}/{}", queue.name()), stopped)
    });
    tokio::select! {
        _ = futures::future::join_all(queues) => {}
        () = postgres::listen(context.clone()) => {}
    }
    tracing::info!(worker.name = &*name, "the worker has stopped");
}

/// Host, process and chance: a restarted worker is never taken for its dead self.
pub fn new_name(chance: &dyn Chance) -> Arc<str> {
    let mut random = [0; 4];
    chance.fill(&mut random);
    format!("{}/{}/{:08x}", host(), std::process::id(), u32::from_le_bytes(random)).into()
}

/// Takes over at once what workers held that ran on this machine and are no more. Others' work comes free when they are not heard of.
async fn reclaim(context: &Context) -> Result<(), DbErr> {
    let backend = context.database.get_database_backend();
    let owners = [
        (
            "job",
            "lock_by",
            "UPDATE job SET status = 'pending', lock_by = NULL, attempts = attempts - 1 WHERE status = 'running' AND lock_by = $1",
        ),
        ("link", "slice_owner", "UPDATE link SET slice_owner = NULL, slice_until = NULL WHERE slice_owner = $1"),
        ("slot", "owner", "DELETE FROM slot WHERE owner = $1"),
        ("oauth_grant", "lease_owner", "UPDATE oauth_grant SET lease_owner = NULL WHERE lease_owner = $1"),
    ];
    for (table, column, free) in owners {
        let found = context
            .database
            .query_all_raw(sql(
                backend,
                format!("SELECT DISTINCT {column} AS owner FROM {table} WHERE {column} IS NOT NULL"),
                vec![],
            ))
            .await?;
        for row in found {
            let owner: String = row.try_get("", "owner")?;
            if is_dead_neighbour(&owner) {
                context.database.execute_raw(sql(backend, free, vec![owner.into()])).await?;
            }
        }
    }
    Ok(())
}

/// A worker of this machine whose process is gone.
fn is_dead_neighbour(owner: &str) -> bool {
    let mut parts = owner.split('/');
    let (Some(on), Some(process)) = (parts.next(), parts.next()) else { return false };
    let processes = std::path::Path::new("/proc");
    on == host() && process.parse::<u32>().is_ok() && processes.join("self").exists() && !processes.join(process).exists()
}

fn host() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default().trim().replace('/', "-");
    let name = read("/proc/sys/kernel/hostname");
    // The same name on another boot or machine must not look like a neighbour.
    let boot = read("/proc/sys/kernel/random/boot_id");
    if name.is_empty() { "host".to_owned() } else { format!("{name}-{}", boot.get(..8).unwrap_or_default()) }
}
