//! Tax rates: Xero gives a new one its tax type, and computes what its components come to.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::defaults;
use crate::xero::desk::{Desk, Known, No, code_id, each};
use crate::xero::json::{Record, decimal_of, number, text_of};
use crate::xero::kinds::Kind;
use crate::xero::money;

pub const WRITABLE: [&str; 5] = ["Name", "TaxType", "TaxComponents", "Status", "ReportTaxType"];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    if !desk.by_app() {
        return Ok(());
    }
    let name = text_of(record, "Name").ok_or("Please enter a Name.")?.to_owned();
    let status = text_of(record, "Status").unwrap_or("ACTIVE").to_owned();
    if !matches!(status.as_str(), "ACTIVE" | "DELETED" | "ARCHIVED") {
        return Err(format!("The Status '{status}' is not valid").into());
    }
    if known.status().is_some_and(|was| was == "DELETED") {
        return Err("The tax rate has been deleted".into());
    }
    if text_of(record, "ReportTaxType").is_none() {
        if desk.on("xero.tax_rates_need_a_report_tax_type") {
            return Err("ReportTaxType must be specified".into());
        }
        if known.is_new() {
            record.insert("ReportTaxType".into(), "INPUT".into());
        }
    }
    let report = text_of(record, "ReportTaxType").map(str::to_owned);
    let own = text_of(record, "TaxType").map(str::to_owned);
    let mut taken = false;
    each(desk.connection, desk.org.n, Kind::TaxRates, |other| {
        taken |= text_of(other, "TaxType") != own.as_deref()
            && text_of(other, "Status") != Some("DELETED")
            && text_of(other, "Name") == Some(&name);
    })?;
    if taken {
        return Err("Please enter a unique Name.".into());
    }
    let (display, effective) = components(record)?;
    record.insert("DisplayTaxRate".into(), number(display));
    record.insert("EffectiveRate".into(), number(effective));
    let sale = report.as_deref().is_some_and(|report| report.contains("OUTPUT"));
    let purchase = report.as_deref().is_some_and(|report| report.contains("INPUT"));
    defaults(
        record,
        [
            ("Status", json!("ACTIVE")),
            ("CanApplyToAssets", json!(true)),
            ("CanApplyToEquity", json!(true)),
            ("CanApplyToExpenses", json!(!sale)),
            ("CanApplyToLiabilities", json!(true)),
            ("CanApplyToRevenue", json!(!purchase)),
        ],
    );
    Ok(())
}

/// Fills the components in. Answers what they add up to, and what they come to where one is charged on the others.
fn components(record: &mut Record) -> Result<(Decimal, Decimal), No> {
    let Some(Value::Array(list)) = record.get_mut("TaxComponents") else {
        return Err("At least one TaxComponent must be specified".into());
    };
    let (mut simple, mut compound) = (Decimal::ZERO, None);
    let mut names = Vec::with_capacity(list.len());
    for component in list.iter_mut().filter_map(Value::as_object_mut) {
        names.push(text_of(component, "Name").ok_or("A TaxComponent must have a Name")?.to_owned());
        let rate = decimal_of(component, "Rate").ok_or("A TaxComponent must have a Rate")?;
        if rate < Decimal::ZERO || rate > Decimal::ONE_HUNDRED {
            return Err("The Rate of a TaxComponent must be between 0 and 100".into());
        }
        let rate = money::rounded(rate, 4);
        component.insert("Rate".into(), number(rate));
        defaults(component, [("IsCompound", json!(false)), ("IsNonRecoverable", json!(false))]);
        if component.get("IsCompound") == Some(&json!(true)) {
            if compound.replace(rate).is_some() {
                return Err("Only one TaxComponent can be compound".into());
            }
        } else {
            simple += rate;
        }
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() || names.len() != count {
        return Err("TaxComponents must have names of their own".into());
    }
    let compound = compound.unwrap_or_default();
    let effective = simple + compound * (Decimal::ONE_HUNDRED + simple) / Decimal::ONE_HUNDRED;
    Ok((money::rounded(simple + compound, 4), money::rounded(effective, 4)))
}

/// The tax rate of the same name.
pub fn same(desk: &Desk, sent: &Record) -> Result<Option<Uuid>, No> {
    let Some(name) = text_of(sent, "Name") else { return Ok(None) };
    let mut found = None;
    each(desk.connection, desk.org.n, Kind::TaxRates, |rate| {
        if text_of(rate, "Name") == Some(name) && text_of(rate, "Status") != Some("DELETED") {
            found = text_of(rate, "TaxType").map(|code| code_id(&desk.org, code));
        }
    })?;
    Ok(found)
}

/// The first free one of `TAX001`, `TAX002`, …
pub fn new_code(desk: &Desk) -> Result<String, No> {
    let mut last = 0;
    each(desk.connection, desk.org.n, Kind::TaxRates, |rate| {
        let number = text_of(rate, "TaxType").and_then(|code| code.strip_prefix("TAX")).and_then(|digits| digits.parse().ok());
        last = last.max(number.unwrap_or(0));
    })?;
    Ok(format!("TAX{:03}", last + 1_u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn come_to(list: Value) -> Result<(String, String), No> {
        let mut record = Record::new();
        record.insert("TaxComponents".into(), list);
        components(&mut record).map(|(display, effective)| (display.to_string(), effective.to_string()))
    }

    #[test]
    fn a_compound_component_is_charged_on_the_others_too() {
        let both = json!([{"Name": "a", "Rate": "5"}, {"Name": "b", "Rate": "9.975", "IsCompound": true}]);
        assert_eq!(come_to(both).unwrap(), ("14.9750".into(), "15.4738".into()));
        assert_eq!(come_to(json!([{"Name": "a", "Rate": 2.25}])).unwrap(), ("2.2500".into(), "2.2500".into()));
        for bad in [
            json!([]),
            json!([{"Rate": 1}]),
            json!([{"Name": "a", "Rate": 101}]),
            json!([{"Name": "a", "Rate": 1}, {"Name": "a", "Rate": 2}]),
        ] {
            assert!(come_to(bad).is_err());
        }
    }
}
