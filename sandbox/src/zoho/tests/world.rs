//! A running sandbox and a client that has been through Zoho's consent.

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use url::Url;

use crate::{Options, Sandbox, ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET, start};

pub const CALLBACK: &str = "http://127.0.0.1:9/oauth/zoho/callback";

pub struct World {
    pub sandbox: Sandbox,
    pub http: Client,
    pub token: String,
    pub org: String,
}

impl World {
    /// The demo customer has allowed everything.
    pub async fn new() -> Self {
        let sandbox = start(Options::default()).await.unwrap();
        let http = Client::builder().redirect(Policy::none()).build().unwrap();
        let mut world = Self { sandbox, http, token: String::new(), org: String::new() };
        let tokens = world.consented("ZohoBooks.fullaccess.all").await;
        world.token = tokens["access_token"].as_str().unwrap().to_owned();
        let (_, answer) = world.call(Method::GET, "/organizations", None).await;
        world.org = answer["organizations"][0]["organization_id"].as_str().unwrap().to_owned();
        world
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    /// Through login; the request's id and the consent page.
    pub async fn consent_page(&self, query: &[(&str, &str)]) -> (String, String) {
        let usual = [("response_type", "code"), ("client_id", ZOHO_CLIENT_ID), ("redirect_uri", CALLBACK), ("state", "s t")];
        let page = self.http.get(self.url("/zoho/us/accounts/oauth/v2/auth")).query(&usual).query(query).send().await.unwrap();
        let page = page.text().await.unwrap();
        let request = hidden(&page, "request");
        let login = [("request", request.as_str()), ("username", "simon@example.test"), ("password", "sandbox")];
        let page = self.http.post(self.url(&action_of(&page))).form(&login).send().await.unwrap().text().await.unwrap();
        (request, page)
    }

    /// Through login and consent; where the browser is sent back to.
    pub async fn redirected(&self, query: &[(&str, &str)], action: &str) -> Url {
        let (request, page) = self.consent_page(query).await;
        let answer = self.http.post(self.url(&action_of(&page))).form(&[("request", &request), ("action", &action.to_owned())]);
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 302);
        Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap()
    }

    /// The code that consent gives.
    pub async fn code(&self, scope: &str, more: &[(&str, &str)]) -> String {
        let mut query = vec![("scope", scope), ("access_type", "offline"), ("prompt", "consent")];
        query.extend(more);
        let back = self.redirected(&query, "allow").await;
        back.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned()
    }

    pub async fn consented(&self, scope: &str) -> Value {
        let code = self.code(scope, &[]).await;
        self.exchange("eu", &[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)]).await.1
    }

    pub async fn refreshed(&self, refresh_token: &str) -> (u16, Value) {
        self.exchange("eu", &[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    pub async fn exchange(&self, dc: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let mut all = vec![("client_id", ZOHO_CLIENT_ID), ("client_secret", ZOHO_CLIENT_SECRET)];
        all.retain(|(name, _)| form.iter().all(|(other, _)| other != name));
        all.extend(form);
        let url = self.url(&format!("/zoho/{dc}/accounts/oauth/v2/token"));
        let answer = self.http.post(url).form(&all).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// A call of Books for the customer's organisation.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        self.call_with(method, path, body, &[]).await
    }

    pub async fn call_with(&self, method: Method, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> (u16, Value) {
        let mark = if path.contains('?') { '&' } else { '?' };
        let org = if path.starts_with("/organizations") { String::new() } else { format!("{mark}organization_id={}", self.org) };
        let mut request = self.http.request(method, self.url(&format!("/zoho/eu/api/books/v3{path}{org}")));
        request = request.header("authorization", format!("Zoho-oauthtoken {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    pub async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.call(Method::GET, path, None).await;
        assert_eq!((status, &answer["code"]), (200, &json!(0)), "{path}: {answer}");
        answer
    }

    /// A record as GET shows it, but for the files that are attached to it: a write does not answer with those.
    pub async fn shown(&self, path: &str, key: &str) -> Value {
        let mut record = self.get(path).await[key].take();
        record.as_object_mut().expect("a record").remove("documents");
        record
    }

    /// Creates and answers the record.
    pub async fn create(&self, path: &str, key: &str, body: Value) -> Value {
        let (status, answer) = self.call(Method::POST, path, Some(body)).await;
        assert_eq!((status, &answer["code"]), (201, &json!(0)), "{path}: {answer}");
        answer[key].clone()
    }

    pub async fn done(&self, method: Method, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.call(method, path, body).await;
        assert!((200..300).contains(&status) && answer["code"] == 0, "{path}: {status} {answer}");
        answer
    }

    /// The code of a refusal.
    pub async fn refused(&self, method: Method, path: &str, body: Option<Value>) -> (u16, u64) {
        let (status, answer) = self.call(method, path, body).await;
        (status, answer["code"].as_u64().unwrap())
    }

    pub async fn upsert(&self, path: &str, key: &str, value: &str, body: Value) -> (u16, Value) {
        let headers = [("X-Unique-Identifier-Key", key), ("X-Unique-Identifier-Value", value), ("X-Upsert", "true")];
        self.call_with(Method::PUT, path, Some(body), &headers).await
    }

    /// A unique custom field; its api name.
    pub async fn unique_field(&self, entity: &str, label: &str) -> String {
        let body = json!({"label": label, "entity": entity, "data_type": "string", "is_unique": true});
        let field = self.create("/settings/fields", "field", body).await;
        field["api_name"].as_str().unwrap().to_owned()
    }

    pub async fn contact(&self, name: &str, kind: &str) -> String {
        let contact = self.create("/contacts", "contact", json!({"contact_name": name, "contact_type": kind})).await;
        contact["contact_id"].as_str().unwrap().to_owned()
    }

    pub async fn tax(&self, name: &str) -> String {
        let taxes = self.get("/settings/taxes").await;
        let tax = taxes["taxes"].as_array().unwrap().iter().find(|tax| tax["tax_name"] == name).unwrap();
        tax["tax_id"].as_str().unwrap().to_owned()
    }

    pub async fn account(&self, name: &str) -> String {
        let list = self.get(&format!("/chartofaccounts?account_name={}", name.replace(' ', "%20"))).await;
        list["chartofaccounts"][0]["account_id"].as_str().unwrap().to_owned()
    }

    pub fn switch(&self, name: &str, on: bool) {
        self.sandbox.shared().switches.set(name, on).unwrap();
    }

    pub async fn control(&self, path: &str, body: Value) -> Value {
        self.http.post(self.url(&format!("/_sandbox/zoho/{path}"))).json(&body).send().await.unwrap().json().await.unwrap()
    }
}

pub fn hidden(page: &str, name: &str) -> String {
    let after = page.split_once(&format!("name=\"{name}\" value=\"")).unwrap().1;
    after.split_once('"').unwrap().0.to_owned()
}

pub fn action_of(page: &str) -> String {
    page.split_once("action=\"").unwrap().1.split_once('"').unwrap().0.to_owned()
}
