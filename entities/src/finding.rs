//! One line of a reconciliation that is not equal, with its named cause.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{FindingId, RunId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "finding")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: FindingId,
    pub run_id: RunId,
    pub flow: String,
    /// 1: counts and sums. 2: one document. 3: an account of the ledger.
    pub level: i32,
    pub cause: String,
    /// The cause is known and named; otherwise the books differ.
    pub explained: bool,
    /// The sentence, sealed.
    pub detail: Vec<u8>,
    pub expires_at: At,
    /// Xero's id of the document that it is about.
    pub xero_id: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
