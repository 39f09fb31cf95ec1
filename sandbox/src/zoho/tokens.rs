//! The token endpoint of an accounts server: codes become tokens, refresh tokens become access tokens. Errors come with HTTP 200.

use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::Refusal;
use super::call::Query;
use super::consent::{DATA_CENTRES, Kept, secret};
use super::crm::multipart;
use crate::Shared;

const ACCESS_S: i64 = 3600;
const CODE_MS: i64 = 120_000;
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
            let answer = json!({
                "error_description": "You have made too many requests continuously. Please try again after some time.",
                "error": "Access Denied", "status": "failure",
            });
            if shared.switches.on("zoho.token_throttle_is_400") {
                HttpResponse::BadRequest().json(answer)
            } else {
                HttpResponse::Ok().json(answer)
            }
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
            "SELECT dc, client, redirect_uri, scope, offline, prompted, challenge, challenge_method, issued_ms FROM zoho_code WHERE code = ?1",
            [sent.get("code").unwrap_or_default()],
            |row| {
                let kept = Kept::of(row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
                Ok((row.get::<_, String>(0)?, kept, row.get::<_, i64>(8)?))
            },
        )
        .optional()?;
    let (home, kept, issued) = found.ok_or(Error("invalid_code"))?;
    if home != dc {
        return Err(Error("invalid_client"));
    }
    connection.execute("DELETE FROM zoho_code WHERE code = ?1", [sent.get("code")])?;
    if now - issued > CODE_MS {
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
    let mut number = None;
    let mut refresh_token = None;
    if kept.offline && (kept.prompted || !known) {
        let token = secret();
        connection.execute(
            "INSERT INTO zoho_refresh (token, dc, client, scope, issued_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
            (&token, dc, &kept.client, &kept.scope, now),
        )?;
        number = Some(connection.last_insert_rowid());
        refresh_token = Some(token);
        evict(connection, &kept.client)?;
    }
    let mut answer = issue(shared, connection, dc, number, &kept.scope)?;
    if let (Some(token), Value::Object(answer)) = (refresh_token, &mut answer) {
        answer.insert("refresh_token".into(), token.into());
    }
    Ok(answer)
}

fn refresh(shared: &Shared, connection: &Connection, dc: &str, sent: &Sent) -> Result<Value, Denied> {
    let found: Option<(i64, String, String)> = connection
        .query_row(
            "SELECT number, dc, scope FROM zoho_refresh WHERE token = ?1",
            [sent.get("refresh_token").unwrap_or_default()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let (number, home, scope) = found.ok_or(Error("invalid_code"))?;
    if home != dc {
        return Err(Error("invalid_client"));
    }
    let since = shared.clock.now().timestamp_millis() - WINDOW_MS;
    let given: i64 = connection.query_row(
        "SELECT count(*) FROM zoho_access WHERE refresh = ?1 AND issued_ms > ?2",
        (number, since),
        |row| row.get(0),
    )?;
    if given >= ACCESS_TOKENS_MAX {
        return Err(Denied::TooMany);
    }
    issue(shared, connection, dc, Some(number), &scope)
}

/// A new access token. Only the newest ten of a refresh token stay valid; a spent one still counts in the window of ten minutes.
fn issue(shared: &Shared, connection: &Connection, dc: &str, refresh: Option<i64>, scope: &str) -> Result<Value, Denied> {
    let token = secret();
    let now = shared.clock.now().timestamp_millis();
    connection.execute(
        "INSERT INTO zoho_access (token, refresh, dc, scope, issued_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        (&token, refresh, dc, scope, now),
    )?;
    if let Some(refresh) = refresh {
        connection.execute(
            "DELETE FROM zoho_access WHERE refresh = ?1 AND number NOT IN (SELECT number FROM zoho_access WHERE refresh = ?1 ORDER BY number DESC LIMIT ?2)",
            (refresh, ACCESS_TOKENS_MAX),
        )?;
    }
    Ok(json!({
        "access_token": token, "scope": scope.replace(',', " "), "api_domain": format!("{}/zoho/{dc}/api", shared.base),
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

/// Revoking a refresh token ends its access tokens too.
async fn revoke(shared: Data<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let sent = Sent::read(&request, &body);
    let token = sent.get("token").unwrap_or_default();
    let gone = shared.store.atomically(|connection| {
        let number: Option<i64> = connection
            .query_row("DELETE FROM zoho_refresh WHERE token = ?1 RETURNING number", [token], |row| row.get(0))
            .optional()?;
        let ended = connection.execute("DELETE FROM zoho_access WHERE token = ?1 OR refresh = ?2", (token, number))?;
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

/// A form as browsers send it, or in parts as the official client for Node does.
fn form(request: &HttpRequest, body: &[u8]) -> Query {
    let kind = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(parts) = multipart::parts(kind, body) else { return Query::parse(&String::from_utf8_lossy(body)) };
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for part in &parts {
        form.append_pair(&part.name, &String::from_utf8_lossy(part.content));
    }
    Query::parse(&form.finish())
}

/// Parameters of the query, of the form and of Basic authentication, whichever the client uses.
struct Sent {
    query: Query,
    form: Query,
    basic: Option<(String, String)>,
}

impl Sent {
    fn read(request: &HttpRequest, body: &[u8]) -> Self {
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let basic = header.and_then(|header| header.strip_prefix("Basic ")).and_then(|encoded| STANDARD.decode(encoded).ok());
        let basic = basic.and_then(|bytes| String::from_utf8(bytes).ok());
        let decode = |text: &str| {
            url::form_urlencoded::parse(format!("v={text}").as_bytes())
                .next()
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let basic = basic.as_deref().and_then(|pair| pair.split_once(':')).map(|(id, secret)| (decode(id), decode(secret)));
        Self { query: Query::parse(request.query_string()), form: form(request, body), basic }
    }

    fn get(&self, name: &str) -> Option<&str> {
        let basic = self.basic.as_ref().and_then(|(id, secret)| match name {
            "client_id" => Some(id.as_str()),
            "client_secret" => Some(secret.as_str()),
            _ => None,
        });
        self.form.get(name).or_else(|| self.query.get(name)).or(basic)
    }
}
