//! A tenant's wish: what sets tracking in Xero, or which custom field stands for which place there. Read in the order of `position`.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LinkId, RuleId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "rule")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RuleId,
    pub link_id: LinkId,
    /// `tracking` or `field`.
    pub kind: String,
    pub position: i32,
    /// The rule as JSON, sealed.
    pub body: Vec<u8>,
    pub set_by: String,
    pub set_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
