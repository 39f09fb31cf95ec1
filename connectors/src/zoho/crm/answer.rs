//! What an answer of CRM's comes to: of the whole call, and of each of its rows. There is no `code: 0` here, the body may be empty, and
//! a 2xx may hide refused rows.

use std::time::Duration;

use serde_json::Value;

use crate::http::Answer;
use crate::side::{Limit, Refusal, Trouble};

/// Characters of a provider's sentence that are kept: a hold shows it to a person.
const MESSAGE_CHARS_MAX: usize = 500;
/// CRM does not say when to come back, nor whether its day or its calls at once are used up. A refused call costs nothing.
const UNASKED: Duration = Duration::from_secs(60);

/// The body of a success, `Null` where there is nothing to tell (204, 304), or what the answer comes to.
pub fn read(answer: &Answer) -> Result<Value, Trouble> {
    if matches!(answer.status, 204 | 304) {
        return Ok(Value::Null);
    }
    let body: Option<Value> = match answer.is_html() {
        true => None,
        false => serde_json::from_slice(&answer.body).ok().filter(Value::is_object),
    };
    let code = body.as_ref().map(|body| text(body, "code")).unwrap_or_default();
    match (answer.status, body) {
        (429, _) => Err(Trouble::Busy { limit: Limit::Minute, after: answer.retry_after().unwrap_or(UNASKED) }),
        // A fresh token would not reach further: it is the consent that lacks something.
        (401, _) if code == "OAUTH_SCOPE_MISMATCH" => {
            Err(Trouble::Forbidden("the consent does not cover all that CRM needs".to_owned()))
        }
        (401, _) => Err(Trouble::Unauthorised),
        // One module or one setting that this user may not touch: the others go on.
        (403, Some(body)) if code == "NO_PERMISSION" => Err(Trouble::Refused(refusal(403, &body))),
        (403, _) => Err(Trouble::Forbidden("the user's profile in CRM is not permitted to do this".to_owned())),
        (500.. | 408, _) => Err(Trouble::Unreachable(format!("HTTP {}", answer.status))),
        (200..300, Some(body)) => Ok(body),
        // Rows that are all refused may come with a 400: each has its own answer.
        (400, Some(body)) if code.is_empty() => Ok(body),
        (400..500, Some(body)) => Err(Trouble::Refused(refusal(answer.status, &body))),
        (status, _) => Err(Trouble::Unreachable(format!("HTTP {status} without the JSON we asked for"))),
    }
}

/// One row's answer.
pub fn row(row: &mut Value) -> Result<Value, Refusal> {
    let is_success = row["status"] == "success" || row["code"] == "SUCCESS";
    match is_success {
        true => Ok(row.take()),
        false => Err(refusal(400, row)),
    }
}

/// CRM's sentences hardly say anything: which field it is about stands in the details.
fn refusal(status: u16, body: &Value) -> Refusal {
    let details = &body["details"];
    let about = ["api_name", "param_name", "maximum_length", "limit"].iter().filter_map(|name| match &details[*name] {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(format!("{} {number}", name.replace('_', " "))),
        _ => None,
    });
    let about: Vec<String> = about.collect();
    let message = match about.is_empty() {
        true => text(body, "message"),
        false => format!("{} ({})", text(body, "message"), about.join(", ")),
    };
    Refusal { status, code: text(body, "code"), message: message.chars().take(MESSAGE_CHARS_MAX).collect() }
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn come_to(status: u16, body: &str) -> Result<Value, Trouble> {
        read(&Answer { status, headers: Default::default(), body: body.as_bytes().to_vec() })
    }

    fn said(code: &str) -> String {
        json!({ "code": code, "details": {}, "message": "what it says", "status": "error" }).to_string()
    }

    #[test]
    fn nothing_to_tell_is_a_success() {
        for status in [204, 304] {
            assert_eq!(come_to(status, "").unwrap(), Value::Null);
        }
        assert!(come_to(200, r#"{"data":[]}"#).is_ok());
    }

    #[test]
    fn a_token_is_refreshed_for_and_a_missing_scope_never() {
        for code in ["INVALID_TOKEN", "AUTHENTICATION_FAILURE"] {
            assert!(matches!(come_to(401, &said(code)), Err(Trouble::Unauthorised)), "{code}");
        }
        assert!(matches!(come_to(401, &said("OAUTH_SCOPE_MISMATCH")), Err(Trouble::Forbidden(_))));
        // One module that this user may not touch stops nothing else.
        assert!(matches!(come_to(403, &said("NO_PERMISSION")), Err(Trouble::Refused(_))));
        assert!(matches!(come_to(403, "<html>"), Err(Trouble::Forbidden(_))));
    }

    #[test]
    fn a_limit_without_a_moment_is_asked_again_in_a_minute() {
        let Err(Trouble::Busy { after, .. }) = come_to(429, &said("TOO_MANY_REQUESTS")) else { panic!("not busy") };
        assert_eq!(after, UNASKED);
    }

    #[test]
    fn a_refusal_names_the_field() {
        let body = r#"{"code":"REQUIRED_PARAM_MISSING","details":{"param_name":"fields"},"message":"missing","status":"error"}"#;
        let Err(Trouble::Refused(refusal)) = come_to(400, body) else { panic!("not refused") };
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("REQUIRED_PARAM_MISSING", "missing (fields)"));
        let mut long = json!({"code": "INVALID_DATA", "details": {"api_name": "Subject", "maximum_length": 120}, "message": "invalid data", "status": "error"});
        assert_eq!(row(&mut long).unwrap_err().message, "invalid data (Subject, maximum length 120)");
    }

    #[test]
    fn rows_that_are_all_refused_are_an_answer_still() {
        for status in [200, 202, 207, 400] {
            let mut body =
                come_to(status, r#"{"data":[{"code":"DUPLICATE_DATA","details":{},"message":"m","status":"error"}]}"#).unwrap();
            assert_eq!(row(&mut body["data"][0]).unwrap_err().code, "DUPLICATE_DATA", "{status}");
        }
        let mut good = json!({"code": "SUCCESS", "details": {"id": "1"}, "status": "success"});
        assert_eq!(row(&mut good).unwrap()["details"]["id"], "1");
    }

    #[test]
    fn no_usable_answer_is_nobodys_fault() {
        for (status, body) in [(200, "<html>"), (200, ""), (500, "{}"), (502, ""), (404, "gone"), (302, ""), (200, "[1]")] {
            assert!(matches!(come_to(status, body), Err(Trouble::Unreachable(_))), "{status} {body}");
        }
    }
}
