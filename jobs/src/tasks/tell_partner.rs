//! Sends one message to a partner's endpoint, again and again until it is taken or nobody may be expected to take it any more.

use std::time::Duration;

use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::{LinkId, MessageId, TenantId};
use entities::{endpoint, message};
use reqwest::header::{HeaderMap, HeaderValue};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::context::{Context, Failure};
use crate::events::courier::Answer;
use crate::events::{self, OFF, open_secret, signing};
use crate::job::{Job, Queue};
use crate::queue::enqueue;

const MINUTE: u64 = 60;
const HOUR: u64 = 3600;
/// Pauses after each attempt that came to nothing (Standard Webhooks 1.0.0): ten attempts in a little over three days.
const PAUSES_S: [u64; 9] = [5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/// However many attempts others' failures left it.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(4 * 24 * HOUR);
/// An endpoint that took nothing for so long is switched off.
const OFF_AFTER: Duration = Duration::from_secs(5 * 24 * HOUR);
/// "Gone": it does not want to be told any more.
const GONE: u16 = 410;

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
        let Some(endpoint) = endpoint else { return Ok(None) };
        if !may_know(&context, &endpoint, self.tenant).await? {
            forget(&context, &found).await?;
            return Ok(None);
        }
        let found = if found.state == "gathering" {
            match gather(&context, found).await? {
                Some(gathered) => gathered,
                None => return Ok(None),
            }
        } else {
            found
        };
        if endpoint.state != "on" {
            settle(&context, found, End::given_up(0, None, OFF.to_owned())).await?;
            return Ok(None);
        }
        // One message finds out whether it is well again, and not each for itself.
        if let Some(rest) = endpoint.rest_until.filter(|rest| *rest > context.now()) {
            return postpone(&context, found, rest).await;
        }
        let outcome = send(&context, &endpoint, &found).await?;
        close(&context, endpoint, found, outcome).await
    }
}

/// Whether the customer is still the partner's, and the partner still let in.
async fn may_know(context: &Context, endpoint: &endpoint::Model, tenant: TenantId) -> Result<bool, Failure> {
    let text = "SELECT 1 AS n FROM partner_tenant JOIN api_client ON api_client.partner_id = partner_tenant.partner_id \
                WHERE partner_tenant.tenant_id = $1 AND partner_tenant.partner_id = $2 AND api_client.revoked_at IS NULL LIMIT 1";
    let values = vec![tenant.0.into(), endpoint.partner_id.0.into()];
    Ok(context.database.query_one_raw(sql(context.database.get_database_backend(), text, values)).await?.is_some())
}

async fn forget(context: &Context, found: &message::Model) -> Result<(), Failure> {
    message::Entity::delete_many()
        .filter(message::Column::TenantId.eq(found.tenant_id))
        .filter(message::Column::Id.eq(found.id))
        .exec(&context.database)
        .await?;
    Ok(())
}

/// What was held since it was begun, by code. Where all of it is cured there is nothing to tell.
async fn gather(context: &Context, found: message::Model) -> Result<Option<message::Model>, Failure> {
    let text = "SELECT hold.code AS code, COUNT(*) AS n FROM hold JOIN lane ON lane.tenant_id = hold.tenant_id AND lane.id = hold.lane_id \
                WHERE hold.tenant_id = $1 AND lane.link_id = $2 AND hold.held_at >= $3 GROUP BY hold.code ORDER BY hold.code";
    let link = LinkId(found.about);
    let values = vec![found.tenant_id.0.into(), link.0.into(), found.made_at.0.into()];
    let (mut codes, mut count) = (Map::new(), 0);
    for row in context.database.query_all_raw(sql(context.database.get_database_backend(), text, values)).await? {
        let (code, n): (String, i64) = (row.try_get("", "code")?, row.try_get("", "n")?);
        codes.insert(code, n.into());
        count += n;
    }
    if count == 0 {
        forget(context, &found).await?;
        return Ok(None);
    }
    let data = json!({ "tenantId": found.tenant_id, "linkId": link, "count": count, "codes": Value::Object(codes) });
    let body = events::body(&found.event, context.now(), data);
    let mut row = found.into_active_model();
    row.body = Set(body);
    row.state = Set("waiting".to_owned());
    Ok(Some(row.update(&context.database).await?))
}

async fn send(context: &Context, endpoint: &endpoint::Model, found: &message::Model) -> Result<Result<Answer, String>, Failure> {
    let id = found.id.to_string();
    let headers = headers(context, endpoint, &id, &found.body)?;
    Ok(context.courier.send(&endpoint.url, headers, found.body.clone()).await)
}

/// The three headers of Standard Webhooks.
pub fn headers(context: &Context, endpoint: &endpoint::Model, id: &str, body: &str) -> Result<HeaderMap, Failure> {
    let now = context.now();
    let mut secrets = vec![open_secret(&context.keys, endpoint.id, &endpoint.secret)?];
    if let Some(previous) = endpoint.previous.as_ref().filter(|_| endpoint.previous_until.is_some_and(|until| now < until)) {
        secrets.push(open_secret(&context.keys, endpoint.id, previous)?);
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

/// Notes what came of an attempt, on the message and on the endpoint.
async fn close(
    context: &Context,
    endpoint: endpoint::Model,
    found: message::Model,
    outcome: Result<Answer, String>,
) -> Result<Option<At>, Failure> {
    let now = context.now();
    let (status, why, wait) = match outcome {
        Ok(answer) if (200..300).contains(&answer.status) => {
            if endpoint.failures > 0 {
                well_again(context, &endpoint).await?;
            }
            settle(context, found, End { state: "delivered", tried: 1, status: Some(answer.status), error: None }).await?;
            return Ok(None);
        }
        Ok(answer) => (Some(answer.status), format!("It was answered with {}.", answer.status), answer.retry_after),
        Err(why) => (None, why, None),
    };
    let is_gone = status == Some(GONE);
    let failing_since = endpoint.failing_since.unwrap_or(now);
    let off = if is_gone {
        Some("It answered 410 (gone): it does not want to be told any more.")
    } else if now.since(failing_since) >= OFF_AFTER {
        Some("It took nothing for five days.")
    } else {
        None
    };
    let rest = pause(context, endpoint.failures).max(wait.unwrap_or_default());
    fail(context, &endpoint, failing_since, now.plus(rest), off).await?;
    let next = usize::try_from(found.attempts).ok().filter(|attempts| *attempts < PAUSES_S.len());
    let is_over = next.is_none() || now.since(found.begun_at) >= GIVEN_UP_AFTER;
    if off.is_some() || is_over {
        tracing::warn!(tenant.id = %found.tenant_id, message.id = %found.id, event = found.event, "a partner could not be told; it is given up");
        settle(context, found, End::given_up(1, status, why)).await?;
        return Ok(None);
    }
    let due = now.plus(pause(context, found.attempts).max(wait.unwrap_or_default()));
    let mut row = found.clone().into_active_model();
    row.attempts = Set(found.attempts + 1);
    row.status = Set(status.map(i32::from));
    row.error = Set(Some(why));
    row.due_at = Set(due);
    row.update(&context.database).await?;
    Ok(Some(due))
}

/// The pause after so many failures before, up to a tenth longer: many that wait do not come back in one moment.
fn pause(context: &Context, failures: i32) -> Duration {
    let place = usize::try_from(failures).unwrap_or(0).min(PAUSES_S.len() - 1);
    let mut random = [0; 2];
    context.chance.fill(&mut random);
    let pause = Duration::from_secs(PAUSES_S[place]);
    pause + pause.mul_f64(0.1 * f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX))
}

async fn postpone(context: &Context, found: message::Model, rest: At) -> Result<Option<At>, Failure> {
    if context.now().since(found.begun_at) >= GIVEN_UP_AFTER {
        let why = found.error.clone().unwrap_or_else(|| "The endpoint took nothing meanwhile.".to_owned());
        let status = found.status.and_then(|status| u16::try_from(status).ok());
        settle(context, found, End::given_up(0, status, why)).await?;
        return Ok(None);
    }
    let mut row = found.into_active_model();
    row.due_at = Set(rest);
    row.update(&context.database).await?;
    Ok(Some(rest))
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
    fn given_up(tried: i32, status: Option<u16>, error: String) -> Self {
        Self { state: "given_up", tried, status, error: Some(error) }
    }
}

async fn settle(context: &Context, found: message::Model, end: End) -> Result<(), Failure> {
    let attempts = found.attempts + end.tried;
    let mut row = found.into_active_model();
    row.attempts = Set(attempts);
    row.state = Set(end.state.to_owned());
    row.status = Set(end.status.map(i32::from));
    row.error = Set(end.error);
    row.settled_at = Set(Some(context.now()));
    row.update(&context.database).await?;
    Ok(())
}

async fn well_again(context: &Context, endpoint: &endpoint::Model) -> Result<(), Failure> {
    endpoint::Entity::update_many()
        .col_expr(endpoint::Column::Failures, Expr::value(0))
        .col_expr(endpoint::Column::FailingSince, Expr::value(None::<At>))
        .col_expr(endpoint::Column::RestUntil, Expr::value(None::<At>))
        .filter(endpoint::Column::Id.eq(endpoint.id))
        .exec(&context.database)
        .await?;
    Ok(())
}

async fn fail(context: &Context, endpoint: &endpoint::Model, since: At, rest: At, off: Option<&str>) -> Result<(), Failure> {
    let transaction = begin_write(&context.database).await?;
    let mut update = endpoint::Entity::update_many()
        .col_expr(endpoint::Column::Failures, Expr::col(endpoint::Column::Failures).add(1))
        .col_expr(endpoint::Column::FailingSince, Expr::value(Some(since)))
        .col_expr(endpoint::Column::RestUntil, Expr::value(Some(rest)));
    if let Some(reason) = off {
        update = update
            .col_expr(endpoint::Column::State, Expr::value("off"))
            .col_expr(endpoint::Column::Reason, Expr::value(Some(reason)));
    }
    // Those that were sent beside each other fail once.
    update
        .filter(endpoint::Column::Id.eq(endpoint.id))
        .filter(endpoint::Column::Failures.eq(endpoint.failures))
        .filter(endpoint::Column::State.eq("on"))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Messages whose alarm was lost are sent all the same.
pub async fn take_up(context: &Context, late: At) -> Result<(), Failure> {
    let text =
        "SELECT tenant_id, id FROM message WHERE state IN ('gathering', 'waiting') AND due_at < $1 ORDER BY due_at LIMIT 100";
    for row in context.database.query_all_raw(sql(context.database.get_database_backend(), text, vec![late.0.into()])).await? {
        let job = TellPartner { tenant: TenantId(row.try_get("", "tenant_id")?), message: MessageId(row.try_get("", "id")?) };
        enqueue(&context.database, context.clock.as_ref(), &job, context.now()).await?;
    }
    Ok(())
}
