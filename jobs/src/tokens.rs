//! Access tokens: one refresher a grant over all workers, and a rotated token that is never lost.
//!
//! The protocol is model-checked: a lease on the grant, compare-and-swap on its generation, the previous token kept for Xero's
//! 30 minutes of grace. No transaction is open over the call to the provider.

use std::time::Duration;

use connectors::oauth::{GrantTrouble, Tokens};
use entities::clock::At;
use entities::grant;
use entities::ids::{GrantId, TenantId};
use entities::sealed::{Place, TenantKey};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};

use crate::context::{Context, Failure};

/// A token that dies sooner than this is refreshed first: a slice must not lose it half-way.
const FRESH_FOR: Duration = Duration::from_secs(5 * 60);
/// Longer than the longest call to a provider, so a lease never ends under a call.
const LEASE: Duration = Duration::from_secs(60);
/// How long Xero accepts the token before the last one.
const GRACE: Duration = Duration::from_secs(30 * 60);
/// How long another worker's refresh is waited for, and how often it is looked at.
const WAIT: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(200);
/// Pauses before the same token is tried again after an answer that never came.
const UNCLEAR_PAUSES_S: [u64; 2] = [1, 2];

/// What asking for a token came to.
#[derive(Debug)]
pub enum Access {
    Token {
        access: SecretString,
        generation: i64,
    },
    /// The customer must reconnect.
    Dead,
    /// Not now; the grant is as it was.
    Later(Duration),
}

/// A token that works for at least five minutes.
pub async fn fresh(context: &Context, tenant: TenantId, id: GrantId) -> Result<Access, Failure> {
    let key = context.tenant_key(tenant).await?;
    let owner = owner(context);
    let give_up = context.in_a(WAIT);
    loop {
        let found = read(context, tenant, id).await?;
        if found.state != "live" && found.state != "choosing" {
            return Ok(Access::Dead);
        }
        if found.access_until >= context.in_a(FRESH_FOR) {
            return Ok(Access::Token { access: open(&key, id, "access", &found.access)?, generation: found.generation });
        }
        if lease(context, tenant, id, &owner).await? {
            let outcome = refresh(context, tenant, id, &key).await;
            release(context, tenant, id, &owner).await?;
            return outcome;
        }
        if context.now() > give_up {
            return Ok(Access::Later(LOOK));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The provider did not accept the token of this generation: the next `fresh` gets a new one, whatever its age.
pub async fn refused(context: &Context, tenant: TenantId, id: GrantId, generation: i64) -> Result<(), Failure> {
    grant::Entity::update_many()
        .col_expr(grant::Column::AccessUntil, Expr::value(At(0)))
        .filter(mine(tenant, id))
        .filter(grant::Column::Generation.eq(generation))
        .exec(&context.database)
        .await?;
    Ok(())
}

/// The grant of this generation is over. A loser of a race never flags a winner's grant. True: it was us who flagged it.
pub async fn dead(context: &Context, tenant: TenantId, id: GrantId, generation: i64) -> Result<bool, Failure> {
    let changed = grant::Entity::update_many()
        .col_expr(grant::Column::State, Expr::value("needs_reconnect"))
        .filter(mine(tenant, id))
        .filter(grant::Column::Generation.eq(generation))
        .filter(grant::Column::State.eq("live"))
        .exec(&context.database)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Where a grant's tokens are sealed.
pub fn place(id: GrantId, column: &'static str) -> Place<'static> {
    Place { table: "oauth_grant", column, row: id.0 }
}

/// With the lease held: reads again, asks the provider, stores what came.
async fn refresh(context: &Context, tenant: TenantId, id: GrantId, key: &TenantKey) -> Result<Access, Failure> {
    let found = read(context, tenant, id).await?;
    if found.access_until >= context.in_a(FRESH_FOR) {
        return Ok(Access::Token { access: open(key, id, "access", &found.access)?, generation: found.generation });
    }
    let current = open(key, id, "refresh", &found.refresh)?;
    match ask(context, &found, &current).await {
        Ok(tokens) => store(context, &found, key, &current, tokens).await,
        Err(GrantTrouble::Dead | GrantTrouble::BadCode) => {
            // Perhaps somebody rotated it after all, or our own last answer was lost: the one before may still be in its grace.
            let again = read(context, tenant, id).await?;
            if again.generation != found.generation {
                return Ok(Access::Token { access: open(key, id, "access", &again.access)?, generation: again.generation });
            }
            if let Some(previous) = &found.previous
                && found.previous_until.is_some_and(|until| context.now() < until)
            {
                let previous = open(key, id, "previous", previous)?;
                match ask(context, &found, &previous).await {
                    Ok(tokens) => return store(context, &found, key, &previous, tokens).await,
                    Err(GrantTrouble::Dead | GrantTrouble::BadCode) => {}
                    Err(trouble) => return Ok(later(&trouble)),
                }
            }
            dead(context, tenant, id, found.generation).await?;
            Ok(Access::Dead)
        }
        Err(trouble) => Ok(later(&trouble)),
    }
}

/// One refresh; an unclear answer is asked for again with the SAME token, which is either still current or in its grace.
async fn ask(context: &Context, grant: &grant::Model, token: &SecretString) -> Result<Tokens, GrantTrouble> {
    let mut pauses = UNCLEAR_PAUSES_S.iter();
    loop {
        let answer = match grant.provider.as_str() {
            "xero" => context.providers.xero.refresh(&context.http, token).await,
            _ => match context.providers.data_centres.by_location(&grant.data_centre) {
                Some(centre) => context.providers.zoho.refresh(&context.http, centre, token).await,
                None => {
                    Err(GrantTrouble::BadClient(format!("the data centre {:?} is not in ZOHO_DATA_CENTRES", grant.data_centre)))
                }
            },
        };
        match (answer, pauses.next()) {
            (Err(GrantTrouble::Unclear(_)), Some(pause_s)) => tokio::time::sleep(Duration::from_secs(*pause_s)).await,
            (answer, _) => return answer,
        }
    }
}

async fn store(
    context: &Context,
    found: &grant::Model,
    key: &TenantKey,
    spent: &SecretString,
    tokens: Tokens,
) -> Result<Access, Failure> {
    let (tenant, id) = (found.tenant_id, found.id);
    let now = context.now();
    let seal = |column: &'static str, token: &SecretString| {
        key.seal(place(id, column), token.expose_secret().as_bytes(), context.chance.as_ref())
    };
    let mut update = grant::Entity::update_many()
        .col_expr(grant::Column::Access, Expr::value(seal("access", &tokens.access)))
        .col_expr(grant::Column::AccessUntil, Expr::value(now.plus(Duration::from_secs(tokens.expires_in_s))))
        .col_expr(grant::Column::Generation, Expr::value(found.generation + 1))
        .col_expr(grant::Column::RefreshedAt, Expr::value(now))
        .col_expr(grant::Column::LeaseOwner, Expr::value(None::<String>))
        .filter(mine(tenant, id))
        .filter(grant::Column::Generation.eq(found.generation));
    if let Some(refresh) = &tokens.refresh {
        update = update
            .col_expr(grant::Column::Refresh, Expr::value(seal("refresh", refresh)))
            .col_expr(grant::Column::Previous, Expr::value(Some(seal("previous", spent))))
            .col_expr(grant::Column::PreviousUntil, Expr::value(Some(now.plus(GRACE))));
    }
    crate::sync::points::reached("token_before_commit");
    if update.exec(&context.database).await?.rows_affected == 1 {
        tracing::info!(tenant.id = %tenant, grant.id = %id, grant.generation = found.generation + 1, "an access token was refreshed");
        return Ok(Access::Token { access: tokens.access, generation: found.generation + 1 });
    }
    // Someone rotated meanwhile: theirs stands, ours is dropped.
    let again = read(context, tenant, id).await?;
    Ok(Access::Token { access: open(key, id, "access", &again.access)?, generation: again.generation })
}

fn later(trouble: &GrantTrouble) -> Access {
    tracing::warn!(%trouble, "an access token could not be refreshed now");
    Access::Later(match trouble {
        GrantTrouble::Throttled(after) => *after,
        GrantTrouble::BadClient(_) => Duration::from_secs(300),
        _ => Duration::from_secs(15),
    })
}

async fn lease(context: &Context, tenant: TenantId, id: GrantId, owner: &str) -> Result<bool, Failure> {
    let now = context.now();
    let taken = grant::Entity::update_many()
        .col_expr(grant::Column::LeaseOwner, Expr::value(Some(owner.to_owned())))
        .col_expr(grant::Column::LeaseUntil, Expr::value(Some(now.plus(LEASE))))
        .col_expr(grant::Column::LeaseEpoch, Expr::col(grant::Column::LeaseEpoch).add(1))
        .filter(mine(tenant, id))
        .filter(Condition::any().add(grant::Column::LeaseOwner.is_null()).add(grant::Column::LeaseUntil.lt(now)))
        .exec(&context.database)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Gives back our own lease only.
async fn release(context: &Context, tenant: TenantId, id: GrantId, owner: &str) -> Result<(), Failure> {
    grant::Entity::update_many()
        .col_expr(grant::Column::LeaseOwner, Expr::value(None::<String>))
        .filter(mine(tenant, id))
        .filter(grant::Column::LeaseOwner.eq(owner))
        .exec(&context.database)
        .await?;
    Ok(())
}

async fn read(context: &Context, tenant: TenantId, id: GrantId) -> Result<grant::Model, Failure> {
    grant::Entity::of(tenant)
        .filter(grant::Column::Id.eq(id))
        .one(&context.database)
        .await?
        .ok_or_else(|| Failure::Bug(format!("grant {id} is not there")))
}

fn open(key: &TenantKey, id: GrantId, column: &'static str, sealed: &[u8]) -> Result<SecretString, Failure> {
    Ok(key.open_text(place(id, column), sealed)?.into())
}

fn mine(tenant: TenantId, id: GrantId) -> Condition {
    Condition::all().add(grant::Column::TenantId.eq(tenant)).add(grant::Column::Id.eq(id))
}

fn owner(context: &Context) -> String {
    let mut random = [0; 8];
    context.chance.fill(&mut random);
    format!("{}/{:016x}", context.name, u64::from_le_bytes(random))
}
