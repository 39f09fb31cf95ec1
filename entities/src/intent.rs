//! An external write, recorded before it is sent, until its outcome is known. At most one a record.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LaneId, RunId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "intent")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lane_id: LaneId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub xero_id: String,
    pub run_id: RunId,
    /// Of the slice that wrote it: an older one is unknown.
    pub fence: i64,
    pub attempts: i32,
    pub created_at: At,
    /// `xero` for a write to Xero; Zoho's have none.
    pub toward: Option<String>,
    /// When it was first sent.
    pub sent_at: Option<At>,
    /// Keyed hashes of what the record is recognised by in Xero, and of whose it is where the first may have been changed.
    pub trace: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
