//! For operators: how much there is to do and how it goes, as Prometheus reads it. Counts over all tenants; no names, no ids.
//!
//! Everything is read from the database, so any process answers for all of them. What stands on it: `docs/operating/grafana.json` and
//! `docs/operating/alerts.yml`; a test sees to it that these name nothing that is not here.

use std::fmt::Write;

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, ServiceConfig};
use entities::clock::At;
use entities::database::sql;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Value};

use crate::error::Error;
use crate::state::State;

const SECOND_US: i64 = 1_000_000;
const DAY_US: i64 = 86_400 * SECOND_US;

pub fn configure(config: &mut ServiceConfig) {
    config.route("/metrics", web::get().to(metrics));
}

/// One gauge: its name, what it counts, the query, and what tells its lines apart.
struct Gauge {
    name: &'static str,
    help: &'static str,
    query: &'static str,
    /// What the query has to be told.
    given: Given,
    labels: &'static [&'static str],
}

enum Given {
    Nothing,
    /// `$1` is the time now, µs.
    Now,
    /// `$1` is the day, counted from 1970.
    Day,
}

const GAUGES: &[Gauge] = &[
    Gauge {
        name: "cpconnect_jobs",
        help: "Jobs by queue and status.",
        query: "SELECT queue, status, COUNT(*) AS n FROM job GROUP BY queue, status ORDER BY queue, status",
        given: Given::Nothing,
        labels: &["queue", "status"],
    },
    Gauge {
        name: "cpconnect_queue_age_seconds",
        help: "For how long the oldest job has been due that nobody has taken, by queue.",
        query: "SELECT queue, MAX($1 - run_at) / 1000000 AS n FROM job WHERE status = 'pending' AND run_at <= $1 GROUP BY queue ORDER BY queue",
        given: Given::Now,
        labels: &["queue"],
    },
    Gauge {
        name: "cpconnect_runs",
        help: "Runs by kind and state.",
        query: "SELECT kind, state, COUNT(*) AS n FROM run GROUP BY kind, state ORDER BY kind, state",
        given: Given::Nothing,
        labels: &["kind", "state"],
    },
    Gauge {
        name: "cpconnect_records",
        help: "Records of the runs that are kept, by what became of them.",
        query: "SELECT 'created' AS outcome, CAST(COALESCE(SUM(created), 0) AS BIGINT) AS n FROM run_count \
                UNION ALL SELECT 'updated', CAST(COALESCE(SUM(updated), 0) AS BIGINT) FROM run_count \
                UNION ALL SELECT 'unchanged', CAST(COALESCE(SUM(unchanged), 0) AS BIGINT) FROM run_count \
                UNION ALL SELECT 'removed', CAST(COALESCE(SUM(removed), 0) AS BIGINT) FROM run_count \
                UNION ALL SELECT 'waiting', CAST(COALESCE(SUM(waiting), 0) AS BIGINT) FROM run_count",
        given: Given::Nothing,
        labels: &["outcome"],
    },
    Gauge {
        name: "cpconnect_calls_today",
        help: "Calls that providers have been made since midnight UTC, all organisations together.",
        query: "SELECT SUBSTR(key, 1, 4) AS provider, CAST(COALESCE(SUM(used), 0) AS BIGINT) AS n FROM quota WHERE day = $1 \
                GROUP BY SUBSTR(key, 1, 4) ORDER BY provider",
        given: Given::Day,
        labels: &["provider"],
    },
    Gauge {
        name: "cpconnect_calls_today_max",
        help: "The same of the organisation that was called most.",
        query: "SELECT SUBSTR(key, 1, 4) AS provider, MAX(used) AS n FROM quota WHERE day = $1 GROUP BY SUBSTR(key, 1, 4) ORDER BY provider",
        given: Given::Day,
        labels: &["provider"],
    },
    Gauge {
        name: "cpconnect_limited",
        help: "Organisations that a provider has told to wait, by its limit.",
        query: "SELECT SUBSTR(key, 1, 4) AS provider, COALESCE(paused_for, '') AS limited_by, COUNT(*) AS n FROM quota \
                WHERE paused_until > $1 GROUP BY SUBSTR(key, 1, 4), paused_for ORDER BY provider, limited_by",
        given: Given::Now,
        labels: &["provider", "limited_by"],
    },
    Gauge {
        name: "cpconnect_letters",
        help: "E-mails by kind and state.",
        query: "SELECT kind, state, COUNT(*) AS n FROM letter GROUP BY kind, state ORDER BY kind, state",
        given: Given::Nothing,
        labels: &["kind", "state"],
    },
    Gauge {
        name: "cpconnect_partner_messages",
        help: "Messages to partners' webhooks, of the last 30 days, by what they are about and what became of them.",
        query: "SELECT event, state, COUNT(*) AS n FROM message GROUP BY event, state ORDER BY event, state",
        given: Given::Nothing,
        labels: &["event", "state"],
    },
    Gauge {
        name: "cpconnect_links",
        help: "Links by state.",
        query: "SELECT state, COUNT(*) AS n FROM link GROUP BY state ORDER BY state",
        given: Given::Nothing,
        labels: &["state"],
    },
    Gauge {
        name: "cpconnect_grants",
        help: "OAuth consents by provider and state.",
        query: "SELECT provider, state, COUNT(*) AS n FROM oauth_grant GROUP BY provider, state ORDER BY provider, state",
        given: Given::Nothing,
        labels: &["provider", "state"],
    },
    Gauge {
        name: "cpconnect_token_refreshes",
        help: "How often the tokens of the consents that are kept have been replaced.",
        query: "SELECT provider, CAST(COALESCE(SUM(generation - 1), 0) AS BIGINT) AS n FROM oauth_grant GROUP BY provider ORDER BY provider",
        given: Given::Nothing,
        labels: &["provider"],
    },
    Gauge {
        name: "cpconnect_holds",
        help: "Records that could not be carried, by code.",
        query: "SELECT code, COUNT(*) AS n FROM hold GROUP BY code ORDER BY code",
        given: Given::Nothing,
        labels: &["code"],
    },
    Gauge {
        name: "cpconnect_hints",
        help: "Records that webhooks spoke of and nobody has looked at yet, by side.",
        query: "SELECT side, COUNT(*) AS n FROM hint GROUP BY side ORDER BY side",
        given: Given::Nothing,
        labels: &["side"],
    },
];

async fn metrics(state: web::Data<State>) -> Result<HttpResponse, Error> {
    let now = state.now();
    let mut text = String::new();
    for gauge in GAUGES {
        write_gauge(&mut text, &state.database, gauge, now).await?;
    }
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")).body(text))
}

async fn write_gauge(text: &mut String, database: &DatabaseConnection, gauge: &Gauge, now: At) -> Result<(), DbErr> {
    let given: Vec<Value> = match gauge.given {
        Given::Nothing => Vec::new(),
        Given::Now => vec![now.0.into()],
        Given::Day => vec![now.0.div_euclid(DAY_US).into()],
    };
    let rows = database.query_all_raw(sql(database.get_database_backend(), gauge.query, given)).await?;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names of ours in a text.
    fn named(text: &str) -> BTreeSet<&str> {
        let is_name = |one: char| one.is_ascii_lowercase() || one == '_';
        text.match_indices("cpconnect_")
            .map(|(at, _)| &text[at..][..text[at..].find(|one| !is_name(one)).unwrap_or(text.len() - at)])
            .collect()
    }

    #[test]
    fn dashboard_and_alerts_name_what_is_there_and_the_dashboard_shows_all_of_it() {
        let (dashboard, alerts) =
            (include_str!("../../../docs/operating/grafana.json"), include_str!("../../../docs/operating/alerts.yml"));
        let known: BTreeSet<&str> = GAUGES.iter().map(|gauge| gauge.name).collect();
        serde_json::from_str::<serde_json::Value>(dashboard).unwrap();
        assert_eq!(named(dashboard), known);
        assert!(named(alerts).is_subset(&known), "{:?}", named(alerts).difference(&known).collect::<Vec<_>>());
        assert!(!named(alerts).is_empty());
    }
}
