//! One request and its answer, as a line says them.

use std::sync::Arc;

use actix_web::HttpMessage;
use actix_web::body::{BoxBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::web::Bytes;
use futures::StreamExt;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::notebook::Notebook;
use super::shape;
use crate::wrapper::{Foreign, endpoint_of};

/// The largest body that is read for recording; a longer one goes on to the handler, which refuses it.
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What stands where something is not written.
const WITHHELD: &str = "…";

/// Headers whose values the documents speak of. Of all others only the names are written.
const TOLD_HEADERS: [&str; 12] = [
    "accept",
    "content-type",
    "contenttype",
    "idempotency-key",
    "if-modified-since",
    "user-agent",
    "x-com-zoho-books-organizationid",
    "x-com-zoho-inventory-organizationid",
    "x-com-zoho-invoice-organizationid",
    "x-unique-identifier-key",
    "x-unique-identifier-value",
    "x-upsert",
];
/// Parameters of the sign-in that are no secret. All others are withheld.
const TOLD_PARAMETERS: [&str; 9] = [
    "access_type",
    "code_challenge_method",
    "grant_type",
    "prompt",
    "redirect_uri",
    "response_type",
    "scope",
    "token_type_hint",
    "authEventId",
];
/// Fields that are withheld wherever they are.
const SECRETS: [&str; 6] = ["access_token", "refresh_token", "id_token", "client_secret", "token", "password"];

/// A request that waits for its answer.
pub struct Heard {
    notebook: Arc<Notebook>,
    provider: &'static str,
    method: String,
    path: String,
    endpoint: String,
    query: Vec<(String, String)>,
    headers: Map<String, Value>,
    body: Value,
}

impl Heard {
    pub async fn new(notebook: Arc<Notebook>, provider: &'static str, request: &mut ServiceRequest) -> Self {
        let content_type = content_type(request.headers());
        let body = body_of(request).await;
        let path = request.path().to_owned();
        let signing_in = !path.contains("/api/");
        let query = form_urlencoded::parse(request.query_string().as_bytes())
            .map(|(name, value)| {
                let told = !signing_in || TOLD_PARAMETERS.contains(&&*name);
                let value = if told { value.into_owned() } else { WITHHELD.to_owned() };
                (name.into_owned(), value)
            })
            .collect();
        Self {
            notebook,
            provider,
            method: request.method().to_string(),
            endpoint: endpoint_of(request.method(), &path),
            path,
            query,
            headers: headers_of(request.headers()),
            body: match &body {
                Some(bytes) => told_body(bytes, &content_type),
                None => Value::Null,
            },
        }
    }

    /// Notes the exchange. The answer goes on as it was.
    pub async fn answered(self, answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        let foreign = answer.request().extensions().get::<Foreign>().is_some();
        let content_type = content_type(answer.headers());
        let status = answer.status().as_u16();
        if foreign || !is_json(&content_type) {
            self.write(status, &content_type, Value::Null, foreign);
            return answer;
        }
        let (request, answer) = answer.into_parts();
        let (head, body) = answer.into_parts();
        let whole = match to_bytes(body).await {
            Ok(whole) => whole,
            Err(error) => {
                tracing::error!(%error, "an answer could not be read for recording");
                Bytes::new()
            }
        };
        self.write(status, &content_type, told_body(&whole, &content_type), false);
        ServiceResponse::new(request, head.set_body(BoxBody::new(whole)))
    }

    fn write(mut self, status: u16, answer_type: &str, mut answer: Value, foreign: bool) {
        let mut names: Vec<&str> = self.query.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let ours = self.headers.get("user-agent").and_then(Value::as_str).unwrap_or_default();
        let place = shape::after(0, (self.provider, &self.endpoint, ours));
        let headers: Vec<&String> = self.headers.keys().collect();
        let head = shape::after(place, (names, headers, status, answer_type, foreign, self.query_kinds()));
        self.notebook.clone().write(|seen| {
            let mut fresh = seen.insert(head);
            fresh |= shape::thin(&mut self.body, shape::after(place, "body"), seen);
            fresh |= shape::thin(&mut answer, shape::after(place, ("answer", status)), seen);
            fresh.then(|| {
                json!({
                    "provider": self.provider, "method": self.method, "path": self.path, "query": self.query,
                    "headers": self.headers, "body": self.body, "status": status, "answer_type": answer_type,
                    "answer": answer, "fault": foreign,
                })
            })
        });
    }

    /// Scopes are told apart by their value, all other parameters by their form.
    fn query_kinds(&self) -> Vec<String> {
        let kind = |(name, value): &(String, String)| match name.as_str() {
            "scope" => value.clone(),
            _ => {
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                format!("{name} {digits}")
            }
        };
        self.query.iter().map(kind).collect()
    }
}

/// Reads the body and puts it back. None where it cannot be read whole.
async fn body_of(request: &mut ServiceRequest) -> Option<Bytes> {
    let mut payload = request.take_payload();
    let mut whole = actix_web::web::BytesMut::new();
    let mut failed = None;
    while let Some(chunk) = payload.next().await {
        match chunk {
            Ok(chunk) if whole.len() + chunk.len() <= BODY_BYTES_MAX => whole.extend_from_slice(&chunk),
            Ok(_) => failed = Some(PayloadError::Overflow),
            Err(error) => failed = Some(error),
        }
        if failed.is_some() {
            break;
        }
    }
    let whole = whole.freeze();
    let (kept, again) = match failed {
        None => (Some(whole.clone()), Ok(whole)),
        Some(error) => (None, Err(error)),
    };
    request.set_payload(Payload::Stream { payload: Box::pin(futures::stream::once(std::future::ready(again))) });
    kept
}

fn headers_of(headers: &HeaderMap) -> Map<String, Value> {
    let mut told = Map::new();
    for (name, value) in headers {
        let name = name.as_str().to_owned();
        let value = match value.to_str() {
            Ok(value) if TOLD_HEADERS.contains(&name.as_str()) => value,
            _ => WITHHELD,
        };
        told.insert(name, value.into());
    }
    told
}

/// JSON as it is, the fields of a form, of everything else the length; without secrets.
fn told_body(bytes: &Bytes, content_type: &str) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let fields = form_urlencoded::parse(bytes).map(|(name, value)| {
            let value = if TOLD_PARAMETERS.contains(&&*name) { value.into_owned() } else { WITHHELD.to_owned() };
            (name.into_owned(), Value::from(value))
        });
        return json!({ "form": fields.collect::<Map<_, _>>() });
    }
    match serde_json::from_slice(bytes) {
        Ok(mut value) => {
            withhold(&mut value);
            value
        }
        Err(_) => json!({"bytes": bytes.len()}),
    }
}

fn withhold(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(withhold),
        Value::Object(fields) => {
            for (name, value) in fields {
                if SECRETS.contains(&name.as_str()) && value.is_string() {
                    *value = WITHHELD.into();
                } else {
                    withhold(value);
                }
            }
        }
        _ => {}
    }
}

fn content_type(headers: &HeaderMap) -> String {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase()
}

fn is_json(content_type: &str) -> bool {
    content_type.starts_with("application/json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_withheld_wherever_they_are() {
        let answer = Bytes::from_static(br#"{"access_token":"a1","expires_in":1800,"deep":[{"refresh_token":"r1"}]}"#);
        let told = told_body(&answer, "application/json");
        assert_eq!(told, json!({"access_token": "…", "expires_in": 1800, "deep": [{"refresh_token": "…"}]}));
        let form = Bytes::from_static(b"grant_type=refresh_token&refresh_token=r1&client_secret=s");
        let told = told_body(&form, "application/x-www-form-urlencoded");
        assert_eq!(told, json!({"form": {"grant_type": "refresh_token", "refresh_token": "…", "client_secret": "…"}}));
    }

    #[test]
    fn a_body_that_is_no_json_is_told_by_its_length() {
        assert_eq!(told_body(&Bytes::from_static(b"%PDF-1.7"), "application/pdf"), json!({"bytes": 8}));
    }
}
