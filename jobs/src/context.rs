//! What a job may touch. Time and chance come from here too, so a test can hold both.

use std::sync::Arc;
use std::time::Duration;

use connectors::http::Http;
use connectors::oauth::{Xero, Zoho};
use connectors::zoho::DataCentres;
use emails::post::Post;
use entities::chance::Chance;
use entities::clock::{At, Clock};
use entities::ids::TenantId;
use entities::sealed::{MasterKeys, SealTrouble, TenantKey};
use entities::tenant;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter};
use url::Url;

use crate::events::courier::Courier;
use crate::in_step::Habits;
use crate::limits::LimitSettings;
use crate::queue::Waker;
use crate::sync::shelf::Shelves;

/// Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// What is written on everything that this worker holds.
    pub name: Arc<str>,
    pub database: DatabaseConnection,
    pub clock: Arc<dyn Clock>,
    pub chance: Arc<dyn Chance>,
    pub keys: MasterKeys,
    pub http: Http,
    pub providers: Arc<Providers>,
    pub post: Arc<Post>,
    /// Calls what partners gave us to call.
    pub courier: Courier,
    pub public_url: Url,
    pub waker: Waker,
    pub shelves: Shelves,
    pub habits: Habits,
}

/// How the two providers are reached, and how fast.
pub struct Providers {
    pub xero: Xero,
    /// Where Xero's API answers: `https://api.xero.com`.
    pub xero_api: Url,
    /// Where Xero's screens are: `https://go.xero.com`.
    pub xero_go: Url,
    pub zoho: Zoho,
    pub data_centres: DataCentres,
    pub limits: LimitSettings,
}

/// Why a job or an operation did not come to its end. Everything a provider does is a state, not a failure.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The database did not answer as it should; the same again later may.
    #[error("the database failed")]
    Database(#[from] DbErr),
    /// A sealed value does not open.
    #[error("a sealed value does not open")]
    Seal(#[from] SealTrouble),
    /// Another worker has taken this over: stop, write nothing.
    #[error("another worker has taken this over")]
    Fenced,
    /// A wrong assumption of ours.
    #[error("bug: {0}")]
    Bug(String),
}

impl Context {
    pub fn now(&self) -> At {
        self.clock.now()
    }

    pub fn in_a(&self, while_: Duration) -> At {
        self.now().plus(while_)
    }

    /// The tenant's key, unwrapped. One that an older master key wraps is wrapped with the newest on the way.
    pub async fn tenant_key(&self, tenant: TenantId) -> Result<TenantKey, Failure> {
        let row = tenant_row(&self.database, tenant).await?;
        let key = self.keys.unwrap_tenant(tenant, &row.wrapped_key)?;
        if !self.keys.is_newest(&row.wrapped_key)
            && let Err(error) = self.wrap_anew(&key, row).await
        {
            tracing::warn!(%error, tenant.id = %tenant, "a tenant's key could not be wrapped with the newest master key; the next read will");
        }
        Ok(key)
    }

    /// The tenant's key, read inside a transaction: it may hold others' locks, so that nothing is written beside it.
    pub async fn tenant_key_in(&self, connection: &impl ConnectionTrait, tenant: TenantId) -> Result<TenantKey, Failure> {
        let row = tenant_row(connection, tenant).await?;
        Ok(self.keys.unwrap_tenant(tenant, &row.wrapped_key)?)
    }

    /// Only over what was read: a rotation may have been quicker, and a customer who is removed meanwhile stays removed.
    async fn wrap_anew(&self, key: &TenantKey, row: tenant::Model) -> Result<(), DbErr> {
        let wrapped = self.keys.wrap(key, self.chance.as_ref());
        tenant::Entity::update_many()
            .col_expr(tenant::Column::WrappedKey, Expr::value(wrapped))
            .filter(tenant::Column::Id.eq(row.id))
            .filter(tenant::Column::WrappedKey.eq(row.wrapped_key))
            .exec(&self.database)
            .await?;
        Ok(())
    }
}

async fn tenant_row(connection: &impl ConnectionTrait, tenant: TenantId) -> Result<tenant::Model, Failure> {
    let found = tenant::Entity::of(tenant).one(connection).await?;
    found.ok_or_else(|| Failure::Bug(format!("tenant {tenant} is not there")))
}
