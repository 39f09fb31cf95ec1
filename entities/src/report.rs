//! What a reconciliation found of the two ledgers, sealed.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{RunId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "report")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: RunId,
    /// Whether every difference has a cause that explains it.
    pub agrees: bool,
    /// The tables, sealed.
    pub body: Vec<u8>,
    pub expires_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
