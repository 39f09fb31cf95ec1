//! Tokens of partners' programs: signed by us, checked by us, good for a quarter of an hour.

use std::time::Duration;

use entities::clock::At;
use entities::ids::{ApiClientId, PartnerId};
use entities::sealed::MasterKeys;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

/// How long a token is good for.
pub const TOKEN_LIVES: Duration = Duration::from_secs(15 * 60);
/// What the signing key is derived for.
const PURPOSE: &str = "cpconnect 2026 partner token";
/// A type of its own, and not RFC 9068's `at+jwt`, which the staff's identity provider may write into theirs.
const TYPE: &str = "partner+jwt";
const TOKEN_BYTES_MAX: usize = 4 * 1024;

/// What a program may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    TenantsRead,
    TenantsWrite,
    RunsWrite,
    WebhooksWrite,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::TenantsRead, Self::TenantsWrite, Self::RunsWrite, Self::WebhooksWrite];

    pub fn name(self) -> &'static str {
        match self {
            Self::TenantsRead => "tenants:read",
            Self::TenantsWrite => "tenants:write",
            Self::RunsWrite => "runs:write",
            Self::WebhooksWrite => "webhooks:write",
        }
    }

    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }

    /// For people who choose.
    pub fn allows(self) -> &'static str {
        match self {
            Self::TenantsRead => "Look at your customers, their links and runs",
            Self::TenantsWrite => "Take customers in, and set up the button in Zoho",
            Self::RunsWrite => "Start and steer runs, and try held records again",
            Self::WebhooksWrite => "Say where you are told of what happens to your customers",
        }
    }

    /// What a refusal says.
    pub fn needed(self) -> &'static str {
        match self {
            Self::TenantsRead => "it needs the scope tenants:read",
            Self::TenantsWrite => "it needs the scope tenants:write",
            Self::RunsWrite => "it needs the scope runs:write",
            Self::WebhooksWrite => "it needs the scope webhooks:write",
        }
    }

    /// As they are stored and told: separated by spaces. A name that is none any more allows nothing.
    pub fn list(text: &str) -> Vec<Self> {
        text.split_whitespace().filter_map(Self::read).collect()
    }

    pub fn text(scopes: &[Self]) -> String {
        scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(" ")
    }
}

/// A partner's program that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    pub client: ApiClientId,
    pub id: PartnerId,
    pub scopes: Vec<Scope>,
}

impl Partner {
    /// Whether a token says that it is a partner's. Only which key to check it with follows from this.
    pub fn is_meant(token: &str) -> bool {
        token.len() <= TOKEN_BYTES_MAX
            && jsonwebtoken::decode_header(token).is_ok_and(|header| header.typ.as_deref() == Some(TYPE))
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: ApiClientId,
    partner: PartnerId,
    scope: String,
    iat: i64,
    exp: i64,
    jti: Uuid,
}

/// Signs and checks them. The key follows from the master keys, so every process has it and a rotation carries it along: the newest signs,
/// and each that is still there checks what it signed.
#[derive(Clone)]
pub struct PartnerTokens {
    keys: MasterKeys,
    issuer: String,
}

/// Why a token is refused: for the log only.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("{0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error("its key is not among MASTER_KEYS")]
    UnknownKey,
    #[error("it has expired")]
    Expired,
}

impl PartnerTokens {
    pub fn new(keys: MasterKeys, public_url: &Url) -> Self {
        Self { keys, issuer: public_url.origin().ascii_serialization() }
    }

    /// A new token. `id` names it.
    pub fn sign(&self, partner: &Partner, now: At, id: Uuid) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        let (kid, key) = self.keys.newest_derived(PURPOSE);
        header.kid = Some(kid);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience(),
            sub: partner.client,
            partner: partner.id,
            scope: Scope::text(&partner.scopes),
            iat: now.0 / 1_000_000,
            exp: now.plus(TOKEN_LIVES).0 / 1_000_000,
            jti: id,
        };
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(key.as_slice()))
    }

    /// Whose it is.
    pub fn read(&self, token: &str, now: At, leeway: Duration) -> Result<Partner, Refused> {
        let kid = jsonwebtoken::decode_header(token)?.kid.ok_or(Refused::UnknownKey)?;
        let key = self.keys.derived_of(&kid, PURPOSE).ok_or(Refused::UnknownKey)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[self.audience()]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The end is judged below, by the clock that everything else goes by.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_secret(key.as_slice()), &validation)?.claims;
        if At(claims.exp.saturating_mul(1_000_000)).plus(leeway) <= now {
            return Err(Refused::Expired);
        }
        Ok(Partner { client: claims.sub, id: claims.partner, scopes: Scope::list(&claims.scope) })
    }

    fn audience(&self) -> String {
        format!("{}/api/v1", self.issuer)
    }
}

#[cfg(test)]
mod tests {
    use entities::chance::SeededChance;

    use super::*;

    fn keys(names: &[&str]) -> MasterKeys {
        let keys = names.iter().map(|name| MasterKeys::generate(name, &SeededChance::new(name.len() as u64)));
        MasterKeys::parse(&keys.collect::<Vec<_>>().join(",")).unwrap()
    }

    fn tokens(names: &[&str]) -> PartnerTokens {
        PartnerTokens::new(keys(names), &"https://connect.example.com/".parse().unwrap())
    }

    fn partner() -> Partner {
        Partner {
            client: ApiClientId(Uuid::from_u128(1)),
            id: PartnerId(Uuid::from_u128(2)),
            scopes: vec![Scope::TenantsRead, Scope::RunsWrite],
        }
    }

    #[test]
    fn a_token_is_known_until_it_ends_and_by_other_processes() {
        let now = At(1_800_000_000_000_000);
        let token = tokens(&["k"]).sign(&partner(), now, Uuid::from_u128(3)).unwrap();
        assert!(Partner::is_meant(&token));
        let read = |at| tokens(&["k"]).read(&token, at, Duration::ZERO);
        assert_eq!(read(now).unwrap(), partner());
        assert!(read(now.plus(TOKEN_LIVES - Duration::from_secs(1))).is_ok());
        assert!(matches!(read(now.plus(TOKEN_LIVES)), Err(Refused::Expired)));
    }

    #[test]
    fn a_rotation_of_master_keys_ends_no_token_while_the_old_key_is_there() {
        let now = At(1_800_000_000_000_000);
        let token = tokens(&["old"]).sign(&partner(), now, Uuid::from_u128(3)).unwrap();
        assert!(tokens(&["newer", "old"]).read(&token, now, Duration::ZERO).is_ok());
        assert!(matches!(tokens(&["newer"]).read(&token, now, Duration::ZERO), Err(Refused::UnknownKey)));
    }

    #[test]
    fn what_another_installation_or_nobody_signed_is_refused() {
        let now = At(1_800_000_000_000_000);
        let there = PartnerTokens::new(keys(&["k"]), &"https://elsewhere.example.com/".parse().unwrap());
        let foreign = there.sign(&partner(), now, Uuid::from_u128(3)).unwrap();
        assert!(tokens(&["k"]).read(&foreign, now, Duration::ZERO).is_err());
        let mut bent = tokens(&["k"]).sign(&partner(), now, Uuid::from_u128(3)).unwrap();
        bent.truncate(bent.len() - 4);
        assert!(tokens(&["k"]).read(&bent, now, Duration::ZERO).is_err());
    }
}
