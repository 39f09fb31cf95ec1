//! Pages of a list, after Relay: `first` and `after`, never more than a hundred.

use crate::error::Error;

pub const PAGE_ROWS: i32 = 20;
pub const PAGE_ROWS_MAX: i32 = 100;

/// How many rows are asked for.
pub fn rows(first: Option<i32>) -> Result<u64, Error> {
    let first = first.unwrap_or(PAGE_ROWS);
    u64::try_from(first)
        .ok()
        .filter(|rows| (1..=PAGE_ROWS_MAX as u64).contains(rows))
        .ok_or_else(|| Error::bad_input("first", format!("first must be 1 to {PAGE_ROWS_MAX}")))
}

/// What a list costs: its rows, or the most there can be.
pub fn cost(first: Option<i32>, of_one: usize) -> usize {
    let rows = first.unwrap_or(PAGE_ROWS).clamp(1, PAGE_ROWS_MAX);
    1 + rows as usize * of_one
}

/// Reads a cursor that we gave.
pub fn cursor<T: std::str::FromStr>(after: Option<&str>) -> Result<Option<T>, Error> {
    after.map(|text| text.parse().map_err(|_| Error::bad_input("after", "after must be a cursor of this list"))).transpose()
}
