//! A worker in this process, with the world's clock, that dies at any moment: its tasks end where they stand, as a process that is killed.

use std::sync::Arc;
use std::time::Duration;

use api::settings::{Raw, Settings};
use api::{database, state};
use entities::chance::SystemChance;
use entities::clock::MovableClock;
use secrecy::ExposeSecret;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::World;

/// How long it takes to open the database and to begin.
const BEGINS: Duration = Duration::from_secs(30);

pub struct Mortal {
    runtime: Option<Runtime>,
    _stop: watch::Sender<bool>,
}

impl Mortal {
    /// A worker with a memory, a database and threads of its own.
    pub async fn born(world: &World) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (stop, stopped) = watch::channel(false);
        let environment = world.stage.environment.clone();
        let clock: Arc<MovableClock> = world.clock.clone();
        let waker = world.stage.context.waker.clone();
        let (begun, begins) = tokio::sync::oneshot::channel();
        runtime.spawn(async move {
            let settings = Settings::check(&Raw::from_pairs(environment)).expect("the world's settings");
            let pool = database::open(settings.database_url.expose_secret()).await.expect("the world's database");
            let mut context = state::context(&settings, pool, clock, Arc::new(SystemChance));
            context.waker = waker;
            let _ = begun.send(());
            jobs::worker::run(context, stopped).await;
        });
        tokio::time::timeout(BEGINS, begins).await.expect("the worker begins").expect("the worker lives");
        Self { runtime: Some(runtime), _stop: stop }
    }

    /// Nothing is finished, nothing is given back.
    pub fn dies(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        self.dies();
    }
}
