//! Xero's sign-in: the consent, its tokens, and who gave it.

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointSet, RedirectUrl, RefreshToken, Scope, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::bridge::{self, With, tokens};
use super::{GrantTrouble, Pkce, Tokens};
use crate::http::{Http, at};

/// Seconds by which the clocks of two machines may differ.
const LEEWAY_S: i64 = 60;

/// Our app at Xero.
#[derive(Debug, Clone)]
pub struct Xero {
    pub client_id: String,
    pub client_secret: SecretString,
    pub redirect_uri: Url,
    pub scopes: Vec<String>,
    /// `https://login.xero.com`
    pub login_url: Url,
    /// `https://identity.xero.com`
    pub identity_url: Url,
}

/// Who gave a consent, and which consent it was. Read from signed tokens only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// Equal to `auth_event_id` of the connections this very consent made.
    pub authentication_event_id: Option<String>,
    pub xero_userid: Option<String>,
    pub sub: String,
    pub email: Option<String>,
    pub name: Option<String>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Url,
}

#[derive(Deserialize)]
struct AccessClaims {
    sub: Option<String>,
    xero_userid: Option<String>,
    authentication_event_id: Option<String>,
}

#[derive(Deserialize)]
struct IdClaims {
    sub: Option<String>,
    xero_userid: Option<String>,
    email: Option<String>,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
}

/// The times every token has, checked against a clock that is given.
#[derive(Deserialize)]
struct Timed<C> {
    exp: i64,
    nbf: Option<i64>,
    #[serde(flatten)]
    claims: C,
}

impl Xero {
    /// Where the customer's browser goes to allow access.
    pub fn authorize_url(&self, state: &str, pkce: &Pkce) -> Url {
        let client = self.client();
        let scopes = self.scopes.iter().cloned().map(Scope::new);
        let state = state.to_owned();
        client.authorize_url(|| CsrfToken::new(state)).add_scopes(scopes).set_pkce_challenge(pkce.challenge()).url().0
    }

    pub async fn exchange_code(&self, http: &Http, code: &str, pkce: &Pkce) -> Result<Tokens, GrantTrouble> {
        let client = self.client();
        let request = client.exchange_code(AuthorizationCode::new(code.to_owned())).set_pkce_verifier(pkce.code_verifier());
        tokens(request.request_async(&bridge::Bridge(http.clone())).await, With::Code)
    }

    /// Gives a new refresh token too: store it before anything else is done with the access token.
    pub async fn refresh(&self, http: &Http, refresh_token: &SecretString) -> Result<Tokens, GrantTrouble> {
        let client = self.client();
        let refresh_token = RefreshToken::new(refresh_token.expose_secret().to_owned());
        let request = client.exchange_refresh_token(&refresh_token);
        tokens(request.request_async(&bridge::Bridge(http.clone())).await, With::RefreshToken)
    }

    /// Ends the grant and **every** connection this user made with us. To disconnect one organisation, delete its connection.
    pub async fn revoke(&self, http: &Http, refresh_token: &SecretString) -> Result<(), GrantTrouble> {
        let request = http
            .client()
            .post(at(&self.identity_url, "connect/revocation"))
            .basic_auth(&self.client_id, Some(self.client_secret.expose_secret()))
            .form(&[("token", refresh_token.expose_secret())]);
        let answer = http.send(request).await.map_err(|trouble| GrantTrouble::Unclear(trouble.to_string()))?;
        match answer.status {
            200..300 => Ok(()),
            400..500 => Err(GrantTrouble::BadClient(format!("HTTP {}", answer.status))),
            status => Err(GrantTrouble::Unclear(format!("HTTP {status}"))),
        }
    }

    /// Who consented, from the signed tokens. `now_s` is the time in seconds since 1970.
    pub async fn claims(&self, http: &Http, tokens: &Tokens, now_s: i64) -> Result<Claims, GrantTrouble> {
        let discovery: Discovery = fetch(http, at(&self.identity_url, ".well-known/openid-configuration")).await?;
        if discovery.jwks_uri.origin() != self.identity_url.origin() {
            return Err(GrantTrouble::Unclear("the keys are said to be on another host".to_owned()));
        }
        let keys: JwkSet = fetch(http, discovery.jwks_uri).await?;
        let audience = format!("{}/resources", discovery.issuer.trim_end_matches('/'));
        let access: AccessClaims = verified(&keys, tokens.access.expose_secret(), &discovery.issuer, &audience, now_s)?;
        let id: Option<IdClaims> = match &tokens.id_token {
            Some(token) => Some(verified(&keys, token.expose_secret(), &discovery.issuer, &self.client_id, now_s)?),
            None => None,
        };
        Ok(merged(access, id))
    }

    fn client(&self) -> bridge::Client<EndpointSet, EndpointSet> {
        bridge::Client::new(ClientId::new(self.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.client_secret.expose_secret().to_owned()))
            .set_auth_uri(AuthUrl::from_url(at(&self.login_url, "identity/connect/authorize")))
            .set_token_uri(TokenUrl::from_url(at(&self.identity_url, "connect/token")))
            .set_redirect_uri(RedirectUrl::from_url(self.redirect_uri.clone()))
    }
}

fn merged(access: AccessClaims, id: Option<IdClaims>) -> Claims {
    let mut claims = Claims {
        authentication_event_id: access.authentication_event_id,
        xero_userid: access.xero_userid,
        sub: access.sub.unwrap_or_default(),
        ..Claims::default()
    };
    if let Some(id) = id {
        claims.xero_userid = claims.xero_userid.or(id.xero_userid);
        if claims.sub.is_empty() {
            claims.sub = id.sub.unwrap_or_default();
        }
        claims.email = id.email;
        claims.name = id.name.or_else(|| {
            let parts: Vec<String> = [id.given_name, id.family_name].into_iter().flatten().collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        });
    }
    claims
}

async fn fetch<T: DeserializeOwned>(http: &Http, url: Url) -> Result<T, GrantTrouble> {
    let unclear = |why: String| GrantTrouble::Unclear(why);
    let answer = http.send(http.client().get(url)).await.map_err(|trouble| unclear(trouble.to_string()))?;
    match answer.is_success() {
        true => serde_json::from_slice(&answer.body)
            .map_err(|_| unclear("the sign-in service's description cannot be read".to_owned())),
        false => Err(unclear(format!("HTTP {}", answer.status))),
    }
}

/// The claims of a token that one of these keys has signed, for this audience, and that is valid now.
fn verified<C: DeserializeOwned>(
    keys: &JwkSet,
    token: &str,
    issuer: &str,
    audience: &str,
    now_s: i64,
) -> Result<C, GrantTrouble> {
    let refuse = |why: &str| GrantTrouble::Unclear(format!("a token is not to be trusted: {why}"));
    let header = decode_header(token).map_err(|_| refuse("it is not a JWT"))?;
    let kid = header.kid.ok_or_else(|| refuse("it names no key"))?;
    let key = keys.find(&kid).ok_or_else(|| refuse("its key is unknown"))?;
    let key = DecodingKey::from_jwk(key).map_err(|_| refuse("its key cannot be read"))?;
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[issuer]);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    // Times are compared below, with the clock we are given.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let timed: Timed<C> = decode(token, &key, &validation).map_err(|_| refuse("signature, issuer or audience is wrong"))?.claims;
    if timed.exp + LEEWAY_S < now_s {
        return Err(refuse("it has expired"));
    }
    if timed.nbf.is_some_and(|nbf| nbf - LEEWAY_S > now_s) {
        return Err(refuse("it is not valid yet"));
    }
    Ok(timed.claims)
}
