//! From an id in a question to a row that the caller may see. What they may not see is not there.

use async_graphql::{Context, ID};
use entities::ids::{ConnectionId, LinkId, RunId, TenantId};
use entities::{connection, link, run, tenant};
use jobs::audit::{Author, Source};
use jobs::context::Failure;
use sea_orm::{ColumnTrait, QueryFilter};

use super::node_id;
use super::noting::Trail;
use crate::caller::Caller;
use crate::error::Error;
use crate::state::State;

pub fn state<'a>(context: &Context<'a>) -> Result<&'a State, Error> {
    context.data::<State>().map_err(|_| Error::Internal(Failure::Bug("the schema has no state".to_owned())))
}

/// Who asks. Without one there is no answer, whatever was forgotten before this.
pub fn caller<'a>(context: &Context<'a>) -> Result<&'a Caller, Error> {
    let caller = context.data::<Caller>().map_err(|_| Error::Unauthenticated)?;
    if caller.is_over(state(context)?.now()) { Err(Error::Unauthenticated) } else { Ok(caller) }
}

/// Who acts.
pub fn actor<'a>(context: &Context<'a>) -> Result<&'a Caller, Error> {
    let caller = caller(context)?;
    caller.may_act()?;
    Ok(caller)
}

/// Who looks after the installation itself: partners' programs, the queues.
pub fn administrator<'a>(context: &Context<'a>) -> Result<&'a Caller, Error> {
    let caller = caller(context)?;
    caller.may_let_in()?;
    Ok(caller)
}

/// Who acts, for the audit log.
pub fn author(context: &Context<'_>) -> Result<Author, Error> {
    let trail = context.data_opt::<Trail>().cloned().unwrap_or_default();
    Ok(Author::watched(&actor(context)?.subject, Source::GraphQl, trail.0))
}

pub async fn tenant(context: &Context<'_>, id: &ID) -> Result<tenant::Model, Error> {
    let id = node_id::read_tenant(id)?;
    visible(context, id, "tenant")?;
    tenant::Entity::of(id).one(&state(context)?.database).await?.ok_or(Error::NotFound("tenant"))
}

pub async fn link(context: &Context<'_>, id: &ID) -> Result<link::Model, Error> {
    let (tenant, id) = node_id::read_link(id)?;
    visible(context, tenant, "link")?;
    link_of(context, tenant, id).await
}

pub async fn link_of(context: &Context<'_>, tenant: TenantId, id: LinkId) -> Result<link::Model, Error> {
    link::Entity::of(tenant).filter(link::Column::Id.eq(id)).one(&state(context)?.database).await?.ok_or(Error::NotFound("link"))
}

pub async fn run(context: &Context<'_>, id: &ID) -> Result<run::Model, Error> {
    let (tenant, id) = node_id::read_run(id)?;
    visible(context, tenant, "run")?;
    run_of(context, tenant, id).await
}

pub async fn run_of(context: &Context<'_>, tenant: TenantId, id: RunId) -> Result<run::Model, Error> {
    run::Entity::of(tenant).filter(run::Column::Id.eq(id)).one(&state(context)?.database).await?.ok_or(Error::NotFound("run"))
}

pub async fn connection(context: &Context<'_>, id: &ID) -> Result<connection::Model, Error> {
    let (tenant, id) = node_id::read_connection(id)?;
    visible(context, tenant, "connection")?;
    connection_of(context, tenant, id).await
}

pub async fn connection_of(context: &Context<'_>, tenant: TenantId, id: ConnectionId) -> Result<connection::Model, Error> {
    connection::Entity::of(tenant)
        .filter(connection::Column::Id.eq(id))
        .one(&state(context)?.database)
        .await?
        .ok_or(Error::NotFound("connection"))
}

fn visible(context: &Context<'_>, tenant: TenantId, noun: &'static str) -> Result<(), Error> {
    if caller(context)?.sees(tenant) { Ok(()) } else { Err(Error::NotFound(noun)) }
}
