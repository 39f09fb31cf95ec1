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

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;
    use crate::http::stub::Stub;

    const NOW_S: i64 = 1_800_000_000;

    fn app(base: &Url) -> Xero {
        Xero {
            client_id: "our-app".into(),
            client_secret: "our secret".to_owned().into(),
            redirect_uri: "https://connect.example/oauth/xero/callback".parse().unwrap(),
            scopes: vec!["openid".into(), "offline_access".into()],
            login_url: base.clone(),
            identity_url: base.clone(),
        }
    }

    fn jwt(key: &KeyPair, kid: &str, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({"alg": "RS256", "kid": kid, "typ": "JWT"})), part(claims));
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn jwks(key: &KeyPair, kid: &str) -> JwkSet {
        let public = key.public_key();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (n, e) =
            (part(public.modulus().big_endian_without_leading_zero()), part(public.exponent().big_endian_without_leading_zero()));
        serde_json::from_value(json!({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": e}]}))
            .unwrap()
    }

    #[test]
    fn the_browser_is_sent_to_xero_with_everything_it_needs() {
        let app = app(&"https://login.xero.com".parse().unwrap());
        let url = app.authorize_url("s t", &Pkce::new([7; 32]));
        assert!(url.as_str().starts_with(
            "https://login.xero.com/identity/connect/authorize?response_type=code&client_id=our-app&state=s+t&code_challenge="
        ));
        let query: std::collections::HashMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((query["scope"].as_str(), query["code_challenge_method"].as_str()), ("openid offline_access", "S256"));
        assert_eq!(query["redirect_uri"], "https://connect.example/oauth/xero/callback");
        assert!(!url.as_str().contains("secret"));
    }

    #[tokio::test]
    async fn codes_and_tokens_are_exchanged_with_our_secret_in_the_header() {
        let body = r#"{"id_token":"i","access_token":"a","expires_in":1800,"token_type":"Bearer","refresh_token":"r2","scope":"openid offline_access"}"#;
        let json_type = "content-type: application/json\r\n";
        let stub = Stub::answering(vec![
            (200, json_type, body.into()),
            (200, json_type, body.into()),
            (400, json_type, r#"{"error":"invalid_grant"}"#.into()),
            (200, "", String::new()),
        ])
        .await;
        let (app, http) = (app(&stub.url), Http::new());
        let tokens = app.exchange_code(&http, "the code", &Pkce::from_verifier("v".repeat(43).into())).await.unwrap();
        assert_eq!(tokens.scopes, ["openid", "offline_access"]);
        let refreshed = app.refresh(&http, &"r1".to_owned().into()).await.unwrap();
        assert_eq!(refreshed.refresh.unwrap().expose_secret(), "r2");
        assert_eq!(app.refresh(&http, &"r1".to_owned().into()).await.unwrap_err(), GrantTrouble::Dead);
        app.revoke(&http, &"r2".to_owned().into()).await.unwrap();
        let requests = stub.requests();
        // "our-app:our+secret": RFC 6749 has both parts form-encoded before they are joined.
        assert!(requests[0].contains("authorization: Basic b3VyLWFwcDpvdXIrc2VjcmV0"), "{}", requests[0]);
        assert!(
            requests[0].starts_with("POST /connect/token ")
                && requests[0].contains("grant_type=authorization_code&code=the+code&code_verifier=vvv")
        );
        assert!(requests[1].contains("grant_type=refresh_token&refresh_token=r1"));
        assert!(requests[3].starts_with("POST /connect/revocation ") && requests[3].ends_with("token=r2"));
    }

    #[test]
    fn only_a_token_that_xero_signed_for_us_and_that_is_valid_now_is_trusted() {
        let (key, stranger) = (KeyPair::generate(KeySize::Rsa2048).unwrap(), KeyPair::generate(KeySize::Rsa2048).unwrap());
        let keys = jwks(&key, "k1");
        let claims = |change: Value| {
            let mut claims = json!({"iss": "https://identity.xero.com", "aud": "https://identity.xero.com/resources", "exp": NOW_S + 1800, "nbf": NOW_S,
                "sub": "s", "xero_userid": "u", "authentication_event_id": "e", "scope": ["openid"]});
            claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            claims
        };
        let check = |token: &str| {
            verified::<AccessClaims>(&keys, token, "https://identity.xero.com", "https://identity.xero.com/resources", NOW_S)
        };
        let good = check(&jwt(&key, "k1", &claims(json!({})))).unwrap();
        assert_eq!(merged(good, None).authentication_event_id.as_deref(), Some("e"));
        for (what, token) in [
            ("another's signature", jwt(&stranger, "k1", &claims(json!({})))),
            ("an unknown key", jwt(&key, "k2", &claims(json!({})))),
            ("expired", jwt(&key, "k1", &claims(json!({"exp": NOW_S - 61})))),
            ("not yet", jwt(&key, "k1", &claims(json!({"nbf": NOW_S + 61})))),
            ("another issuer", jwt(&key, "k1", &claims(json!({"iss": "https://evil.example"})))),
            ("another audience", jwt(&key, "k1", &claims(json!({"aud": "somebody"})))),
            ("no end", jwt(&key, "k1", &claims(json!({"exp": null})))),
            ("no token", "a.b.c".to_owned()),
            (
                "unsigned",
                format!(
                    "{}.{}.",
                    URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"k1"}"#),
                    URL_SAFE_NO_PAD.encode(claims(json!({})).to_string())
                ),
            ),
        ] {
            assert!(check(&token).is_err(), "{what}");
        }
        assert!(check(&jwt(&key, "k1", &claims(json!({"exp": NOW_S - 59})))).is_ok());
    }

    #[tokio::test]
    async fn who_consented_is_read_from_both_tokens() {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let json_type = "content-type: application/json\r\n";
        let keys = serde_json::to_string(&jwks(&key, "k1")).unwrap();
        let discovery =
            |jwks_uri: &str| (200, json_type, format!(r#"{{"issuer":"https://identity.xero.com","jwks_uri":"{jwks_uri}"}}"#));
        let answers = vec![discovery("{base}keys"), (200, json_type, keys), discovery("https://evil.example/keys")];
        let stub = Stub::answering(answers).await;
        let access = jwt(
            &key,
            "k1",
            &json!({"iss": "https://identity.xero.com", "aud": "https://identity.xero.com/resources", "exp": NOW_S + 9, "sub": "s", "authentication_event_id": "e"}),
        );
        let id = jwt(
            &key,
            "k1",
            &json!({"iss": "https://identity.xero.com", "aud": "our-app", "exp": NOW_S + 9, "sub": "s", "email": "ada@example.com", "given_name": "Ada", "family_name": "L"}),
        );
        let tokens = Tokens {
            access: access.into(),
            refresh: None,
            expires_in_s: 9,
            scopes: Vec::new(),
            api_domain: None,
            id_token: Some(id.into()),
        };
        let claims = app(&stub.url).claims(&Http::new(), &tokens, NOW_S).await.unwrap();
        assert_eq!(
            (claims.email.as_deref(), claims.name.as_deref(), claims.authentication_event_id.as_deref()),
            (Some("ada@example.com"), Some("Ada L"), Some("e"))
        );
        let hostile = app(&stub.url).claims(&Http::new(), &tokens, NOW_S).await;
        assert!(matches!(hostile, Err(GrantTrouble::Unclear(why)) if why.contains("another host")));
    }
}
