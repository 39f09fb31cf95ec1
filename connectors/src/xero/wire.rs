//! How Xero writes values: `/Date(…)/`, numbers that are sometimes strings, fields that are sometimes missing or null.

use chrono::{DateTime, NaiveDate};
use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

/// A text; missing and null are "". A number or a flag in its place is taken as it is written.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Text;
    impl<'de> serde::de::Visitor<'de> for Text {
        type Value = String;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a text")
        }
        fn visit_str<E: Error>(self, value: &str) -> Result<String, E> {
            Ok(value.to_owned())
        }
        fn visit_string<E: Error>(self, value: String) -> Result<String, E> {
            Ok(value)
        }
        fn visit_bool<E: Error>(self, value: bool) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_u64<E: Error>(self, value: u64) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_i64<E: Error>(self, value: i64) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_f64<E: Error>(self, value: f64) -> Result<String, E> {
            Ok(value.to_string())
        }
        fn visit_unit<E: Error>(self) -> Result<String, E> {
            Ok(String::new())
        }
        // Where some crate turns on serde_json's arbitrary precision, a number arrives as a map with this one key.
        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<String, A::Error> {
            match map.next_key::<String>()?.as_deref() {
                Some("$serde_json::private::Number") => map.next_value(),
                _ => Err(A::Error::custom("an object in place of a text")),
            }
        }
    }
    deserializer.deserialize_any(Text)
}

/// An amount, exactly as written: 0.1 is one tenth. A string with a number in it counts as one.
pub fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    optional_amount(deserializer)?.ok_or_else(|| D::Error::custom("an amount is missing"))
}

/// An amount that may be missing, null or "".
pub fn optional_amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    // The raw text is read, not a float: floats cannot hold 0.1, and this is also faster.
    let raw = <&RawValue>::deserialize(deserializer)?.get();
    let bare = raw.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(raw).trim();
    if bare.is_empty() || bare == "null" {
        return Ok(None);
    }
    decimal(bare).map(Some).ok_or_else(|| D::Error::custom("not an amount"))
}

/// No amount of money, no price and no quantity reaches this; sums and products of smaller ones are safe from overflow.
const AMOUNT_LIMIT: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0); // 10^15

/// A number as JSON may write it: `12`, `-0.5`, `1E2`.
pub fn decimal(text: &str) -> Option<Decimal> {
    let number = match text.bytes().any(|byte| matches!(byte, b'e' | b'E')) {
        true => Decimal::from_scientific(text).ok(),
        // `from_str_exact` refuses what it cannot hold, where `from_str` would round.
        false => Decimal::from_str_exact(text.strip_prefix('+').unwrap_or(text)).ok(),
    };
    number.filter(|number| number.abs() < AMOUNT_LIMIT)
}

/// Yes or no; missing and null are no. Nested records write them as strings.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match text(deserializer)?.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        _ => Err(D::Error::custom("neither true nor false")),
    }
}

/// A list; missing and null are empty.
pub fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A calendar date. Xero writes it as midnight UTC; it is never shifted by a time zone.
pub fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    optional_day(deserializer)?.ok_or_else(|| D::Error::custom("a date is missing"))
}

pub fn optional_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    let written = text(deserializer)?;
    if written.is_empty() {
        return Ok(None);
    }
    parse_day(&written).map(Some).ok_or_else(|| D::Error::custom("not a date"))
}

/// A moment in microseconds since 1970; missing is 0.
pub fn moment_us<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let written = text(deserializer)?;
    if written.is_empty() {
        return Ok(0);
    }
    parse_moment_us(&written).ok_or_else(|| D::Error::custom("not a time"))
}

/// `/Date(1539993600000+0000)/`, `2018-10-20T00:00:00` or `2018-10-20`.
pub fn parse_day(written: &str) -> Option<NaiveDate> {
    match epoch_ms(written) {
        Some(ms) => Some(DateTime::from_timestamp_millis(ms)?.date_naive()),
        None => NaiveDate::parse_from_str(written.get(..10)?, "%Y-%m-%d").ok(),
    }
}

/// `/Date(1552326816230)/` or ISO 8601, with or without a zone, which is UTC.
pub fn parse_moment_us(written: &str) -> Option<i64> {
    if let Some(ms) = epoch_ms(written) {
        return ms.checked_mul(1000);
    }
    if let Ok(at) = DateTime::parse_from_rfc3339(written) {
        return Some(at.timestamp_micros());
    }
    let naive = chrono::NaiveDateTime::parse_from_str(written, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
    Some(naive.and_utc().timestamp_micros())
}

/// The milliseconds inside `/Date(…)/`. The offset after them only says how Xero would show the time; the number is UTC already.
fn epoch_ms(written: &str) -> Option<i64> {
    let inner = written.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let digits = inner.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-')).map_or(inner, |(at, _)| &inner[..at]);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Sample {
        #[serde(default, deserialize_with = "optional_amount")]
        amount: Option<Decimal>,
        #[serde(default, deserialize_with = "text")]
        text: String,
        #[serde(default, deserialize_with = "flag")]
        flag: bool,
        #[serde(default, deserialize_with = "optional_day")]
        day: Option<NaiveDate>,
        #[serde(default, deserialize_with = "moment_us")]
        at_us: i64,
    }

    fn read(json: &str) -> Result<Sample, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn amounts_are_exact_however_they_are_written() {
        for (written, amount) in [
            ("0.1", Some("0.1")),
            ("0.3333", Some("0.3333")),
            ("123456789012345.1234", Some("123456789012345.1234")),
            ("-0.00", Some("0.00")),
            ("1E2", Some("100")),
            ("1.5e-3", Some("0.0015")),
            ("\"50.00\"", Some("50.00")),
            ("\"\"", None),
            ("null", None),
            ("15", Some("15")),
        ] {
            let read = read(&format!("{{\"amount\": {written}}}")).unwrap().amount;
            assert_eq!(read, amount.map(|amount| amount.parse().unwrap()), "{written}");
        }
        assert_eq!(read("{}").unwrap().amount, None);
        for written in ["\"abc\"", "true", "[]", "{}", "1e400", "1e15", "-1000000000000000", "123456789012345678901234567890123"]
        {
            assert!(read(&format!("{{\"amount\": {written}}}")).is_err(), "{written}");
        }
    }

    #[test]
    fn texts_and_flags_forgive_the_wrong_kind() {
        let sample = read(r#"{"text": 42, "flag": "true"}"#).unwrap();
        assert_eq!((sample.text.as_str(), sample.flag), ("42", true));
        let sample = read(r#"{"text": null, "flag": null}"#).unwrap();
        assert_eq!((sample.text.as_str(), sample.flag), ("", false));
        assert_eq!(read(r#"{"text": 1.25}"#).unwrap().text, "1.25");
        assert_eq!(read(r#"{"text": "\u00e9\n"}"#).unwrap().text, "é\n");
        assert!(read(r#"{"text": {"a": 1}}"#).is_err());
        assert!(read(r#"{"flag": "maybe"}"#).is_err());
    }

    #[test]
    fn dates_are_calendar_dates_in_every_form() {
        let day = |written: &str| parse_day(written).map(|day| day.to_string());
        assert_eq!(day("/Date(1539993600000+0000)/").as_deref(), Some("2018-10-20"));
        assert_eq!(day("/Date(1539993600000+1300)/").as_deref(), Some("2018-10-20"));
        assert_eq!(day("/Date(1539993600000)/").as_deref(), Some("2018-10-20"));
        assert_eq!(day("/Date(0+0000)/").as_deref(), Some("1970-01-01"));
        assert_eq!(day("/Date(-86400000+0000)/").as_deref(), Some("1969-12-31"));
        assert_eq!(day("2018-10-20T00:00:00").as_deref(), Some("2018-10-20"));
        for written in
            ["", "/Date()/", "/Date(x)/", "/Date(99999999999999999)/", "20/10/2018", "/Date(1539993600000", "日本語の日付です"]
        {
            assert_eq!(parse_day(written), None, "{written}");
        }
        assert_eq!(parse_moment_us("/Date(1552326816230)/"), Some(1_552_326_816_230_000));
        assert_eq!(parse_moment_us("2018-11-02T16:36:32Z"), Some(1_541_176_592_000_000));
        assert_eq!(parse_moment_us("2019-12-07T18:46:19.5165400"), Some(1_575_744_379_516_540));
        assert_eq!(parse_moment_us("/Date(9223372036854775807)/"), None);
    }

    proptest! {
        #[test]
        fn any_day_survives_its_journey(days in -200_000i64..200_000, offset in "([+-][0-9]{4})?") {
            let day = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap() + chrono::Duration::days(days);
            let ms = days * 86_400_000;
            prop_assert_eq!(parse_day(&format!("/Date({ms}{offset})/")), Some(day));
            prop_assert_eq!(parse_moment_us(&format!("/Date({ms}{offset})/")), Some(ms * 1000));
        }

        #[test]
        fn no_text_is_a_panic(written in "\\PC{0,40}|/Date\\([0-9+-]{0,30}\\)/") {
            let _ = parse_day(&written);
            let _ = parse_moment_us(&written);
            let _ = decimal(&written);
        }

        #[test]
        fn any_amount_is_read_as_it_is_written(mantissa in -999_999_999_999_999i64..1_000_000_000_000_000, scale in 0u32..10) {
            let amount = Decimal::new(mantissa, scale);
            prop_assert_eq!(decimal(&amount.to_string()), Some(amount));
        }
    }
}
