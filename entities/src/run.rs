//! A migration, an incremental pass, or a reconciliation: when, state, outcome.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LinkId, RunId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RunId,
    pub link_id: LinkId,
    /// `migration`, `sync`, `changes`, `reconciliation` or `preview`.
    pub kind: String,
    /// `working`, `paused`, `done`, `cancelled` or `failed`.
    pub state: String,
    /// Which flow or step it is at.
    pub stage: String,
    /// Why it is paused or failed, in a sentence.
    #[sea_orm(column_type = "Text", nullable)]
    pub reason: Option<String>,
    /// `user`, `limit`, `trouble`, `reconnect` or `guard`.
    pub pause: Option<String>,
    pub resume_at: Option<At>,
    /// Zoho's locked periods when the run began, as JSON.
    pub locks: Option<String>,
    /// How often the lanes were read in this run.
    pub passes: i32,
    /// For a reconciliation: equal to the cent.
    pub clean: Option<bool>,
    pub requested_by: String,
    pub created_at: At,
    pub started_at: Option<At>,
    pub ended_at: Option<At>,
    /// A person has looked at how much is removed, and wants it.
    pub may_remove: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
