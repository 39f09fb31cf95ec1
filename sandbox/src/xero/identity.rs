//! Xero's identity server: discovery, keys, the token endpoint, revocation, userinfo.

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{Data, Form, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::login::Asked;
use super::sessions::{self, Session};
use super::{app, keys};
use crate::Shared;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/xero/identity/.well-known/openid-configuration", web::get().to(discovery))
        .route("/xero/identity/.well-known/openid-configuration/jwks", web::get().to(jwks))
        .route("/xero/identity/connect/token", web::post().to(token))
        .route("/xero/identity/connect/revocation", web::post().to(revocation))
        .route("/xero/identity/connect/userinfo", web::get().to(userinfo))
        .route("/xero/identity/connect/userinfo", web::post().to(userinfo));
}

async fn discovery(shared: Data<Shared>) -> HttpResponse {
    let issuer = issuer(&shared);
    HttpResponse::Ok().json(json!({
        "issuer": issuer,
        "jwks_uri": format!("{issuer}/.well-known/openid-configuration/jwks"),
        "authorization_endpoint": format!("{}/xero/login/identity/connect/authorize", shared.base),
        "token_endpoint": format!("{issuer}/connect/token"),
        "userinfo_endpoint": format!("{issuer}/connect/userinfo"),
        "revocation_endpoint": format!("{issuer}/connect/revocation"),
        "scopes_supported": app::SCOPES,
        "claims_supported": ["sub", "xero_userid", "global_session_id", "auth_time", "preferred_username", "email", "given_name",
            "family_name", "name"],
        "response_modes_supported": ["query"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn jwks() -> HttpResponse {
    match keys::jwks() {
        Ok(keys) => HttpResponse::Ok().json(keys),
        Err(error) => broken(&error),
    }
}

#[derive(Default, Deserialize)]
struct TokenForm {
    #[serde(default)]
    grant_type: String,
    code: Option<String>,
    redirect_uri: Option<String>,
    code_verifier: Option<String>,
    refresh_token: Option<String>,
    client_id: Option<String>,
    client_secret: Option<String>,
    token: Option<String>,
}

async fn token(shared: Data<Shared>, request: HttpRequest, form: Option<Form<TokenForm>>) -> HttpResponse {
    let Some(form) = form else { return refuse("invalid_request") };
    if !is_our_client(&shared, &request, &form) {
        return refuse("invalid_client");
    }
    let answer = match form.grant_type.as_str() {
        "authorization_code" => exchange(&shared, &form),
        "refresh_token" => refresh(&shared, &form),
        _ => return refuse("unsupported_grant_type"),
    };
    match answer {
        Ok(Ok(tokens)) => HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(tokens),
        Ok(Err(error)) => refuse(error),
        Err(error) => broken(&error),
    }
}

type Answer = Result<Result<Value, &'static str>, Box<dyn std::error::Error>>;

fn exchange(shared: &Shared, form: &TokenForm) -> Answer {
    let Some(code) = form.code.as_deref() else { return Ok(Err("invalid_request")) };
    let now = shared.clock.now().timestamp_millis();
    let Some((kept, event, at)) = shared.store.with(|connection| sessions::take_code(connection, code, now))? else {
        return Ok(Err("invalid_grant"));
    };
    let asked: Asked = serde_json::from_str(&kept)?;
    if form.redirect_uri.as_deref() != Some(asked.redirect_uri.as_str()) {
        return Ok(Err("invalid_grant"));
    }
    if !verifies(asked.code_challenge.as_deref(), form.code_verifier.as_deref()) {
        return Ok(Err("invalid_grant"));
    }
    let session =
        Session { family: Uuid::new_v4().to_string(), scope: asked.scope.clone(), event, auth_time_s: at.div_euclid(1000) };
    issue(shared, &session, None, asked.nonce.as_deref(), now).map(Ok)
}

fn refresh(shared: &Shared, form: &TokenForm) -> Answer {
    let Some(token) = form.refresh_token.as_deref() else { return Ok(Err("invalid_request")) };
    let now = shared.clock.now().timestamp_millis();
    let rotation = shared.xero.registration.read().rotation;
    let used = shared.store.atomically(|connection| sessions::use_refresh(connection, token, rotation, now))?;
    match used {
        Some(session) => issue(shared, &session, Some(token), None, now).map(Ok),
        None => Ok(Err("invalid_grant")),
    }
}

/// The answer of the token endpoint.
fn issue(
    shared: &Shared,
    session: &Session,
    parent: Option<&str>,
    nonce: Option<&str>,
    now: i64,
) -> Result<Value, Box<dyn std::error::Error>> {
    let scopes: Vec<_> = session.scope.split_ascii_whitespace().collect();
    let now_s = now.div_euclid(1000);
    let issuer = issuer(shared);
    let access = keys::sign(&json!({
        "nbf": now_s, "exp": now_s + sessions::ACCESS_LIFE_MS / 1000, "iss": issuer, "aud": format!("{issuer}/resources"),
        "client_id": crate::XERO_CLIENT_ID, "sub": app::USER_ID.simple().to_string(), "auth_time": session.auth_time_s,
        "xero_userid": app::USER_ID, "global_session_id": session.family, "jti": Uuid::new_v4().simple().to_string(),
        "authentication_event_id": session.event, "scope": scopes,
    }))?;
    let mut answer = json!({
        "access_token": access, "expires_in": sessions::ACCESS_LIFE_MS / 1000, "token_type": "Bearer", "scope": session.scope,
    });
    if scopes.contains(&"openid") {
        let digest = Sha256::digest(access.as_bytes());
        let mut claims = json!({
            "nbf": now_s, "iat": now_s, "exp": now_s + 300, "iss": issuer, "aud": crate::XERO_CLIENT_ID,
            "at_hash": URL_SAFE_NO_PAD.encode(&digest[..16]), "sub": app::USER_ID.simple().to_string(),
            "auth_time": session.auth_time_s, "sid": session.family, "global_session_id": session.family,
            "xero_userid": app::USER_ID,
        });
        about_user(&mut claims, &scopes);
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        answer["id_token"] = keys::sign(&claims)?.into();
    }
    shared.store.atomically(|connection| {
        sessions::keep_access(connection, session, &access, now)?;
        if scopes.contains(&"offline_access") {
            answer["refresh_token"] = sessions::issue_refresh(connection, session, parent, now)?.into();
        }
        Ok::<_, rusqlite::Error>(())
    })?;
    Ok(answer)
}

/// What the scopes let an app know of the user.
fn about_user(claims: &mut Value, scopes: &[&str]) {
    if scopes.contains(&"email") {
        claims["email"] = app::USER_EMAIL.into();
        claims["preferred_username"] = app::USER_EMAIL.into();
    }
    if scopes.contains(&"profile") {
        let (given, family) = app::USER_NAME.split_once(' ').unwrap_or((app::USER_NAME, ""));
        claims["given_name"] = given.into();
        claims["family_name"] = family.into();
        claims["name"] = app::USER_NAME.into();
    }
}

/// Kills the refresh token and, as Xero does, every connection of the user to the app.
async fn revocation(shared: Data<Shared>, request: HttpRequest, form: Option<Form<TokenForm>>) -> HttpResponse {
    let Some(form) = form else { return refuse("invalid_request") };
    if !is_our_client(&shared, &request, &form) {
        return refuse("invalid_client");
    }
    let Some(token) = form.token.as_deref() else { return refuse("invalid_request") };
    let done = shared.store.atomically(|connection| {
        if sessions::revoke(connection, token)? {
            sessions::disconnect_all(connection)?;
        }
        Ok::<_, rusqlite::Error>(())
    });
    match done {
        Ok(()) => HttpResponse::Ok().finish(),
        Err(error) => broken(&error),
    }
}

async fn userinfo(shared: Data<Shared>, request: HttpRequest) -> HttpResponse {
    let now = shared.clock.now().timestamp_millis();
    let token = super::access::bearer(&request).unwrap_or_default();
    match shared.store.with(|connection| sessions::access(connection, token, now)) {
        Ok(Ok(scope)) => {
            let mut told = json!({"sub": app::USER_ID.simple().to_string(), "xero_userid": app::USER_ID});
            about_user(&mut told, &scope.split_ascii_whitespace().collect::<Vec<_>>());
            HttpResponse::Ok().json(told)
        }
        Ok(Err(_)) => HttpResponse::Unauthorized().finish(),
        Err(error) => broken(&error),
    }
}

/// client_secret_basic or client_secret_post; an app without a secret only says its name.
fn is_our_client(shared: &Shared, request: &HttpRequest, form: &TokenForm) -> bool {
    let public = shared.xero.registration.read().public;
    let basic = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|text| STANDARD.decode(text.trim()).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok());
    match (basic, &form.client_id, &form.client_secret) {
        (Some(pair), _, _) => pair.split_once(':') == Some((crate::XERO_CLIENT_ID, crate::XERO_CLIENT_SECRET)),
        (None, Some(id), Some(secret)) => id == crate::XERO_CLIENT_ID && secret == crate::XERO_CLIENT_SECRET,
        (None, Some(id), None) => public && id == crate::XERO_CLIENT_ID,
        _ => false,
    }
}

/// A verifier is wanted exactly when a challenge was sent.
fn verifies(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            (43..=128).contains(&verifier.len()) && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge
        }
        _ => false,
    }
}

fn issuer(shared: &Shared) -> String {
    format!("{}/xero/identity", shared.base)
}

fn refuse(error: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({"error": error}))
}

fn broken(error: &impl std::fmt::Display) -> HttpResponse {
    tracing::error!(%error, "the sandbox's identity server failed");
    HttpResponse::InternalServerError().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_of_the_standard_fits_its_challenge() {
        let (verifier, challenge) =
            ("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert!(verifies(Some(challenge), Some(verifier)));
        assert!(!verifies(Some(challenge), Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX")));
        assert!(!verifies(Some(challenge), None));
        assert!(!verifies(None, Some(verifier)));
    }
}
