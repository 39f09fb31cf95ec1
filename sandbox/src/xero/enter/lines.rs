//! What quotes, purchase orders and repeating invoices have in common: a contact, a currency, lines and their sums. The arithmetic of
//! a line is that of invoices.

use serde_json::{Value, json};
use uuid::Uuid;

use super::contact_of;
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{self, Record, decimal_of, number, text_of};
use crate::xero::kinds::Kind;
use crate::xero::lines::{Rules, prepare};
use crate::xero::money::{self, Mode};
use crate::xero::{documents, lists, records, tracking};

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
    let contact = contact_of(desk, record)?;
    currency(desk, record)?;
    let mode = mode(record, reading)?;
    let entered = known.is_new() || ["LineItems", "LineAmountTypes"].iter().any(|name| known.sent.contains_key(*name));
    if entered {
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

/// A currency that the organisation has, the base currency by default; and a rate with six decimals.
fn currency(desk: &Desk, record: &mut Record) -> Result<(), No> {
    let code = text_of(record, "CurrencyCode").unwrap_or(&desk.ledger.base_currency).to_owned();
    if code != desk.ledger.base_currency && records::by_name(desk.connection, desk.org.n, Kind::Currencies, &code)?.is_empty() {
        return Err(format!("Organisation is not subscribed to currency {code}").into());
    }
    record.insert("CurrencyCode".into(), code.into());
    Ok(())
}

/// `CurrencyRate` as such documents show it.
pub fn rate(record: &mut Record) {
    let rate = decimal_of(record, "CurrencyRate").unwrap_or(rust_decimal::Decimal::ONE);
    record.insert("CurrencyRate".into(), number(money::rounded(rate, 6)));
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
    let mut lines = match record.remove("LineItems") {
        Some(Value::Array(lines)) => lines,
        None => Vec::new(),
        Some(_) => return Err("LineItems is a list".into()),
    };
    if lines.is_empty() {
        return Err("One or more line items must be specified".into());
    }
    if desk.by_app() {
        let before = known.was.as_ref().and_then(|(was, _)| was.get("LineItems")).and_then(Value::as_array);
        let sent = known.sent.contains_key("LineItems");
        let (sale, discounts) = (reading.sale, reading.discounts);
        let rules = Rules { mode, sale, discounts, approved: false, four_decimals: desk.four_decimals || !sent };
        desk.refuse(prepare(desk, &mut lines, before.map_or(&[][..], Vec::as_slice), rules)?)?;
    } else {
        // People's lines are taken as they are, with the ids that they come with.
        tracking::resolve(desk, &mut lines)?;
    }
    let mut computed = Vec::with_capacity(lines.len());
    for line in &mut lines {
        let line = line.as_object_mut().ok_or("a line is an object")?;
        computed.push(documents::complete_line(line, mode, reading.discounts, &desk.ledger, &mut Uuid::new_v4)?);
    }
    let sum = money::totals(mode, &computed);
    record.insert("LineItems".into(), Value::Array(lines));
    record.insert("SubTotal".into(), number(sum.sub_total));
    record.insert("TotalTax".into(), number(sum.total_tax));
    record.insert("Total".into(), number(sum.total));
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

/// Texts are no longer than the schema says.
pub fn lengths(record: &Record, greatest: &[(&str, usize)]) -> Result<(), No> {
    for (name, max) in greatest {
        if text_of(record, name).is_some_and(|text| text.chars().count() > *max) {
            return Err(format!("{name} exceeds the maximum length of {max}").into());
        }
    }
    Ok(())
}

/// A free number of a kind: `QU-0001`. The count of a list is not new within one call, so that many numbers after it may be taken; they
/// are stepped over in ever longer steps, and the last step is halved.
pub fn next_number(desk: &Desk, kind: Kind, prefix: &str) -> Result<String, No> {
    let text = |number: u64| format!("{prefix}{number:04}");
    let is_free = |number: u64| records::by_name(desk.connection, desk.org.n, kind, &text(number)).map(|same| same.is_empty());
    let all = lists::Filter::default();
    let mut taken = lists::count_of(desk.connection, &desk.shared.xero.memo, desk.org.n, kind, &all)?;
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
