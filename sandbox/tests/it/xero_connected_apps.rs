//! Connected apps, who may connect, how many, and clients of other kinds.

use serde_json::{Value, json};

use crate::{BACK, CHALLENGE, SCOPE, VERIFIER, World, between, demo, parameter};

const PAGE: &str = "/xero/login/connected-apps";

async fn page(world: &World) -> String {
    world.client.get(world.url(PAGE)).send().await.unwrap().text().await.unwrap()
}

fn training() -> String {
    sandbox::xero::TRAINING.to_string()
}

#[tokio::test]
async fn the_button_disconnect_ends_what_the_app_may_read() {
    let world = World::new().await;
    let (_, consent) = world.log_in(SCOPE).await;
    assert!(consent.contains(&format!("href=\"{PAGE}\"")), "the consent page leads there");
    let tokens = world.connect().await;
    assert_eq!(world.books(&tokens, "Organisation").send().await.unwrap().status(), 200);
    let shown = page(&world).await;
    assert!(shown.contains("<h2>CloudPerfect</h2>") && shown.contains("CloudPerfect Sync v2"));
    let ours = shown.split("<section>").find(|section| section.contains("<h2>CloudPerfect</h2>")).unwrap();
    let id = between(ours, "name=\"connection\" value=\"", "\"");
    let form = [("tenant", demo()), ("connection", id)];
    let press = async || world.client.post(world.url(&format!("{PAGE}/disconnect"))).form(&form).send().await.unwrap();
    assert_eq!(press().await.status(), 303);
    let refused = world.books(&tokens, "Organisation").send().await.unwrap();
    assert_eq!(refused.status(), 403);
    assert_eq!(refused.json::<Value>().await.unwrap()["Detail"], "AuthenticationUnsuccessful");
    assert_eq!(press().await.status(), 404, "what is disconnected is not disconnected again");
    let shown = page(&world).await;
    let ours = shown.split("<section>").find(|section| section.contains("<h2>CloudPerfect</h2>")).unwrap();
    assert!(ours.contains("No apps are connected."));
    // The tokens live on, and list what is left.
    let left = world.client.get(world.url("/xero/api/connections")).bearer_auth(tokens["access_token"].as_str().unwrap());
    let left: Value = left.send().await.unwrap().json().await.unwrap();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["tenantId"]), (1, &json!(training())));
    assert_eq!(world.refresh(tokens["refresh_token"].as_str().unwrap()).await.status(), 200);
}

#[tokio::test]
async fn an_organisation_takes_two_uncertified_apps() {
    let world = World::new().await;
    let others = |names: Value| json!({"tenantId": demo(), "names": names});
    world.order("/_sandbox/xero/other-apps", others(json!(["Fax <Machine>", "Abacus"]))).await;
    assert!(page(&world).await.contains("Fax &lt;Machine&gt;"));
    let (request, _) = world.log_in(SCOPE).await;
    let answer = world.consent(&request, &demo(), "allow").await;
    assert_eq!(answer.status(), 400);
    assert!(answer.text().await.unwrap().contains("two uncertified apps"));
    assert_eq!(
        world.consent(&request, &training(), "allow").await.status(),
        302,
        "another organisation has room, and was connected before"
    );

    let form = [("tenant", demo()), ("other", "Abacus".to_owned())];
    world.client.post(world.url(&format!("{PAGE}/disconnect"))).form(&form).send().await.unwrap();
    world.connect().await;
    // Who is connected renews, however many there are; a certified app does not count.
    world.order("/_sandbox/xero/other-apps", others(json!(["One", "Two", "Three"]))).await;
    world.connect().await;
    world.order("/_sandbox/xero/disconnect", json!({"tenantId": demo()})).await;
    let (request, _) = world.log_in(SCOPE).await;
    assert_eq!(world.consent(&request, &demo(), "allow").await.status(), 400);
    world.order("/_sandbox/xero/app", json!({"certified": true})).await;
    assert_eq!(world.consent(&request, &demo(), "allow").await.status(), 302);
    assert_eq!(world.post("/_sandbox/xero/other-apps", json!({"tenantId": "nobody", "names": []})).await.status(), 404);
}

#[tokio::test]
async fn who_only_reads_cannot_connect_an_app() {
    let world = World::new().await;
    let users = format!("/_sandbox/xero/{}/Users", demo());
    let role = |role: &str| json!({"UserID": sandbox::xero::USER_ID, "OrganisationRole": role});
    for small in ["READONLY", "INVOICEONLY"] {
        world.order(&users, role(small)).await;
        let (request, consent) = world.log_in(SCOPE).await;
        assert!(consent.contains(&format!("<option value=\"{}\" disabled>", demo())), "{small}");
        assert_eq!(world.consent(&request, &demo(), "allow").await.status(), 400);
    }
    world.order(&users, role("FINANCIALADVISER")).await;
    let tokens = world.connect().await;
    let users = world.read(&tokens, "Users").await;
    let me = users["Users"].as_array().unwrap().iter().find(|user| user["UserID"] == json!(sandbox::xero::USER_ID)).unwrap();
    assert_eq!((&me["OrganisationRole"], &me["LastName"]), (&json!("FINANCIALADVISER"), &json!("Brusch")));
    let (_, consent) = world.log_in(SCOPE).await;
    assert!(consent.contains("CloudPerfect (already connected)"));
}

#[tokio::test]
async fn a_secret_is_taken_from_the_form_and_an_app_without_one_needs_a_challenge() {
    let world = World::new().await;
    let discovery = world.control("/xero/identity/.well-known/openid-configuration").await;
    assert_eq!(
        discovery["issuer"],
        format!("{}/xero/identity", world.sandbox.url()),
        "clients check that it is where they found it"
    );
    for endpoint in ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "revocation_endpoint", "jwks_uri"] {
        assert!(discovery[endpoint].as_str().unwrap().starts_with(world.sandbox.url()), "{endpoint}");
    }
    assert!(discovery["scopes_supported"].as_array().unwrap().contains(&json!("accounting.attachments")));
    let exchange = async |code: &str, secret: Option<&str>| {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
            ("client_id", sandbox::XERO_CLIENT_ID),
        ];
        form.extend(secret.map(|secret| ("client_secret", secret)));
        world.client.post(discovery["token_endpoint"].as_str().unwrap()).form(&form).send().await.unwrap()
    };
    let code = world.code(SCOPE).await;
    assert_eq!(exchange(&code, None).await.json::<Value>().await.unwrap(), json!({"error": "invalid_client"}));
    assert_eq!(exchange(&code, Some("wrong")).await.json::<Value>().await.unwrap(), json!({"error": "invalid_client"}));
    let tokens: Value = exchange(&code, Some(sandbox::XERO_CLIENT_SECRET)).await.json().await.unwrap();
    assert_eq!(tokens["expires_in"], 1800);

    world.order("/_sandbox/xero/app", json!({"public": true})).await;
    let bare = world.authorize_url(SCOPE, "st").replace(&format!("&code_challenge={CHALLENGE}&code_challenge_method=S256"), "");
    assert_eq!(world.client.get(bare).send().await.unwrap().status(), 400);
    let code = world.code(SCOPE).await;
    let tokens: Value = exchange(&code, None).await.json().await.unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("client_id", sandbox::XERO_CLIENT_ID),
    ];
    let refreshed = world.client.post(discovery["token_endpoint"].as_str().unwrap()).form(&form).send().await.unwrap();
    assert_eq!(refreshed.status(), 200);
}

#[tokio::test]
async fn userinfo_tells_what_the_scopes_allow() {
    let world = World::new().await;
    let told = async |scope: &str| {
        let tokens = world.connect_for(scope).await;
        let call =
            world.client.get(world.url("/xero/identity/connect/userinfo")).bearer_auth(tokens["access_token"].as_str().unwrap());
        call.send().await.unwrap().json::<Value>().await.unwrap()
    };
    let all = told(SCOPE).await;
    assert_eq!((&all["name"], &all["email"]), (&json!("Simon Brusch"), &json!(sandbox::xero::USER_EMAIL)));
    let little = told("openid accounting.settings.read").await;
    assert!(little.get("name").is_none() && little.get("email").is_none() && little["sub"].is_string());
}

#[tokio::test]
async fn a_code_is_reached_only_from_the_page_that_asked() {
    let world = World::new().await;
    let (request, _) = world.log_in(SCOPE).await;
    let answer = world.consent(&request, &demo(), "allow").await;
    assert!(parameter(&answer, "code").is_some());
    assert_eq!(world.consent(&request, &demo(), "allow").await.status(), 400, "a consent is given once");
}
