//! One run's counters for one flow.

use sea_orm::entity::prelude::*;

use crate::ids::{RunId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run_count")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: RunId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub flow: String,
    /// How many records Xero says there are to read.
    pub expected: i64,
    pub seen: i64,
    pub created: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub held: i64,
    pub waiting: i64,
    pub skipped: i64,
    pub xero_calls: i64,
    pub zoho_calls: i64,
    /// Reconciliation: records counted in Xero.
    pub xero_count: i64,
    /// Reconciliation: records counted in Zoho.
    pub zoho_count: i64,
    pub findings: i64,
    /// Reconciliation: how far it is and the sums so far, sealed.
    pub tally: Option<Vec<u8>>,
    /// Records that were carried and are gone from Zoho.
    pub removed: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
