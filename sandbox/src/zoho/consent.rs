//! What the customer sees at Zoho: signing in, the consent page of his own data centre, and the way back with a code.

use actix_web::web::{Data, Form, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, web};
use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;
use url::Url;

use super::answer::Refusal;
use super::organisations::{self, Org};
pub use super::pages::escape;
use super::pages::{broken, error_page, page};
use crate::Shared;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/zoho/{dc}/accounts/oauth/v2/auth", web::get().to(authorise))
        .route("/zoho/{dc}/accounts/login", web::post().to(log_in))
        .route("/zoho/{dc}/accounts/consent", web::post().to(consent));
}

/// The demo customer.
pub const USER_EMAIL: &str = "simon@example.test";
pub const USER_PASSWORD: &str = "sandbox";

/// The data centres of the sandbox.
pub const DATA_CENTRES: [&str; 3] = ["us", "eu", "uk"];

/// Codes that one client is given in ten minutes while `zoho.grant_tokens_are_throttled` is on.
const CODES_MAX: i64 = 10;
const CODES_WINDOW_MS: i64 = 600_000;

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    response_type: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    access_type: String,
    #[serde(default)]
    prompt: String,
    state: Option<String>,
    code_challenge: Option<String>,
    #[serde(default)]
    code_challenge_method: String,
}

/// What is kept between the first page and the code, and with the code until it is exchanged.
pub struct Kept {
    pub client: String,
    pub redirect_uri: String,
    pub scope: String,
    pub offline: bool,
    pub prompted: bool,
    pub challenge: Option<String>,
    pub challenge_method: String,
    /// Goes back with the code, which does not remember it.
    pub state: Option<String>,
    /// The organisation chosen on the consent page, where a scope of the CRM was asked for.
    pub crm_org: Option<i64>,
}

impl Kept {
    /// Tokens with a scope of the CRM belong to one organisation of it.
    fn asks_for_the_crm(&self) -> bool {
        asks_for_the_crm(&self.scope)
    }
}

fn asks_for_the_crm(scope: &str) -> bool {
    scope.split(',').any(|scope| scope.trim().starts_with("ZohoCRM."))
}

async fn authorise(shared: Data<Shared>, dc: Path<String>, asked: Query<Asked>) -> HttpResponse {
    if !DATA_CENTRES.contains(&dc.as_str()) {
        return HttpResponse::NotFound().finish();
    }
    if let Some(wrong) = wrong(&asked) {
        return error_page(wrong);
    }
    let request = hex();
    let kept = shared.store.with(|connection| {
        connection.execute(
            "INSERT INTO zoho_consent (request, client, redirect_uri, scope, offline, prompted, state, challenge, challenge_method) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            rusqlite::params![
                request, asked.client_id, asked.redirect_uri, asked.scope, asked.access_type == "offline", asked.prompt == "consent", asked.state,
                asked.code_challenge, asked.code_challenge_method
            ],
        )
    });
    match kept {
        Ok(_) => page("Sign in to Zoho", &login_form(&dc, &request)),
        Err(error) => broken(error.into()),
    }
}

#[derive(Deserialize)]
struct Login {
    request: String,
    username: Option<String>,
    password: Option<String>,
}

/// Whoever signs in is taken to the consent page of his own data centre, wherever he started.
async fn log_in(shared: Data<Shared>, login: Form<Login>) -> HttpResponse {
    if login.username.as_deref().is_some_and(|name| name != USER_EMAIL)
        || login.password.as_deref().is_some_and(|word| word != USER_PASSWORD)
    {
        return error_page("invalid_credentials");
    }
    let found = shared.store.with(|connection| {
        let dc = users_data_centre(connection)?;
        let scope: Option<String> = connection
            .query_row("SELECT scope FROM zoho_consent WHERE request = ?1", [&login.request], |row| row.get(0))
            .optional()?;
        let orgs = organisations::of_user(connection, &dc)?;
        Ok::<_, Refusal>(scope.map(|scope| consent_form(&dc, &login.request, &scope, &orgs)))
    });
    match found {
        Ok(Some(form)) => page("Zoho: allow access", &form),
        Ok(None) => error_page("expired"),
        Err(refusal) => broken(refusal),
    }
}

#[derive(Deserialize)]
struct Consent {
    request: String,
    action: String,
    organization: Option<String>,
}

/// Back to the application: with a code and the place where it must be exchanged, or with `access_denied`.
async fn consent(shared: Data<Shared>, consent: Form<Consent>) -> HttpResponse {
    let allowed = consent.action == "allow";
    let answer = shared.store.atomically(|connection| {
        let Some(mut kept) = take(connection, &consent.request)? else { return Ok(Outcome::Expired) };
        let dc = users_data_centre(connection)?;
        if !allowed || too_many_codes(&shared, connection, &kept.client)? {
            return Ok(Outcome::Denied(kept));
        }
        if kept.asks_for_the_crm() {
            match chosen(organisations::of_user(connection, &dc)?, consent.organization.as_deref()) {
                Some(org) => kept.crm_org = Some(org),
                None => return Ok(Outcome::NotChosen),
            }
        }
        let code = issue(&shared, connection, &dc, &kept)?;
        Ok::<_, Refusal>(Outcome::Allowed(kept, dc, code))
    });
    let (kept, given) = match answer {
        Ok(Outcome::Allowed(kept, dc, code)) => (kept, Some((dc, code))),
        Ok(Outcome::Denied(kept)) => (kept, None),
        Ok(Outcome::NotChosen) => return error_page("choose_an_organization"),
        Ok(Outcome::Expired) => return error_page("expired"),
        Err(refusal) => return broken(refusal),
    };
    let Ok(mut back) = Url::parse(&kept.redirect_uri) else { return error_page("invalid_redirect_uri") };
    {
        let mut query = back.query_pairs_mut();
        if let Some(state) = &kept.state {
            query.append_pair("state", state);
        }
        match given {
            Some((dc, code)) => query
                .append_pair("code", &code)
                .append_pair("location", &dc)
                .append_pair("accounts-server", &format!("{}/zoho/{dc}/accounts", shared.base)),
            None => query.append_pair("error", "access_denied"),
        };
    }
    HttpResponse::Found().insert_header(("Location", back.as_str())).finish()
}

/// How a consent page ends.
enum Outcome {
    Allowed(Kept, String, String),
    Denied(Kept),
    NotChosen,
    Expired,
}

/// The organisation that the form names; without a name, the only one.
fn chosen(mut all: Vec<Org>, asked: Option<&str>) -> Option<i64> {
    match asked.filter(|asked| !asked.is_empty()) {
        Some(asked) => all.iter().find(|org| org.id.to_string() == asked).map(|org| org.id),
        None if all.len() == 1 => all.pop().map(|org| org.id),
        None => None,
    }
}

/// The eleventh code in ten minutes is `access_denied`, where that is enforced.
fn too_many_codes(shared: &Shared, connection: &Connection, client: &str) -> Result<bool, Refusal> {
    if !shared.switches.on("zoho.grant_tokens_are_throttled") {
        return Ok(false);
    }
    let since = shared.clock.now().timestamp_millis() - CODES_WINDOW_MS;
    let given: i64 =
        connection
            .query_row("SELECT count(*) FROM zoho_grant WHERE client = ?1 AND at_ms > ?2", (client, since), |row| row.get(0))?;
    Ok(given >= CODES_MAX)
}

/// Where the customer's account lives.
pub fn users_data_centre(connection: &Connection) -> Result<String, Refusal> {
    Ok(connection.query_row("SELECT dc FROM zoho_user WHERE id = 1", [], |row| row.get(0))?)
}

/// 32 hexadecimal digits.
pub fn hex() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// `1000.<32hex>.<32hex>`.
pub fn secret() -> String {
    format!("1000.{}.{}", hex(), hex())
}

/// The last word of a scope. The CRM's scopes have four words: `ZohoCRM.modules.contacts.READ`.
const OPERATIONS: [&str; 6] = ["ALL", "READ", "CREATE", "UPDATE", "DELETE", "WRITE"];

/// Zoho names these on a page of its own instead of sending the customer back.
fn wrong(asked: &Asked) -> Option<&'static str> {
    let redirect = Url::parse(&asked.redirect_uri).ok();
    let loopback = |url: &Url| matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    let redirects = redirect
        .is_some_and(|url| url.fragment().is_none() && (url.scheme() == "https" || (url.scheme() == "http" && loopback(&url))));
    let scopes = asked.scope.split(',').map(str::trim);
    let known = |scope: &str| {
        let words: Vec<_> = scope.split('.').collect();
        let operation = words.last().is_some_and(|word| OPERATIONS.iter().any(|known| word.eq_ignore_ascii_case(known)));
        operation && matches!(words.len(), 3 | 4) && words.iter().all(|word| !word.is_empty() && !word.contains(' '))
            || matches!(scope, "openid" | "email" | "profile" | "phone")
    };
    match asked {
        _ if asked.client_id != crate::ZOHO_CLIENT_ID => Some("invalid_client"),
        _ if asked.response_type != "code" => Some("invalid_response_type"),
        _ if !redirects => Some("invalid_redirect_uri"),
        _ if !scopes.clone().all(known) => Some("invalid_scope"),
        _ if asked.code_challenge.is_some() && !matches!(asked.code_challenge_method.as_str(), "" | "plain" | "S256") => {
            Some("invalid_code_challenge_method")
        }
        _ => None,
    }
}

fn take(connection: &Connection, request: &str) -> Result<Option<Kept>, Refusal> {
    let kept = connection
        .query_row(
            "DELETE FROM zoho_consent WHERE request = ?1 RETURNING client, redirect_uri, scope, offline, prompted, challenge, challenge_method, state",
            [request],
            |row| {
                Ok(Kept {
                    client: row.get(0)?,
                    redirect_uri: row.get(1)?,
                    scope: row.get(2)?,
                    offline: row.get(3)?,
                    prompted: row.get(4)?,
                    challenge: row.get(5)?,
                    challenge_method: row.get(6)?,
                    state: row.get(7)?,
                    crm_org: None,
                })
            },
        )
        .optional()?;
    Ok(kept)
}

fn issue(shared: &Shared, connection: &Connection, dc: &str, kept: &Kept) -> Result<String, Refusal> {
    let code = secret();
    let now = shared.clock.now().timestamp_millis();
    connection.execute(
        "INSERT INTO zoho_code (code, dc, client, redirect_uri, scope, offline, prompted, challenge, challenge_method, crm_org, issued_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        rusqlite::params![
            code, dc, kept.client, kept.redirect_uri, kept.scope, kept.offline, kept.prompted, kept.challenge, kept.challenge_method, kept.crm_org, now
        ],
    )?;
    connection.execute("DELETE FROM zoho_grant WHERE at_ms <= ?1", [now - CODES_WINDOW_MS])?;
    connection.execute("INSERT INTO zoho_grant (client, at_ms) VALUES (?1, ?2)", (&kept.client, now))?;
    Ok(code)
}

fn login_form(dc: &str, request: &str) -> String {
    format!(
        "<h1>Sign in</h1><p>to access Accounts</p><form method=\"post\" action=\"/zoho/{dc}/accounts/login\">\
         <input type=\"hidden\" name=\"request\" value=\"{request}\">\
         <label>Email address <input type=\"email\" name=\"username\" value=\"{USER_EMAIL}\"></label>\
         <label>Password <input type=\"password\" name=\"password\" value=\"{USER_PASSWORD}\"></label>\
         <button type=\"submit\">Sign in</button></form>"
    )
}

fn consent_form(dc: &str, request: &str, scope: &str, orgs: &[Org]) -> String {
    let scopes: String = scope.split(',').map(|scope| format!("<li>{}</li>", escape(scope.trim()))).collect();
    let (list, choice) = if asks_for_the_crm(scope) {
        let options: String =
            orgs.iter().map(|org| format!("<option value=\"{}\">{}</option>", org.id, escape(&org.name))).collect();
        (
            String::new(),
            format!("<label>Choose the organization (Production) <select name=\"organization\">{options}</select></label> "),
        )
    } else {
        let list: String = orgs.iter().map(|org| format!("<li>{}</li>", escape(&org.name))).collect();
        (format!("<h2>Your organizations</h2><ul>{list}</ul>"), String::new())
    };
    format!(
        "<h1>CP Connect</h1><p>CP Connect would like to access the following information.</p><ul>{scopes}</ul>{list}\
         <form method=\"post\" action=\"/zoho/{dc}/accounts/consent\"><input type=\"hidden\" name=\"request\" value=\"{request}\">{choice}\
         <button type=\"submit\" name=\"action\" value=\"allow\">Accept</button> <button type=\"submit\" name=\"action\" value=\"reject\">Reject</button></form>"
    )
}
