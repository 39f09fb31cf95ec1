//! E-mails, as staff see them: that they went, never what they said.

use async_graphql::{ID, SimpleObject};
use entities::letter;

use super::node_id;
use super::words::{DateTime, LetterKind, LetterState};
use crate::error::Error;

/// An e-mail to the customer. What it says is not kept.
#[derive(SimpleObject)]
pub struct Letter {
    id: ID,
    kind: LetterKind,
    state: LetterState,
    attempts: i32,
    queued_at: DateTime,
    sent_at: Option<DateTime>,
    /// Why it could not be sent.
    error: Option<String>,
}

impl Letter {
    pub fn of(row: letter::Model) -> Result<Self, Error> {
        Ok(Self {
            id: node_id::letter(row.tenant_id, row.id),
            kind: LetterKind::read(&row.kind)?,
            state: LetterState::read(&row.state)?,
            attempts: row.attempts,
            queued_at: DateTime(row.queued_at),
            sent_at: row.sent_at.map(DateTime),
            error: row.error,
        })
    }
}
