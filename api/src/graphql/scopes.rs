//! What of a company is carried, as staff choose it.

use async_graphql::{InputObject, SimpleObject};
use chrono::NaiveDate;
use jobs::sync::scope::Scope;

use super::flows::Flow;
use super::words::Date;
use crate::error::Error;
use crate::scopes::ScopeWish;

/// What of a company is carried. Empty: everything.
#[derive(InputObject, Default)]
pub struct ScopeInput {
    /// Documents and bookings from this day on, and those from before that were still open on it. Older history becomes opening balances.
    from: Option<Date>,
    /// Only documents that are open on the day of the first migration with this choice. Everything older becomes opening balances.
    #[graphql(default)]
    open_only: bool,
    /// Kinds of records that are left out, by their keys: `books.quotes`.
    #[graphql(default)]
    off: Vec<String>,
    /// Kinds that are carried only where they are asked for, by their keys: `books.notes`.
    #[graphql(default)]
    on: Vec<String>,
}

/// What of a company is carried.
#[derive(SimpleObject)]
pub struct ScopeView {
    /// Documents and bookings from this day on, and those from before that were still open on it.
    from: Option<Date>,
    /// Only documents that were open on the day of the first migration with this choice.
    open_only: bool,
    /// Kinds of records that are left out.
    off: Vec<Flow>,
    /// Kinds that were asked for and are not carried otherwise.
    on: Vec<Flow>,
}

impl From<&Scope> for ScopeView {
    fn from(scope: &Scope) -> Self {
        let flows = |keys: &[String]| keys.iter().map(|key| Flow::of(key)).collect();
        // Open items have a day of their own, which is not the one that a person chose.
        let from = scope.from.filter(|_| !scope.open_only);
        Self { from: from.map(Date), open_only: scope.open_only, off: flows(&scope.off), on: flows(&scope.on) }
    }
}

impl ScopeInput {
    /// Checked: a scope that makes no sense is refused before anything is done.
    pub fn read(self, today: NaiveDate) -> Result<Scope, Error> {
        let from = self.from.map(|from| from.0);
        ScopeWish { from, open_only: self.open_only, off: self.off, on: self.on }.read(today)
    }
}
