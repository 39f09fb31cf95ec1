//! A record that could not be carried, and why, in a sentence, until it can.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LaneId, RunId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "hold")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub lane_id: LaneId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub xero_id: String,
    pub run_id: RunId,
    pub code: String,
    /// Announced in the product's documents: a clean migration may contain it.
    pub expected: bool,
    /// Sealed.
    pub sentence: Vec<u8>,
    pub held_at: At,
    pub expires_at: At,
    pub attempts: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
