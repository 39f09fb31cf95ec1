//! What a webhook was told, and sending it again.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use entities::clock::At;
use entities::ids::MessageId;
use entities::message;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{self, Arrived, Asked};
use super::only;
use super::paging::{self, Query};
use super::webhooks::{partner, read_id};
use crate::endpoints;
use crate::error::Error;
use crate::graphql::words::DateTime;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/webhooks/{webhook}/messages").route(web::get().to(list_messages)).default_service(only("GET")))
        .service(
            web::resource("/webhooks/{webhook}/messages/{message}/replay")
                .route(web::post().to(replay_message))
                .default_service(only("POST")),
        )
        .service(
            web::resource("/webhooks/{webhook}/replay").route(web::post().to(replay_messages)).default_service(only("POST")),
        );
}

/// One message to a webhook.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The header `webhook-id`: the same with every attempt.
    id: String,
    /// `run.finished`.
    event: String,
    tenant_id: String,
    state: MessageState,
    attempts: i32,
    /// What your server answered last.
    status: Option<i32>,
    /// Why the last attempt came to nothing.
    error: Option<String>,
    created_at: DateTime,
    /// When it is sent, or sent again.
    next_attempt_at: Option<DateTime>,
    ended_at: Option<DateTime>,
    /// What was sent.
    #[schema(value_type = Object)]
    body: Value,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageState {
    Waiting,
    Delivered,
    /// Nobody took it in time, or the webhook was off.
    GivenUp,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MessagePage {
    items: Vec<Message>,
    /// For `after`; null on the last page.
    next: Option<String>,
}

/// From when on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Replay {
    #[schema(value_type = String, format = DateTime, example = "2026-11-26T00:00:00Z")]
    since: String,
}

impl Asked for Replay {
    const FIELDS: &'static [&'static str] = &["since"];
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// How many are sent again.
    replayed: u64,
}

/// What this webhook was told in the last 30 days and is to be told, the newest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{webhook}/messages", tag = "webhooks",
    params(("webhook" = Uuid, Path), ("limit" = Option<u64>, Query, description = "20 where absent", minimum = 1, maximum = 100),
           ("after" = Option<Uuid>, Query, description = "`next` of the page before")),
    responses((status = 200, body = MessagePage)), security(("partner" = ["webhooks:write"])))]
pub async fn list_messages(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let (_, partner) = partner(&request)?;
    let endpoint = endpoints::find(&state.database, partner, read_id(&id)?).await?;
    let query = Query::read(&request, &["limit", "after"])?;
    let (rows, after) = (query.rows()?, query.after::<MessageId>()?);
    let mut found = endpoints::messages(&state, &endpoint, after, rows + 1).await?;
    let next = paging::cut(&mut found, rows, |message| message.id.to_string());
    Ok(HttpResponse::Ok().json(MessagePage { items: found.into_iter().map(Message::of).collect(), next }))
}

/// Sends a message again, whatever became of it.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/messages/{message}/replay", tag = "webhooks",
    params(("webhook" = Uuid, Path), ("message" = Uuid, Path)), responses((status = 200, body = Message)),
    security(("partner" = ["webhooks:write"])))]
pub async fn replay_message(
    state: Data<State>,
    ids: Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let (asker, partner) = partner(&request)?;
    let id = read_id(&ids.0)?;
    endpoints::find(&state.database, partner, id).await?;
    let message: MessageId = ids.1.parse().map_err(|_| Error::NotFound("message"))?;
    Query::read(&request, &[])?;
    let again = endpoints::replay(&state, partner, id, message, &asker.author()).await?;
    Ok(HttpResponse::Ok().json(Message::of(again)))
}

/// Sends again what was given up since a moment, the oldest first and a thousand at most: after your server was down. Ask again until none is
/// left. What still waits is tried at once.
#[utoipa::path(post, path = "/api/v1/webhooks/{webhook}/replay", tag = "webhooks", request_body = Replay,
    params(("webhook" = Uuid, Path)), responses((status = 200, body = Replayed)), security(("partner" = ["webhooks:write"])))]
pub async fn replay_messages(
    state: Data<State>,
    id: Path<String>,
    request: HttpRequest,
    body: Arrived,
) -> Result<HttpResponse, Error> {
    let (asker, partner) = partner(&request)?;
    let endpoint = endpoints::find(&state.database, partner, read_id(&id)?).await?;
    Query::read(&request, &[])?;
    let asked: Replay = body::read(&request, body)?;
    let since = chrono::DateTime::parse_from_rfc3339(&asked.since)
        .map_err(|_| Error::bad_input("since", "since must be a moment such as 2026-11-26T00:00:00Z"))?;
    let since = At(since.timestamp_micros());
    let replayed = endpoints::replay_since(&state, partner, endpoint.id, since, &asker.author()).await?;
    Ok(HttpResponse::Ok().json(Replayed { replayed }))
}

impl Message {
    fn of(row: message::Model) -> Self {
        let state = match row.state.as_str() {
            "delivered" => MessageState::Delivered,
            "given_up" => MessageState::GivenUp,
            _ => MessageState::Waiting,
        };
        Self {
            id: row.id.to_string(),
            event: row.event,
            tenant_id: row.tenant_id.to_string(),
            attempts: row.attempts,
            status: row.status,
            error: row.error,
            created_at: DateTime(row.made_at),
            next_attempt_at: matches!(state, MessageState::Waiting).then_some(DateTime(row.due_at)),
            ended_at: row.settled_at.map(DateTime),
            state,
            body: serde_json::from_str(&row.body).unwrap_or_default(),
        }
    }
}
