//! What one endpoint of a partner's is told: ids and counts, never a record.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::{EndpointId, MessageId, TenantId};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "message")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MessageId,
    pub endpoint_id: EndpointId,
    /// `run.finished`, `hold.opened`, ….
    pub event: String,
    /// The link that it is about, or the tenant.
    pub about: Uuid,
    /// JSON, as it is sent. Empty while it is being gathered.
    #[sea_orm(column_type = "Text")]
    pub body: String,
    /// `gathering`, `waiting`, `delivered` or `given_up`.
    pub state: String,
    /// Since it was written, or asked for again.
    pub attempts: i32,
    pub made_at: At,
    /// When it was written, or asked for again.
    pub begun_at: At,
    pub due_at: At,
    pub settled_at: Option<At>,
    /// What the endpoint answered last.
    pub status: Option<i32>,
    /// Why the last attempt came to nothing, in words of ours.
    #[sea_orm(column_type = "Text", nullable)]
    pub error: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

impl Entity {
    /// One endpoint's, for the partner whose it is.
    #[expect(clippy::disallowed_methods, reason = "this is a door: an endpoint is found by its partner first")]
    pub fn of_endpoint(endpoint: EndpointId) -> Select<Entity> {
        Entity::find().filter(Column::EndpointId.eq(endpoint))
    }
}
