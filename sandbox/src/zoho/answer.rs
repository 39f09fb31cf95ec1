//! The envelope every Books answer wears, and the refusals inside it.

use std::fmt::Write as _;

/// An answer ready to send: status and JSON text.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Answer {
    /// `{"code":0,"message":…,"<key>":<json>}`.
    pub fn with(status: u16, message: &str, key: &str, json: &str) -> Self {
        let mut body = String::with_capacity(json.len() + key.len() + message.len() + 40);
        _ = write!(body, "{{\"code\":0,\"message\":{},\"{key}\":{json}}}", quoted(message));
        Self { status, body }
    }

    pub fn found(key: &str, json: &str) -> Self {
        Self::with(200, "success", key, json)
    }

    pub fn done(message: &str) -> Self {
        Self { status: 200, body: format!("{{\"code\":0,\"message\":{}}}", quoted(message)) }
    }
}

/// What Zoho says when it will not. HTTP 400 unless told otherwise.
#[derive(Debug)]
pub struct Refusal {
    pub status: u16,
    pub code: u32,
    pub message: String,
    /// More members of the envelope, as JSON text that starts with a comma.
    pub more: String,
}

impl Refusal {
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into(), more: String::new() }
    }

    /// Code 2: a value that cannot be right.
    pub fn invalid(field: &str) -> Self {
        Self::new(2, format!("Invalid value passed for {field}"))
    }

    /// Code 4 with the field that is missing.
    pub fn missing(field: &str) -> Self {
        Self::new(4, format!("Invalid Element {field}: it must not be empty"))
    }

    /// Code 1002, HTTP 404: the record in the address is not there.
    pub fn absent(noun: &str) -> Self {
        Self { status: 404, ..Self::new(1002, format!("{noun} does not exist.")) }
    }

    /// Code 1002, HTTP 400: a record that the body refers to is not there.
    pub fn unknown(noun: &str) -> Self {
        Self::new(1002, format!("{noun} does not exist."))
    }

    pub fn at(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub fn answer(&self) -> Answer {
        Answer {
            status: self.status,
            body: format!("{{\"code\":{},\"message\":{}{}}}", self.code, quoted(&self.message), self.more),
        }
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the sandbox's store failed");
        Self::new(1000, "Internal error").at(500)
    }
}

/// A string as JSON.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
