//! For operators: does the process live, can it work, and how much is there to do.

use std::fmt::Write;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use entities::database::sql;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use serde_json::json;

use crate::database;
use crate::error::{Error, chain};
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config
        .route("/healthz", web::get().to(lives))
        .route("/readyz", web::get().to(ready))
        .route("/metrics", web::get().to(metrics));
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

/// One gauge: its name, what it counts, the query, and what tells its lines apart.
struct Gauge {
    name: &'static str,
    help: &'static str,
    query: &'static str,
    labels: &'static [&'static str],
}

const GAUGES: &[Gauge] = &[
    Gauge {
        name: "cpconnect_jobs",
        help: "Jobs by queue and status.",
        query: "SELECT queue, status, COUNT(*) AS n FROM job GROUP BY queue, status ORDER BY queue, status",
        labels: &["queue", "status"],
    },
    Gauge {
        name: "cpconnect_runs",
        help: "Runs by kind and state.",
        query: "SELECT kind, state, COUNT(*) AS n FROM run GROUP BY kind, state ORDER BY kind, state",
        labels: &["kind", "state"],
    },
    Gauge {
        name: "cpconnect_letters",
        help: "E-mails by kind and state.",
        query: "SELECT kind, state, COUNT(*) AS n FROM letter GROUP BY kind, state ORDER BY kind, state",
        labels: &["kind", "state"],
    },
    Gauge {
        name: "cpconnect_links",
        help: "Links by state.",
        query: "SELECT state, COUNT(*) AS n FROM link GROUP BY state ORDER BY state",
        labels: &["state"],
    },
    Gauge {
        name: "cpconnect_grants",
        help: "OAuth consents by provider and state.",
        query: "SELECT provider, state, COUNT(*) AS n FROM oauth_grant GROUP BY provider, state ORDER BY provider, state",
        labels: &["provider", "state"],
    },
    Gauge {
        name: "cpconnect_holds",
        help: "Records that could not be carried, by code.",
        query: "SELECT code, COUNT(*) AS n FROM hold GROUP BY code ORDER BY code",
        labels: &["code"],
    },
    Gauge {
        name: "cpconnect_hints",
        help: "Records that webhooks spoke of and nobody has looked at yet, by side.",
        query: "SELECT side, COUNT(*) AS n FROM hint GROUP BY side ORDER BY side",
        labels: &["side"],
    },
];

/// Counts over all tenants, as Prometheus reads them. No names, no ids.
async fn metrics(state: web::Data<State>) -> Result<HttpResponse, Error> {
    let mut text = String::new();
    for gauge in GAUGES {
        write_gauge(&mut text, &state.database, gauge).await?;
    }
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")).body(text))
}

async fn write_gauge(text: &mut String, database: &DatabaseConnection, gauge: &Gauge) -> Result<(), DbErr> {
    let rows = database.query_all_raw(sql(database.get_database_backend(), gauge.query, Vec::new())).await?;
    // Writing to a text does not fail.
    let _ = writeln!(text, "# HELP {} {}", gauge.name, gauge.help);
    let _ = writeln!(text, "# TYPE {} gauge", gauge.name);
    for row in rows {
        let mut labels = Vec::with_capacity(gauge.labels.len());
        for label in gauge.labels {
            let value: String = row.try_get("", label)?;
            labels.push(format!("{label}={value:?}"));
        }
        let count: i64 = row.try_get("", "n")?;
        let _ = writeln!(text, "{}{{{}}} {count}", gauge.name, labels.join(","));
    }
    Ok(())
}
