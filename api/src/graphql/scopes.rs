//! What of a company is carried, as staff choose it.

use async_graphql::{InputObject, SimpleObject};
use chrono::NaiveDate;
use connectors::flows;
use jobs::sync::scope::Scope;

use super::flows::Flow;
use super::words::Date;
use crate::error::Error;

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
        if from.is_some() && self.open_only {
            return Err(Error::bad_input("scope", "choose `from` or `openOnly`, not both"));
        }
        if let Some(from) = from.filter(|from| *from > today) {
            return Err(Error::bad_input("scope.from", format!("{from} is in the future; choose a day up to today")));
        }
        let (mut off, mut on) = (self.off, self.on);
        for keys in [&mut off, &mut on] {
            keys.sort_unstable();
            keys.dedup();
        }
        for key in &on {
            if off.contains(key) {
                return Err(Error::bad_input("scope.on", format!("{key} is in `off` too")));
            }
            if flows::flow(key).is_none() {
                return Err(Error::bad_input("scope.on", format!("{key:?} is no kind of record; `flows` lists them")));
            }
        }
        for key in &off {
            match flows::flow(key) {
                None => return Err(Error::bad_input("scope.off", format!("{key:?} is no kind of record; `flows` lists them"))),
                Some(flow) if !flow.can_be_off() => {
                    let title = flow.title().to_lowercase();
                    return Err(Error::bad_input("scope.off", format!("{key}: nothing can be carried without {title}")));
                }
                Some(_) => {}
            }
        }
        Ok(Scope { from, open_only: self.open_only, off, on, opening: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_that_makes_no_sense_is_refused_with_the_fields_name() {
        let today: NaiveDate = "2026-11-26".parse().unwrap();
        let day = |text: &str| Some(Date(text.parse().unwrap()));
        let input = |from, open_only, off: &[&str]| ScopeInput {
            from,
            open_only,
            on: Vec::new(),
            off: off.iter().map(|key| (*key).to_owned()).collect(),
        };
        let refused = |input: ScopeInput| match input.read(today) {
            Err(Error::BadInput { field, sentence }) => (field, sentence),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(input(day("2026-04-01"), true, &[])).0, "scope");
        assert_eq!(refused(input(day("2026-11-27"), false, &[])).0, "scope.from");
        assert_eq!(refused(input(None, false, &["books.dreams"])).0, "scope.off");
        let (field, sentence) = refused(input(None, false, &["books.accounts"]));
        assert_eq!((field, sentence.as_str()), ("scope.off", "books.accounts: nothing can be carried without chart of accounts"));
        let read = input(day("2026-11-26"), false, &["books.items", "books.items"]).read(today).unwrap();
        assert_eq!(read.off, ["books.items"]);
        assert_eq!(input(None, false, &[]).read(today).unwrap(), Scope::default());
    }
}
