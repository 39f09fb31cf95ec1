//! The start: what a link invites to, and the sign-in that its button begins.

use std::time::Duration;

use connectors::oauth::{Pkce, zoho_scopes};
use entities::database::begin_write;
use entities::ids::SignInId;
use entities::{consent, sign_in, tenant};
use jobs::audit::{Author, Deed, note};
use jobs::connections::hash;
use jobs::context::{Context, Failure};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use secrecy::ExposeSecret;
use url::Url;

use super::{Provider, SECRET_BYTES, secret, verifier_place};

/// Long enough for a forgotten password and a second factor.
const SIGN_IN_LIVES: Duration = Duration::from_secs(10 * 60);
/// Buttons pressed within ten minutes on one link. More is not a person.
const SIGN_INS_AT_ONCE_MAX: u64 = 30;
/// The length of a cookie of ours.
const COOKIE_CHARS: usize = 43;

/// An open invitation.
#[derive(Clone, Debug)]
pub struct Invitation {
    pub consent: consent::Model,
    pub tenant: tenant::Model,
    pub provider: Provider,
    /// Codes: `books`.
    pub products: Vec<String>,
    /// What will be asked for.
    pub scopes: Vec<String>,
}

/// A sign-in that has begun.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub to: Url,
    /// What the browser must bring back.
    pub cookie: String,
}

/// What this link invites to; nothing where it is unknown, used, revoked or expired, which all look alike. Changes nothing.
pub async fn invitation(context: &Context, secret: &str) -> Result<Option<Invitation>, Failure> {
    let found = consent::Entity::by_token(&hash(secret)).one(&context.database).await?;
    let now = context.now();
    let Some(consent) = found.filter(|consent| consent.state == "open" && now < consent.expires_at) else {
        return Ok(None);
    };
    let (Some(provider), Some(tenant)) =
        (Provider::parse(&consent.provider), tenant::Entity::of(consent.tenant_id).one(&context.database).await?)
    else {
        return Ok(None);
    };
    let products = products(&tenant)?;
    let scopes = match provider {
        Provider::Xero => context.providers.xero.scopes.clone(),
        Provider::Zoho => {
            let mut scopes = zoho_scopes(&products);
            if scopes.is_empty() {
                scopes = context.providers.zoho.scopes.clone();
            }
            scopes
        }
    };
    Ok(Some(Invitation { consent, tenant, provider, products, scopes }))
}

/// What the customer has at Zoho.
pub fn products(tenant: &tenant::Model) -> Result<Vec<String>, Failure> {
    serde_json::from_str(&tenant.products).map_err(|error| Failure::Bug(format!("the tenant's products: {error}")))
}

/// Begins a sign-in. A cookie the browser has from the other side's sign-in is kept, so that both may be open at once.
pub async fn begin(context: &Context, link_secret: &str, cookie: Option<&str>) -> Result<Option<Begun>, Failure> {
    let Some(invitation) = invitation(context, link_secret).await? else {
        return Ok(None);
    };
    let tenant = &invitation.tenant;
    let key = context.keys.unwrap_tenant(tenant.id, &tenant.wrapped_key)?;
    let cookie = match cookie.filter(|cookie| is_ours(cookie)) {
        Some(cookie) => cookie.to_owned(),
        None => secret(context),
    };
    let state = secret(context);
    let mut random = [0; SECRET_BYTES];
    context.chance.fill(&mut random);
    let pkce = Pkce::new(random);
    let id = SignInId::new(context.clock.as_ref(), context.chance.as_ref());
    let row = sign_in::ActiveModel {
        tenant_id: Set(tenant.id),
        id: Set(id),
        consent_id: Set(invitation.consent.id),
        provider: Set(invitation.provider.name().to_owned()),
        state_hash: Set(hash(&state)),
        cookie_hash: Set(hash(&cookie)),
        verifier: Set(key.seal(verifier_place(id), pkce.verifier.expose_secret().as_bytes(), context.chance.as_ref())),
        expires_at: Set(context.in_a(SIGN_IN_LIVES)),
        used_at: Set(None),
        grant_id: Set(None),
        outcome: Set(None),
    };
    let transaction = begin_write(&context.database).await?;
    let of_this_link = sign_in::Entity::of(tenant.id)
        .filter(sign_in::Column::ConsentId.eq(invitation.consent.id))
        .filter(sign_in::Column::ExpiresAt.gt(context.now()));
    if of_this_link.clone().count(&transaction).await? >= SIGN_INS_AT_ONCE_MAX {
        // The person with the letter must get through, whatever pressed the button before.
        sign_in::Entity::delete_many()
            .filter(sign_in::Column::TenantId.eq(tenant.id))
            .filter(sign_in::Column::ConsentId.eq(invitation.consent.id))
            .filter(sign_in::Column::UsedAt.is_null())
            .exec(&transaction)
            .await?;
    }
    row.insert(&transaction).await?;
    let deed = Deed::done("consent.used", format!("consent:{}", invitation.consent.id), invitation.provider.name());
    note(&transaction, context, tenant.id, &Author::customer(), deed).await?;
    transaction.commit().await?;
    Ok(Some(Begun { to: authorize_url(context, &invitation, &state, &pkce), cookie }))
}

fn authorize_url(context: &Context, invitation: &Invitation, state: &str, pkce: &Pkce) -> Url {
    match invitation.provider {
        Provider::Xero => context.providers.xero.authorize_url(state, pkce),
        Provider::Zoho => {
            let mut zoho = context.providers.zoho.clone();
            zoho.scopes = invitation.scopes.clone();
            zoho.authorize_url(state, pkce)
        }
    }
}

fn is_ours(cookie: &str) -> bool {
    cookie.len() == COOKIE_CHARS && cookie.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
