//! Lines and sums of the documents that are not invoices: credit notes, money spent and received, prepayments.

use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use super::desk::{Desk, Known, No};
use super::documents::{self, Ledger};
use super::json::{Record, decimal_of, text_of};
use super::lines::{self, Rules};
use super::money::{Mode, cents};

/// Fills in the lines and the sums. `sale`: whether the lines may have what only sales have.
pub fn complete(record: &mut Record, ledger: &Ledger, sale: bool, line_id: &mut dyn FnMut() -> Uuid) -> Result<(), String> {
    let mode = Mode::named(text_of(record, "LineAmountTypes"))?;
    if record.get("LineItems").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return Err("One or more line items must be specified".into());
    }
    documents::sum_up(record, mode, sale, ledger, line_id).map(|_| ())
}

/// The lines that an app sends, by the rules of all documents: what is refused is refused, what is left out is filled in.
pub fn prepare(desk: &Desk, known: &Known, record: &mut Record, rules: Rules) -> Result<(), No> {
    if !desk.by_app() {
        return Ok(());
    }
    let (before, sent) = (known.lines(), known.sends_lines());
    let rules = Rules { four_decimals: desk.four_decimals || !sent, ..rules };
    let Some(Value::Array(list)) = record.get_mut("LineItems") else { return Ok(()) };
    if !sent {
        lines::computed_anew(list);
    }
    desk.refuse(lines::prepare(desk, list, before, rules)?)
}

/// A field's amount in cents, which must be more than nothing.
pub fn amount(record: &Record, name: &str) -> Result<Decimal, No> {
    let amount = decimal_of(record, name).map(cents).ok_or_else(|| format!("{name} is missing or not a number"))?;
    if amount <= Decimal::ZERO { Err(format!("{name} must be greater than zero").into()) } else { Ok(amount) }
}
