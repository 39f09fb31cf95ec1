//! Who may call, how often, and what is said to whoever may not.

use reqwest::Method;
use serde_json::json;

use super::{Crm, heard};

#[tokio::test]
async fn a_token_of_nobody_and_no_token_are_refused_in_different_words() {
    let crm = Crm::new().await;
    let url = crm.world.url("/zoho/eu/api/crm/v8/org");
    let (status, answer) = heard(crm.world.client.get(&url).send().await.unwrap()).await;
    assert_eq!(
        (status, answer),
        (401, json!({"code": "AUTHENTICATION_FAILURE", "details": {}, "message": "Authentication failed", "status": "error"}))
    );
    let wrong = crm.world.client.get(&url).header("Authorization", "Zoho-oauthtoken 1000.a.b");
    let invalid = json!({"code": "INVALID_TOKEN", "details": {}, "message": "invalid oauth token", "status": "error"});
    assert_eq!(heard(wrong.send().await.unwrap()).await, (401, invalid.clone()));

    let elsewhere = crm.world.url("/zoho/us/api/crm/v8/org");
    let elsewhere = crm.world.client.get(elsewhere).header("Authorization", format!("Zoho-oauthtoken {}", crm.token));
    assert_eq!(heard(elsewhere.send().await.unwrap()).await, (401, invalid.clone()), "a good token at another data centre");

    let bearer = crm.world.client.get(&url).bearer_auth(&crm.token).send().await.unwrap();
    assert_eq!(bearer.status(), 200);
    crm.advance_s(3601);
    assert_eq!(crm.get("/org").await, (401, invalid));
}

#[tokio::test]
async fn every_route_asks_for_its_own_scope() {
    let crm = Crm::with("ZohoCRM.modules.contacts.READ,ZohoCRM.modules.accounts.ALL,ZohoCRM.settings.fields.READ").await;
    let mismatch = json!({"code": "OAUTH_SCOPE_MISMATCH", "details": {}, "message": "invalid oauth scope to access this URL", "status": "error"});
    assert_eq!(crm.get("/Contacts?fields=Last_Name").await.0, 204);
    assert_eq!(crm.post("/Contacts", json!({"data": [{"Last_Name": "Ada"}]})).await, (401, mismatch.clone()));
    assert_eq!(crm.post("/Accounts", json!({"data": [{"Account_Name": "Ada Ltd"}]})).await.0, 201);
    assert_eq!(crm.get("/settings/fields?module=Leads").await.0, 200);
    for path in [
        "/org",
        "/users",
        "/settings/modules",
        "/settings/custom_links?module=Contacts",
        "/actions/watch",
        "/Invoices?fields=Subject",
    ] {
        assert_eq!(crm.get(path).await, (401, mismatch.clone()), "{path}");
    }
    let query = json!({"select_query": "select id from Contacts where id is not null"});
    assert_eq!(crm.post("/coql", query).await, (401, mismatch));
}

#[tokio::test]
async fn addresses_methods_and_modules_that_are_not_there() {
    let crm = Crm::new().await;
    let (status, answer) = crm.get("/settings/weather").await;
    assert_eq!((status, &answer["code"]), (404, &json!("INVALID_URL_PATTERN")));
    assert_eq!(answer["message"], "Please check if the URL trying to access is a correct one");
    let (status, answer) = crm.get("/Widgets?fields=Name").await;
    assert_eq!((status, &answer["code"]), (400, &json!("INVALID_MODULE")));
    let (status, answer) = crm.call(Method::PATCH, "/Contacts", Some(json!({}))).await;
    assert_eq!((status, &answer["code"]), (404, &json!("INVALID_URL_PATTERN")));
    let (status, answer) = crm.call(Method::DELETE, "/settings/modules", None).await;
    assert_eq!((status, &answer["code"]), (400, &json!("INVALID_REQUEST_METHOD")));
    assert_eq!(answer["message"], "The http request method type is not a valid one");
    let broken = crm.request(Method::POST, "/Contacts").body("{").send().await.unwrap();
    assert_eq!(
        heard(broken).await,
        (
            400,
            json!({"code": "INVALID_DATA", "details": {"expected_data_type": "jsonobject"}, "message": "body", "status": "error"})
        )
    );
}

impl Crm {
    /// Starting a bulk write costs 500 credits, whatever becomes of it.
    async fn spend_500(&self) -> reqwest::Response {
        self.request(Method::POST, "/bulk/v8/write").json(&json!({})).send().await.unwrap()
    }
}

#[tokio::test]
async fn credits_are_told_from_the_half_on_and_then_run_out_for_a_day() {
    let crm = Crm::limited().await;
    crm.world.order("/_sandbox/zoho/crm/org", json!({"edition": "free"})).await;
    for _ in 0..4 {
        assert!(crm.spend_500().await.headers().get("x-api-credits-remaining").is_none());
    }
    let half = crm.spend_500().await;
    assert_eq!(half.headers()["x-api-credits-remaining"], "2500");
    let rows: Vec<_> = (0..91).map(|number| json!({"Last_Name": format!("Nr {number}")})).collect();
    let next = crm.request(Method::POST, "/Leads").json(&json!({"data": rows, "trigger": []})).send().await.unwrap();
    assert_eq!(
        (next.status().as_u16(), &next.headers()["x-api-credits-remaining"]),
        (202, &"2490".parse().unwrap()),
        "one for ten rows, refused ones too"
    );
    for _ in 0..4 {
        crm.spend_500().await;
    }
    let refused = crm.spend_500().await;
    assert!(refused.headers().get("retry-after").is_none());
    let (status, answer) = heard(refused).await;
    assert_eq!((status, &answer["code"]), (429, &json!("TOO_MANY_REQUESTS")));
    assert_eq!(crm.get("/org").await.0, 200, "490 credits are left, enough for a small call");
    crm.advance_s(3500);
    assert_eq!(crm.spend_500().await.status(), 429, "an hour later they are not back");
    crm.advance_s(24 * 3600);
    let crm = Crm { token: super::consent(&crm.world, super::EVERYTHING).await["access_token"].as_str().unwrap().into(), ..crm };
    assert_ne!(crm.spend_500().await.status(), 429, "a day later they are");
}

#[tokio::test]
async fn the_official_client_for_node_sends_its_token_request_in_parts() {
    let crm = Crm::new().await;
    let tokens = super::consent(&crm.world, "ZohoCRM.org.READ").await;
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\n{}\r\n--b\r\nContent-Disposition: form-data; name=\"client_secret\"\r\n\r\n{}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nrefresh_token\r\n--b\r\nContent-Disposition: form-data; name=\"refresh_token\"\r\n\r\n{}\r\n--b--\r\n",
        sandbox::ZOHO_CLIENT_ID,
        sandbox::ZOHO_CLIENT_SECRET,
        tokens["refresh_token"].as_str().unwrap(),
    );
    let request = crm.world.client.post(crm.world.url("/zoho/eu/accounts/oauth/v2/token"));
    let answer = request.header("content-type", "multipart/form-data; boundary=b").body(body).send().await.unwrap();
    let (status, answer) = heard(answer).await;
    assert_eq!((status, &answer["expires_in"]), (200, &json!(3600)));
    assert!(answer["access_token"].as_str().unwrap().starts_with("1000."));
    assert_eq!(answer["api_domain"], crm.world.url("/zoho/eu/api"));
}

#[tokio::test]
async fn a_free_edition_has_five_calls_at_once_and_the_sixth_is_429() {
    let crm = Crm::limited().await;
    crm.world.order("/_sandbox/zoho/crm/org", json!({"edition": "free"})).await;
    let slow =
        json!([{"match": {"provider": "zoho", "path_contains": "/crm/v8/org"}, "kind": "latency", "ms": 800, "times": 100}]);
    crm.world.order("/_sandbox/faults", slow).await;
    let calls = (0..6).map(|_| crm.get("/org"));
    let mut statuses: Vec<_> = futures::future::join_all(calls).await.into_iter().map(|(status, _)| status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 200, 200, 429]);
    crm.world.order("/_sandbox/faults", json!([])).await;
    assert_eq!(crm.get("/org").await.0, 200);
}
