//! How far a customer has come, as staff see it.

use async_graphql::{Enum, SimpleObject};

use super::words::DateTime;
use crate::checklist::{Item, Step};

/// One line of the checklist.
#[derive(SimpleObject)]
pub struct ChecklistStep {
    item: ChecklistItem,
    title: &'static str,
    done: bool,
    /// When it was done, where that is known.
    at: Option<DateTime>,
}

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "Item")]
enum ChecklistItem {
    /// The letter with the links has left.
    LetterSent,
    XeroAllowed,
    ZohoAllowed,
    /// The custom fields exist on the Zoho side.
    FieldsProvisioned,
    MigrationRun,
    /// The last reconciliation was equal to the cent.
    Reconciled,
}

impl From<Step> for ChecklistStep {
    fn from(step: Step) -> Self {
        Self { item: step.item.into(), title: step.item.title(), done: step.done, at: step.at.map(DateTime) }
    }
}
