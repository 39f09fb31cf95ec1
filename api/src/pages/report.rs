//! The report as a page that prints well: what was compared, both ledgers, what is owed, what differs and why, what is held.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use rust_decimal::Decimal;

use crate::report::{Contact, Document, Owed, shown};

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    document: &'a Document,
    /// The address of this page, to which the other forms add their ending.
    here: String,
    owed: Vec<Section<'a>>,
}

/// Receivables or payables, with their totals by currency.
struct Section<'a> {
    title: &'static str,
    owed: &'a Owed,
    totals: Vec<Contact>,
}

impl Page<'_> {
    fn money(&self, amount: &Decimal) -> String {
        money(amount)
    }
}

pub fn page(document: &Document, token: &str) -> HttpResponse {
    let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
    let tables = document.ledger.iter().flat_map(|ledger| [("Receivables", &ledger.receivable), ("Payables", &ledger.payable)]);
    let owed = tables
        .filter(|(_, owed)| !owed.contacts.is_empty())
        .map(|(title, owed)| Section { title, owed, totals: owed.totals() })
        .collect();
    super::show(StatusCode::OK, &Page { document, here: format!("/status/{token}/report"), owed })
}

/// `1,234.50`; nothing for nothing.
fn money(amount: &Decimal) -> String {
    if amount.is_zero() {
        return "–".to_owned();
    }
    let text = shown(amount.abs());
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{}{grouped}.{cents}", if amount.is_sign_negative() { "−" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_people_read_it() {
        let written = |text: &str| money(&text.parse().unwrap());
        assert_eq!(["0", "1234567.5", "-999.99", "0.001"].map(written), ["–", "1,234,567.50", "−999.99", "0.001"]);
    }
}
