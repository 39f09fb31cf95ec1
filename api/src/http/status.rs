//! The customer's progress page, and the stream of events that keeps it fresh.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpResponse, HttpResponseBuilder};
use entities::tenant;
use futures::Stream;
use jobs::connections::hash;
use jobs::context::Failure;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::pages;
use crate::pages::status::Snapshot;
use crate::report::Document;
use crate::state::State;

/// How often the rows are looked at while a run works, and while none does.
const LOOK_WORKING: Duration = Duration::from_secs(1);
const LOOK_RESTING: Duration = Duration::from_secs(5);
/// A line without news this often keeps proxies from closing the stream.
const STILL_HERE: Duration = Duration::from_secs(15);
/// A stream ends after that; the browser opens a new one by itself.
const STREAM_LIVES: Duration = Duration::from_secs(600);
/// Open streams of one process. Each costs a few small queries a second.
const STREAMS_MAX: usize = 200;

pub fn configure(config: &mut ServiceConfig) {
    config
        .app_data(Data::new(Streams::default()))
        .route("/status/{token}", web::get().to(page))
        .route("/status/{token}", web::head().to(page))
        .route("/status/{token}/events", web::get().to(events))
        .route("/status/{token}/report", web::get().to(report))
        .route("/status/{token}/report.json", web::get().to(report_json))
        .route("/status/{token}/report.csv", web::get().to(report_csv));
}

/// How many streams may still be opened. Each server thread has a share of its own.
struct Streams(Arc<Semaphore>);

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(STREAMS_MAX)))
    }
}

async fn page(state: Data<State>, token: Path<String>) -> HttpResponse {
    match look(&state, &token).await {
        Ok(Some(snapshot)) => pages::status::page(&snapshot, &token),
        Ok(None) => pages::problem::nothing_here(),
        Err(failure) => pages::broken(failure),
    }
}

async fn report(state: Data<State>, token: Path<String>) -> HttpResponse {
    match document(&state, &token).await {
        Ok(Some(document)) => pages::report::page(&document, &token),
        Ok(None) => pages::problem::nothing_here(),
        Err(failure) => pages::broken(failure),
    }
}

async fn report_json(state: Data<State>, token: Path<String>) -> HttpResponse {
    match document(&state, &token).await {
        Ok(Some(document)) => file("report.json").json(document),
        Ok(None) => pages::careful(StatusCode::NOT_FOUND).finish(),
        Err(failure) => pages::broken(failure),
    }
}

async fn report_csv(state: Data<State>, token: Path<String>) -> HttpResponse {
    match document(&state, &token).await {
        Ok(Some(document)) => file("report.csv").content_type("text/csv; charset=utf-8").body(document.csv()),
        Ok(None) => pages::careful(StatusCode::NOT_FOUND).finish(),
        Err(failure) => pages::broken(failure),
    }
}

/// To be saved, under this name.
fn file(name: &str) -> HttpResponseBuilder {
    let mut answer = pages::careful(StatusCode::OK);
    answer.insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    answer
}

/// The newest comparison of the tenant whose page this is.
async fn document(state: &State, token: &str) -> Result<Option<Document>, Failure> {
    let Some(tenant) = tenant::Entity::by_status(&hash(token)).one(&state.database).await? else { return Ok(None) };
    match crate::report::newest(state, tenant.id).await? {
        Some(run) => Ok(Some(crate::report::read(state, &tenant, &run).await?)),
        None => Ok(None),
    }
}

async fn events(state: Data<State>, token: Path<String>, streams: Data<Streams>) -> HttpResponse {
    let Ok(permit) = streams.0.clone().try_acquire_owned() else {
        return pages::careful(StatusCode::SERVICE_UNAVAILABLE).insert_header(("Retry-After", "30")).finish();
    };
    match look(&state, &token).await {
        Ok(Some(_)) => pages::careful(StatusCode::OK)
            .insert_header((CONTENT_TYPE, "text/event-stream; charset=utf-8"))
            // Compression would gather events until they are many.
            .insert_header((CONTENT_ENCODING, "identity"))
            .insert_header(("X-Accel-Buffering", "no"))
            .streaming(stream(state, token.into_inner(), permit)),
        Ok(None) => pages::careful(StatusCode::NOT_FOUND).finish(),
        Err(failure) => pages::broken(failure),
    }
}

async fn look(state: &State, token: &str) -> Result<Option<Snapshot>, Failure> {
    let found = tenant::Entity::by_status(&hash(token)).one(&state.database).await?;
    match found {
        Some(tenant) => Ok(Some(Snapshot::read(state, &tenant).await?)),
        None => Ok(None),
    }
}

struct Watch {
    state: Data<State>,
    token: String,
    told: String,
    told_at: Instant,
    next: Duration,
    ends: Instant,
    _permit: OwnedSemaphorePermit,
}

/// An event whenever something changed. A database that does not answer ends the stream, and the browser comes back.
fn stream(state: Data<State>, token: String, permit: OwnedSemaphorePermit) -> impl Stream<Item = Result<Bytes, Failure>> {
    let now = Instant::now();
    let watch = Watch {
        state,
        token,
        told: String::new(),
        told_at: now,
        next: Duration::ZERO,
        ends: now + STREAM_LIVES,
        _permit: permit,
    };
    futures::stream::try_unfold(watch, |mut watch| async move {
        loop {
            tokio::time::sleep(watch.next).await;
            let now = Instant::now();
            if now >= watch.ends {
                return Ok(None);
            }
            let Some(snapshot) = look(&watch.state, &watch.token).await? else {
                return Ok(None);
            };
            watch.next = if snapshot.is_working() { LOOK_WORKING } else { LOOK_RESTING };
            let event = serde_json::to_string(&snapshot.event()).map_err(|error| Failure::Bug(error.to_string()))?;
            let line = if event != watch.told {
                format!("data: {event}\n\n")
            } else if now - watch.told_at >= STILL_HERE {
                ":\n\n".to_owned()
            } else {
                continue;
            };
            watch.told = event;
            watch.told_at = now;
            return Ok(Some((Bytes::from(line), watch)));
        }
    })
}
