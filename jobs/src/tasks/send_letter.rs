//! Sends one letter: at least once, recorded, and its words forgotten once it is gone.

use std::time::Duration;

use emails::letters::{ConsentWords, Letter, ReconnectWords};
use emails::post::PostTrouble;
use entities::clock::At;
use entities::database::begin_write;
use entities::ids::{LetterId, TenantId};
use entities::{letter, tenant};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use crate::audit::{Author, Deed, note};
use crate::context::{Context, Failure};
use crate::job::{Job, Queue};
use crate::letters::{Words, place};

/// Tries before a letter is left for a person: about a day and a half with the pauses below.
const ATTEMPTS_MAX: i32 = 12;
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(4 * 3600);

/// Send this letter.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendLetter {
    pub tenant: TenantId,
    pub letter: LetterId,
}

impl Job for SendLetter {
    const NAME: &'static str = "send_letter";
    const QUEUE: Queue = Queue::Letters;

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn key(&self) -> Option<String> {
        Some(format!("letter:{}", self.letter))
    }

    async fn run(self, context: Context) -> Result<Option<At>, Failure> {
        let found = letter::Entity::of(self.tenant).filter(letter::Column::Id.eq(self.letter)).one(&context.database).await?;
        let Some(found) = found.filter(|found| found.state == "queued") else { return Ok(None) };
        let customer = tenant::Entity::of(self.tenant).one(&context.database).await?;
        let customer = customer.ok_or_else(|| Failure::Bug("a letter without a tenant".to_owned()))?;
        let key = context.keys.unwrap_tenant(self.tenant, &customer.wrapped_key)?;
        let Some(sealed) = &found.words else { return Err(Failure::Bug("a queued letter without words".to_owned())) };
        let plain = key.open(place(self.letter), sealed)?;
        let words: Words = serde_json::from_slice(&plain).map_err(|error| Failure::Bug(error.to_string()))?;
        let composed = compose(&customer.contact_email, self.letter, words)?;
        let outcome = context.post.send(&composed).await;
        settle(&context, found, outcome).await
    }
}

fn compose(to: &str, id: LetterId, words: Words) -> Result<Letter, Failure> {
    let composed = match words {
        Words::Consent { tenant_name, xero_link, zoho_link, status_link, products, expires_at } => {
            emails::letters::consent(&ConsentWords {
                id: id.to_string(),
                to: to.to_owned(),
                tenant_name,
                xero_link,
                zoho_link,
                status_link,
                products,
                expires_at: expires_at.to_utc(),
            })
        }
        Words::Reconnect { tenant_name, provider, organisation, link, status_link, expires_at } => {
            emails::letters::reconnect(&ReconnectWords {
                id: id.to_string(),
                to: to.to_owned(),
                tenant_name,
                provider,
                organisation,
                link,
                status_link,
                expires_at: expires_at.to_utc(),
            })
        }
    };
    composed.map_err(|error| Failure::Bug(format!("a letter could not be composed: {error}")))
}

async fn settle(context: &Context, found: letter::Model, outcome: Result<String, PostTrouble>) -> Result<Option<At>, Failure> {
    let attempts = found.attempts + 1;
    let (tenant, target, kind) = (found.tenant_id, format!("letter:{}", found.id), found.kind.clone());
    let mut row: letter::ActiveModel = found.into();
    row.attempts = Set(attempts);
    let (mut again, mut act) = (None, None);
    match outcome {
        Ok(message_id) => {
            act = Some("letter.sent");
            row.state = Set("sent".to_owned());
            row.message_id = Set(Some(message_id));
            row.sent_at = Set(Some(context.now()));
            row.words = Set(None);
            row.error = Set(None);
        }
        Err(PostTrouble::Later(why)) if attempts < ATTEMPTS_MAX => {
            row.error = Set(Some(why));
            again = Some(context.in_a(FIRST_PAUSE.saturating_mul(1 << attempts.min(12)).min(LONGEST_PAUSE)));
        }
        Err(PostTrouble::Later(why) | PostTrouble::Never(why)) => {
            tracing::error!("a letter could not be sent and is given up");
            act = Some("letter.given_up");
            row.state = Set("failed".to_owned());
            row.words = Set(None);
            row.error = Set(Some(why));
        }
    }
    let transaction = begin_write(&context.database).await?;
    row.update(&transaction).await?;
    if let Some(act) = act {
        note(&transaction, context, tenant, &Author::worker(), Deed::done(act, target, kind)).await?;
    }
    transaction.commit().await?;
    Ok(again)
}
