//! Xero tax rates → Zoho Books taxes: the one with this name and rate, else one with this rate, else a new one.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::texts::{clip, same};
use super::{money, refusals};
use crate::flow::{Authority, Carry, Cure, Field, Flow, Known, Line, Need, Pace, Unmappable, Wanted};
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
    const PACE: Pace = Pace::Daily;
    const CAN_BE_OFF: bool = false;
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
        words: &[],
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
        Ok(Carry::new(body(rate, clip(name(rate), NAME_CHARS_MAX))))
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
        let with_rate: Vec<&Value> = existing
            .iter()
            .filter(|row| money::read(&row["tax_percentage"]) == Some(rate.rate()) && is_simple(row) && is_active(row))
            .collect();
        let is_named = |row: &&&Value| row["tax_name"].as_str().is_some_and(|found| means_the_same(found, name(rate)));
        let found = match (with_rate.iter().find(is_named), with_rate.as_slice()) {
            (Some(named), _) => Some(*named),
            // Zero-rated, exempt and out of scope are different boxes of a tax return: the rate alone does not tell them apart.
            (None, _) if rate.rate().is_zero() => None,
            // One that this product made for another rate of Xero's stays that one's.
            (None, [only]) if !is_ours(only) => Some(*only),
            _ => None,
        };
        found?["tax_id"].as_str().map(str::to_owned)
    }

    const HAS_RATES: bool = true;
    fn rate(rate: &TaxRate) -> Option<Decimal> {
        rate.effective_rate.or(rate.display_tax_rate)
    }

    fn cure(rate: &TaxRate, _: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        match (refusals::is_taken(refusal), attempt) {
            (true, 1) => Cure::Adopt { query: Vec::new() },
            // The name belongs to a tax with another rate.
            (true, 2) => {
                let suffix = format!(" ({})", rate.tax_type);
                let name = format!("{}{suffix}", clip(name(rate), NAME_CHARS_MAX - suffix.chars().count().min(NAME_CHARS_MAX)));
                Cure::Again(Carry::new(body(rate, &name)))
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

/// Names of rates of zero that mean one thing, written as letters only.
const SAME: [&[&str]; 2] = [&["zerorated", "zerorate", "zero"], &["exempt", "taxexempt", "exemptfromtax"]];

/// Equal to a person's eye, or two usual names of one thing.
fn means_the_same(one: &str, other: &str) -> bool {
    let letters = |name: &str| name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>();
    let (a, b) = (letters(one), letters(other));
    same(one, other) || SAME.iter().any(|names| names.contains(&a.as_str()) && names.contains(&b.as_str()))
}

/// A tax on a tax gives other amounts than its rate says, and a group is several taxes.
fn is_simple(row: &Value) -> bool {
    row["tax_type"].as_str().is_none_or(|kind| kind == "tax")
}

fn is_active(row: &Value) -> bool {
    row["status"].as_str().is_none_or(|status| status.eq_ignore_ascii_case("active"))
}

/// Made by the engine in this run: it marks what it adds to the list it looks through.
fn is_ours(row: &Value) -> bool {
    row.get(crate::flow::MADE_HERE).is_some()
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
            json!({"tax_id": "3", "tax_name": "15% gst on income", "tax_percentage": 15, "tax_type": "tax"}),
            json!({"tax_id": "4", "tax_name": "Zero", "tax_percentage": 0, "tax_type": "tax"}),
        ];
        assert_eq!(Taxes::find_in(&rate("OUTPUT2", "15% GST on Income", "15.0000"), &rows).as_deref(), Some("3"));
        assert_eq!(Taxes::find_in(&rate("INPUT2", "15% GST on Expenses", "15.0000"), &rows).as_deref(), Some("3"));
        assert_eq!(Taxes::find_in(&rate("ZERORATED", "Zero Rated", "0"), &rows).as_deref(), Some("4"));
        assert_eq!(Taxes::find_in(&rate("TAX001", "Odd", "12.5"), &rows), None);
    }

    #[test]
    fn a_rate_of_zero_is_found_by_its_name_only() {
        let rows = [json!({"tax_id": "4", "tax_name": "Zero Rate", "tax_percentage": 0, "tax_type": "tax"})];
        assert_eq!(Taxes::find_in(&rate("ZERORATEDINPUT", "Zero Rated", "0"), &rows).as_deref(), Some("4"));
        for name in ["Exempt", "Out of scope", "GST on Imports"] {
            assert_eq!(Taxes::find_in(&rate("TAX002", name, "0"), &rows), None, "{name}");
        }
    }

    #[test]
    fn a_rate_alone_is_enough_only_where_one_simple_active_tax_has_it() {
        let row = |id: &str, name: &str, kind: &str, status: &str| json!({"tax_id": id, "tax_name": name, "tax_percentage": 5, "tax_type": kind, "status": status});
        let vat = rate("TAX003", "Reduced", "5");
        let mut rows = vec![
            row("1", "State", "tax_group", "Active"),
            row("2", "Old", "tax", "Inactive"),
            row("3", "Levy", "compound_tax", "Active"),
        ];
        assert_eq!(Taxes::find_in(&vat, &rows), None);
        rows.push(row("4", "Import", "tax", "Active"));
        assert_eq!(Taxes::find_in(&vat, &rows).as_deref(), Some("4"));
        rows.push(row("5", "Export", "tax", "Active"));
        assert_eq!(Taxes::find_in(&vat, &rows), None);
        assert_eq!(Taxes::find_in(&rate("TAX004", "export", "5"), &rows).as_deref(), Some("5"));
        // What the engine made for one rate of Xero's is not another's.
        let mut made = row("6", "Other", "tax", "Active");
        made[crate::flow::MADE_HERE] = true.into();
        assert_eq!(Taxes::find_in(&vat, &[made.clone()]), None);
        assert_eq!(Taxes::find_in(&rate("TAX005", "Other", "5"), &[made]).as_deref(), Some("6"));
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
