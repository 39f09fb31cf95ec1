//! The end of a consent: grant, connection and the used-up link in one transaction; then both sides are joined.

use entities::clock::At;
use entities::database::begin_write;
use entities::ids::{ConnectionId, GrantId};
use entities::sealed::TenantKey;
use entities::{connection, consent, grant, sign_in};
use jobs::audit::{self, Author, Deed, note};
use jobs::context::{Context, Failure};
use jobs::{links, tokens};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    SqlErr,
};
use secrecy::{ExposeSecret, SecretString};

use super::organisations::{Organisation, Reach, is_ended};
use super::{Outcome, Problem, forget};

/// Tokens that have come, with what we know of them.
#[derive(Clone, Debug)]
pub struct Granted {
    pub access: SecretString,
    pub refresh: SecretString,
    pub access_until: At,
    pub scopes: String,
    /// Who consented, by the provider's own id; empty where it does not say.
    pub subject: String,
    pub reach: Reach,
}

/// Where the tokens are.
pub enum Tokens<'a> {
    /// In our hands only.
    Fresh(&'a Granted),
    /// Stored, while the customer chose.
    Stored(GrantId),
}

/// Connects the organisations. Whatever stands against it is a problem, and then nothing was changed.
pub async fn settle(
    context: &Context,
    key: &TenantKey,
    sign_in: &sign_in::Model,
    tokens: Tokens<'_>,
    reach: &Reach,
    organisations: &[Organisation],
) -> Result<Outcome, Failure> {
    let transaction = begin_write(&context.database).await?;
    let settled = store(&transaction, context, key, sign_in, tokens, reach, organisations).await;
    let replaced = match settled {
        Ok(Ok(replaced)) => replaced,
        Ok(Err(problem)) => {
            transaction.rollback().await?;
            return Ok(Outcome::Problem(problem));
        }
        Err(Failure::Database(error)) if is_taken(&error) => {
            transaction.rollback().await?;
            return Ok(Outcome::Problem(Problem::Taken));
        }
        Err(failure) => return Err(failure),
    };
    let (tenant, side) = (sign_in.tenant_id, reach.provider().name());
    let by = Author::customer();
    let deed = Deed::done("consent.given", format!("consent:{}", sign_in.consent_id), side);
    note(&transaction, context, tenant, &by, deed).await?;
    for replaced in &replaced {
        let deed = Deed::done("grant.reconnected", format!("grant:{}", replaced.id), side);
        note(&transaction, context, tenant, &by, deed).await?;
    }
    transaction.commit().await?;
    tracing::info!(
        tenant.id = %tenant,
        provider = reach.provider().name(),
        "an organisation was connected"
    );
    if let Err(failure) = links::join(context, tenant).await {
        // The connection stands; the next connect or the broom joins the two sides.
        tracing::error!(tenant.id = %tenant, %failure, "the two sides could not be joined yet");
    }
    for replaced in replaced {
        forget::replaced(context, &replaced).await;
    }
    Ok(Outcome::Connected)
}

/// The rows. Gives the grants that this one replaces.
async fn store(
    transaction: &DatabaseTransaction,
    context: &Context,
    key: &TenantKey,
    sign_in: &sign_in::Model,
    tokens: Tokens<'_>,
    reach: &Reach,
    organisations: &[Organisation],
) -> Result<Result<Vec<grant::Model>, Problem>, Failure> {
    let (tenant, now) = (sign_in.tenant_id, context.now());
    let used = consent::Entity::update_many()
        .col_expr(consent::Column::State, Expr::value("used"))
        .col_expr(consent::Column::UsedAt, Expr::value(Some(now)))
        .filter(consent::Column::TenantId.eq(tenant))
        .filter(consent::Column::Id.eq(sign_in.consent_id))
        .filter(consent::Column::State.eq("open"))
        .exec(transaction)
        .await?;
    if used.rows_affected != 1 {
        return Ok(Err(Problem::LinkUsed));
    }
    let is_chosen = |before: &connection::Model| organisations.iter().any(|one| one.id == before.organisation_id);
    for other in connected(transaction, sign_in).await?.iter().filter(|before| !is_chosen(before)) {
        if !remove(transaction, other).await? {
            return Ok(Err(Problem::OtherOrganisation));
        }
    }
    for organisation in organisations {
        let held = connection::Entity::of_organisation(&sign_in.provider, &organisation.id).one(transaction).await?;
        if let Some(held) = held.filter(|held| held.tenant_id != tenant)
            && !remove(transaction, &held).await?
        {
            return Ok(Err(Problem::Taken));
        }
    }
    let id = match tokens {
        Tokens::Fresh(granted) => {
            let id = GrantId::new(context.clock.as_ref(), context.chance.as_ref());
            row(context, key, sign_in, id, granted, "live").insert(transaction).await?;
            id
        }
        Tokens::Stored(id) => {
            let chosen = grant::Entity::update_many()
                .col_expr(grant::Column::State, Expr::value("live"))
                .filter(grant::Column::TenantId.eq(tenant))
                .filter(grant::Column::Id.eq(id))
                .filter(grant::Column::State.eq("choosing"))
                .exec(transaction)
                .await?;
            if chosen.rows_affected != 1 {
                return Ok(Err(Problem::Expired));
            }
            id
        }
    };
    let mut replaced: Vec<grant::Model> = Vec::new();
    for organisation in organisations {
        let before = known(transaction, sign_in, &organisation.id).await?;
        if let Some(before) = before.as_ref().filter(|before| replaced.iter().all(|grant| grant.id != before.grant_id)) {
            replaced.extend(replace(transaction, sign_in, before.grant_id).await?);
        }
        connect(transaction, context, sign_in, id, reach, organisation, before).await?;
    }
    finished(transaction, sign_in, Outcome::Connected, Some(id)).await?;
    Ok(Ok(replaced))
}

/// The connection's row: a new one, or the one that this organisation has had before.
async fn connect(
    transaction: &DatabaseTransaction,
    context: &Context,
    sign_in: &sign_in::Model,
    grant: GrantId,
    reach: &Reach,
    organisation: &Organisation,
    before: Option<connection::Model>,
) -> Result<(), Failure> {
    let (api, web) = reach.bases(context);
    let connection = connection::ActiveModel {
        tenant_id: Set(sign_in.tenant_id),
        id: Set(match &before {
            Some(before) => before.id,
            None => ConnectionId::new(context.clock.as_ref(), context.chance.as_ref()),
        }),
        grant_id: Set(grant),
        provider: Set(reach.provider().name().to_owned()),
        organisation_id: Set(organisation.id.clone()),
        name: Set(organisation.name.clone()),
        api_base: Set(api.to_string()),
        web_base: Set(web.to_string()),
        currency: Set(organisation.currency.clone()),
        country: Set(organisation.country.clone()),
        short_code: Set(organisation.short_code.clone()),
        price_precision: Set(organisation.price_precision),
        currency_id: Set(organisation.currency_id.clone()),
        plan: Set(organisation.plan.clone()),
        products: Set(organisation.products.clone()),
        state: Set("live".to_owned()),
        connected_at: Set(context.now()),
    };
    match before {
        Some(_) => drop(connection.update(transaction).await?),
        None => drop(connection.insert(transaction).await?),
    }
    Ok(())
}

/// Keeps the tokens while the customer chooses. They are thrown away when the sign-in ends.
pub async fn keep(context: &Context, key: &TenantKey, sign_in: &sign_in::Model, granted: &Granted) -> Result<Outcome, Failure> {
    let id = GrantId::new(context.clock.as_ref(), context.chance.as_ref());
    let transaction = begin_write(&context.database).await?;
    row(context, key, sign_in, id, granted, "choosing").insert(&transaction).await?;
    finished(&transaction, sign_in, Outcome::Choose, Some(id)).await?;
    transaction.commit().await?;
    forget::when_over(context, sign_in);
    Ok(Outcome::Choose)
}

/// Notes for the audit log that a sign-in did not come to a connection.
pub async fn refused(
    transaction: &DatabaseTransaction,
    context: &Context,
    sign_in: &sign_in::Model,
    why: Problem,
) -> Result<(), Failure> {
    let deed = Deed {
        act: "consent.refused".to_owned(),
        target: format!("consent:{}", sign_in.consent_id),
        outcome: if why == Problem::OurSide { audit::Outcome::Failed } else { audit::Outcome::Refused },
        detail: format!("{} {}", sign_in.provider, why.code()),
    };
    note(transaction, context, sign_in.tenant_id, &Author::customer(), deed).await
}

/// Writes down what the sign-in came to.
pub async fn finished(
    connection: &impl ConnectionTrait,
    sign_in: &sign_in::Model,
    outcome: Outcome,
    grant: Option<GrantId>,
) -> Result<(), Failure> {
    sign_in::Entity::update_many()
        .col_expr(sign_in::Column::Outcome, Expr::value(Some(outcome.code())))
        .col_expr(sign_in::Column::GrantId, Expr::value(grant))
        // The verifier has done its work.
        .col_expr(sign_in::Column::Verifier, Expr::value(Vec::<u8>::new()))
        .filter(sign_in::Column::TenantId.eq(sign_in.tenant_id))
        .filter(sign_in::Column::Id.eq(sign_in.id))
        .exec(connection)
        .await?;
    Ok(())
}

/// What this tenant has connected on this side.
pub async fn connected(connection: &impl ConnectionTrait, sign_in: &sign_in::Model) -> Result<Vec<connection::Model>, Failure> {
    Ok(connection::Entity::of(sign_in.tenant_id)
        .filter(connection::Column::Provider.eq(&sign_in.provider))
        .filter(connection::Column::State.ne("removed"))
        .all(connection)
        .await?)
}

/// This organisation's row, whatever became of it: what was carried through it is known by it.
async fn known(
    transaction: &DatabaseTransaction,
    sign_in: &sign_in::Model,
    organisation: &str,
) -> Result<Option<connection::Model>, Failure> {
    Ok(connection::Entity::of(sign_in.tenant_id)
        .filter(connection::Column::Provider.eq(&sign_in.provider))
        .filter(connection::Column::OrganisationId.eq(organisation))
        .one(transaction)
        .await?)
}

/// Makes room where a connection was ended by a person. False where it was not, and then it stays.
async fn remove(transaction: &DatabaseTransaction, connection: &connection::Model) -> Result<bool, Failure> {
    if !is_ended(transaction, connection).await? {
        return Ok(false);
    }
    let removed = connection::Entity::update_many()
        .col_expr(connection::Column::State, Expr::value("removed"))
        .filter(connection::Column::TenantId.eq(connection.tenant_id))
        .filter(connection::Column::Id.eq(connection.id))
        // Its customer may be coming back at this very moment.
        .filter(connection::Column::GrantId.eq(connection.grant_id))
        .exec(transaction)
        .await?;
    Ok(removed.rows_affected == 1)
}

async fn replace(
    transaction: &DatabaseTransaction,
    sign_in: &sign_in::Model,
    old: GrantId,
) -> Result<Option<grant::Model>, Failure> {
    let tenant = sign_in.tenant_id;
    let found = grant::Entity::of(tenant).filter(grant::Column::Id.eq(old)).one(transaction).await?;
    grant::Entity::update_many()
        .col_expr(grant::Column::State, Expr::value("revoked"))
        .filter(grant::Column::TenantId.eq(tenant))
        .filter(grant::Column::Id.eq(old))
        .exec(transaction)
        .await?;
    Ok(found)
}

fn row(
    context: &Context,
    key: &TenantKey,
    sign_in: &sign_in::Model,
    id: GrantId,
    granted: &Granted,
    state: &str,
) -> grant::ActiveModel {
    let seal = |column, token: &SecretString| {
        let plain = token.expose_secret().as_bytes();
        key.seal(tokens::place(id, column), plain, context.chance.as_ref())
    };
    let (data_centre, event) = match &granted.reach {
        Reach::Xero { event } => (String::new(), event.clone()),
        Reach::Zoho { centre, .. } => (centre.location.clone(), String::new()),
    };
    grant::ActiveModel {
        tenant_id: Set(sign_in.tenant_id),
        id: Set(id),
        provider: Set(sign_in.provider.clone()),
        data_centre: Set(data_centre),
        subject: Set(granted.subject.clone()),
        event: Set(event),
        scopes: Set(granted.scopes.clone()),
        api_base: Set(granted.reach.bases(context).0.to_string()),
        refresh: Set(seal("refresh", &granted.refresh)),
        previous: Set(None),
        previous_until: Set(None),
        access: Set(seal("access", &granted.access)),
        access_until: Set(granted.access_until),
        generation: Set(1),
        lease_owner: Set(None),
        lease_until: Set(None),
        lease_epoch: Set(0),
        state: Set(state.to_owned()),
        created_at: Set(context.now()),
        refreshed_at: Set(context.now()),
        told_at: Set(None),
    }
}

/// The only unique thing among these rows that another customer can hold is the organisation.
fn is_taken(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_)))
}
