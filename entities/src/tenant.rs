//! A customer of CloudPerfect.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::TenantId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "tenant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TenantId,
    pub name: String,
    /// Where letters go.
    pub contact_email: String,
    /// `nz`, `au`, `uk`, `us`, ….
    pub region: String,
    /// JSON list of Zoho products: `["books"]`.
    #[sea_orm(column_type = "Text")]
    pub products: String,
    /// The tenant's key, wrapped by a master key.
    pub wrapped_key: Vec<u8>,
    /// SHA-256 of the secret in the status page's address.
    pub status_hash: Vec<u8>,
    pub created_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// All tenants, for staff who may see them all.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn all() -> Select<Entity> {
        Entity::find()
    }

    /// One tenant.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn of(tenant: TenantId) -> Select<Entity> {
        Entity::find_by_id(tenant)
    }
}

impl Entity {
    /// The tenant whose status page this secret opens.
    #[expect(clippy::disallowed_methods, reason = "this is a door: what is asked with is itself the proof")]
    pub fn by_status(hash: &[u8]) -> Select<Entity> {
        Entity::find().filter(Column::StatusHash.eq(hash.to_vec()))
    }
}
