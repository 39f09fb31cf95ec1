//! What the Accounting API answers: Xero's envelope, its refusals, and the figures that every answer carries.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Shared;
use crate::xero::access::{self, Caller};
use crate::xero::app;
use crate::xero::kinds::Kind;

/// An answer before it is known whether JSON or XML is wanted.
pub struct Answer {
    pub status: u16,
    pub body: Body,
}

pub enum Body {
    Empty,
    /// JSON text, turned into XML for those who do not ask for JSON.
    Json(String),
    Text(&'static str),
    /// A file: its content type and its bytes.
    File(String, Vec<u8>),
}

/// Why a call is not answered as asked.
#[derive(Debug)]
pub enum Failure {
    /// 400 with one of Xero's error types.
    Bad {
        number: u16,
        kind: &'static str,
        says: String,
    },
    /// 400 ValidationException with the elements as they were sent and what is wrong with them.
    Invalid(Vec<Value>),
    Absent,
    /// 501: Xero may do it, the sandbox does not.
    Lacking(String),
    Store(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Store(error)
    }
}

impl Failure {
    pub fn query(says: impl Into<String>) -> Self {
        Failure::Bad { number: 16, kind: "QueryParseException", says: says.into() }
    }

    pub fn body(says: impl Into<String>) -> Self {
        Failure::Bad { number: 14, kind: "PostDataInvalidException", says: says.into() }
    }

    pub fn answer(self) -> Answer {
        match self {
            Failure::Bad { number, kind, says } => {
                Answer::json(400, json!({"ErrorNumber": number, "Type": kind, "Message": says}).to_string())
            }
            Failure::Invalid(elements) => Answer::json(
                400,
                json!({"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred", "Elements": elements})
                    .to_string(),
            ),
            Failure::Absent => absent(),
            Failure::Lacking(what) => Answer::json(
                501,
                json!({"ErrorNumber": 501, "Type": "NotImplementedException", "Message": format!("the sandbox does not do `{what}`")})
                    .to_string(),
            ),
            Failure::Store(error) => {
                tracing::error!(%error, "the sandbox's store failed");
                Answer { status: 500, body: Body::Empty }
            }
        }
    }
}

/// 404, in Xero's words.
pub fn absent() -> Answer {
    Answer { status: 404, body: Body::Text("The resource you're looking for cannot be found") }
}

impl Answer {
    pub fn json(status: u16, body: String) -> Self {
        Self { status, body: Body::Json(body) }
    }

    /// Records in Xero's envelope: `records` is their JSON, joined by commas; `pagination` is a member with its comma, or nothing.
    pub fn records(shared: &Shared, kind: Kind, pagination: &str, records: &str) -> Self {
        Self::collection(shared, kind.collection(), pagination, records)
    }

    /// Any collection in Xero's envelope.
    pub fn collection(shared: &Shared, collection: &str, pagination: &str, records: &str) -> Self {
        let mut body = String::with_capacity(records.len() + 256);
        body.push_str(&format!(
            "{{\"Id\":\"{}\",\"Status\":\"OK\",\"ProviderName\":\"{}\",\"DateTimeUTC\":\"/Date({})/\",{pagination}\"{collection}\":[",
            Uuid::new_v4(),
            app::APP_NAME,
            shared.clock.now().timestamp_millis(),
        ));
        body.push_str(records);
        body.push_str("]}");
        Self::json(200, body)
    }

    /// As it goes out to an admitted caller.
    pub fn response(self, _: &Shared, caller: &Caller, wants_json: bool) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = HttpResponse::build(status);
        access::with_remaining(&mut answer, caller.permit.remaining());
        match self.body {
            Body::Empty => answer.finish(),
            Body::Json(_) if !wants_json && self.status == 200 => answer.insert_header((CONTENT_TYPE, "text/xml; charset=utf-8")).body(format!(
                "<Response xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><Id>{}</Id><Status>OK</Status><ProviderName>{}</ProviderName></Response>",
                Uuid::new_v4(),
                app::APP_NAME
            )),
            Body::Json(text) => answer.insert_header((CONTENT_TYPE, "application/json; charset=utf-8")).body(text),
            Body::Text(text) => answer.insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(text),
            Body::File(kind, bytes) => answer.insert_header((CONTENT_TYPE, kind)).body(bytes),
        }
    }

    /// As it goes out to somebody who was not admitted.
    pub fn without_limits(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self.body {
            Body::Text(text) => HttpResponse::build(status).insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body(text),
            _ => HttpResponse::build(status).finish(),
        }
    }
}
