//! Starting, pausing, resuming and ending runs.

use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use chrono::NaiveDate;
use entities::ids::RunId;
use jobs::runs::{self, Changed, Kind, Started, Wishes};
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::{self, Arrived, Asked};
use super::once::Planned;
use super::paging::Query;
use super::runs::Run;
use super::{find, only, words};
use crate::caller::Scope;
use crate::error::Error;
use crate::scopes::ScopeWish;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/tenants/{tenant}/runs/{run}/pause").route(web::post().to(pause_run)).default_service(only("POST")),
        )
        .service(
            web::resource("/tenants/{tenant}/runs/{run}/resume").route(web::post().to(resume_run)).default_service(only("POST")),
        )
        .service(
            web::resource("/tenants/{tenant}/runs/{run}/cancel").route(web::post().to(cancel_run)).default_service(only("POST")),
        );
}

/// What is to be run. What is not said of a migration stays as it was said before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewRun {
    kind: NewRunKind,
    /// Of a migration: whether accounts, taxes and currencies that Zoho lacks are created.
    create_missing: Option<bool>,
    /// Of a migration or a preview: what is carried.
    scope: Option<NewScope>,
}

impl Asked for NewRun {
    const FIELDS: &'static [&'static str] = &["kind", "createMissing", "scope"];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum NewRunKind {
    /// Everything within the scope, then the reconciliation.
    Migration,
    /// What has changed.
    Sync,
    /// Both sides' books compared to the cent.
    Reconciliation,
    /// What a migration would do; nothing is written.
    Preview,
}

/// What of a company is carried. Empty: everything.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewScope {
    /// Documents and bookings from this day on, and those from before that were still open on it.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<NaiveDate>,
    /// Only documents that are open on the day of the first migration.
    #[serde(default)]
    open_only: bool,
    /// Kinds of records that are left out: `books.quotes`.
    #[serde(default)]
    #[schema(schema_with = words::flows)]
    off: Vec<String>,
    /// Kinds that are carried only where they are asked for: `books.notes`.
    #[serde(default)]
    #[schema(schema_with = words::flows)]
    on: Vec<String>,
}

/// Starts a run. One a link at a time: while another is at work or paused the answer is 409, and so it is while a link is not ready.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/links/{link}/runs", tag = "runs", request_body = NewRun,
    params(("tenant" = Uuid, Path), ("link" = Uuid, Path)),
    responses((status = 201, body = Run, headers(("Location" = String, description = "The run's address")))),
    security(("partner" = ["runs:write"])))]
pub async fn start_run(
    state: Data<State>,
    ids: Path<(String, String)>,
    request: HttpRequest,
    body: Arrived,
) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::RunsWrite)?;
    let link = find::link(&state, &asker, &ids.0, &ids.1).await?;
    Query::read(&request, &[])?;
    let new: NewRun = body::read(&request, body)?;
    let kind = match new.kind {
        NewRunKind::Migration => Kind::Migration,
        NewRunKind::Sync => Kind::Sync,
        NewRunKind::Reconciliation => Kind::Reconciliation,
        NewRunKind::Preview => Kind::Preview,
    };
    if new.create_missing.is_some() && kind != Kind::Migration {
        return Err(Error::bad_input("createMissing", "createMissing is for a migration"));
    }
    if new.scope.is_some() && !matches!(kind, Kind::Migration | Kind::Preview) {
        return Err(Error::bad_input("scope", "scope is for a migration or a preview"));
    }
    let today = state.now().to_utc().date_naive();
    let scope = new
        .scope
        .map(|scope| ScopeWish { from: scope.from, open_only: scope.open_only, off: scope.off, on: scope.on }.read(today));
    let id = request.extensions().get::<Planned>().map(|planned| RunId(planned.0));
    let wishes = Wishes { create_missing: new.create_missing, scope: scope.transpose()?, id };
    match runs::start(&state, link.tenant_id, link.id, kind, &asker.author(), &wishes).await? {
        Started::Run(id) => {
            let run = find::run(&state, &asker, &ids.0, &id.to_string()).await?;
            let place = format!("/api/v1/tenants/{}/runs/{id}", link.tenant_id);
            Ok(HttpResponse::Created().insert_header((LOCATION, place)).json(Run::of(run, &asker)?))
        }
        Started::Already(id) => Err(Error::Conflict(format!("the run {id} is at work or paused; one at a time"))),
        Started::NotReady(why) => Err(Error::Conflict(why)),
        Started::NotFound => Err(Error::NotFound("link")),
    }
}

/// Lets a run rest. What is being sent is still settled.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/runs/{run}/pause", tag = "runs", params(("tenant" = Uuid, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = Run)), security(("partner" = ["runs:write"])))]
pub async fn pause_run(state: Data<State>, ids: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Error> {
    change(&state, &ids, &request, Change::Pause).await
}

/// Goes on where it paused.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/runs/{run}/resume", tag = "runs", params(("tenant" = Uuid, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = Run)), security(("partner" = ["runs:write"])))]
pub async fn resume_run(state: Data<State>, ids: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Error> {
    change(&state, &ids, &request, Change::Resume).await
}

/// Ends a run. What was carried stays carried.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/runs/{run}/cancel", tag = "runs", params(("tenant" = Uuid, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = Run)), security(("partner" = ["runs:write"])))]
pub async fn cancel_run(state: Data<State>, ids: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Error> {
    change(&state, &ids, &request, Change::Cancel).await
}

#[derive(Clone, Copy)]
enum Change {
    Pause,
    Resume,
    Cancel,
}

async fn change(state: &State, ids: &(String, String), request: &HttpRequest, change: Change) -> Result<HttpResponse, Error> {
    let asker = find::asker(request, Scope::RunsWrite)?;
    let run = find::run(state, &asker, &ids.0, &ids.1).await?;
    Query::read(request, &[])?;
    let changed = match change {
        Change::Pause => runs::pause(state, run.tenant_id, run.id, &asker.author()).await?,
        Change::Resume => runs::resume(state, run.tenant_id, run.id, &asker.author()).await?,
        Change::Cancel => runs::cancel(state, run.tenant_id, run.id, &asker.author()).await?,
    };
    let wanted = match change {
        Change::Pause => "paused",
        Change::Resume => "working",
        Change::Cancel => "cancelled",
    };
    match changed {
        Changed::No { state } if state != wanted => Err(Error::Conflict(format!("the run is {state}; that does not allow it"))),
        Changed::NotFound => Err(Error::NotFound("run")),
        // Asking twice does no harm: it is as it was asked for.
        Changed::Yes | Changed::No { .. } => {
            Ok(HttpResponse::Ok().json(Run::of(find::run(state, &asker, &ids.0, &ids.1).await?, &asker)?))
        }
    }
}
