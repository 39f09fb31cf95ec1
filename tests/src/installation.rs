//! An installation as an operator has it: sandbox, server and worker are processes of their own, on SQLite in a temporary folder.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use api::caller::{Caller, Role, mint};
use api::demo::customer::Customer;
use api::demo::staff::Staff;
use api::settings::Raw;
use entities::chance::SystemChance;
use entities::clock::SystemClock;
use entities::sealed::MasterKeys;
use sea_orm::{ConnectionTrait, DatabaseConnection, QueryResult, Value as Bound};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use url::Url;

use crate::COMPANY;

/// How long a process may take to answer.
const START_WITHIN: Duration = Duration::from_secs(30);

/// Everything, running; it ends when this is dropped.
pub struct Installation {
    pub staff: Staff,
    pub link: String,
    /// The same database that the processes use.
    pub database: DatabaseConnection,
    pub worker: Child,
    http: reqwest::Client,
    sandbox_url: Url,
    _processes: [Child; 2],
    _folder: TempDir,
}

impl Installation {
    /// Starts it and connects a customer whose Xero has this company: `stage::seed`.
    pub async fn start(binary: &Path, seed: Value) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (sandbox, mut environment) = sandbox(binary).await;
        let sandbox_url = sandbox_url(&environment);
        let http = reqwest::Client::new();
        ask(&http, reqwest::Method::POST, &sandbox_url, "seed", seed).await;

        let listen = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port");
        let public_url = Url::parse(&format!("http://{listen}")).expect("an address");
        let database_url = format!("sqlite://{}?mode=rwc", folder.path().join("cpconnect.db").display());
        for (name, value) in [
            ("DATABASE_URL", database_url.as_str()),
            ("PUBLIC_URL", public_url.as_str()),
            ("LISTEN_ADDR", &listen.to_string()),
            ("MAIL_FROM", "CloudPerfect <connect@cloudperfect.example>"),
            ("MASTER_KEYS", &MasterKeys::generate("bench", &SystemChance)),
            ("JWT_ISSUER", "bench"),
            ("JWT_AUDIENCE", "cpconnect"),
            ("JWT_KEYS", "secret:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"),
            ("LOG", "warn"),
            // What is measured begins when it is asked for.
            ("SYNC_EVERY_MINUTES", "0"),
            ("ZOHO_WEBHOOKS", "off"),
        ] {
            environment.push((name.to_owned(), value.to_owned()));
        }
        let server = process(binary, &["serve", "--no-worker"], &environment).spawn().expect("the server starts");
        answers(&http, &public_url).await;
        let worker = process(binary, &["worker"], &environment).spawn().expect("the worker starts");

        let staff = staff(&environment, &public_url);
        let link = connect(&staff, &sandbox_url).await;
        let database = entities::database::open(&database_url, 1).await.expect("the database");
        Self { staff, link, database, worker, http, sandbox_url, _processes: [sandbox, server], _folder: folder }
    }

    /// One row from the database.
    pub async fn row(&self, text: &str, values: Vec<Bound>) -> QueryResult {
        let statement = entities::database::sql(self.database.get_database_backend(), text, values);
        self.database.query_one_raw(statement).await.expect("a query").expect("a row")
    }

    /// Changes something behind the product's back.
    pub async fn change(&self, text: &str) {
        self.database.execute_unprepared(text).await.expect("a change");
    }

    /// What the providers were asked since the last time: calls, and how many of them were writes.
    pub async fn asked(&self) -> (u64, u64) {
        let report: Value =
            serde_json::from_str(&ask(&self.http, reqwest::Method::GET, &self.sandbox_url, "requests?tail=0", Value::Null).await)
                .expect("a report");
        ask(&self.http, reqwest::Method::DELETE, &self.sandbox_url, "requests", Value::Null).await;
        let sum =
            |name: &str| report["organisations"].as_array().into_iter().flatten().filter_map(|one| one[name].as_u64()).sum();
        (sum("calls"), sum("writes"))
    }

    /// Resident memory of the worker in MiB: the most there ever was, and now.
    pub fn memory(&self) -> (f64, f64) {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.worker.id().expect("a living worker"))).unwrap_or_default();
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1024.0
        };
        (figure("VmHWM:"), figure("VmRSS:"))
    }
}

async fn sandbox(binary: &Path) -> (Child, Vec<(String, String)>) {
    let mut child = process(binary, &["sandbox", "--port", "0", "--smtp-port", "0"], &[])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the sandbox starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut environment = Vec::new();
    while let Some(line) = lines.next_line().await.expect("its settings") {
        let Some((name, value)) = line.split_once('=') else { continue };
        environment.push((name.to_owned(), value.to_owned()));
        if name == "ZOHO_LIMITS" {
            break;
        }
    }
    (child, environment)
}

fn process(binary: &Path, arguments: &[&str], environment: &[(String, String)]) -> Command {
    let mut command = Command::new(binary);
    command.args(arguments).env_clear().envs(environment.iter().cloned());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    command
}

fn sandbox_url(environment: &[(String, String)]) -> Url {
    let login = environment.iter().find(|(name, _)| name == "XERO_LOGIN_URL").map(|(_, url)| url.as_str());
    Url::parse(login.expect("the sandbox's settings")).and_then(|url| url.join("/")).expect("an address")
}

async fn ask(http: &reqwest::Client, method: reqwest::Method, sandbox: &Url, what: &str, body: Value) -> String {
    let url = sandbox.join(&format!("_sandbox/{what}")).expect("an address");
    let answer = http.request(method, url).json(&body).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{what}: {}", answer.status());
    answer.text().await.expect("a text")
}

async fn answers(http: &reqwest::Client, server: &Url) {
    let until = tokio::time::Instant::now() + START_WITHIN;
    while http.get(server.clone()).send().await.is_err() {
        assert!(tokio::time::Instant::now() < until, "the server does not start");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn staff(environment: &[(String, String)], public_url: &Url) -> Staff {
    let (issuer, audience, keys) = Raw::from_pairs(environment.to_vec()).jwt().expect("the settings");
    let caller = Caller {
        subject: "bench@cloudperfect.example".to_owned(),
        role: Role::Admin,
        tenants: None,
        until: SystemClock::machine().plus(Duration::from_secs(8 * 3600)),
    };
    let token = mint(keys.secret().expect("a shared secret"), &issuer, &audience, &caller).expect("a token");
    Staff::new(public_url, token).expect("staff")
}

async fn connect(staff: &Staff, sandbox: &Url) -> String {
    let mut customer = Customer::new(sandbox, "ada@brusch.example");
    let tenant = staff.onboard("Brusch & Daughters Ltd", &customer.email, "nz").await.expect("onboardTenant");
    let links = customer.letter(1).await.expect("a letter").consent_links();
    for (link, organisation) in links.iter().zip([COMPANY, ""]) {
        let page = customer.allow(link, organisation).await.expect("a consent");
        assert_eq!(page.url.path(), "/connect/done", "{}", page.text());
    }
    crate::eventually("the link is ready", async || {
        let link = staff.link(&tenant).await.ok()??;
        (link.state == "READY").then_some(link.id)
    })
    .await
}
