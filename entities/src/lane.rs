//! A flow switched on for a link: its cursors and state.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LaneId, LinkId, RunId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "lane")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LaneId,
    pub link_id: LinkId,
    /// `Flow::KEY`.
    pub flow: String,
    /// Order of carrying: needs come first.
    pub position: i32,
    /// All changes up to here were read.
    pub watermark: Option<At>,
    /// Where the present pull goes on, in the provider's time.
    pub anchor: Option<At>,
    /// Page within the anchor's second.
    pub page: i32,
    /// The provider's time when the present pull began.
    pub pull_started: Option<At>,
    /// The run this pull is for.
    pub pull_run: Option<RunId>,
    /// `idle`, `reading` or `read`.
    pub state: String,
    /// All changes in Zoho up to here were noticed, by Zoho's clock.
    pub zoho_watermark: Option<At>,
    /// The run in which Zoho's list was last looked through.
    pub zoho_run: Option<RunId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
