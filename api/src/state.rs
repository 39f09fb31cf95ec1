//! What every handler may touch, made once at the start from the settings.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::Arc;

use connectors::http::Http;
use connectors::oauth::{Xero, Zoho, zoho_scopes};
use entities::chance::Chance;
use entities::clock::Clock;
use jobs::context::{Context, Providers};
use jobs::events::courier::Courier;
use sea_orm::DatabaseConnection;
use url::Url;

use crate::caller::{NoKeys, PartnerTokens, Staff};
use crate::clients::Verifier;
use crate::onboarding::products_known;
use crate::settings::Settings;

/// Cheap to clone; handlers take it as `web::Data<State>`.
#[derive(Clone)]
pub struct State {
    pub context: Context,
    pub settings: Arc<Settings>,
    /// Knows the staff by their tokens.
    pub staff: Staff,
    /// Signs and knows the tokens of partners' programs.
    pub partners: PartnerTokens,
    /// Knows partners' programs by their secrets.
    pub clients: Verifier,
}

impl State {
    /// Reads the keys that staff tokens are checked with.
    pub async fn new(context: Context, settings: Settings) -> Result<Self, NoKeys> {
        let staff =
            Staff::load(settings.jwt_issuer.clone(), settings.jwt_audience.clone(), &settings.jwt_keys, context.clock.clone())
                .await?;
        let partners = PartnerTokens::new(context.keys.clone(), &context.public_url);
        let clients = Verifier::new(context.chance.as_ref(), context.clock.clone());
        Ok(Self { context, settings: Arc::new(settings), staff, partners, clients })
    }
}

impl Deref for State {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

/// What jobs and handlers share, from the settings. Time and chance are the caller's, so that a test can hold both.
pub fn context(settings: &Settings, database: DatabaseConnection, clock: Arc<dyn Clock>, chance: Arc<dyn Chance>) -> Context {
    Context {
        name: jobs::worker::new_name(chance.as_ref()),
        database,
        clock,
        chance,
        keys: settings.master_keys.clone(),
        http: Http::new(),
        providers: Arc::new(providers(settings)),
        post: Arc::new(settings.post.clone()),
        courier: Courier::new(&settings.public_url, settings.is_development()),
        public_url: settings.public_url.clone(),
        waker: Default::default(),
        shelves: Default::default(),
        habits: settings.habits,
    }
}

fn providers(settings: &Settings) -> Providers {
    Providers {
        xero: Xero {
            client_id: settings.xero_client_id.clone(),
            client_secret: settings.xero_client_secret.clone(),
            redirect_uri: callback(&settings.public_url, "xero"),
            scopes: settings.xero_scopes.clone(),
            login_url: settings.xero_login_url.clone(),
            identity_url: settings.xero_identity_url.clone(),
        },
        xero_api: settings.xero_api_url.clone(),
        xero_go: settings.xero_go_url.clone(),
        zoho: Zoho {
            client_id: settings.zoho_client_id.clone(),
            client_secret: settings.zoho_client_secret.clone(),
            client_secrets: HashMap::clone(&settings.zoho_client_secrets),
            redirect_uri: callback(&settings.public_url, "zoho"),
            scopes: zoho_scopes(&products_known()),
            accounts_url: settings.zoho_accounts_url.clone(),
        },
        data_centres: settings.zoho_data_centres.clone(),
        limits: settings.limits,
    }
}

/// Where a provider sends the customer back to; registered with it, character for character.
fn callback(public_url: &Url, provider: &str) -> Url {
    let mut callback = public_url.clone();
    callback.set_path(&format!("/oauth/{provider}/callback"));
    callback
}
