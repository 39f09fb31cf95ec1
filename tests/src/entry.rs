//! Enters records into Xero as an app does, through the API, with the access that the customer gave. What Xero refuses is told apart.

use entities::ids::{GrantId, TenantId};
use jobs::tokens::{self, Access};
use sea_orm::ConnectionTrait;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::World;

/// Elements of one call.
const BATCH: usize = 50;

/// Writes to the connected organisation.
pub struct Entry<'a> {
    world: &'a World,
    http: reqwest::Client,
    token: String,
    company: String,
}

/// What Xero made of a batch.
#[derive(Debug, Default)]
pub struct Entered {
    pub taken: Vec<Value>,
    /// Its reasons.
    pub refused: Vec<String>,
}

impl<'a> Entry<'a> {
    pub async fn new(world: &'a World) -> Self {
        let database = &world.stage.context.database;
        let text = "SELECT tenant_id, grant_id FROM connection WHERE provider = 'xero' AND state = 'live'";
        let statement = entities::database::sql(database.get_database_backend(), text, vec![]);
        let row = database.query_one_raw(statement).await.expect("a query").expect("a connection");
        let tenant = TenantId(row.try_get("", "tenant_id").expect("a tenant"));
        let grant = GrantId(row.try_get("", "grant_id").expect("a grant"));
        let Ok(Access::Token { access, .. }) = tokens::fresh(&world.stage.context, tenant, grant).await else {
            panic!("no access to Xero")
        };
        let company = world.xero_tenant().await;
        Self { world, http: reqwest::Client::new(), token: access.expose_secret().to_owned(), company }
    }

    /// One call. Gives the status and the answer.
    pub async fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let request = self.reach(method.parse().expect("a method"), path);
        let answer = request.header("accept", "application/json").json(body).send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    /// Attaches a file to a record: `Invoices/…`.
    pub async fn attach(&self, on: &str, name: &str, bytes: Vec<u8>) {
        let request = self.reach(reqwest::Method::PUT, &format!("{on}/Attachments/{name}"));
        let answer = request.header("content-type", "application/octet-stream").body(bytes).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{name}: {}", answer.text().await.unwrap_or_default());
    }

    /// A file's bytes.
    pub async fn file(&self, path: &str) -> Vec<u8> {
        let answer = self.reach(reqwest::Method::GET, path).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.bytes().await.expect("a file").to_vec()
    }

    fn reach(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let url = self.world.stage.sandbox_url.join(&format!("/xero/api/api.xro/2.0/{path}")).expect("an address");
        self.http.request(method, url).bearer_auth(&self.token).header("xero-tenant-id", &self.company)
    }

    /// Enters many records of one list, fifty a call.
    pub async fn put(&self, list: &str, records: &[Value]) -> Entered {
        let mut entered = Entered::default();
        for batch in records.chunks(BATCH) {
            let path = format!("{list}?summarizeErrors=false&unitdp=4");
            let (status, answer) = self.call("PUT", &path, &json!({ list: batch })).await;
            let Some(elements) = answer[list].as_array().filter(|_| status == 200) else {
                panic!("{list}: {status} {}", answer.to_string().chars().take(600).collect::<String>())
            };
            for element in elements {
                match element["ValidationErrors"].as_array().and_then(|errors| errors.first()) {
                    Some(error) => entered.refused.push(error["Message"].as_str().unwrap_or_default().to_owned()),
                    None => entered.taken.push(element.clone()),
                }
            }
        }
        entered
    }
}

/// One call to the connected Zoho Books organisation, as another app of the customer's would make it.
pub async fn zoho(world: &World, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let database = &world.stage.context.database;
    let text = "SELECT tenant_id, grant_id, api_base, organisation_id FROM connection WHERE provider = 'zoho' AND state = 'live'";
    let statement = entities::database::sql(database.get_database_backend(), text, vec![]);
    let row = database.query_one_raw(statement).await.expect("a query").expect("a connection");
    let tenant = TenantId(row.try_get("", "tenant_id").expect("a tenant"));
    let grant = GrantId(row.try_get("", "grant_id").expect("a grant"));
    let (base, organisation): (String, String) =
        (row.try_get("", "api_base").expect("an address"), row.try_get("", "organisation_id").expect("an organisation"));
    let Ok(Access::Token { access, .. }) = tokens::fresh(&world.stage.context, tenant, grant).await else {
        panic!("no access to Zoho")
    };
    let url = format!("{}/books/v3/{path}?organization_id={organisation}", base.trim_end_matches('/'));
    let answer = reqwest::Client::new()
        .request(method.parse().expect("a method"), url)
        .header("authorization", format!("Zoho-oauthtoken {}", access.expose_secret()))
        .json(body)
        .send()
        .await
        .expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}
