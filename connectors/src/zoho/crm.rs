//! Zoho CRM's dialect: `data` with up to a hundred rows a call, each answered for itself, and credits instead of minutes.

mod answer;
mod custom_links;
mod deals;
pub mod edition;
mod fields;
mod organisation;
mod records;

use rust_decimal::Decimal;

use crate::side::{Refusal, Trouble};

pub use custom_links::CustomLink;
pub use deals::{DEAL_ID, DEALS_MAX};
pub use fields::{LINK_LABEL, is_for_want_of_fields};
pub use records::{Row, RowAnswer};

/// The list of an organisation's taxes. Its rows are given a key, `GST - 15 %`: a tax of CRM's is its name and its rate.
pub const TAXES: &str = "org/taxes";

/// Name and rate of a tax, out of its key.
pub fn tax_of(key: &str) -> Option<(&str, Decimal)> {
    let (name, percent) = key.rsplit_once(" - ")?;
    Some((name, percent.strip_suffix(" %")?.parse().ok()?))
}

/// Rows of one writing call.
pub const ROWS_MAX: usize = 100;

/// Rows that one more credit pays for.
const ROWS_PER_CREDIT: usize = 10;

/// What CRM's documents know no call for is not tried: its taxes are made by people.
pub fn not_made() -> Trouble {
    let message = "CRM's API does not make these".to_owned();
    Trouble::Refused(Refusal { status: 400, code: "NOT_MADE".to_owned(), message })
}

/// What a call costs that writes so many rows: one credit for itself and one for every ten of them. One source says that only the rows
/// count; our own count is the stricter one.
pub fn credits(rows: usize) -> u32 {
    1 + rows.div_ceil(ROWS_PER_CREDIT) as u32
}

/// How many rows may be written for so many credits.
pub fn rows_for(credits: u32) -> usize {
    (credits.saturating_sub(1) as usize * ROWS_PER_CREDIT).min(ROWS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tax_is_its_name_and_its_rate() {
        assert_eq!(tax_of("GST - net - 12.5 %"), Some(("GST - net", "12.5".parse().unwrap())));
        assert_eq!((tax_of("GST"), tax_of("GST - a lot %")), (None, None));
    }

    #[test]
    fn credits_and_rows_are_each_others_inverse() {
        for (rows, cost) in [(1, 2), (10, 2), (11, 3), (100, 11)] {
            assert_eq!(credits(rows), cost, "{rows}");
            assert!(rows_for(cost) >= rows && rows_for(cost - 1) < rows, "{rows}");
        }
        assert_eq!((rows_for(0), rows_for(1), rows_for(1_000)), (0, 0, ROWS_MAX));
    }
}
