//! The organisations that a Xero user has connected to us.

use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::trouble::trouble;
use super::wire;
use crate::http::{Http, at};
use crate::side::Trouble;

/// One organisation a user connected to us, at some time: not necessarily in the consent just given.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    pub id: String,
    /// The consent it came from; equal to the access token's `authentication_event_id` if it was this one.
    #[serde(default, deserialize_with = "wire::text")]
    pub auth_event_id: String,
    pub tenant_id: String,
    /// `ORGANISATION` or `PRACTICE`. Only organisations have books.
    #[serde(default, deserialize_with = "wire::text")]
    pub tenant_type: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub tenant_name: String,
    #[serde(rename = "createdDateUtc", default, deserialize_with = "wire::moment_us")]
    pub created_us: i64,
    #[serde(rename = "updatedDateUtc", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

/// Every organisation this user ever connected to us, organisations only, last changed first.
pub async fn connections(http: &Http, api_url: &Url, token: &SecretString) -> Result<Vec<Connection>, Trouble> {
    let request =
        http.client().get(at(api_url, "connections")).bearer_auth(token.expose_secret()).header(ACCEPT, "application/json");
    let answer = http.send(request).await?;
    if !answer.is_success() {
        return Err(trouble(&answer));
    }
    let mut found: Vec<Connection> = serde_json::from_slice(&answer.body)
        .map_err(|_| Trouble::Unreachable("the list of connections cannot be read".to_owned()))?;
    found.retain(|connection| connection.tenant_type.eq_ignore_ascii_case("ORGANISATION"));
    found.sort_by_key(|connection| std::cmp::Reverse(connection.updated_us));
    Ok(found)
}

/// Disconnects one organisation; one that is gone already is disconnected too.
pub async fn delete_connection(http: &Http, api_url: &Url, token: &SecretString, connection_id: &str) -> Result<(), Trouble> {
    let mut url = at(api_url, "connections");
    if let Ok(mut path) = url.path_segments_mut() {
        path.push(connection_id);
    }
    let request = http.client().delete(url).bearer_auth(token.expose_secret()).header(ACCEPT, "application/json");
    let answer = http.send(request).await?;
    match answer.is_success() || answer.status == 404 {
        true => Ok(()),
        false => Err(trouble(&answer)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::stub::Stub;

    #[tokio::test]
    async fn organisations_are_listed_last_changed_first_and_practices_left_out() {
        let body = r#"[
            {"id":"1","authEventId":"e1","tenantId":"t1","tenantType":"ORGANISATION","tenantName":"Old","createdDateUtc":"2019-07-09T23:40:30.1833130","updatedDateUtc":"2020-05-15T01:35:13.8491980"},
            {"id":"2","authEventId":"e2","tenantId":"t2","tenantType":"PRACTICE","tenantName":"Accountants","createdDateUtc":null,"updatedDateUtc":"2026-05-15T01:35:13.8491980"},
            {"id":"3","authEventId":"e3","tenantId":"t3","tenantType":"ORGANISATION","tenantName":"New","updatedDateUtc":"2026-05-15T01:35:13.8491980"}]"#;
        let json_type = "content-type: application/json\r\n";
        let answers = vec![
            (200, json_type, body.to_owned()),
            (204, "", String::new()),
            (404, "", String::new()),
            (401, "", String::new()),
            (200, "", "<html>".to_owned()),
        ];
        let stub = Stub::answering(answers).await;
        let (http, token) = (Http::new(), SecretString::from("t"));
        let found = connections(&http, &stub.url, &token).await.unwrap();
        assert_eq!(found.iter().map(|one| one.tenant_name.as_str()).collect::<Vec<_>>(), ["New", "Old"]);
        assert_eq!((found[1].auth_event_id.as_str(), found[1].created_us), ("e1", 1_562_715_630_183_313));
        delete_connection(&http, &stub.url, &token, "3").await.unwrap();
        delete_connection(&http, &stub.url, &token, "3").await.unwrap();
        assert!(matches!(delete_connection(&http, &stub.url, &token, "3").await, Err(Trouble::Unauthorised)));
        assert!(matches!(connections(&http, &stub.url, &token).await, Err(Trouble::Unreachable(_))));
        assert!(stub.requests()[1].starts_with("DELETE /connections/3 "));
    }
}
