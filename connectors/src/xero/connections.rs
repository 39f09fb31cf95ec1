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
