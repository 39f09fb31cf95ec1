//! Lock dates: nothing dated on or before the later one of the two is written, neither by an app nor by a person.

use chrono::NaiveDate;

use super::desk::{Desk, Known, No};
use super::json::{self, Record};
use super::ledger;

/// Refuses a date on or before the lock date.
pub fn locked(desk: &Desk, date: NaiveDate) -> Result<(), No> {
    match ledger::of_desk(desk)?.locked_to {
        Some((to, words)) if date <= to => Err(format!("The document date cannot be before the {words}").into()),
        _ => Ok(()),
    }
}

/// Refuses a record whose date is locked, and one that is moved away from a locked date.
pub fn locked_record(desk: &Desk, known: &Known, record: &Record) -> Result<(), No> {
    let before = known.was.as_ref().and_then(|(was, _)| was.get("Date")).and_then(json::date);
    let date = record.get("Date").and_then(json::date).unwrap_or(desk.today);
    before.into_iter().chain([date]).try_for_each(|date| locked(desk, date))
}

/// An organisation's lock dates are kept as Xero writes dates, whichever way they were entered.
pub fn enter_organisation(record: &mut Record) {
    for name in ["PeriodLockDate", "EndOfYearLockDate"] {
        match record.get(name).and_then(json::date) {
            Some(date) => json::set_date(record, name, date, false),
            None => {
                record.remove(name);
            }
        }
    }
}
