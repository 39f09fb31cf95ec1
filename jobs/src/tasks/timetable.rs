//! The timetable: finds what was missed and clears what has expired. Every few seconds, in one worker at a time.

use std::time::Duration;

use entities::clock::At;
use entities::database::sql;
use entities::ids::TenantId;
use entities::link;
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use crate::context::{Context, Failure};
use crate::job::{Job, Queue};
use crate::queue::enqueue;
use crate::tasks::run_link::RunLink;
use crate::tasks::send_letter::SendLetter;

const EVERY: Duration = Duration::from_secs(5);
/// An alarm that is this late was missed.
const LATE: Duration = Duration::from_secs(10);
/// A refresh token that lies idle dies after 60 days; a week is well before.
const KEEP_ALIVE: Duration = Duration::from_secs(7 * 24 * 3600);

/// Look at everything's time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Timetable;

impl Job for Timetable {
    const NAME: &'static str = "timetable";
    const QUEUE: Queue = Queue::Upkeep;

    fn tenant(&self) -> Option<TenantId> {
        None
    }

    fn key(&self) -> Option<String> {
        Some("timetable".to_owned())
    }

    async fn run(self, context: Context) -> Result<Option<At>, Failure> {
        let now = context.now();
        for late in link::Entity::due(now.minus(LATE)).all(&context.database).await? {
            enqueue(&context.database, context.clock.as_ref(), &RunLink { tenant: late.tenant_id, link: late.id }, now).await?;
        }
        requeue_letters(&context, now).await?;
        keep_alive(&context, now).await?;
        expire(&context, now).await?;
        Ok(Some(context.in_a(EVERY)))
    }
}

async fn requeue_letters(context: &Context, now: At) -> Result<(), Failure> {
    let backend = context.database.get_database_backend();
    let late = context
        .database
        .query_all_raw(sql(
            backend,
            "SELECT tenant_id, id FROM letter WHERE state = 'queued' AND queued_at < $1 \
             AND NOT EXISTS (SELECT 1 FROM job WHERE job.name = 'send_letter' AND job.tenant_id = letter.tenant_id AND job.status IN ('pending', 'running'))",
            vec![now.minus(LATE).0.into()],
        ))
        .await?;
    for row in late {
        let job = SendLetter {
            tenant: TenantId(row.try_get("", "tenant_id")?),
            letter: entities::ids::LetterId(row.try_get("", "id")?),
        };
        enqueue(&context.database, context.clock.as_ref(), &job, now).await?;
    }
    Ok(())
}

/// Grants that were not used for a week are refreshed once, so that they do not die of idleness.
async fn keep_alive(context: &Context, now: At) -> Result<(), Failure> {
    let backend = context.database.get_database_backend();
    let idle = context
        .database
        .query_all_raw(sql(
            backend,
            "SELECT tenant_id, id FROM oauth_grant WHERE state = 'live' AND refreshed_at < $1 AND access_until < $2 LIMIT 5",
            vec![now.minus(KEEP_ALIVE).0.into(), now.0.into()],
        ))
        .await?;
    for row in idle {
        let (tenant, grant) = (TenantId(row.try_get("", "tenant_id")?), entities::ids::GrantId(row.try_get("", "id")?));
        if let crate::tokens::Access::Dead = crate::tokens::fresh(context, tenant, grant).await? {
            crate::connections::lost(context, tenant, grant, "The consent has ended.").await?;
        }
    }
    Ok(())
}

/// What may no longer be kept is removed: sentences after 30 days, sign-ins that were not finished and their tokens.
async fn expire(context: &Context, now: At) -> Result<(), Failure> {
    let backend = context.database.get_database_backend();
    for text in [
        "DELETE FROM hold WHERE expires_at < $1",
        "DELETE FROM finding WHERE expires_at < $1",
        "DELETE FROM oauth_grant WHERE state = 'choosing' AND id IN (SELECT grant_id FROM sign_in WHERE grant_id IS NOT NULL AND expires_at < $1)",
        "DELETE FROM sign_in WHERE expires_at < $1",
    ] {
        context.database.execute_raw(sql(backend, text, vec![now.0.into()])).await?;
    }
    Ok(())
}
