//! Where partners want to be told of what happens: made, changed, given another secret, tried, and asked again for what was told.

use std::time::{Duration, Instant};

use entities::audit_entry::SYSTEM;
use entities::chance::Chance;
use entities::clock::At;
use entities::database::begin_write;
use entities::ids::{EndpointId, MessageId, PartnerId, TenantId};
use entities::sealed::MasterKeys;
use entities::{endpoint, message, partner, partner_tenant};
use jobs::audit::{Author, Deed, note};
use jobs::context::{Context, Failure};
use jobs::events::{self, courier::Courier, open_secret, seal_secret, signing};
use jobs::queue::enqueue;
use jobs::tasks::tell_partner::{self, TellPartner};
use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
};
use serde_json::json;
use zeroize::Zeroizing;

use crate::error::Error;

/// How long the secret before signs beside the new one.
const OVERLAP: Duration = Duration::from_secs(24 * 3600);
/// Each costs a call for everything that happens.
const ENDPOINTS_MAX: u64 = 10;
const URL_CHARS_MAX: usize = 2000;
/// Secrets before the present one that still sign.
const PREVIOUS_MAX: usize = 3;
/// Messages asked for again in one request.
pub const REPLAYED_MAX: u64 = 1000;

/// An endpoint as a partner wishes it, checked.
#[derive(Debug)]
pub struct Wish {
    pub url: String,
    pub events: String,
}

/// What is to be another.
#[derive(Debug, Default)]
pub struct Change {
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    pub enabled: Option<bool>,
}

/// What an attempt came to.
#[derive(Debug)]
pub struct Tried {
    pub status: Option<u16>,
    pub error: Option<String>,
    pub milliseconds: u64,
}

impl Wish {
    pub fn parse(courier: &Courier, url: &str, events: &[String]) -> Result<Self, Error> {
        Ok(Self { url: read_url(courier, url)?, events: read_events(events)? })
    }
}

fn read_url(courier: &Courier, url: &str) -> Result<String, Error> {
    if url.chars().count() > URL_CHARS_MAX {
        return Err(Error::bad_input("url", format!("the address must have {URL_CHARS_MAX} characters at most")));
    }
    courier.read(url).map(String::from).map_err(|why| Error::bad_input("url", why))
}

fn read_events(events: &[String]) -> Result<String, Error> {
    if let Some(unknown) = events.iter().find(|event| !events::NAMES.contains(&event.as_str())) {
        let said: String = unknown.chars().take(40).collect();
        return Err(Error::bad_input("events", format!("{said:?} is no event; there are {}", events::NAMES.join(", "))));
    }
    let chosen: Vec<&str> = events::NAMES.into_iter().filter(|name| events.iter().any(|event| event == name)).collect();
    if chosen.is_empty() {
        return Err(Error::bad_input("events", format!("name at least one event of {}", events::NAMES.join(", "))));
    }
    Ok(chosen.join(" "))
}

/// Makes one. Asked for again under the same id, it is the one that was made.
pub async fn create(
    context: &Context,
    partner: PartnerId,
    id: Option<EndpointId>,
    wish: Wish,
    by: &Author,
) -> Result<(endpoint::Model, String), Error> {
    let transaction = begin_write(&context.database).await?;
    // One after the other: so many are allowed, and no more.
    partner::Entity::of(partner).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound("partner"))?;
    let id = id.unwrap_or_else(|| EndpointId::new(context.clock.as_ref(), context.chance.as_ref()));
    if let Some(made) = one(partner, id).one(&transaction).await? {
        let secret = signing::told(&open(context, id, &made.secret)?);
        return Ok((made, secret));
    }
    if endpoint::Entity::of(partner).count(&transaction).await? >= ENDPOINTS_MAX {
        return Err(Error::Conflict(format!("there are {ENDPOINTS_MAX} webhooks already; remove one first")));
    }
    let secret = signing::new_secret(context.chance.as_ref());
    let row = endpoint::ActiveModel {
        id: Set(id),
        partner_id: Set(partner),
        url: Set(wish.url),
        events: Set(wish.events),
        secret: Set(seal_secret(&context.keys, id, &secret, context.chance.as_ref())),
        previous: Set(None),
        previous_until: Set(None),
        state: Set("on".to_owned()),
        reason: Set(None),
        failures: Set(0),
        failing_since: Set(None),
        rest_until: Set(None),
        created_by: Set(by.who().to_owned()),
        created_at: Set(context.now()),
    };
    let made = row.insert(&transaction).await?;
    noted(&transaction, context, by, "endpoint.made", &made, "").await?;
    transaction.commit().await?;
    Ok((made, signing::told(&secret)))
}

fn open(context: &Context, id: EndpointId, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
    Ok(open_secret(&context.keys, id, sealed).map_err(Failure::from)?)
}

async fn noted(
    transaction: &impl ConnectionTrait,
    context: &Context,
    by: &Author,
    act: &str,
    endpoint: &endpoint::Model,
    detail: impl Into<String>,
) -> Result<(), Error> {
    let deed = Deed::done(act, format!("endpoint:{}", endpoint.id), detail.into());
    note(transaction, context, SYSTEM, by, deed).await?;
    Ok(())
}

/// A partner's, in the order in which they were made.
pub async fn list(context: &Context, partner: PartnerId) -> Result<Vec<endpoint::Model>, Error> {
    Ok(endpoint::Entity::of(partner).order_by_asc(endpoint::Column::Id).all(&context.database).await?)
}

pub async fn find(connection: &impl ConnectionTrait, partner: PartnerId, id: EndpointId) -> Result<endpoint::Model, Error> {
    one(partner, id).one(connection).await?.ok_or(Error::NotFound("webhook"))
}

async fn locked(connection: &impl ConnectionTrait, partner: PartnerId, id: EndpointId) -> Result<endpoint::Model, Error> {
    one(partner, id).lock_exclusive().one(connection).await?.ok_or(Error::NotFound("webhook"))
}

fn one(partner: PartnerId, id: EndpointId) -> Select<endpoint::Entity> {
    endpoint::Entity::of(partner).filter(endpoint::Column::Id.eq(id))
}

/// Changes it. Whatever is changed, it is looked at afresh: it is not resting any more.
pub async fn change(
    context: &Context,
    partner: PartnerId,
    id: EndpointId,
    change: Change,
    by: &Author,
) -> Result<endpoint::Model, Error> {
    let url = change.url.as_deref().map(|url| read_url(&context.courier, url)).transpose()?;
    let events = change.events.as_deref().map(read_events).transpose()?;
    let transaction = begin_write(&context.database).await?;
    let found = locked(&transaction, partner, id).await?;
    let mut row = found.into_active_model();
    let mut what = Vec::new();
    if let Some(url) = url {
        row.url = Set(url);
        what.push("url");
    }
    if let Some(events) = events {
        row.events = Set(events);
        what.push("events");
    }
    if let Some(enabled) = change.enabled {
        row.state = Set(if enabled { "on" } else { "off" }.to_owned());
        row.reason = Set((!enabled).then(|| "It was switched off by its partner.".to_owned()));
        what.push(if enabled { "on" } else { "off" });
    }
    let changed = rested(row).update(&transaction).await?;
    if changed.state == "on" {
        hurry(&transaction, context, id).await?;
    }
    noted(&transaction, context, by, "endpoint.changed", &changed, what.join(" ")).await?;
    transaction.commit().await?;
    context.waker.wake();
    Ok(changed)
}

/// It rests no more, and what failed before is forgotten.
fn rested(mut row: endpoint::ActiveModel) -> endpoint::ActiveModel {
    row.failures = Set(0);
    row.failing_since = Set(None);
    row.rest_until = Set(None);
    row
}

/// What waits for the end of a rest is sent now: the longest waiting first, and so many at once.
async fn hurry(transaction: &impl ConnectionTrait, context: &Context, id: EndpointId) -> Result<(), Error> {
    let now = context.now();
    let waiting = message::Entity::of_endpoint(id)
        .filter(message::Column::State.eq("waiting"))
        .filter(message::Column::DueAt.gt(now))
        .order_by_asc(message::Column::DueAt)
        .limit(REPLAYED_MAX);
    for one in waiting.all(transaction).await? {
        let job = TellPartner { tenant: one.tenant_id, message: one.id };
        let mut row = one.into_active_model();
        row.due_at = Set(now);
        row.update(transaction).await?;
        enqueue(transaction, context.clock.as_ref(), &job, now).await?;
    }
    Ok(())
}

/// Removes it, with what it was told and was to be told.
pub async fn remove(context: &Context, partner: PartnerId, id: EndpointId, by: &Author) -> Result<(), Error> {
    let transaction = begin_write(&context.database).await?;
    let found = locked(&transaction, partner, id).await?;
    message::Entity::delete_many().filter(message::Column::EndpointId.eq(id)).exec(&transaction).await?;
    endpoint::Entity::delete_many().filter(endpoint::Column::Id.eq(id)).exec(&transaction).await?;
    noted(&transaction, context, by, "endpoint.removed", &found, "").await?;
    transaction.commit().await?;
    Ok(())
}

/// Gives it another secret. Messages are signed with those before too, for a day from the last one on: whoever lost the answer and asks again
/// does not lose the secret that is in use.
pub async fn new_secret(
    context: &Context,
    partner: PartnerId,
    id: EndpointId,
    by: &Author,
) -> Result<(endpoint::Model, String), Error> {
    let secret = signing::new_secret(context.chance.as_ref());
    let transaction = begin_write(&context.database).await?;
    let found = locked(&transaction, partner, id).await?;
    // One that does not open any more signs nothing.
    let mut before = open(context, id, &found.secret).unwrap_or_default();
    if let Some(previous) = found.previous.as_ref().filter(|_| found.previous_until.is_some_and(|until| context.now() < until)) {
        before.extend_from_slice(&open(context, id, previous).unwrap_or_default());
        before.truncate(PREVIOUS_MAX * signing::SECRET_BYTES);
    }
    let mut row = found.into_active_model();
    row.previous = Set(Some(seal_secret(&context.keys, id, &before, context.chance.as_ref())));
    row.previous_until = Set(Some(context.in_a(OVERLAP)));
    row.secret = Set(seal_secret(&context.keys, id, &secret, context.chance.as_ref()));
    let changed = row.update(&transaction).await?;
    noted(&transaction, context, by, "endpoint.secret", &changed, "").await?;
    transaction.commit().await?;
    Ok((changed, signing::told(&secret)))
}

/// Sends a message that means nothing, now, and tells what came of it. Whether it is on does not matter.
pub async fn test(context: &Context, partner: PartnerId, id: EndpointId, by: &Author) -> Result<Tried, Error> {
    let found = find(&context.database, partner, id).await?;
    let message = MessageId::new(context.clock.as_ref(), context.chance.as_ref()).to_string();
    let body = events::body("test", context.now(), json!({}));
    let headers = tell_partner::headers(context, &found, &message, &body)?;
    let since = Instant::now();
    let outcome = context.courier.send(&found.url, headers, body).await;
    let milliseconds = since.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
    let tried = match outcome {
        Ok(answer) => Tried { status: Some(answer.status), error: None, milliseconds },
        Err(why) => Tried { status: None, error: Some(why), milliseconds },
    };
    let transaction = begin_write(&context.database).await?;
    let detail = tried.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    noted(&transaction, context, by, "endpoint.tested", &found, detail).await?;
    transaction.commit().await?;
    Ok(tried)
}

/// What it was told and is to be told, the newest first: of customers that are still the partner's.
pub async fn messages(
    context: &Context,
    endpoint: &endpoint::Model,
    after: Option<MessageId>,
    rows: u64,
) -> Result<Vec<message::Model>, Error> {
    let mut query = own(endpoint).order_by_desc(message::Column::Id).limit(rows);
    if let Some(after) = after {
        query = query.filter(message::Column::Id.lt(after));
    }
    Ok(query.all(&context.database).await?)
}

fn own(endpoint: &endpoint::Model) -> Select<message::Entity> {
    let theirs = Query::select()
        .column(partner_tenant::Column::TenantId)
        .from(partner_tenant::Entity)
        .and_where(partner_tenant::Column::PartnerId.eq(endpoint.partner_id))
        .to_owned();
    message::Entity::of_endpoint(endpoint.id)
        .filter(message::Column::TenantId.in_subquery(theirs))
        .filter(message::Column::State.ne("gathering"))
}

/// Sends one again, whatever became of it.
pub async fn replay(
    context: &Context,
    partner: PartnerId,
    id: EndpointId,
    message: MessageId,
    by: &Author,
) -> Result<message::Model, Error> {
    let transaction = begin_write(&context.database).await?;
    let endpoint = living(locked(&transaction, partner, id).await?)?;
    let found = own(&endpoint).filter(message::Column::Id.eq(message)).one(&transaction).await?;
    let found = found.ok_or(Error::NotFound("message"))?;
    rested(endpoint.clone().into_active_model()).update(&transaction).await?;
    let again = once_more(&transaction, context, found).await?;
    noted(&transaction, context, by, "endpoint.replayed", &endpoint, "1").await?;
    transaction.commit().await?;
    context.waker.wake();
    Ok(again)
}

/// Sends again what was given up since then, the oldest first, and gives how many; what still waits is sent now.
pub async fn replay_since(context: &Context, partner: PartnerId, id: EndpointId, since: At, by: &Author) -> Result<u64, Error> {
    let transaction = begin_write(&context.database).await?;
    let endpoint = living(locked(&transaction, partner, id).await?)?;
    let missed = own(&endpoint)
        .filter(message::Column::State.eq("given_up"))
        .filter(message::Column::MadeAt.gte(since))
        .order_by_asc(message::Column::Id)
        .limit(REPLAYED_MAX);
    let found = missed.all(&transaction).await?;
    rested(endpoint.clone().into_active_model()).update(&transaction).await?;
    hurry(&transaction, context, id).await?;
    let count = found.len() as u64;
    for one in found {
        once_more(&transaction, context, one).await?;
    }
    noted(&transaction, context, by, "endpoint.replayed", &endpoint, count.to_string()).await?;
    transaction.commit().await?;
    context.waker.wake();
    Ok(count)
}

fn living(endpoint: endpoint::Model) -> Result<endpoint::Model, Error> {
    match endpoint.state.as_str() {
        "on" => Ok(endpoint),
        _ => Err(Error::Conflict("the webhook is switched off; enable it first".to_owned())),
    }
}

async fn once_more(
    transaction: &impl ConnectionTrait,
    context: &Context,
    found: message::Model,
) -> Result<message::Model, Error> {
    let now = context.now();
    let (tenant, id): (TenantId, MessageId) = (found.tenant_id, found.id);
    let mut row = found.into_active_model();
    row.state = Set("waiting".to_owned());
    row.attempts = Set(0);
    row.begun_at = Set(now);
    row.due_at = Set(now);
    row.settled_at = Set(None);
    row.status = Set(None);
    row.error = Set(None);
    let row = row.update(transaction).await?;
    enqueue(transaction, context.clock.as_ref(), &TellPartner { tenant, message: id }, now).await?;
    Ok(row)
}

/// Seals every secret with the newest master key that another one sealed. Gives how many, and how many do not open.
pub async fn reseal(connection: &impl ConnectionTrait, keys: &MasterKeys, chance: &dyn Chance) -> Result<(u64, u64), DbErr> {
    let (mut resealed, mut closed) = (0, 0);
    let is_old = |sealed: &[u8]| !keys.is_newest(sealed);
    for found in endpoint::Entity::all().lock_exclusive().all(connection).await? {
        if !is_old(&found.secret) && !found.previous.as_deref().is_some_and(is_old) {
            continue;
        }
        let id = found.id;
        let anew = |sealed: &[u8]| Some(seal_secret(keys, id, &open_secret(keys, id, sealed).ok()?, chance));
        let Some(secret) = anew(&found.secret) else {
            closed += 1;
            continue;
        };
        // One that does not open any more signs nothing.
        let previous = found.previous.as_deref().and_then(anew);
        let mut row = found.into_active_model();
        row.secret = Set(secret);
        row.previous = Set(previous);
        row.update(connection).await?;
        resealed += 1;
    }
    Ok((resealed, closed))
}
