//! What an answer of Zoho's comes to. The status alone never decides: success is a 2xx whose `code` is 0.

use std::time::Duration;

use serde_json::Value;

use crate::http::Answer;
use crate::side::{Limit, Refusal, Trouble};

/// Characters of a provider's sentence that are kept: a hold shows it to a person.
const MESSAGE_CHARS_MAX: usize = 500;

/// The body of a success, or what the answer comes to.
pub fn read(answer: &Answer) -> Result<Value, Trouble> {
    let body: Option<Value> = match answer.is_html() {
        true => None,
        false => serde_json::from_slice(&answer.body).ok().filter(Value::is_object),
    };
    let code = body.as_ref().map(code).unwrap_or_default();
    if answer.status == 429 || matches!(code.as_str(), "44" | "45" | "1070") {
        return Err(busy(answer, &code));
    }
    match (answer.status, body) {
        (401, _) => Err(Trouble::Unauthorised),
        (500.. | 408, _) => Err(Trouble::Unreachable(format!("HTTP {}", answer.status))),
        // 14 is a bad token. 57 is a bad token or a missing scope, which look alike: one refresh tells them apart.
        (_, Some(_)) if matches!(code.as_str(), "14" | "57") => Err(Trouble::Unauthorised),
        (403, _) => {
            Err(Trouble::Forbidden("the consent does not cover this organisation, or the user's role is too low".to_owned()))
        }
        (200..300, Some(body)) if code.is_empty() || code == "0" => Ok(body),
        (200..500, Some(body)) => Err(Trouble::Refused(Refusal { status: answer.status, message: message(&body), code })),
        (status, None) => Err(Trouble::Unreachable(format!("HTTP {status} without the JSON we asked for"))),
        (status, Some(_)) => Err(Trouble::Unreachable(format!("HTTP {status}"))),
    }
}

fn busy(answer: &Answer, code: &str) -> Trouble {
    // Zoho's day ends by the data centre's clock, which it does not tell: an hour later is asked again.
    let (limit, unasked_s) = match code {
        "45" => (Limit::Day, 3600),
        "1070" => (Limit::Concurrent, 2),
        _ => (Limit::Minute, 60),
    };
    Trouble::Busy { limit, after: answer.retry_after().unwrap_or(Duration::from_secs(unasked_s)) }
}

fn code(body: &Value) -> String {
    match body.get("code") {
        Some(Value::String(code)) => code.clone(),
        Some(Value::Number(code)) => code.to_string(),
        _ => String::new(),
    }
}

fn message(body: &Value) -> String {
    body["message"].as_str().unwrap_or("").chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn come_to(status: u16, body: &str) -> Result<Value, Trouble> {
        read(&Answer { status, headers: Default::default(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn success_is_a_2xx_whose_code_is_0() {
        for (status, body) in
            [(200, r#"{"code":0,"message":"success"}"#), (201, r#"{"code":"0"}"#), (200, r#"{"reporting_tags":[]}"#)]
        {
            assert!(come_to(status, body).is_ok(), "{status} {body}");
        }
        for status in [200, 201, 400, 404] {
            let Err(Trouble::Refused(refusal)) = come_to(status, r#"{"code":3062,"message":"taken"}"#) else {
                panic!("not refused")
            };
            assert_eq!((refusal.status, refusal.code.as_str(), refusal.message.as_str()), (status, "3062", "taken"));
        }
    }

    #[test]
    fn each_limit_has_its_wait() {
        for (code, limit, wait_s) in
            [("44", Limit::Minute, 60), ("45", Limit::Day, 3600), ("1070", Limit::Concurrent, 2), ("0", Limit::Minute, 60)]
        {
            let Err(Trouble::Busy { limit: found, after }) = come_to(429, &format!(r#"{{"code":{code}}}"#)) else {
                panic!("not busy")
            };
            assert_eq!((found, after.as_secs()), (limit, wait_s));
        }
        assert!(matches!(come_to(400, r#"{"code":1070}"#), Err(Trouble::Busy { limit: Limit::Concurrent, .. })));
        assert!(matches!(come_to(429, "slow down"), Err(Trouble::Busy { limit: Limit::Minute, .. })));
    }

    #[test]
    fn a_bad_token_and_a_missing_scope_look_alike() {
        for (status, body) in [(401, r#"{"code":57}"#), (401, ""), (400, r#"{"code":57}"#), (200, r#"{"code":14}"#)] {
            assert!(matches!(come_to(status, body), Err(Trouble::Unauthorised)), "{status} {body}");
        }
        assert!(matches!(come_to(403, "{}"), Err(Trouble::Forbidden(_))));
    }

    #[test]
    fn no_usable_answer_is_nobodys_fault() {
        for (status, body) in [
            (200, "<html>"),
            (200, ""),
            (201, r#"{"code":0,"#),
            (500, r#"{"code":1000}"#),
            (502, ""),
            (404, "gone"),
            (302, ""),
            (200, "[1]"),
        ] {
            assert!(matches!(come_to(status, body), Err(Trouble::Unreachable(_))), "{status} {body}");
        }
    }
}
