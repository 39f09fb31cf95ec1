//! A person's word on an account, a tax or a currency of Xero: which one of Zoho it is, or that it may be created there.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LaneId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reference")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lane_id: LaneId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub xero_id: String,
    /// The one in Zoho; none: it may be created.
    pub zoho_id: Option<String>,
    pub set_by: String,
    pub set_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
