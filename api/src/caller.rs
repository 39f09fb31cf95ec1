//! Who asks: a member of staff with a role, or a partner's program with scopes, known by a signed token. Nobody else gets past here.

mod asker;
mod keys;
mod partner;

use std::collections::HashSet;
use std::str::FromStr;
use std::time::Duration;

use entities::clock::At;
use entities::ids::TenantId;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use crate::error::Error;
pub use asker::Asker;
pub use keys::{NoKeys, Staff};
pub use partner::{Partner, PartnerTokens, Scope, TOKEN_LIVES};

/// Clocks of two machines differ; more than this is not a difference of clocks.
const LEEWAY: Duration = Duration::from_secs(30);

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The token's `sub`: who is written down as having asked.
    pub subject: String,
    pub role: Role,
    /// The only tenants they may see; all where absent.
    pub tenants: Option<HashSet<TenantId>>,
    /// When the token ends: a subscription ends with it.
    pub until: At,
}

/// What a member of staff may do. Each role may do what the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Onboards and steers.
    Operator,
    /// An operator, who lets others in, hands everything out, and does what cannot be undone.
    Admin,
}

impl Caller {
    /// Whether this caller may act; looking needs no more than being a caller.
    pub fn may_act(&self) -> Result<(), Error> {
        if self.role >= Role::Operator { Ok(()) } else { Err(Error::Forbidden { needs: "it needs the role operator or admin" }) }
    }

    /// Whether this caller may do what hands out everything, or cannot be undone.
    pub fn may_administer(&self) -> Result<(), Error> {
        if self.role >= Role::Admin { Ok(()) } else { Err(Error::Forbidden { needs: "it needs the role admin" }) }
    }

    /// Whether this caller may make new tenants, which one limited to some could not even see.
    pub fn may_onboard(&self) -> Result<(), Error> {
        self.may_act()?;
        match self.tenants {
            None => Ok(()),
            Some(_) => Err(Error::Forbidden { needs: "it needs a token that is not limited to some tenants" }),
        }
    }

    /// Whether this caller may say who else gets in, and look after the installation itself.
    pub fn may_let_in(&self) -> Result<(), Error> {
        match (self.role, &self.tenants) {
            (Role::Admin, None) => Ok(()),
            _ => Err(Error::Forbidden { needs: "it needs the role admin and a token that is not limited to some tenants" }),
        }
    }

    /// Whether the token has ended meanwhile: a WebSocket outlives the check at its start.
    pub fn is_over(&self, now: At) -> bool {
        self.until.plus(LEEWAY) <= now
    }

    /// Another's tenant is as absent as one that does not exist.
    pub fn sees(&self, tenant: TenantId) -> bool {
        self.tenants.as_ref().is_none_or(|tenants| tenants.contains(&tenant))
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "viewer" => Ok(Self::Viewer),
            "operator" => Ok(Self::Operator),
            "admin" => Ok(Self::Admin),
            _ => Err("must be admin, operator or viewer".to_owned()),
        }
    }
}

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenants: Option<HashSet<TenantId>>,
}

/// One or several: the standard allows both.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Signs a token with the shared secret: for development, tests and `cpconnect token`.
pub fn mint(secret: &[u8], issuer: &str, audience: &str, caller: &Caller) -> Result<String, jsonwebtoken::errors::Error> {
    let claims = Claims {
        iss: issuer.to_owned(),
        aud: Audience::One(audience.to_owned()),
        sub: caller.subject.clone(),
        exp: caller.until.0 / 1_000_000,
        nbf: None,
        role: caller.role,
        tenants: caller.tenants.clone(),
    };
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret))
}
