//! For operators: does the process live, and can it work.

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde_json::json;

use crate::database;
use crate::error::chain;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config.route("/healthz", web::get().to(lives)).route("/readyz", web::get().to(ready));
}

/// The process answers. Says nothing of what it stands on, so that a database at rest does not get the process killed.
async fn lives() -> impl Responder {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// The database answers and has the schema that this program needs.
async fn ready(state: web::Data<State>) -> impl Responder {
    let (database, migrations) = match database::pending(&state.database).await {
        Ok(0) => ("ok", "ok"),
        Ok(_) => ("ok", "pending"),
        Err(error) => {
            tracing::warn!(error = %chain(&error), "not ready: the database does not answer");
            ("unreachable", "unknown")
        }
    };
    let body = json!({ "database": database, "migrations": migrations });
    if migrations == "ok" { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}
