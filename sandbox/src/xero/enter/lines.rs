//! What quotes, purchase orders and repeating invoices have in common: a contact, a currency, lines and their sums. The arithmetic of
//! a line is that of invoices.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{contact_of, currencies};
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{self, Record, number, text_of};
use crate::xero::kinds::Kind;
use crate::xero::lines::Rules;
use crate::xero::money::Mode;
use crate::xero::{documents, lists, records, totals, tracking};

/// How a kind reads its lines.
pub struct Reading {
    /// Whether its lines are sold.
    pub sale: bool,
    /// Whether its lines may have discounts: what is sold may, and what is ordered.
    pub discounts: bool,
    /// Its words for tax exclusive, tax inclusive and no tax; the first is the default.
    pub modes: [&'static str; 3],
}

pub const TITLE_CASE: [&str; 3] = ["Exclusive", "Inclusive", "NoTax"];
pub const UPPER_CASE: [&str; 3] = ["EXCLUSIVE", "INCLUSIVE", "NOTAX"];

/// Contact, currency and lines. An update that sends an empty contact or an empty list of lines leaves them as they were.
pub fn complete(desk: &Desk, known: &Known, record: &mut Record, reading: &Reading) -> Result<Uuid, No> {
    restore_when_empty(known, record, "Contact", |value| value.as_object().is_some_and(serde_json::Map::is_empty));
    restore_when_empty(known, record, "LineItems", |value| value.as_array().is_some_and(Vec::is_empty));
    let contact = contact_of(desk, known, record)?;
    currencies::of_document(desk, known, record)?;
    let mode = mode(record, reading)?;
    if known.enters_lines() {
        sum_up(desk, known, record, mode, reading)?;
    }
    Ok(contact)
}

fn restore_when_empty(known: &Known, record: &mut Record, name: &str, is_empty: impl Fn(&Value) -> bool) {
    let Some((was, _)) = &known.was else { return };
    if record.get(name).is_some_and(is_empty)
        && let Some(before) = was.get(name)
    {
        record.insert(name.into(), before.clone());
    }
}

fn mode(record: &mut Record, reading: &Reading) -> Result<Mode, No> {
    let [exclusive, inclusive, no_tax] = reading.modes;
    let sent = text_of(record, "LineAmountTypes").unwrap_or(exclusive).to_owned();
    let (word, mode) = [(exclusive, Mode::Exclusive), (inclusive, Mode::Inclusive), (no_tax, Mode::NoTax)]
        .into_iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(&sent))
        .ok_or_else(|| format!("LineAmountTypes is {exclusive}, {inclusive} or {no_tax}, not '{sent}'"))?;
    record.insert("LineAmountTypes".into(), word.into());
    Ok(mode)
}

fn sum_up(desk: &Desk, known: &Known, record: &mut Record, mode: Mode, reading: &Reading) -> Result<(), No> {
    let Some(Value::Array(lines)) =
        record.get_mut("LineItems").filter(|lines| lines.as_array().is_some_and(|list| !list.is_empty()))
    else {
        return Err("One or more line items must be specified".into());
    };
    if !desk.by_app() {
        // People's lines are taken as they are, with the ids that they come with.
        tracking::resolve(desk, lines)?;
    }
    let Reading { sale, discounts, .. } = *reading;
    totals::prepare(desk, known, record, Rules { mode, sale, discounts, approved: false, four_decimals: true })?;
    let sum = documents::sum_up(record, mode, discounts, &desk.ledger, &mut Uuid::new_v4)?;
    record.insert("TotalDiscount".into(), number(sum.total_discount));
    record.insert("IsDiscounted".into(), json!(!sum.total_discount.is_zero()));
    Ok(())
}

/// A date that may be left out; `today` stands for one that may not.
pub fn date(record: &mut Record, name: &str, today: Option<chrono::NaiveDate>, with_string: bool) -> Result<(), No> {
    let date = match record.get(name) {
        None | Some(Value::Null) => today,
        Some(sent) => Some(json::date(sent).ok_or_else(|| format!("{name} is not a date"))?),
    };
    match date {
        Some(date) => json::set_date(record, name, date, with_string),
        None => {
            record.remove(name);
            record.remove(&format!("{name}String"));
        }
    }
    Ok(())
}

/// A free number of a kind: `QU-0001`, after as many as are `counted`. The count of a list is not new within one call, so that many numbers after it may be taken; they
/// are stepped over in ever longer steps, and the last step is halved.
pub fn next_number(desk: &Desk, kind: Kind, prefix: &str, counted: &lists::Filter) -> Result<String, No> {
    let text = |number: u64| format!("{prefix}{number:04}");
    let is_free = |number: u64| records::by_name(desk.connection, desk.org.n, kind, &text(number)).map(|same| same.is_empty());
    let mut taken = lists::count_of(desk.connection, &desk.shared.xero.memo, desk.org.n, kind, counted)?;
    let mut step = 1;
    while !is_free(taken + step)? {
        taken += step;
        step *= 2;
    }
    let mut free = taken + step;
    while free - taken > 1 {
        let middle = taken + (free - taken) / 2;
        if is_free(middle)? { free = middle } else { taken = middle }
    }
    Ok(text(free))
}
