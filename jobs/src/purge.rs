//! Removing a customer: the providers get their access back and what we made in Zoho goes, the customer's key is destroyed, and every row of
//! theirs after it. Each step may be done again: whoever dies on the way is followed by another.

use std::time::Duration;

use entities::audit_entry::SYSTEM;
use entities::database::{begin_write, sql};
use entities::ids::TenantId;
use entities::{audit_head, connection, consent, grant, link, purge, run, tenant};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseBackend, EntityTrait, QueryFilter, QuerySelect};

use crate::audit::{Author, Deed, note};
use crate::connections::{disconnect_xero, revoke_zoho};
use crate::context::{Context, Failure};
use crate::queue::enqueue;
use crate::sync::{arrange, buttons};
use crate::tasks::purge_tenant::PurgeTenant;

/// Tables with rows of a tenant, those that others point to last. A test holds this against the database.
pub const TABLES: [&str; 26] = [
    "report",
    "preview",
    "finding",
    "run_count",
    "hold",
    "intent",
    "hint",
    "pair",
    "reference",
    "run",
    "rule",
    "button",
    "webhook",
    "unique_field",
    "lane",
    "link",
    "connection",
    "sign_in",
    "consent",
    "oauth_grant",
    "letter",
    "quota",
    "slot",
    "message",
    "partner_tenant",
    "idempotency",
];
/// What goes in the last transaction, with the tenant itself: the log, its permit, and the mark that says that there is something to remove.
pub const LAST: [&str; 4] = ["purge", "audit_entry", "audit_head", "audit_permit"];
/// A provider that hangs keeps nobody from being forgotten.
const HANDED_BACK_WITHIN: Duration = Duration::from_secs(60);
/// How long one rests that could not be removed.
const GIVEN_UP_FOR: Duration = Duration::from_secs(3600);
const REASON: &str = "This customer is being removed.";

/// Begins it: nobody works for this customer from now on. `false`: there is no such customer. Asking twice does no harm.
pub async fn begin(context: &Context, tenant: TenantId, by: &Author) -> Result<bool, Failure> {
    let now = context.now();
    let transaction = begin_write(&context.database).await?;
    if tenant::Entity::of(tenant).lock_exclusive().one(&transaction).await?.is_none() {
        return Ok(false);
    }
    let mark = purge::ActiveModel { tenant_id: Set(tenant), asked_at: Set(now), told_at: Set(None) };
    let begun = purge::Entity::insert(mark)
        .on_conflict(OnConflict::column(purge::Column::TenantId).do_nothing().to_owned())
        .exec_without_returning(&transaction)
        .await?;
    if begun > 0 {
        rest(&transaction, context, tenant).await?;
        note(&transaction, context, SYSTEM, by, Deed::done("tenant.purge_begun", format!("tenant:{tenant}"), "")).await?;
    }
    enqueue(&transaction, context.clock.as_ref(), &PurgeTenant { tenant }, now).await?;
    transaction.commit().await?;
    context.waker.wake();
    tracing::info!(tenant.id = %tenant, by = by.who(), "a customer is being removed");
    Ok(true)
}

/// Runs end, links rest, and no consent that is on its way arrives.
async fn rest(transaction: &impl ConnectionTrait, context: &Context, tenant: TenantId) -> Result<(), Failure> {
    // The links first and their runs after them, as everybody does.
    link::Entity::update_many()
        .col_expr(link::Column::State, Expr::value("resting"))
        .col_expr(link::Column::RestReason, Expr::value(Some(REASON)))
        // Whoever is at it writes nothing more.
        .col_expr(link::Column::Fence, Expr::col(link::Column::Fence).add(1))
        .filter(link::Column::TenantId.eq(tenant))
        .exec(transaction)
        .await?;
    run::Entity::update_many()
        .col_expr(run::Column::State, Expr::value("cancelled"))
        .col_expr(run::Column::EndedAt, Expr::value(Some(context.now())))
        .filter(run::Column::TenantId.eq(tenant))
        .filter(run::Column::State.is_in(["working", "paused"]))
        .exec(transaction)
        .await?;
    consent::Entity::update_many()
        .col_expr(consent::Column::State, Expr::value("revoked"))
        .filter(consent::Column::TenantId.eq(tenant))
        .filter(consent::Column::State.eq("open"))
        .exec(transaction)
        .await?;
    let text = "DELETE FROM sign_in WHERE tenant_id = $1";
    transaction.execute_raw(sql(transaction.get_database_backend(), text, vec![tenant.0.into()])).await?;
    Ok(())
}

/// Whether this customer is being removed.
pub async fn is_under_way(connection: &impl ConnectionTrait, tenant: TenantId) -> Result<bool, Failure> {
    Ok(purge::Entity::of(tenant).one(connection).await?.is_some())
}

/// Those whose removal nobody is at any more are taken up again.
pub async fn take_up(context: &Context) -> Result<(), Failure> {
    // One whose alarm rings later by itself is left to it, and one that was given up is tried again in an hour.
    let text = "SELECT tenant_id FROM purge WHERE NOT EXISTS (SELECT 1 FROM job WHERE job.name = 'purge_tenant' \
                AND job.tenant_id = purge.tenant_id AND (job.status IN ('pending', 'running') OR (job.status = 'failed' AND job.run_at > $1)))";
    let values = vec![context.now().minus(GIVEN_UP_FOR).0.into()];
    for row in context.database.query_all_raw(sql(context.database.get_database_backend(), text, values)).await? {
        let tenant = TenantId(row.try_get("", "tenant_id")?);
        enqueue(&context.database, context.clock.as_ref(), &PurgeTenant { tenant }, context.now()).await?;
    }
    Ok(())
}

/// Does what is left of it.
pub async fn work(context: &Context, tenant: TenantId) -> Result<(), Failure> {
    let Some(mark) = purge::Entity::of(tenant).one(&context.database).await? else { return Ok(()) };
    if mark.told_at.is_none() {
        match tokio::time::timeout(HANDED_BACK_WITHIN, hand_back(context, tenant)).await {
            Ok(done) => done?,
            Err(_) => tracing::warn!(tenant.id = %tenant, "the providers did not answer; the customer is removed all the same"),
        }
        purge::Entity::update_many()
            .col_expr(purge::Column::ToldAt, Expr::value(Some(context.now())))
            .filter(purge::Column::TenantId.eq(tenant))
            .exec(&context.database)
            .await?;
    }
    shred(context, tenant).await?;
    delete(context, tenant).await?;
    tracing::info!(tenant.id = %tenant, "a customer was removed");
    Ok(())
}

/// What we made in Zoho goes, and both providers get their access back. Best effort, each for itself: a provider that is out of reach keeps
/// nobody from being forgotten.
async fn hand_back(context: &Context, tenant: TenantId) -> Result<(), Failure> {
    let database = &context.database;
    let connections = connection::Entity::of(tenant).filter(connection::Column::State.eq("live")).all(database).await?;
    for found in connections.iter().filter(|found| found.provider == "zoho") {
        for removed in [arrange::remove(context, found).await, buttons::remove(context, found).await] {
            come_to(tenant, "what we made in Zoho", removed.map(Ok))?;
        }
    }
    for found in connections.iter().filter(|found| found.provider != "zoho") {
        come_to(tenant, "the connection with Xero", Ok(disconnect_xero(context, tenant, found).await))?;
    }
    let grants = grant::Entity::of(tenant).filter(grant::Column::Provider.eq("zoho")).filter(grant::Column::State.ne("revoked"));
    for grant in grants.all(database).await? {
        come_to(tenant, "the consent of Zoho", revoke_zoho(context, &grant).await)?;
    }
    Ok(())
}

/// The database's trouble passes, and then it is done again; any other stays.
fn come_to(tenant: TenantId, what: &str, outcome: Result<Result<(), String>, Failure>) -> Result<(), Failure> {
    let why = match outcome {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(why)) => why,
        Err(Failure::Database(error)) => return Err(error.into()),
        Err(failure) => failure.to_string(),
    };
    tracing::warn!(tenant.id = %tenant, what, why, "could not be handed back; the customer is removed all the same");
    Ok(())
}

/// Without the key nothing that was sealed can be read any more, in no backup that is younger than this either.
async fn shred(context: &Context, tenant: TenantId) -> Result<(), Failure> {
    let transaction = begin_write(&context.database).await?;
    tenant::Entity::update_many()
        .col_expr(tenant::Column::WrappedKey, Expr::value(Vec::<u8>::new()))
        .col_expr(tenant::Column::StatusHash, Expr::value(tenant.0.as_bytes().to_vec()))
        .filter(tenant::Column::Id.eq(tenant))
        .exec(&transaction)
        .await?;
    audit_head::Entity::update_many()
        .col_expr(audit_head::Column::WrappedKey, Expr::value(None::<Vec<u8>>))
        .filter(audit_head::Column::TenantId.eq(tenant))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

async fn delete(context: &Context, tenant: TenantId) -> Result<(), Failure> {
    let backend = context.database.get_database_backend();
    let of = |table: &str| sql(backend, format!("DELETE FROM {table} WHERE tenant_id = $1"), vec![tenant.0.into()]);
    for table in TABLES {
        context.database.execute_raw(of(table)).await?;
    }
    // This job's own alarm stays until it is done.
    let alarms = "DELETE FROM job WHERE tenant_id = $1 AND name <> 'purge_tenant'";
    context.database.execute_raw(sql(backend, alarms, vec![tenant.0.into()])).await?;
    let transaction = begin_write(&context.database).await?;
    let permit = "INSERT INTO audit_permit (tenant_id) VALUES ($1)";
    transaction.execute_raw(sql(backend, permit, vec![tenant.0.into()])).await?;
    for table in LAST {
        let deleted = transaction.execute_raw(of(table)).await?;
        if table == "purge" && deleted.rows_affected() == 0 {
            // Another was quicker.
            return Ok(());
        }
    }
    let alarms = "DELETE FROM job WHERE tenant_id = $1 AND name = 'purge_tenant' AND status IN ('failed', 'done')";
    transaction.execute_raw(sql(backend, alarms, vec![tenant.0.into()])).await?;
    let itself = "DELETE FROM tenant WHERE id = $1";
    transaction.execute_raw(sql(backend, itself, vec![tenant.0.into()])).await?;
    let deed = Deed::done("tenant.purged", format!("tenant:{tenant}"), "");
    note(&transaction, context, SYSTEM, &Author::worker(), deed).await?;
    transaction.commit().await?;
    if backend == DatabaseBackend::Sqlite {
        // What was overwritten in the pages is not to lie on in the log of changes.
        context.database.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
    }
    Ok(())
}
