//! Every refusal under `/api/v1` as `application/problem+json` (RFC 9457), wherever it comes from.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::Error;
use crate::server::RequestId;

const KIND: &str = "application/problem+json";

/// Why a request was refused (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Always `about:blank`: the status says the kind, and `code` says it to programs.
    #[serde(rename = "type")]
    kind: &'static str,
    title: String,
    status: u16,
    /// Stable, for programs to branch on: `NOT_FOUND`, `BAD_INPUT`, ….
    code: String,
    /// One sentence for people.
    detail: String,
    /// The field, parameter or header that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// Names the request in our log.
    request_id: String,
}

/// Gives every refusal its shape.
pub async fn problems(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let RequestId(request_id) = request.extensions().get::<RequestId>().cloned().unwrap_or_default();
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(response);
    }
    let ours = response.response().error().and_then(|error| error.as_error::<Error>());
    let mut problem = match ours {
        Some(error) => Problem::of(error),
        None => Problem::of_status(status),
    };
    problem.request_id = request_id;
    let body = serde_json::to_vec(&problem)?;
    Ok(response.map_body(|head, _| {
        head.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(KIND));
        BoxBody::new(body)
    }))
}

/// A refusal by what stands before the handlers.
pub fn refuse(request: ServiceRequest, error: Error) -> ServiceResponse<BoxBody> {
    // Not `into_response`: that forgets which error it was.
    ServiceResponse::new(request.into_parts().0, HttpResponse::from_error(error))
}

impl Problem {
    fn of(error: &Error) -> Self {
        let field = match error {
            Error::BadInput { field, .. } => Some(*field),
            _ => None,
        };
        Self { code: error.code().to_owned(), detail: error.to_string(), field, ..Self::of_status(error.status_code()) }
    }

    /// What was refused before anybody of ours looked at it.
    fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::METHOD_NOT_ALLOWED => {
                ("METHOD_NOT_ALLOWED", "this address does not take this method; `Allow` lists those it takes")
            }
            StatusCode::NOT_FOUND => ("NOT_FOUND", "there is no such address"),
            StatusCode::PAYLOAD_TOO_LARGE => ("TOO_LARGE", "the body is too large"),
            _ if status.is_server_error() => ("INTERNAL", "something went wrong on our side"),
            _ => ("MALFORMED", "the request was not understood"),
        };
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Refused").to_owned(),
            status: status.as_u16(),
            code: code.to_owned(),
            detail: detail.to_owned(),
            field: None,
            request_id: String::new(),
        }
    }
}
