//! Consent, tokens and connections, and every way in which Xero says no.

use serde_json::{Value, json};

use crate::{BACK, SCOPE, VERIFIER, World, claims, demo, parameter};

#[tokio::test]
async fn a_consent_gives_tokens_for_the_organisation_that_was_picked() {
    let world = World::new().await;
    let (request, page) = world.log_in(SCOPE).await;
    for text in [
        "CloudPerfect Sync v2<br>wants access to:",
        "Organisation data",
        "View and manage your:",
        "Business transactions",
        "Simon Brusch",
        "View your name, email, and user profile.",
        "Connected apps",
        "Allow access",
        "Cancel",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let answer = world.consent(&request, &demo(), "allow").await;
    assert_eq!(parameter(&answer, "state").as_deref(), Some("st"));
    assert!(parameter(&answer, "session_state").is_some());
    assert_eq!(parameter(&answer, "scope").as_deref(), Some(SCOPE));
    let tokens: Value = world.exchange(&parameter(&answer, "code").unwrap(), VERIFIER).await.json().await.unwrap();
    assert_eq!((&tokens["expires_in"], &tokens["token_type"]), (&json!(1800), &json!("Bearer")));
    let access = claims(&tokens["access_token"]);
    let identity = claims(&tokens["id_token"]);
    assert_eq!(identity["name"], "Simon Brusch");
    assert_eq!(identity["given_name"], "Simon");
    assert!(identity.get("authentication_event_id").is_none(), "the event is in the access token only");

    let connections = |query: String| {
        let call = world.client.get(world.url(&format!("/xero/api/connections{query}")));
        call.bearer_auth(tokens["access_token"].as_str().unwrap().to_owned()).send()
    };
    let all: Value = connections(String::new()).await.unwrap().json().await.unwrap();
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert_ne!(all[0]["tenantId"], demo(), "the first is the wrong one");
    let event = access["authentication_event_id"].as_str().unwrap();
    let mine: Value = connections(format!("?authEventId={event}")).await.unwrap().json().await.unwrap();
    assert_eq!(mine.as_array().unwrap().len(), 1);
    assert_eq!(mine[0]["tenantId"], demo());
}

#[tokio::test]
async fn the_published_keys_verify_the_access_token() {
    let world = World::new().await;
    let tokens = world.connect().await;
    let discovery = world.control("/xero/identity/.well-known/openid-configuration").await;
    let keys: Value = world.client.get(discovery["jwks_uri"].as_str().unwrap()).send().await.unwrap().json().await.unwrap();
    let text = |name: &str| keys["keys"][0][name].as_str().unwrap().to_owned();
    let key = jsonwebtoken::DecodingKey::from_rsa_components(&text("n"), &text("e")).unwrap();
    let mut wanted = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    wanted.set_issuer(&[discovery["issuer"].as_str().unwrap()]);
    wanted.set_audience(&[format!("{}/resources", discovery["issuer"].as_str().unwrap())]);
    jsonwebtoken::decode::<Value>(tokens["access_token"].as_str().unwrap(), &key, &wanted).unwrap();
}

#[tokio::test]
async fn cancel_brings_the_user_back_with_nothing() {
    let world = World::new().await;
    let (request, _) = world.log_in(SCOPE).await;
    let answer = world.consent(&request, &demo(), "cancel").await;
    assert_eq!(parameter(&answer, "error").as_deref(), Some("access_denied"));
    assert_eq!(parameter(&answer, "state").as_deref(), Some("st"));
    assert_eq!(parameter(&answer, "code"), None);
    assert_eq!(world.consent(&request, &demo(), "allow").await.status(), 400, "the page works once");
}

#[tokio::test]
async fn nobody_consents_without_logging_in() {
    let world = World::new().await;
    let page = world.client.get(world.authorize_url(SCOPE, "st")).send().await.unwrap().text().await.unwrap();
    let request = crate::between(&page, "name=\"request\" value=\"", "\"");
    assert_eq!(world.consent(&request, &demo(), "allow").await.status(), 400);
    let wrong = [("request", request.as_str()), ("username", "simon@example.com"), ("password", "x")];
    assert_eq!(world.client.post(world.url("/xero/login/login")).form(&wrong).send().await.unwrap().status(), 401);
    assert_eq!(world.consent(&request, &demo(), "allow").await.status(), 400);
}

#[tokio::test]
async fn wrong_questions_end_on_an_error_page_and_not_at_the_application() {
    let world = World::new().await;
    let good = world.authorize_url(SCOPE, "st");
    for (from, to) in [
        (sandbox::XERO_CLIENT_ID, "SOMEBODYELSE"),
        ("callback", "callback%2F"),
        ("127.0.0.1%3A8080", "evil.example"),
        ("accounting.invoices", "accounting.transactions"),
        ("accounting.invoices", "accounting.everything"),
        ("response_type=code", "response_type=token"),
        ("S256", "plain"),
    ] {
        assert!(good.contains(from), "{from}");
        let answer = world.client.get(good.replace(from, to)).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{to}");
    }
    world.order("/_sandbox/xero/app", json!({"created_before_2026": true})).await;
    let answer = world.client.get(good.replace("accounting.invoices", "accounting.transactions")).send().await.unwrap();
    assert_eq!(answer.status(), 200, "an old app may ask for the broad scopes");
}

#[tokio::test]
async fn a_code_is_refused_the_second_time_and_with_a_wrong_verifier_or_address() {
    let world = World::new().await;
    let code = world.code(SCOPE).await;
    assert_eq!(world.exchange(&code, VERIFIER).await.status(), 200);
    let again = world.exchange(&code, VERIFIER).await;
    assert_eq!(again.status(), 400);
    assert_eq!(again.json::<Value>().await.unwrap(), json!({"error": "invalid_grant"}));

    let code = world.code(SCOPE).await;
    assert_eq!(world.exchange(&code, &VERIFIER.replace('d', "e")).await.status(), 400);
    assert_eq!(world.exchange(&code, VERIFIER).await.status(), 400, "a failed try burns the code");

    let code = world.code(SCOPE).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "http://127.0.0.1:1/oauth/xero/callback"),
        ("code_verifier", VERIFIER),
    ];
    assert_eq!(world.token(&form).await.status(), 400);

    let code = world.code(SCOPE).await;
    let form = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
    let call = world
        .client
        .post(world.url("/xero/identity/connect/token"))
        .form(&form)
        .basic_auth(sandbox::XERO_CLIENT_ID, Some("wrong"));
    assert_eq!(call.send().await.unwrap().json::<Value>().await.unwrap(), json!({"error": "invalid_client"}));

    let code = world.code(SCOPE).await;
    world.order("/_sandbox/clock", json!({"advance_s": 301})).await;
    assert_eq!(world.exchange(&code, VERIFIER).await.status(), 400, "five minutes are over");
}

#[tokio::test]
async fn refreshing_rotates_by_the_ordered_rule() {
    let world = World::new().await;
    for (mode, second_use) in [("strict", 400), ("grace_last", 200), ("grace_all", 200)] {
        world.order("/_sandbox/xero/rotation", json!({"mode": mode})).await;
        let first = world.connect().await["refresh_token"].as_str().unwrap().to_owned();
        let answer = world.refresh(&first).await;
        assert_eq!(answer.status(), 200);
        let second: Value = answer.json().await.unwrap();
        assert_ne!(second["refresh_token"], first.as_str());
        let again = world.refresh(&first).await;
        assert_eq!(again.status(), second_use, "{mode}");
        world.order("/_sandbox/clock", json!({"advance_s": 31 * 60})).await;
        assert_eq!(world.refresh(&first).await.status(), 400, "{mode}: no grace lasts longer than half an hour");
    }
    assert_eq!(world.post("/_sandbox/xero/rotation", json!({"mode": "never"})).await.status(), 400);
}

#[tokio::test]
async fn a_refresh_token_rests_sixty_days_at_most_and_dies_by_revocation() {
    let world = World::new().await;
    let tokens = world.connect().await;
    world.order("/_sandbox/clock", json!({"advance_s": 59 * 86_400})).await;
    let renewed: Value = world.refresh(tokens["refresh_token"].as_str().unwrap()).await.json().await.unwrap();
    let refresh = renewed["refresh_token"].as_str().unwrap();
    let form = [("token", refresh)];
    let call = world.client.post(world.url("/xero/identity/connect/revocation")).form(&form);
    assert_eq!(call.basic_auth(sandbox::XERO_CLIENT_ID, Some(sandbox::XERO_CLIENT_SECRET)).send().await.unwrap().status(), 200);
    assert_eq!(world.refresh(refresh).await.status(), 400);
    let tokens = world.connect().await;
    world.order("/_sandbox/clock", json!({"advance_s": 60 * 86_400})).await;
    assert_eq!(world.refresh(tokens["refresh_token"].as_str().unwrap()).await.status(), 400);
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let world = World::new().await;
    let tokens = world.connect_for("openid accounting.settings").await;
    assert!(tokens.get("refresh_token").is_none());
    assert!(claims(&tokens["id_token"]).get("email").is_none());
}

#[tokio::test]
async fn a_full_app_sends_the_browser_to_the_limit_page() {
    let world = World::new().await;
    world.order("/_sandbox/xero/app", json!({"connection_limit": 1})).await;
    let (request, _) = world.log_in(SCOPE).await;
    let answer = world.consent(&request, &demo(), "allow").await;
    assert_eq!(answer.status(), 302);
    let place = answer.headers()["location"].to_str().unwrap().to_owned();
    assert!(place.ends_with("/connectionLimit"));
    assert!(
        world.client.get(place).send().await.unwrap().text().await.unwrap().contains("has reached their Xero connection limit")
    );
}

#[tokio::test]
async fn a_disconnected_organisation_answers_403_and_leaves_the_list() {
    let world = World::new().await;
    let tokens = world.connect().await;
    assert_eq!(world.books(&tokens, "Organisation").send().await.unwrap().status(), 200);
    world.order("/_sandbox/xero/disconnect", json!({"tenantId": demo()})).await;
    let answer = world.books(&tokens, "Organisation").send().await.unwrap();
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.json::<Value>().await.unwrap()["Detail"], "AuthenticationUnsuccessful");
    assert_eq!(world.post("/_sandbox/xero/disconnect", json!({"tenantId": demo()})).await.status(), 404);

    let token = tokens["access_token"].as_str().unwrap();
    let list: Value =
        world.client.get(world.url("/xero/api/connections")).bearer_auth(token).send().await.unwrap().json().await.unwrap();
    let id = list[0]["id"].as_str().unwrap();
    let delete = |id: String| world.client.delete(world.url(&format!("/xero/api/connections/{id}"))).bearer_auth(token).send();
    assert_eq!(
        delete(list[0]["tenantId"].as_str().unwrap().into()).await.unwrap().status(),
        404,
        "an organisation is no connection"
    );
    assert_eq!(delete(id.into()).await.unwrap().status(), 204);
    assert_eq!(delete(id.into()).await.unwrap().status(), 404);
}

#[tokio::test]
async fn who_may_not_read_is_told_why() {
    let world = World::new().await;
    let tokens = world.connect_for("openid offline_access accounting.settings").await;
    let scope = world.books(&tokens, "Invoices?page=1").send().await.unwrap();
    assert_eq!(scope.status(), 401);
    assert_eq!(scope.headers()["www-authenticate"], "insufficent_scope");

    let other = world.books(&tokens, "Accounts").header("xero-tenant-id", "nobody").send().await.unwrap();
    assert_eq!(other.status(), 200, "the first header counts");
    let url = world.url("/xero/api/api.xro/2.0/Accounts");
    let bare = world.client.get(&url).bearer_auth(tokens["access_token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(bare.status(), 403, "no organisation named");
    assert_eq!(world.client.get(&url).header("xero-tenant-id", demo()).send().await.unwrap().status(), 401);
    assert_eq!(world.client.get(&url).bearer_auth("forged").header("xero-tenant-id", demo()).send().await.unwrap().status(), 401);

    world.order("/_sandbox/clock", json!({"advance_s": 1800})).await;
    let late = world.books(&tokens, "Accounts").send().await.unwrap();
    assert_eq!(late.status(), 401);
    assert!(late.json::<Value>().await.unwrap()["Detail"].as_str().unwrap().starts_with("TokenExpired"));
}
