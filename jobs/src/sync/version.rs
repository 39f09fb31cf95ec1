//! What is kept of when a record was last changed in Zoho, and whether a row of its lists tells more. Zoho tells whole seconds: what was
//! changed in the very second of our own writing looks like our own.

use chrono::DateTime;
use entities::clock::At;

/// Before the time of our own writing.
const WRITTEN: char = '=';
/// Before the moment of a status call of ours, whose answer tells no time.
const ACTED: char = '~';
/// A status call shows in Zoho within so much time.
const ACTED_US: i64 = 2_000_000;

/// What a row of Zoho's list says to what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// As it was read.
    Known,
    /// Our own writing, or somebody's within the same second.
    Ours,
    /// Somebody has changed it, or it is not known.
    Changed,
}

/// The time of our own writing, to be kept.
pub fn written(time: &str) -> String {
    if time.is_empty() { String::new() } else { format!("{WRITTEN}{time}") }
}

/// The moment of a status call by Zoho's clock, to be kept.
pub fn acted(at: At) -> String {
    format!("{ACTED}{}", at.0)
}

/// Holds a row's `last_modified_time` against what is kept.
pub fn compare(kept: &str, row: &str) -> Told {
    if kept.is_empty() || row.is_empty() {
        return Told::Changed;
    }
    let is_ours = match (kept.strip_prefix(WRITTEN), kept.strip_prefix(ACTED)) {
        (Some(time), _) => time == row,
        (None, Some(at)) => match (at.parse::<i64>(), moment_us(row)) {
            (Ok(at), Some(row)) => (row - at).abs() <= ACTED_US,
            _ => false,
        },
        (None, None) if kept == row => return Told::Known,
        (None, None) => false,
    };
    if is_ours { Told::Ours } else { Told::Changed }
}

/// A time as Zoho writes it.
pub fn moment_us(text: &str) -> Option<i64> {
    let at = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z").or_else(|_| DateTime::parse_from_rfc3339(text)).ok()?;
    Some(at.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-11-27T09:00:00+1300";

    #[test]
    fn what_was_written_is_told_from_what_was_read_and_what_changed() {
        let at = At(moment_us(TIME).unwrap() + 900_000);
        for (kept, told) in [
            (TIME.to_owned(), Told::Known),
            (written(TIME), Told::Ours),
            (acted(at), Told::Ours),
            (acted(At(at.0 + 3_000_000)), Told::Changed),
            ("2026-11-27T08:59:59+1300".to_owned(), Told::Changed),
            (written("2026-11-27T08:59:59+1300"), Told::Changed),
            (String::new(), Told::Changed),
            (written(""), Told::Changed),
        ] {
            assert_eq!(compare(&kept, TIME), told, "{kept}");
        }
        assert_eq!(compare(TIME, ""), Told::Changed);
    }
}
