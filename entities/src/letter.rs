//! An e-mail: queued, sent, or failed. What it says is sealed until it is sent, then gone.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LetterId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "letter")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LetterId,
    /// `consent` or `reconnect`.
    pub kind: String,
    /// `queued`, `sent` or `failed`.
    pub state: String,
    /// What the template needs, sealed. Removed once sent.
    pub words: Option<Vec<u8>>,
    pub message_id: Option<String>,
    pub attempts: i32,
    pub queued_at: At,
    pub sent_at: Option<At>,
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
