//! Connections: what happens when one no longer works, and when a person ends one.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entities::clock::At;
use entities::database::begin_write;
use entities::ids::{ConnectionId, ConsentId, GrantId, TenantId};
use entities::{connection, consent, grant, link, run, tenant};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use url::Url;

use crate::audit::{Author, Deed, note};
use crate::context::{Context, Failure};
use crate::events::{self, Event};
use crate::sync::{arrange, buttons};
use crate::{letters, purge, tokens};

/// How long a consent link works.
pub const CONSENT_LIVES: Duration = Duration::from_secs(72 * 3600);
/// A customer is asked to reconnect at most this often.
const TELL_EVERY: Duration = Duration::from_secs(24 * 3600);
const TOKEN_BYTES: usize = 32;

/// What is kept of a secret that came in an address.
pub fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// A new consent link for one provider; an open one of the same kind stops working. The secret is in the address only.
pub async fn invite(
    connection: &impl ConnectionTrait,
    context: &Context,
    tenant: TenantId,
    provider: &str,
) -> Result<(Url, At), Failure> {
    let now = context.now();
    consent::Entity::update_many()
        .col_expr(consent::Column::State, Expr::value("revoked"))
        .filter(consent::Column::TenantId.eq(tenant))
        .filter(consent::Column::Provider.eq(provider))
        .filter(consent::Column::State.eq("open"))
        .exec(connection)
        .await?;
    let mut secret = [0; TOKEN_BYTES];
    context.chance.fill(&mut secret);
    let secret = URL_SAFE_NO_PAD.encode(secret);
    let expires_at = now.plus(CONSENT_LIVES);
    consent::ActiveModel {
        tenant_id: Set(tenant),
        id: Set(ConsentId::new(context.clock.as_ref(), context.chance.as_ref())),
        provider: Set(provider.to_owned()),
        token_hash: Set(hash(&secret)),
        state: Set("open".to_owned()),
        created_at: Set(now),
        expires_at: Set(expires_at),
        used_at: Set(None),
    }
    .insert(connection)
    .await?;
    Ok((address(context, &format!("connect/{secret}")), expires_at))
}

/// An address of ours.
pub fn address(context: &Context, path: &str) -> Url {
    let base = context.public_url.as_str().trim_end_matches('/');
    // The base was parsed when the settings were read, and our paths have nothing to escape.
    Url::parse(&format!("{base}/{path}")).unwrap_or_else(|_| context.public_url.clone())
}

/// A grant is over: its links rest, their runs pause, and the customer gets one letter. Doing it twice does no harm.
pub async fn lost(context: &Context, tenant: TenantId, id: GrantId, why: &str) -> Result<(), Failure> {
    let now = context.now();
    let key = context.tenant_key(tenant).await?;
    let transaction = begin_write(&context.database).await?;
    // One after the other, where two workers find it lost in the same moment: the second sees that the letter is written.
    let Some(found) = grant::Entity::of(tenant).filter(grant::Column::Id.eq(id)).lock_exclusive().one(&transaction).await? else {
        return Ok(());
    };
    let connections = connection::Entity::of(tenant).filter(connection::Column::GrantId.eq(id)).all(&transaction).await?;
    let ids: Vec<ConnectionId> = connections.iter().map(|one| one.id).collect();
    let reached =
        Condition::any().add(link::Column::XeroConnectionId.is_in(ids.clone())).add(link::Column::ZohoConnectionId.is_in(ids));
    // In one order, and before their runs, as everybody does.
    let links =
        link::Entity::of(tenant).filter(reached).order_by_asc(link::Column::Id).lock_exclusive().all(&transaction).await?;
    let mut rests_now = false;
    for one in links {
        rests_now |= one.state != "resting";
        run::Entity::update_many()
            .col_expr(run::Column::State, Expr::value("paused"))
            .col_expr(run::Column::Pause, Expr::value(Some("reconnect")))
            .col_expr(run::Column::Reason, Expr::value(Some(why)))
            .filter(run::Column::TenantId.eq(tenant))
            .filter(run::Column::LinkId.eq(one.id))
            .filter(run::Column::State.eq("working"))
            .exec(&transaction)
            .await?;
        let mut one: link::ActiveModel = one.into();
        one.state = Set("resting".to_owned());
        one.rest_reason = Set(Some(why.to_owned()));
        one.update(&transaction).await?;
    }
    let told = found.told_at.is_some_and(|told| now.since(told) < TELL_EVERY);
    let provider = found.provider.clone();
    let was_ended = found.state == "revoked";
    let tells = !told && found.state == "needs_reconnect" && !purge::is_under_way(&transaction, tenant).await?;
    if tells {
        let customer =
            tenant::Entity::of(tenant).one(&transaction).await?.ok_or_else(|| Failure::Bug("the tenant is gone".to_owned()))?;
        let (link, expires_at) = invite(&transaction, context, tenant, &found.provider).await?;
        let words = letters::Words::Reconnect {
            tenant_name: customer.name,
            provider: found.provider.clone(),
            organisation: connections.first().map(|one| one.name.clone()).unwrap_or_default(),
            link: link.to_string(),
            status_link: address(context, &format!("status/{}", key.token("status"))).to_string(),
            expires_at,
        };
        letters::queue(&transaction, context, tenant, &key, &words).await?;
        let mut found: grant::ActiveModel = found.into();
        found.told_at = Set(Some(now));
        found.update(&transaction).await?;
    }
    if rests_now || tells {
        let lost = Event::ConnectionLost { provider: &provider, must_reconnect: !was_ended };
        events::tell(&transaction, context, tenant, lost, now).await?;
    }
    // Whoever ended it by will has an entry already.
    if !was_ended && (rests_now || tells) {
        note(
            &transaction,
            context,
            tenant,
            &Author::worker(),
            Deed::done("grant.lost", format!("grant:{id}"), provider.as_str()),
        )
        .await?;
    }
    transaction.commit().await?;
    context.waker.wake();
    tracing::warn!(tenant.id = %tenant, grant.id = %id, why, "a connection must be authorised again");
    Ok(())
}

/// A person ends a connection. The provider is told first; what was carried stays where it is.
pub async fn disconnect(context: &Context, tenant: TenantId, id: ConnectionId, by: &Author) -> Result<bool, Failure> {
    let Some(found) = connection::Entity::of(tenant).filter(connection::Column::Id.eq(id)).one(&context.database).await? else {
        return Ok(false);
    };
    tell_provider(context, tenant, &found).await?;
    let transaction = begin_write(&context.database).await?;
    grant::Entity::update_many()
        .col_expr(grant::Column::State, Expr::value("revoked"))
        .filter(grant::Column::TenantId.eq(tenant))
        .filter(grant::Column::Id.eq(found.grant_id))
        .exec(&transaction)
        .await?;
    let deed = Deed::done("connection.ended", format!("connection:{id}"), found.provider.as_str());
    note(&transaction, context, tenant, by, deed).await?;
    transaction.commit().await?;
    lost(context, tenant, found.grant_id, "The connection was ended by a person.").await?;
    Ok(true)
}

/// Forgets the tokens of a consent whose organisation nobody chose. Zoho counts its refresh tokens, so it gets this one back.
pub async fn forget_choice(context: &Context, tenant: TenantId, id: GrantId) -> Result<(), Failure> {
    let Some(found) = grant::Entity::of(tenant).filter(grant::Column::Id.eq(id)).one(&context.database).await? else {
        return Ok(());
    };
    if found.provider == "zoho"
        && let Err(trouble) = revoke_zoho(context, &found).await?
    {
        tracing::warn!(tenant.id = %tenant, trouble, "an abandoned consent could not be handed back");
    }
    grant::Entity::delete_many()
        .filter(grant::Column::TenantId.eq(tenant))
        .filter(grant::Column::Id.eq(id))
        .filter(grant::Column::State.eq("choosing"))
        .exec(&context.database)
        .await?;
    Ok(())
}

/// Best effort: a provider that is out of reach does not keep us from forgetting the tokens' use.
async fn tell_provider(context: &Context, tenant: TenantId, found: &connection::Model) -> Result<(), Failure> {
    let Some(grant) = grant::Entity::of(tenant).filter(grant::Column::Id.eq(found.grant_id)).one(&context.database).await? else {
        return Ok(());
    };
    let outcome = if found.provider == "zoho" {
        arrange::remove(context, found).await?;
        buttons::remove(context, found).await?;
        revoke_zoho(context, &grant).await?
    } else {
        disconnect_xero(context, tenant, found).await
    };
    if let Err(trouble) = outcome {
        tracing::warn!(tenant.id = %tenant, trouble, "the provider could not be told of the disconnect");
    }
    Ok(())
}

/// Hands a refresh token back to Zoho, which counts them. The inner error is Zoho's, or that it could not be asked.
pub async fn revoke_zoho(context: &Context, grant: &grant::Model) -> Result<Result<(), String>, Failure> {
    let key = context.tenant_key(grant.tenant_id).await?;
    let refresh: SecretString = key.open_text(tokens::place(grant.id, "refresh"), &grant.refresh)?.into();
    Ok(match context.providers.data_centres.by_location(&grant.data_centre) {
        Some(centre) => {
            context.providers.zoho.revoke(&context.http, centre, &refresh).await.map_err(|trouble| trouble.to_string())
        }
        None => Err("its data centre is not in the table".to_owned()),
    })
}

/// Xero's revocation would end all of this user's organisations: only this one's connection is deleted.
pub(crate) async fn disconnect_xero(context: &Context, tenant: TenantId, found: &connection::Model) -> Result<(), String> {
    let access = match tokens::fresh(context, tenant, found.grant_id).await {
        Ok(tokens::Access::Token { access, .. }) => access,
        _ => return Err("the access token is gone".to_owned()),
    };
    let list = connectors::xero::connections(&context.http, &context.providers.xero_api, &access)
        .await
        .map_err(|trouble| trouble.to_string())?;
    for one in list.iter().filter(|one| one.tenant_id == found.organisation_id) {
        connectors::xero::delete_connection(&context.http, &context.providers.xero_api, &access, &one.id)
            .await
            .map_err(|trouble| trouble.to_string())?;
    }
    Ok(())
}
