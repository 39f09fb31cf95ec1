//! One OAuth consent: sealed tokens, scopes, generation, state. The lease for a refresh is on it.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{GrantId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "oauth_grant")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: GrantId,
    pub provider: String,
    /// Zoho's data centre, `eu`. Empty for Xero.
    pub data_centre: String,
    /// The provider's id of who consented.
    pub subject: String,
    /// Xero's `authentication_event_id`: which consent this was. Empty for Zoho.
    pub event: String,
    /// Space separated, as granted.
    #[sea_orm(column_type = "Text")]
    pub scopes: String,
    pub api_base: String,
    /// The refresh token, sealed.
    pub refresh: Vec<u8>,
    /// The refresh token before this one, sealed: Xero accepts it for 30 minutes if the answer was lost.
    pub previous: Option<Vec<u8>>,
    pub previous_until: Option<At>,
    /// The access token, sealed.
    pub access: Vec<u8>,
    pub access_until: At,
    /// Grows with every rotation; every change compares it.
    pub generation: i64,
    pub lease_owner: Option<String>,
    pub lease_until: Option<At>,
    pub lease_epoch: i64,
    /// `choosing`, `live`, `needs_reconnect` or `revoked`.
    pub state: String,
    pub created_at: At,
    pub refreshed_at: At,
    /// When the customer was last asked to reconnect.
    pub told_at: Option<At>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();
