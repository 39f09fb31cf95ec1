//! Xero currencies → Zoho Books currencies, found by their code.

use serde_json::{Value, json};

use super::{money, refusals};
use crate::flow::{Authority, Carry, Cure, Field, Flow, Known, Line, Need, Pace, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{CURRENCIES, Currency};
use crate::{xero, zoho};

pub struct Currencies;

pub const KEY: &str = "books.currencies";

impl Flow for Currencies {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Currencies";
    const PACE: Pace = Pace::Daily;
    const CAN_BE_OFF: bool = false;
    const AFTER: &'static [&'static str] = &[];
    const XERO: xero::Resource = CURRENCIES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "settings/currencies",
        one: "currency",
        many: &["currencies"],
        id: "currency_id",
        unique: zoho::Unique::Search,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = Currency;

    fn wanted(_: &Currency) -> Wanted {
        Wanted::Carry
    }

    fn needs(_: &Currency) -> Vec<Need> {
        Vec::new()
    }

    fn to_zoho(currency: &Currency, _: &Known) -> Result<Carry, Unmappable> {
        let precision = money::decimals(&currency.code);
        let format = if precision == 0 { "1,234,567" } else { "1,234,567.89" };
        let body = json!({
            "currency_code": currency.code,
            "currency_symbol": currency.code,
            "currency_format": format,
            "price_precision": precision,
        });
        Ok(Carry::new(body))
    }

    fn fields() -> &'static [Field<Currency>] {
        // The code is the record. Names and formats are the customer's own affair on either side.
        &[Field {
            name: "code",
            authority: Authority::Once,
            print: |currency, printer| {
                printer.text(Some(&currency.code));
            },
        }]
    }

    fn find_in(currency: &Currency, existing: &[Value]) -> Option<String> {
        let found = existing.iter().find(|row| row["currency_code"].as_str() == Some(&currency.code))?;
        found["currency_id"].as_str().map(str::to_owned)
    }

    fn cure(currency: &Currency, _: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        match (refusals::is_taken(refusal), attempt) {
            (true, 1) => Cure::Adopt { query: Vec::new() },
            _ => refusals::hold(&xero::Record::label(currency), refusal),
        }
    }

    fn xero_line(currency: &Currency) -> Line {
        line(currency.code.clone())
    }

    fn zoho_line(row: &Value) -> Option<Line> {
        Some(line(row["currency_code"].as_str()?.to_owned()))
    }
}

fn line(currency: String) -> Line {
    Line { status: "active", currency, total: None, tax: None, due: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency { code: code.into(), description: String::new() }
    }

    #[test]
    fn a_currency_is_found_by_its_code_or_created_with_its_decimals() {
        let rows = [
            json!({"currency_id": "1", "currency_code": "NZD", "is_base_currency": true}),
            json!({"currency_id": "2", "currency_code": "USD"}),
        ];
        assert_eq!(Currencies::find_in(&currency("NZD"), &rows).as_deref(), Some("1"));
        assert_eq!(Currencies::find_in(&currency("EUR"), &rows), None);
        let body = Currencies::to_zoho(&currency("JPY"), &Known::default()).unwrap().body;
        assert_eq!(
            body,
            json!({"currency_code": "JPY", "currency_symbol": "JPY", "currency_format": "1,234,567", "price_precision": 0})
        );
    }
}
