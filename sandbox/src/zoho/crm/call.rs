//! One call of CRM: who calls, for which organisation, within which limits, and what was sent.

use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::desk::Desk;
use super::external::External;
use super::orgs::{self, Org};
use super::{bulk, credits, notify, router};
use crate::Shared;
use crate::zoho::call::Query;
use crate::zoho::consent::DATA_CENTRES;
use crate::zoho::tokens;

/// What a handler is given.
pub struct Call<'a> {
    pub shared: &'a Shared,
    pub dc: &'a str,
    pub method: &'a Method,
    pub segments: Vec<String>,
    pub query: Query,
    pub query_text: &'a str,
    headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// It came to the host that takes uploads.
    pub is_content_host: bool,
}

impl Call<'_> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The JSON object that was sent.
    pub fn json(&self) -> Result<Map<String, Value>, Refusal> {
        match serde_json::from_slice(self.body) {
            Ok(Value::Object(body)) => Ok(body),
            _ => Err(Refusal::new("INVALID_DATA", "body", json!({"expected_data_type": "jsonobject"}))),
        }
    }

    /// A parameter that is there and not empty.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name).filter(|value| !value.is_empty())
    }

    /// A parameter without which there is no answer.
    pub fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.param(name).ok_or_else(|| Refusal::param_missing(name))
    }

    /// A whole number between 1 and `max`.
    pub fn figure(&self, name: &str, usual: u32, max: u32) -> Result<u32, Refusal> {
        match self.param(name) {
            None => Ok(usual),
            Some(text) => {
                text.parse().ok().filter(|figure| (1..=max).contains(figure)).ok_or_else(|| Refusal::param_invalid(name))
            }
        }
    }
}

const CRM: &str = "/crm/v8";
const BULK: &str = "/crm/bulk/v8";

/// Fixed prefixes, matched without a regular expression. Uploads go to a host of their own.
pub fn configure(cfg: &mut ServiceConfig) {
    for dc in DATA_CENTRES {
        for prefix in [CRM, BULK] {
            cfg.service(web::scope(&format!("/zoho/{dc}/api{prefix}")).default_service(web::to(crm)));
        }
        cfg.service(web::scope(&format!("/zoho/{dc}/content{CRM}")).default_service(web::to(crm)));
    }
}

/// Everything below `/zoho/{dc}/api/crm/v8/` and `/zoho/{dc}/api/crm/bulk/v8/`; the latter's segments begin with `bulk`.
async fn crm(shared: web::Data<Shared>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let path = request.path().strip_prefix("/zoho/").unwrap_or_default();
    let (dc, rest) = path.split_once('/').unwrap_or_default();
    let tail = rest.split_once(CRM).map(|(_, tail)| (None, tail));
    let Some((first, tail)) = tail.or_else(|| rest.split_once(BULK).map(|(_, tail)| (Some("bulk"), tail))) else {
        return HttpResponse::NotFound().finish();
    };
    let call = Call {
        shared: &shared,
        dc,
        method: request.method(),
        segments: first
            .into_iter()
            .map(str::to_owned)
            .chain(tail.split('/').filter(|segment| !segment.is_empty()).map(percent_decoded))
            .collect(),
        query: Query::parse(request.query_string()),
        query_text: request.query_string(),
        headers: request.headers(),
        body: &body,
        is_content_host: rest.starts_with("content/"),
    };
    let response = match shared.store.atomically(|connection| admit(&call, connection)) {
        Ok((org, scopes)) => within_limits(&call, &org, &scopes),
        Err(refusal) => response(refusal.answer()),
    };
    if notify::begins(&shared) {
        actix_web::rt::spawn(notify::deliver(shared.get_ref().clone()));
    }
    response
}

/// Token first; it brings the organisation with it.
fn admit(call: &Call, connection: &Connection) -> Result<(Org, String), Refusal> {
    let header = call.header("authorization").unwrap_or_default();
    let token = match header.split_once(' ') {
        Some(("Zoho-oauthtoken", token)) => token.trim(),
        Some(("Bearer", token)) if call.shared.switches.on("zoho.bearer_is_accepted") => token.trim(),
        _ => return Err(Refusal::authentication_failure()),
    };
    let scopes = tokens::scopes_of(connection, token, call.dc, call.shared.clock.now());
    let scopes = scopes.map_err(|refusal| Refusal::new("INTERNAL_ERROR", refusal.message, json!({})).at(500))?;
    let scopes = scopes.ok_or_else(Refusal::invalid_token)?;
    Ok((orgs::of_token(call.shared, connection, call.dc, token)?, scopes))
}

fn within_limits(call: &Call, org: &Org, scopes: &str) -> HttpResponse {
    let permit = match credits::enter(call.shared, org) {
        Ok(permit) => permit,
        Err(refusal) => return response(refusal.answer()),
    };
    let cost = if call.shared.limits.is_on() { credits::cost(call) } else { 0 };
    let answer = call.shared.store.atomically(|connection| {
        let left = credits::spend(call.shared, connection, org, cost)?;
        let desk = Desk {
            external: External::parse(call.header("x-external")),
            watched: super::channel::is_watched(connection, org)?,
            ..Desk::open(call.shared, connection, org, scopes)
        };
        let answer = work(call, &desk)?;
        notify::post(&desk)?;
        Ok::<_, Refusal>((answer, left, desk.started.take()))
    });
    let mut response = match answer {
        Ok((answer, left, started)) => {
            for job in started {
                actix_web::rt::spawn(bulk::run(call.shared.clone(), job));
            }
            let mut response = response(answer);
            if let Some(left) = left {
                let value = left.to_string().parse();
                if let (Ok(value), Ok(name)) = (value, "X-API-CREDITS-REMAINING".parse::<actix_web::http::header::HeaderName>()) {
                    response.headers_mut().insert(name, value);
                }
            }
            response
        }
        Err(refusal) => response(refusal.answer()),
    };
    // The call is in flight until its answer is on its way.
    response.extensions_mut().insert(permit);
    response
}

/// A refusal costs its credits too, so only a failure of the store undoes them.
fn work(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    desk.connection.prepare_cached("SAVEPOINT crm")?.execute([])?;
    match router::answer(call, desk) {
        Ok(answer) => {
            desk.connection.prepare_cached("RELEASE crm")?.execute([])?;
            Ok(answer)
        }
        Err(refusal) => {
            desk.events.borrow_mut().clear();
            desk.started.borrow_mut().clear();
            desk.connection.prepare_cached("ROLLBACK TO crm")?.execute([])?;
            desk.connection.prepare_cached("RELEASE crm")?.execute([])?;
            Ok(refusal.answer())
        }
    }
}

fn response(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    if answer.body.is_empty() {
        return response.finish();
    }
    if let Some(name) = answer.file_name {
        response
            .insert_header(("Content-Disposition", format!("attachment; filename=\"{}\"", name.replace(['"', '\r', '\n'], "_"))));
    }
    response.content_type(answer.content_type).body(answer.body)
}

fn percent_decoded(segment: &str) -> String {
    // Form decoding would turn a plus into a blank, which a path does not.
    let text = segment.replace('+', "%2B");
    url::form_urlencoded::parse(text.as_bytes()).next().map_or_else(String::new, |(name, _)| name.into_owned())
}
