//! Consent, codes, tokens, and the ways they end.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::world::{CALLBACK, World};

const SCOPE: &str = "ZohoBooks.contacts.READ,ZohoBooks.settings.READ";

#[tokio::test]
async fn consent_comes_back_from_the_customers_own_data_centre() {
    let world = World::new().await;
    let back = world.redirected(&[("scope", SCOPE), ("access_type", "offline"), ("prompt", "consent")], "allow").await;
    let pairs: Vec<_> = back.query_pairs().into_owned().collect();
    let names: Vec<_> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["state", "code", "location", "accounts-server"]);
    assert_eq!(pairs[0].1, "s t");
    assert_eq!(pairs[2].1, "eu");
    assert_eq!(pairs[3].1, world.url("/zoho/eu/accounts"));
    assert!(back.as_str().contains("accounts-server=http%3A%2F%2F"));

    let form = [("grant_type", "authorization_code"), ("code", &pairs[1].1), ("redirect_uri", CALLBACK)];
    assert_eq!(world.exchange("us", &form).await, (200, json!({"error": "invalid_client"})));
    let (status, tokens) = world.exchange("eu", &form).await;
    assert_eq!(status, 200);
    assert_eq!(tokens["api_domain"], world.url("/zoho/eu/api"));
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert!(tokens["refresh_token"].as_str().unwrap().starts_with("1000."));
    assert_eq!(world.exchange("eu", &form).await, (200, json!({"error": "invalid_code"})), "a code works once");
}

#[tokio::test]
async fn refusing_wrong_clients_and_stale_codes() {
    let world = World::new().await;
    let back = world.redirected(&[("scope", SCOPE)], "reject").await;
    assert_eq!(back.query(), Some("state=s+t&error=access_denied"));

    let code = world.code(SCOPE, &[]).await;
    let wrong = [("grant_type", "authorization_code"), ("code", &code), ("client_secret", "guessed"), ("redirect_uri", CALLBACK)];
    assert_eq!(world.exchange("eu", &wrong).await, (200, json!({"error": "invalid_client_secret"})));
    let elsewhere = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", "http://127.0.0.1:9/other")];
    assert_eq!(world.exchange("eu", &elsewhere).await, (200, json!({"error": "invalid_redirect_uri"})));

    let code = world.code(SCOPE, &[]).await;
    world.sandbox.shared().clock.advance_ms(121_000);
    let late = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
    assert_eq!(world.exchange("eu", &late).await, (200, json!({"error": "invalid_code"})));

    for redirect in ["http://evil.example/", "javascript:alert(1)"] {
        let query =
            [("response_type", "code"), ("client_id", crate::ZOHO_CLIENT_ID), ("redirect_uri", redirect), ("scope", SCOPE)];
        let answer = world.http.get(world.url("/zoho/us/accounts/oauth/v2/auth")).query(&query).send().await.unwrap();
        assert_eq!(answer.status(), 400);
    }
}

#[tokio::test]
async fn a_challenge_needs_its_verifier() {
    let world = World::new().await;
    let verifier = "a".repeat(43);
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier));
    let more = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
    for (sent, works) in [("b".repeat(43), false), (verifier, true)] {
        let code = world.code(SCOPE, &more).await;
        let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK), ("code_verifier", &sent)];
        assert_eq!(world.exchange("eu", &form).await.1.get("access_token").is_some(), works);
    }
}

#[tokio::test]
async fn a_refresh_token_comes_the_first_time_or_with_the_prompt() {
    let world = World::new().await;
    for (query, expected) in [
        (vec![("access_type", "offline")], false),
        (vec![("access_type", "offline"), ("prompt", "consent")], true),
        (vec![("prompt", "consent")], false),
    ] {
        let mut query = query;
        query.push(("scope", SCOPE));
        let back = world.redirected(&query, "allow").await;
        let code = back.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
        let tokens =
            world.exchange("eu", &[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)]).await.1;
        assert_eq!(tokens.get("refresh_token").is_some(), expected, "{query:?}");
    }
}

#[tokio::test]
async fn the_eleventh_access_token_in_ten_minutes_is_denied_with_a_200() {
    let world = World::new().await;
    let tokens = world.consented(SCOPE).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    for _ in 0..9 {
        let (_, answer) = world.refreshed(refresh).await;
        assert!(answer["access_token"].is_string() && answer.get("refresh_token").is_none());
    }
    let (status, answer) = world.refreshed(refresh).await;
    assert_eq!((status, &answer["error"], &answer["status"]), (200, &json!("Access Denied"), &json!("failure")));
    world.switch("zoho.token_throttle_is_400", true);
    assert_eq!(world.refreshed(refresh).await.0, 400);
    world.sandbox.shared().clock.advance_ms(601_000);
    assert!(world.refreshed(refresh).await.1["access_token"].is_string());
}

#[tokio::test]
async fn the_twenty_first_refresh_token_deletes_the_oldest() {
    let world = World::new().await;
    let first = world.consented(SCOPE).await;
    for _ in 0..19 {
        world.consented(SCOPE).await;
    }
    assert!(world.refreshed(first["refresh_token"].as_str().unwrap()).await.1["access_token"].is_string());
    world.consented(SCOPE).await;
    let (status, answer) = world.refreshed(first["refresh_token"].as_str().unwrap()).await;
    assert_eq!((status, answer), (200, json!({"error": "invalid_code"})));
}

#[tokio::test]
async fn revoked_expired_and_foreign_tokens_open_nothing() {
    let mut world = World::new().await;
    let tokens = world.consented("ZohoBooks.fullaccess.all").await;
    world.token = tokens["access_token"].as_str().unwrap().to_owned();
    world.get("/contacts").await;
    let url = world.url("/zoho/us/api/books/v3/organizations");
    let other = world.http.get(url).header("authorization", format!("Zoho-oauthtoken {}", world.token)).send().await.unwrap();
    assert_eq!(other.status(), 401);

    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let revoke = || world.http.post(world.url(&format!("/zoho/eu/accounts/oauth/v2/token/revoke?token={refresh}"))).send();
    assert_eq!(revoke().await.unwrap().status(), 200);
    assert_eq!(revoke().await.unwrap().status(), 400);
    assert_eq!(world.refused(Method::GET, "/contacts", None).await, (401, 14));

    let tokens = world.consented(SCOPE).await;
    world.token = tokens["access_token"].as_str().unwrap().to_owned();
    assert_eq!(world.refused(Method::POST, "/contacts", Some(json!({}))).await, (401, 57), "READ does not create");
    world.sandbox.shared().clock.advance_ms(3_600_001);
    assert_eq!(world.refused(Method::GET, "/contacts", None).await, (401, 14));
    world.control("revoke", json!({})).await;
    assert_eq!(world.refreshed(tokens["refresh_token"].as_str().unwrap()).await.1, json!({"error": "invalid_code"}));
}

#[tokio::test]
async fn a_user_of_several_organisations_must_say_which() {
    let mut world = World::new().await;
    let names = json!({"organizations": ["Kowhai & Rimu Supplies Limited", {"name": "Second Ltd", "price_precision": 2}]});
    let known = world.control("user", names).await;
    assert_eq!(known["organizations"].as_array().unwrap().len(), 2);
    assert_eq!(known["organizations"][1]["price_precision"], 2);
    let own = std::mem::take(&mut world.org);
    let (status, answer) = world.call(Method::GET, "/contacts", None).await;
    assert_eq!((status, &answer["code"]), (400, &json!(6024)));
    assert_eq!(answer["error_info"].as_array().unwrap().len(), 2);
    world.org = "4600000000000000000".into();
    assert_eq!(world.refused(Method::GET, "/contacts", None).await, (400, 6041));
    world.control("user", json!({"organizations": ["Second Ltd"]})).await;
    world.org = own;
    assert_eq!(world.refused(Method::GET, "/contacts", None).await, (400, 6041));
    world.org.clear();
    world.get("/contacts").await;
}
