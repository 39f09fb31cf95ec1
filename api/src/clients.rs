//! The programs that partners ask with: made, given another secret, ended, and known by their secret.

mod secret;

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use entities::audit_entry::SYSTEM;
use entities::database::begin_write;
use entities::ids::{ApiClientId, PartnerId, TenantId};
use entities::{api_client, partner, partner_tenant, tenant};
use jobs::audit::{Author, Deed, note};
use jobs::context::Context;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::caller::Scope;
use crate::error::Error;
pub use secret::{Secret, Verifier};

/// How long the secret before works on, so that a partner's machines can be told one after the other.
pub const OVERLAP: Duration = Duration::from_secs(24 * 3600);
const NAME_CHARS_MAX: usize = 100;
/// More would not be given by hand.
pub const TENANTS_MAX: usize = 1000;

/// A client as staff describe it, checked.
#[derive(Debug)]
pub struct Wish {
    pub name: String,
    /// Another client of this partner; a new partner where there is none.
    pub partner: Option<PartnerId>,
    /// Tenants that are given to the partner.
    pub tenants: Vec<TenantId>,
    pub scopes: Vec<Scope>,
}

impl Wish {
    pub fn parse(name: &str, partner: Option<PartnerId>, tenants: Vec<TenantId>, scopes: &[String]) -> Result<Self, Error> {
        let name = name.trim();
        if !(1..=NAME_CHARS_MAX).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(Error::bad_input("name", format!("the name must be one line of 1 to {NAME_CHARS_MAX} characters")));
        }
        let known = || Scope::ALL.map(Scope::name).join(", ");
        let mut read = Vec::new();
        for scope in scopes {
            let scope =
                Scope::read(scope).ok_or_else(|| Error::bad_input("scopes", format!("scopes must be of: {}", known())))?;
            if !read.contains(&scope) {
                read.push(scope);
            }
        }
        if read.is_empty() {
            return Err(Error::bad_input("scopes", format!("name at least one scope of: {}", known())));
        }
        if tenants.len() > TENANTS_MAX {
            return Err(Error::bad_input("tenantIds", format!("name {TENANTS_MAX} tenants at most")));
        }
        Ok(Self { name: name.to_owned(), partner, tenants, scopes: read })
    }
}

/// Makes a client, and its partner where it is the first. The secret is told here and never again.
pub async fn create(context: &Context, wish: Wish, by: &Author) -> Result<(api_client::Model, Secret), Error> {
    let (secret, hash) = secret::new(context).await?;
    let transaction = begin_write(&context.database).await?;
    let partner_id = match wish.partner {
        Some(id) => partner::Entity::of(id).one(&transaction).await?.ok_or(Error::NotFound("partner"))?.id,
        None => {
            let id = PartnerId::new(context.clock.as_ref(), context.chance.as_ref());
            let new = partner::ActiveModel { id: Set(id), name: Set(wish.name.clone()), created_at: Set(context.now()) };
            new.insert(&transaction).await?.id
        }
    };
    for tenant in in_order(&wish.tenants, &[]) {
        hand_over(&transaction, context, partner_id, tenant, by).await?;
    }
    let client = api_client::ActiveModel {
        id: Set(ApiClientId::new(context.clock.as_ref(), context.chance.as_ref())),
        partner_id: Set(partner_id),
        name: Set(wish.name),
        scopes: Set(Scope::text(&wish.scopes)),
        secret_hash: Set(hash),
        previous_hash: Set(None),
        previous_until: Set(None),
        created_by: Set(by.who().to_owned()),
        created_at: Set(context.now()),
        rotated_at: Set(None),
        revoked_at: Set(None),
        used_at: Set(None),
    };
    let client = client.insert(&transaction).await?;
    let detail = format!("partner:{partner_id}");
    note(&transaction, context, SYSTEM, by, Deed::done("client.created", format!("client:{}", client.id), detail)).await?;
    transaction.commit().await?;
    tracing::info!(client.id = %client.id, by = by.who(), "an API client was made");
    Ok((client, secret))
}

/// Makes a tenant the partner's own; its log tells it.
async fn hand_over(
    transaction: &impl ConnectionTrait,
    context: &Context,
    partner: PartnerId,
    tenant: TenantId,
    by: &Author,
) -> Result<(), Error> {
    tenant::Entity::of(tenant).one(transaction).await?.ok_or(Error::NotFound("tenant"))?;
    if give(transaction, context, partner, tenant).await? {
        note(transaction, context, tenant, by, Deed::done("tenant.given", format!("partner:{partner}"), "")).await?;
    }
    Ok(())
}

/// Each once, and everybody in the same order: whoever writes to several logs at once waits for nobody who waits for them.
fn in_order(some: &[TenantId], others: &[TenantId]) -> BTreeSet<TenantId> {
    some.iter().chain(others).copied().collect()
}

/// Makes the tenant the partner's own. Twice does no harm; whether it was not before is told.
pub async fn give(
    connection: &impl ConnectionTrait,
    context: &Context,
    partner: PartnerId,
    tenant: TenantId,
) -> Result<bool, sea_orm::DbErr> {
    let own = partner_tenant::ActiveModel { tenant_id: Set(tenant), partner_id: Set(partner), since: Set(context.now()) };
    let both = [partner_tenant::Column::TenantId, partner_tenant::Column::PartnerId];
    let made = partner_tenant::Entity::insert(own)
        .on_conflict(OnConflict::columns(both).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(made > 0)
}

/// Gives tenants to a partner, and takes tenants away: it sees them from now on, or no more. Whatever was begun for them goes on.
pub async fn share(
    context: &Context,
    id: PartnerId,
    given: &[TenantId],
    taken: &[TenantId],
    by: &Author,
) -> Result<partner::Model, Error> {
    let transaction = begin_write(&context.database).await?;
    let partner = partner::Entity::of(id).one(&transaction).await?.ok_or(Error::NotFound("partner"))?;
    for tenant in in_order(given, taken) {
        if given.contains(&tenant) {
            hand_over(&transaction, context, id, tenant, by).await?;
        }
        if taken.contains(&tenant) {
            take(&transaction, context, id, tenant, by).await?;
        }
    }
    let counts = format!("given {}, taken {}", given.len(), taken.len());
    note(&transaction, context, SYSTEM, by, Deed::done("tenants.shared", format!("partner:{id}"), counts)).await?;
    transaction.commit().await?;
    tracing::info!(partner.id = %id, by = by.who(), given = given.len(), taken = taken.len(), "a partner's tenants were changed");
    Ok(partner)
}

async fn take(
    transaction: &impl ConnectionTrait,
    context: &Context,
    partner: PartnerId,
    tenant: TenantId,
    by: &Author,
) -> Result<(), Error> {
    let gone = partner_tenant::Entity::delete_many()
        .filter(partner_tenant::Column::TenantId.eq(tenant))
        .filter(partner_tenant::Column::PartnerId.eq(partner))
        .exec(transaction)
        .await?;
    if gone.rows_affected > 0 {
        note(transaction, context, tenant, by, Deed::done("tenant.taken", format!("partner:{partner}"), "")).await?;
    }
    Ok(())
}

/// Gives a client another secret. The one before works for another day; the one before that no more.
pub async fn rotate(context: &Context, id: ApiClientId, by: &Author) -> Result<(api_client::Model, Secret), Error> {
    let (secret, hash) = secret::new(context).await?;
    let transaction = begin_write(&context.database).await?;
    let client = living(&transaction, id).await?;
    let change = api_client::ActiveModel {
        id: Set(id),
        previous_hash: Set(Some(client.secret_hash)),
        previous_until: Set(Some(context.in_a(OVERLAP))),
        secret_hash: Set(hash),
        rotated_at: Set(Some(context.now())),
        ..Default::default()
    };
    let client = change.update(&transaction).await?;
    note(&transaction, context, SYSTEM, by, Deed::done("client.rotated", format!("client:{id}"), "")).await?;
    transaction.commit().await?;
    tracing::info!(client.id = %id, by = by.who(), "an API client was given another secret");
    Ok((client, secret))
}

/// Ends a client, its secrets and its tokens, at once. Its partner and their tenants stay.
pub async fn revoke(context: &Context, id: ApiClientId, by: &Author) -> Result<api_client::Model, Error> {
    let transaction = begin_write(&context.database).await?;
    let client = api_client::Entity::of(id).lock_exclusive().one(&transaction).await?.ok_or(Error::NotFound("API client"))?;
    if client.revoked_at.is_some() {
        return Ok(client);
    }
    let change = api_client::ActiveModel {
        id: Set(id),
        previous_hash: Set(None),
        previous_until: Set(None),
        revoked_at: Set(Some(context.now())),
        ..Default::default()
    };
    let client = change.update(&transaction).await?;
    note(&transaction, context, SYSTEM, by, Deed::done("client.revoked", format!("client:{id}"), "")).await?;
    transaction.commit().await?;
    tracing::info!(client.id = %id, by = by.who(), "an API client was revoked");
    Ok(client)
}

/// Clients, the newest first, each with its partner's name.
pub async fn page(context: &Context, after: Option<ApiClientId>, rows: u64) -> Result<Vec<(api_client::Model, String)>, Error> {
    let mut query = api_client::Entity::all().order_by_desc(api_client::Column::Id).limit(rows);
    if let Some(after) = after {
        query = query.filter(api_client::Column::Id.lt(after));
    }
    let clients = query.all(&context.database).await?;
    let of = clients.iter().map(|client| client.partner_id);
    let partners = partner::Entity::all().filter(partner::Column::Id.is_in(of)).all(&context.database).await?;
    let names: HashMap<PartnerId, String> = partners.into_iter().map(|partner| (partner.id, partner.name)).collect();
    Ok(clients
        .into_iter()
        .map(|client| {
            let name = names.get(&client.partner_id).cloned().unwrap_or_default();
            (client, name)
        })
        .collect())
}

async fn living(connection: &impl ConnectionTrait, id: ApiClientId) -> Result<api_client::Model, Error> {
    let client = api_client::Entity::of(id).lock_exclusive().one(connection).await?.ok_or(Error::NotFound("API client"))?;
    match client.revoked_at {
        None => Ok(client),
        Some(_) => Err(Error::Conflict("this API client was revoked; make a new one".to_owned())),
    }
}
