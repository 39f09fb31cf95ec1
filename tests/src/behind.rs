//! What happens behind the product's back: people at work in Xero and Zoho, providers in trouble, and what the providers were asked.

use std::time::Duration;

use entities::ids::{GrantId, TenantId};
use jobs::tokens::{self, Access};
use reqwest::Method;
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Connected, World};

/// What the sandbox's counters say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    report: Value,
}

impl World {
    /// Someone enters or edits records in Xero.
    pub async fn in_xero(&self, list: &str, records: Value) -> Value {
        let tenant = self.xero_tenant().await;
        self.stage.control(&format!("xero/{tenant}/{list}"), records).await.expect("an entry in Xero")
    }

    /// Someone with our own rights calls Zoho Books. Gives the status and the answer.
    pub async fn in_zoho(&self, connected: &Connected, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = self.zoho_request(connected, method, path).await;
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("Zoho's answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.expect("Zoho speaks JSON"))
    }

    /// A person's call to Zoho Books, which succeeds. It comes two seconds after whatever was before: Zoho tells whole seconds, and an edit
    /// in the very second of our own writing shows only in its webhook.
    pub async fn person_in_zoho(&self, connected: &Connected, method: Method, path: &str, body: Option<Value>) -> Value {
        self.advance(Duration::from_secs(2)).await;
        let (status, answer) = self.in_zoho(connected, method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {answer:#}");
        answer
    }

    /// A file on a record of Zoho Books: `invoices/46…/documents/46…`.
    pub async fn file_in_zoho(&self, connected: &Connected, path: &str) -> Vec<u8> {
        let answer = self.zoho_request(connected, Method::GET, path).await.send().await.expect("Zoho's answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().await.expect("a file").to_vec()
    }

    async fn zoho_request(&self, connected: &Connected, method: Method, path: &str) -> reqwest::RequestBuilder {
        let reach = self.zoho_reach(connected).await;
        let url = format!(
            "{}/{}/{path}{}organization_id={}",
            reach.api.trim_end_matches('/'),
            reach.product.api,
            if path.contains('?') { '&' } else { '?' },
            reach.organisation
        );
        reqwest::Client::new().request(method, url).header("authorization", format!("Zoho-oauthtoken {}", reach.token))
    }

    /// From now on requests fail like this; `json!([])` ends it.
    pub async fn faults(&self, rules: Value) {
        self.stage.control("faults", rules).await.expect("faults");
    }

    /// Turns one of the sandbox's answers to an open question.
    pub async fn switch(&self, name: &str, on: bool) {
        self.stage.control("switches", json!({ name: on })).await.expect("a switch");
    }

    /// What the providers were asked since the last `forget_requests`.
    pub async fn asked(&self) -> Asked {
        Asked { report: self.stage.look("requests?tail=0").await.expect("the log") }
    }

    /// Starts counting anew.
    pub async fn forget_requests(&self) {
        let url = self.stage.sandbox_url.join("_sandbox/requests").expect("an address");
        reqwest::Client::new().delete(url).send().await.expect("the log is cleared");
    }

    /// The grant behind a connection of this provider.
    pub async fn grant(&self, connected: &Connected, provider: &str) -> (TenantId, GrantId) {
        let tenant = self.tenant_id(connected).await;
        let row = self
            .row("SELECT grant_id FROM connection WHERE tenant_id = $1 AND provider = $2", vec![tenant.0.into(), provider.into()])
            .await;
        (tenant, GrantId(row.try_get::<Uuid>("", "grant_id").expect("a grant")))
    }

    /// A grant's state.
    pub async fn grant_state(&self, connected: &Connected, provider: &str) -> String {
        let (tenant, grant) = self.grant(connected, provider).await;
        let row = self
            .row("SELECT state FROM oauth_grant WHERE tenant_id = $1 AND id = $2", vec![tenant.0.into(), grant.0.into()])
            .await;
        row.try_get("", "state").expect("a state")
    }

    async fn tenant_id(&self, _connected: &Connected) -> TenantId {
        let row = self.row("SELECT tenant_id FROM link LIMIT 1", vec![]).await;
        TenantId(row.try_get::<Uuid>("", "tenant_id").expect("a tenant"))
    }

    async fn row(&self, text: &str, values: Vec<sea_orm::Value>) -> sea_orm::QueryResult {
        let database = &self.stage.context.database;
        let statement = entities::database::sql(database.get_database_backend(), text, values);
        database.query_one_raw(statement).await.expect("a query").expect("a row")
    }

    async fn zoho_reach(&self, connected: &Connected) -> Reach {
        let (tenant, grant) = self.grant(connected, "zoho").await;
        let access = tokens::fresh(&self.stage.context, tenant, grant).await.expect("a token");
        let Access::Token { access, .. } = access else { panic!("no token for Zoho: {access:?}") };
        let link = self.staff.links(&connected.tenant).await.expect("links");
        let seen = link.into_iter().find(|link| link.id == connected.link).expect("the link");
        let row = self
            .row(
                "SELECT connection.api_base, connection.organisation_id FROM connection JOIN link ON link.tenant_id = connection.tenant_id \
                 AND link.zoho_connection_id = connection.id WHERE connection.tenant_id = $1 AND link.product = $2",
                vec![tenant.0.into(), seen.product.clone().into()],
            )
            .await;
        Reach {
            product: connectors::zoho::product(&seen.product).expect("a product"),
            api: row.try_get("", "api_base").expect("an address"),
            organisation: row.try_get("", "organisation_id").expect("an id"),
            token: access.expose_secret().to_owned(),
        }
    }
}

struct Reach {
    product: &'static connectors::zoho::Product,
    api: String,
    organisation: String,
    token: String,
}

impl Asked {
    /// Requests of a provider whose endpoint (`PUT /invoices`) contains this.
    pub fn count(&self, provider: &str, endpoint: &str) -> u64 {
        self.rows(provider).filter(|row| row["endpoint"].as_str().is_some_and(|found| found.contains(endpoint))).map(number).sum()
    }

    /// All requests of a provider's API, sign-in apart.
    pub fn calls(&self, provider: &str) -> u64 {
        self.organisations(provider, "calls")
    }

    /// Requests that may have changed something.
    pub fn writes(&self, provider: &str) -> u64 {
        self.organisations(provider, "writes")
    }

    /// Refusals because of a limit.
    pub fn refused(&self) -> u64 {
        self.report["refused_429"].as_u64().unwrap_or_default()
    }

    fn organisations(&self, provider: &str, what: &str) -> u64 {
        let all = self.report["organisations"].as_array();
        all.into_iter().flatten().filter(|one| one["provider"] == provider).filter_map(|one| one[what].as_u64()).sum()
    }

    fn rows<'a>(&'a self, provider: &'a str) -> impl Iterator<Item = &'a Value> {
        self.report["counts"].as_array().into_iter().flatten().filter(move |row| row["provider"] == provider)
    }
}

fn number(row: &Value) -> u64 {
    row["count"].as_u64().unwrap_or_default()
}
