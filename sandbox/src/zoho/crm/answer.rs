//! The envelopes of CRM: answers, refusals of a whole call, and refusals of one row, which look alike.

use serde_json::{Value, json};

/// An answer ready to send.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Nothing for 204 and 304.
    pub body: Vec<u8>,
    pub content_type: &'static str,
    /// Set for downloads.
    pub file_name: Option<String>,
}

pub const JSON: &str = "application/json;charset=UTF-8";

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string().into_bytes(), content_type: JSON, file_name: None }
    }

    /// JSON that is text already.
    pub fn text(status: u16, body: String) -> Self {
        Self { status, body: body.into_bytes(), content_type: JSON, file_name: None }
    }

    pub fn nothing() -> Self {
        Self { status: 204, body: Vec::new(), content_type: JSON, file_name: None }
    }

    pub fn not_modified() -> Self {
        Self { status: 304, ..Self::nothing() }
    }

    pub fn file(name: &str, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status: 200, body, content_type, file_name: Some(name.to_owned()) }
    }
}

/// What CRM says when it will not.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub status: u16,
    pub code: &'static str,
    pub message: String,
    pub details: Value,
}

impl Refusal {
    /// HTTP 400 unless told otherwise.
    pub fn new(code: &'static str, message: impl Into<String>, details: Value) -> Self {
        Self { status: 400, code, message: message.into(), details }
    }

    pub fn at(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub fn invalid_token() -> Self {
        Self::new("INVALID_TOKEN", "invalid oauth token", json!({})).at(401)
    }

    pub fn authentication_failure() -> Self {
        Self::new("AUTHENTICATION_FAILURE", "Authentication failed", json!({})).at(401)
    }

    pub fn scope_mismatch() -> Self {
        Self::new("OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL", json!({})).at(401)
    }

    pub fn no_permission(permissions: &[&str]) -> Self {
        Self::new("NO_PERMISSION", "permission denied", json!({"permissions": permissions})).at(403)
    }

    pub fn invalid_module() -> Self {
        Self::new("INVALID_MODULE", "The module name given seems to be invalid", json!({}))
    }

    pub fn no_such_address() -> Self {
        Self::new("INVALID_URL_PATTERN", "Please check if the URL trying to access is a correct one", json!({})).at(404)
    }

    pub fn wrong_method() -> Self {
        Self::new("INVALID_REQUEST_METHOD", "The http request method type is not a valid one", json!({}))
    }

    pub fn param_missing(name: &str) -> Self {
        Self::new("REQUIRED_PARAM_MISSING", "One of the expected parameter is missing", json!({"param_name": name}))
    }

    pub fn param_invalid(name: &str) -> Self {
        Self::new("INVALID_DATA", "invalid data", json!({"param_name": name}))
    }

    /// An id in the address that names nothing.
    pub fn unknown_id(id: &str) -> Self {
        Self::new("INVALID_DATA", "the id given seems to be invalid", json!({"id": id}))
    }

    /// A part of the body that is missing.
    pub fn mandatory(api_name: &str, path: &str) -> Self {
        Self::new("MANDATORY_NOT_FOUND", "required field not found", json!({"api_name": last(api_name), "json_path": path}))
    }

    /// A value of the wrong kind.
    pub fn expected(data_type: &str, api_name: &str, path: &str) -> Self {
        let details = json!({"expected_data_type": data_type, "api_name": last(api_name), "json_path": path});
        Self::new("INVALID_DATA", "invalid data", details)
    }

    pub fn too_long(maximum: u32, api_name: &str, path: &str) -> Self {
        Self::new(
            "INVALID_DATA",
            "invalid data",
            json!({"maximum_length": maximum, "api_name": last(api_name), "json_path": path}),
        )
    }

    /// A value of the right kind that is not right.
    pub fn invalid(api_name: &str, path: &str) -> Self {
        Self::new("INVALID_DATA", "invalid data", json!({"api_name": last(api_name), "json_path": path}))
    }

    /// `{"code":…,"details":…,"message":…,"status":"error"}`, alone or as one row of an answer.
    pub fn json(&self) -> Value {
        json!({"code": self.code, "details": self.details, "message": self.message, "status": "error"})
    }

    pub fn answer(&self) -> Answer {
        Answer::json(self.status, &self.json())
    }
}

fn last(api_name: &str) -> &str {
    api_name.rsplit('.').next().unwrap_or(api_name)
}

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the sandbox's store failed");
        Self::new("INTERNAL_ERROR", "Internal server error occurred.", json!({})).at(500)
    }
}

/// A row that was done.
pub fn done(message: &str, details: Value) -> Value {
    json!({"code": "SUCCESS", "details": details, "message": message, "status": "success"})
}

/// Many rows under one key. `good` is the status when all went through; some: 207; none: 202 or 400, see `zoho.crm_all_rows_refused_is_202`.
pub fn rows(key: &str, rows: Vec<Value>, good: u16, all_refused: u16) -> Answer {
    let refused = rows.iter().filter(|row| row["status"] == "error").count();
    let status = match refused {
        0 => good,
        all if all == rows.len() => all_refused,
        _ => 207,
    };
    Answer::json(status, &json!({key: rows}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_bodies_that_were_seen_of_them() {
        assert_eq!(
            Refusal::invalid_token().json().to_string(),
            r#"{"code":"INVALID_TOKEN","details":{},"message":"invalid oauth token","status":"error"}"#
        );
        assert_eq!(
            Refusal::scope_mismatch().json().to_string(),
            r#"{"code":"OAUTH_SCOPE_MISMATCH","details":{},"message":"invalid oauth scope to access this URL","status":"error"}"#
        );
    }

    #[test]
    fn a_mixed_answer_is_207() {
        let bad = Refusal::invalid("a", "$.a").json();
        let good = done("record added", json!({}));
        assert_eq!(rows("data", vec![good.clone(), bad.clone()], 201, 202).status, 207);
        assert_eq!(rows("data", vec![bad], 201, 202).status, 202);
        assert_eq!(rows("data", vec![good], 201, 202).status, 201);
    }
}
