//! Webhooks of a partner's: where it is told of what happens to its customers, in the form of Standard Webhooks.

use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use entities::endpoint;
use entities::ids::{EndpointId, PartnerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{self, Arrived, Asked};
use super::once::Planned;
use super::paging::Query;
use super::{find, only, words};
use crate::caller::{Asker, Scope};
use crate::endpoints::{self, Change, Tried, Wish};
use crate::error::Error;
use crate::graphql::words::DateTime;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/webhooks")
                .route(web::get().to(list_webhooks))
                .route(web::post().to(add_webhook))
                .default_service(only("GET, POST")),
        )
        .service(
            web::resource("/webhooks/{webhook}")
                .route(web::get().to(read_webhook))
                .route(web::patch().to(change_webhook))
                .route(web::delete().to(remove_webhook))
                .default_service(only("GET, PATCH, DELETE")),
        )
        .service(
            web::resource("/webhooks/{webhook}/secret").route(web::post().to(new_webhook_secret)).default_service(only("POST")),
        )
        .service(web::resource("/webhooks/{webhook}/test").route(web::post().to(test_webhook)).default_service(only("POST")));
}

/// Where you want to be told, and of what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWebhook {
    /// On the public internet.
    #[schema(example = "https://hooks.kea.example/cp-connect", max_length = 2000, pattern = r"^https://[^\s\x00-\x1f]+$")]
    url: String,
    /// What you want to be told.
    #[schema(schema_with = words::events)]
    events: Vec<String>,
}

impl Asked for NewWebhook {
    const FIELDS: &'static [&'static str] = &["url", "events"];
}

/// What is to be another; the rest stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookChange {
    #[schema(max_length = 2000, pattern = r"^https://[^\s\x00-\x1f]+$")]
    url: Option<String>,
    #[schema(schema_with = words::events_or_null)]
    events: Option<Vec<String>>,
    /// One that was switched off is switched on again.
    enabled: Option<bool>,
}

impl Asked for WebhookChange {
    const FIELDS: &'static [&'static str] = &["url", "events", "enabled"];
}

/// A webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    id: String,
    url: String,
    events: Vec<String>,
    enabled: bool,
    /// Why it is switched off.
    reason: Option<String>,
    /// Since when nothing was taken.
    failing_since: Option<DateTime>,
    /// Until when nothing is sent, because the last attempt came to nothing.
    rests_until: Option<DateTime>,
    created_at: DateTime,
}

/// A webhook, and what its messages are signed with.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    webhook: Webhook,
    /// Told here and never again.
    #[schema(example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDaBEDgPUWPBc=")]
    secret: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Webhooks {
    items: Vec<Webhook>,
}

/// What came of a message that was sent to try it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WebhookTest {
    /// Whether the answer was one of 200 to 299.
    delivered: bool,
    /// What your server answered.
    status: Option<u16>,
    /// Why there was no answer.
    error: Option<String>,
    milliseconds: u64,
}

/// Your webhooks, the oldest first.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks", responses((status = 200, body = Webhooks)),
    security(("partner" = ["webhooks:write"])))]
pub async fn list_webhooks(state: Data<State>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let (_, partner) = partner(&request)?;
    Query::read(&request, &[])?;
    let items = endpoints::list(&state, partner).await?.into_iter().map(Webhook::of).collect();
    Ok(HttpResponse::Ok().json(Webhooks { items }))
}

/// Makes a webhook. Its secret is told here and never again; ten there may be.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", request_body = NewWebhook,
    responses((status = 201, body = WebhookWithSecret, headers(("Location" = String, description = "The webhook's address")))),
    security(("partner" = ["webhooks:write"])))]
pub async fn add_webhook(state: Data<State>, request: HttpRequest, body: Arrived) -> Result<HttpResponse, Error> {
    let (asker, partner) = partner(&request)?;
    Query::read(&request, &[])?;
    let new: NewWebhook = body::read(&request, body)?;
    let wish = Wish::parse(&state.courier, &new.url, &new.events)?;
    let planned = request.extensions().get::<Planned>().map(|planned| EndpointId(planned.0));
    let (made, secret) = endpoints::create(&state, partner, planned, wish, &asker.author()).await?;
    let place = format!("/api/v1/webhooks/{}", made.id);
    Ok(HttpResponse::Created().insert_header((LOCATION, place)).json(WebhookWithSecret { webhook: Webhook::of(made), secret }))
}

/// One webhook.
#[utoipa::path(get, path = "/api/v1/webhooks/{webhook}", tag = "webhooks", params(("webhook" = Uuid, Path)),
    responses((status = 200, body = Webhook)), security(("partner" = ["webhooks:write"])))]
pub async fn read_webhook(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let (_, partner) = partner(&request)?;
    let found = endpoints::find(&state.database, partner, read_id(&id)?).await?;
    Query::read(&request, &[])?;
    Ok(HttpResponse::Ok().json(Webhook::of(found)))
}

/// Changes a webhook, or switches it on or off. One that is on is tried at once with what waits. What happens while it is off is not sent, and
/// can be sent again afterwards.
#[utoipa::path(patch, path = "/api/v1/webhooks/{webhook}", tag = "webhooks", request_body = WebhookChange,
    params(("webhook" = Uuid, Path)), responses((status = 200, body = Webhook)), security(("partner" = ["webhooks:write"])))]
pub async fn change_webhook(
    state: Data<State>,
    id: Path<String>,
    request: HttpRequest,
    body: Arrived,
) -> Result<HttpResponse, Error> {
    let (asker, partner) = partner(&request)?;
    let found = endpoints::find(&state.database, partner, read_id(&id)?).await?;
    Query::read(&request, &[])?;
    let asked: WebhookChange = body::read(&request, body)?;
    let change = Change { url: asked.url, events: asked.events, enabled: asked.enabled };
    let changed = endpoints::change(&state, partner, found.id, change, &asker.author()).await?;
    Ok(HttpResponse::Ok().json(Webhook::of(changed)))
}

/// Removes a webhook, and what it was told.
#[utoipa::path(delete, path = "/api/v1/webhooks/{webhook}", tag = "webhooks", params(("webhook" = Uuid, Path)),
    responses((status = 204, description = "It is gone")), security(("partner" = ["webhooks:write"])))]
pub async fn remove_webhook(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let (asker, partner) = partner(&request)?;
    let id = read_id(&id)?;
    Query::read(&request, &[])?;
    endpoints::remove(&state, partner, id, &asker.author()).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Gives a webhook another secret. Messages are signed with those before too, for 24 hours.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/secret", tag = "webhooks", params(("webhook" = Uuid, Path)),
    responses((status = 200, body = WebhookWithSecret)), security(("partner" = ["webhooks:write"])))]
pub async fn new_webhook_secret(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let (asker, partner) = partner(&request)?;
    let id = read_id(&id)?;
    Query::read(&request, &[])?;
    let (changed, secret) = endpoints::new_secret(&state, partner, id, &asker.author()).await?;
    Ok(HttpResponse::Ok().json(WebhookWithSecret { webhook: Webhook::of(changed), secret }))
}

/// Sends a message of the type `test` now, and tells what came of it.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/test", tag = "webhooks", params(("webhook" = Uuid, Path)),
    responses((status = 200, body = WebhookTest)), security(("partner" = ["webhooks:write"])))]
pub async fn test_webhook(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let (asker, partner) = partner(&request)?;
    let id = read_id(&id)?;
    Query::read(&request, &[])?;
    let Tried { status, error, milliseconds } = endpoints::test(&state, partner, id, &asker.author()).await?;
    let delivered = status.is_some_and(|status| (200..300).contains(&status));
    Ok(HttpResponse::Ok().json(WebhookTest { delivered, status, error, milliseconds }))
}

/// Which partner asks. Staff have none.
pub fn partner(request: &HttpRequest) -> Result<(Asker, PartnerId), Error> {
    let asker = find::asker(request, Scope::WebhooksWrite)?;
    match &asker {
        Asker::Partner(partner) => {
            let id = partner.id;
            Ok((asker, id))
        }
        Asker::Staff(_) => Err(Error::Forbidden { needs: "webhooks are a partner's own: ask with one of its programs" }),
    }
}

/// An id that is none is an unknown one.
pub fn read_id(id: &str) -> Result<EndpointId, Error> {
    id.parse().map_err(|_| Error::NotFound("webhook"))
}

impl Webhook {
    fn of(row: endpoint::Model) -> Self {
        Self {
            id: row.id.to_string(),
            url: row.url,
            events: row.events.split_whitespace().map(str::to_owned).collect(),
            enabled: row.state == "on",
            reason: row.reason,
            failing_since: row.failing_since.map(DateTime),
            rests_until: row.rest_until.map(DateTime),
            created_at: DateTime(row.created_at),
        }
    }
}
