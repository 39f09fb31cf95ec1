//! The world of a story: a real database, real HTTP, the sandbox in place of Xero and Zoho, and a clock that can be moved.
//!
//! `TEST_DATABASE_URL` names a PostgreSQL server (`postgres://user@host/postgres`) on which every world gets a database of its own;
//! without it each has a SQLite file. The stories are the same.

pub mod behind;
pub mod books;
pub mod canary;
pub mod contracts;
pub mod dice;
pub mod entry;
pub mod generated;
pub mod installation;
pub mod mortal;
pub mod program;
pub mod receiver;
pub mod served;
pub mod whole;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use api::demo::customer::Customer;
use api::demo::staff::Staff;
use api::demo::stage::{self, Plan, Stage};
use entities::chance::{Chance, SystemChance};
use entities::clock::MovableClock;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use url::Url;

/// The sandbox's company that the stories connect; its user has another one too.
pub const COMPANY: &str = "CloudPerfect";
/// How long a story waits for something that happens by itself: three minutes, or `PATIENCE_S` where a story is asked for more
/// than usual.
pub fn patience() -> Duration {
    static PATIENCE: OnceLock<Duration> = OnceLock::new();
    *PATIENCE.get_or_init(|| {
        let asked = std::env::var("PATIENCE_S").ok().map(|text| text.parse().expect("PATIENCE_S is a number of seconds"));
        Duration::from_secs(asked.unwrap_or(180))
    })
}

/// Everything a story needs.
pub struct World {
    pub stage: Stage,
    pub staff: Staff,
    pub customer: Customer,
    pub clock: Arc<MovableClock>,
    database: Option<(String, String)>,
}

/// A tenant whose two sides are connected and prepared.
#[derive(Debug, Clone)]
pub struct Connected {
    pub tenant: String,
    pub link: String,
}

impl World {
    /// A world with a worker in it.
    pub async fn new() -> Self {
        Self::with(Vec::new(), true).await
    }

    /// A world with this company in it, both sides connected.
    pub async fn of_company(profile: &str, contacts: Option<u64>, invoices: Option<u64>) -> (Self, Connected) {
        let mut world = Self::new().await;
        world.seed(profile, contacts, invoices).await;
        let connected = world.connected().await;
        (world, connected)
    }

    /// A world in which nobody works unless a story starts a worker itself.
    pub async fn without_worker() -> Self {
        Self::with(Vec::new(), false).await
    }

    /// A world with settings of its own.
    pub async fn with(settings: Vec<(String, String)>, worker: bool) -> Self {
        // A second story in the same process finds the log started.
        let _ = tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_test_writer()
            .try_init();
        let clock = Arc::new(MovableClock::default());
        let database = new_database().await;
        let plan = Plan {
            database_url: database.as_ref().map(|(_, url)| url.clone()),
            settings,
            clock: clock.clone(),
            worker,
            ..Plan::default()
        };
        let stage = Stage::start(plan).await.expect("the stage");
        let staff = stage.staff().expect("staff");
        let customer = Customer::new(&stage.sandbox_url, "ada@brusch.example");
        Self { stage, staff, customer, clock, database }
    }

    /// Plants a company in the sandbox's Xero.
    pub async fn seed(&self, profile: &str, contacts: Option<u64>, invoices: Option<u64>) {
        self.stage.seed(stage::seed(profile, contacts, invoices)).await.expect("a seed");
    }

    /// Onboards a customer and allows both accesses. Needs a worker.
    pub async fn connected(&mut self) -> Connected {
        let tenant = self.staff.onboard("Brusch & Daughters Ltd", &self.customer.email, "nz").await.expect("onboardTenant");
        let letter = self.customer.letter(1).await.expect("a letter");
        let links = letter.consent_links();
        assert_eq!(links.len(), 2, "one letter, two links: {}", letter.text);
        for (link, organisation) in [(&links[0], COMPANY), (&links[1], "")] {
            let page = self.customer.allow(link, organisation).await.expect("a consent");
            assert_eq!(page.url.path(), "/connect/done", "{}", page.text());
        }
        let link = self.ready(&tenant).await;
        Connected { tenant, link }
    }

    /// The same for these products, each but Books and CRM in an organisation of its own. Gives a link for each, in this order.
    pub async fn connected_to(&mut self, products: &[&str]) -> Vec<Connected> {
        self.stage.found(products).await.expect("the organisations");
        let onboarded = self.staff.onboard_with("Brusch & Daughters Ltd", &self.customer.email, "nz", products).await;
        let tenant = onboarded.expect("onboardTenant");
        let links = self.customer.letter(1).await.expect("a letter").consent_links();
        for (link, organisation) in [(&links[0], COMPANY), (&links[1], "")] {
            let page = self.customer.allow(link, organisation).await.expect("a consent");
            assert_eq!(page.url.path(), "/connect/done", "{}", page.text());
        }
        let links = eventually("the links are ready", async || {
            let links = self.staff.links(&tenant).await.ok()?;
            (links.len() == products.len() && links.iter().all(|link| link.state == "READY")).then_some(links)
        })
        .await;
        let of = |product: &&str| links.iter().find(|link| link.product == *product).expect("a link of each product");
        products.iter().map(|product| Connected { tenant: tenant.clone(), link: of(product).id.clone() }).collect()
    }

    /// Waits until the Zoho side is prepared. Gives the link's id.
    pub async fn ready(&self, tenant: &str) -> String {
        eventually("the link is ready", async || {
            let link = self.staff.link(tenant).await.ok()??;
            (link.state == "READY").then_some(link.id)
        })
        .await
    }

    /// Runs a migration to its end. Gives the run's id and its last progress.
    pub async fn migrate(&self, connected: &Connected) -> (String, Value) {
        self.run("startMigration", connected).await
    }

    /// Runs `startMigration`, `syncNow` or `reconcile` to its end.
    pub async fn run(&self, mutation: &str, connected: &Connected) -> (String, Value) {
        let run = self.staff.start(mutation, &connected.link).await.expect("a run");
        let progress = self.finished(&run).await;
        (run, progress)
    }

    /// Another sync has nothing to write.
    pub async fn nothing_more(&self, connected: &Connected) {
        self.forget_requests().await;
        let (_, again) = self.run("syncNow", connected).await;
        assert_eq!((sum(&again, "created"), sum(&again, "updated")), (0, 0), "{again:#}");
        assert_eq!(self.asked().await.writes("zoho"), 0);
    }

    /// Both sides' books agree.
    pub async fn agrees(&self, connected: &Connected) {
        let (run, progress) = self.run("reconcile", connected).await;
        assert_eq!(progress["clean"], true, "{:#?}", self.staff.findings(&run).await.expect("findings"));
    }

    /// Waits for a run to end.
    pub async fn finished(&self, run: &str) -> Value {
        eventually("the run has ended", async || {
            let progress = self.staff.progress(run).await.ok()?;
            matches!(progress["state"].as_str(), Some("DONE" | "CANCELLED" | "FAILED")).then_some(progress)
        })
        .await
    }

    /// Moves everybody's time: ours and the sandbox's.
    pub async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.stage.control("clock", json!({ "advance_ms": by.as_millis() as u64 })).await.expect("the sandbox's clock");
        self.stage.context.waker.wake();
    }

    /// Ends the world and fails if jobs were left over in trouble.
    pub async fn end(self) {
        let failed = self
            .rows("SELECT COUNT(*) AS n FROM job WHERE status = 'failed' OR (status = 'pending' AND error IS NOT NULL)")
            .await;
        assert_eq!(failed, 0, "jobs were left over in trouble");
        let database = self.database.clone();
        self.stage.stop().await;
        if let Some((server, url)) = database {
            drop_database(&server, &url).await;
        }
    }

    /// One number from the database.
    pub async fn rows(&self, text: &str) -> i64 {
        let database = &self.stage.context.database;
        let row = database
            .query_one_raw(entities::database::sql(database.get_database_backend(), text, vec![]))
            .await
            .expect("a query");
        row.map_or(0, |row| row.try_get("", "n").expect("a number"))
    }

    /// The installation's settings with another value of one of them, or without it.
    pub fn environment(&self, name: &str, value: Option<&str>) -> Vec<(String, String)> {
        let mut environment = self.stage.environment.clone();
        environment.retain(|(known, _)| known != name);
        environment.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        environment
    }

    /// The HTTP address of a path of ours.
    pub fn url(&self, path: &str) -> Url {
        self.stage.public_url.join(path).expect("an address")
    }
}

/// Looks until there is something to see; waits for a state, never for a time.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let until = tokio::time::Instant::now() + patience();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(tokio::time::Instant::now() < until, "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// The sum of one counter over all flows.
pub fn sum(progress: &Value, counter: &str) -> i64 {
    progress["counts"].as_array().into_iter().flatten().filter_map(|count| count[counter].as_i64()).sum()
}

/// One flow's counters.
pub fn flow<'a>(progress: &'a Value, key: &str) -> &'a Value {
    let counts = progress["counts"].as_array().expect("counts");
    counts.iter().find(|count| count["flow"]["key"] == key).unwrap_or_else(|| panic!("no counters of {key}"))
}

/// A database of its own on the PostgreSQL server that is named, or none.
pub async fn new_database() -> Option<(String, String)> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let server = std::env::var("TEST_DATABASE_URL").ok()?;
    let mut random = [0; 4];
    SystemChance.fill(&mut random);
    let name =
        format!("world_{}_{:08x}_{}", std::process::id(), u32::from_le_bytes(random), COUNT.fetch_add(1, Ordering::Relaxed));
    let pool = Database::connect(&server).await.expect("the server of TEST_DATABASE_URL");
    pool.execute_unprepared(&format!("CREATE DATABASE {name}")).await.expect("a new database");
    pool.close().await.expect("closed");
    let mut url = Url::parse(&server).expect("TEST_DATABASE_URL is an address");
    url.set_path(&name);
    Some((server, url.to_string()))
}

/// Removes it again.
pub async fn drop_database(server: &str, url: &str) {
    let name = Url::parse(url).expect("an address").path().trim_start_matches('/').to_owned();
    let pool = Database::connect(server).await.expect("the server");
    pool.execute_unprepared(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await.expect("dropped");
    pool.close().await.expect("closed");
}
