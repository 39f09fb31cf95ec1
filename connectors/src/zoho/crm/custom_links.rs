//! Custom links: an address on a record's page, with the record's own values in it. CRM's buttons cannot be made by its API; these can.

use reqwest::Method;
use serde_json::{Value, json};

use super::super::client::Client;
use super::answer;
use crate::side::Trouble;

/// A link on the pages of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomLink {
    pub id: String,
    pub name: String,
    pub url: String,
    pub profiles: Vec<String>,
}

impl Client {
    pub async fn custom_links(&self, module: &str) -> Result<Vec<CustomLink>, Trouble> {
        let body = self.crm_send(self.request(Method::GET, self.links_url(module, &[]))).await?;
        Ok(body["custom_links"].as_array().into_iter().flatten().map(link).collect())
    }

    /// The ids of all profiles: whoever has one of them sees a link.
    pub async fn profiles(&self) -> Result<Vec<String>, Trouble> {
        let body = self.crm_send(self.request(Method::GET, self.url("settings/profiles", &[], &[]))).await?;
        Ok(body["profiles"].as_array().into_iter().flatten().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect())
    }

    /// Makes a link for these profiles; gives its id.
    pub async fn create_custom_link(&self, module: &str, name: &str, url: &str, profiles: &[String]) -> Result<String, Trouble> {
        let request = self.request(Method::POST, self.links_url(module, &[])).json(&body(name, url, profiles));
        self.done(request).await
    }

    pub async fn update_custom_link(
        &self,
        module: &str,
        id: &str,
        name: &str,
        url: &str,
        profiles: &[String],
    ) -> Result<(), Trouble> {
        let request = self.request(Method::PUT, self.links_url(module, &[id])).json(&body(name, url, profiles));
        self.done(request).await.map(drop)
    }

    pub async fn delete_custom_link(&self, module: &str, id: &str) -> Result<(), Trouble> {
        self.done(self.request(Method::DELETE, self.links_url(module, &[id]))).await.map(drop)
    }

    fn links_url(&self, module: &str, segments: &[&str]) -> url::Url {
        self.url("settings/custom_links", segments, &[("module", module)])
    }

    async fn done(&self, request: reqwest::RequestBuilder) -> Result<String, Trouble> {
        let mut told = self.crm_send(request).await?;
        let one = told["custom_links"].get_mut(0);
        let one = one.ok_or_else(|| Trouble::Unreachable("the answer has no custom_links".to_owned()))?;
        let done = answer::row(one).map_err(Trouble::Refused)?;
        Ok(done["details"]["id"].as_str().unwrap_or_default().to_owned())
    }
}

fn body(name: &str, url: &str, profiles: &[String]) -> Value {
    let profiles: Vec<Value> = profiles.iter().map(|id| json!({ "id": id })).collect();
    json!({ "custom_links": [{
        "name": name, "url": url, "url_encoding": "UTF-8", "profiles": profiles,
        "description": "Made by CP Connect: opens this record in Xero.",
    }] })
}

fn link(link: &Value) -> CustomLink {
    let text = |name: &str| link[name].as_str().unwrap_or_default().to_owned();
    let profiles = link["profiles"].as_array().into_iter().flatten().filter_map(|one| one["id"].as_str().map(str::to_owned));
    CustomLink { id: text("id"), name: text("name"), url: text("url"), profiles: profiles.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;
    use crate::zoho::CRM;

    #[tokio::test]
    async fn a_link_is_listed_made_changed_and_taken_away() {
        let done = json!({"custom_links": [{"code": "SUCCESS", "details": {"id": "5"}, "status": "success"}]});
        let listed = json!({"custom_links": [{"id": "5", "name": "Xero Link", "url": "https://x/y", "profiles": [{"id": "1", "name": "Administrator"}]}]});
        let answers = [
            (200, json!({"profiles": [{"id": "1"}, {"id": "2"}]})),
            (201, done.clone()),
            (200, listed),
            (200, done.clone()),
            (200, done),
        ];
        let answers = answers.iter().map(|(status, body)| (*status, "content-type: application/json\r\n", body.to_string()));
        let stub = Stub::answering(answers.collect()).await;
        let client = Client::new(&Http::new(), &stub.url, &CRM, "201", "secret-token".to_owned().into());
        let profiles = client.profiles().await.unwrap();
        assert_eq!(client.create_custom_link("Accounts", "Xero Link", "https://x/y", &profiles).await.unwrap(), "5");
        let links = client.custom_links("Accounts").await.unwrap();
        assert_eq!((links[0].id.as_str(), links[0].profiles.as_slice()), ("5", ["1".to_owned()].as_slice()));
        client.update_custom_link("Accounts", "5", "Xero Link", "https://x/z", &profiles).await.unwrap();
        client.delete_custom_link("Accounts", "5").await.unwrap();
        let requests = stub.requests();
        assert!(requests[1].contains(r#""profiles":[{"id":"1"},{"id":"2"}]"#), "{}", requests[1]);
        assert!(requests[3].starts_with("PUT /crm/v8/settings/custom_links/5?module=Accounts "));
        assert!(requests[4].starts_with("DELETE /crm/v8/settings/custom_links/5?module=Accounts "));
    }
}
