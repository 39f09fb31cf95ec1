//! One call of the Accounting API: who calls, what was sent, and which part of the sandbox answers.

mod answer;
mod attachments;
mod body;
mod groups;
mod notes;
mod organisation;
mod parts;
mod read;
mod sending;
mod tracking;
mod whole;
mod write;
mod xml;

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, HeaderMap};
use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

pub use answer::{Answer, Failure, Rendered};
pub use body::elements;
pub use write::as_answered;

use super::access::{self, Caller};
use super::idempotency::{self, KEY_CHARS_MAX, Seen};
use super::kinds::Kind;
use super::reports::{self, Report};
use super::{allocations, journals};
use crate::Shared;

const API: &str = "/xero/api/api.xro/2.0";

/// One fixed prefix, because it is matched without a regular expression: this is the busiest door of Xero's side.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(web::scope(API).default_service(web::to(call)));
}

/// What a part is given.
pub struct Call<'a> {
    pub shared: &'a Shared,
    pub caller: &'a Caller,
    pub method: &'a Method,
    /// The address below the prefix, in parts, as they were sent.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    pub headers: &'a HeaderMap,
    pub body: &'a Bytes,
}

impl Call<'_> {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// `summarizeErrors=false`: every element is answered for itself.
    pub fn answers_alone(&self) -> bool {
        self.parameter("summarizeErrors").is_some_and(|value| value.eq_ignore_ascii_case("false"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

async fn call(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let longest = if shared.switches.on("xero.query_strings_have_2048_characters") { 2_048 } else { 8_192 };
    if request.query_string().len() > longest {
        return HttpResponse::UriTooLong().finish();
    }
    let tail = request.path().strip_prefix(API).unwrap_or_default();
    let segments: Vec<String> = tail.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
    let Some(area) = segments.first().and_then(|word| Area::of(word, &segments)) else {
        return answer::absent().without_limits();
    };
    let caller = match access::enter(&shared, &request, area.areas(), request.method() != Method::GET) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let wants_json = wants_json(&request);
    let query = form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    if matches!(area, Area::Journals | Area::Reports(_)) {
        // The books of a big company are posted and read for a while, which is not the time of those who come to this worker.
        let (shared, method, headers) = (shared.clone(), request.method().clone(), request.headers().clone());
        let told = web::block(move || {
            let call =
                Call { shared: &shared, caller: &caller, method: &method, query, headers: &headers, segments, body: &body };
            let answer = respond(&call, area).unwrap_or_else(Failure::answer).rendered(wants_json);
            (answer, caller)
        });
        return match told.await {
            Ok((answer, caller)) => answer.response(&caller),
            Err(_) => HttpResponse::InternalServerError().finish(),
        };
    }
    let (method, headers) = (request.method(), request.headers());
    let call = Call { shared: &shared, caller: &caller, method, query, headers, segments, body: &body };
    let key = call.header("Idempotency-Key").filter(|_| matches!(call.method.as_str(), "PUT" | "POST" | "PATCH"));
    let Some(key) = key else {
        return respond(&call, area).unwrap_or_else(Failure::answer).rendered(wants_json).response(&caller);
    };
    let asked = idempotency::asked(call.method.as_str(), &request.uri().to_string(), &body);
    let now_ms = shared.clock.now().timestamp_millis();
    if key.chars().count() > KEY_CHARS_MAX {
        return too_long_a_key().rendered(wants_json).response(&caller);
    }
    let answer = match shared.xero.idempotency.begin(key, &asked, now_ms) {
        Seen::Same(answer) => answer,
        Seen::Other => another_call().rendered(wants_json),
        Seen::No(begun) => {
            let answer = respond(&call, area).unwrap_or_else(Failure::answer).rendered(wants_json);
            if answer.status < 500 {
                begun.keep(asked, answer.clone(), now_ms);
            }
            answer
        }
    };
    answer.response(&caller)
}

fn too_long_a_key() -> Answer {
    Failure::body(format!("The Idempotency-Key cannot be longer than {KEY_CHARS_MAX} characters")).answer()
}

fn another_call() -> Answer {
    Failure::body("The Idempotency-Key has been used with another request").answer()
}

/// Which part of the API an address is in.
#[derive(Clone, Copy)]
enum Area {
    List(Kind),
    Part(Kind, parts::Part),
    Journals,
    /// A report, by its name.
    Reports(Report),
}

impl Area {
    fn of(word: &str, segments: &[String]) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "journals" => return Some(Area::Journals),
            "reports" => return Report::of(segments.get(1).map(String::as_str)).map(Area::Reports),
            _ => {}
        }
        let kind = Kind::of_path(word)?;
        Some(parts::Part::of(kind, segments).map_or(Area::List(kind), |part| Area::Part(kind, part)))
    }

    fn areas(self) -> &'static [&'static str] {
        match self {
            Area::List(kind) => kind.about().areas,
            Area::Part(kind, part) => part.areas(kind),
            Area::Journals => journals::AREAS,
            Area::Reports(report) => report.areas(),
        }
    }
}

fn respond(call: &Call, area: Area) -> Result<Answer, Failure> {
    let rest: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    let kind = match area {
        Area::List(kind) => kind,
        Area::Part(kind, part) => return part.answer(call, kind, &rest),
        Area::Journals => return journals::respond(call, &rest),
        Area::Reports(report) => return reports::respond(call, report),
    };
    if let Some(answer) = parts::instead(call, kind, &rest) {
        return answer;
    }
    match (call.method.as_str(), rest.as_slice()) {
        ("GET", []) => read::list(call, kind),
        ("GET", [id]) => {
            let answer = attachments::within(call, kind, read::single(call, kind, id)?)?;
            whole::single(call, kind, answer)
        }
        ("PUT", [id, "Allocations"]) if allocations::are_offered(kind) => allocations::allocate(call, kind, id),
        ("DELETE", [id, "Allocations", allocation]) if allocations::are_offered(kind) => {
            allocations::release(call, kind, id, allocation)
        }
        ("PUT" | "POST", []) => write::many(call, kind),
        ("POST", [id]) => write::one(call, kind, id),
        ("DELETE", [id]) if kind.about().delete => write::delete(call, kind, id),
        _ => Ok(answer::absent()),
    }
}

fn decoded(part: &str) -> String {
    form_urlencoded::parse(format!("p={}", part.replace('+', "%2B").replace('&', "%26")).as_bytes())
        .next()
        .map_or_else(String::new, |(_, part)| part.into_owned())
}

fn wants_json(request: &HttpRequest) -> bool {
    request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("application/json"))
}
