//! What of a company is carried: everything, what is dated from a day on or was still open then, or what is open today; and which kinds
//! of records.

use chrono::NaiveDate;
use connectors::flow::{Age, AnyFlow};
use connectors::zoho::reports::eve;
use entities::link;
use serde::{Deserialize, Serialize};

/// Kept with the link as JSON. The empty one is everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Documents and bookings from this day on, and those from before that were still open on it.
    pub from: Option<NaiveDate>,
    /// Only documents that are open on the day on which the first migration begins. That day becomes `from`, so that what happens later
    /// is carried too.
    pub open_only: bool,
    /// Flows that are left out, by their keys.
    pub off: Vec<String>,
    /// Flows that are carried only where they are asked for, and are: `Flow::IS_ASKED_FOR`.
    pub on: Vec<String>,
    /// What is older than the scope stands in Zoho as opening balances at the end of this day. Written by us, kept from scope to scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opening: Option<NaiveDate>,
}

impl Scope {
    /// Reads what is kept with a link.
    pub fn parse(kept: Option<&str>) -> Result<Self, serde_json::Error> {
        kept.map_or(Ok(Self::default()), serde_json::from_str)
    }

    /// This scope in the place of another: what was written stays known, and open items are those of the first migration's day.
    pub fn in_place_of(mut self, kept: &Scope, begins: Option<NaiveDate>) -> Self {
        self.opening = kept.opening;
        if self.open_only {
            self.from = kept.from.filter(|_| kept.open_only).or(begins);
        }
        self
    }

    /// The last day of which only opening balances are carried: that of this scope, or that of a narrower one before it.
    pub fn cut(&self) -> Option<NaiveDate> {
        self.from.map(eve).or(self.opening)
    }

    /// Whether a record of this age is carried. What follows another record is decided with that one.
    pub fn includes(&self, age: Age) -> bool {
        match age {
            Age::Timeless | Age::Follows => true,
            Age::Of { open, .. } if self.open_only && self.from.is_none() => open,
            Age::Of { date, open, settled } => {
                self.from.is_none_or(|from| date >= from || open || settled.is_some_and(|settled| settled >= from))
            }
        }
    }

    pub fn is_on(&self, flow: &dyn AnyFlow) -> bool {
        let has = |list: &[String]| list.iter().any(|one| one == flow.key());
        !has(&self.off) && (!flow.is_asked_for() || has(&self.on))
    }

    /// Whether a link of this scope carries this kind: what Zoho's own integration carries is left to it.
    pub fn carries(&self, link: &link::Model, flow: &dyn AnyFlow) -> bool {
        self.is_on(flow) && (!link.is_beside_native() || flow.is_marked_beside_native())
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
    fn open_items_are_those_of_the_first_migrations_day() {
        let open = Scope { open_only: true, ..Scope::default() };
        let begun = open.clone().in_place_of(&Scope::default(), Some(day("2026-04-01")));
        assert_eq!((begun.from, begun.cut()), (Some(day("2026-04-01")), Some(day("2026-03-31"))));
        let kept = Scope { opening: Some(day("2026-03-31")), ..begun };
        assert_eq!(open.in_place_of(&kept, Some(day("2026-05-01"))), kept, "a later one is the same scope");
        let all = Scope::default().in_place_of(&kept, Some(day("2026-05-01")));
        assert_eq!((all.from, all.cut()), (None, Some(day("2026-03-31"))), "what was written has to be taken back");
        assert_eq!(Scope::default().cut(), None);
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
        let scope =
            Scope { from: Some(day("2026-04-01")), open_only: false, off: vec!["books.items".into()], ..Scope::default() };
        assert_eq!(Scope::parse(Some(&serde_json::to_string(&scope).unwrap())).unwrap(), scope);
        assert_eq!(Scope::parse(None).unwrap(), Scope::default());
        assert_eq!(Scope::parse(Some("{}")).unwrap(), Scope::default());
        let on = |scope: &Scope, key: &str| scope.is_on(flows::flow(key).unwrap());
        assert!(!on(&scope, "books.items") && on(&scope, "books.invoices") && !on(&scope, "books.notes"));
        assert!(on(&Scope { on: vec!["books.notes".into()], ..scope }, "books.notes"));
    }
}
