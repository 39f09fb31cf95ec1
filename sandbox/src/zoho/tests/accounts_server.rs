//! What an accounts server offers beside codes and tokens: pages, the user, the choice of an organisation, and taking access back.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{CALLBACK, World, action_of, hidden};

const CRM: &str = "ZohoCRM.modules.contacts.READ,ZohoBooks.fullaccess.all";

impl World {
    async fn page(&self, path: &str) -> String {
        self.http.get(self.url(path)).send().await.unwrap().text().await.unwrap()
    }

    /// Through consent with this organisation; the code, or None when the page asks again.
    async fn choosing(&self, organization: Option<&str>) -> Option<String> {
        let (request, page) = self.consent_page(&[("scope", CRM), ("access_type", "offline"), ("prompt", "consent")]).await;
        let mut form = vec![("request", request.as_str()), ("action", "allow")];
        form.extend(organization.map(|org| ("organization", org)));
        let answer = self.http.post(self.url(&action_of(&page))).form(&form).send().await.unwrap();
        let location = answer.headers().get("location")?.to_str().unwrap().to_owned();
        let back = url::Url::parse(&location).unwrap();
        Some(back.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned())
    }

    async fn redeem(&self, code: &str) -> Value {
        self.exchange("eu", &[("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)]).await.1
    }

    fn crm_org(&self, tokens: &Value) -> Option<String> {
        let token = tokens["access_token"].as_str().unwrap();
        let store = &self.sandbox.shared().store;
        store.with(|connection| super::super::tokens::crm_org_of(connection, token)).unwrap().map(|id| id.to_string())
    }

    async fn user_info(&self, tokens: &Value) -> (u16, Value) {
        let call = self.http.get(self.url("/zoho/eu/accounts/oauth/v2/userinfo"));
        let answer = call.bearer_auth(tokens["access_token"].as_str().unwrap()).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

#[tokio::test]
async fn a_consent_for_the_crm_chooses_one_organisation_and_its_tokens_stay_with_it() {
    let world = World::new().await;
    let known = world.control("user", json!({"organizations": ["Kowhai & Rimu Supplies Limited", "Second Ltd"]})).await;
    let second = known["organizations"][1]["organization_id"].as_str().unwrap();
    assert_eq!(world.choosing(None).await, None, "of two organisations one must be chosen");
    assert_eq!(world.choosing(Some("4600000000000000000")).await, None);
    let code = world.choosing(Some(second)).await.unwrap();
    let tokens = world.redeem(&code).await;
    assert_eq!(world.crm_org(&tokens).as_deref(), Some(second));
    let (_, again) = world.refreshed(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(world.crm_org(&again).as_deref(), Some(second), "a refreshed token keeps the choice");
    let books = world.consented("ZohoBooks.fullaccess.all").await;
    assert_eq!(world.crm_org(&books), None, "Books names its organisation in every call");

    world.control("user", json!({"organizations": ["Second Ltd"]})).await;
    let tokens = world.redeem(&world.choosing(None).await.unwrap()).await;
    assert_eq!(world.crm_org(&tokens).as_deref(), Some(second), "the only one needs no choice");
}

#[tokio::test]
async fn revoking_under_connected_apps_ends_refresh_and_access_tokens() {
    let mut world = World::new().await;
    let tokens = world.consented("ZohoBooks.fullaccess.all").await;
    world.token = tokens["access_token"].as_str().unwrap().to_owned();
    world.get("/contacts").await;
    let page = world.page("/zoho/eu/accounts/sessions/connectedapps").await;
    assert!(page.contains("CP Connect") && page.contains("2 connections") && page.contains("ZohoBooks.fullaccess.all"), "{page}");
    let empty = world.page("/zoho/us/accounts/sessions/connectedapps").await;
    assert!(empty.contains("No application has access"), "another data centre has its own list");

    let form = [("client", hidden(&page, "client")), ("organization", hidden(&page, "organization"))];
    let answer = world.http.post(world.url(&action_of(&page))).form(&form).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
        (303, "/zoho/eu/accounts/sessions/connectedapps")
    );
    assert!(world.page("/zoho/eu/accounts/sessions/connectedapps").await.contains("No application has access"));
    assert_eq!(world.refused(Method::GET, "/contacts", None).await, (401, 14));
    assert_eq!(world.refreshed(tokens["refresh_token"].as_str().unwrap()).await, (200, json!({"error": "invalid_code"})));
}

#[tokio::test]
async fn the_user_is_told_as_far_as_the_scopes_go() {
    let world = World::new().await;
    let tokens = world.consented("openid,email,ZohoBooks.contacts.READ").await;
    let (status, user) = world.user_info(&tokens).await;
    assert_eq!((status, &user["email"], &user["email_verified"]), (200, &json!("simon@example.test"), &json!(true)));
    assert!(user["sub"].as_str().unwrap().bytes().all(|byte| byte.is_ascii_digit()));
    assert_eq!(user.get("name"), None, "profile was not asked for");
    let tokens = world.consented("AaaServer.profile.READ").await;
    assert_eq!(world.user_info(&tokens).await.1["last_name"], "Brusch");
    let tokens = world.consented("ZohoBooks.contacts.READ").await;
    assert_eq!(world.user_info(&tokens).await.0, 403);
    assert_eq!(world.user_info(&json!({"access_token": "1000.no.no"})).await.0, 401);
}

#[tokio::test]
async fn an_accounts_server_describes_itself_and_its_tokens() {
    let world = World::new().await;
    let about: Value = serde_json::from_str(&world.page("/zoho/uk/accounts/.well-known/openid-configuration").await).unwrap();
    assert_eq!(about["issuer"], world.url("/zoho/uk/accounts"));
    assert_eq!(about["token_endpoint"], world.url("/zoho/uk/accounts/oauth/v2/token"));
    let info: Value = serde_json::from_str(&world.page("/zoho/us/accounts/oauth/serverinfo").await).unwrap();
    assert_eq!(info["locations"]["uk"], world.url("/zoho/uk/accounts"));

    let ask = async |secret: &str, dc: &str| {
        let call =
            world.http.post(world.url(&format!("/zoho/{dc}/accounts/oauth/v2/introspect"))).form(&[("token", &world.token)]);
        let answer = call.basic_auth(crate::ZOHO_CLIENT_ID, Some(secret)).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    let (status, told) = ask(crate::ZOHO_CLIENT_SECRET, "eu").await;
    assert_eq!((status, &told["active"], &told["scope"]), (200, &json!(true), &json!("ZohoBooks.fullaccess.all")));
    assert_eq!(told["exp"].as_i64().unwrap() - told["iat"].as_i64().unwrap(), 3600);
    assert_eq!(ask(crate::ZOHO_CLIENT_SECRET, "us").await, (200, json!({"active": false})));
    assert_eq!(ask("guessed", "eu").await.0, 401);
}

#[tokio::test]
async fn the_united_kingdom_is_a_data_centre_of_its_own() {
    let world = World::new().await;
    world.control("user", json!({"dc": "uk", "organizations": ["Brighton Pebbles Ltd"]})).await;
    let back = world
        .redirected(&[("scope", "ZohoBooks.fullaccess.all"), ("access_type", "offline"), ("prompt", "consent")], "allow")
        .await;
    let find = |name: &str| back.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!((find("location"), find("accounts-server")), ("uk".into(), world.url("/zoho/uk/accounts")));
    let form = [("grant_type", "authorization_code"), ("code", &find("code")), ("redirect_uri", CALLBACK)];
    let (_, tokens) = world.exchange("uk", &form).await;
    assert_eq!(tokens["api_domain"], world.url("/zoho/uk/api"));
    let orgs = |dc: &str| {
        let call = world.http.get(world.url(&format!("/zoho/{dc}/api/books/v3/organizations")));
        call.header("authorization", format!("Zoho-oauthtoken {}", tokens["access_token"].as_str().unwrap())).send()
    };
    let known: Value = orgs("uk").await.unwrap().json().await.unwrap();
    assert_eq!(known["organizations"][0]["name"], "Brighton Pebbles Ltd");
    assert_eq!(orgs("eu").await.unwrap().status(), 401, "a token of one data centre opens no other");
}

#[tokio::test]
async fn tokens_are_asked_for_and_revoked_in_every_documented_way() {
    let world = World::new().await;
    let code = world.code("ZohoBooks.contacts.READ", &[]).await;
    let query = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", crate::ZOHO_CLIENT_ID),
        ("client_secret", crate::ZOHO_CLIENT_SECRET),
    ];
    let answer = world.http.post(world.url("/zoho/eu/accounts/oauth/v2/token")).query(&query).send().await.unwrap();
    let tokens: Value = answer.json().await.unwrap();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let revoke = |dc: &str, token: &str| {
        let form = [("token", token.to_owned()), ("token_type", "refresh_token".to_owned())];
        let call = world.http.post(world.url(&format!("/zoho/{dc}/accounts/oauth/v2/revoke/token"))).form(&form);
        call.basic_auth(crate::ZOHO_CLIENT_ID, Some(crate::ZOHO_CLIENT_SECRET)).send()
    };
    assert_eq!(revoke("us", refresh).await.unwrap().status(), 400, "not where it lives");
    assert_eq!(revoke("eu", refresh).await.unwrap().json::<Value>().await.unwrap(), json!({"status": "success"}));
    assert_eq!(revoke("eu", refresh).await.unwrap().status(), 400);
    assert_eq!(world.refreshed(refresh).await, (200, json!({"error": "invalid_code"})));
}

#[tokio::test]
async fn codes_can_be_made_to_live_one_minute_and_to_be_rationed() {
    let world = World::new().await;
    world.switch("zoho.codes_live_one_minute", true);
    let code = world.code("ZohoBooks.contacts.READ", &[]).await;
    world.sandbox.shared().clock.advance_ms(61_000);
    assert_eq!(world.redeem(&code).await, json!({"error": "invalid_code"}));

    world.sandbox.shared().clock.advance_ms(600_000);
    world.switch("zoho.grant_tokens_are_throttled", true);
    for _ in 0..10 {
        world.code("ZohoBooks.contacts.READ", &[]).await;
    }
    let back = world.redirected(&[("scope", "ZohoBooks.contacts.READ")], "allow").await;
    assert_eq!(back.query(), Some("state=s+t&error=access_denied"));
    world.sandbox.shared().clock.advance_ms(600_001);
    world.code("ZohoBooks.contacts.READ", &[]).await;
}

#[tokio::test]
async fn the_eleventh_living_access_token_ends_the_first() {
    let mut world = World::new().await;
    let tokens = world.consented("ZohoBooks.fullaccess.all").await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    world.token = tokens["access_token"].as_str().unwrap().to_owned();
    for _ in 0..9 {
        world.refreshed(refresh).await;
    }
    world.sandbox.shared().clock.advance_ms(601_000);
    world.get("/contacts").await;
    assert!(world.refreshed(refresh).await.1["access_token"].is_string());
    assert_eq!(world.refused(Method::GET, "/contacts", None).await, (401, 14), "the oldest of eleven is over without a word");
}

#[tokio::test]
async fn scopes_are_of_three_words_or_of_four_and_end_in_an_operation() {
    let world = World::new().await;
    for (scope, status) in [
        ("ZohoCRM.settings.fields.READ", 200),
        ("ZohoBooks.contacts.EAT", 400),
        ("ZohoBooks.contacts", 400),
        ("ZohoBooks..READ", 400),
    ] {
        let query =
            [("response_type", "code"), ("client_id", crate::ZOHO_CLIENT_ID), ("redirect_uri", CALLBACK), ("scope", scope)];
        let answer = world.http.get(world.url("/zoho/us/accounts/oauth/v2/auth")).query(&query).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{scope}");
    }
}

#[tokio::test]
async fn a_token_can_be_asked_for_in_the_parts_of_a_multipart_body() {
    let world = World::new().await;
    let code = world.code("ZohoBooks.contacts.READ", &[]).await;
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", crate::ZOHO_CLIENT_ID),
        ("client_secret", crate::ZOHO_CLIENT_SECRET),
    ];
    let mut body: String = fields
        .map(|(name, value)| format!("--x-9\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
        .concat();
    body.push_str("--x-9--\r\n");
    let call = world
        .http
        .post(world.url("/zoho/eu/accounts/oauth/v2/token"))
        .header("content-type", "multipart/form-data; boundary=x-9");
    let tokens: Value = call.body(body).send().await.unwrap().json().await.unwrap();
    assert!(tokens["refresh_token"].is_string(), "{tokens}");
}
