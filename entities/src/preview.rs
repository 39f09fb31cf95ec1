//! What a migration would do, before it does anything: counted for a run of kind `preview`, sealed, and forgotten after a while.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{RunId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "preview")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: RunId,
    /// Sealed: it names accounts and taxes.
    pub content: Vec<u8>,
    pub expires_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
