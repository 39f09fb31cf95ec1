//! Who may ask over REST: staff, or a partner's program. What each may do, and which tenants there are for it.

use entities::ids::TenantId;
use entities::{api_client, partner_tenant};
use jobs::audit::{Author, Source};
use jobs::in_step::{BY_HINT, BY_TIME};
use sea_orm::{ColumnTrait, QueryFilter};

use super::partner::{Partner, Scope};
use super::{Caller, LEEWAY};
use crate::error::Error;
use crate::state::State;

/// Staff or a partner.
#[derive(Clone, Debug)]
pub enum Asker {
    Staff(Caller),
    Partner(Partner),
}

impl Asker {
    /// Who sends this `Authorization`. Every reason to refuse gets the same answer.
    pub async fn of(state: &State, authorization: Option<&str>) -> Result<Self, Error> {
        let Some(token) = authorization.and_then(partners_token) else {
            return Ok(Self::Staff(state.staff.caller(authorization).await?));
        };
        let partner = state.partners.read(token, state.now(), LEEWAY).map_err(|reason| {
            tracing::info!(%reason, "a partner's token was refused");
            Error::Unauthenticated
        })?;
        // A token outlives its client by a quarter of an hour at most, and nobody is to wait that long for a revocation.
        let client = api_client::Entity::of(partner.client).one(&state.database).await?;
        match client {
            Some(client) if client.revoked_at.is_none() => Ok(Self::Partner(partner)),
            _ => Err(Error::Unauthenticated),
        }
    }

    /// Who is written down as having asked.
    pub fn subject(&self) -> String {
        match self {
            Self::Staff(caller) => caller.subject.clone(),
            Self::Partner(partner) => format!("client:{}", partner.client),
        }
    }

    /// Who asked for something, as this asker may know it: nobody's names and no other program's id.
    pub fn shown(&self, who: String) -> String {
        match self {
            Self::Partner(_) if who != self.subject() && ![BY_TIME, BY_HINT].contains(&who.as_str()) => "cloudperfect".to_owned(),
            _ => who,
        }
    }

    /// The same, for the audit log.
    pub fn author(&self) -> Author {
        Author::bearer(&self.subject(), Source::Rest)
    }

    /// Whether this asker may do what the scope is for.
    pub fn may(&self, scope: Scope) -> Result<(), Error> {
        match self {
            Self::Staff(_) if scope == Scope::TenantsRead => Ok(()),
            Self::Staff(caller) => caller.may_act(),
            Self::Partner(partner) if partner.scopes.contains(&scope) => Ok(()),
            Self::Partner(_) => Err(Error::Forbidden { needs: scope.needed() }),
        }
    }

    /// Whether this asker may take new tenants in.
    pub fn may_onboard(&self) -> Result<(), Error> {
        self.may(Scope::TenantsWrite)?;
        match self {
            Self::Staff(caller) => caller.may_onboard(),
            Self::Partner(_) => Ok(()),
        }
    }

    /// Another's tenant is as absent as one that does not exist.
    pub async fn sees(&self, state: &State, tenant: TenantId) -> Result<bool, Error> {
        match self {
            Self::Staff(caller) => Ok(caller.sees(tenant)),
            Self::Partner(partner) => {
                let own = partner_tenant::Entity::of(tenant).filter(partner_tenant::Column::PartnerId.eq(partner.id));
                Ok(own.one(&state.database).await?.is_some())
            }
        }
    }
}

/// The token, where it says that it is one of ours. Whether it is, its signature tells.
fn partners_token(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    let token = token.trim();
    let is_ours = scheme.eq_ignore_ascii_case("bearer") && Partner::is_meant(token);
    is_ours.then_some(token)
}
