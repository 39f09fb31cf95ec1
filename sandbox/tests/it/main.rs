//! The sandbox through its own front door: real HTTP, as CP Connect and a browser would speak it.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod browser;
mod chromium;
mod control;
mod people;
mod recorder;
mod xero_attachments;
mod xero_books;
mod xero_connected_apps;
mod xero_core;
mod xero_filters;
mod xero_hostile;
mod xero_ledger;
mod xero_money;
mod xero_records;
mod xero_reports;
mod xero_sign_in;
mod xero_webhooks;
mod xero_whole;
mod xero_writes;
mod zoho_crm;

use reqwest::header::{ACCEPT, LOCATION};
use reqwest::{Client, RequestBuilder, Response};
use sandbox::{Options, Sandbox};
use serde_json::Value;

/// The redirect address that CP Connect would have.
const BACK: &str = "http://127.0.0.1:8080/oauth/xero/callback";
/// What a new app may ask for.
const SCOPE: &str =
    "openid profile email offline_access accounting.settings accounting.contacts accounting.invoices accounting.payments";
/// The verifier and challenge of RFC 7636's example.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A sandbox and a client that follows no redirects.
struct World {
    sandbox: Sandbox,
    client: Client,
}

impl World {
    async fn new() -> Self {
        Self::with(Options::default()).await
    }

    async fn with(options: Options) -> Self {
        let sandbox = sandbox::start(options).await.unwrap();
        Self { sandbox, client: Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap() }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    async fn post(&self, path: &str, body: Value) -> Response {
        self.client.post(self.url(path)).json(&body).send().await.unwrap()
    }

    /// A control call that must succeed.
    async fn order(&self, path: &str, body: Value) -> Value {
        let answer = self.post(path, body).await;
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let text = answer.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_default()
    }

    async fn control(&self, path: &str) -> Value {
        self.client.get(self.url(path)).send().await.unwrap().json().await.unwrap()
    }

    fn authorize_url(&self, scope: &str, state: &str) -> String {
        let query = [
            ("response_type", "code"),
            ("client_id", sandbox::XERO_CLIENT_ID),
            ("redirect_uri", BACK),
            ("scope", scope),
            ("state", state),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let mut url = url::Url::parse(&self.url("/xero/login/identity/connect/authorize")).unwrap();
        url.query_pairs_mut().extend_pairs(query);
        url.into()
    }

    /// Plays the user up to the consent page; answers the request's id and the page.
    async fn log_in(&self, scope: &str) -> (String, String) {
        let page = self.client.get(self.authorize_url(scope, "st")).send().await.unwrap();
        assert_eq!(page.status(), 200);
        let page = page.text().await.unwrap();
        let request = between(&page, "name=\"request\" value=\"", "\"");
        let form =
            [("request", request.as_str()), ("username", sandbox::xero::USER_EMAIL), ("password", sandbox::xero::USER_PASSWORD)];
        let page = self.client.post(self.url("/xero/login/login")).form(&form).send().await.unwrap();
        assert_eq!(page.status(), 200);
        (request, page.text().await.unwrap())
    }

    async fn consent(&self, request: &str, tenant: &str, action: &str) -> Response {
        let form = [("request", request), ("tenant", tenant), ("action", action)];
        self.client.post(self.url("/xero/login/consent")).form(&form).send().await.unwrap()
    }

    /// The code that a consent for the demo company gives.
    async fn code(&self, scope: &str) -> String {
        let (request, _) = self.log_in(scope).await;
        let answer = self.consent(&request, &demo(), "allow").await;
        parameter(&answer, "code").unwrap()
    }

    async fn token(&self, form: &[(&str, &str)]) -> Response {
        let call = self.client.post(self.url("/xero/identity/connect/token")).form(form);
        call.basic_auth(sandbox::XERO_CLIENT_ID, Some(sandbox::XERO_CLIENT_SECRET)).send().await.unwrap()
    }

    async fn exchange(&self, code: &str, verifier: &str) -> Response {
        let form = [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", BACK), ("code_verifier", verifier)];
        self.token(&form).await
    }

    async fn refresh(&self, token: &str) -> Response {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    /// Tokens of a finished consent for the demo company.
    async fn connect(&self) -> Value {
        self.connect_for(SCOPE).await
    }

    async fn connect_for(&self, scope: &str) -> Value {
        let code = self.code(scope).await;
        let answer = self.exchange(&code, VERIFIER).await;
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    fn books(&self, tokens: &Value, path: &str) -> RequestBuilder {
        self.client
            .get(self.url(&format!("/xero/api/api.xro/2.0/{path}")))
            .bearer_auth(tokens["access_token"].as_str().unwrap())
            .header("xero-tenant-id", demo())
            .header(ACCEPT, "application/json")
    }

    /// A call of the Accounting API with a body: the answer's status, and what it says.
    async fn send(&self, tokens: &Value, method: &str, path: &str, body: Value) -> (u16, Value) {
        let call = self.books(tokens, path).build().unwrap();
        let mut call = RequestBuilder::from_parts(self.client.clone(), call).json(&body).build().unwrap();
        *call.method_mut() = method.parse().unwrap();
        let answer = self.client.execute(call).await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    async fn read(&self, tokens: &Value, path: &str) -> Value {
        let answer = self.books(tokens, path).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.json().await.unwrap()
    }
}

fn demo() -> String {
    sandbox::xero::DEMO_COMPANY.to_string()
}

fn between(text: &str, before: &str, after: &str) -> String {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap().0.to_owned()
}

/// A parameter of the address that the answer redirects to.
fn parameter(answer: &Response, name: &str) -> Option<String> {
    assert_eq!(answer.status(), 302);
    let url = url::Url::parse(answer.headers()[LOCATION].to_str().unwrap()).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The claims of a token, unchecked.
fn claims(token: &Value) -> Value {
    use base64::Engine;
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}
