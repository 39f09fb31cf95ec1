//! What we have arranged in Zoho so that it tells us of changes, a link each. The secrets follow from the tenant's key; only the hash of
//! the one in the address is kept, so that a call finds its link.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LinkId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub link_id: LinkId,
    /// SHA-256 of the secret in the address.
    pub path_hash: Vec<u8>,
    /// `made`, `refused` or `off`.
    pub state: String,
    /// Why there are none.
    #[sea_orm(column_type = "Text", nullable)]
    pub sentence: Option<String>,
    /// Not looked at before this moment.
    pub next_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

impl Entity {
    /// The link whose webhooks call this address.
    #[expect(clippy::disallowed_methods, reason = "this is a door: what is asked with is itself the proof")]
    pub fn by_path(hash: &[u8]) -> Select<Entity> {
        Entity::find().filter(Column::PathHash.eq(hash.to_vec()))
    }
}
