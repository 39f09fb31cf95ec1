//! `GET /connections`: every organisation this user ever connected, the oldest first, so that taking the first is wrong.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::json;

use super::{access, sessions};
use crate::Shared;

pub fn configure(cfg: &mut ServiceConfig) {
    for path in ["/xero/api/connections", "/xero/api/Connections"] {
        cfg.route(path, web::get().to(list)).route(&format!("{path}/{{id}}"), web::delete().to(disconnect));
    }
}

#[derive(Deserialize)]
struct Only {
    #[serde(rename = "authEventId")]
    event: Option<String>,
}

async fn list(shared: Data<Shared>, request: HttpRequest, only: Query<Only>) -> HttpResponse {
    if let Err(refused) = access::token_scope(&shared, &request) {
        return *refused;
    }
    match shared.store.with(sessions::connections) {
        Ok(connected) => {
            let shown: Vec<_> = connected
                .iter()
                .filter(|known| only.event.as_ref().is_none_or(|event| event.eq_ignore_ascii_case(&known.event)))
                .map(|known| {
                    json!({"id": known.id, "authEventId": known.event, "tenantId": known.tenant, "tenantType": "ORGANISATION",
                           "tenantName": known.name, "createdDateUtc": time(known.created_ms), "updatedDateUtc": time(known.updated_ms)})
                })
                .collect();
            HttpResponse::Ok().json(shown)
        }
        Err(error) => access::broken(&error),
    }
}

async fn disconnect(shared: Data<Shared>, request: HttpRequest, id: Path<String>) -> HttpResponse {
    if let Err(refused) = access::token_scope(&shared, &request) {
        return *refused;
    }
    match shared.store.with(|connection| sessions::disconnect(connection, &id)) {
        Ok(true) => HttpResponse::NoContent().finish(),
        Ok(false) => HttpResponse::NotFound().finish(),
        Err(error) => access::broken(&error),
    }
}

/// `2019-12-07T18:46:19.5165400`: seven digits, no zone.
fn time(ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default().format("%Y-%m-%dT%H:%M:%S%.3f0000").to_string()
}
