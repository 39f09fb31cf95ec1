//! Who may call the API: token, organisation, scope, limits; and the answers of those who may not.

use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use chrono::DateTime;
use serde_json::{Value, json};
use uuid::Uuid;

use super::sessions::{self, Dead, Org};
use crate::Shared;
use crate::limits::{self, Exceeded, Permit, Remaining, Rule};

/// What Xero allows one organisation.
pub const RULE: Rule = Rule { per_minute: 60, per_day: 5_000, in_flight: 5 };
/// What the app may call a minute over all organisations; the sandbox has too few of them to reach it.
const APP_PER_MINUTE: u32 = 10_000;

/// An admitted call.
pub struct Caller {
    pub org: Org,
    pub permit: Permit,
}

/// Checks a call of the Accounting API, in Xero's order: token, organisation, limits, scope. `areas`: the middle words of the scopes
/// that reach what is asked for.
pub fn enter(shared: &Shared, request: &HttpRequest, areas: &[&str], writes: bool) -> Result<Caller, Box<HttpResponse>> {
    let scope = token_scope(shared, request)?;
    let tenant = request.headers().get("xero-tenant-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let org = shared.store.with(|connection| {
        let connected = sessions::is_connected(connection, tenant)?;
        Ok::<_, rusqlite::Error>(sessions::org(connection, tenant)?.filter(|_| connected))
    });
    let org = match org {
        Ok(Some(org)) => org,
        Ok(None) => return Err(refusal(403, "Forbidden", "AuthenticationUnsuccessful")),
        Err(error) => return Err(Box::new(broken(&error))),
    };
    let permit = shared.limits.enter(&format!("xero:{}", org.tenant), &RULE).map_err(|exceeded| Box::new(too_many(&exceeded)))?;
    if !allows(&scope, areas, writes) {
        let mut answer = refusal(401, "Unauthorized", "AuthorizationUnsuccessful");
        answer.headers_mut().insert(
            actix_web::http::header::WWW_AUTHENTICATE,
            actix_web::http::header::HeaderValue::from_static("insufficent_scope"),
        );
        return Err(answer);
    }
    Ok(Caller { org, permit })
}

/// The scope of the token, or the answer to a caller without a living one.
pub fn token_scope(shared: &Shared, request: &HttpRequest) -> Result<String, Box<HttpResponse>> {
    let now = shared.clock.now().timestamp_millis();
    let Some(token) = bearer(request) else {
        return Err(refusal(401, "Unauthorized", "AuthenticationUnsuccessful"));
    };
    match shared.store.with(|connection| sessions::access(connection, token, now)) {
        Ok(Ok(scope)) => Ok(scope),
        Ok(Err(Dead::Expired { at_ms })) => {
            let at = DateTime::from_timestamp_millis(at_ms).unwrap_or_default().format("%m/%d/%Y %H:%M:%S");
            Err(refusal(401, "Unauthorized", &format!("TokenExpired: token expired at {at}")))
        }
        Ok(Err(Dead::Unknown)) => Err(refusal(401, "Unauthorized", "AuthenticationUnsuccessful")),
        Err(error) => Err(Box::new(broken(&error))),
    }
}

pub fn bearer(request: &HttpRequest) -> Option<&str> {
    request.headers().get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}

/// The figures that every answer carries.
pub fn with_remaining(answer: &mut HttpResponseBuilder, remaining: Remaining) -> &mut HttpResponseBuilder {
    answer
        .insert_header(("X-MinLimit-Remaining", remaining.minute.to_string()))
        .insert_header(("X-DayLimit-Remaining", remaining.day.to_string()))
        .insert_header((
            "X-AppMinLimit-Remaining",
            (APP_PER_MINUTE - (RULE.per_minute.saturating_sub(remaining.minute)).min(APP_PER_MINUTE)).to_string(),
        ))
        .insert_header(("Xero-Correlation-Id", Uuid::new_v4().to_string()))
}

/// A failure of the sandbox itself.
pub fn broken(error: &rusqlite::Error) -> HttpResponse {
    tracing::error!(%error, "the sandbox's store failed");
    HttpResponse::InternalServerError().finish()
}

fn too_many(exceeded: &Exceeded) -> HttpResponse {
    let problem = match exceeded.kind {
        limits::Kind::Minute => "minute",
        limits::Kind::Day => "day",
        limits::Kind::Concurrent => "concurrent",
    };
    let mut answer = HttpResponse::TooManyRequests();
    with_remaining(&mut answer, exceeded.remaining);
    answer.insert_header(("X-Rate-Limit-Problem", problem));
    if exceeded.kind != limits::Kind::Concurrent {
        answer.insert_header((RETRY_AFTER, exceeded.retry_after_s.to_string()));
    }
    answer.finish()
}

fn refusal(status: u16, title: &str, detail: &str) -> Box<HttpResponse> {
    Box::new(problem(status, title, detail))
}

fn problem(status: u16, title: &str, detail: &str) -> HttpResponse {
    let body = json!({
        "Type": Value::Null, "Title": title, "Status": status, "Detail": detail, "Instance": Uuid::new_v4(), "Extensions": {},
    });
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    HttpResponse::build(status).insert_header((CONTENT_TYPE, "application/json")).body(body.to_string())
}

/// Whether a scope reaches one of these areas; `.read` scopes only read.
fn allows(scope: &str, areas: &[&str], writes: bool) -> bool {
    scope.split_ascii_whitespace().filter_map(|scope| scope.strip_prefix("accounting.")).any(|scope| {
        match scope.strip_suffix(".read") {
            Some(area) => !writes && areas.contains(&area),
            None => areas.contains(&scope),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xero::kinds::Kind;

    #[test]
    fn a_scope_reaches_its_own_lists_only() {
        let reads = |scope: &str, kind: Kind| allows(scope, kind.about().areas, false);
        assert!(reads("openid accounting.invoices", Kind::Invoices));
        assert!(reads("accounting.transactions.read", Kind::Payments));
        assert!(!reads("accounting.invoices", Kind::Payments));
        assert!(!reads("accounting.contacts", Kind::Accounts));
        assert!(!reads("openid profile", Kind::Contacts));
        assert!(!allows("accounting.contacts.read", Kind::Contacts.about().areas, true), "a scope that reads does not write");
        assert!(allows("accounting.contacts", Kind::Contacts.about().areas, true));
    }
}
