//! `cpconnect doctor`: is everything there that the settings name? A table of what is well, what is not, and the cure.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use entities::audit_entry::SYSTEM;
use entities::clock::SystemClock;
use entities::sealed::MasterKeys;
use entities::{audit_head, endpoint, tenant};
use jobs::audit;
use jobs::events::open_secret;
use sea_orm::{ColumnTrait, DatabaseConnection, QueryFilter, QueryOrder, QuerySelect};
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use url::Url;

use super::Outcome;
use crate::caller::Staff;
use crate::database;
use crate::error::chain;
use crate::settings::{Raw, Settings};

const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Tenants read at once; none is kept.
const TENANTS_AT_ONCE: u64 = 500;

#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    raw: Raw,
}

/// One line of the table.
struct Finding {
    what: String,
    /// What is wrong and what cures it; nothing where it is well.
    problem: Option<(String, String)>,
}

impl Doctor {
    pub async fn run(self) -> Outcome {
        let mut findings = Vec::new();
        match Settings::check(&self.raw) {
            Ok(settings) => {
                findings.push(well("settings"));
                findings.push(staff_keys(&settings).await);
                findings.push(letters(&settings).await);
                findings.extend(providers(&settings).await);
            }
            Err(problems) => findings.extend(problems.0.into_iter().map(|problem| Finding {
                what: format!("setting {}", problem.setting),
                problem: Some(("cannot be used".to_owned(), problem.cure)),
            })),
        }
        findings.extend(database_and_keys(&self.raw).await);
        let well = findings.iter().all(|finding| finding.problem.is_none());
        println!("{}", table(&findings));
        Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn table(findings: &[Finding]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(["what", "state", "cure"]);
    for finding in findings {
        match &finding.problem {
            None => table.add_row([finding.what.as_str(), "ok", ""]),
            Some((problem, cure)) => table.add_row([finding.what.as_str(), problem, cure]),
        };
    }
    table
}

fn well(what: impl Into<String>) -> Finding {
    Finding { what: what.into(), problem: None }
}

fn ill(what: impl Into<String>, problem: impl Into<String>, cure: impl Into<String>) -> Finding {
    Finding { what: what.into(), problem: Some((problem.into(), cure.into())) }
}

async fn staff_keys(settings: &Settings) -> Finding {
    let loaded = Staff::load(
        settings.jwt_issuer.clone(),
        settings.jwt_audience.clone(),
        &settings.jwt_keys,
        Arc::new(SystemClock::default()),
    )
    .await;
    match loaded {
        Ok(_) => well("keys of the staff's tokens"),
        Err(error) => ill("keys of the staff's tokens", chain(&error), "let JWT_KEYS name the JWKS of the identity provider"),
    }
}

/// A mail server that takes connections; a folder that can be made. Nothing is sent.
async fn letters(settings: &Settings) -> Finding {
    let what = "letters";
    let Ok(url) = Url::parse(settings.smtp_url.expose_secret()) else {
        return ill(what, "SMTP_URL is no address", "mend SMTP_URL");
    };
    match url.scheme() {
        "smtp" | "smtps" => {
            let port = url.port().unwrap_or(if url.scheme() == "smtps" { 465 } else { 25 });
            reachable(what, &url, port, "check SMTP_URL, and that this machine may call it").await
        }
        "file" => match url.to_file_path().map(std::fs::create_dir_all) {
            Ok(Ok(())) => well(what),
            _ => ill(what, "the folder cannot be made", "let SMTP_URL name a folder that this user may write"),
        },
        _ => well(what),
    }
}

async fn providers(settings: &Settings) -> Vec<Finding> {
    let mut places = vec![
        ("Xero's sign-in".to_owned(), settings.xero_login_url.clone()),
        ("Xero's tokens".to_owned(), settings.xero_identity_url.clone()),
        ("Xero's API".to_owned(), settings.xero_api_url.clone()),
    ];
    for centre in settings.zoho_data_centres.iter() {
        places.push((format!("Zoho's sign-in, {}", centre.location), centre.accounts.clone()));
        places.push((format!("Zoho's API, {}", centre.location), centre.api.clone()));
    }
    let checks = places.iter().map(|(what, url)| async move {
        let port = url.port_or_known_default().unwrap_or(443);
        let cure = "let this machine call it, or mend the setting that names it";
        reachable(what, url, port, cure).await
    });
    futures::future::join_all(checks).await
}

/// Whether somebody listens there.
async fn reachable(what: &str, url: &Url, port: u16, cure: &str) -> Finding {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    match tokio::time::timeout(ANSWER_TIMEOUT, TcpStream::connect((host, port))).await {
        Ok(Ok(_)) => well(what),
        Ok(Err(error)) => ill(what, format!("{host}:{port}: {error}"), cure),
        Err(_) => ill(what, format!("{host}:{port} does not answer"), cure),
    }
}

async fn database_and_keys(raw: &Raw) -> Vec<Finding> {
    let Ok(url) = raw.database_url() else {
        // Told with the settings.
        return Vec::new();
    };
    let url = url.expose_secret();
    if is_new(url) {
        return vec![ill("database", "there is none yet", "`cpconnect serve` makes it, or `cpconnect migrate up`")];
    }
    let pool = match database::open(url).await {
        Ok(pool) => pool,
        Err(error) => {
            return vec![ill("database", chain(&error), "check DATABASE_URL, and that the database runs")];
        }
    };
    let mut findings = vec![well("database")];
    match database::pending(&pool).await {
        Ok(0) => {
            findings.push(well("migrations"));
            if let Ok(keys) = raw.master_keys() {
                findings.push(master_keys(&pool, &keys).await);
                findings.push(webhooks(&pool, &keys).await);
                findings.push(audit_log(&pool, &keys).await);
            }
        }
        Ok(count) => findings.push(ill("migrations", format!("{count} are not applied"), "run `cpconnect migrate up`")),
        Err(error) => findings.push(ill(
            "migrations",
            chain(&error),
            "use the program's version that this database was migrated by, or a newer one",
        )),
    }
    // Nothing was written: whatever goes wrong here does no harm.
    let _ = pool.close().await;
    findings
}

/// A SQLite file that is not there would be made by looking at it.
fn is_new(url: &str) -> bool {
    url.strip_prefix("sqlite://")
        .map(|rest| rest.split('?').next().unwrap_or(rest))
        .is_some_and(|path| path != ":memory:" && !std::path::Path::new(path).exists())
}

/// Whether partners' webhooks can be signed for.
async fn webhooks(pool: &DatabaseConnection, keys: &MasterKeys) -> Finding {
    let what = "secrets of partners' webhooks";
    let endpoints = match endpoint::Entity::all().all(pool).await {
        Ok(endpoints) => endpoints,
        Err(error) => return ill(what, chain(&error), "see the line of the database"),
    };
    let sealed = || {
        endpoints
            .iter()
            .flat_map(|one| std::iter::once((one.id, &one.secret)).chain(one.previous.iter().map(|old| (one.id, old))))
    };
    let closed = sealed().filter(|(id, sealed)| open_secret(keys, *id, sealed).is_err()).count();
    let older = sealed().filter(|(_, sealed)| !keys.is_newest(sealed)).count();
    match (closed, older) {
        (0, 0) => well(what),
        (0, older) => well(format!("{what} ({older} wait for `keys rotate`)")),
        _ => ill(
            what,
            format!("{closed} do not open"),
            "put the master key that sealed them back into MASTER_KEYS, after the newest",
        ),
    }
}

/// Whether every chain of the audit log holds, and where the first does not.
async fn audit_log(pool: &DatabaseConnection, keys: &MasterKeys) -> Finding {
    let what = "audit log";
    let verified = match audit::verify(pool, keys).await {
        Ok(verified) => verified,
        Err(error) => return ill(what, chain(&error), "see the line of the database"),
    };
    match verified.broken {
        None => well(format!("{what} ({} entries in {} chains)", verified.entries, verified.chains)),
        Some(broken) => ill(
            what,
            format!("tenant {}, entry {}: {}", broken.tenant, broken.seq, broken.why),
            "compare with a backup: somebody changed it who was not this program",
        ),
    }
}

/// Whether the master keys open every tenant's key, and that of the installation's audit log.
async fn master_keys(pool: &DatabaseConnection, keys: &MasterKeys) -> Finding {
    let what = "master keys";
    let mut query = tenant::Entity::all().order_by_asc(tenant::Column::Id).limit(TENANTS_AT_ONCE);
    let (mut closed, mut older) = (0, 0);
    loop {
        let tenants = match query.clone().all(pool).await {
            Ok(tenants) => tenants,
            Err(error) => return ill(what, chain(&error), "see the line of the database"),
        };
        let Some(last) = tenants.last() else { break };
        query =
            tenant::Entity::all().filter(tenant::Column::Id.gt(last.id)).order_by_asc(tenant::Column::Id).limit(TENANTS_AT_ONCE);
        for tenant in &tenants {
            if keys.unwrap_tenant(tenant.id, &tenant.wrapped_key).is_err() {
                closed += 1;
            } else if !keys.is_newest(&tenant.wrapped_key) {
                older += 1;
            }
        }
    }
    let head = match audit_head::Entity::of(SYSTEM).one(pool).await {
        Ok(head) => head,
        Err(error) => return ill(what, chain(&error), "see the line of the database"),
    };
    if let Some(wrapped) = head.and_then(|head| head.wrapped_key) {
        if keys.unwrap_tenant(SYSTEM, &wrapped).is_err() {
            closed += 1;
        } else if !keys.is_newest(&wrapped) {
            older += 1;
        }
    }
    if closed > 0 {
        return ill(
            what,
            format!("{closed} keys of tenants, or of the audit log, do not open"),
            "put the master key that wrapped them back into MASTER_KEYS, after the newest",
        );
    }
    if older > 0 {
        return well(format!("{what} ({older} keys of tenants, or of the audit log, wait for `keys rotate`)"));
    }
    well(what)
}
