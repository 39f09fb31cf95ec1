//! Zoho's own integration of Books and CRM. Where it joins the two, what we write into the books appears in CRM by itself; written by us as
//! well, each record would be there twice. So a link to CRM makes none then: accounts and vendors that the integration has made bear our
//! marks and lead to Xero, everything else is left to it.

use std::time::Duration;

use connectors::flow::{Record, Unmappable};
use connectors::side::Trouble;
use connectors::zoho::{self, Dialect};
use entities::database::sql;
use entities::{connection, link, run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};

use super::slice::{Halt, Provider, Slice};
use crate::in_step::{BY_HINT, BY_TIME};

/// How often it is looked at by itself.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Records that the integration has not made yet, or has made under another name.
pub const CODE: &str = "NATIVE_INTEGRATION";

/// Looks, at the beginning of a run, whether there is such an integration: once a day, and whenever a person starts a run. What it had not
/// made the last time is looked for again.
pub async fn tend(slice: &mut Slice, run: &run::Model) -> Result<(), Halt> {
    if slice.product.dialect != Dialect::Crm || run.started_at.is_some() {
        return Ok(());
    }
    let is_due = slice.link.native_at.is_none_or(|at| slice.context.now().since(at) >= LOOKED_AT_EVERY);
    if !is_due && [BY_TIME, BY_HINT].contains(&run.requested_by.as_str()) {
        return Ok(());
    }
    // Where nobody answers, what was found before stands.
    let found = match slice.link.native_wish {
        Some(_) => slice.link.native_found,
        None => look(slice).await?.or(slice.link.native_found),
    };
    let was_beside = slice.link.is_beside_native();
    let now = slice.context.now();
    link::Entity::update_many()
        .col_expr(link::Column::NativeFound, Expr::value(found))
        .col_expr(link::Column::NativeAt, Expr::value(Some(now)))
        .filter(link::Column::TenantId.eq(slice.tenant))
        .filter(link::Column::Id.eq(slice.link.id))
        .exec(&slice.context.database)
        .await?;
    (slice.link.native_found, slice.link.native_at) = (found, Some(now));
    slice.choose_lanes();
    if was_beside && !slice.link.is_beside_native() {
        all_again(&slice.context.database, &slice.link).await?;
    }
    let text = "UPDATE pair SET state = 'ready', need = NULL, turns = 0 WHERE tenant_id = $1 AND state = 'held' AND state <> 'settled' AND lane_id IN \
                (SELECT id FROM lane WHERE tenant_id = $1 AND link_id = $2) AND EXISTS (SELECT 1 FROM hold WHERE hold.tenant_id = $1 \
                AND hold.lane_id = pair.lane_id AND hold.xero_id = pair.xero_id AND hold.code = $3)";
    let database = &slice.context.database;
    let values = vec![slice.tenant.0.into(), slice.link.id.0.into(), CODE.into()];
    database.execute_raw(sql(database.get_database_backend(), text, values)).await?;
    Ok(())
}

/// The integration is gone: what was left to it is read from the beginning, and what bears only our marks is written whole.
pub async fn all_again(connection: &impl ConnectionTrait, link: &link::Model) -> Result<(), DbErr> {
    let backend = connection.get_database_backend();
    let values = || vec![link.tenant_id.0.into(), link.id.0.into()];
    let text = "UPDATE lane SET watermark = NULL WHERE tenant_id = $1 AND link_id = $2";
    connection.execute_raw(sql(backend, text, values())).await?;
    let text = "UPDATE pair SET prints = NULL WHERE tenant_id = $1 AND lane_id IN (SELECT id FROM lane WHERE tenant_id = $1 AND link_id = $2)";
    connection.execute_raw(sql(backend, text, values())).await?;
    Ok(())
}

/// Asks the organisations whose books the same Xero organisation is carried to by the same consent. Nothing where there are none, or where
/// none takes the question.
async fn look(slice: &mut Slice) -> Result<Option<bool>, Halt> {
    let mut found = None;
    for (product, organisation) in books(slice).await? {
        slice.permit_soon(Provider::Zoho, None).await?;
        match slice.zoho.client.through(product, &organisation).is_joined_with_crm().await {
            Ok(true) => return Ok(Some(true)),
            Ok(false) => found = Some(false),
            // Books' own trouble is not CRM's: it is asked again another day.
            Err(Trouble::Refused(_) | Trouble::Forbidden(_) | Trouble::Busy { .. }) => {}
            Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
        }
    }
    Ok(found)
}

/// The books of the customer that this consent reaches: product and organisation.
async fn books(slice: &Slice) -> Result<Vec<(&'static zoho::Product, String)>, Halt> {
    let database = &slice.context.database;
    let links = link::Entity::of(slice.tenant)
        .filter(link::Column::XeroConnectionId.eq(slice.link.xero_connection_id))
        .filter(link::Column::Product.is_in([zoho::BOOKS.key, zoho::INVENTORY.key, zoho::INVOICE.key, zoho::BILLING.key]))
        .all(database)
        .await?;
    let connections = connection::Entity::of(slice.tenant)
        .filter(connection::Column::Id.is_in(links.iter().map(|link| link.zoho_connection_id)))
        .filter(connection::Column::GrantId.eq(slice.zoho.connection.grant_id))
        .filter(connection::Column::State.eq("live"))
        .all(database)
        .await?;
    let of = |link: &link::Model| {
        let connection = connections.iter().find(|one| one.id == link.zoho_connection_id)?;
        Some((zoho::product(&link.product)?, connection.organisation_id.clone()))
    };
    Ok(links.iter().filter_map(of).collect())
}

/// Why a record is not in CRM yet.
pub fn left_to_it(record: &dyn Record) -> Unmappable {
    Unmappable {
        code: CODE,
        sentence: format!(
            "{} is not in Zoho CRM yet, or has another name there. Zoho's own integration of Books and CRM makes it, so we do not; once it is \
             there under this name we add the link to Xero by ourselves.",
            record.label()
        ),
        expected: true,
    }
}
