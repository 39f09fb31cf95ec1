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
use crate::tasks::tell_partner;
use crate::{in_step, purge};

const EVERY: Duration = Duration::from_secs(5);
/// An alarm that is this late was missed.
const LATE: Duration = Duration::from_secs(10);
/// A refresh token that lies idle dies after 60 days; a week is well before.
const KEEP_ALIVE: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long partners can ask for messages again.
const MESSAGES_LIVE: Duration = Duration::from_secs(30 * 24 * 3600);
/// A second call of a callback shows the same result for this long after its sign-in is over.
const SHOWN_FOR: Duration = Duration::from_secs(3600);

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
        // One tenant's trouble must not keep the others waiting: each step is tried, whatever became of the one before.
        for outcome in [
            wake_late(&context, now).await,
            requeue_letters(&context, now).await,
            join_forgotten(&context).await,
            hand_back_choices(&context, now).await,
            keep_alive(&context, now).await,
            purge::take_up(&context).await,
            tell_partner::take_up(&context, now.minus(LATE)).await,
            in_step::on_time(&context).await,
            in_step::sweeps(&context).await,
            expire(&context, now).await,
        ] {
            if let Err(failure) = outcome {
                tracing::error!(%failure, "a step of the timetable failed; it is tried again in a moment");
            }
        }
        Ok(Some(context.in_a(EVERY)))
    }
}

async fn wake_late(context: &Context, now: At) -> Result<(), Failure> {
    for late in link::Entity::due(now.minus(LATE)).all(&context.database).await? {
        enqueue(&context.database, context.clock.as_ref(), &RunLink { tenant: late.tenant_id, link: late.id }, now).await?;
    }
    Ok(())
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

/// Two connected sides that nobody joined: the process died between storing the second connection and joining it to the first.
async fn join_forgotten(context: &Context) -> Result<(), Failure> {
    let forgotten = context
        .database
        .query_all_raw(sql(
            context.database.get_database_backend(),
            "SELECT x.tenant_id AS tenant_id FROM connection x \
             JOIN oauth_grant gx ON gx.tenant_id = x.tenant_id AND gx.id = x.grant_id AND gx.state = 'live' \
             JOIN connection z ON z.tenant_id = x.tenant_id AND z.provider = 'zoho' AND z.state = 'live' \
             JOIN oauth_grant gz ON gz.tenant_id = z.tenant_id AND gz.id = z.grant_id AND gz.state = 'live' \
             WHERE x.provider = 'xero' AND x.state = 'live' AND NOT EXISTS (SELECT 1 FROM link WHERE link.tenant_id = x.tenant_id \
             AND link.xero_connection_id = x.id AND link.zoho_connection_id = z.id AND link.state <> 'resting') \
             AND NOT EXISTS (SELECT 1 FROM purge WHERE purge.tenant_id = x.tenant_id) LIMIT 20",
            vec![],
        ))
        .await?;
    for row in forgotten {
        let tenant = TenantId(row.try_get("", "tenant_id")?);
        if let Err(failure) = crate::links::join(context, tenant).await {
            tracing::error!(tenant.id = %tenant, %failure, "two connected sides could not be joined yet");
        }
    }
    Ok(())
}

/// Tokens of a sign-in whose organisation nobody chose in time: handed back to Zoho, then forgotten.
async fn hand_back_choices(context: &Context, now: At) -> Result<(), Failure> {
    let over = context
        .database
        .query_all_raw(sql(
            context.database.get_database_backend(),
            "SELECT g.tenant_id AS tenant_id, g.id AS id FROM oauth_grant g \
             JOIN sign_in s ON s.tenant_id = g.tenant_id AND s.grant_id = g.id WHERE g.state = 'choosing' AND s.expires_at < $1 LIMIT 20",
            vec![now.0.into()],
        ))
        .await?;
    for row in over {
        let (tenant, grant) = (TenantId(row.try_get("", "tenant_id")?), entities::ids::GrantId(row.try_get("", "id")?));
        if let Err(failure) = crate::connections::forget_choice(context, tenant, grant).await {
            tracing::error!(tenant.id = %tenant, %failure, "an abandoned consent could not be forgotten yet");
        }
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
            "SELECT tenant_id, id FROM oauth_grant WHERE state = 'live' AND refreshed_at < $1 AND access_until < $2 ORDER BY refreshed_at LIMIT 100",
            vec![now.minus(KEEP_ALIVE).0.into(), now.0.into()],
        ))
        .await?;
    // One a time, another each time: a grant that cannot be refreshed now does not keep the others from it.
    let turn = now.0.div_euclid(EVERY.as_micros() as i64).rem_euclid(idle.len().max(1) as i64) as usize;
    if let Some(row) = idle.get(turn) {
        let (tenant, grant) = (TenantId(row.try_get("", "tenant_id")?), entities::ids::GrantId(row.try_get("", "id")?));
        if let crate::tokens::Access::Dead = crate::tokens::fresh(context, tenant, grant).await? {
            crate::connections::lost(context, tenant, grant, "The consent has ended.").await?;
        }
    }
    Ok(())
}

/// What may no longer be kept is removed: sentences after 30 days, sign-ins that are over.
async fn expire(context: &Context, now: At) -> Result<(), Failure> {
    let backend = context.database.get_database_backend();
    context.database.execute_raw(sql(backend, "DELETE FROM finding WHERE expires_at < $1", vec![now.0.into()])).await?;
    context.database.execute_raw(sql(backend, "DELETE FROM report WHERE expires_at < $1", vec![now.0.into()])).await?;
    context.database.execute_raw(sql(backend, "DELETE FROM preview WHERE expires_at < $1", vec![now.0.into()])).await?;
    context.database.execute_raw(sql(backend, "DELETE FROM idempotency WHERE expires_at < $1", vec![now.0.into()])).await?;
    let told = now.minus(MESSAGES_LIVE).0;
    context.database.execute_raw(sql(backend, "DELETE FROM message WHERE settled_at < $1", vec![told.into()])).await?;
    // The hold stays, for what it holds back does; only its sentence may not be kept.
    let forget = "UPDATE hold SET sentence = $2 WHERE expires_at < $1 AND sentence <> $2";
    context.database.execute_raw(sql(backend, forget, vec![now.0.into(), Vec::<u8>::new().into()])).await?;
    let shown_until = now.minus(SHOWN_FOR).0;
    context.database.execute_raw(sql(backend, "DELETE FROM sign_in WHERE expires_at < $1", vec![shown_until.into()])).await?;
    Ok(())
}
