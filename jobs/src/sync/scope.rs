//! What of a company is carried: everything, what is dated from a day on or was still open then, or what is open today; and which kinds
//! of records.

use chrono::NaiveDate;
use connectors::flow::{Age, AnyFlow};
use serde::{Deserialize, Serialize};

/// Kept with the link as JSON. The empty one is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Documents and bookings from this day on, and those from before that were still open on it.
    pub from: Option<NaiveDate>,
    /// Only documents that are open today.
    pub open_only: bool,
    /// Flows that are left out, by their keys.
    pub off: Vec<String>,
    /// Flows that are carried only where they are asked for, and are: `Flow::IS_ASKED_FOR`.
    pub on: Vec<String>,
}

impl Scope {
    /// Reads what is kept with a link.
    pub fn parse(kept: Option<&str>) -> Result<Self, serde_json::Error> {
        kept.map_or(Ok(Self::default()), serde_json::from_str)
    }

    /// Whether a record of this age is carried. What follows another record is decided with that one.
    pub fn includes(&self, age: Age) -> bool {
        match age {
            Age::Timeless | Age::Follows => true,
            Age::Of { open, .. } if self.open_only => open,
            Age::Of { date, open, settled } => {
                self.from.is_none_or(|from| date >= from || open || settled.is_some_and(|settled| settled >= from))
            }
        }
    }

    pub fn is_on(&self, flow: &dyn AnyFlow) -> bool {
        let has = |list: &[String]| list.iter().any(|one| one == flow.key());
        !has(&self.off) && (!flow.is_asked_for() || has(&self.on))
    }
}

#[cfg(test)]
mod tests {
    use connectors::flows;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_document_is_included_by_its_date_or_by_what_was_open() {
        let of = |date: &str, open, settled: Option<&str>| Age::Of { date: day(date), open, settled: settled.map(day) };
        let from = Scope { from: Some(day("2026-04-01")), ..Scope::default() };
        let open = Scope { open_only: true, ..Scope::default() };
        for (age, in_from, in_open) in [
            (of("2026-04-01", false, None), true, false),
            (of("2026-03-31", false, None), false, false),
            (of("2026-03-31", true, None), true, true),
            // Paid on or after the day: it was open when the day began.
            (of("2026-03-31", false, Some("2026-04-01")), true, false),
            (of("2026-03-31", false, Some("2026-03-31")), false, false),
            (Age::Timeless, true, true),
            (Age::Follows, true, true),
        ] {
            assert_eq!(
                (from.includes(age), open.includes(age), Scope::default().includes(age)),
                (in_from, in_open, true),
                "{age:?}"
            );
        }
    }

    #[test]
    fn what_is_kept_with_a_link_is_read_again() {
        let scope = Scope { from: Some(day("2026-04-01")), open_only: false, off: vec!["books.items".into()], on: Vec::new() };
        assert_eq!(Scope::parse(Some(&serde_json::to_string(&scope).unwrap())).unwrap(), scope);
        assert_eq!(Scope::parse(None).unwrap(), Scope::default());
        assert_eq!(Scope::parse(Some("{}")).unwrap(), Scope::default());
        let on = |scope: &Scope, key: &str| scope.is_on(flows::flow(key).unwrap());
        assert!(!on(&scope, "books.items") && on(&scope, "books.invoices") && !on(&scope, "books.notes"));
        assert!(on(&Scope { on: vec!["books.notes".into()], ..scope }, "books.notes"));
    }
}
