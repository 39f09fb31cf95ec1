//! A program of a partner's, known by its id and a secret.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{ApiClientId, PartnerId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "api_client")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ApiClientId,
    pub partner_id: PartnerId,
    pub name: String,
    /// What its tokens may allow, separated by spaces: `tenants:read runs:write`.
    pub scopes: String,
    /// Argon2id of the secret, with its salt and costs.
    pub secret_hash: String,
    /// The secret before, which works until `previous_until`.
    pub previous_hash: Option<String>,
    pub previous_until: Option<At>,
    /// Who made it.
    pub created_by: String,
    pub created_at: At,
    pub rotated_at: Option<At>,
    pub revoked_at: Option<At>,
    /// When it last got a token.
    pub used_at: Option<At>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// One client.
    #[expect(clippy::disallowed_methods, reason = "this is the door: a client belongs to a partner and to no tenant")]
    pub fn of(client: ApiClientId) -> Select<Entity> {
        Entity::find_by_id(client)
    }

    /// All of them, for staff who administer them.
    #[expect(clippy::disallowed_methods, reason = "this is the door: a client belongs to a partner and to no tenant")]
    pub fn all() -> Select<Entity> {
        Entity::find()
    }
}
