//! Xero tax rates ↔ taxes of CRM. A line there names a tax with its rate, so one of the same rate is the same. CRM's API lists taxes and
//! makes none: a rate that it lacks is held until a person has added it.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::flow::{Authority, Carry, Cure, Field, Flow, Known, Line, Need, Pace, Unmappable, Wanted};
use crate::flows::books::money;
use crate::flows::books::taxes::{self as books, NO_TAX};
use crate::flows::books::texts::same;
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{TAX_RATES, TaxRate};
use crate::{xero, zoho};

pub struct Taxes;

pub const KEY: &str = "crm.taxes";

/// In our books, for a rate of nothing: a line without a tax comes to the same.
const NOTHING: &str = "none";

impl Flow for Taxes {
    const KEY: &'static str = KEY;
    /// Documents that are compared to the cent ask for Xero's own rates by this name, whichever the product is.
    const RECORD: &'static str = books::KEY;
    const TITLE: &'static str = "Tax rates";
    const PACE: Pace = Pace::Daily;
    const CAN_BE_OFF: bool = false;
    const AFTER: &'static [&'static str] = &[];
    const XERO: xero::Resource = TAX_RATES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: zoho::crm::TAXES,
        one: "tax",
        many: &["taxes"],
        id: "key",
        unique: zoho::Unique::Search,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = TaxRate;
    /// Several of Xero's rates are one here, and rates of nothing are none.
    const HAS_LIST: bool = false;

    fn wanted(rate: &TaxRate) -> Wanted {
        if rate.tax_type == NO_TAX { Wanted::Skip } else { Wanted::Carry }
    }

    fn needs(_: &TaxRate) -> Vec<Need> {
        Vec::new()
    }

    fn to_zoho(rate: &TaxRate, _: &Known) -> Result<Carry, Unmappable> {
        Ok(match rate.rate().is_zero() {
            true => Carry::noted(NOTHING),
            false => Carry::new(Value::Object(Default::default())),
        })
    }

    fn fields() -> &'static [Field<TaxRate>] {
        &[Field {
            name: "rate",
            authority: Authority::Once,
            print: |rate, printer| {
                printer.amount(Some(rate.rate()));
            },
        }]
    }

    /// The tax of this name and rate, else the first of this rate.
    fn find_in(rate: &TaxRate, existing: &[Value]) -> Option<String> {
        let has_rate = |row: &&Value| money::read(&row["value"]) == Some(rate.rate());
        let is_named = |row: &&Value| row["name"].as_str().is_some_and(|name| same(name, &rate.name));
        let found = existing.iter().filter(has_rate).find(is_named).or_else(|| existing.iter().find(has_rate))?;
        found["key"].as_str().map(str::to_owned)
    }

    const HAS_RATES: bool = true;
    fn rate(rate: &TaxRate) -> Option<Decimal> {
        rate.effective_rate.or(rate.display_tax_rate)
    }

    fn cure(rate: &TaxRate, _: &Known, _: &Refusal, _: u32) -> Cure {
        Cure::Hold(Unmappable {
            code: "NO_SUCH_TAX",
            sentence: format!(
                "{} has {} per cent, and Zoho CRM has no tax of that rate. Add one in CRM (Setup, Customization, Modules and Fields, Products, Tax), then retry.",
                rate.label(),
                rate.rate().normalize()
            ),
            expected: false,
        })
    }

    fn xero_line(_: &TaxRate) -> Line {
        line()
    }

    fn zoho_line(_: &Value) -> Option<Line> {
        Some(line())
    }
}

fn line() -> Line {
    Line { status: "active", currency: String::new(), total: None, tax: None, due: None }
}

/// Name and rate of a tax, as a line names it. `None`: a rate of nothing.
pub fn named<'a>(known: &'a Known, tax_type: &str) -> Option<Option<(&'a str, Decimal)>> {
    match known.id(books::KEY, tax_type)? {
        NOTHING => Some(None),
        key => Some(Some(zoho::crm::tax_of(key)?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rate(name: &str, rate: &str) -> TaxRate {
        serde_json::from_str(&format!(r#"{{"TaxType":"OUTPUT2","Name":"{name}","EffectiveRate":{rate}}}"#)).unwrap()
    }

    #[test]
    fn a_tax_is_found_by_its_rate_and_a_rate_of_nothing_is_none() {
        let rows = [
            json!({"name": "GST", "value": 15, "key": "GST - 15 %"}),
            json!({"name": "Import", "value": 15, "key": "Import - 15 %"}),
            json!({"name": "VAT", "value": "20", "key": "VAT - 20 %"}),
        ];
        for (name, percent, found) in [
            ("15% GST on Income", "15.0000", Some("GST - 15 %")),
            ("import", "15", Some("Import - 15 %")),
            ("Standard", "20", Some("VAT - 20 %")),
            ("Reduced", "5", None),
        ] {
            assert_eq!(Taxes::find_in(&rate(name, percent), &rows).as_deref(), found, "{name}");
        }
        assert_eq!(Taxes::to_zoho(&rate("Zero Rated", "0"), &Known::default()).unwrap(), Carry::noted("none"));
        assert!(!Taxes::to_zoho(&rate("GST", "15"), &Known::default()).unwrap().body.is_null());
    }

    #[test]
    fn a_rate_that_is_missing_is_for_a_person_to_add() {
        let refusal = Refusal { status: 400, code: "NOT_MADE".into(), message: String::new() };
        let Cure::Hold(held) = Taxes::cure(&rate("Reduced", "12.50"), &Known::default(), &refusal, 1) else { panic!("not held") };
        assert_eq!((held.code, held.sentence.starts_with("Tax rate Reduced has 12.5 per cent, and")), ("NO_SUCH_TAX", true));
    }

    #[test]
    fn a_line_names_its_tax_and_its_rate() {
        let mut known = Known::default();
        known.learn(books::KEY, "OUTPUT2", "GST - 12.5 %");
        known.learn(books::KEY, "ZERO", NOTHING);
        assert_eq!(named(&known, "OUTPUT2"), Some(Some(("GST", "12.5".parse().unwrap()))));
        assert_eq!((named(&known, "ZERO"), named(&known, "OTHER")), (Some(None), None));
    }
}
