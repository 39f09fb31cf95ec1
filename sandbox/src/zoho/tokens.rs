//! The token endpoint of an accounts server: codes become tokens, refresh tokens become access tokens. Errors come with HTTP 200.

use actix_web::http::StatusCode;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::{Answer, Refusal};
use super::consent::{DATA_CENTRES, Kept, secret};
use super::excess;
use super::sent::Sent;
use crate::Shared;

const ACCESS_S: i64 = 3600;
/// A code's life: the documents say one, two and three minutes; `zoho.codes_live_one_minute` is the strictest reading.
const CODE_MS: i64 = 120_000;
const CODE_STRICT_MS: i64 = 60_000;
/// The 21st refresh token of a user deletes the oldest, without a word.
const REFRESH_TOKENS_MAX: i64 = 20;
/// Access tokens that one refresh token gives in ten minutes.
const ACCESS_TOKENS_MAX: i64 = 10;
const WINDOW_MS: i64 = 600_000;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/zoho/{dc}/accounts/oauth/v2/token", web::post().to(token))
        .route("/zoho/{dc}/accounts/oauth/v2/token/revoke", web::post().to(revoke))
        .route("/zoho/{dc}/accounts/oauth/v2/revoke/token", web::post().to(revoke))
        .route("/zoho/{dc}/accounts/oauth/serverinfo", web::get().to(server_info));
}

/// The scopes of a token that is valid now in this data centre.
pub fn scopes_of(connection: &Connection, token: &str, dc: &str, now: DateTime<Utc>) -> Result<Option<String>, Refusal> {
    let scopes = connection
        .prepare_cached("SELECT scope FROM zoho_access WHERE token = ?1 AND dc = ?2 AND issued_ms > ?3")?
        .query_row((token, dc, now.timestamp_millis() - ACCESS_S * 1000), |row| row.get(0))
        .optional()?;
    Ok(scopes)
}

/// A valid access token, and what it was given for.
pub struct Bearer {
    pub client: String,
    pub scopes: String,
    pub issued_ms: i64,
}

impl Bearer {
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.split([',', ' ']).any(|one| one.eq_ignore_ascii_case(scope))
    }

    pub fn expires_ms(&self) -> i64 {
        self.issued_ms + ACCESS_S * 1000
    }
}

/// The token, if it is valid now in this data centre.
pub fn bearer(connection: &Connection, token: &str, dc: &str, now: DateTime<Utc>) -> Result<Option<Bearer>, Refusal> {
    let found = connection
        .prepare_cached("SELECT client, scope, issued_ms FROM zoho_access WHERE token = ?1 AND dc = ?2 AND issued_ms > ?3")?
        .query_row((token, dc, now.timestamp_millis() - ACCESS_S * 1000), |row| {
            Ok(Bearer { client: row.get(0)?, scopes: row.get(1)?, issued_ms: row.get(2)? })
        })
        .optional()?;
    Ok(found)
}

/// The organisation that a token's consent chose for the CRM; None where no scope of the CRM was asked for.
pub fn crm_org_of(connection: &Connection, token: &str) -> Result<Option<i64>, Refusal> {
    let org: Option<Option<i64>> = connection
        .prepare_cached("SELECT crm_org FROM zoho_access WHERE token = ?1")?
        .query_row([token], |row| row.get(0))
        .optional()?;
    Ok(org.flatten())
}

/// Ends every access token, and the refresh tokens too when asked.
pub fn revoke_all(connection: &Connection, refresh_too: bool) -> Result<(), Refusal> {
    // They stay on the books: what was given in the last ten minutes still counts.
    connection.execute("UPDATE zoho_access SET token = 'revoked ' || number", [])?;
    if refresh_too {
        connection.execute("DELETE FROM zoho_refresh", [])?;
    }
    Ok(())
}

/// Why no token is given. Every one is a 200 unless a switch says otherwise.
enum Denied {
    Error(&'static str),
    TooMany,
    Broken(Refusal),
}

impl From<rusqlite::Error> for Denied {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error.into())
    }
}

use Denied::Error;

async fn token(shared: Data<Shared>, request: HttpRequest, dc: Path<String>, body: Bytes) -> HttpResponse {
    if !DATA_CENTRES.contains(&dc.as_str()) {
        return HttpResponse::NotFound().finish();
    }
    let sent = Sent::read(&request, &body);
    // A code is spent even when the exchange is refused, so refusals are committed too.
    let outcome = shared.store.atomically(|connection| Ok::<_, rusqlite::Error>(exchange(&shared, connection, &dc, &sent)));
    match outcome.unwrap_or_else(|error| Err(error.into())) {
        Ok(answer) => HttpResponse::Ok().json(answer),
        Err(Error(word)) => HttpResponse::Ok().json(json!({"error": word})),
        Err(Denied::TooMany) => {
            let Answer { status, body } = excess::tokens(shared.switches.on("zoho.token_throttle_is_400"));
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
            HttpResponse::build(status).content_type("application/json").body(body)
        }
        Err(Denied::Broken(refusal)) => HttpResponse::InternalServerError().body(refusal.message),
    }
}

fn exchange(shared: &Shared, connection: &Connection, dc: &str, sent: &Sent) -> Result<Value, Denied> {
    if sent.get("client_id") != Some(crate::ZOHO_CLIENT_ID) {
        return Err(Error("invalid_client"));
    }
    if sent.get("client_secret") != Some(crate::ZOHO_CLIENT_SECRET) {
        return Err(Error("invalid_client_secret"));
    }
    match sent.get("grant_type") {
        Some("authorization_code") => code(shared, connection, dc, sent),
        Some("refresh_token") => refresh(shared, connection, dc, sent),
        _ => Err(Error("unsupported_grant_type")),
    }
}

fn code(shared: &Shared, connection: &Connection, dc: &str, sent: &Sent) -> Result<Value, Denied> {
    let now = shared.clock.now().timestamp_millis();
    let found = connection
        .query_row(
            "SELECT dc, client, redirect_uri, scope, offline, prompted, challenge, challenge_method, crm_org, issued_ms FROM zoho_code WHERE code = ?1",
            [sent.get("code").unwrap_or_default()],
            |row| {
                let kept = Kept {
                    client: row.get(1)?,
                    redirect_uri: row.get(2)?,
                    scope: row.get(3)?,
                    offline: row.get(4)?,
                    prompted: row.get(5)?,
                    challenge: row.get(6)?,
                    challenge_method: row.get(7)?,
                    state: None,
                    crm_org: row.get(8)?,
                };
                Ok((row.get::<_, String>(0)?, kept, row.get::<_, i64>(9)?))
            },
        )
        .optional()?;
    let (home, kept, issued) = found.ok_or(Error("invalid_code"))?;
    if home != dc {
        return Err(Error("invalid_client"));
    }
    connection.execute("DELETE FROM zoho_code WHERE code = ?1", [sent.get("code")])?;
    let lives_ms = if shared.switches.on("zoho.codes_live_one_minute") { CODE_STRICT_MS } else { CODE_MS };
    if now - issued > lives_ms {
        return Err(Error("invalid_code"));
    }
    if sent.get("redirect_uri") != Some(&kept.redirect_uri) {
        return Err(Error("invalid_redirect_uri"));
    }
    if shared.switches.on("zoho.pkce_is_checked") && !proves(&kept, sent.get("code_verifier")) {
        return Err(Error("invalid_code"));
    }
    let known: bool =
        connection.query_row("SELECT EXISTS (SELECT 1 FROM zoho_refresh WHERE client = ?1)", [&kept.client], |row| row.get(0))?;
    let Kept { client, scope, crm_org, .. } = kept;
    let mut given = Given { number: None, client, scope, crm_org };
    let mut refresh_token = None;
    if kept.offline && (kept.prompted || !known) {
        let token = secret();
        connection.execute(
            "INSERT INTO zoho_refresh (token, dc, client, scope, crm_org, issued_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (&token, dc, &given.client, &given.scope, crm_org, now),
        )?;
        given.number = Some(connection.last_insert_rowid());
        refresh_token = Some(token);
        evict(connection, &given.client)?;
    }
    let mut answer = issue(shared, connection, dc, &given)?;
    if let (Some(token), Value::Object(answer)) = (refresh_token, &mut answer) {
        answer.insert("refresh_token".into(), token.into());
    }
    Ok(answer)
}

/// What an access token is given for: the consent, and the refresh token if there is one.
struct Given {
    number: Option<i64>,
    client: String,
    scope: String,
    crm_org: Option<i64>,
}

fn refresh(shared: &Shared, connection: &Connection, dc: &str, sent: &Sent) -> Result<Value, Denied> {
    let found: Option<(String, i64, Given)> = connection
        .query_row(
            "SELECT number, dc, client, scope, crm_org FROM zoho_refresh WHERE token = ?1",
            [sent.get("refresh_token").unwrap_or_default()],
            |row| {
                let number = row.get(0)?;
                Ok((
                    row.get(1)?,
                    number,
                    Given { number: Some(number), client: row.get(2)?, scope: row.get(3)?, crm_org: row.get(4)? },
                ))
            },
        )
        .optional()?;
    let (home, number, given) = found.ok_or(Error("invalid_code"))?;
    if home != dc {
        return Err(Error("invalid_client"));
    }
    let since = shared.clock.now().timestamp_millis() - WINDOW_MS;
    let lately: i64 = connection.query_row(
        "SELECT count(*) FROM zoho_access WHERE refresh = ?1 AND issued_ms > ?2",
        (number, since),
        |row| row.get(0),
    )?;
    if lately >= ACCESS_TOKENS_MAX {
        return Err(Denied::TooMany);
    }
    issue(shared, connection, dc, &given)
}

/// A new access token. Only the newest ten of a refresh token stay valid; a spent one still counts in the window of ten minutes.
fn issue(shared: &Shared, connection: &Connection, dc: &str, given: &Given) -> Result<Value, Denied> {
    let token = secret();
    let now = shared.clock.now().timestamp_millis();
    connection.execute(
        "INSERT INTO zoho_access (token, refresh, dc, client, scope, crm_org, issued_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        (&token, given.number, dc, &given.client, &given.scope, given.crm_org, now),
    )?;
    if let Some(refresh) = given.number {
        connection.execute(
            "DELETE FROM zoho_access WHERE refresh = ?1 AND number NOT IN (SELECT number FROM zoho_access WHERE refresh = ?1 ORDER BY number DESC LIMIT ?2)",
            (refresh, ACCESS_TOKENS_MAX),
        )?;
    }
    Ok(json!({
        "access_token": token, "scope": given.scope.replace(',', " "), "api_domain": format!("{}/zoho/{dc}/api", shared.base),
        "token_type": "Bearer", "expires_in": ACCESS_S,
    }))
}

fn evict(connection: &Connection, client: &str) -> rusqlite::Result<()> {
    let doomed = "SELECT number FROM zoho_refresh WHERE client = ?1 ORDER BY number DESC LIMIT -1 OFFSET ?2";
    connection.execute(&format!("DELETE FROM zoho_access WHERE refresh IN ({doomed})"), (client, REFRESH_TOKENS_MAX))?;
    connection.execute(&format!("DELETE FROM zoho_refresh WHERE number IN ({doomed})"), (client, REFRESH_TOKENS_MAX))?;
    Ok(())
}

fn proves(kept: &Kept, verifier: Option<&str>) -> bool {
    let Some(challenge) = &kept.challenge else { return true };
    let verifier = verifier.unwrap_or_default();
    match kept.challenge_method.as_str() {
        "S256" => URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == *challenge,
        _ => verifier == challenge,
    }
}

/// Revoking a refresh token ends its access tokens too. The newer document adds `token_type` and asks for Basic authentication; neither
/// is needed here.
async fn revoke(shared: Data<Shared>, request: HttpRequest, dc: Path<String>, body: Bytes) -> HttpResponse {
    let sent = Sent::read(&request, &body);
    let token = sent.get("token").unwrap_or_default();
    let gone = shared.store.atomically(|connection| {
        let number: Option<i64> = connection
            .query_row("DELETE FROM zoho_refresh WHERE token = ?1 AND dc = ?2 RETURNING number", (token, &*dc), |row| row.get(0))
            .optional()?;
        let ended = connection
            .execute("DELETE FROM zoho_access WHERE (token = ?1 AND dc = ?3) OR refresh = ?2", (token, number, &*dc))?;
        Ok::<_, rusqlite::Error>(number.is_some() || ended > 0)
    });
    match gone {
        Ok(true) => HttpResponse::Ok().json(json!({"status": "success"})),
        Ok(false) => HttpResponse::BadRequest().json(json!({"error": "invalid_token", "status": "failure"})),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

async fn server_info(shared: Data<Shared>) -> HttpResponse {
    let locations: serde_json::Map<String, Value> =
        DATA_CENTRES.iter().map(|dc| ((*dc).to_owned(), format!("{}/zoho/{dc}/accounts", shared.base).into())).collect();
    HttpResponse::Ok().json(json!({"result": "success", "locations": locations}))
}
