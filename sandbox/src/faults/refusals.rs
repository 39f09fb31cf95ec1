//! What each provider answers when it has too much or too little of itself: its own 429s and 5xx, on order.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::limits::Kind;
use crate::switches::Switches;
use crate::zoho::excess::{self, Answer};

/// The day's number of the demo organisation's plan, which the refusal names.
const DAY: u32 = 10_000;

/// Which limit is said to be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Minute,
    Day,
    Concurrent,
    /// Xero only: the app's calls over all organisations.
    AppMinute,
}

impl Limit {
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "minute" => Limit::Minute,
            "day" => Limit::Day,
            "concurrent" => Limit::Concurrent,
            "appminute" => Limit::AppMinute,
            _ => return None,
        })
    }

    /// Which limit of Zoho's it is; the app as a whole has none there.
    fn kind(self) -> Kind {
        match self {
            Limit::Minute | Limit::AppMinute => Kind::Minute,
            Limit::Day => Kind::Day,
            Limit::Concurrent => Kind::Concurrent,
        }
    }
}

/// A failure of the provider itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    Broken,
    BadGateway,
    Offline,
    TimedOut,
}

impl Server {
    pub fn of(code: u64) -> Option<Self> {
        Some(match code {
            500 => Server::Broken,
            502 => Server::BadGateway,
            503 => Server::Offline,
            504 => Server::TimedOut,
            _ => return None,
        })
    }
}

/// Whose manner it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    Xero,
    ZohoFinance,
    ZohoCrm,
    /// Sign-in servers.
    XeroSignIn,
    ZohoSignIn,
}

impl Whose {
    /// From the provider and the path of a request.
    pub fn of(provider: &str, path: &str) -> Self {
        match provider {
            "xero" if path.contains("/api/") => Whose::Xero,
            "xero" => Whose::XeroSignIn,
            _ if !path.contains("/api/") => Whose::ZohoSignIn,
            _ if path.contains("/crm/") => Whose::ZohoCrm,
            _ => Whose::ZohoFinance,
        }
    }
}

/// A 429 as the provider gives it.
pub fn too_many(whose: Whose, limit: Limit, retry_after_s: Option<u32>, switches: &Switches) -> HttpResponse {
    let mut answer = HttpResponse::TooManyRequests();
    match whose {
        Whose::Xero => xero(answer, limit, retry_after_s),
        Whose::ZohoFinance => zoho(excess::finance(limit.kind(), DAY), retry_after_s),
        Whose::ZohoCrm => zoho(excess::crm(), retry_after_s),
        Whose::XeroSignIn => {
            after(&mut answer, retry_after_s);
            json_answer(answer, &json!({"error": "temporarily_unavailable"}))
        }
        Whose::ZohoSignIn => zoho(excess::tokens(switches.on("zoho.token_throttle_is_400")), None),
    }
}

/// Zoho documents no `Retry-After`; it comes only when it is ordered.
fn zoho(said: Answer, retry_after_s: Option<u32>) -> HttpResponse {
    let mut answer = HttpResponse::build(StatusCode::from_u16(said.status).unwrap_or(StatusCode::TOO_MANY_REQUESTS));
    after(&mut answer, retry_after_s);
    answer.insert_header((CONTENT_TYPE, "application/json;charset=UTF-8")).body(said.body)
}

/// Xero names the limit in a header; too many at once has no `Retry-After`.
fn xero(mut answer: HttpResponseBuilder, limit: Limit, retry_after_s: Option<u32>) -> HttpResponse {
    let (problem, minute, day, app, wait) = match limit {
        Limit::Minute => ("minute", 0, 4_539, 9_938, Some(22)),
        Limit::Day => ("day", 60, 0, 9_938, Some(73_451)),
        Limit::Concurrent => ("concurrent", 41, 4_539, 9_938, None),
        Limit::AppMinute => ("appminute", 41, 4_539, 0, Some(31)),
    };
    answer
        .insert_header(("X-Rate-Limit-Problem", problem))
        .insert_header(("X-MinLimit-Remaining", minute.to_string()))
        .insert_header(("X-DayLimit-Remaining", day.to_string()))
        .insert_header(("X-AppMinLimit-Remaining", app.to_string()));
    after(&mut answer, retry_after_s.or(wait));
    answer.finish()
}

/// A 5xx as the provider gives it.
pub fn server_error(whose: Whose, server: Server) -> HttpResponse {
    let status = match server {
        Server::Broken => StatusCode::INTERNAL_SERVER_ERROR,
        Server::BadGateway => StatusCode::BAD_GATEWAY,
        Server::Offline => StatusCode::SERVICE_UNAVAILABLE,
        Server::TimedOut => StatusCode::GATEWAY_TIMEOUT,
    };
    let mut answer = HttpResponse::build(status);
    match (whose, server) {
        (_, Server::BadGateway | Server::TimedOut) => answer
            .insert_header((CONTENT_TYPE, "text/html"))
            .body(format!("<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>")),
        (Whose::Xero, Server::Offline) => {
            answer.insert_header((CONTENT_TYPE, "text/plain; charset=utf-8")).body("The Organisation is offline")
        }
        (Whose::Xero, _) => json_answer(
            answer,
            &json!({"Type": "Error", "Title": "An error occurred", "Status": 500, "Detail": "An error occurred in Xero.", "Instance": Uuid::new_v4()}),
        ),
        (Whose::ZohoFinance, _) => json_answer(answer, &json!({"code": 1000, "message": "Internal Error"})),
        (Whose::ZohoCrm, _) => json_answer(answer, &crm("INTERNAL_ERROR", "Internal server error occurred.")),
        (Whose::XeroSignIn | Whose::ZohoSignIn, _) => answer.insert_header((CONTENT_TYPE, "text/plain")).body(status.to_string()),
    }
}

fn after(answer: &mut HttpResponseBuilder, seconds: Option<u32>) {
    if let Some(seconds) = seconds {
        answer.insert_header((RETRY_AFTER, seconds.to_string()));
    }
}

fn crm(code: &str, message: &str) -> Value {
    json!({"code": code, "details": {}, "message": message, "status": "error"})
}

fn json_answer(mut answer: HttpResponseBuilder, body: &Value) -> HttpResponse {
    answer.insert_header((CONTENT_TYPE, "application/json;charset=UTF-8")).body(body.to_string())
}
