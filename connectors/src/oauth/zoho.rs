//! Zoho's sign-in: one consent for all products, whose tokens come from the customer's own data centre.

use std::collections::HashMap;

use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointSet, RedirectUrl, RefreshToken, Scope,
    TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::bridge::{self, With, tokens};
use super::{GrantTrouble, Pkce, Tokens};
use crate::http::{Http, at};
use crate::zoho::DataCentre;

/// Our app at Zoho.
#[derive(Debug, Clone)]
pub struct Zoho {
    pub client_id: String,
    pub client_secret: SecretString,
    /// Data centres that have a secret of their own, by location.
    pub client_secrets: HashMap<String, SecretString>,
    pub redirect_uri: Url,
    pub scopes: Vec<String>,
    /// Where everybody starts: `https://accounts.zoho.com`. Zoho sends users on to their own data centre.
    pub accounts_url: Url,
}

impl Zoho {
    /// Where the customer's browser goes to allow access.
    pub fn authorize_url(&self, state: &str, pkce: &Pkce) -> Url {
        let client = self.client(&self.accounts_url, &self.client_secret);
        let state = state.to_owned();
        client
            .authorize_url(|| CsrfToken::new(state))
            // Zoho wants commas where the RFC has spaces.
            .add_scope(Scope::new(self.scopes.join(",")))
            // Without these two there is no refresh token, or only the first time.
            .add_extra_param("access_type", "offline")
            .add_extra_param("prompt", "consent")
            .set_pkce_challenge(pkce.challenge())
            .url()
            .0
    }

    /// `centre` is the callback's location as found in the closed table: our secret is sent there.
    pub async fn exchange_code(&self, http: &Http, centre: &DataCentre, code: &str, pkce: &Pkce) -> Result<Tokens, GrantTrouble> {
        let client = self.client(&centre.accounts, self.secret(centre));
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).set_pkce_verifier(pkce.code_verifier());
        tokens(request.request_async(&bridge::Bridge(http.clone())).await, With::Code)
    }

    /// Gives an access token only: the refresh token stays.
    pub async fn refresh(&self, http: &Http, centre: &DataCentre, refresh_token: &SecretString) -> Result<Tokens, GrantTrouble> {
        let client = self.client(&centre.accounts, self.secret(centre));
        let refresh_token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let request = client.exchange_refresh_token(&refresh_token);
        tokens(request.request_async(&bridge::Bridge(http.clone())).await, With::RefreshToken)
    }

    /// Ends the grant. One that is gone already has ended too.
    pub async fn revoke(&self, http: &Http, centre: &DataCentre, refresh_token: &SecretString) -> Result<(), GrantTrouble> {
        let mut url = at(&centre.accounts, "oauth/v2/token/revoke");
        url.query_pairs_mut().append_pair("token", refresh_token.expose_secret());
        let answer = http.send(http.client().post(url)).await.map_err(|trouble| GrantTrouble::Unclear(trouble.to_string()))?;
        match answer.status {
            200..300 | 400 => Ok(()),
            429 => Err(GrantTrouble::Throttled(answer.retry_after().unwrap_or(std::time::Duration::from_secs(60)))),
            status => Err(GrantTrouble::Unclear(format!("HTTP {status}"))),
        }
    }

    fn secret(&self, centre: &DataCentre) -> &SecretString {
        self.client_secrets.get(&centre.location).unwrap_or(&self.client_secret)
    }

    fn client(&self, accounts: &Url, secret: &SecretString) -> bridge::Client<EndpointSet, EndpointSet> {
        bridge::Client::new(ClientId::new(self.client_id.clone()))
            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            // Zoho reads its credentials from the form.
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::from_url(at(accounts, "oauth/v2/auth")))
            .set_token_uri(TokenUrl::from_url(at(accounts, "oauth/v2/token")))
            .set_redirect_uri(RedirectUrl::from_url(self.redirect_uri.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::stub::Stub;

    fn app() -> Zoho {
        Zoho {
            client_id: "1000.OURS".into(),
            client_secret: "us-secret".to_owned().into(),
            client_secrets: HashMap::from([("eu".to_owned(), "eu-secret".to_owned().into())]),
            redirect_uri: "https://connect.example/oauth/zoho/callback".parse().unwrap(),
            scopes: super::super::zoho_scopes(&["books"]),
            accounts_url: "https://accounts.zoho.com".parse().unwrap(),
        }
    }

    fn centre(location: &str, accounts: &Url) -> DataCentre {
        DataCentre { location: location.into(), accounts: accounts.clone(), api: accounts.clone(), web: accounts.clone() }
    }

    #[test]
    fn the_browser_is_sent_to_zoho_with_everything_it_needs() {
        let url = app().authorize_url("state", &Pkce::new([7; 32]));
        assert!(url.as_str().starts_with("https://accounts.zoho.com/oauth/v2/auth?"));
        let query: HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!(
            (query["access_type"].as_str(), query["prompt"].as_str(), query["state"].as_str()),
            ("offline", "consent", "state")
        );
        assert!(query["scope"].starts_with("ZohoBooks.contacts.ALL,ZohoBooks.settings.ALL,") && !query["scope"].contains(' '));
    }

    #[tokio::test]
    async fn each_data_centre_gets_its_own_secret_in_the_form() {
        let good = r#"{"access_token":"1000.a","refresh_token":"1000.r","api_domain":"https://www.zohoapis.eu","token_type":"Bearer","expires_in":3600}"#;
        let json_type = "content-type: application/json;charset=UTF-8\r\n";
        let error = |word: &str| (200, json_type, format!(r#"{{"error":"{word}"}}"#));
        let stub = Stub::answering(vec![
            (200, json_type, good.into()),
            error("invalid_code"),
            error("invalid_code"),
            error("invalid_client"),
            (400, json_type, "{}".into()),
        ])
        .await;
        let (app, http, pkce) = (app(), Http::new(), Pkce::new([7; 32]));
        let (eu, us) = (centre("eu", &stub.url), centre("us", &stub.url));
        let tokens = app.exchange_code(&http, &eu, "1000.code", &pkce).await.unwrap();
        assert_eq!(tokens.api_domain.as_deref(), Some("https://www.zohoapis.eu"));
        assert_eq!(app.exchange_code(&http, &us, "1000.code", &pkce).await.unwrap_err(), GrantTrouble::BadCode);
        assert_eq!(app.refresh(&http, &us, &"1000.r".to_owned().into()).await.unwrap_err(), GrantTrouble::Dead);
        assert_eq!(
            app.refresh(&http, &us, &"1000.r".to_owned().into()).await.unwrap_err(),
            GrantTrouble::BadClient("invalid_client".into())
        );
        app.revoke(&http, &us, &"1000.r".to_owned().into()).await.unwrap();
        let requests = stub.requests();
        assert!(
            requests[0].starts_with("POST /oauth/v2/token ")
                && requests[0].contains("client_secret=eu-secret")
                && !requests[0].contains("Basic")
        );
        assert!(requests[1].contains("client_secret=us-secret") && requests[2].contains("grant_type=refresh_token"));
        assert!(requests[4].starts_with("POST /oauth/v2/token/revoke?token=1000.r "));
    }
}
