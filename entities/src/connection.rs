//! One organisation reached through a grant: a Xero organisation, or a Zoho organisation with its data centre.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{ConnectionId, GrantId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "connection")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ConnectionId,
    pub grant_id: GrantId,
    /// `xero` or `zoho`.
    pub provider: String,
    /// The provider's own id of the organisation.
    pub organisation_id: String,
    pub name: String,
    /// Where its API answers: for Zoho, the `api_domain` of the token answer.
    pub api_base: String,
    /// Where its web pages are.
    pub web_base: String,
    /// Base currency, ISO 4217.
    pub currency: String,
    pub country: String,
    /// Xero's `ShortCode`, for links that open the right organisation. Empty for Zoho.
    pub short_code: String,
    /// Decimals that Zoho keeps of a price.
    pub price_precision: i32,
    /// Zoho's id of the base currency. Empty for Xero.
    pub currency_id: String,
    pub plan: String,
    /// Which of the customer's Zoho products this organisation has, with commas: `books,inventory`. Empty for Xero.
    pub products: String,
    /// `live` or `removed`.
    pub state: String,
    pub connected_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

impl Entity {
    /// Who is connected to this organisation, whichever tenant: an organisation belongs to one at most.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is a door: asked only whether an organisation is taken, and whom a message that its provider has signed is for"
    )]
    pub fn of_organisation(provider: &str, organisation: &str) -> Select<Entity> {
        Entity::find()
            .filter(Column::Provider.eq(provider))
            .filter(Column::OrganisationId.eq(organisation))
            .filter(Column::State.ne("removed"))
    }
}
