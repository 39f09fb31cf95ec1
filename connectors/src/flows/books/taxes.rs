//! Xero tax rates → Zoho Books taxes: the one with this name and rate, else one with this rate, else a new one.

use serde_json::{Value, json};

use super::texts::{clip, same};
use super::{money, refusals};
use crate::flow::{Authority, Carry, Cure, Field, Flow, Known, Line, Need, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{TAX_RATES, TaxRate};
use crate::{xero, zoho};

pub struct Taxes;

pub const KEY: &str = "books.taxes";

/// A line of this type has no tax at all, so it needs no counterpart.
pub const NO_TAX: &str = "NONE";

const NAME_CHARS_MAX: usize = 100;

impl Flow for Taxes {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Tax rates";
    const AFTER: &'static [&'static str] = &[];
    const XERO: xero::Resource = TAX_RATES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "settings/taxes",
        one: "tax",
        many: &["taxes"],
        id: "tax_id",
        unique: zoho::Unique::Search,
        query: &[],
        list_query: &[],
    };
    type Xero = TaxRate;

    /// Rates that were deleted in Xero are carried too: old documents still name them.
    fn wanted(rate: &TaxRate) -> Wanted {
        if rate.tax_type == NO_TAX { Wanted::Skip } else { Wanted::Carry }
    }

    fn needs(_: &TaxRate) -> Vec<Need> {
        Vec::new()
    }

    fn to_zoho(rate: &TaxRate, _: &Known) -> Result<Carry, Unmappable> {
        Ok(Carry { body: body(rate, clip(name(rate), NAME_CHARS_MAX)), then: Vec::new() })
    }

    fn fields() -> &'static [Field<TaxRate>] {
        &[
            Field {
                name: "rate",
                authority: Authority::Once,
                print: |rate, printer| {
                    printer.amount(Some(rate.rate()));
                },
            },
            Field {
                name: "name",
                authority: Authority::Once,
                print: |rate, printer| {
                    printer.text(Some(&rate.name));
                },
            },
        ]
    }

    fn find_in(rate: &TaxRate, existing: &[Value]) -> Option<String> {
        let with_rate =
            || existing.iter().filter(|row| money::read(&row["tax_percentage"]) == Some(rate.rate()) && !is_compound(row));
        let named = with_rate().find(|row| row["tax_name"].as_str().is_some_and(|found| same(found, name(rate))));
        named.or_else(|| with_rate().next())?["tax_id"].as_str().map(str::to_owned)
    }

    fn cure(rate: &TaxRate, _: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        match (refusals::is_taken(refusal), attempt) {
            (true, 1) => Cure::Adopt { query: Vec::new() },
            // The name belongs to a tax with another rate.
            (true, 2) => {
                let suffix = format!(" ({})", rate.tax_type);
                let name = format!("{}{suffix}", clip(name(rate), NAME_CHARS_MAX - suffix.chars().count().min(NAME_CHARS_MAX)));
                Cure::Again(Carry { body: body(rate, &name), then: Vec::new() })
            }
            _ => refusals::hold(&xero::Record::label(rate), refusal),
        }
    }

    fn xero_line(_: &TaxRate) -> Line {
        line()
    }

    fn zoho_line(_: &Value) -> Option<Line> {
        Some(line())
    }
}

fn name(rate: &TaxRate) -> &str {
    if rate.name.trim().is_empty() { &rate.tax_type } else { rate.name.trim() }
}

fn body(rate: &TaxRate, name: &str) -> Value {
    json!({ "tax_name": name, "tax_percentage": money::number(rate.rate()), "tax_type": "tax" })
}

/// A tax on a tax gives other amounts than its rate says.
fn is_compound(row: &Value) -> bool {
    row["tax_type"].as_str() == Some("compound_tax")
}

fn line() -> Line {
    Line { status: "active", currency: String::new(), total: None, tax: None, due: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(tax_type: &str, name: &str, rate: &str) -> TaxRate {
        serde_json::from_str(&format!(r#"{{"TaxType":"{tax_type}","Name":"{name}","EffectiveRate":{rate},"Status":"ACTIVE"}}"#))
            .unwrap()
    }

    #[test]
    fn a_tax_is_found_by_name_and_rate_then_by_rate() {
        let rows = [
            json!({"tax_id": "1", "tax_name": "Levy on levy", "tax_percentage": 15, "tax_type": "compound_tax"}),
            json!({"tax_id": "2", "tax_name": "GST", "tax_percentage": 15.0, "tax_type": "tax"}),
            json!({"tax_id": "3", "tax_name": "15% gst on income", "tax_percentage": 15, "tax_type": "tax"}),
            json!({"tax_id": "4", "tax_name": "Zero", "tax_percentage": 0, "tax_type": "tax"}),
        ];
        assert_eq!(Taxes::find_in(&rate("OUTPUT2", "15% GST on Income", "15.0000"), &rows).as_deref(), Some("3"));
        assert_eq!(Taxes::find_in(&rate("INPUT2", "15% GST on Expenses", "15.0000"), &rows).as_deref(), Some("2"));
        assert_eq!(Taxes::find_in(&rate("ZERORATED", "Zero Rated", "0"), &rows).as_deref(), Some("4"));
        assert_eq!(Taxes::find_in(&rate("TAX001", "Odd", "12.5"), &rows), None);
    }

    #[test]
    fn a_new_tax_keeps_its_four_decimals() {
        let carry = Taxes::to_zoho(&rate("TAX001", "State", "8.8750"), &Known::default()).unwrap();
        assert_eq!(carry.body, json!({"tax_name": "State", "tax_percentage": 8.875, "tax_type": "tax"}));
    }

    #[test]
    fn a_line_without_tax_needs_no_tax() {
        assert_eq!(Taxes::wanted(&rate("NONE", "No GST", "0")), Wanted::Skip);
        assert_eq!(Taxes::wanted(&rate("ZERORATED", "Zero Rated", "0")), Wanted::Carry);
    }

    #[test]
    fn a_taken_name_is_adopted_then_changed_then_held() {
        let refusal = Refusal { status: 400, code: "4".into(), message: "Tax already exists".into() };
        let gst = rate("TAX001", "GST", "12.5");
        assert!(matches!(Taxes::cure(&gst, &Known::default(), &refusal, 1), Cure::Adopt { .. }));
        let Cure::Again(carry) = Taxes::cure(&gst, &Known::default(), &refusal, 2) else { panic!("not tried again") };
        assert_eq!(carry.body["tax_name"], "GST (TAX001)");
        assert!(matches!(Taxes::cure(&gst, &Known::default(), &refusal, 3), Cure::Hold(_)));
    }
}
