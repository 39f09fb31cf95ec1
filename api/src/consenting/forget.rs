//! Leaving no trace: tokens that are not used are handed back and thrown away.

use std::time::Duration;

use connectors::xero;
use entities::database::begin_write;
use entities::{grant, sign_in};
use jobs::connections;
use jobs::context::{Context, Failure};
use jobs::tokens;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use secrecy::SecretString;

use super::Problem;
use super::organisations::{self, Reach};
use super::settle::{Granted, refused};

/// The timetable deletes what is over; our copy of the tokens is needed once more before.
const BEFORE_THE_END: Duration = Duration::from_secs(5);

/// Hands back what a refused consent gave us. Best effort: our copy is gone either way.
pub async fn granted(context: &Context, granted: &Granted) {
    let outcome = match &granted.reach {
        Reach::Zoho { centre, .. } => {
            context.providers.zoho.revoke(&context.http, centre, &granted.refresh).await.map_err(|trouble| trouble.to_string())
        }
        Reach::Xero { .. } => take_back_xero(context, granted).await.map_err(|failure| failure.to_string()),
    };
    if let Err(trouble) = outcome {
        tracing::warn!(trouble, "a refused consent could not be handed back");
    }
}

/// Hands back the grant that a newer consent replaces.
/// At Zoho old refresh tokens count towards a limit. At Xero the new tokens are the same user's, whose connections must stay.
pub async fn replaced(context: &Context, old: &grant::Model) {
    if old.provider != "zoho" {
        return;
    }
    let outcome = match connections::revoke_zoho(context, old).await {
        Ok(outcome) => outcome,
        Err(failure) => Err(failure.to_string()),
    };
    if let Err(trouble) = outcome {
        tracing::warn!(trouble, grant.id = %old.id, "a replaced consent could not be handed back");
    }
}

/// Hands a choice back that nobody makes, just before its time is over. Where this process ends sooner, the timetable deletes the rows.
pub fn when_over(context: &Context, sign_in: &sign_in::Model) {
    let (context, tenant, id) = (context.clone(), sign_in.tenant_id, sign_in.id);
    let wait = sign_in.expires_at.since(context.now()).saturating_sub(BEFORE_THE_END);
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        let outcome = match sign_in::Entity::of(tenant).filter(sign_in::Column::Id.eq(id)).one(&context.database).await {
            Ok(Some(abandoned)) => drop_choice(&context, &abandoned, None).await.map(drop),
            Ok(None) => Ok(()),
            Err(error) => Err(error.into()),
        };
        if let Err(failure) = outcome {
            tracing::warn!(%failure, "an abandoned choice could not be handed back");
        }
    });
}

/// Throws a grant away that was waiting for a choice. True where there was one. `why`: the choice was made, and refused.
pub async fn drop_choice(context: &Context, sign_in: &sign_in::Model, why: Option<Problem>) -> Result<bool, Failure> {
    let Some(id) = sign_in.grant_id else {
        return Ok(false);
    };
    let tenant = sign_in.tenant_id;
    let waiting = grant::Entity::of(tenant)
        .filter(grant::Column::Id.eq(id))
        .filter(grant::Column::State.eq("choosing"))
        .one(&context.database)
        .await?;
    let transaction = begin_write(&context.database).await?;
    let dropped = grant::Entity::delete_many()
        .filter(grant::Column::TenantId.eq(tenant))
        .filter(grant::Column::Id.eq(id))
        .filter(grant::Column::State.eq("choosing"))
        .exec(&transaction)
        .await?;
    if dropped.rows_affected == 0 {
        transaction.rollback().await?;
        // Chosen a moment ago, by the first of two clicks: what that came to stays written down.
        return Ok(false);
    }
    sign_in::Entity::delete_many()
        .filter(sign_in::Column::TenantId.eq(tenant))
        .filter(sign_in::Column::Id.eq(sign_in.id))
        .exec(&transaction)
        .await?;
    if let Some(why) = why {
        refused(&transaction, context, sign_in, why).await?;
    }
    transaction.commit().await?;
    if let Some(waiting) = waiting {
        let key = context.tenant_key(tenant).await?;
        let open = |column, sealed: &[u8]| -> Result<SecretString, Failure> {
            Ok(key.open_text(tokens::place(id, column), sealed)?.into())
        };
        let reach = match context.providers.data_centres.by_location(&waiting.data_centre) {
            Some(centre) => Reach::Zoho { centre: Box::new(centre.clone()), api: centre.api.clone() },
            None => Reach::Xero { event: waiting.event.clone() },
        };
        let given = Granted {
            access: open("access", &waiting.access)?,
            refresh: open("refresh", &waiting.refresh)?,
            access_until: waiting.access_until,
            scopes: waiting.scopes,
            subject: waiting.subject,
            reach,
        };
        granted(context, &given).await;
    }
    Ok(true)
}

/// Xero's revocation would end every organisation of this user. Only what this consent connected, and nobody uses, is taken back.
async fn take_back_xero(context: &Context, granted: &Granted) -> Result<(), Failure> {
    let found = match organisations::reached(context, &granted.reach, &[], &granted.access).await {
        Ok(found) => found,
        Err(trouble) => {
            tracing::warn!(%trouble, "Xero does not say what a refused consent connected");
            return Ok(());
        }
    };
    for one in found.iter().filter(|one| one.by_this_consent) {
        let used = organisations::is_connected(context, granted.reach.provider(), &one.id).await?;
        if let (false, Some(connection)) = (used, &one.connection_id) {
            let api = &context.providers.xero_api;
            let gone = xero::delete_connection(&context.http, api, &granted.access, connection).await;
            if let Err(trouble) = gone {
                tracing::warn!(%trouble, "a refused Xero connection could not be taken back");
            }
        }
    }
    Ok(())
}
