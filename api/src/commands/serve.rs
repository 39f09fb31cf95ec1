//! `cpconnect serve` and `cpconnect worker`: the long-running ones, and how they end.

use std::net::TcpListener;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use entities::chance::SystemChance;
use entities::clock::SystemClock;
use jobs::context::Context;
use secrecy::ExposeSecret;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::traces::Traces;
use super::{Outcome, logging, reload};
use crate::settings::{Raw, Settings};
use crate::state::{self, State};
use crate::{database, server};

/// After this the process ends with what is still open; every step of the work may be cut off anywhere.
const SHUTDOWN_MAX: Duration = Duration::from_secs(10);

#[derive(Args)]
pub struct Serve {
    /// Leave the jobs to `cpconnect worker`
    #[arg(long)]
    no_worker: bool,
    #[command(flatten)]
    raw: Raw,
}

#[derive(Args)]
pub struct Worker {
    #[command(flatten)]
    raw: Raw,
}

impl Serve {
    pub async fn run(self) -> Outcome {
        let (settings, context, traces) = start(&self.raw, true).await?;
        let listener = TcpListener::bind(settings.listen_addr)
            .map_err(|error| format!("LISTEN_ADDR: {} cannot be listened on: {error}", settings.listen_addr))?;
        let state = State::new(context.clone(), settings).await?;
        let public_url = state.public_url.clone();
        let (server, address) = server::start(state, listener)?;
        let handle = server.handle();
        tracing::info!(%address, %public_url, "CP Connect serves");
        let (stop, stopped) = watch::channel(false);
        let mut server = tokio::spawn(server);
        let worker = (!self.no_worker).then(|| tokio::spawn(jobs::worker::run(context.clone(), stopped)));
        let ended_early = tokio::select! {
            ended = &mut server => Some(ended),
            signal = signal() => {
                signal?;
                None
            }
        };
        let end = async {
            // The receivers may be gone already.
            let _ = stop.send(true);
            handle.stop(true).await;
            finish(worker, &context, traces).await;
        };
        within_time(end).await;
        match ended_early {
            Some(ended) => {
                ended??;
                Err("the HTTP server ended by itself".into())
            }
            None => Ok(ExitCode::SUCCESS),
        }
    }
}

impl Worker {
    pub async fn run(self) -> Outcome {
        let (_, context, traces) = start(&self.raw, false).await?;
        let (stop, stopped) = watch::channel(false);
        let worker = tokio::spawn(jobs::worker::run(context.clone(), stopped));
        signal().await?;
        let end = async {
            let _ = stop.send(true);
            finish(Some(worker), &context, traces).await;
        };
        within_time(end).await;
        Ok(ExitCode::SUCCESS)
    }
}

async fn start(raw: &Raw, migrate: bool) -> Result<(Settings, Context, Traces), Box<dyn std::error::Error + Send + Sync>> {
    let traces = logging::start(raw)?;
    let settings = Settings::check(raw)?;
    let url = settings.database_url.expose_secret();
    let pool = database::open_current(url, migrate).await?;
    let clock = Arc::new(SystemClock::default());
    let context = state::context(&settings, pool, clock, Arc::new(SystemChance));
    jobs::postgres::agree(&context).await?;
    tokio::spawn(jobs::postgres::keep_time(context.clone()));
    reload::watch(raw, &context)?;
    Ok((settings, context, traces))
}

async fn finish(worker: Option<JoinHandle<()>>, context: &Context, traces: Traces) {
    if let Some(worker) = worker
        && let Err(error) = worker.await
    {
        tracing::error!(%error, "the worker ended badly");
    }
    if let Err(error) = context.database.clone().close().await {
        tracing::warn!(%error, "the database was not closed cleanly");
    }
    traces.end().await;
}

async fn within_time(end: impl Future<Output = ()>) {
    tracing::info!("ending");
    if tokio::time::timeout(SHUTDOWN_MAX, end).await.is_err() {
        tracing::warn!("not everything ended in time; it goes on at the next start");
    }
}

/// Waits for ctrl-c or SIGTERM.
pub async fn signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => pressed,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
