//! Sends one message to a partner's endpoint, again and again until it is taken or nobody may be expected to take it any more.

use std::time::Duration;

use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::{LinkId, MessageId, TenantId};
use entities::sealed::SealTrouble;
use entities::{api_client, endpoint, message, partner_tenant};
use reqwest::header::{HeaderMap, HeaderValue};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::audit::{Author, Deed, note_aside};
use crate::context::{Context, Failure};
use crate::events::courier::Answer;
use crate::events::{self, OFF, open_secret, signing};
use crate::job::{Job, Queue};
use crate::queue::{enqueue, is_live};
use crate::runs;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
/// Pauses after each attempt that came to nothing (Standard Webhooks 1.0.0): ten attempts in a little over three days.
const PAUSES_S: [u64; 9] = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// However many attempts others' failures left it.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(4 * 24 * HOUR);
/// An endpoint that took nothing for so long is switched off.
const OFF_AFTER: Duration = Duration::from_secs(5 * 24 * HOUR);
/// What failed longer ago than this says nothing.
const QUIET: Duration = Duration::from_secs(24 * HOUR);
/// "Gone": it does not want to be told any more.
const GONE: u16 = 410;
/// A key that this process has not after so long is lost, and not on its way to us.
const KEY_COMES_WITHIN: Duration = Duration::from_secs(HOUR);

/// Send this message.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellPartner {
    pub tenant: TenantId,
    pub message: MessageId,
}

impl Job for TellPartner {
    const NAME: &'static str = "tell_partner";
    const QUEUE: Queue = Queue::Partners;

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn key(&self) -> Option<String> {
        Some(format!("message:{}", self.message))
    }

    async fn run(self, context: Context) -> Result<Option<At>, Failure> {
        let found = message::Entity::of(self.tenant).filter(message::Column::Id.eq(self.message)).one(&context.database).await?;
        let Some(found) = found.filter(|found| ["gathering", "waiting"].contains(&found.state.as_str())) else { return Ok(None) };
        if found.due_at > context.now() {
            return Ok(Some(found.due_at));
        }
        let endpoint = endpoint::Entity::by_id(found.endpoint_id).one(&context.database).await?;
        let Some(endpoint) = endpoint else { return forget(&context, &found).await };
        let Some(_place) = context.courier.place(endpoint.id.0) else {
            // A slow one keeps nobody else from being told; who waits for it comes back the more seldom the longer it has waited.
            let waited = context.now().since(found.begun_at) / 8;
            let later = context.in_a(waited.clamp(Duration::from_secs(1), Duration::from_secs(MINUTE)));
            return postpone(&context, &found, later).await;
        };
        if !is_theirs(&context, &endpoint, self.tenant).await? {
            return forget(&context, &found).await;
        }
        let Some(found) = gathered(&context, found).await? else { return Ok(None) };
        if endpoint.state != "on" {
            return settle(&context, &found, End::given_up(0, None, OFF)).await;
        }
        if !is_let_in(&context, &endpoint).await? {
            return settle(&context, &found, End::given_up(0, None, "No program of the partner's was let in.")).await;
        }
        // One message finds out whether it is well again, and not each for itself.
        if let Some(rest) = endpoint.rest_until.filter(|rest| *rest > context.now()) {
            return postpone(&context, &found, rest).await;
        }
        let headers = match headers(&context, &endpoint, &found.id.to_string(), &found.body) {
            Ok(headers) => headers,
            // Another process has the newest key already; this one may have it in half a minute.
            Err(Failure::Seal(SealTrouble::UnknownKey(_)))
                if context.courier.keyless(endpoint.id.0, context.now()) < KEY_COMES_WITHIN =>
            {
                return postpone(&context, &found, context.in_a(Duration::from_secs(MINUTE))).await;
            }
            Err(Failure::Seal(trouble)) => return unsigned(&context, &endpoint, &found, &trouble).await,
            Err(failure) => return Err(failure),
        };
        context.courier.has_key(endpoint.id.0);
        let outcome = context.courier.send(&endpoint.url, headers, found.body.clone()).await;
        close(&context, &endpoint, &found, outcome).await
    }
}

/// Whether the customer is still the partner's.
async fn is_theirs(context: &Context, endpoint: &endpoint::Model, tenant: TenantId) -> Result<bool, Failure> {
    let own = partner_tenant::Entity::of(tenant).filter(partner_tenant::Column::PartnerId.eq(endpoint.partner_id));
    Ok(own.one(&context.database).await?.is_some())
}

/// Whether any program of the partner's still is.
async fn is_let_in(context: &Context, endpoint: &endpoint::Model) -> Result<bool, Failure> {
    let living = api_client::Entity::all()
        .filter(api_client::Column::PartnerId.eq(endpoint.partner_id))
        .filter(api_client::Column::RevokedAt.is_null());
    Ok(living.one(&context.database).await?.is_some())
}

async fn forget(context: &Context, found: &message::Model) -> Result<Option<At>, Failure> {
    message::Entity::delete_many()
        .filter(message::Column::TenantId.eq(found.tenant_id))
        .filter(message::Column::Id.eq(found.id))
        .exec(&context.database)
        .await?;
    Ok(None)
}

/// What was held since it was begun, by code. Where all of it is cured there is nothing to tell.
async fn gathered(context: &Context, found: message::Model) -> Result<Option<message::Model>, Failure> {
    if found.state != "gathering" {
        return Ok(Some(found));
    }
    let (tenant, link) = (found.tenant_id, LinkId(found.about));
    let transaction = begin_write(&context.database).await?;
    // Whoever holds records has the link: what is not counted here finds no message to join, and begins another.
    runs::locked(&transaction, tenant, link).await?;
    let text = "SELECT hold.code AS code, COUNT(*) AS n FROM hold JOIN lane ON lane.tenant_id = hold.tenant_id AND lane.id = hold.lane_id \
                WHERE hold.tenant_id = $1 AND lane.link_id = $2 AND hold.held_at >= $3 GROUP BY hold.code ORDER BY hold.code";
    let values = vec![tenant.0.into(), link.0.into(), found.made_at.0.into()];
    let (mut codes, mut count) = (Map::new(), 0);
    for row in transaction.query_all_raw(sql(transaction.get_database_backend(), text, values)).await? {
        let (code, n): (String, i64) = (row.try_get("", "code")?, row.try_get("", "n")?);
        codes.insert(code, n.into());
        count += n;
    }
    let as_found = message::Column::State.eq("gathering");
    if count == 0 {
        let gone =
            message::Entity::delete_many().filter(message::Column::TenantId.eq(tenant)).filter(message::Column::Id.eq(found.id));
        gone.filter(as_found).exec(&transaction).await?;
        transaction.commit().await?;
        return Ok(None);
    }
    let data = json!({ "tenantId": tenant, "linkId": link, "count": count, "codes": Value::Object(codes) });
    let body = events::body(&found.event, context.now(), data);
    let told = change(&found)
        .col_expr(message::Column::Body, Expr::value(body.as_str()))
        .col_expr(message::Column::State, Expr::value("waiting"));
    let told = told.filter(as_found).exec(&transaction).await?;
    transaction.commit().await?;
    Ok((told.rows_affected > 0).then(|| message::Model { body, state: "waiting".to_owned(), ..found }))
}

/// Changes a message that is still as it was found: who asked for it again meanwhile has begun it anew.
fn change(found: &message::Model) -> sea_orm::UpdateMany<message::Entity> {
    message::Entity::update_many()
        .filter(message::Column::TenantId.eq(found.tenant_id))
        .filter(message::Column::Id.eq(found.id))
        .filter(message::Column::BegunAt.eq(found.begun_at))
}

/// The three headers of Standard Webhooks.
pub fn headers(context: &Context, endpoint: &endpoint::Model, id: &str, body: &str) -> Result<HeaderMap, Failure> {
    let now = context.now();
    let mut secrets = vec![open_secret(&context.keys, endpoint.id, &endpoint.secret)?];
    if let Some(previous) = endpoint.previous.as_ref().filter(|_| endpoint.previous_until.is_some_and(|until| now < until)) {
        let all = open_secret(&context.keys, endpoint.id, previous)?;
        secrets.extend(all.chunks(signing::SECRET_BYTES).map(|one| Zeroizing::new(one.to_vec())));
    }
    let timestamp_s = now.0.div_euclid(1_000_000);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", timestamp_s.to_string()),
        ("webhook-signature", signing::signature(&secrets, id, timestamp_s, body)),
    ] {
        let value = HeaderValue::from_str(&value).map_err(|error| Failure::Bug(error.to_string()))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Nobody can sign for this endpoint: the master key is gone.
async fn unsigned(
    context: &Context,
    endpoint: &endpoint::Model,
    found: &message::Model,
    trouble: &SealTrouble,
) -> Result<Option<At>, Failure> {
    tracing::error!(endpoint.id = %endpoint.id, %trouble, "the secret of a partner's webhook does not open; it is switched off");
    let off = "Its secret can no longer be read. Make a new one, and enable it again.";
    let now = context.now();
    let failing = Failing { failures: endpoint.failures, since: now, rest: now, off: Some(off), is_final: true };
    fail(context, endpoint, &failing).await?;
    settle(context, found, End::given_up(0, None, off)).await
}

/// Notes what came of an attempt, on the message and on the endpoint.
async fn close(
    context: &Context,
    endpoint: &endpoint::Model,
    found: &message::Model,
    outcome: Result<Answer, String>,
) -> Result<Option<At>, Failure> {
    let now = context.now();
    let (status, why, wait) = match outcome {
        Ok(answer) if (200..300).contains(&answer.status) => {
            if endpoint.failures > 0 {
                well_again(context, endpoint).await?;
            }
            return settle(context, found, End { state: "delivered", tried: 1, status: Some(answer.status), error: None }).await;
        }
        Ok(answer) => (Some(answer.status), format!("It was answered with {}.", answer.status), answer.retry_after),
        Err(why) => (None, why, None),
    };
    // What failed before a quiet time tells nothing of today.
    let is_old = endpoint.rest_until.is_none_or(|rest| now.since(rest) > QUIET);
    let (failures, since) = if is_old { (0, now) } else { (endpoint.failures, endpoint.failing_since.unwrap_or(now)) };
    let off = if status == Some(GONE) {
        Some("It answered 410 (gone): it does not want to be told any more.")
    } else if now.since(since) >= OFF_AFTER {
        Some("It took nothing for five days.")
    } else {
        None
    };
    let rest = now.plus(pause(context, failures).max(wait.unwrap_or_default()));
    let failing = Failing { failures, since, rest, off, is_final: status == Some(GONE) };
    let is_off = fail(context, endpoint, &failing).await? && off.is_some();
    let is_last = usize::try_from(found.attempts).is_ok_and(|attempts| attempts >= PAUSES_S.len());
    if is_off || is_last || now.since(found.begun_at) >= GIVEN_UP_AFTER {
        tracing::warn!(tenant.id = %found.tenant_id, message.id = %found.id, event = found.event, "a partner could not be told; it is given up");
        return settle(context, found, End::given_up(1, status, why)).await;
    }
    let due = now.plus(pause(context, found.attempts).max(wait.unwrap_or_default()));
    let noted = change(found)
        .col_expr(message::Column::Attempts, Expr::value(found.attempts + 1))
        .col_expr(message::Column::Status, Expr::value(status.map(i32::from)))
        .col_expr(message::Column::Error, Expr::value(Some(why)))
        .col_expr(message::Column::DueAt, Expr::value(due))
        .filter(message::Column::State.eq("waiting"));
    Ok((noted.exec(&context.database).await?.rows_affected > 0).then_some(due))
}

/// The pause after so many failures before, up to a tenth longer: many that wait do not come back in one moment.
fn pause(context: &Context, failures: i32) -> Duration {
    let place = usize::try_from(failures).unwrap_or(0).min(PAUSES_S.len() - 1);
    let mut random = [0; 2];
    context.chance.fill(&mut random);
    let pause = Duration::from_secs(PAUSES_S[place]);
    pause + pause.mul_f64(0.1 * f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX))
}

async fn postpone(context: &Context, found: &message::Model, rest: At) -> Result<Option<At>, Failure> {
    if context.now().since(found.begun_at) >= GIVEN_UP_AFTER {
        let why = found.error.clone().unwrap_or_else(|| "The endpoint took nothing meanwhile.".to_owned());
        let status = found.status.and_then(|status| u16::try_from(status).ok());
        return settle(context, found, End::given_up(0, status, why)).await;
    }
    let later =
        change(found).col_expr(message::Column::DueAt, Expr::value(rest)).filter(message::Column::State.eq(found.state.as_str()));
    Ok((later.exec(&context.database).await?.rows_affected > 0).then_some(rest))
}

/// How a message ended.
struct End {
    state: &'static str,
    /// Attempts that are not counted yet.
    tried: i32,
    status: Option<u16>,
    error: Option<String>,
}

impl End {
    fn given_up(tried: i32, status: Option<u16>, error: impl Into<String>) -> Self {
        Self { state: "given_up", tried, status, error: Some(error.into()) }
    }
}

async fn settle(context: &Context, found: &message::Model, end: End) -> Result<Option<At>, Failure> {
    change(found)
        .col_expr(message::Column::Attempts, Expr::value(found.attempts + end.tried))
        .col_expr(message::Column::State, Expr::value(end.state))
        .col_expr(message::Column::Status, Expr::value(end.status.map(i32::from)))
        .col_expr(message::Column::Error, Expr::value(end.error))
        .col_expr(message::Column::SettledAt, Expr::value(Some(context.now())))
        .exec(&context.database)
        .await?;
    Ok(None)
}

async fn well_again(context: &Context, endpoint: &endpoint::Model) -> Result<(), Failure> {
    endpoint::Entity::update_many()
        .col_expr(endpoint::Column::Failures, Expr::value(0))
        .col_expr(endpoint::Column::FailingSince, Expr::value(None::<At>))
        .col_expr(endpoint::Column::RestUntil, Expr::value(None::<At>))
        .filter(endpoint::Column::Id.eq(endpoint.id))
        .filter(endpoint::Column::Url.eq(endpoint.url.as_str()))
        .exec(&context.database)
        .await?;
    Ok(())
}

/// How an endpoint fails.
struct Failing {
    /// Attempts in a row before this one.
    failures: i32,
    since: At,
    rest: At,
    off: Option<&'static str>,
    /// It is switched off whatever became of others that were sent beside this one.
    is_final: bool,
}

/// Notes that an attempt failed, and whether it counts: those that were sent beside each other fail once, and what another address answered is
/// nothing of this one's.
async fn fail(context: &Context, endpoint: &endpoint::Model, failing: &Failing) -> Result<bool, Failure> {
    let mut update = endpoint::Entity::update_many()
        .col_expr(endpoint::Column::Failures, Expr::value(failing.failures + 1))
        .col_expr(endpoint::Column::FailingSince, Expr::value(Some(failing.since)))
        .col_expr(endpoint::Column::RestUntil, Expr::value(Some(failing.rest)))
        .filter(endpoint::Column::Id.eq(endpoint.id))
        .filter(endpoint::Column::Url.eq(endpoint.url.as_str()))
        .filter(endpoint::Column::State.eq("on"));
    if let Some(reason) = failing.off {
        update = update
            .col_expr(endpoint::Column::State, Expr::value("off"))
            .col_expr(endpoint::Column::Reason, Expr::value(Some(reason)));
    }
    if !failing.is_final {
        update = update.filter(endpoint::Column::Failures.eq(endpoint.failures));
    }
    let counts = update.exec(&context.database).await?.rows_affected > 0;
    if counts && failing.off.is_some() {
        // Apart from it: where the master key is gone nothing can be noted either, and off it must be.
        let deed = Deed::done("endpoint.off", format!("endpoint:{}", endpoint.id), "");
        if let Err(failure) = note_aside(context, None, &Author::worker(), deed).await {
            tracing::error!(%failure, endpoint.id = %endpoint.id, "that a webhook was switched off could not be noted");
        }
    }
    Ok(counts)
}

/// Messages whose alarm was lost are sent all the same. One whose job failed for good is tried again in an hour.
pub async fn take_up(context: &Context, late: At) -> Result<(), Failure> {
    let backend = context.database.get_database_backend();
    let text =
        "SELECT tenant_id, id FROM message WHERE state IN ('gathering', 'waiting') AND due_at < $1 ORDER BY due_at LIMIT 100";
    for row in context.database.query_all_raw(sql(backend, text, vec![late.0.into()])).await? {
        let job = TellPartner { tenant: TenantId(row.try_get("", "tenant_id")?), message: MessageId(row.try_get("", "id")?) };
        if is_live(&context.database, TellPartner::QUEUE.name(), job.key().as_deref()).await? {
            continue;
        }
        let failed =
            "SELECT 1 AS n FROM job WHERE queue = 'partners' AND dedup = $1 AND status = 'failed' AND run_at > $2 LIMIT 1";
        let values = vec![job.key().into(), late.minus(Duration::from_secs(HOUR)).0.into()];
        if context.database.query_one_raw(sql(backend, failed, values)).await?.is_none() {
            enqueue(&context.database, context.clock.as_ref(), &job, context.now()).await?;
        }
    }
    Ok(())
}
