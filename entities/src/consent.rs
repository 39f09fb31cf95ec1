//! One e-mailed invitation to consent to one provider. Only the hash of its secret is kept.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{ConsentId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "consent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConsentId,
    /// `xero` or `zoho`.
    pub provider: String,
    /// SHA-256 of the secret in the link.
    pub token_hash: Vec<u8>,
    /// `open`, `used` or `revoked`.
    pub state: String,
    pub created_at: At,
    pub expires_at: At,
    pub used_at: Option<At>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

impl Entity {
    /// The invitation that this secret opens.
    #[expect(clippy::disallowed_methods, reason = "this is a door: what is asked with is itself the proof")]
    pub fn by_token(hash: &[u8]) -> Select<Entity> {
        Entity::find().filter(Column::TokenHash.eq(hash.to_vec()))
    }
}
