//! A way that leads from a contact in Zoho to the same contact in Xero: a button on customers, one on vendors, or a field with the address.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{LinkId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "button")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub link_id: LinkId,
    /// `customer` or `vendor`: a button there; `field`: the custom field that both share.
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: String,
    /// Somebody may have asked for its removal. The field always stays.
    pub wanted: bool,
    /// Zoho's id of it.
    pub zoho_id: Option<String>,
    /// Of a button, a print of the script that stands there; of the field, its name in the API.
    pub version: Option<String>,
    /// `off`: there is none; `made`; `refused`: Zoho does not let us.
    pub state: String,
    /// Why Zoho does not let us, for people.
    pub sentence: Option<String>,
    /// What was mended last, for people, and when.
    pub mended: Option<String>,
    pub mended_at: Option<At>,
    pub checked_at: Option<At>,
    /// When it is looked at next.
    pub next_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
