//! The log: sentences with handles, as text for people or JSON for machines.

use std::io::IsTerminal;

use connectors::http::SPANS;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use super::traces::Traces;
use crate::settings::Raw;

/// Libraries talk too much at `info`, and about things whose names are ours to keep.
const QUIET: &str =
    "sqlx=warn,sea_orm=warn,sea_orm_migration=warn,lettre=warn,hyper=warn,h2=warn,async_graphql=warn,actix_server=warn";

/// Starts the log as `LOG` and `LOG_FORMAT` say, and traces as `TRACES_URL` does.
pub fn start(raw: &Raw) -> Result<Traces, String> {
    let wanted = raw.get("LOG").unwrap_or("info");
    let filter = EnvFilter::try_new(format!("{QUIET},{wanted},{SPANS}=off"))
        .map_err(|error| format!("LOG: must be a level or a filter such as `info,jobs=debug`: {error}"))?;
    let traces = Traces::new(raw)?;
    let log = tracing_subscriber::fmt::layer().with_ansi(std::io::stdout().is_terminal());
    let log = match raw.get("LOG_FORMAT") {
        Some("json") => log.json().with_filter(filter).boxed(),
        Some("text") | None => log.with_target(false).with_filter(filter).boxed(),
        Some(_) => return Err("LOG_FORMAT: must be text or json".to_owned()),
    };
    tracing_subscriber::registry().with(log).with(traces.layer()).try_init().map_err(|error| error.to_string())?;
    Ok(traces)
}

/// For a command that shows its own progress: only what went wrong, unless RUST_LOG asks for more. A log that runs already stays.
#[cfg(feature = "demo")]
pub fn quiet() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("error"));
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}
