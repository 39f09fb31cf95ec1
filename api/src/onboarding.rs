//! Taking a customer in: the tenant, two consent links, one letter with both. Only hashes of the links' secrets are kept.

mod newcomer;

use std::time::Duration;

use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::{LetterId, PartnerId, TenantId};
use entities::sealed::TenantKey;
use entities::{connection, consent, grant, letter, partner_tenant, tenant};
use jobs::audit::{Author, Deed, note};
use jobs::connections::{CONSENT_LIVES, address, hash};
use jobs::context::Context;
use jobs::letters::{self, Words};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use crate::clients;
use crate::consenting::Provider;
use crate::error::Error;
pub use newcomer::{Newcomer, REGIONS, products_known};

/// A customer's mailbox is not to be filled by us, nor by somebody who got hold of a staff token.
const LETTERS_PER_HOUR_MAX: u64 = 5;
/// The same of one address, for which several customers may be taken in.
const LETTERS_TO_ONE_MAX: i64 = 10;
/// A partner's program is not to fill strangers' mailboxes, nor is somebody who got hold of its secret.
const TENANTS_PER_HOUR_MAX: u64 = 100;
/// What the tenant's key makes the status page's secret for.
const STATUS: &str = "status";
const HOUR: Duration = Duration::from_secs(3600);

/// Makes the tenant with everything it needs to begin, or nothing at all.
pub async fn onboard(context: &Context, newcomer: Newcomer, by: &Author) -> Result<tenant::Model, Error> {
    onboard_as(context, new_id(context), newcomer, None, by).await
}

/// An id for a tenant to come.
pub fn new_id(context: &Context) -> TenantId {
    TenantId::new(context.clock.as_ref(), context.chance.as_ref())
}

/// The same under an id that was chosen before, so that whoever asks again makes no second one; and as a partner's own.
pub async fn onboard_as(
    context: &Context,
    id: TenantId,
    newcomer: Newcomer,
    owner: Option<PartnerId>,
    by: &Author,
) -> Result<tenant::Model, Error> {
    let chance = context.chance.as_ref();
    let (key, wrapped_key) = context.keys.new_tenant(id, chance);
    let products = serde_json::to_string(&newcomer.products).map_err(|error| jobs::context::Failure::Bug(error.to_string()))?;
    let transaction = begin_write(&context.database).await?;
    if let Some(made) = tenant::Entity::of(id).one(&transaction).await? {
        return Ok(made);
    }
    let tenant = tenant::ActiveModel {
        id: Set(id),
        name: Set(newcomer.name),
        contact_email: Set(newcomer.contact_email),
        region: Set(newcomer.region),
        products: Set(products),
        wrapped_key: Set(wrapped_key),
        status_hash: Set(hash(&key.token(STATUS))),
        created_at: Set(context.now()),
    }
    .insert(&transaction)
    .await?;
    if let Some(owner) = owner {
        allow_tenant(&transaction, context, owner).await?;
        allow_address(&transaction, context, &tenant.contact_email).await?;
        clients::give(&transaction, context, owner, id).await?;
    }
    invite(&transaction, context, &tenant, (&key, new_letter(context)), &Provider::BOTH).await?;
    note(&transaction, context, id, by, Deed::done("tenant.onboarded", "", tenant.region.as_str())).await?;
    transaction.commit().await?;
    context.waker.wake();
    tracing::info!(tenant.id = %id, "a tenant was onboarded");
    Ok(tenant)
}

/// An id for a letter to come.
pub fn new_letter(context: &Context) -> LetterId {
    LetterId::new(context.clock.as_ref(), context.chance.as_ref())
}

/// Sends new links in the letter of this id; the ones before stop working. Without a provider: for every side that is not connected. A letter
/// that is there already is not sent again.
pub async fn resend(
    context: &Context,
    id: TenantId,
    provider: Option<Provider>,
    letter: LetterId,
    by: &Author,
) -> Result<tenant::Model, Error> {
    let transaction = begin_write(&context.database).await?;
    let tenant = locked(&transaction, id).await?;
    if letter::Entity::of(id).filter(letter::Column::Id.eq(letter)).one(&transaction).await?.is_some() {
        return Ok(tenant);
    }
    let providers = match provider {
        Some(provider) => vec![provider],
        None => unconnected(&transaction, id).await?,
    };
    if providers.is_empty() {
        return Err(Error::Conflict("both sides are connected; name the provider to ask for a new consent".to_owned()));
    }
    allow_letter(&transaction, context, id).await?;
    allow_address(&transaction, context, &tenant.contact_email).await?;
    let key = context.keys.unwrap_tenant(id, &tenant.wrapped_key);
    let key = key.map_err(jobs::context::Failure::Seal)?;
    invite(&transaction, context, &tenant, (&key, letter), &providers).await?;
    let sides = Vec::from_iter(providers.iter().map(|provider| provider.name())).join(",");
    note(&transaction, context, id, by, Deed::done("consent.sent", "", sides)).await?;
    transaction.commit().await?;
    context.waker.wake();
    Ok(tenant)
}

/// Closes the open link. Whether there was one.
pub async fn revoke(context: &Context, id: TenantId, provider: Provider, by: &Author) -> Result<bool, Error> {
    let transaction = begin_write(&context.database).await?;
    locked(&transaction, id).await?;
    let closed = consent::Entity::update_many()
        .col_expr(consent::Column::State, Expr::value("revoked"))
        .filter(consent::Column::TenantId.eq(id))
        .filter(consent::Column::Provider.eq(provider.name()))
        .filter(consent::Column::State.eq("open"))
        .exec(&transaction)
        .await?;
    if closed.rows_affected > 0 {
        note(&transaction, context, id, by, Deed::done("consent.revoked", "", provider.name())).await?;
    }
    transaction.commit().await?;
    Ok(closed.rows_affected > 0)
}

/// The customer's page. Its secret follows from the tenant's key, so that every letter can name it.
pub fn status_link(context: &Context, key: &TenantKey) -> String {
    address(context, &format!("status/{}", key.token(STATUS))).into()
}

/// Opens new links for these providers and queues one letter with them, in the caller's transaction.
async fn invite(
    transaction: &impl ConnectionTrait,
    context: &Context,
    tenant: &tenant::Model,
    (key, letter): (&TenantKey, LetterId),
    providers: &[Provider],
) -> Result<(), Error> {
    let (mut xero_link, mut zoho_link) = (None, None);
    for provider in providers {
        let name = provider.name();
        let (link, _) = jobs::connections::invite(transaction, context, tenant.id, name).await?;
        match provider {
            Provider::Xero => xero_link = Some(link.into()),
            Provider::Zoho => zoho_link = Some(link.into()),
        }
    }
    let words = Words::Consent {
        tenant_name: tenant.name.clone(),
        xero_link,
        zoho_link,
        status_link: status_link(context, key),
        products: products(tenant),
        expires_at: context.in_a(CONSENT_LIVES),
    };
    letters::queue_as(transaction, context, (tenant.id, letter), key, &words).await?;
    Ok(())
}

/// The products this customer uses.
pub fn products(tenant: &tenant::Model) -> Vec<String> {
    serde_json::from_str(&tenant.products).unwrap_or_default()
}

/// The tenant, kept from others who would open or close its links at the same moment.
async fn locked(transaction: &impl ConnectionTrait, id: TenantId) -> Result<tenant::Model, Error> {
    let tenant = tenant::Entity::of(id).lock_exclusive().one(transaction).await?.ok_or(Error::NotFound("tenant"))?;
    match jobs::purge::is_under_way(transaction, id).await? {
        false => Ok(tenant),
        true => Err(Error::Conflict("this customer is being removed".to_owned())),
    }
}

async fn unconnected(transaction: &impl ConnectionTrait, tenant: TenantId) -> Result<Vec<Provider>, Error> {
    let live: Vec<_> = grant::Entity::of(tenant)
        .filter(grant::Column::State.eq("live"))
        .all(transaction)
        .await?
        .into_iter()
        .map(|grant| grant.id)
        .collect();
    let connections = connection::Entity::of(tenant)
        .filter(connection::Column::State.eq("live"))
        .filter(connection::Column::GrantId.is_in(live))
        .all(transaction)
        .await?;
    Ok(Provider::BOTH
        .into_iter()
        .filter(|provider| !connections.iter().any(|connection| connection.provider == provider.name()))
        .collect())
}

/// Each new tenant is a letter to an address that the partner names.
async fn allow_tenant(transaction: &impl ConnectionTrait, context: &Context, partner: PartnerId) -> Result<(), Error> {
    let own = partner_tenant::Entity::of_partner(partner).select_only().column(partner_tenant::Column::TenantId);
    let recent = tenant::Entity::all()
        .filter(tenant::Column::Id.in_subquery(own.into_query()))
        .filter(tenant::Column::CreatedAt.gt(context.now().minus(HOUR)));
    if recent.clone().count(transaction).await? < TENANTS_PER_HOUR_MAX {
        return Ok(());
    }
    let newest = recent.order_by_desc(tenant::Column::CreatedAt).offset(TENANTS_PER_HOUR_MAX - 1).one(transaction).await?;
    let free_at = newest.map_or(context.now(), |tenant| tenant.created_at.plus(HOUR));
    Err(Error::RateLimited { after: free_at.since(context.now()) })
}

/// One mailbox, whatever customers it stands for.
async fn allow_address(transaction: &impl ConnectionTrait, context: &Context, address: &str) -> Result<(), Error> {
    let since = context.now().minus(HOUR);
    let text = "SELECT letter.queued_at AS at FROM letter JOIN tenant ON tenant.id = letter.tenant_id WHERE letter.kind = 'consent' \
                AND letter.queued_at > $1 AND LOWER(tenant.contact_email) = LOWER($2) ORDER BY letter.queued_at DESC LIMIT 1 OFFSET $3";
    let values = vec![since.0.into(), address.into(), (LETTERS_TO_ONE_MAX - 1).into()];
    let row = transaction.query_one_raw(sql(transaction.get_database_backend(), text, values)).await?;
    let Some(row) = row else { return Ok(()) };
    Err(Error::RateLimited { after: At(row.try_get("", "at")?).plus(HOUR).since(context.now()) })
}

async fn allow_letter(transaction: &impl ConnectionTrait, context: &Context, tenant: TenantId) -> Result<(), Error> {
    let recent = letter::Entity::of(tenant)
        .filter(letter::Column::Kind.eq("consent"))
        .filter(letter::Column::QueuedAt.gt(context.now().minus(HOUR)));
    if recent.clone().count(transaction).await? < LETTERS_PER_HOUR_MAX {
        return Ok(());
    }
    let newest = recent.order_by_desc(letter::Column::QueuedAt).offset(LETTERS_PER_HOUR_MAX - 1).one(transaction).await?;
    let free_at = newest.map_or(context.now(), |letter| letter.queued_at.plus(HOUR));
    Err(Error::RateLimited { after: free_at.since(context.now()) })
}
