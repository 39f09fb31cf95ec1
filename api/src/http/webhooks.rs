//! What providers tell by themselves. A delivery is proven, written down as hints, and answered; nothing is asked of anybody meanwhile.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, PayloadConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use connectors::xero::webhook;
use jobs::context::Failure;
use jobs::webhooks;

use crate::error::chain;
use crate::state::State;

/// Xero sends up to a hundred events of half a kilobyte.
const XERO_BYTES_MAX: usize = 1024 * 1024;
/// Xero waits for five seconds. A database that is busy for longer is a delivery that failed, and Xero sends it again.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

pub fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/webhooks/xero").app_data(PayloadConfig::new(XERO_BYTES_MAX)).route(web::post().to(from_xero)));
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
