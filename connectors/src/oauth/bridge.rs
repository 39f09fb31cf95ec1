//! Carries the `oauth2` crate's requests over our HTTP client, and makes both providers' answers look like the RFC's.

use std::pin::Pin;
use std::time::Duration;

use oauth2::AsyncHttpClient;
use oauth2::basic::{
    BasicErrorResponse, BasicErrorResponseType, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType,
};
use oauth2::{
    AccessToken, EndpointNotSet, ExtraTokenFields, HttpRequest, HttpResponse, RefreshToken, RequestTokenError,
    StandardRevocableToken, StandardTokenResponse, TokenResponse,
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{GrantTrouble, Tokens};
use crate::http::{Answer, Http};
use crate::side::Trouble;

/// Zoho gives ten access tokens in ten minutes and then none for the rest of them.
const ZOHO_THROTTLE: Duration = Duration::from_secs(600);
const UNASKED_WAIT: Duration = Duration::from_secs(60);
/// Both providers' access tokens live at least this long, if they do not say.
const EXPIRES_IN_DEFAULT_S: u64 = 1800;

/// What the providers add to the RFC's answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Extra {
    pub api_domain: Option<String>,
    pub id_token: Option<String>,
}

impl ExtraTokenFields for Extra {}

pub type Response = StandardTokenResponse<Extra, BasicTokenType>;
pub type Client<Auth = EndpointNotSet, Token = EndpointNotSet> = oauth2::Client<
    BasicErrorResponse,
    Response,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    Auth,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    Token,
>;

/// What a token is asked with: the same refusal means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum With {
    Code,
    RefreshToken,
}

/// Why no answer of the token endpoint could be read.
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error("{0}")]
    Unclear(String),
    #[error("asked to wait")]
    Throttled(Duration),
}

/// Our client as the `oauth2` crate wants it. The future is boxed, so that callers may be spawned.
pub struct Bridge(pub Http);

impl<'c> AsyncHttpClient<'c> for Bridge {
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, NoAnswer>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(send(&self.0, request))
    }
}

/// Sends one request of the `oauth2` crate.
async fn send(http: &Http, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
    let request = reqwest::Request::try_from(request).map_err(|_| NoAnswer::Unclear("the request cannot be built".to_owned()))?;
    let request = reqwest::RequestBuilder::from_parts(http.client().clone(), request);
    let answer = http.send(request).await.map_err(|trouble| match trouble {
        Trouble::Unreachable(why) => NoAnswer::Unclear(why),
        other => NoAnswer::Unclear(other.to_string()),
    })?;
    normal(&answer)
}

/// An answer as RFC 6749 wants it: 200 with a token, 400 with an error. Zoho says both with 200.
fn normal(answer: &Answer) -> Result<HttpResponse, NoAnswer> {
    if answer.status == 429 {
        return Err(NoAnswer::Throttled(answer.retry_after().unwrap_or(UNASKED_WAIT)));
    }
    if answer.status >= 500 || answer.is_html() {
        return Err(NoAnswer::Unclear(format!("HTTP {}", answer.status)));
    }
    let body = serde_json::from_slice::<Value>(&answer.body).ok().filter(Value::is_object);
    let Some(mut body) = body else {
        return Err(NoAnswer::Unclear(format!("HTTP {} without JSON", answer.status)));
    };
    let status = if body["access_token"].is_string() {
        let written = body.get("expires_in").or_else(|| body.get("expires_in_sec"));
        let expires_in_s = match written {
            Some(Value::String(seconds)) => seconds.parse().unwrap_or(EXPIRES_IN_DEFAULT_S),
            Some(seconds) => seconds.as_u64().unwrap_or(EXPIRES_IN_DEFAULT_S),
            None => EXPIRES_IN_DEFAULT_S,
        };
        body["expires_in"] = expires_in_s.into();
        if !body["token_type"].is_string() {
            body["token_type"] = "Bearer".into();
        }
        200
    } else if let Some(error) = body["error"].as_str() {
        body = serde_json::json!({ "error": error });
        400
    } else {
        return Err(NoAnswer::Unclear(format!("HTTP {} with neither a token nor an error", answer.status)));
    };
    oauth2::http::Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(body.to_string().into_bytes())
        .map_err(|_| NoAnswer::Unclear("the answer cannot be passed on".to_owned()))
}

/// The tokens of an answer, or what its refusal means for the caller.
pub fn tokens(
    answer: Result<Response, RequestTokenError<NoAnswer, BasicErrorResponse>>,
    with: With,
) -> Result<Tokens, GrantTrouble> {
    match answer {
        Ok(response) => Ok(Tokens {
            access: secret(response.access_token()),
            refresh: response.refresh_token().map(refresh_secret),
            expires_in_s: response.expires_in().map_or(EXPIRES_IN_DEFAULT_S, |expires_in| expires_in.as_secs()),
            // Zoho may separate scopes by commas, which the RFC does not know.
            scopes: response
                .scopes()
                .into_iter()
                .flatten()
                .flat_map(|scope| scope.split(','))
                .filter(|scope| !scope.is_empty())
                .map(str::to_owned)
                .collect(),
            api_domain: response.extra_fields().api_domain.clone(),
            id_token: response.extra_fields().id_token.clone().map(SecretString::from),
        }),
        Err(RequestTokenError::Request(NoAnswer::Throttled(after))) => Err(GrantTrouble::Throttled(after)),
        Err(RequestTokenError::Request(NoAnswer::Unclear(why))) => Err(GrantTrouble::Unclear(why)),
        Err(RequestTokenError::ServerResponse(error)) => Err(refused(error.error(), with)),
        Err(RequestTokenError::Parse(..)) => Err(GrantTrouble::Unclear("the token answer has an unknown shape".to_owned())),
        Err(RequestTokenError::Other(why)) => Err(GrantTrouble::Unclear(why)),
    }
}

fn refused(error: &BasicErrorResponseType, with: With) -> GrantTrouble {
    match (error.as_ref().to_ascii_lowercase().as_str(), with) {
        ("invalid_grant" | "invalid_code", With::RefreshToken) => GrantTrouble::Dead,
        ("invalid_grant" | "invalid_code", With::Code) => GrantTrouble::BadCode,
        ("access denied" | "access_denied", _) => GrantTrouble::Throttled(ZOHO_THROTTLE),
        (
            word @ ("invalid_client"
            | "unauthorized_client"
            | "invalid_client_secret"
            | "invalid_redirect_uri"
            | "invalid_scope"
            | "unsupported_grant_type"
            | "invalid_request"),
            _,
        ) => GrantTrouble::BadClient(word.to_owned()),
        (word, _) => GrantTrouble::Unclear(word.chars().take(60).collect()),
    }
}

fn secret(token: &AccessToken) -> SecretString {
    token.secret().clone().into()
}

fn refresh_secret(token: &RefreshToken) -> SecretString {
    token.secret().clone().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: Default::default(), body: body.as_bytes().to_vec() }
    }

    fn come_to(status: u16, body: &str, with: With) -> Result<Tokens, GrantTrouble> {
        match normal(&answer(status, body)) {
            Err(no_answer) => tokens(Err(RequestTokenError::Request(no_answer)), with),
            Ok(response) if response.status() == 200 => tokens(Ok(serde_json::from_slice(response.body()).unwrap()), with),
            Ok(response) => {
                tokens(Err(RequestTokenError::ServerResponse(serde_json::from_slice(response.body()).unwrap())), with)
            }
        }
    }

    #[test]
    fn success_is_the_presence_of_a_token_whatever_the_status_says() {
        let body = r#"{"access_token":"a","refresh_token":"r","scope":"ZohoBooks.contacts.ALL,ZohoBooks.settings.ALL","api_domain":"https://www.zohoapis.eu","token_type":"Bearer","expires_in":"3600"}"#;
        let tokens = come_to(200, body, With::Code).unwrap();
        assert_eq!(tokens.expires_in_s, 3600);
        assert_eq!(tokens.scopes, ["ZohoBooks.contacts.ALL", "ZohoBooks.settings.ALL"]);
        assert_eq!(tokens.api_domain.as_deref(), Some("https://www.zohoapis.eu"));
        let tokens = come_to(200, r#"{"access_token":"a","expires_in_sec":60}"#, With::RefreshToken).unwrap();
        assert!(tokens.refresh.is_none() && tokens.scopes.is_empty() && tokens.expires_in_s == 60);
    }

    #[test]
    fn the_same_refusal_means_different_things() {
        for status in [200, 400] {
            let refused = |error: &str, with| come_to(status, &format!(r#"{{"error":"{error}"}}"#), with).unwrap_err();
            assert_eq!(refused("invalid_code", With::Code), GrantTrouble::BadCode);
            assert_eq!(refused("invalid_code", With::RefreshToken), GrantTrouble::Dead);
            assert_eq!(refused("invalid_grant", With::RefreshToken), GrantTrouble::Dead);
            assert_eq!(refused("invalid_client", With::RefreshToken), GrantTrouble::BadClient("invalid_client".into()));
            assert_eq!(refused("Access Denied", With::RefreshToken), GrantTrouble::Throttled(ZOHO_THROTTLE));
            assert!(matches!(refused("server_error", With::RefreshToken), GrantTrouble::Unclear(_)));
        }
    }

    #[test]
    fn whatever_is_not_an_answer_leaves_the_grant_alive() {
        for (status, body) in
            [(500, "{}"), (502, "<html>"), (200, "<html>"), (200, "{\"acc"), (200, "[]"), (200, "{}"), (302, "")]
        {
            assert!(matches!(come_to(status, body, With::RefreshToken), Err(GrantTrouble::Unclear(_))), "{status} {body}");
        }
        assert_eq!(come_to(429, "", With::RefreshToken).unwrap_err(), GrantTrouble::Throttled(UNASKED_WAIT));
    }
}
