//! Options of tracking categories, made in Xero.

use reqwest::Method;
use reqwest::header::ACCEPT;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::Client;
use super::trouble::trouble;
use crate::http::at;
use crate::side::{Refusal, Trouble};

impl Client {
    /// Makes an option of a category and gives it in Xero's own JSON. `key`: the same call again is the same option.
    pub async fn make_option(&self, category: &str, name: &str, key: &str) -> Result<Value, Trouble> {
        let mut url = at(&self.api_url, "api.xro/2.0/TrackingCategories");
        if let Ok(mut path) = url.path_segments_mut() {
            path.push(category).push("Options");
        }
        let request = self
            .http
            .client()
            .request(Method::PUT, url)
            .bearer_auth(self.access_token.expose_secret())
            .header("xero-tenant-id", &self.tenant_id)
            .header(ACCEPT, "application/json")
            .header("Idempotency-Key", key)
            .json(&json!({ "Name": name }));
        let answer = self.http.send(request).await?;
        if !answer.is_success() {
            return Err(trouble(&answer));
        }
        let unreadable = || Trouble::Unreachable("the answer has no option".to_owned());
        let answered: Value = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
        let made = answered["Options"].as_array().and_then(|options| {
            options.iter().find(|option| option["Name"].as_str().is_some_and(|found| found.eq_ignore_ascii_case(name)))
        });
        let made = made.ok_or_else(unreadable)?;
        match made["ValidationErrors"][0]["Message"].as_str() {
            Some(message) => Err(Trouble::Refused(Refusal { status: 400, code: "10".into(), message: message.to_owned() })),
            None => Ok(made.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;

    #[tokio::test]
    async fn an_option_is_made_below_its_category_and_told_by_its_id() {
        let answer = r#"{"Status":"OK","Options":[{"TrackingOptionID":"o-9","Name":"East","Status":"ACTIVE","HasValidationErrors":false}]}"#;
        let stub = Stub::answering(vec![(200, "content-type: application/json\r\n", answer.to_owned())]).await;
        let client = Client::new(&Http::new(), &stub.url, "tenant-1", "secret-token".to_owned().into());
        let made = client.make_option("c-1", "East", "key-1").await.unwrap();
        assert_eq!(made["TrackingOptionID"], "o-9");
        let request = stub.requests().remove(0);
        assert!(request.starts_with("PUT /api.xro/2.0/TrackingCategories/c-1/Options HTTP/1.1"), "{request}");
        assert!(
            request.ends_with("{\"Name\":\"East\"}") && request.to_lowercase().contains("idempotency-key: key-1"),
            "{request}"
        );
    }
}
