//! Organisations that customers let us into, as staff see them.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entities::{connection, grant};
use sea_orm::{ColumnTrait, QueryFilter};

use super::words::{DateTime, Provider};
use super::{find, node_id};
use crate::error::Error;

/// One organisation reached through a customer's consent.
#[derive(SimpleObject)]
pub struct Connection {
    id: ID,
    provider: Provider,
    name: String,
    /// The provider's own id of the organisation.
    organisation_id: String,
    /// Zoho's data centre: `eu`. Null for Xero.
    data_centre: Option<String>,
    /// Base currency, ISO 4217.
    currency: String,
    country: String,
    state: ConnectionState,
    connected_at: DateTime,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
enum ConnectionState {
    Live,
    /// The customer must allow access again.
    NeedsReconnect,
    /// Disconnected, by us or on the provider's side.
    Removed,
}

impl Connection {
    pub async fn of(context: &Context<'_>, row: connection::Model) -> Result<Self, Error> {
        let grant = grant::Entity::of(row.tenant_id)
            .filter(grant::Column::Id.eq(row.grant_id))
            .one(&find::state(context)?.database)
            .await?;
        let state = match (row.state.as_str(), grant.as_ref().map(|grant| grant.state.as_str())) {
            ("live", Some("live" | "choosing")) => ConnectionState::Live,
            ("live", Some("needs_reconnect")) => ConnectionState::NeedsReconnect,
            _ => ConnectionState::Removed,
        };
        Ok(Self {
            id: node_id::connection(row.tenant_id, row.id),
            provider: Provider::read(&row.provider)?,
            name: row.name,
            organisation_id: row.organisation_id,
            data_centre: grant.map(|grant| grant.data_centre).filter(|centre| !centre.is_empty()),
            currency: row.currency,
            country: row.country,
            state,
            connected_at: DateTime(row.connected_at),
        })
    }
}

#[derive(Default)]
pub struct ConnectionMutation;

#[Object]
impl ConnectionMutation {
    /// Gives the access back to the provider. Work of its links rests until the customer connects again.
    async fn disconnect(&self, context: &Context<'_>, connection_id: ID) -> Result<Connection, Error> {
        let by = find::author(context)?;
        let row = find::connection(context, &connection_id).await?;
        jobs::connections::disconnect(find::state(context)?, row.tenant_id, row.id, &by).await?;
        let row = find::connection_of(context, row.tenant_id, row.id).await?;
        Connection::of(context, row).await
    }
}
