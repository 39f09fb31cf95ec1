//! What was refused or failed leaves an entry in the audit log, as it does over GraphQL. What was done is noted in the act's own transaction.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpResponse};
use entities::ids::TenantId;
use jobs::audit::{Deed, Outcome, note_aside};
use jobs::context::Failure;

use super::once::tenant_of;
use crate::caller::Asker;
use crate::error::Error;
use crate::state::State;

pub async fn noting(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let act = request.match_pattern().and_then(|pattern| act(request.method(), &pattern));
    let asker = request.extensions().get::<Asker>().cloned();
    let (Some(act), Some(asker), Some(state)) = (act, asker, request.app_data::<Data<State>>().cloned()) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let tenant = tenant_of(request.path());
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    // Too often is counted, and would fill the log.
    if (status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS) || status.is_server_error() {
        let outcome = if status.is_server_error() { Outcome::Failed } else { Outcome::Refused };
        let deed = Deed { act: act.to_owned(), target: String::new(), outcome, detail: code(response.response()).to_owned() };
        if let Err(failure) = note(&state, &asker, tenant, deed).await {
            tracing::error!(%failure, act, "an entry of the audit log could not be written");
        }
    }
    Ok(response)
}

/// Nobody writes into the log of a customer whom they do not see.
async fn note(state: &State, asker: &Asker, tenant: Option<TenantId>, deed: Deed) -> Result<(), Failure> {
    let mut about = None;
    if let Some(tenant) = tenant
        && asker.sees(state, tenant).await.unwrap_or(false)
    {
        about = Some(tenant);
    }
    note_aside(state, about, &asker.author(), deed).await
}

fn code(response: &HttpResponse<BoxBody>) -> &'static str {
    response.error().and_then(|error| error.as_error::<Error>()).map_or("MALFORMED", Error::code)
}

/// What a request does, in the log's words.
fn act(method: &Method, pattern: &str) -> Option<&'static str> {
    let path = pattern.strip_prefix("/api/v1")?;
    Some(match (method.as_str(), path) {
        ("POST", "/tenants") => "tenant.onboarded",
        ("POST", "/tenants/{tenant}/consents") => "consent.sent",
        ("POST", "/tenants/{tenant}/links/{link}/runs") => "run.started",
        ("POST", "/tenants/{tenant}/runs/{run}/pause") => "run.paused",
        ("POST", "/tenants/{tenant}/runs/{run}/resume") => "run.resumed",
        ("POST", "/tenants/{tenant}/runs/{run}/cancel") => "run.cancelled",
        ("POST", "/tenants/{tenant}/links/{link}/holds/retry") => "holds.retried",
        ("POST", "/tenants/{tenant}/zoho/custom-button") => "button.wished",
        ("DELETE", "/tenants/{tenant}/zoho/custom-button") => "button.removed",
        ("POST", "/webhooks") => "endpoint.made",
        ("PATCH", "/webhooks/{webhook}") => "endpoint.changed",
        ("DELETE", "/webhooks/{webhook}") => "endpoint.removed",
        ("POST", "/webhooks/{webhook}/secret") => "endpoint.secret",
        ("POST", "/webhooks/{webhook}/test") => "endpoint.tested",
        ("POST", "/webhooks/{webhook}/replay" | "/webhooks/{webhook}/messages/{message}/replay") => "endpoint.replayed",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn whatever_the_document_lets_change_something_has_its_word() {
        let document: Value = serde_json::from_str(&super::super::openapi()).unwrap();
        let mut changing = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let is_change = ["post", "put", "patch", "delete"].contains(&method.as_str()) && operation.is_object();
                if is_change && path.starts_with("/api/v1/") {
                    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                    assert!(act(&method, path).is_some(), "{method} {path}");
                    changing += 1;
                }
            }
        }
        assert!(changing > 8, "{changing}");
    }
}
