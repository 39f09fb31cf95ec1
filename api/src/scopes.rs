//! What of a company is carried, as somebody wishes it, checked.

use chrono::NaiveDate;
use connectors::flows;
use jobs::sync::scope::Scope;

use crate::error::Error;

/// What of a company is carried. Empty: everything.
#[derive(Debug, Default)]
pub struct ScopeWish {
    /// Documents and bookings from this day on.
    pub from: Option<NaiveDate>,
    pub open_only: bool,
    /// Kinds of records that are left out, by their keys.
    pub off: Vec<String>,
    /// Kinds that are carried only where they are asked for.
    pub on: Vec<String>,
}

impl ScopeWish {
    /// Checked: a scope that makes no sense is refused before anything is done.
    pub fn read(self, today: NaiveDate) -> Result<Scope, Error> {
        let from = self.from;
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
        let day = |text: &str| Some(text.parse().unwrap());
        let input = |from, open_only, off: &[&str]| ScopeWish {
            from,
            open_only,
            on: Vec::new(),
            off: off.iter().map(|key| (*key).to_owned()).collect(),
        };
        let refused = |input: ScopeWish| match input.read(today) {
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
