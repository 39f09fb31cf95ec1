//! What is done to every request and every answer: an id, a line in the log, headers that keep browsers careful.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use connectors::http::SPANS;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::state::State;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Our pages have no scripts from elsewhere, no frames, and send forms to us and on to the providers only.
const PAGES_POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Names one request, in the log and to the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestId(pub String);

/// How browsers reach us.
pub struct Transport {
    pub is_https: bool,
}

/// Gives the request its id, and the log one line: no query, no token, no address of a secret link.
pub async fn trace(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let id = new_id(&request);
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    let span = tracing::info_span!("request", request.id = %id.0);
    // The pattern and not the path: paths hold the secrets of links.
    let route = request.match_pattern().unwrap_or_else(|| "none".to_owned());
    let traced = traced(&method, &route, &id);
    let ends = traced.clone();
    async move {
        let mut response = next.call(request).await?;
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        ends.record("http.response.status_code", response.status().as_u16());
        if response.status().is_server_error() {
            ends.record("otel.status_code", "ERROR");
        }
        tracing::info!(
            %method,
            route,
            status = response.status().as_u16(),
            "answered"
        );
        Ok(response)
    }
    .instrument(span)
    .instrument(traced)
    .await
}

/// The span that a trace begins with. Nobody else's trace is taken over: providers and customers are strangers.
fn traced(method: &Method, route: &str, id: &RequestId) -> Span {
    tracing::info_span!(
        target: SPANS,
        "answer",
        otel.kind = "server",
        otel.name = format!("{method} {route}"),
        otel.status_code = Empty,
        http.request.method = method.as_str(),
        http.response.status_code = Empty,
        http.route = route,
        request.id = id.0,
    )
}

/// Headers that keep browsers careful. A handler that set one of them knows better.
pub async fn headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let is_https = request.app_data::<web::Data<Transport>>().is_some_and(|transport| transport.is_https);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(X_FRAME_OPTIONS, "DENY");
    set(REFERRER_POLICY, "no-referrer");
    set(CONTENT_SECURITY_POLICY, PAGES_POLICY);
    if is_https {
        set(STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
    Ok(response)
}

fn new_id(request: &ServiceRequest) -> RequestId {
    let mut bytes = [0; 16];
    if let Some(state) = request.app_data::<web::Data<State>>() {
        state.chance.fill(&mut bytes);
    }
    RequestId(uuid::Builder::from_random_bytes(bytes).into_uuid().simple().to_string())
}
