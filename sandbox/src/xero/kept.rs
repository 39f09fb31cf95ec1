//! What follows when a record has been kept: its history, the event for webhooks, and what links it. All of it is in the same
//! transaction, so that it is undone with the record.

use uuid::Uuid;

use super::desk::{By, Desk, No};
use super::history::{self, Before};
use super::json::Record;
use super::kinds::Kind;
use super::records::Row;
use super::{enter, webhooks};

/// What has to be known of a record before it is kept anew.
pub fn before(desk: &Desk, kind: Kind, id: Uuid) -> Result<Option<Before>, No> {
    if kind.about().history || webhooks::category(kind).is_some() {
        return Ok(history::before(desk.connection, desk.org.n, kind, id)?);
    }
    Ok(None)
}

pub fn after(desk: &Desk, kind: Kind, row: &Row, before: Option<&Before>, record: &Record) -> Result<(), No> {
    // A change that does not move the record's time of change is none that anybody is told of.
    let silent = desk.by == By::Person { silent: true }
        || before.is_some_and(|before| row.modified_ms == before.modified_ms && row.modified_ms != desk.now_ms);
    if !silent {
        if kind.about().history {
            history::changed(desk, kind, row.id, before, record, (row.total_cents, row.due_cents))?;
        }
        webhooks::note(desk, kind, row, before.is_none(), record)?;
    }
    if matches!(kind, Kind::Invoices | Kind::BankTransactions) && before.is_some() {
        enter::linked_transactions::follow(desk, row.id)?;
    }
    Ok(())
}
