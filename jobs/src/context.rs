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
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
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

    /// The tenant's key, unwrapped.
    pub async fn tenant_key(&self, tenant: TenantId) -> Result<TenantKey, Failure> {
        self.tenant_key_in(&self.database, tenant).await
    }

    /// The tenant's key, read inside a transaction.
    pub async fn tenant_key_in(&self, connection: &impl ConnectionTrait, tenant: TenantId) -> Result<TenantKey, Failure> {
        let row = tenant::Entity::of(tenant)
            .one(connection)
            .await?
            .ok_or_else(|| Failure::Bug(format!("tenant {tenant} is not there")))?;
        Ok(self.keys.unwrap_tenant(tenant, &row.wrapped_key)?)
    }
}
