//! GraphQL over HTTP and WebSocket: who asks, how much they may send, and how long an answer may take.

use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, WWW_AUTHENTICATE};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use async_graphql::http::GraphiQLSource;
use async_graphql::{Data, Request, Response, ServerError};
use async_graphql_actix_web::GraphQLSubscription;
use serde_json::Value;

use super::socket::Seats;
use super::{Introspection, Staff};
use crate::body::{Arrived, refuse_nul, unread};
use crate::error::Error;
use crate::server::RequestId;
use crate::state::State;

/// Whoever waits longer has gone.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// When to knock again where too many sockets are open.
const SEATS_TAKEN_WAIT: Duration = Duration::from_secs(10);
/// How tools name the question for the schema.
const INTROSPECTION: &str = "IntrospectionQuery";
/// GraphiQL comes from its makers' server; on this page alone, and only in development, scripts may.
const GRAPHIQL_POLICY: &str = "default-src 'self'; script-src 'self' 'unsafe-inline' https://unpkg.com https://esm.sh; \
style-src 'self' 'unsafe-inline' https://unpkg.com https://esm.sh; font-src 'self' data: https://unpkg.com https://esm.sh; \
img-src 'self' data: https:; connect-src 'self' ws: wss: https://esm.sh https://unpkg.com; worker-src 'self' blob:; frame-ancestors 'none'";

/// `POST /graphql`, `GET /graphql/ws`, and on this machine `GET /graphql`.
pub fn configure(is_development: bool) -> impl FnOnce(&mut ServiceConfig) {
    move |config: &mut ServiceConfig| {
        let mut graphql = web::resource("/graphql").route(web::post().to(answer));
        if is_development {
            config.app_data(web::Data::new(super::introspection()));
            graphql = graphql.route(web::get().to(graphiql));
        }
        config.service(graphql).route("/graphql/ws", web::get().to(subscribe));
    }
}

async fn answer(
    http: HttpRequest,
    body: Arrived,
    state: web::Data<State>,
    staff: web::Data<Staff>,
    introspection: Option<web::Data<Introspection>>,
) -> HttpResponse {
    let request = match read(&http, body) {
        Ok(request) => request,
        Err(error) => return refuse(&http, &error),
    };
    if let Some(introspection) = introspection
        && request.operation_name.as_deref() == Some(INTROSPECTION)
    {
        return json(StatusCode::OK, &introspection.0.execute(request).await);
    }
    let caller = match state.staff.caller(authorization(&http)).await {
        Ok(caller) => caller,
        Err(error) => return refuse(&http, &error),
    };
    let request = request.data(caller).data(request_id(&http));
    let Ok(response) = tokio::time::timeout(ANSWER_TIMEOUT, staff.execute(request)).await else {
        let mut error = ServerError::new("the answer took too long; ask for less", None);
        let mut values = async_graphql::ErrorExtensionValues::default();
        values.set("code", "INTERNAL");
        values.set("requestId", request_id(&http).0);
        error.extensions = Some(values);
        return json(StatusCode::GATEWAY_TIMEOUT, &Response::from_errors(vec![error]));
    };
    json(status(&response), &response)
}

/// One operation as JSON. Only JSON: a form on another site could send anything else with a browser's help.
fn read(http: &HttpRequest, body: Arrived) -> Result<Request, Error> {
    let body = body.map_err(|error| unread(&error))?;
    if !http.content_type().eq_ignore_ascii_case("application/json") {
        return Err(Error::Malformed("send the question as application/json".to_owned()));
    }
    refuse_nul(&body)?;
    let value: Value =
        serde_json::from_slice(&body).map_err(|error| Error::Malformed(format!("the body is not JSON: {error}")))?;
    if value.is_array() {
        return Err(Error::Malformed("send one operation a request".to_owned()));
    }
    if !value.get("query").is_some_and(Value::is_string) {
        return Err(Error::Malformed("the body must be an object with the text `query`".to_owned()));
    }
    serde_json::from_value(value).map_err(|error| Error::Malformed(format!("the body is not a GraphQL request: {error}")))
}

/// A question that was not understood is 400, one that asks for too much 413. One that was answered is 200, whatever became of
/// its fields: each error has its code.
fn status(response: &Response) -> StatusCode {
    let refused = response.errors.iter().find(|error| error.path.is_empty());
    let code = refused.and_then(|error| error.extensions.as_ref()?.get("code"));
    match code {
        None => StatusCode::OK,
        Some(code) if *code == async_graphql::Value::from("TOO_LARGE") => StatusCode::PAYLOAD_TOO_LARGE,
        Some(_) => StatusCode::BAD_REQUEST,
    }
}

/// A refusal in the shape that GraphQL clients read.
pub fn refuse(http: &HttpRequest, error: &Error) -> HttpResponse {
    use actix_web::ResponseError;

    error.log();
    let mut refusal = ServerError::new(error.to_string(), None);
    let mut values = async_graphql::ErrorExtensionValues::default();
    values.set("code", error.code());
    if matches!(error, Error::Internal(_)) {
        values.set("requestId", request_id(http).0);
    }
    refusal.extensions = Some(values);
    let mut answer = json(error.status_code(), &Response::from_errors(vec![refusal]));
    if matches!(error, Error::Unauthenticated) {
        let bearer = actix_web::http::header::HeaderValue::from_static("Bearer");
        answer.headers_mut().insert(WWW_AUTHENTICATE, bearer);
    }
    answer
}

fn json(status: StatusCode, response: &Response) -> HttpResponse {
    match serde_json::to_vec(response) {
        Ok(body) => HttpResponse::build(status).insert_header((CONTENT_TYPE, "application/json; charset=utf-8")).body(body),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// Subscriptions. The token comes in the first message: browsers cannot send headers with a WebSocket.
async fn subscribe(
    http: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
    staff: web::Data<Staff>,
    seats: web::Data<Seats>,
) -> Result<HttpResponse, actix_web::Error> {
    let Some(seat) = seats.take() else {
        return Ok(refuse(&http, &Error::RateLimited { after: SEATS_TAKEN_WAIT }));
    };
    let known = seat.is_known();
    let mut data = Data::default();
    data.insert(request_id(&http));
    let keys = state.staff.clone();
    GraphQLSubscription::new(Staff::clone(&staff))
        .with_data(data)
        .on_connection_init(move |init: Value| async move {
            let token = ["Authorization", "authorization"].iter().find_map(|name| init.get(name)?.as_str().map(str::to_owned));
            let caller = keys.caller(token.as_deref()).await?;
            let mut data = Data::default();
            data.insert(caller);
            known.store(true, Ordering::Relaxed);
            Ok(data)
        })
        .start(&http, seat.guard(payload))
}

async fn graphiql() -> HttpResponse {
    let page = GraphiQLSource::build().endpoint("/graphql").subscription_endpoint("/graphql/ws").title("CP Connect").finish();
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((CONTENT_SECURITY_POLICY, GRAPHIQL_POLICY))
        .body(page)
}

fn authorization(http: &HttpRequest) -> Option<&str> {
    http.headers().get(AUTHORIZATION)?.to_str().ok()
}

fn request_id(http: &HttpRequest) -> RequestId {
    http.extensions().get::<RequestId>().cloned().unwrap_or_default()
}
