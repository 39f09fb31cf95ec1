//! The inbox: a record that somebody said has changed, until it was looked at. Only its id, never what it says.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LaneId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "hint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lane_id: LaneId,
    /// `xero` or `zoho`: where the record has changed.
    #[sea_orm(primary_key, auto_increment = false)]
    pub side: String,
    /// Its id there.
    #[sea_orm(primary_key, auto_increment = false)]
    pub record_id: String,
    /// When that was said last. A hint that comes again is later than it was, whatever the clocks say.
    pub seen_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
