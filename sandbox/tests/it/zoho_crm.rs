//! Zoho CRM as a client that has never heard of the sandbox would use it.

mod access;
mod bulk;
mod channels;
mod lists;
mod metadata;
mod people;
mod queries;
mod records;

use reqwest::{Method, RequestBuilder, Response};
use sandbox::Options;
use serde_json::{Value, json};

use crate::{World, between};

const BACK: &str = "http://127.0.0.1:8080/oauth/zoho/callback";
const EVERYTHING: &str = "ZohoCRM.modules.ALL,ZohoCRM.settings.ALL,ZohoCRM.users.ALL,ZohoCRM.org.ALL,ZohoCRM.coql.READ,ZohoCRM.bulk.ALL,\
                          ZohoCRM.notifications.ALL,ZohoFiles.files.ALL";

/// A consented user of CRM.
struct Crm {
    world: World,
    token: String,
}

impl Crm {
    async fn new() -> Self {
        Self::with(EVERYTHING).await
    }

    async fn with(scope: &str) -> Self {
        Self::within(World::new().await, scope).await
    }

    /// With the published limits enforced.
    async fn limited() -> Self {
        Self::within(World::with(Options { realistic_limits: true, ..Options::default() }).await, EVERYTHING).await
    }

    async fn within(world: World, scope: &str) -> Self {
        let token = consent(&world, scope).await["access_token"].as_str().unwrap().to_owned();
        Self { world, token }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let place = if path.starts_with("/bulk/") { "/zoho/eu/api/crm" } else { "/zoho/eu/api/crm/v8" };
        let request = self.world.client.request(method, self.world.url(&format!("{place}{path}")));
        request.header("Authorization", format!("Zoho-oauthtoken {}", self.token))
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        heard(request.send().await.unwrap()).await
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.call(Method::GET, path, None).await
    }

    /// What must be there.
    async fn read(&self, path: &str) -> Value {
        let (status, answer) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Inserts one record without waking workflows; its id.
    async fn insert(&self, module: &str, record: Value) -> String {
        let (status, answer) = self.post(&format!("/{module}"), json!({"data": [record], "trigger": []})).await;
        assert_eq!(status, 201, "{answer}");
        answer["data"][0]["details"]["id"].as_str().unwrap().to_owned()
    }

    async fn record(&self, module: &str, id: &str) -> Value {
        self.read(&format!("/{module}/{id}")).await["data"][0].clone()
    }

    async fn update(&self, module: &str, id: &str, record: Value) -> (u16, Value) {
        self.call(Method::PUT, &format!("/{module}/{id}"), Some(json!({"data": [record], "trigger": []}))).await
    }

    fn switch(&self, name: &str, on: bool) {
        self.world.sandbox.shared().switches.set(name, on).unwrap();
    }

    fn advance_s(&self, seconds: i64) {
        self.world.sandbox.shared().clock.advance_ms(seconds * 1000);
    }

    /// A custom field by label; the name that GET tells.
    async fn field(&self, module: &str, field: Value) -> String {
        let (status, answer) = self.post(&format!("/settings/fields?module={module}"), json!({"fields": [field]})).await;
        assert_eq!(status, 201, "{answer}");
        let details = &answer["fields"][0]["details"];
        assert!(details.get("api_name").is_none(), "the answer tells only the id");
        let id = details["id"].as_str().unwrap();
        let shown = self.read(&format!("/settings/fields/{id}?module={module}")).await;
        shown["fields"][0]["api_name"].as_str().unwrap().to_owned()
    }
}

/// Status and JSON; null for an empty body.
async fn heard(answer: Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() })
}

/// Through the pages of Zoho's accounts server, as a browser goes.
async fn consent(world: &World, scope: &str) -> Value {
    let query = [
        ("response_type", "code"),
        ("client_id", sandbox::ZOHO_CLIENT_ID),
        ("redirect_uri", BACK),
        ("scope", scope),
        ("access_type", "offline"),
        ("prompt", "consent"),
    ];
    let page = world.client.get(world.url("/zoho/us/accounts/oauth/v2/auth")).query(&query).send().await.unwrap();
    let page = page.text().await.unwrap();
    let request = between(&page, "name=\"request\" value=\"", "\"");
    let login = [("request", request.as_str()), ("username", "simon@example.test"), ("password", "sandbox")];
    let page = world.client.post(world.url("/zoho/us/accounts/login")).form(&login).send().await.unwrap().text().await.unwrap();
    let action = between(&page, "method=\"post\" action=\"", "\"");
    // Where the page offers organisations, the first is chosen.
    let mut form = vec![("request", request), ("action", "allow".to_owned())];
    if let Some((_, rest)) = page.split_once("type=\"radio\"") {
        form.push((between_leaked(rest, "name=\"", "\""), between(rest, "value=\"", "\"")));
    }
    let answer = world.client.post(world.url(&action)).form(&form).send().await.unwrap();
    let code = crate::parameter(&answer, "code").unwrap();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", sandbox::ZOHO_CLIENT_ID),
        ("client_secret", sandbox::ZOHO_CLIENT_SECRET),
        ("redirect_uri", BACK),
        ("code", &code),
    ];
    let answer = world.client.post(world.url("/zoho/eu/accounts/oauth/v2/token")).form(&form).send().await.unwrap();
    answer.json().await.unwrap()
}

fn between_leaked(text: &str, before: &str, after: &str) -> &'static str {
    between(text, before, after).leak()
}
