//! Links: when both sides are connected, one Xero organisation is joined to each product of the Zoho organisation.

use connectors::flows;
use entities::clock::At;
use entities::ids::{ConnectionId, LaneId, LinkId, TenantId};
use entities::{connection, database::begin_write, grant, lane, link, unique_field, webhook};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::context::{Context, Failure};
use crate::queue::enqueue;
use crate::tasks::run_link::RunLink;

/// Joins the tenant's two sides if both are connected: link, lanes, and an alarm that provisions the Zoho side. A link that rested
/// because a connection was gone works again. Doing it twice does no harm.
pub async fn join(context: &Context, tenant: TenantId) -> Result<(), Failure> {
    let transaction = begin_write(&context.database).await?;
    let (Some(xero), Some(zoho)) = (live(&transaction, tenant, "xero").await?, live(&transaction, tenant, "zoho").await?) else {
        return Ok(());
    };
    let known = link::Entity::of(tenant)
        .filter(link::Column::XeroConnectionId.eq(xero))
        .filter(link::Column::ZohoConnectionId.eq(zoho))
        .filter(link::Column::Product.eq("books"))
        .one(&transaction)
        .await?;
    let id = match known {
        Some(known) => {
            let id = known.id;
            add_lanes(&transaction, context, tenant, id).await?;
            // Looked at again: somebody may have changed the fields meanwhile.
            unique_field::Entity::delete_many()
                .filter(unique_field::Column::TenantId.eq(tenant))
                .filter(unique_field::Column::LinkId.eq(id))
                .exec(&transaction)
                .await?;
            webhook::Entity::update_many()
                .col_expr(webhook::Column::NextAt, Expr::value(At::default()))
                .filter(webhook::Column::TenantId.eq(tenant))
                .filter(webhook::Column::LinkId.eq(id))
                .exec(&transaction)
                .await?;
            let mut known: link::ActiveModel = known.into();
            known.state = Set("provisioning".to_owned());
            known.rest_reason = Set(None);
            known.next_at = Set(context.now());
            known.update(&transaction).await?;
            id
        }
        None => create(&transaction, context, tenant, xero, zoho).await?,
    };
    enqueue(&transaction, context.clock.as_ref(), &RunLink { tenant, link: id }, context.now()).await?;
    transaction.commit().await?;
    context.waker.wake();
    Ok(())
}

/// Wakes a link: whatever happened, one code path looks what there is to do.
pub async fn wake(connection: &impl ConnectionTrait, context: &Context, tenant: TenantId, id: LinkId) -> Result<(), Failure> {
    link::Entity::update_many()
        .col_expr(link::Column::NextAt, sea_orm::sea_query::Expr::value(context.now()))
        .filter(link::Column::TenantId.eq(tenant))
        .filter(link::Column::Id.eq(id))
        .exec(connection)
        .await?;
    enqueue(connection, context.clock.as_ref(), &RunLink { tenant, link: id }, context.now()).await?;
    context.waker.wake();
    Ok(())
}

async fn live(connection: &impl ConnectionTrait, tenant: TenantId, provider: &str) -> Result<Option<ConnectionId>, Failure> {
    let found = connection::Entity::of(tenant)
        .filter(connection::Column::Provider.eq(provider))
        .filter(connection::Column::State.eq("live"))
        .one(connection)
        .await?;
    let Some(found) = found else { return Ok(None) };
    let works = grant::Entity::of(tenant)
        .filter(grant::Column::Id.eq(found.grant_id))
        .filter(grant::Column::State.eq("live"))
        .one(connection)
        .await?
        .is_some();
    Ok(works.then_some(found.id))
}

async fn create(
    connection: &impl ConnectionTrait,
    context: &Context,
    tenant: TenantId,
    xero: ConnectionId,
    zoho: ConnectionId,
) -> Result<LinkId, Failure> {
    let id = LinkId::new(context.clock.as_ref(), context.chance.as_ref());
    let mut key = [0; 16];
    context.chance.fill(&mut key);
    link::ActiveModel {
        tenant_id: Set(tenant),
        id: Set(id),
        key: Set(key.iter().map(|byte| format!("{byte:02x}")).collect()),
        xero_connection_id: Set(xero),
        zoho_connection_id: Set(zoho),
        product: Set("books".to_owned()),
        state: Set("provisioning".to_owned()),
        rest_reason: Set(None),
        create_missing: Set(false),
        scope: Set(None),
        sync_every_minutes: Set(None),
        one_way: Set(false),
        on_conflict: Set(None),
        default_account: Set(None),
        creates_items: Set(false),
        fence: Set(0),
        slice_owner: Set(None),
        slice_until: Set(None),
        misses: Set(0),
        next_at: Set(context.now()),
        created_at: Set(context.now()),
    }
    .insert(connection)
    .await?;
    add_lanes(connection, context, tenant, id).await?;
    Ok(id)
}

/// Gives the link a lane for every flow that has none yet: all of them when it is new, later those of a newer version.
pub async fn add_lanes(
    connection: &impl ConnectionTrait,
    context: &Context,
    tenant: TenantId,
    link: LinkId,
) -> Result<(), Failure> {
    let known = lane::Entity::of(tenant).filter(lane::Column::LinkId.eq(link)).all(connection).await?;
    for (position, flow) in flows::ALL.iter().enumerate() {
        if known.iter().any(|lane| lane.flow == flow.key()) {
            continue;
        }
        lane::ActiveModel {
            tenant_id: Set(tenant),
            id: Set(LaneId::new(context.clock.as_ref(), context.chance.as_ref())),
            link_id: Set(link),
            flow: Set(flow.key().to_owned()),
            position: Set(position as i32),
            watermark: Set(None),
            anchor: Set(None),
            page: Set(1),
            pull_started: Set(None),
            pull_run: Set(None),
            state: Set("idle".to_owned()),
            zoho_watermark: Set(None),
            zoho_run: Set(None),
        }
        .insert(connection)
        .await?;
    }
    Ok(())
}
