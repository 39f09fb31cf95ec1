//! What providers tell by themselves. A delivery is proven, written down as hints, and answered; nothing is asked of anybody meanwhile.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, Path, PayloadConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use connectors::xero::webhook;
use connectors::zoho;
use jobs::context::Failure;
use jobs::webhooks;
use subtle::ConstantTimeEq;

use super::parameter;
use crate::error::chain;
use crate::state::State;

/// Xero sends up to a hundred events of half a kilobyte, Zoho one record with all its lines.
const BYTES_MAX: usize = 1024 * 1024;
/// Xero waits for five seconds. A database that is busy for longer is a delivery that failed, and Xero sends it again.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

pub fn configure(config: &mut ServiceConfig) {
    let limit = || PayloadConfig::new(BYTES_MAX);
    config
        .service(web::resource("/webhooks/xero").app_data(limit()).route(web::post().to(from_xero)))
        .service(web::resource("/webhooks/zoho/{secret}").app_data(limit()).route(web::post().to(from_zoho)));
}

/// Every answer is empty and sets no cookie: Xero takes nothing else.
async fn from_xero(state: Data<State>, request: HttpRequest, body: Result<Bytes, actix_web::Error>) -> HttpResponse {
    let body = match body {
        Ok(body) => body,
        Err(error) => return empty(error.as_response_error().status_code()),
    };
    let Some(key) = &state.settings.xero_webhook_key else {
        tracing::warn!("a webhook of Xero was refused: XERO_WEBHOOK_KEY is not set");
        return empty(StatusCode::UNAUTHORIZED);
    };
    let signature = request.headers().get(webhook::SIGNATURE).and_then(|value| value.to_str().ok());
    if !signature.is_some_and(|signature| webhook::is_signed(key, &body, signature)) {
        tracing::info!("a webhook of Xero was refused: its signature is not that of its body");
        return empty(StatusCode::UNAUTHORIZED);
    }
    // What Xero has signed and we cannot read would not be readable the next time either.
    let told = webhook::read(&body).unwrap_or_else(|| {
        tracing::warn!(bytes = body.len(), "a webhook of Xero has a shape that is not documented");
        webhook::Told::default()
    });
    if told.changes.is_empty() {
        tracing::debug!(unknown = told.unknown, "a webhook of Xero is about nothing we read");
        return empty(StatusCode::OK);
    }
    answer(webhooks::from_xero(&state, &told), told.unknown).await
}

/// Known by the secret in the address and proven by the one in the header. What Zoho says of the record is not looked at.
async fn from_zoho(
    state: Data<State>,
    request: HttpRequest,
    path: Path<String>,
    body: Result<Bytes, actix_web::Error>,
) -> HttpResponse {
    let body = match body {
        Ok(body) => body,
        Err(error) => return empty(error.as_response_error().status_code()),
    };
    let to = match webhooks::listening(&state, &path).await {
        Ok(Some(to)) => to,
        Ok(None) => return empty(StatusCode::NOT_FOUND),
        Err(failure) => {
            tracing::error!(error = %chain(&failure), "a webhook could not be looked up");
            return empty(StatusCode::INTERNAL_SERVER_ERROR);
        }
    };
    let secret = request.headers().get(zoho::webhook::SECRET).map_or(&[][..], |value| value.as_bytes());
    if !bool::from(secret.ct_eq(to.secret.as_bytes())) {
        tracing::info!("a webhook of Zoho was refused: its header has not our secret");
        return empty(StatusCode::UNAUTHORIZED);
    }
    let about = parameter(&request, zoho::webhook::ABOUT);
    match zoho::webhook::read(Some(about.as_str()).filter(|about| !about.is_empty()), &body) {
        Some(change) => answer(webhooks::from_zoho(&state, &to, &change), 0).await,
        None => {
            tracing::warn!(bytes = body.len(), "a webhook of Zoho is about nothing we read");
            empty(StatusCode::OK)
        }
    }
}

/// Writes down what was said, in time.
async fn answer(work: impl Future<Output = Result<webhooks::Heard, Failure>>, unknown: usize) -> HttpResponse {
    match tokio::time::timeout(ANSWER_WITHIN, work).await {
        Ok(Ok(heard)) => {
            tracing::info!(hinted = heard.hinted, elsewhere = heard.elsewhere, unknown, "a webhook was heard");
            empty(StatusCode::OK)
        }
        Ok(Err(failure)) => {
            tracing::error!(error = %chain(&failure), "a webhook could not be written down");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
        Err(_) => {
            tracing::error!("a webhook could not be written down in time");
            empty(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

fn empty(status: StatusCode) -> HttpResponse {
    HttpResponse::build(status).finish()
}
