//! What is owed, contact by contact and by how long it is overdue, on either side.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use connectors::flow::Owed;
use entities::run;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::report::{Ageing, AgeingRow, Buckets, Part};

/// Contacts of one flow that are told apart. More would make the running sums large; then only totals are kept.
const CONTACTS_MAX: usize = 3_000;

/// Sums of one flow at one side.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct OwedSums {
    contacts: BTreeMap<Key, Sum>,
    /// There were more contacts than are told apart: theirs are added up under no name.
    is_cut: bool,
}

/// The flow of the contacts, the contact's id, the currency.
type Key = (String, String, String);

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    name: String,
    buckets: Buckets,
    /// By how much Zoho has more, for reasons with a name.
    parts: BTreeMap<String, Decimal>,
    /// Reasons for differences of an amount that is not known.
    touched: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
struct Kept(Vec<(Key, Sum)>, bool);

impl From<Kept> for OwedSums {
    fn from(kept: Kept) -> Self {
        Self { contacts: kept.0.into_iter().collect(), is_cut: kept.1 }
    }
}

impl From<OwedSums> for Kept {
    fn from(sums: OwedSums) -> Self {
        Self(sums.contacts.into_iter().collect(), sums.is_cut)
    }
}

/// The day by which both sides' documents are overdue or not.
pub fn day(run: &run::Model) -> NaiveDate {
    run.created_at.to_utc().date_naive()
}

impl OwedSums {
    pub fn add(&mut self, owed: Owed, day: NaiveDate) {
        let (amount, due) = (owed.amount, owed.due);
        self.of(owed).buckets.add(amount, due, day);
    }

    /// It is owed in Xero and is not in Zoho, for this reason.
    pub fn add_missing(&mut self, owed: Owed, day: NaiveDate, cause: &str) {
        let (amount, due) = (owed.amount, owed.due);
        let sum = self.of(owed);
        sum.buckets.add(amount, due, day);
        *sum.parts.entry(cause.to_owned()).or_default() -= amount;
    }

    /// What was added before is not in Zoho, for this reason.
    pub fn explain(&mut self, owed: Owed, cause: &str) {
        let amount = owed.amount;
        *self.of(owed).parts.entry(cause.to_owned()).or_default() -= amount;
    }

    /// It may be owed differently in Zoho, for this reason.
    pub fn touch(&mut self, owed: Owed, cause: &str) {
        self.of(owed).touched.insert(cause.to_owned());
    }

    fn of(&mut self, owed: Owed) -> &mut Sum {
        let mut key = (owed.contacts.to_owned(), owed.contact, owed.currency);
        let mut name = owed.name;
        if self.contacts.len() >= CONTACTS_MAX && !self.contacts.contains_key(&key) {
            self.is_cut = true;
            (key.1, name) = (String::new(), "All other contacts".to_owned());
        }
        let sum = self.contacts.entry(key).or_default();
        if sum.name.is_empty() {
            sum.name = name;
        }
        sum
    }

    /// The contacts that are named here, with their flows.
    pub fn contacts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.contacts.keys().map(|(flow, contact, _)| (flow.as_str(), contact.as_str()))
    }
}

/// Both sides by contact, for the contacts of one flow. `ids`: Zoho's ids by flow and Xero's.
pub fn compare<'a>(
    flow: &str,
    xero: impl Iterator<Item = &'a OwedSums>,
    zoho: impl Iterator<Item = &'a OwedSums>,
    ids: &HashMap<(String, String), String>,
    own_currency: &str,
) -> Ageing {
    let mut rows: BTreeMap<(String, String), (AgeingRow, BTreeSet<String>)> = BTreeMap::new();
    let mut ageing = Ageing::default();
    let currency = |of: &str| if of.is_empty() { own_currency.to_owned() } else { of.to_owned() };
    for (sums, is_xero) in xero.map(|sums| (sums, true)).chain(zoho.map(|sums| (sums, false))) {
        ageing.is_cut |= sums.is_cut;
        for ((_, contact, code), sum) in sums.contacts.iter().filter(|((of, ..), _)| of == flow) {
            let id = match ids.get(&(flow.to_owned(), contact.clone())) {
                Some(id) if is_xero => id.clone(),
                _ => contact.clone(),
            };
            let (row, touched) = rows.entry((id, currency(code))).or_default();
            row.currency = currency(code);
            if row.contact.is_empty() {
                row.contact.clone_from(&sum.name);
            }
            if is_xero { &mut row.xero } else { &mut row.zoho }.join(&sum.buckets);
            for (cause, amount) in &sum.parts {
                row.parts.push(Part::named(cause, *amount));
            }
            touched.extend(sum.touched.iter().cloned());
        }
    }
    for (mut row, touched) in rows.into_values() {
        let named: Decimal = row.parts.iter().map(|part| part.amount).sum();
        let left = row.zoho.sum() - row.xero.sum() - named;
        if !left.is_zero() {
            let cause = touched.first().map_or("UNEXPLAINED", String::as_str);
            row.parts.push(Part::named(cause, left));
        }
        if !row.xero.is_nothing() || !row.zoho.is_nothing() {
            ageing.rows.push(row);
        }
    }
    ageing.rows.sort_by(|one, other| (&one.contact, &one.currency).cmp(&(&other.contact, &other.currency)));
    ageing
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLOW: &str = "books.customers";

    fn owed(contact: &str, amount: i64, due: &str) -> Owed {
        Owed {
            contacts: FLOW,
            contact: contact.into(),
            name: format!("Name of {contact}"),
            due: due.parse().unwrap(),
            amount: amount.into(),
            currency: "NZD".into(),
        }
    }

    fn compared(xero: &OwedSums, zoho: &OwedSums) -> Ageing {
        let ids = HashMap::from([((FLOW.to_owned(), "x1".to_owned()), "z1".to_owned())]);
        compare(FLOW, [xero].into_iter(), [zoho].into_iter(), &ids, "NZD")
    }

    #[test]
    fn a_contact_is_one_line_on_both_sides_by_how_long_it_owes() {
        let day = "2026-11-26".parse().unwrap();
        let (mut xero, mut zoho) = (OwedSums::default(), OwedSums::default());
        for (amount, due) in [(1, "2026-11-26"), (2, "2026-11-25"), (3, "2026-10-26"), (4, "2026-09-01"), (5, "2020-01-01")] {
            xero.add(owed("x1", amount, due), day);
            zoho.add(owed("z1", amount, due), day);
        }
        let ageing = compared(&xero, &zoho);
        assert_eq!(ageing.rows.len(), 1);
        let row = &ageing.rows[0];
        assert_eq!(row.xero.0.map(|sum| sum.to_string()), ["1", "2", "3", "4", "5"]);
        assert!(row.xero == row.zoho && row.parts.is_empty() && row.contact == "Name of x1");
        // What is kept between two turns is the same.
        let kept: OwedSums = serde_json::from_str(&serde_json::to_string(&xero).unwrap()).unwrap();
        assert_eq!(kept, xero);
    }

    #[test]
    fn what_is_held_is_named_and_what_nobody_explains_is_not() {
        let day = "2026-11-26".parse().unwrap();
        let (mut xero, mut zoho) = (OwedSums::default(), OwedSums::default());
        xero.add_missing(owed("x1", 7, "2026-11-26"), day, "HELD");
        xero.add(owed("x2", 5, "2026-11-26"), day);
        xero.touch(owed("x2", 0, "2026-11-26"), "CHANGED_SINCE");
        zoho.add(owed("z3", 3, "2026-11-26"), day);
        let told: Vec<_> =
            compared(&xero, &zoho).rows.iter().flat_map(|row| row.parts.clone()).map(|one| (one.cause, one.amount)).collect();
        assert_eq!(
            told,
            [
                ("HELD".to_owned(), Decimal::from(-7)),
                ("CHANGED_SINCE".into(), Decimal::from(-5)),
                ("UNEXPLAINED".into(), Decimal::from(3))
            ]
        );
    }

    #[test]
    fn more_contacts_than_can_be_told_apart_are_added_up() {
        let day = "2026-11-26".parse().unwrap();
        let mut sums = OwedSums::default();
        for n in 0..CONTACTS_MAX + 5 {
            sums.add(owed(&n.to_string(), 1, "2026-11-26"), day);
        }
        assert_eq!(sums.contacts.len(), CONTACTS_MAX + 1);
        let ageing = compared(&sums, &OwedSums::default());
        assert!(ageing.is_cut);
        let sum: Decimal = ageing.rows.iter().map(|row| row.xero.sum()).sum();
        assert_eq!(sum, Decimal::from(CONTACTS_MAX + 5));
    }
}
