//! One call of the Accounting API: who calls, what was sent, and which part of the sandbox answers.

mod answer;
mod read;
mod write;

use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, HeaderMap};
use actix_web::web::{Bytes, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

pub use answer::{Answer, Failure};

use super::access::{self, Caller};
use super::kinds::Kind;
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

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

async fn call(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let tail = request.path().strip_prefix(API).unwrap_or_default();
    let segments: Vec<String> = tail.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
    let Some(area) = segments.first().and_then(|word| Area::of(word, &segments)) else {
        return answer::absent().without_limits();
    };
    let caller = match access::enter(&shared, &request, area.areas(), request.method() != Method::GET) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    let call = Call {
        shared: &shared,
        caller: &caller,
        method: request.method(),
        query: form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect(),
        headers: request.headers(),
        segments,
        body: &body,
    };
    let answer = respond(&call, area).unwrap_or_else(Failure::answer);
    answer.response(&shared, &caller, wants_json(&request))
}

/// Which part of the API an address is in.
#[derive(Clone, Copy)]
enum Area {
    List(Kind),
}

impl Area {
    fn of(word: &str, _: &[String]) -> Option<Self> {
        Kind::of_path(word).map(Area::List)
    }

    fn areas(self) -> &'static [&'static str] {
        match self {
            Area::List(kind) => kind.about().areas,
        }
    }
}

fn respond(call: &Call, area: Area) -> Result<Answer, Failure> {
    let Area::List(kind) = area;
    let rest: Vec<&str> = call.segments.iter().skip(1).map(String::as_str).collect();
    match (call.method.as_str(), rest.as_slice()) {
        ("GET", []) => read::list(call, kind),
        ("GET", [id]) => read::single(call, kind, id),
        ("PUT" | "POST", []) => write::many(call, kind),
        ("POST", [id]) => write::one(call, kind, id),
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
