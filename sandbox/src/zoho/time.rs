//! Zoho's timestamps: whole seconds in the organisation's time zone, offset without a colon.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, TimeZone, Utc, Weekday};

/// `2026-11-23T10:11:12+1300`.
pub fn stamp(seconds: i64, zone: &str) -> String {
    let utc = Utc.timestamp_opt(seconds, 0).single().unwrap_or_default();
    utc.with_timezone(&offset(utc, zone)).format("%Y-%m-%dT%H:%M:%S%z").to_string()
}

/// The calendar day it is in the organisation.
pub fn today(now: DateTime<Utc>, zone: &str) -> NaiveDate {
    now.with_timezone(&offset(now, zone)).date_naive()
}

/// Reads the stamps that clients send back as filters, in whole seconds.
pub fn parse_stamp(text: &str) -> Option<i64> {
    // An unescaped + in a query arrives as a blank.
    let text = text.replace(' ', "+");
    DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%z")
        .or_else(|_| DateTime::parse_from_rfc3339(&text))
        .ok()
        .map(|at| at.timestamp())
}

pub fn parse_date(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

/// New Zealand with its summer time; anything else is UTC.
fn offset(at: DateTime<Utc>, zone: &str) -> FixedOffset {
    let hours = match zone {
        "Pacific/Auckland" if is_new_zealand_summer(at) => 13,
        "Pacific/Auckland" => 12,
        _ => 0,
    };
    FixedOffset::east_opt(hours * 3600).unwrap_or(FixedOffset::east_opt(0).expect("zero is a valid offset"))
}

/// From 2:00 standard time on the last Sunday of September to 3:00 summer time on the first Sunday of April; both are 14:00 UTC the day before.
fn is_new_zealand_summer(at: DateTime<Utc>) -> bool {
    let change = |sunday: NaiveDate| (sunday - Days::new(1)).and_hms_opt(14, 0, 0).map(|naive| naive.and_utc());
    let september =
        NaiveDate::from_ymd_opt(at.year(), 9, 30).map(|last| last - Days::new(last.weekday().num_days_from_sunday().into()));
    let april = NaiveDate::from_weekday_of_month_opt(at.year(), 4, Weekday::Sun, 1);
    let ends = april.and_then(change);
    let begins = september.and_then(change);
    ends.is_some_and(|ends| at < ends) || begins.is_some_and(|begins| at >= begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn summer_and_winter_in_new_zealand() {
        let zone = "Pacific/Auckland";
        assert_eq!(stamp(at("2026-11-22T21:11:12Z").timestamp(), zone), "2026-11-23T10:11:12+1300");
        assert_eq!(stamp(at("2026-07-01T00:00:00Z").timestamp(), zone), "2026-07-01T12:00:00+1200");
        assert_eq!(stamp(at("2026-09-26T13:59:59Z").timestamp(), zone), "2026-09-27T01:59:59+1200");
        assert_eq!(stamp(at("2026-09-26T14:00:00Z").timestamp(), zone), "2026-09-27T03:00:00+1300");
        assert_eq!(today(at("2026-11-22T23:00:00Z"), zone).to_string(), "2026-11-23");
        assert_eq!(stamp(0, "UTC"), "1970-01-01T00:00:00+0000");
    }

    #[test]
    fn stamps_are_read_back_even_with_the_plus_lost() {
        let seconds = at("2026-11-22T21:11:12Z").timestamp();
        assert_eq!(parse_stamp("2026-11-23T10:11:12+1300"), Some(seconds));
        assert_eq!(parse_stamp("2026-11-23T10:11:12 1300"), Some(seconds));
        assert_eq!(parse_stamp("yesterday"), None);
        assert_eq!(parse_date("2026-02-29"), None);
    }
}
