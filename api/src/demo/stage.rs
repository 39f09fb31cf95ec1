//! Puts everything on one machine: the sandbox, a database in a temporary folder, the server and a worker.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use entities::chance::{Chance, SystemChance};
use entities::clock::{Clock, SystemClock};
use entities::sealed::MasterKeys;
use jobs::context::Context;
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

use super::browser::Trouble;
use super::staff::Staff;
use crate::caller::{Caller, Role, mint};
use crate::database;
use crate::settings::{Raw, Settings};
use crate::state::{self, State};

/// What to put up.
pub struct Plan {
    /// None: SQLite in a temporary folder.
    pub database_url: Option<String>,
    /// Where the server listens; 0 takes a free port.
    pub port: u16,
    /// The sandbox counts calls as the providers do, and so do we.
    pub realistic_limits: bool,
    /// Settings that differ from the demo's.
    pub settings: Vec<(String, String)>,
    pub clock: Arc<dyn Clock>,
    /// Whether a worker runs in this process.
    pub worker: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            database_url: None,
            port: 0,
            realistic_limits: false,
            settings: Vec::new(),
            clock: Arc::new(SystemClock::default()),
            worker: true,
        }
    }
}

/// Everything, running.
pub struct Stage {
    pub sandbox: Sandbox,
    pub sandbox_url: Url,
    pub public_url: Url,
    pub context: Context,
    /// The settings, for further processes of the same installation.
    pub environment: Vec<(String, String)>,
    pub folder: tempfile::TempDir,
    http: reqwest::Client,
    server: actix_web::dev::ServerHandle,
    stop: watch::Sender<bool>,
    worker: Option<JoinHandle<()>>,
}

impl Stage {
    pub async fn start(plan: Plan) -> Result<Self, Trouble> {
        let folder = tempfile::tempdir()?;
        let options = Options {
            realistic_limits: plan.realistic_limits,
            data_dir: Some(folder.path().join("sandbox")),
            ..Options::default()
        };
        std::fs::create_dir_all(folder.path().join("sandbox"))?;
        let sandbox = sandbox::start(options).await?;
        let listener = TcpListener::bind(("127.0.0.1", plan.port))?;
        let public_url = Url::parse(&format!("http://{}", listener.local_addr()?))?;
        let database_url = plan.database_url.unwrap_or_else(|| sqlite_in(folder.path().join("cpconnect.db")));
        let mut environment = sandbox.environment();
        environment.extend(own_settings(&public_url, &database_url, plan.realistic_limits));
        for (name, value) in plan.settings {
            environment.retain(|(known, _)| *known != name);
            environment.push((name, value));
        }
        let settings = Settings::check(&Raw::from_pairs(environment.clone()))?;
        database::up(&database_url, None).await?;
        let pool = database::open(&database_url).await?;
        let context = state::context(&settings, pool, plan.clock, Arc::new(SystemChance));
        let state = State::new(context.clone(), settings).await?;
        let (server, _) = crate::server::start(state, listener)?;
        let handle = server.handle();
        tokio::spawn(server);
        let (stop, stopped) = watch::channel(false);
        let worker = plan.worker.then(|| tokio::spawn(jobs::worker::run(context.clone(), stopped)));
        let sandbox_url = Url::parse(sandbox.url())?;
        let http = reqwest::Client::builder().build()?;
        Ok(Self { sandbox, sandbox_url, public_url, context, environment, folder, http, server: handle, stop, worker })
    }

    /// Someone of the staff, with the right to everything.
    pub fn staff(&self) -> Result<Staff, Trouble> {
        self.staff_as(Caller {
            subject: "demo@cloudperfect.example".to_owned(),
            role: Role::Admin,
            tenants: None,
            until: self.context.in_a(Duration::from_secs(8 * 3600)),
        })
    }

    /// Someone with the rights of this caller.
    pub fn staff_as(&self, caller: Caller) -> Result<Staff, Trouble> {
        let (issuer, audience, keys) = Raw::from_pairs(self.environment.clone()).jwt()?;
        let secret = keys.secret().ok_or("the demo signs with a shared secret")?;
        Staff::new(&self.public_url, mint(secret, &issuer, &audience, &caller)?)
    }

    /// Plants a company in the sandbox.
    pub async fn seed(&self, seed: Value) -> Result<Value, Trouble> {
        self.control("seed", seed).await
    }

    /// Tells the sandbox something: `faults`, `clock`, `switches`, ….
    pub async fn control(&self, what: &str, body: Value) -> Result<Value, Trouble> {
        let url = self.sandbox_url.join(&format!("/_sandbox/{what}"))?;
        let answer = self.http.post(url).json(&body).timeout(Duration::from_secs(3600)).send().await?;
        let status = answer.status();
        let text = answer.text().await?;
        if !status.is_success() {
            return Err(format!("the sandbox answers {status} to {what}: {text}").into());
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Founds the organisations that the customer has at Zoho: one for Books and what goes with it, and one for each product that is to be
    /// shown by itself.
    pub async fn found<S: AsRef<str>>(&self, products: &[S]) -> Result<(), Trouble> {
        let own: Vec<&str> = products.iter().map(AsRef::as_ref).filter(|product| !matches!(*product, "books" | "crm")).collect();
        if own.is_empty() {
            return Ok(());
        }
        let mut organisations = Vec::new();
        if products.iter().any(|product| product.as_ref() == "books") {
            organisations.push(json!({ "name": "Brusch & Daughters", "apps": ["books"] }));
        }
        // Billing's taxes are made by people.
        let taxes = [
            ("15% GST on Income", 15.0),
            ("15% GST on Expenses", 15.0),
            ("Zero Rated", 0.0),
            ("Zero Rated Expenses", 0.0),
            ("GST Exempt Income", 0.0),
            ("GST Exempt Expenses", 0.0),
            ("GST on Imports", 0.0),
        ];
        let of = |product: &&str| json!({ "name": format!("Brusch, {product}"), "apps": [product], "taxes": if *product == "billing" { taxes.as_slice() } else { &[] } });
        organisations.extend(own.iter().map(of));
        self.control("zoho/user", json!({ "organizations": organisations })).await?;
        Ok(())
    }

    /// The sandbox starts counting calls anew.
    pub async fn forget_requests(&self) -> Result<(), Trouble> {
        let url = self.sandbox_url.join("/_sandbox/requests")?;
        self.http.delete(url).send().await?.error_for_status()?;
        Ok(())
    }

    /// Asks the sandbox: `state`, `requests`, ….
    pub async fn look(&self, what: &str) -> Result<Value, Trouble> {
        let url = self.sandbox_url.join(&format!("/_sandbox/{what}"))?;
        Ok(self.http.get(url).header("accept", "application/json").send().await?.json().await?)
    }

    /// Every record of one kind that a company of the sandbox has.
    pub async fn records(&self, path: &str) -> Result<Vec<Value>, Trouble> {
        let url = self.sandbox_url.join(&format!("/_sandbox/{path}"))?;
        let text = self.http.get(url).send().await?.error_for_status()?.text().await?;
        text.lines().filter(|line| !line.trim().is_empty()).map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// Ends the worker; what it has begun it finishes.
    pub async fn stop_worker(&mut self) {
        // It may be gone already.
        let _ = self.stop.send(true);
        if let Some(worker) = self.worker.take() {
            let _ = worker.await;
        }
    }

    /// Ends all of it.
    pub async fn stop(mut self) {
        self.stop_worker().await;
        self.server.stop(false).await;
        self.sandbox.stop().await;
        if let Err(error) = self.context.database.close().await {
            tracing::debug!(%error, "the database was not closed cleanly");
        }
    }
}

fn sqlite_in(path: PathBuf) -> String {
    format!("sqlite://{}?mode=rwc", path.display())
}

fn own_settings(public_url: &Url, database_url: &str, realistic_limits: bool) -> Vec<(String, String)> {
    let mut secret = [0; 32];
    SystemChance.fill(&mut secret);
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut settings = vec![
        ("DATABASE_URL".to_owned(), database_url.to_owned()),
        ("PUBLIC_URL".to_owned(), public_url.to_string()),
        ("LISTEN_ADDR".to_owned(), format!("127.0.0.1:{}", public_url.port().unwrap_or_default())),
        ("MAIL_FROM".to_owned(), "CloudPerfect <connect@cloudperfect.example>".to_owned()),
        ("MASTER_KEYS".to_owned(), MasterKeys::generate("demo", &SystemChance)),
        ("JWT_ISSUER".to_owned(), "cpconnect-demo".to_owned()),
        ("JWT_AUDIENCE".to_owned(), "cpconnect".to_owned()),
        ("JWT_KEYS".to_owned(), format!("secret:{secret}")),
        // Whoever plays decides what happens, and when.
        ("SYNC_EVERY_MINUTES".to_owned(), "0".to_owned()),
        ("ZOHO_WEBHOOKS".to_owned(), "off".to_owned()),
    ];
    if !realistic_limits {
        settings.extend(["XERO_LIMITS", "ZOHO_LIMITS"].map(|name| (name.to_owned(), "off".to_owned())));
    }
    settings
}

/// The body of a seed.
pub fn seed(profile: &str, contacts: Option<u64>, invoices: Option<u64>) -> Value {
    let mut seed = json!({ "profile": profile });
    if let Some(contacts) = contacts {
        seed["contacts"] = contacts.into();
    }
    if let Some(invoices) = invoices {
        seed["invoices"] = invoices.into();
    }
    seed
}
