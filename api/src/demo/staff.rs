//! Someone of CloudPerfect's staff: speaks GraphQL, as the staff portal does.

use serde_json::{Value, json};
use url::Url;

use super::browser::Trouble;

/// Signed in.
#[derive(Clone)]
pub struct Staff {
    http: reqwest::Client,
    endpoint: Url,
    token: String,
}

/// A tenant's link, as the portal shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSeen {
    pub id: String,
    pub state: String,
    pub product: String,
}

impl Staff {
    pub fn new(public_url: &Url, token: String) -> Result<Self, Trouble> {
        Ok(Self { http: reqwest::Client::builder().build()?, endpoint: public_url.join("/graphql")?, token })
    }

    /// The token, for a person who wants to look around.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Asks, and gives the whole answer with its status.
    pub async fn ask(&self, query: &str, variables: Value) -> Result<(u16, Value), Trouble> {
        let answer = self
            .http
            .post(self.endpoint.clone())
            .bearer_auth(&self.token)
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await?))
    }

    /// Asks, and gives the data; an error is an error.
    pub async fn data(&self, query: &str, variables: Value) -> Result<Value, Trouble> {
        let (status, mut answer) = self.ask(query, variables).await?;
        match answer.get("errors").and_then(Value::as_array).filter(|errors| !errors.is_empty()) {
            Some(errors) => Err(format!("GraphQL answers {status}: {}", Value::from(errors.clone())).into()),
            None if answer["data"].is_null() => Err(format!("GraphQL answers {status}: {answer}").into()),
            None => Ok(answer["data"].take()),
        }
    }

    /// Onboards a customer of Zoho Books; the letter is on its way. Gives the tenant's id.
    pub async fn onboard(&self, name: &str, email: &str, region: &str) -> Result<String, Trouble> {
        self.onboard_with(name, email, region, &["books"]).await
    }

    /// Onboards a customer of these products.
    pub async fn onboard_with<S: AsRef<str>>(
        &self,
        name: &str,
        email: &str,
        region: &str,
        products: &[S],
    ) -> Result<String, Trouble> {
        let products: Vec<&str> = products.iter().map(AsRef::as_ref).collect();
        let data = self
            .data(
                "mutation($input: OnboardTenantInput!) { onboardTenant(input: $input) { tenant { id } } }",
                json!({ "input": { "name": name, "contactEmail": email, "region": region, "products": products } }),
            )
            .await?;
        text(&data["onboardTenant"]["tenant"]["id"])
    }

    /// The tenant's first link, if both sides are connected.
    pub async fn link(&self, tenant: &str) -> Result<Option<LinkSeen>, Trouble> {
        Ok(self.links(tenant).await?.into_iter().next())
    }

    /// The tenant's links, one for each product that records are carried to.
    pub async fn links(&self, tenant: &str) -> Result<Vec<LinkSeen>, Trouble> {
        let query = "query($id: ID!) { tenant(id: $id) { links { id state product } } }";
        let data = self.data(query, json!({ "id": tenant })).await?;
        let links = data["tenant"]["links"].as_array().into_iter().flatten();
        links
            .map(|link| Ok(LinkSeen { id: text(&link["id"])?, state: text(&link["state"])?, product: text(&link["product"])? }))
            .collect()
    }

    /// The id of the link's organisation in Zoho, and the page that shows the links between the two sides.
    pub async fn other_side(&self, link: &str) -> Result<(String, String), Trouble> {
        let query = "query($id: ID!) { link(id: $id) { zoho { organisationId } buttons { guide } } }";
        let data = self.data(query, json!({ "id": link })).await?;
        Ok((text(&data["link"]["zoho"]["organisationId"])?, text(&data["link"]["buttons"]["guide"])?))
    }

    /// Starts a run; `mutation` is `startMigration`, `syncNow` or `reconcile`. Gives the run's id.
    pub async fn start(&self, mutation: &str, link: &str) -> Result<String, Trouble> {
        let arguments = if mutation == "startMigration" { "linkId: $id, createMissing: true" } else { "linkId: $id" };
        let query = format!(
            "mutation($id: ID!) {{ {mutation}({arguments}) {{ __typename ... on RunStarted {{ run {{ id }} }} \
             ... on RunAlreadyActive {{ run {{ id }} }} ... on LinkNotReady {{ reason }} }} }}"
        );
        let data = self.data(&query, json!({ "id": link })).await?;
        let started = &data[mutation];
        match started["run"]["id"].as_str() {
            Some(run) => Ok(run.to_owned()),
            None => Err(format!("{mutation}: {}", started["reason"].as_str().unwrap_or("no run")).into()),
        }
    }

    /// Starts a migration of what a scope includes.
    pub async fn migrate(&self, link: &str, scope: &Value) -> Result<String, Trouble> {
        let query = "mutation($id: ID!, $scope: ScopeInput) { startMigration(linkId: $id, scope: $scope, createMissing: true) { \
                     __typename ... on RunStarted { run { id } } ... on LinkNotReady { reason } } }";
        let data = self.data(query, json!({ "id": link, "scope": scope })).await?;
        let started = &data["startMigration"];
        match started["run"]["id"].as_str() {
            Some(run) => Ok(run.to_owned()),
            None => Err(format!("startMigration: {}", started["reason"].as_str().unwrap_or("no run")).into()),
        }
    }

    /// How far a run is.
    pub async fn progress(&self, run: &str) -> Result<Value, Trouble> {
        let data = self
            .data(
                "query($id: ID!) { run(id: $id) { progress { state stage reason clean done expected perSecond eta limitedBy \
                 counts { flow { key title } expected seen created updated unchanged held waiting skipped xeroCalls zohoCalls xeroCount zohoCount findings } } } }",
                json!({ "id": run }),
            )
            .await?;
        Ok(data["run"]["progress"].clone())
    }

    /// What a reconciliation found.
    pub async fn findings(&self, run: &str) -> Result<Vec<Value>, Trouble> {
        let data = self
            .data(
                "query($id: ID!) { findings(runId: $id, first: 100) { flow { key } level cause explained sentence } }",
                json!({ "id": run }),
            )
            .await?;
        Ok(data["findings"].as_array().cloned().unwrap_or_default())
    }

    /// Both ledgers of a run that compared.
    pub async fn report(&self, run: &str) -> Result<Value, Trouble> {
        let query = "query($id: ID!) { run(id: $id) { report { day currency source \
                     accounts { code name xero zoho difference causes { cause amount explained meaning } } } } }";
        Ok(self.data(query, json!({ "id": run })).await?["run"]["report"].clone())
    }

    /// The link's holds.
    pub async fn holds(&self, link: &str) -> Result<Vec<Value>, Trouble> {
        let mut holds = Vec::new();
        let mut after = Value::Null;
        loop {
            let data = self
                .data(
                    "query($id: ID!, $after: String) { holds(linkId: $id, first: 50, after: $after) { edges { node { flow { key } xeroId code expected sentence } } \
                     pageInfo { hasNextPage endCursor } } }",
                    json!({ "id": link, "after": after }),
                )
                .await?;
            let page = &data["holds"];
            holds.extend(page["edges"].as_array().into_iter().flatten().map(|edge| edge["node"].clone()));
            if page["pageInfo"]["hasNextPage"] != true {
                return Ok(holds);
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

fn text(value: &Value) -> Result<String, Trouble> {
    Ok(value.as_str().ok_or_else(|| format!("expected a text, got {value}"))?.to_owned())
}
