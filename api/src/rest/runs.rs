//! Runs, and how far they are.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use entities::ids::RunId;
use entities::{run, run_count};
use serde::Serialize;
use utoipa::ToSchema;

use super::paging::{self, Query};
use super::{find, only, steering};
use crate::caller::{Asker, Scope};
use crate::error::Error;
use crate::graphql::words::{DateTime, PausedBy, RunKind, RunState};
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/tenants/{tenant}/links/{link}/runs")
                .route(web::get().to(list_runs))
                .route(web::post().to(steering::start_run))
                .default_service(only("GET, POST")),
        )
        .service(web::resource("/tenants/{tenant}/runs/{run}").route(web::get().to(read_run)).default_service(only("GET")));
}

/// A migration, a sync, a reconciliation or a preview.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    id: String,
    link_id: String,
    kind: RunKind,
    state: RunState,
    /// Which kind of record or step it is at.
    stage: String,
    /// Why it is paused or failed, in a sentence.
    reason: Option<String>,
    paused_by: Option<PausedBy>,
    /// When it goes on by itself.
    resume_at: Option<DateTime>,
    /// Of a reconciliation: whether both sides are equal to the cent.
    clean: Option<bool>,
    /// You, `timetable`, or `cloudperfect` for anybody else.
    requested_by: String,
    created_at: DateTime,
    started_at: Option<DateTime>,
    ended_at: Option<DateTime>,
}

/// A run with how far it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunDetail {
    #[serde(flatten)]
    run: Run,
    progress: Progress,
}

/// How far a run is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Records whose fate is decided.
    done: i64,
    /// Records that Xero says there are.
    expected: i64,
    per_second: Option<f64>,
    /// When it should end, at the rate that the limits allow.
    eta: Option<DateTime>,
    /// The limit that holds it back.
    limited_by: Option<String>,
    counts: Vec<FlowCount>,
}

/// One run's counters for one kind of record.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowCount {
    /// `books.invoices`.
    flow: String,
    expected: i64,
    seen: i64,
    created: i64,
    updated: i64,
    unchanged: i64,
    /// Could not be carried; each says why.
    held: i64,
    /// Wait for another record.
    waiting: i64,
    skipped: i64,
    findings: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RunPage {
    items: Vec<Run>,
    /// For `after`; null on the last page.
    next: Option<String>,
}

/// The link's runs, the newest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/links/{link}/runs", tag = "runs",
    params(("tenant" = Uuid, Path), ("link" = Uuid, Path), ("limit" = Option<u64>, Query, description = "20 where absent", minimum = 1, maximum = 100),
           ("after" = Option<Uuid>, Query, description = "`next` of the page before")),
    responses((status = 200, body = RunPage)), security(("partner" = ["tenants:read"])))]
pub async fn list_runs(state: Data<State>, ids: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsRead)?;
    let link = find::link(&state, &asker, &ids.0, &ids.1).await?;
    let query = Query::read(&request, &["limit", "after"])?;
    let (rows, after) = (query.rows()?, query.after::<RunId>()?);
    let mut found = jobs::runs::page(&state.database, link.tenant_id, link.id, after, rows + 1).await?;
    let next = paging::cut(&mut found, rows, |run| run.id.to_string());
    let items = found.into_iter().map(|run| Run::of(run, &asker)).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(RunPage { items, next }))
}

/// One run, with how far it is.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/runs/{run}", tag = "runs",
    params(("tenant" = Uuid, Path), ("run" = Uuid, Path)),
    responses((status = 200, body = RunDetail)), security(("partner" = ["tenants:read"])))]
pub async fn read_run(state: Data<State>, ids: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsRead)?;
    let row = find::run(&state, &asker, &ids.0, &ids.1).await?;
    Query::read(&request, &[])?;
    let progress = jobs::runs::progress(&state, row.tenant_id, row.id).await?.ok_or(Error::NotFound("run"))?;
    Ok(HttpResponse::Ok().json(RunDetail { run: Run::of(progress.run.clone(), &asker)?, progress: Progress::of(progress) }))
}

impl Run {
    pub fn of(row: run::Model, asker: &Asker) -> Result<Self, Error> {
        Ok(Self {
            id: row.id.to_string(),
            link_id: row.link_id.to_string(),
            kind: RunKind::read(&row.kind)?,
            state: RunState::read(&row.state)?,
            stage: row.stage,
            reason: row.reason,
            paused_by: row.pause.as_deref().map(PausedBy::read).transpose()?,
            resume_at: row.resume_at.map(DateTime),
            clean: row.clean,
            requested_by: asker.shown(row.requested_by),
            created_at: DateTime(row.created_at),
            started_at: row.started_at.map(DateTime),
            ended_at: row.ended_at.map(DateTime),
        })
    }
}

impl Progress {
    fn of(progress: jobs::runs::Progress) -> Self {
        Self {
            done: progress.done,
            expected: progress.expected,
            per_second: progress.per_second,
            eta: progress.eta.map(DateTime),
            limited_by: progress.limited_by,
            counts: progress.counts.into_iter().map(FlowCount::of).collect(),
        }
    }
}

impl FlowCount {
    fn of(row: run_count::Model) -> Self {
        Self {
            flow: row.flow,
            expected: row.expected,
            seen: row.seen,
            created: row.created,
            updated: row.updated,
            unchanged: row.unchanged,
            held: row.held,
            waiting: row.waiting,
            skipped: row.skipped,
            findings: row.findings,
        }
    }
}
