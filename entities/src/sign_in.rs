//! One started OAuth sign-in: what its callback must match.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{ConsentId, GrantId, SignInId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignInId,
    pub consent_id: ConsentId,
    pub provider: String,
    /// SHA-256 of the `state` that was sent.
    pub state_hash: Vec<u8>,
    /// SHA-256 of the browser's `__Host-` cookie.
    pub cookie_hash: Vec<u8>,
    /// The PKCE verifier, sealed.
    pub verifier: Vec<u8>,
    pub expires_at: At,
    pub used_at: Option<At>,
    /// Set when the tokens have come and an organisation is still to be chosen.
    pub grant_id: Option<GrantId>,
    /// What the callback came to, so that a second call shows the same: `connected`, `choose`, or the code of a problem.
    pub outcome: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

impl Entity {
    /// The sign-in that this `state` belongs to.
    #[expect(clippy::disallowed_methods, reason = "this is a door: what is asked with is itself the proof")]
    pub fn by_state(hash: &[u8]) -> Select<Entity> {
        Entity::find().filter(Column::StateHash.eq(hash.to_vec()))
    }
}
