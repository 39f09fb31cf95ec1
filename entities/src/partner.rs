//! Somebody who onboards tenants of their own through the REST API.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::PartnerId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partner")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PartnerId,
    pub name: String,
    pub created_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// One partner.
    #[expect(clippy::disallowed_methods, reason = "this is the door: a partner belongs to no tenant")]
    pub fn of(partner: PartnerId) -> Select<Entity> {
        Entity::find_by_id(partner)
    }

    /// All of them, for staff who give them their clients.
    #[expect(clippy::disallowed_methods, reason = "this is the door: a partner belongs to no tenant")]
    pub fn all() -> Select<Entity> {
        Entity::find()
    }
}
