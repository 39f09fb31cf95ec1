//! Lines and sums of the documents that are not invoices: credit notes, money spent and received, prepayments.

use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use super::desk::{Desk, Known, No};
use super::documents::{self, Ledger};
use super::enter::currencies;
use super::json::{self, Record, decimal_of, number, text_of};
use super::lines::{self, Rules};
use super::money::{self, Mode, cents};

/// Fills in the lines and the sums. `sale`: whether the lines may have what only sales have.
pub fn complete(record: &mut Record, ledger: &Ledger, sale: bool, line_id: &mut dyn FnMut() -> Uuid) -> Result<(), String> {
    let mode = match text_of(record, "LineAmountTypes") {
        Some("Exclusive") => Mode::Exclusive,
        Some("Inclusive") => Mode::Inclusive,
        Some("NoTax") => Mode::NoTax,
        other => return Err(format!("LineAmountTypes is Exclusive, Inclusive or NoTax, not {other:?}")),
    };
    let mut lines = match record.remove("LineItems") {
        Some(Value::Array(lines)) if !lines.is_empty() => lines,
        _ => return Err("One or more line items must be specified".into()),
    };
    let mut computed = Vec::with_capacity(lines.len());
    for line in &mut lines {
        let line = line.as_object_mut().ok_or("a line is an object")?;
        computed.push(documents::complete_line(line, mode, sale, ledger, line_id)?);
    }
    let sum = money::totals(mode, &computed);
    record.insert("LineItems".into(), Value::Array(lines));
    record.insert("SubTotal".into(), number(sum.sub_total));
    record.insert("TotalTax".into(), number(sum.total_tax));
    record.insert("Total".into(), number(sum.total));
    Ok(())
}

/// The lines that an app sends, by the rules of all documents: what is refused is refused, what is left out is filled in.
pub fn prepare(desk: &Desk, known: &Known, record: &mut Record, sale: bool, approved: bool) -> Result<(), No> {
    if !desk.by_app() {
        return Ok(());
    }
    let mode = match text_of(record, "LineAmountTypes") {
        Some("Inclusive") => Mode::Inclusive,
        Some("NoTax") => Mode::NoTax,
        _ => Mode::Exclusive,
    };
    let sent = known.is_new() || known.sent.contains_key("LineItems");
    let before = known.was.as_ref().and_then(|(was, _)| was.get("LineItems")).and_then(Value::as_array);
    let rules = Rules { mode, sale, discounts: false, approved, four_decimals: desk.four_decimals || !sent };
    let Some(Value::Array(list)) = record.get_mut("LineItems") else { return Ok(()) };
    for line in list.iter_mut().filter(|_| !sent).filter_map(Value::as_object_mut) {
        line.remove("LineAmount");
        line.remove("TaxAmount");
    }
    desk.refuse(lines::prepare(desk, list, before.map_or(&[][..], Vec::as_slice), rules)?)
}

/// The rate of a document: 1 in base currency, six decimals.
pub fn complete_rate(desk: &Desk, record: &mut Record) -> Result<(), No> {
    let in_base = text_of(record, "CurrencyCode") == Some(desk.ledger.base_currency.as_str());
    let code = text_of(record, "CurrencyCode").unwrap_or_default();
    let date = record.get("Date").and_then(json::date).unwrap_or(desk.today);
    let rate = match decimal_of(record, "CurrencyRate") {
        _ if in_base => Decimal::ONE,
        Some(rate) => rate,
        None => currencies::day_rate(&desk.ledger.base_currency, code, date),
    };
    if rate <= Decimal::ZERO {
        return Err("The currency rate must be greater than zero".into());
    }
    record.insert("CurrencyRate".into(), number(money::rounded(rate, 6)));
    Ok(())
}

/// A field's amount in cents, which must be more than nothing.
pub fn amount(record: &Record, name: &str) -> Result<Decimal, No> {
    let amount = decimal_of(record, name).map(cents).ok_or_else(|| format!("{name} is missing or not a number"))?;
    if amount <= Decimal::ZERO { Err(format!("{name} must be greater than zero").into()) } else { Ok(amount) }
}
