//! Letters: the row and its job are written in the caller's transaction, the words sealed until it is sent.

pub use emails::post::Post;
use entities::clock::At;
use entities::ids::{LetterId, TenantId};
use entities::letter;
use entities::sealed::{Place, TenantKey};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ConnectionTrait};
use serde::{Deserialize, Serialize};

use crate::context::{Context, Failure};
use crate::queue::enqueue;
use crate::tasks::send_letter::SendLetter;

/// What a letter says. Kept sealed, and only until it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Words {
    /// The two links to consent.
    Consent {
        tenant_name: String,
        xero_link: Option<String>,
        zoho_link: Option<String>,
        status_link: String,
        products: Vec<String>,
        expires_at: At,
    },
    /// A connection no longer works.
    Reconnect { tenant_name: String, provider: String, organisation: String, link: String, status_link: String, expires_at: At },
}

impl Words {
    pub fn kind(&self) -> &'static str {
        match self {
            Words::Consent { .. } => "consent",
            Words::Reconnect { .. } => "reconnect",
        }
    }
}

/// Where a letter's words are sealed.
pub fn place(letter: LetterId) -> Place<'static> {
    Place { table: "letter", column: "words", row: letter.0 }
}

/// Writes a letter down and sets its alarm: both or neither.
pub async fn queue(
    connection: &impl ConnectionTrait,
    context: &Context,
    tenant: TenantId,
    key: &TenantKey,
    words: &Words,
) -> Result<(), Failure> {
    queue_as(connection, context, (tenant, LetterId::new(context.clock.as_ref(), context.chance.as_ref())), key, words).await
}

/// The same under an id that was chosen before.
pub async fn queue_as(
    connection: &impl ConnectionTrait,
    context: &Context,
    (tenant, id): (TenantId, LetterId),
    key: &TenantKey,
    words: &Words,
) -> Result<(), Failure> {
    let plain = serde_json::to_vec(words).map_err(|error| Failure::Bug(error.to_string()))?;
    letter::ActiveModel {
        tenant_id: Set(tenant),
        id: Set(id),
        kind: Set(words.kind().to_owned()),
        state: Set("queued".to_owned()),
        words: Set(Some(key.seal(place(id), &plain, context.chance.as_ref()))),
        message_id: Set(None),
        attempts: Set(0),
        queued_at: Set(context.now()),
        sent_at: Set(None),
        error: Set(None),
    }
    .insert(connection)
    .await?;
    enqueue(connection, context.clock.as_ref(), &SendLetter { tenant, letter: id }, context.now()).await?;
    Ok(())
}
