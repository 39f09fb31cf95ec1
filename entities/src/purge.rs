//! A customer that is being removed with everything of theirs.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::TenantId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "purge")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    pub asked_at: At,
    /// When the providers were told; nothing is deleted before.
    pub told_at: Option<At>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
