//! What day it is where an organisation is: a document without a date gets that day.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};

/// Today in a zone as Xero names it. Zones that are not in the table have the day of UTC.
pub fn today(zone: &str, now: DateTime<Utc>) -> NaiveDate {
    (now + offset(zone, now.naive_utc())).date_naive()
}

fn offset(zone: &str, now: NaiveDateTime) -> TimeDelta {
    let (standard_h, summer) = match zone {
        "NEWZEALANDSTANDARDTIME" => (12, Summer::of_the_south(now, Weekday::Sun, (9, Nth::Last), (4, Nth::First), 14)),
        "AUSEASTERNSTANDARDTIME" | "TASMANIASTANDARDTIME" => {
            (10, Summer::of_the_south(now, Weekday::Sun, (10, Nth::First), (4, Nth::First), 16))
        }
        "EAUSTRALIASTANDARDTIME" => (10, false),
        "WAUSTRALIASTANDARDTIME" | "SINGAPORESTANDARDTIME" => (8, false),
        "SOUTHAFRICASTANDARDTIME" => (2, false),
        "GMTSTANDARDTIME" => (0, Summer::of_europe(now)),
        "WEUROPESTANDARDTIME" | "CENTRALEUROPESTANDARDTIME" => (1, Summer::of_europe(now)),
        "EASTERNSTANDARDTIME" => (-5, Summer::of_america(now, 5)),
        "CENTRALSTANDARDTIME" => (-6, Summer::of_america(now, 6)),
        "MOUNTAINSTANDARDTIME" => (-7, Summer::of_america(now, 7)),
        "PACIFICSTANDARDTIME" => (-8, Summer::of_america(now, 8)),
        _ => (0, false),
    };
    TimeDelta::hours(standard_h + i64::from(summer))
}

enum Nth {
    First,
    Second,
    Last,
}

struct Summer;

impl Summer {
    /// From 01:00 UTC on the last Sunday of March to the same hour on the last Sunday of October.
    fn of_europe(now: NaiveDateTime) -> bool {
        let at = |month| moment(now.year(), month, Nth::Last, Weekday::Sun, 1);
        at(3).is_some_and(|begins| begins <= now) && at(10).is_some_and(|ends| now < ends)
    }

    /// From two o'clock on the second Sunday of March to two o'clock on the first Sunday of November, by the clock on the wall.
    fn of_america(now: NaiveDateTime, behind_h: i64) -> bool {
        let begins = moment(now.year(), 3, Nth::Second, Weekday::Sun, 2 + behind_h);
        let ends = moment(now.year(), 11, Nth::First, Weekday::Sun, 1 + behind_h);
        begins.is_some_and(|begins| begins <= now) && ends.is_some_and(|ends| now < ends)
    }

    /// Over the turn of the year. `hour`: of the Saturday before in UTC, when it is two o'clock standard time on the Sunday.
    fn of_the_south(now: NaiveDateTime, day: Weekday, begins: (u32, Nth), ends: (u32, Nth), hour: i64) -> bool {
        let before = TimeDelta::hours(24 - hour);
        let begins = moment(now.year(), begins.0, begins.1, day, 0).map(|midnight| midnight - before);
        let ends = moment(now.year(), ends.0, ends.1, day, 0).map(|midnight| midnight - before);
        begins.is_some_and(|begins| begins <= now) || ends.is_some_and(|ends| now < ends)
    }
}

/// An hour of the first, second or last such day of a month.
fn moment(year: i32, month: u32, nth: Nth, day: Weekday, hour: i64) -> Option<NaiveDateTime> {
    let date = match nth {
        Nth::First => NaiveDate::from_weekday_of_month_opt(year, month, day, 1)?,
        Nth::Second => NaiveDate::from_weekday_of_month_opt(year, month, day, 2)?,
        Nth::Last => NaiveDate::from_weekday_of_month_opt(year, month, day, 4).map(|fourth| {
            let fifth = fourth + Days::new(7);
            if fifth.month() == month { fifth } else { fourth }
        })?,
    };
    Some(date.and_hms_opt(0, 0, 0)? + TimeDelta::hours(hour))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(zone: &str, now: &str) -> String {
        today(zone, now.parse().unwrap()).to_string()
    }

    #[test]
    fn new_zealand_is_half_a_day_ahead_and_an_hour_more_in_summer() {
        assert_eq!(day("NEWZEALANDSTANDARDTIME", "2026-07-01T11:59:00Z"), "2026-07-01");
        assert_eq!(day("NEWZEALANDSTANDARDTIME", "2026-07-01T12:00:00Z"), "2026-07-02");
        assert_eq!(day("NEWZEALANDSTANDARDTIME", "2026-12-01T11:00:00Z"), "2026-12-02");
        // Summer begins on 27 September 2026 at 14:00 UTC of the day before, and had ended on 4 April at the same hour.
        assert_eq!(day("NEWZEALANDSTANDARDTIME", "2026-09-25T11:30:00Z"), "2026-09-25");
        assert_eq!(day("NEWZEALANDSTANDARDTIME", "2026-09-27T11:30:00Z"), "2026-09-28");
        assert_eq!(day("NEWZEALANDSTANDARDTIME", "2026-04-03T11:30:00Z"), "2026-04-04");
        assert_eq!(day("NEWZEALANDSTANDARDTIME", "2026-04-05T11:30:00Z"), "2026-04-05");
    }

    #[test]
    fn the_west_is_behind() {
        assert_eq!(day("PACIFICSTANDARDTIME", "2026-01-01T07:59:00Z"), "2025-12-31");
        assert_eq!(day("PACIFICSTANDARDTIME", "2026-07-01T07:00:00Z"), "2026-07-01");
        assert_eq!(day("GMTSTANDARDTIME", "2026-07-01T23:00:00Z"), "2026-07-02");
        assert_eq!(day("UTC", "2026-07-01T23:59:59Z"), "2026-07-01");
    }
}
