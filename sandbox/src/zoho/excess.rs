//! What Zoho says to too many calls. The limits themselves and the faults on order say it in the same words.

use serde_json::json;

pub use super::answer::Answer;
use super::answer::Refusal;
use crate::limits::Kind;

/// Code and message of CRM: the same for credits and for calls at once.
pub const CRM: (&str, &str) =
    ("TOO_MANY_REQUESTS", "You have made too many requests continuously. Please try again after some time.");

/// A 429 of Books and its sister products.
pub fn finance(kind: Kind, per_day: u32) -> Answer {
    let refusal = match kind {
        Kind::Minute => Refusal::new(
            44,
            "For security reasons your organization has been blocked as it have exceeded the maximum number of requests per minute that can originate from an organization.",
        ),
        Kind::Day => {
            Refusal::new(45, format!("The API call for this organization has exceeded the maximum call rate limit of {per_day}."))
        }
        Kind::Concurrent => Refusal::new(
            1070,
            "You have reached the maximum number of in process requests allowed. Kindly try again after some time.",
        ),
    };
    refusal.at(429).answer()
}

/// A 429 of CRM.
pub fn crm() -> Answer {
    let (code, message) = CRM;
    let body = json!({"code": code, "details": {}, "message": message, "status": "error"});
    Answer { status: 429, body: body.to_string() }
}

/// The accounts server's throttle of tokens: a 200 that says it in the body, or a 400 (`zoho.token_throttle_is_400`).
pub fn tokens(is_400: bool) -> Answer {
    let body = json!({
        "error_description": "You have made too many requests continuously. Please try again after some time.",
        "error": "Access Denied", "status": "failure",
    });
    Answer { status: if is_400 { 400 } else { 200 }, body: body.to_string() }
}
