//! Where a partner wants to be told of what happens to its customers.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{EndpointId, PartnerId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "endpoint")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: EndpointId,
    pub partner_id: PartnerId,
    pub url: String,
    /// What it is told of, separated by spaces: `run.finished hold.opened`.
    pub events: String,
    /// What messages are signed with, sealed with a master key.
    pub secret: Vec<u8>,
    /// The one before, which signs beside it until `previous_until`.
    pub previous: Option<Vec<u8>>,
    pub previous_until: Option<At>,
    /// `on` or `off`.
    pub state: String,
    /// Why it was switched off, in a sentence of ours.
    pub reason: Option<String>,
    /// Attempts in a row that nobody took.
    pub failures: i32,
    pub failing_since: Option<At>,
    /// Nothing is sent before this.
    pub rest_until: Option<At>,
    pub created_by: String,
    pub created_at: At,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// A partner's.
    #[expect(clippy::disallowed_methods, reason = "this is the door: an endpoint belongs to a partner and to no tenant")]
    pub fn of(partner: PartnerId) -> Select<Entity> {
        Entity::find().filter(Column::PartnerId.eq(partner))
    }

    /// The one that a message goes to, for whoever sends it.
    #[expect(clippy::disallowed_methods, reason = "this is the door: an endpoint belongs to a partner and to no tenant")]
    pub fn by_id(endpoint: EndpointId) -> Select<Entity> {
        Entity::find_by_id(endpoint)
    }

    /// All of them, for whoever seals them anew.
    #[expect(clippy::disallowed_methods, reason = "this is the door: an endpoint belongs to a partner and to no tenant")]
    pub fn all() -> Select<Entity> {
        Entity::find()
    }
}
