//! Small doors into JSON records: decimals without floats, Xero's dates.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Number, Value};

/// A JSON object, as one record is.
pub type Record = Map<String, Value>;

/// A decimal as a JSON number with the digits it has.
pub fn number(amount: Decimal) -> Value {
    amount.to_string().parse::<Number>().map_or(Value::Null, Value::Number)
}

/// A number, or a string that holds one.
pub fn decimal(value: &Value) -> Option<Decimal> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_owned(),
        _ => return None,
    };
    text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
}

/// The decimal of a field; None when absent or null.
pub fn decimal_of(record: &Record, name: &str) -> Option<Decimal> {
    record.get(name).and_then(decimal)
}

/// The text of a field; None when absent or empty.
pub fn text_of<'a>(record: &'a Record, name: &str) -> Option<&'a str> {
    record.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// `/Date(1539993600000+0000)/`.
pub fn ms_date(ms: i64) -> String {
    format!("/Date({ms}+0000)/")
}

/// Sets `Date` and `DateString` (or another pair) from a calendar date.
pub fn set_date(record: &mut Record, name: &str, date: NaiveDate, with_string: bool) {
    record.insert(name.into(), ms_date(midnight_ms(date)).into());
    if with_string {
        record.insert(format!("{name}String"), format!("{date}T00:00:00").into());
    }
}

/// Sets `UpdatedDateUTC`, and its string twin where Xero has one.
pub fn set_updated(record: &mut Record, ms: i64, with_string: bool) {
    record.insert("UpdatedDateUTC".into(), ms_date(ms).into());
    if with_string && let Some(at) = DateTime::<Utc>::from_timestamp_millis(ms) {
        record.insert("UpdatedDateUTCString".into(), at.format("%Y-%m-%dT%H:%M:%SZ").to_string().into());
    }
}

/// `2018-10-20`, `2018-10-20T00:00:00`, or `/Date(ms+0000)/`.
pub fn date(value: &Value) -> Option<NaiveDate> {
    let text = value.as_str()?;
    if let Some(ms) = ms_of(text) {
        return DateTime::<Utc>::from_timestamp_millis(ms).map(|at| at.date_naive());
    }
    text.get(..10)?.parse().ok()
}

/// The milliseconds of `/Date(1539993600000+0000)/`.
pub fn ms_of(text: &str) -> Option<i64> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let digits = inner.split_at_checked(1).map_or(inner, |(first, rest)| {
        let end = rest.find(['+', '-']).unwrap_or(rest.len());
        &inner[..first.len() + end]
    });
    digits.parse().ok()
}

/// Midnight UTC: how Xero writes a calendar date.
pub fn midnight_ms(date: NaiveDate) -> i64 {
    NaiveDateTime::from(date).and_utc().timestamp_millis()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_keep_their_digits_through_text() {
        let record: Value = serde_json::from_str(r#"{"a":1234567890123.4500,"b":"0.10","c":1e2}"#).unwrap();
        assert_eq!(record["a"].to_string(), "1234567890123.4500");
        assert_eq!(decimal(&record["a"]), Some("1234567890123.4500".parse().unwrap()));
        assert_eq!(decimal(&record["b"]), Some("0.10".parse().unwrap()));
        assert_eq!(decimal(&record["c"]), Some("100".parse().unwrap()));
        assert_eq!(number("5.00".parse().unwrap()).to_string(), "5.00");
    }

    #[test]
    fn dates_are_read_in_every_form() {
        let day = NaiveDate::from_ymd_opt(2018, 10, 20);
        for text in ["2018-10-20", "2018-10-20T00:00:00", "/Date(1539993600000+0000)/", "/Date(1539993600000)/"] {
            assert_eq!(date(&Value::from(text)), day, "{text}");
        }
        assert_eq!(ms_of("/Date(-86400000+0000)/"), Some(-86_400_000));
        assert_eq!(date(&Value::from("soon")), None);
    }
}
