//! Expense: categories are accounts of Books; expenses and reports are its own until a report is approved, then they reach the books.

mod books;
mod categories;
mod claims;
mod reports;

use super::{Counter, nowhere, permitted};
use crate::zoho::answer::{Answer, Refusal};

/// Which scope an address needs; only a few of these names were ever seen.
fn area_of(segments: &[&str]) -> Option<&'static str> {
    Some(match segments {
        ["expensecategories", ..] => "expensecategory",
        ["expenses", ..] => "expense",
        ["expensereports", ..] => "expensereport",
        ["settings", "currencies", ..] => "currency",
        ["settings", "taxes", ..] => "tax",
        ["users", ..] => "user",
        ["projects", ..] => "project",
        ["reportingtags", ..] => "orgsettings",
        _ => return None,
    })
}

pub fn answer(counter: &Counter, scopes: &str) -> Result<Answer, Refusal> {
    let call = counter.call;
    let area = area_of(&call.segments).ok_or_else(nowhere)?;
    // Deciding on a report is an update of it.
    let decides = matches!(call.segments.as_slice(), ["expensereports", _, _]);
    permitted(call, scopes, area, if decides { &actix_web::http::Method::PUT } else { call.method })?;
    match call.segments.as_slice() {
        ["expensecategories", rest @ ..] => categories::answer(counter, rest),
        ["expenses", rest @ ..] => claims::answer(counter, rest),
        ["expensereports", rest @ ..] => reports::answer(counter, rest),
        _ => counter.pass(),
    }
}
