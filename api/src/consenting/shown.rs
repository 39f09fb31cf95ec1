//! What the customer sees after a sign-in: connected, still at it, or why not.

use std::time::Duration;

use entities::{connection, grant, sign_in, tenant};
use jobs::connections::hash;
use jobs::context::{Context, Failure};
use sea_orm::{ColumnTrait, QueryFilter};

use super::{Outcome, Problem, Provider, is_same_browser};

/// A callback that has not come to an end by then was cut off: its calls to the provider take half of that at most.
const WORKING_MAX: Duration = Duration::from_secs(120);

/// What the page after a sign-in shows.
pub enum Shown {
    /// Not this browser's business, or long ago.
    Nothing,
    /// A moment more.
    Working,
    /// Another page says it.
    Elsewhere(String),
    Connected(Box<Connected>),
}

pub struct Connected {
    pub tenant_name: String,
    pub provider: Provider,
    pub organisation: String,
    /// The other side, where it is still to be allowed.
    pub missing: Option<Provider>,
    /// The path of the customer's own page.
    pub status: String,
}

/// What this sign-in came to, for the browser that began it.
pub async fn shown(context: &Context, state: &str, cookie: Option<&str>) -> Result<Shown, Failure> {
    let found = sign_in::Entity::by_state(&hash(state)).one(&context.database).await?;
    let Some(sign_in) = found.filter(|sign_in| is_same_browser(sign_in, cookie)) else {
        return Ok(Shown::Nothing);
    };
    let Some(provider) = Provider::parse(&sign_in.provider) else {
        return Ok(Shown::Nothing);
    };
    let Some(used_at) = sign_in.used_at else {
        return Ok(Shown::Nothing);
    };
    match sign_in.outcome.as_deref().and_then(Outcome::parse) {
        None if context.now().since(used_at) < WORKING_MAX => Ok(Shown::Working),
        None => Ok(Shown::Elsewhere(Outcome::Problem(Problem::Interrupted).page(provider, state))),
        Some(Outcome::Connected) => connected(context, &sign_in, provider).await,
        Some(other) => Ok(Shown::Elsewhere(other.page(provider, state))),
    }
}

/// Where a browser is sent that comes back with a spent sign-in.
pub fn page_of(provider: Provider, sign_in: &sign_in::Model, state: &str) -> String {
    sign_in
        .outcome
        .as_deref()
        .and_then(Outcome::parse)
        // Not known yet: the page of the end waits for it.
        .unwrap_or(Outcome::Connected)
        .page(provider, state)
}

async fn connected(context: &Context, sign_in: &sign_in::Model, provider: Provider) -> Result<Shown, Failure> {
    let tenant = tenant::Entity::of(sign_in.tenant_id)
        .one(&context.database)
        .await?
        .ok_or_else(|| Failure::Bug("a sign-in of no tenant".to_owned()))?;
    let key = context.keys.unwrap_tenant(tenant.id, &tenant.wrapped_key)?;
    let here = live(context, sign_in, provider).await?;
    let other = live(context, sign_in, provider.other()).await?;
    Ok(Shown::Connected(Box::new(Connected {
        tenant_name: tenant.name,
        provider,
        organisation: here.map(|here| here.name).unwrap_or_default(),
        missing: other.is_none().then(|| provider.other()),
        status: format!("/status/{}", key.token("status")),
    })))
}

async fn live(context: &Context, sign_in: &sign_in::Model, provider: Provider) -> Result<Option<connection::Model>, Failure> {
    let tenant = sign_in.tenant_id;
    let connection = connection::Entity::of(tenant)
        .filter(connection::Column::Provider.eq(provider.name()))
        .filter(connection::Column::State.eq("live"))
        .one(&context.database)
        .await?;
    let Some(connection) = connection else {
        return Ok(None);
    };
    let works = grant::Entity::of(tenant)
        .filter(grant::Column::Id.eq(connection.grant_id))
        .filter(grant::Column::State.eq("live"))
        .one(&context.database)
        .await?;
    Ok(works.map(|_| connection))
}
