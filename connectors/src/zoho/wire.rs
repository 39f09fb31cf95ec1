//! How Zoho writes values.

use rust_decimal::Decimal;
use serde_json::{Number, Value};

use crate::xero::wire::decimal;

/// An amount in Zoho's answer: a number, or a text with a number in it.
pub fn amount(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => decimal(&number.to_string()),
        Value::String(text) => decimal(text.trim()),
        _ => None,
    }
}

/// The amount as a JSON number with the very digits it has.
pub fn number(amount: Decimal) -> Value {
    let text = amount.normalize().to_string();
    text.parse::<Number>().map_or(Value::String(text), Value::Number)
}
