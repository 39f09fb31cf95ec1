//! From an address to a row that the asker may see. What they may not see is not there.

use actix_web::{HttpMessage, HttpRequest};
use entities::ids::{LinkId, RunId, TenantId};
use entities::{link, run, tenant};
use sea_orm::{ColumnTrait, QueryFilter};

use crate::caller::{Asker, Scope};
use crate::error::Error;
use crate::state::State;

/// Who asks, if they may do what the scope is for.
pub fn asker(request: &HttpRequest, scope: Scope) -> Result<Asker, Error> {
    let asker = request.extensions().get::<Asker>().cloned().ok_or(Error::Unauthenticated)?;
    asker.may(scope)?;
    Ok(asker)
}

/// A tenant; an id that is none is an unknown one.
pub async fn tenant(state: &State, asker: &Asker, id: &str) -> Result<tenant::Model, Error> {
    let id = visible(state, asker, id).await?;
    tenant::Entity::of(id).one(&state.database).await?.ok_or(Error::NotFound("tenant"))
}

pub async fn link(state: &State, asker: &Asker, tenant: &str, id: &str) -> Result<link::Model, Error> {
    let tenant = visible(state, asker, tenant).await?;
    let id: LinkId = id.parse().map_err(|_| Error::NotFound("link"))?;
    link::Entity::of(tenant).filter(link::Column::Id.eq(id)).one(&state.database).await?.ok_or(Error::NotFound("link"))
}

pub async fn run(state: &State, asker: &Asker, tenant: &str, id: &str) -> Result<run::Model, Error> {
    let tenant = visible(state, asker, tenant).await?;
    let id: RunId = id.parse().map_err(|_| Error::NotFound("run"))?;
    run::Entity::of(tenant).filter(run::Column::Id.eq(id)).one(&state.database).await?.ok_or(Error::NotFound("run"))
}

async fn visible(state: &State, asker: &Asker, tenant: &str) -> Result<TenantId, Error> {
    let id = tenant.parse().map_err(|_| Error::NotFound("tenant"))?;
    if asker.sees(state, id).await? { Ok(id) } else { Err(Error::NotFound("tenant")) }
}
