//! A server that is a process of its own, on the world's database and with another port: the world's staff talk to it from then on.

use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use api::demo::staff::Staff;
use tokio::process::Child;
use url::Url;

use crate::{World, eventually, program};

pub struct Served {
    pub url: Url,
    process: Child,
}

impl World {
    /// Starts `cpconnect serve` with the world's settings but for these, and waits until it answers. Its log goes to this file.
    pub async fn served(&mut self, settings: &[(&str, String)], log: &Path) -> Served {
        let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let url = Url::parse(&format!("http://{free}/")).expect("an address");
        let mut own = vec![("LISTEN_ADDR", free.to_string()), ("PUBLIC_URL", url.to_string())];
        own.extend_from_slice(settings);
        let mut environment = self.stage.environment.clone();
        environment.retain(|(name, _)| own.iter().all(|(mine, _)| mine != name));
        environment.extend(own.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let process = program::start_logging(&["serve"], &environment, log);
        self.staff = Staff::new(&url, self.staff.token().to_owned()).expect("staff");
        eventually("the server answers", async || {
            reqwest::Client::new().get(url.clone()).timeout(Duration::from_secs(2)).send().await.ok().map(drop)
        })
        .await;
        Served { url, process }
    }
}

impl Served {
    /// `-HUP`, `-TERM`.
    pub fn signal(&self, signal: &str) {
        program::signal(signal, self.process.id().expect("it runs"));
    }

    /// Tells it to end, and waits until it has.
    pub async fn ends(&mut self) -> ExitStatus {
        self.signal("-TERM");
        self.process.wait().await.expect("it ends")
    }
}
