//! The log: sentences with handles, as text for people or JSON for machines.

use tracing_subscriber::EnvFilter;

use crate::settings::Raw;

/// Libraries talk too much at `info`, and about things whose names are ours to keep.
const QUIET: &str = "sqlx=warn,sea_orm=warn,sea_orm_migration=warn,lettre=warn,hyper=warn,h2=warn,async_graphql=warn,actix_server=warn";

/// Starts the log as `LOG` and `LOG_FORMAT` say.
pub fn start(raw: &Raw) -> Result<(), String> {
    let wanted = raw.get("LOG").unwrap_or("info");
    let filter = EnvFilter::try_new(format!("{QUIET},{wanted}"))
        .map_err(|error| format!("LOG: must be a level or a filter such as `info,jobs=debug`: {error}"))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    let started = match raw.get("LOG_FORMAT") {
        Some("json") => log.json().try_init(),
        Some("text") | None => log.with_target(false).try_init(),
        Some(_) => return Err("LOG_FORMAT: must be text or json".to_owned()),
    };
    started.map_err(|error| error.to_string())
}
