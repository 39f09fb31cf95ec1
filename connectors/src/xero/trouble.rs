//! What an answer of Xero's that is not a success comes to.

use std::time::Duration;

use serde_json::Value;

use crate::http::Answer;
use crate::side::{Limit, Refusal, Remaining, Trouble};

/// Characters of a provider's sentence that are kept: a hold shows it to a person.
const MESSAGE_CHARS_MAX: usize = 500;

/// Names what the caller does next. Only for answers that are not a success.
pub fn trouble(answer: &Answer) -> Trouble {
    match answer.status {
        429 => busy(answer),
        401 if lacks_scope(answer) => Trouble::Forbidden("the consent lacks a scope that this call needs".to_owned()),
        401 => Trouble::Unauthorised,
        403 => Trouble::Forbidden("the organisation is no longer connected, or the user lost access to it".to_owned()),
        408 | 425 | 500.. => Trouble::Unreachable(format!("HTTP {}", answer.status)),
        400..500 if !answer.is_html() => Trouble::Refused(refusal(answer)),
        status => Trouble::Unreachable(format!("HTTP {status} where data was expected")),
    }
}

/// What the headers of any answer say is left.
pub fn remaining(answer: &Answer) -> Remaining {
    let count = |name| answer.header(name).and_then(|left: &str| left.trim().parse().ok());
    Remaining { minute: count("x-minlimit-remaining"), day: count("x-daylimit-remaining") }
}

fn busy(answer: &Answer) -> Trouble {
    let problem = answer.header("x-rate-limit-problem").unwrap_or("").to_ascii_lowercase();
    let (limit, unasked_s) = if problem.starts_with("day") {
        (Limit::Day, 3600)
    } else if problem.starts_with("concurrent") {
        (Limit::Concurrent, 2)
    } else if problem.starts_with("app") {
        (Limit::App, 60)
    } else {
        (Limit::Minute, 60)
    };
    Trouble::Busy { limit, after: answer.retry_after().unwrap_or(Duration::from_secs(unasked_s)) }
}

/// A new token would not help: the consent itself is too narrow. Xero misspells the header's word.
fn lacks_scope(answer: &Answer) -> bool {
    let header = answer.header("www-authenticate").unwrap_or("").to_ascii_lowercase();
    let detail = String::from_utf8_lossy(&answer.body);
    header.contains("insufficent_scope") || header.contains("insufficient_scope") || detail.contains("AuthorizationUnsuccessful")
}

fn refusal(answer: &Answer) -> Refusal {
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        let message = clip(String::from_utf8_lossy(&answer.body).trim());
        return Refusal { status: answer.status, code: String::new(), message };
    };
    let code = match body.get("ErrorNumber").or_else(|| body.get("error")) {
        Some(Value::String(code)) => code.clone(),
        Some(code) => code.to_string(),
        None => String::new(),
    };
    let mut said: Vec<&str> = body["Elements"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|element| element["ValidationErrors"].as_array().into_iter().flatten())
        .filter_map(|error| error["Message"].as_str().or_else(|| error["Description"].as_str()))
        .collect();
    said.dedup();
    let message = match said.is_empty() {
        false => said.join(" "),
        true => ["Message", "Detail", "Title"].iter().find_map(|key| body[*key].as_str()).unwrap_or("").to_owned(),
    };
    Refusal { status: answer.status, code, message: clip(&message) }
}

fn clip(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Answer {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (reqwest::header::HeaderName::from_static(name), reqwest::header::HeaderValue::from_static(value))
            })
            .collect();
        Answer { status, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_limit_says_which_and_how_long() {
        let busy = |problem, after| match trouble(&answer(429, &[("x-rate-limit-problem", problem), ("retry-after", after)], ""))
        {
            Trouble::Busy { limit, after } => (limit, after.as_secs()),
            other => panic!("{other}"),
        };
        assert_eq!(busy("minute", "22"), (Limit::Minute, 22));
        assert_eq!(busy("day", "73451"), (Limit::Day, 73451));
        assert_eq!(busy("concurrent", ""), (Limit::Concurrent, 2));
        assert_eq!(busy("appminute", "x"), (Limit::App, 60));
        assert_eq!(busy("app-minute", "3"), (Limit::App, 3));
        let left = remaining(&answer(200, &[("x-minlimit-remaining", "12"), ("x-daylimit-remaining", "4539")], ""));
        assert_eq!(left, Remaining { minute: Some(12), day: Some(4539) });
    }

    #[test]
    fn a_bad_token_and_a_narrow_consent_are_told_apart() {
        let expired = answer(
            401,
            &[],
            r#"{"Title":"Unauthorized","Status":401,"Detail":"TokenExpired: token expired at 11/02/2018 16:36:32"}"#,
        );
        assert!(matches!(trouble(&expired), Trouble::Unauthorised));
        let narrow = answer(401, &[("www-authenticate", "insufficent_scope")], "");
        assert!(matches!(trouble(&narrow), Trouble::Forbidden(_)));
        assert!(matches!(trouble(&answer(401, &[], r#"{"Detail":"AuthorizationUnsuccessful"}"#)), Trouble::Forbidden(_)));
        assert!(matches!(trouble(&answer(403, &[], r#"{"Detail":"AuthenticationUnsuccessful"}"#)), Trouble::Forbidden(_)));
    }

    #[test]
    fn a_refusal_keeps_every_sentence_and_does_not_print_them() {
        let body = r#"{"ErrorNumber":10,"Type":"ValidationException","Message":"A validation exception occurred","Elements":[
            {"ValidationErrors":[{"Message":"First."},{"Description":"Second."}]}]}"#;
        let Trouble::Refused(refusal) = trouble(&answer(400, &[], body)) else { panic!("not refused") };
        assert_eq!((refusal.code.as_str(), refusal.message.as_str()), ("10", "First. Second."));
        assert!(!refusal.to_string().contains("First"));
        let Trouble::Refused(refusal) = trouble(&answer(404, &[], "The resource you're looking for cannot be found")) else {
            panic!("not refused")
        };
        assert_eq!((refusal.status, refusal.message.as_str()), (404, "The resource you're looking for cannot be found"));
    }

    #[test]
    fn no_usable_answer_is_nobodys_fault() {
        for (status, body) in
            [(500, "{}"), (503, "The Organisation is offline"), (502, "<html>"), (404, "<html>"), (302, ""), (408, "")]
        {
            assert!(matches!(trouble(&answer(status, &[], body)), Trouble::Unreachable(_)), "{status} {body}");
        }
    }
}
