//! Runs all queues until told to stop.

use std::sync::Arc;

use entities::chance::Chance;
use tokio::sync::watch;

use crate::context::Context;
use crate::job::Queue;
use crate::queue;
use crate::tasks::timetable::Timetable;

/// Runs until `shutdown` says true; the slices that run then end at their next step.
pub async fn run(context: Context, shutdown: watch::Receiver<bool>) {
    let name = unique_name(&context.chance);
    if let Err(error) = queue::enqueue(&context.database, context.clock.as_ref(), &Timetable, context.now()).await {
        tracing::warn!(%error, "the timetable could not be started; the next worker will");
    }
    tracing::info!(worker.name = name, "the worker is ready");
    let queues = Queue::ALL.map(|queue| {
        let mut shutdown = shutdown.clone();
        let stopped = async move {
            let _ = shutdown.wait_for(|stop| *stop).await;
        };
        queue::work(context.clone(), queue, format!("{name}-{}", queue.name()), stopped)
    });
    futures::future::join_all(queues).await;
    tracing::info!(worker.name = name, "the worker has stopped");
}

/// Host, process and chance: a restarted worker is never taken for its dead self.
fn unique_name(chance: &Arc<dyn Chance>) -> String {
    let mut random = [0; 4];
    chance.fill(&mut random);
    format!("{}-{:08x}", std::process::id(), u32::from_le_bytes(random))
}
