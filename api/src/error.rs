//! What a caller is told when something does not work: a stable code, a sentence, and never what is inside.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use jobs::context::Failure;
use sea_orm::DbErr;
use serde_json::json;

/// Named for what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("sign in first: send `Authorization: Bearer <token>` with a valid token")]
    Unauthenticated,
    #[error("your role does not allow this: {needs}")]
    Forbidden { needs: &'static str },
    /// Not there, or another tenant's: the two look alike.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("{sentence}")]
    BadInput { field: &'static str, sentence: String },
    /// Not possible in the present state.
    #[error("{0}")]
    Conflict(String),
    #[error("{0}")]
    TooLarge(String),
    #[error("too often: try again in {} s", whole_seconds(*after))]
    RateLimited { after: Duration },
    #[error("{0}")]
    Malformed(String),
    #[error("something went wrong on our side; the request id helps us to find it")]
    Internal(#[source] Failure),
}

impl Error {
    pub fn bad_input(field: &'static str, sentence: impl Into<String>) -> Self {
        Self::BadInput { field, sentence: sentence.into() }
    }

    /// Stable: screens and partners branch on it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden { .. } => "FORBIDDEN",
            Self::NotFound(_) => "NOT_FOUND",
            Self::BadInput { .. } => "BAD_INPUT",
            Self::Conflict(_) => "CONFLICT",
            Self::TooLarge(_) => "TOO_LARGE",
            Self::RateLimited { .. } => "RATE_LIMITED",
            Self::Malformed(_) => "MALFORMED",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// Writes the whole chain to the log, once, where it is our own fault.
    pub fn log(&self) {
        if let Self::Internal(failure) = self {
            tracing::error!(error = %chain(failure), "a request failed on our side");
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Internal(failure)
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        Self::Internal(Failure::Database(error))
    }
}

/// An error with everything that caused it, for the log.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::BadInput { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        let mut answer = HttpResponse::build(self.status_code());
        match self {
            Self::Unauthenticated => {
                answer.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Self::RateLimited { after } => {
                answer.insert_header((RETRY_AFTER, whole_seconds(*after).to_string()));
            }
            _ => {}
        }
        let mut error = json!({ "code": self.code(), "message": self.to_string() });
        if let Self::BadInput { field, .. } = self {
            error["field"] = json!(field);
        }
        answer.json(json!({ "error": error }))
    }
}

/// Whoever waits so many seconds has waited long enough.
pub fn whole_seconds(after: Duration) -> u128 {
    after.as_millis().div_ceil(1000).max(1)
}
