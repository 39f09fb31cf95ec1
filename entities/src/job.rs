//! An alarm: look at this link or letter. The row it names is the truth.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::TenantId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "job")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub queue: String,
    pub name: String,
    pub tenant_id: Option<TenantId>,
    /// Ids only.
    #[sea_orm(column_type = "Text")]
    pub payload: String,
    /// `pending`, `running`, `done` or `failed`.
    pub status: String,
    pub attempts: i32,
    pub max_attempts: i32,
    pub priority: i32,
    pub run_at: At,
    /// Woken while it ran: due again at this moment.
    pub again: Option<At>,
    pub dedup: Option<String>,
    pub lock_by: Option<String>,
    pub lock_at: Option<At>,
    pub done_at: Option<At>,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
    pub created_at: At,
    /// The trace of whoever asked for it last, as W3C `traceparent`.
    pub traceparent: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// All jobs: they belong to the workers, not to a tenant.
    #[expect(clippy::disallowed_methods, reason = "this is the door")]
    pub fn all() -> Select<Entity> {
        Entity::find()
    }
}
