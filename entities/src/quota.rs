//! A provider's limits as all workers count them together: one row an organisation.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::TenantId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "quota")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// `xero:<organisation>` or `zoho:<organisation>`.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// GCRA's theoretical arrival time, µs.
    pub tat: i64,
    /// Which day `used` counts, days since 1970.
    pub day: i64,
    pub used: i64,
    /// From the provider's own words; wins over our count.
    pub paused_until: Option<At>,
    /// `minute`, `day`, `concurrent` or `app`.
    pub paused_for: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
