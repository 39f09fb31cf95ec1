//! Invitations to consent, as staff see them: their state, never their secret.

use async_graphql::{Enum, SimpleObject};
use entities::clock::At;
use entities::consent;

use super::words::{DateTime, Provider};
use crate::error::Error;

/// One e-mailed invitation.
#[derive(SimpleObject)]
pub struct Consent {
    provider: Provider,
    state: ConsentState,
    created_at: DateTime,
    expires_at: DateTime,
    used_at: Option<DateTime>,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum ConsentState {
    /// Its link can be followed.
    Open,
    /// Its link led to a connection, and leads nowhere now.
    Used,
    /// Closed by us, or replaced by a newer one.
    Revoked,
    /// Nobody followed its link in time.
    Expired,
}

impl Consent {
    pub fn of(row: &consent::Model, now: At) -> Result<Self, Error> {
        let state = match row.state.as_str() {
            "used" => ConsentState::Used,
            "revoked" => ConsentState::Revoked,
            _ if row.expires_at <= now => ConsentState::Expired,
            _ => ConsentState::Open,
        };
        Ok(Self {
            provider: Provider::read(&row.provider)?,
            state,
            created_at: DateTime(row.created_at),
            expires_at: DateTime(row.expires_at),
            used_at: row.used_at.map(DateTime),
        })
    }
}
