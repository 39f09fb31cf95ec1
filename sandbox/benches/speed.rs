//! How fast the sandbox is and what it needs: `cargo bench -p sandbox`, or `cargo bench -p sandbox -- 20000 1000000` for other sizes.
//!
//! The sandbox is a process of its own, kept on one core where `taskset` is there; whoever asks is another. Printed, never asserted.

use std::io::BufRead;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Client;
use sandbox::Options;
use serde_json::{Value, json};

/// Invoices and bills of the companies that are measured.
const SIZES: [u64; 2] = [20_000, 200_000];
/// Records a batch, as Xero recommends.
const BATCH: usize = 50;
/// How many calls are under way at once.
const AT_ONCE: usize = 8;
const WRITES: usize = 20_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    if arguments.iter().any(|argument| argument == "--serve") {
        runtime.block_on(serve());
        return;
    }
    let sizes: Vec<u64> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    println!(
        "the sandbox in a process of its own{}",
        if pinned() { " on one core" } else { "; taskset is missing, so it may use several cores" }
    );
    println!();
    println!(
        "{:>9} {:>9} {:>9} │ {:>12} {:>8} │ {:>10} {:>12} │ {:>8} {:>8} {:>11}",
        "documents", "records", "seed s", "read/s", "MiB/s", "Xero put/s", "Zoho post/s", "MiB", "peak", "KiB/record"
    );
    for size in if sizes.is_empty() { SIZES.to_vec() } else { sizes } {
        runtime.block_on(measure(size));
    }
}

/// The measured process: prints its address and its number, and serves until it is ended.
async fn serve() {
    let sandbox = sandbox::start(Options::default()).await.expect("a sandbox");
    println!("{}", sandbox.url());
    std::future::pending::<()>().await;
}

struct Server {
    child: Child,
    url: String,
    client: Client,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn pinned() -> bool {
    Command::new("taskset")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

impl Server {
    fn start() -> Self {
        let this = std::env::current_exe().expect("the path of this program");
        let mut command = if pinned() {
            let mut command = Command::new("taskset");
            command.args(["--cpu-list", "0"]).arg(this);
            command
        } else {
            Command::new(this)
        };
        let mut child = command.arg("--serve").stdout(Stdio::piped()).spawn().expect("a process");
        let mut url = String::new();
        std::io::BufReader::new(child.stdout.take().expect("its output")).read_line(&mut url).expect("its address");
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(3600)).build();
        Self { child, url: url.trim().to_owned(), client: client.expect("a client") }
    }

    async fn control(&self, path: &str, body: &Value) -> Value {
        let answer = self.client.post(format!("{}{path}", self.url)).json(body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        serde_json::from_str(&answer.text().await.expect("its text")).unwrap_or_default()
    }

    /// Resident memory now and at its highest, in MiB.
    fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
        };
        (of("VmRSS"), of("VmHWM"))
    }
}

async fn measure(size: u64) {
    let server = Server::start();
    let began = Instant::now();
    let planted = server.control("/_sandbox/seed", &json!({"contacts": (size / 5).max(6), "invoices": size})).await;
    let seeding = began.elapsed().as_secs_f64();
    let records: u64 = planted.as_object().into_iter().flat_map(|planted| planted.values()).filter_map(Value::as_u64).sum();
    let xero = xero_token(&server).await;
    let (read, bytes) = read(&server, &xero, size).await;
    let put = put(&server, &xero).await;
    let post = post(&server).await;
    let (now, peak) = server.memory();
    let stored = records + 2 * WRITES as u64;
    println!(
        "{size:>9} {records:>9} {seeding:>9.1} │ {read:>12.0} {bytes:>8.0} │ {put:>10.0} {post:>12.0} │ {now:>8.1} {peak:>8.1} {:>11.3}",
        (now - 50.0).max(0.0) * 1024.0 / stored as f64
    );
}

/// Reads every invoice in pages of 1,000; per second.
async fn read(server: &Server, token: &str, size: u64) -> (f64, f64) {
    let began = Instant::now();
    let (mut bytes, mut pages) = (0, 0);
    for page in 1..=size.div_ceil(1000) {
        let path = format!("/xero/api/api.xro/2.0/Invoices?page={page}&pageSize=1000&unitdp=4&order=UpdatedDateUTC%20ASC");
        let answer = call(server, reqwest::Method::GET, &path, token).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        bytes += answer.bytes().await.expect("a page").len();
        pages += 1;
    }
    assert!(pages > 0);
    let took = began.elapsed().as_secs_f64();
    (size as f64 / took, bytes as f64 / took / 1_048_576.0)
}

fn call(server: &Server, method: reqwest::Method, path: &str, token: &str) -> reqwest::RequestBuilder {
    let call = server.client.request(method, format!("{}{path}", server.url));
    call.bearer_auth(token).header("xero-tenant-id", sandbox::xero::DEMO_COMPANY.to_string()).header("accept", "application/json")
}

/// New invoices in batches of fifty; per second.
async fn put(server: &Server, token: &str) -> f64 {
    let contacts =
        call(server, reqwest::Method::GET, "/xero/api/api.xro/2.0/Contacts?page=1", token).send().await.expect("contacts");
    let contacts: Value = contacts.json().await.expect("contacts");
    let contact = contacts["Contacts"][0]["ContactID"].clone();
    let batch = |number: usize| {
        let invoice = |nth: usize| {
            json!({"Type": "ACCREC", "Status": "AUTHORISED", "InvoiceNumber": format!("B-{}", number * BATCH + nth), "Contact": {"ContactID": contact},
                   "Date": "2026-03-01", "DueDate": "2026-03-20", "LineItems": [
                     {"Description": "Advice", "Quantity": "2", "UnitAmount": "120.50", "AccountCode": "200"},
                     {"Description": "Travel", "Quantity": "1", "UnitAmount": "35.00", "AccountCode": "200"}]})
        };
        json!({"Invoices": (0..BATCH).map(invoice).collect::<Vec<_>>()})
    };
    let bodies: Vec<Value> = (0..WRITES / BATCH).map(batch).collect();
    let began = Instant::now();
    let send = |body: Value| async move {
        let path = "/xero/api/api.xro/2.0/Invoices?summarizeErrors=false&unitdp=4";
        let answer = call(server, reqwest::Method::PUT, path, token).json(&body).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        let text = answer.text().await.expect("an answer");
        assert!(!text.contains("\"StatusAttributeString\":\"ERROR\""), "{text}");
    };
    in_parallel(bodies, send).await;
    WRITES as f64 / began.elapsed().as_secs_f64()
}

/// New contacts, one a call as Zoho wants it; per second.
async fn post(server: &Server) -> f64 {
    let token = zoho_token(server).await;
    let call = |method: reqwest::Method, path: &str| {
        server
            .client
            .request(method, format!("{}/zoho/eu/api/books/v3/{path}", server.url))
            .header("authorization", format!("Zoho-oauthtoken {token}"))
    };
    let orgs: Value =
        call(reqwest::Method::GET, "organizations").send().await.expect("organizations").json().await.expect("organizations");
    let org = orgs["organizations"][0]["organization_id"].as_str().expect("an organization").to_owned();
    let began = Instant::now();
    let path = format!("contacts?organization_id={org}");
    let send = |number: usize| {
        let call = call(reqwest::Method::POST, &path)
            .json(&json!({"contact_name": format!("Bench {number}"), "contact_type": "customer"}));
        async move { assert_eq!(call.send().await.expect("an answer").status(), 201) }
    };
    in_parallel((0..WRITES).collect(), send).await;
    WRITES as f64 / began.elapsed().as_secs_f64()
}

async fn in_parallel<T, F: Future<Output = ()>>(work: Vec<T>, each: impl Fn(T) -> F) {
    use futures::StreamExt;
    futures::stream::iter(work).for_each_concurrent(AT_ONCE, each).await;
}

/// Plays the user at Xero's pages.
async fn xero_token(server: &Server) -> String {
    const BACK: &str = "http://127.0.0.1:8080/oauth/xero/callback";
    let scope =
        "openid profile email offline_access accounting.settings accounting.contacts accounting.invoices accounting.payments";
    let query = [
        ("response_type", "code"),
        ("client_id", sandbox::XERO_CLIENT_ID),
        ("redirect_uri", BACK),
        ("scope", scope),
        ("state", "s"),
    ];
    let page = server
        .client
        .get(format!("{}/xero/login/identity/connect/authorize", server.url))
        .query(&query)
        .send()
        .await
        .expect("a page");
    let request = hidden(&page.text().await.expect("a page"));
    let who =
        [("request", request.as_str()), ("username", sandbox::xero::USER_EMAIL), ("password", sandbox::xero::USER_PASSWORD)];
    server.client.post(format!("{}/xero/login/login", server.url)).form(&who).send().await.expect("a page");
    let tenant = sandbox::xero::DEMO_COMPANY.to_string();
    let consent = [("request", request.as_str()), ("tenant", &tenant), ("action", "allow")];
    let back = server.client.post(format!("{}/xero/login/consent", server.url)).form(&consent).send().await.expect("a redirect");
    let form = [("grant_type", "authorization_code"), ("code", &parameter(&back, "code")), ("redirect_uri", BACK)];
    let call = server.client.post(format!("{}/xero/identity/connect/token", server.url)).form(&form);
    let tokens = call.basic_auth(sandbox::XERO_CLIENT_ID, Some(sandbox::XERO_CLIENT_SECRET)).send().await.expect("tokens");
    let tokens: Value = tokens.json().await.expect("tokens");
    tokens["access_token"].as_str().expect("an access token").to_owned()
}

/// Plays the user at Zoho's pages.
async fn zoho_token(server: &Server) -> String {
    const BACK: &str = "http://127.0.0.1:8080/oauth/zoho/callback";
    let accounts = format!("{}/zoho/us/accounts", server.url);
    let query = [
        ("response_type", "code"),
        ("client_id", sandbox::ZOHO_CLIENT_ID),
        ("redirect_uri", BACK),
        ("scope", "ZohoBooks.fullaccess.all"),
        ("access_type", "offline"),
        ("prompt", "consent"),
    ];
    let page = server.client.get(format!("{accounts}/oauth/v2/auth")).query(&query).send().await.expect("a page");
    let request = hidden(&page.text().await.expect("a page"));
    server.client.post(format!("{accounts}/login")).form(&[("request", request.as_str())]).send().await.expect("a page");
    let consent = [("request", request.as_str()), ("action", "allow")];
    let back =
        server.client.post(format!("{}/zoho/eu/accounts/consent", server.url)).form(&consent).send().await.expect("a redirect");
    let code = parameter(&back, "code");
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", BACK),
        ("client_id", sandbox::ZOHO_CLIENT_ID),
        ("client_secret", sandbox::ZOHO_CLIENT_SECRET),
    ];
    let tokens =
        server.client.post(format!("{}/zoho/eu/accounts/oauth/v2/token", server.url)).form(&form).send().await.expect("tokens");
    let tokens: Value = tokens.json().await.expect("tokens");
    tokens["access_token"].as_str().expect("an access token").to_owned()
}

fn hidden(page: &str) -> String {
    let rest = page.split_once("name=\"request\" value=\"").expect("a form").1;
    rest.split_once('"').expect("its end").0.to_owned()
}

fn parameter(answer: &reqwest::Response, name: &str) -> String {
    let place = answer.headers()["location"].to_str().expect("an address");
    let url = url::Url::parse(place).expect("an address");
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).expect("the parameter")
}
