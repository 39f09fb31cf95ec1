//! What an accounts server says about itself, about a token, and about who gave it.

use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::consent::DATA_CENTRES;
use super::sent::Sent;
use super::tokens::{self, Bearer};
use crate::Shared;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/zoho/{dc}/accounts/.well-known/openid-configuration", web::get().to(configuration))
        .route("/zoho/{dc}/accounts/oauth/v2/userinfo", web::get().to(user_info))
        .route("/zoho/{dc}/accounts/oauth/v2/userinfo", web::post().to(user_info))
        .route("/zoho/{dc}/accounts/oauth/v2/introspect", web::post().to(introspect));
}

/// As the real document lists it, without the parts that are not here: the key set, the device flow, hybrid answers.
async fn configuration(shared: Data<Shared>, dc: Path<String>) -> HttpResponse {
    if !DATA_CENTRES.contains(&dc.as_str()) {
        return HttpResponse::NotFound().finish();
    }
    let issuer = format!("{}/zoho/{dc}/accounts", shared.base);
    HttpResponse::Ok().json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth/v2/auth"),
        "token_endpoint": format!("{issuer}/oauth/v2/token"),
        "revocation_endpoint": format!("{issuer}/oauth/v2/token/revoke"),
        "introspection_endpoint": format!("{issuer}/oauth/v2/introspect"),
        "userinfo_endpoint": format!("{issuer}/oauth/v2/userinfo"),
        "dc_info": format!("{issuer}/oauth/serverinfo"),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "scopes_supported": ["email", "profile", "openid", "phone"],
        "subject_types_supported": ["public"],
        "claims_supported": ["sub", "email", "email_verified", "first_name", "name", "last_name"],
    }))
}

/// Who consented, as far as the scopes tell. `sub` is the number of the Zoho user, the same in every client.
async fn user_info(shared: Data<Shared>, request: HttpRequest, dc: Path<String>) -> HttpResponse {
    let header = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = match header.split_once(' ') {
        Some(("Zoho-oauthtoken" | "Bearer", token)) => token.trim(),
        _ => "",
    };
    let found = shared.store.with(|connection| {
        let Some(bearer) = tokens::bearer(connection, token, &dc, shared.clock.now())? else { return Ok(None) };
        let user = connection.query_row("SELECT id, email, name FROM zoho_user WHERE id = 1", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?))
        })?;
        Ok::<_, Refusal>(Some((bearer, user)))
    });
    match found {
        Ok(Some((bearer, user))) => match claims(&bearer, user) {
            Some(claims) => HttpResponse::Ok().json(claims),
            None => HttpResponse::Forbidden().json(json!({"error": "insufficient_scope"})),
        },
        Ok(None) => HttpResponse::Unauthorized().json(json!({"error": "invalid_token"})),
        Err(refusal) => HttpResponse::InternalServerError().body(refusal.message),
    }
}

/// Numbers of Zoho users have eight digits and more.
const FIRST_ZUID: i64 = 20_067_000;

fn claims(bearer: &Bearer, (id, email, name): (i64, String, String)) -> Option<Value> {
    let all = bearer.has("AaaServer.profile.READ") || bearer.has("AaaServer.profile.ALL");
    let (mail, profile) = (all || bearer.has("email"), all || bearer.has("profile"));
    if !mail && !profile && !bearer.has("openid") {
        return None;
    }
    let mut claims = Map::from_iter([("sub".to_owned(), Value::from((FIRST_ZUID + id).to_string()))]);
    if mail {
        claims.insert("email".into(), email.into());
        claims.insert("email_verified".into(), true.into());
    }
    if profile {
        let (first, last) = name.split_once(' ').unwrap_or((name.as_str(), ""));
        claims.insert("first_name".into(), first.into());
        claims.insert("last_name".into(), last.into());
        claims.insert("name".into(), name.clone().into());
    }
    Some(Value::Object(claims))
}

/// RFC 7662: only the client itself may ask, and a token that is over is `{"active": false}` and nothing else.
async fn introspect(shared: Data<Shared>, request: HttpRequest, dc: Path<String>, body: Bytes) -> HttpResponse {
    let sent = Sent::read(&request, &body);
    let known =
        sent.get("client_id") == Some(crate::ZOHO_CLIENT_ID) && sent.get("client_secret") == Some(crate::ZOHO_CLIENT_SECRET);
    if !known {
        return HttpResponse::Unauthorized().json(json!({"error": "invalid_client"}));
    }
    let token = sent.get("token").unwrap_or_default();
    match shared.store.with(|connection| tokens::bearer(connection, token, &dc, shared.clock.now())) {
        Ok(Some(bearer)) => HttpResponse::Ok().json(json!({
            "active": true, "client_id": bearer.client, "scope": bearer.scopes.replace(',', " "), "token_type": "Bearer",
            "iat": bearer.issued_ms / 1000, "exp": bearer.expires_ms() / 1000, "sub": (FIRST_ZUID + 1).to_string(),
        })),
        Ok(None) => HttpResponse::Ok().json(json!({"active": false})),
        Err(refusal) => HttpResponse::InternalServerError().body(refusal.message),
    }
}
