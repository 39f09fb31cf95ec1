//! Links: when both sides are connected, the Xero organisation is joined to the products of each Zoho organisation.

use connectors::{flows, zoho};
use entities::clock::At;
use entities::ids::{ConnectionId, LaneId, LinkId, TenantId};
use entities::{button, connection, database::begin_write, grant, lane, link, unique_field, webhook};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::context::{Context, Failure};
use crate::purge;
use crate::queue::enqueue;
use crate::tasks::run_link::RunLink;

/// Joins the tenant's two sides if both are connected: links, lanes, and an alarm for each that provisions the Zoho side. A link that
/// rested because a connection was gone works again. Doing it twice does no harm.
pub async fn join(context: &Context, tenant: TenantId) -> Result<(), Failure> {
    let transaction = begin_write(&context.database).await?;
    if purge::is_under_way(&transaction, tenant).await? {
        return Ok(());
    }
    let Some(xero) = live(&transaction, tenant, "xero").await?.pop() else { return Ok(()) };
    for zoho in live(&transaction, tenant, "zoho").await? {
        rest_narrower(&transaction, tenant, &zoho).await?;
        for product in carriers(&zoho.products) {
            let known = link::Entity::of(tenant)
                .filter(link::Column::XeroConnectionId.eq(xero.id))
                .filter(link::Column::ZohoConnectionId.eq(zoho.id))
                .filter(link::Column::Product.eq(product.key))
                .one(&transaction)
                .await?;
            let id = match known {
                Some(known) => wake_again(&transaction, context, known).await?,
                None => create(&transaction, context, tenant, (xero.id, zoho.id), product).await?,
            };
            enqueue(&transaction, context.clock.as_ref(), &RunLink { tenant, link: id }, context.now()).await?;
        }
    }
    transaction.commit().await?;
    context.waker.wake();
    Ok(())
}

/// The products of an organisation that records are carried to. The finance products of one organisation are one set of books: each record
/// is written once, through the product that has the most. Expense keeps claims of its own until they are approved, so that it has a link
/// wherever there is no ledger they could be written to.
pub fn carriers(products: &str) -> Vec<&'static zoho::Product> {
    let has = |product: &&&zoho::Product| products.split(',').any(|one| one == product.key);
    let widest = [&zoho::BOOKS, &zoho::INVENTORY, &zoho::INVOICE, &zoho::BILLING];
    let mut carriers: Vec<&'static zoho::Product> = widest.iter().filter(has).take(1).copied().collect();
    let has_ledger = carriers.iter().any(|product| product.has_ledger);
    carriers.extend([&zoho::EXPENSE].iter().filter(has).filter(|_| !has_ledger));
    carriers.extend([&zoho::CRM].iter().filter(has));
    carriers
}

/// Links of products whose records are written through another product from now on: one record must not travel twice.
async fn rest_narrower(connection: &impl ConnectionTrait, tenant: TenantId, zoho: &connection::Model) -> Result<(), Failure> {
    let carriers = carriers(&zoho.products);
    let Some(widest) = carriers.first() else { return Ok(()) };
    let why = format!("Its records are written through {} now, which has the same organisation.", widest.name);
    link::Entity::update_many()
        .col_expr(link::Column::State, Expr::value("resting"))
        .col_expr(link::Column::RestReason, Expr::value(Some(why)))
        .filter(link::Column::TenantId.eq(tenant))
        .filter(link::Column::ZohoConnectionId.eq(zoho.id))
        .filter(link::Column::Product.is_not_in(carriers.iter().map(|product| product.key)))
        .exec(connection)
        .await?;
    Ok(())
}

/// A link whose connections were renewed.
async fn wake_again(connection: &impl ConnectionTrait, context: &Context, known: link::Model) -> Result<LinkId, Failure> {
    let (tenant, id) = (known.tenant_id, known.id);
    add_lanes(connection, context, &known).await?;
    // Looked at again: somebody may have changed the fields meanwhile.
    unique_field::Entity::delete_many()
        .filter(unique_field::Column::TenantId.eq(tenant))
        .filter(unique_field::Column::LinkId.eq(id))
        .exec(connection)
        .await?;
    webhook::Entity::update_many()
        .col_expr(webhook::Column::NextAt, Expr::value(At::default()))
        .filter(webhook::Column::TenantId.eq(tenant))
        .filter(webhook::Column::LinkId.eq(id))
        .exec(connection)
        .await?;
    button::Entity::update_many()
        .col_expr(button::Column::NextAt, Expr::value(At::default()))
        .filter(button::Column::TenantId.eq(tenant))
        .filter(button::Column::LinkId.eq(id))
        .exec(connection)
        .await?;
    let mut known: link::ActiveModel = known.into();
    known.state = Set("provisioning".to_owned());
    known.rest_reason = Set(None);
    known.next_at = Set(context.now());
    known.update(connection).await?;
    Ok(id)
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

/// The connections of one side that work.
async fn live(connection: &impl ConnectionTrait, tenant: TenantId, provider: &str) -> Result<Vec<connection::Model>, Failure> {
    let mut found = connection::Entity::of(tenant)
        .filter(connection::Column::Provider.eq(provider))
        .filter(connection::Column::State.eq("live"))
        .all(connection)
        .await?;
    let working = grant::Entity::of(tenant)
        .filter(grant::Column::Id.is_in(found.iter().map(|one| one.grant_id)))
        .filter(grant::Column::State.eq("live"))
        .all(connection)
        .await?;
    found.retain(|one| working.iter().any(|grant| grant.id == one.grant_id));
    Ok(found)
}

async fn create(
    connection: &impl ConnectionTrait,
    context: &Context,
    tenant: TenantId,
    (xero, zoho): (ConnectionId, ConnectionId),
    product: &'static zoho::Product,
) -> Result<LinkId, Failure> {
    let id = LinkId::new(context.clock.as_ref(), context.chance.as_ref());
    let mut key = [0; 16];
    context.chance.fill(&mut key);
    let created = link::ActiveModel {
        tenant_id: Set(tenant),
        id: Set(id),
        key: Set(key.iter().map(|byte| format!("{byte:02x}")).collect()),
        xero_connection_id: Set(xero),
        zoho_connection_id: Set(zoho),
        product: Set(product.key.to_owned()),
        state: Set("provisioning".to_owned()),
        rest_reason: Set(None),
        create_missing: Set(false),
        scope: Set(None),
        sync_every_minutes: Set(None),
        one_way: Set(false),
        on_conflict: Set(None),
        default_account: Set(None),
        creates_items: Set(false),
        native_wish: Set(None),
        native_found: Set(None),
        native_at: Set(None),
        fence: Set(0),
        slice_owner: Set(None),
        slice_until: Set(None),
        misses: Set(0),
        next_at: Set(context.now()),
        created_at: Set(context.now()),
    }
    .insert(connection)
    .await?;
    add_lanes(connection, context, &created).await?;
    Ok(id)
}

/// Gives the link a lane for every flow that has none yet: all of them when it is new, later those of a newer version.
pub async fn add_lanes(connection: &impl ConnectionTrait, context: &Context, link: &link::Model) -> Result<(), Failure> {
    let known = lane::Entity::of(link.tenant_id).filter(lane::Column::LinkId.eq(link.id)).all(connection).await?;
    for (position, flow) in flows::of(&link.product).enumerate() {
        if known.iter().any(|lane| lane.flow == flow.key()) {
            continue;
        }
        lane::ActiveModel {
            tenant_id: Set(link.tenant_id),
            id: Set(LaneId::new(context.clock.as_ref(), context.chance.as_ref())),
            link_id: Set(link.id),
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

#[cfg(test)]
mod tests {
    use super::carriers;

    #[test]
    fn the_finance_products_of_an_organisation_are_written_through_the_one_that_has_the_most() {
        let keys = |products: &str| carriers(products).iter().map(|product| product.key).collect::<Vec<_>>();
        assert_eq!(keys("books,inventory,billing,expense"), ["books"]);
        assert_eq!(keys("inventory,billing,expense"), ["inventory", "expense"]);
        assert_eq!(keys("billing"), ["billing"]);
        assert_eq!(keys("invoice,expense"), ["invoice", "expense"]);
        assert_eq!(keys("expense"), ["expense"]);
        assert_eq!(keys("crm"), ["crm"]);
        assert!(keys("").is_empty());
    }
}
