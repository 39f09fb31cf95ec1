//! `cpconnect demo`: the whole story on one machine, played through the real interfaces.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use chrono::NaiveDate;
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use connectors::zoho;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};
use url::Url;

use super::serve::signal;
use super::{Outcome, logging};
use crate::demo::browser::Trouble;
use crate::demo::calls::Counted;
use crate::demo::customer::Customer;
use crate::demo::staff::{LinkSeen, Staff};
use crate::demo::stage::{self, Plan, Stage};
use crate::demo::{summary, watch};
use crate::onboarding::products_known;
use crate::pages::{self, in_words};

/// How long the Zoho side may take to be prepared.
const READY_WITHIN: Duration = Duration::from_secs(60);

#[derive(Args)]
pub struct Demo {
    /// How many contacts the company has
    #[arg(long)]
    contacts: Option<u64>,
    /// How many sales invoices and bills it has, together
    #[arg(long)]
    invoices: Option<u64>,
    /// Which company
    #[arg(long, value_enum, default_value_t = Profile::DemoCompany)]
    profile: Profile,
    /// Zoho products to connect, with commas. Each but Books and CRM gets an organisation of its own
    #[arg(long, value_delimiter = ',', default_value = "books", value_parser = PossibleValuesParser::new(products_known()))]
    products: Vec<String>,
    /// Another database than SQLite in a temporary folder; it must be empty or the demo's own
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Where the server listens; 0 takes a free port
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// End when the story is told. Exit code 0 only if the books are equal to the cent and nothing unexpected is held
    #[arg(long)]
    once: bool,
    /// Leave history out: carry what is dated from this day on or was open then; the rest becomes opening balances
    #[arg(long, value_name = "DATE", conflicts_with = "open_only")]
    from: Option<NaiveDate>,
    /// Carry only what is open today; everything else becomes opening balances
    #[arg(long)]
    open_only: bool,
    /// Count calls as the providers do: Xero 60 and Zoho 100 a minute
    #[arg(long)]
    realistic_limits: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Profile {
    /// A realistic New Zealand company
    DemoCompany,
    /// The same, very small
    Tiny,
    /// Every awkward record we know
    Nasty,
}

impl Profile {
    fn name(self) -> &'static str {
        match self {
            Profile::DemoCompany => "demo-company",
            Profile::Tiny => "tiny",
            Profile::Nasty => "nasty",
        }
    }
}

impl Demo {
    pub async fn run(self) -> Outcome {
        logging::quiet();
        println!("\nCP Connect demo: a Xero organisation moves to {} on this machine.\n", in_words(&self.products));
        let plan = Plan {
            database_url: self.database_url.clone(),
            port: self.port,
            realistic_limits: self.realistic_limits,
            ..Plan::default()
        };
        let stage =
            step("starting the sandbox (Xero, Zoho, mail), the server and a worker", Box::pin(Stage::start(plan))).await?;
        let seed = stage::seed(self.profile.name(), self.contacts, self.invoices);
        step("planting the company in the sandbox's Xero", stage.seed(seed)).await?;
        stage.found(&self.products).await?;
        let told = tell(&stage, &self.products, self.realistic_limits, self.scope()).await?;
        println!();
        for link in &told.links {
            println!("{}", link.verdict());
            if let Some((contact, opens)) = a_linked_contact(&stage, link).await? {
                println!("\n  a Zoho contact   {contact}");
                println!("  its Xero Link    {opens}");
                println!("  both links       {}\n", link.guide);
            }
        }
        if self.once {
            let clean = told.is_clean();
            println!("peak memory of this process, sandbox included: {}\n", peak_memory());
            stage.stop().await;
            return Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        open_links(&stage, &told)?;
        signal().await?;
        stage.stop().await;
        Ok(ExitCode::SUCCESS)
    }
}

impl Demo {
    /// What staff choose to carry.
    fn scope(&self) -> Value {
        match (self.from, self.open_only) {
            (Some(from), _) => json!({ "from": from }),
            (None, true) => json!({ "openOnly": true }),
            (None, false) => json!({}),
        }
    }
}

/// What the story came to.
struct Told {
    status_link: Option<Url>,
    links: Vec<LinkTold>,
    staff: Staff,
}

/// What one product's migration came to.
struct LinkTold {
    product: String,
    /// The organisation in Zoho, and the page that shows the links between the two sides.
    organisation: String,
    guide: String,
    progress: Value,
    holds: Vec<Value>,
    findings: Vec<Value>,
    took: Duration,
}

async fn tell(stage: &Stage, products: &[String], realistic: bool, scope: Value) -> Result<Told, Trouble> {
    let staff = stage.staff()?;
    let mut customer = Customer::new(&stage.sandbox_url, "ada@brusch.example");
    let tenant = step(
        "staff: onboardTenant, and a letter with two links goes out",
        staff.onboard_with("Brusch & Daughters Ltd", &customer.email, "nz", products),
    )
    .await?;
    let letter = step("customer: the letter has come", customer.letter(1)).await?;
    let links = letter.consent_links();
    let [xero, zoho] = links.as_slice() else {
        return Err(format!("the letter has {} consent links instead of two", links.len()).into());
    };
    let page = step("customer: opens the Xero link, picks the organisation, allows access", customer.allow(xero, "CloudPerfect"))
        .await?;
    arrived(&page.url, &page.text())?;
    let page = step("customer: opens the Zoho link, allows access", customer.allow(zoho, "")).await?;
    arrived(&page.url, &page.text())?;
    let links =
        step("the Zoho side is prepared: unique fields on contacts, items, documents and payments", ready(&staff, &tenant))
            .await?;
    let mut told = Vec::with_capacity(links.len());
    for link in links {
        told.push(migrate(stage, &staff, &link, realistic, &scope).await?);
        stage.forget_requests().await?;
    }
    Ok(Told { status_link: letter.status_link(), links: told, staff })
}

/// Carries one link to its end, and tells of it.
async fn migrate(stage: &Stage, staff: &Staff, seen: &LinkSeen, realistic: bool, scope: &Value) -> Result<LinkTold, Trouble> {
    let link = &seen.id;
    let started = Instant::now();
    let run = staff.migrate(link, scope).await?;
    let scope = if *scope == json!({}) { String::new() } else { format!(", scope {scope}") };
    println!("  ▸ staff: startMigration to {}{scope}", pages::product(&seen.product));
    let progress = watch::follow(staff, &run, true).await?;
    let took = started.elapsed();
    println!("  ✓ migrated and reconciled in {}", humane(took));
    let (holds, findings) = (staff.holds(link).await?, staff.findings(&run).await?);
    let (table, ratio) = summary::table(&progress, &Counted::ask(stage, &seen.product).await?);
    println!("\n{table}");
    println!("  calls: {ratio:.3} times the fewest that the interfaces allow");
    let (lines, _) = summary::holds(&holds);
    for line in &lines {
        println!("  held: {line}");
    }
    for line in summary::ledger(&staff.report(&run).await?) {
        println!("  ledger: {line}");
    }
    let is_told = |finding: &&Value| {
        // Those of accounts are in the lines of the ledger.
        let cause = finding["cause"].as_str().unwrap_or_default();
        finding["level"].as_i64() < Some(3) || cause == "OPENING_BALANCE" || cause == "OPENING_NOT_WRITTEN"
    };
    for finding in findings.iter().filter(is_told).take(12) {
        println!("  {}: {}", finding["cause"].as_str().unwrap_or_default(), finding["sentence"].as_str().unwrap_or_default());
    }
    if realistic {
        print_use_of_limits(stage, &progress, took).await?;
    }
    let (organisation, guide) = staff.other_side(link).await?;
    Ok(LinkTold { product: seen.product.clone(), organisation, guide, progress, holds, findings, took })
}

async fn ready(staff: &Staff, tenant: &str) -> Result<Vec<LinkSeen>, Trouble> {
    let until = Instant::now() + READY_WITHIN;
    loop {
        let mut links = staff.links(tenant).await?;
        if !links.is_empty() && links.iter().all(|link| link.state == "READY") {
            links.sort_by_key(|link| zoho::PRODUCTS.iter().position(|product| product.key == link.product));
            return Ok(links);
        }
        if Instant::now() > until {
            return Err(format!("the links are not ready: {links:?}").into());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn arrived(url: &Url, text: &str) -> Result<(), Trouble> {
    if url.path() == "/connect/done" { Ok(()) } else { Err(format!("the consent ended at {url}: {text}").into()) }
}

impl Told {
    fn is_clean(&self) -> bool {
        self.links.iter().all(LinkTold::is_clean)
    }
}

impl LinkTold {
    fn is_clean(&self) -> bool {
        self.progress["clean"] == true && self.progress["state"] == "DONE" && summary::holds(&self.holds).1 == 0
    }

    fn verdict(&self) -> String {
        let records: i64 =
            self.progress["counts"].as_array().into_iter().flatten().filter_map(|count| count["seen"].as_i64()).sum();
        let rate = records as f64 / self.took.as_secs_f64().max(0.001);
        let (_, unexpected) = summary::holds(&self.holds);
        let unexplained = self.findings.iter().filter(|finding| finding["explained"] != true).count();
        if self.is_clean() {
            format!("✓ {records} records, {rate:.0} a second: Xero and {} are equal to the cent.", pages::product(&self.product))
        } else {
            format!(
                "✗ {records} records carried to {}, but not clean: {unexplained} differences without a cause, {unexpected} records held unexpectedly.",
                pages::product(&self.product)
            )
        }
    }
}

async fn print_use_of_limits(stage: &Stage, progress: &Value, took: Duration) -> Result<(), Trouble> {
    let requests = stage.look("requests").await?;
    let calls: i64 = progress["counts"].as_array().into_iter().flatten().filter_map(|count| count["zohoCalls"].as_i64()).sum();
    let rate = calls as f64 / (took.as_secs_f64() / 60.0);
    println!("\n  Zoho calls: {calls} in {}, {rate:.1} a minute of 100 allowed ({rate:.1} %)", humane(took));
    println!("  answers of 429: {}", count_429(&requests));
    Ok(())
}

/// The sandbox's own count.
fn count_429(requests: &Value) -> i64 {
    requests["refused_429"].as_i64().unwrap_or(-1)
}

/// A customer's page in Zoho, and where its "Xero Link" leads.
async fn a_linked_contact(stage: &Stage, told: &LinkTold) -> Result<Option<(Url, String)>, Trouble> {
    if told.product != zoho::BOOKS.key {
        return Ok(None);
    }
    let contacts = stage.records(&format!("zoho/{}/contacts", told.organisation)).await?;
    let linked = contacts.iter().filter(|one| one["contact_type"] == "customer").find_map(|one| {
        let opens = one["custom_field_hash"]["cf_xero_link"].as_str()?;
        Some((one["contact_id"].as_str()?, opens.to_owned()))
    });
    let Some((id, opens)) = linked else { return Ok(None) };
    let page = stage.sandbox_url.join(&format!("/people/zoho/{}/contacts/{id}", told.organisation))?;
    Ok(Some((page, opens)))
}

fn open_links(stage: &Stage, told: &Told) -> Result<(), Trouble> {
    let token = told.staff.token();
    println!("Open:");
    println!("  GraphiQL      {}", stage.public_url.join("/graphql")?);
    println!("  staff token   {token}");
    println!("  letters       {}", stage.sandbox_url.join("/_sandbox/mail")?);
    if let Some(status) = &told.status_link {
        println!("  customer page {status}");
        println!("  report        {status}/report");
    }
    println!("  both sides    {}", stage.sandbox_url.join("/")?);
    println!("\nCtrl-C ends it.");
    Ok(())
}

async fn step<T>(what: &str, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let spinner = ProgressBar::new_spinner();
    spinner.set_style(ProgressStyle::with_template("  {spinner:.green} {msg}")?);
    spinner.set_message(what.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(120));
    let outcome = work.await;
    spinner.finish_and_clear();
    println!("  {} {what}", if outcome.is_ok() { "✓" } else { "✗" });
    outcome
}

fn humane(took: Duration) -> String {
    match took.as_secs() {
        0..60 => format!("{:.1} s", took.as_secs_f64()),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

/// The kernel's own figure, where there is one.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    peak.map_or_else(|| "not known on this system".to_owned(), |kib| format!("{} MiB", kib / 1024))
}
