//! Line items: the rows of a document's subform, their taxes and what they add up to.

use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::desk::{Desk, id_of};
use super::module::Module;
use super::record::{self, Record};
use super::{standard, value};
use crate::zoho::tables;

/// No row comes to so much: 10 to the power of 16, the digits of a currency field.
const TOTAL_MAX: Decimal = Decimal::from_parts(1_874_919_424, 2_328_306, 0, false, 0);

/// A JSON number, digits kept.
pub fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            text.parse().ok().or_else(|| Decimal::from_scientific(&text).ok())
        }
        _ => None,
    }
}

/// A decimal as a JSON number.
pub fn number(figure: Decimal) -> Value {
    serde_json::from_str(&figure.normalize().to_string()).unwrap_or_default()
}

fn cents(figure: Decimal) -> Decimal {
    figure.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// The rows after a write: what is sent with an id changes that row, what is sent without one is new, `_delete` takes one away.
pub fn apply(
    desk: &Desk,
    module: Module,
    rows: Module,
    was: Option<&[Value]>,
    sent: &Value,
    path: &str,
) -> Result<Vec<Value>, Refusal> {
    let sent = sent.as_array().ok_or_else(|| Refusal::expected("jsonarray", rows.api_name(), path))?;
    let mut kept: Vec<Value> = was.unwrap_or_default().to_vec();
    let mut named = Vec::new();
    let mut added = Vec::new();
    for (at, row) in sent.iter().enumerate() {
        let path = format!("{path}[{at}]");
        let row = row.as_object().ok_or_else(|| Refusal::expected("jsonobject", rows.api_name(), &path))?;
        let old = match row.get("id") {
            None => None,
            Some(id) => {
                let found = id_of(id).and_then(|id| kept.iter().position(|line| id_of(&line["id"]) == Some(id)));
                Some(found.ok_or_else(|| Refusal::invalid("id", &format!("{path}.id")))?)
            }
        };
        match old {
            Some(place) if row.contains_key("_delete") => kept[place] = Value::Null,
            Some(place) => {
                named.push(place);
                kept[place] = line(desk, module, rows, Some(&kept[place]), row, &path)?;
            }
            None => added.push(line(desk, module, rows, None, row, &path)?),
        }
    }
    let drop_unsent = desk.on("zoho.crm_unsent_rows_are_deleted");
    let mut lines: Vec<Value> = Vec::with_capacity(kept.len() + added.len());
    for (place, line) in kept.into_iter().enumerate() {
        if !line.is_null() && (named.contains(&place) || !drop_unsent) {
            lines.push(line);
        }
    }
    lines.append(&mut added);
    if rows != Module::PricingDetails {
        for (at, line) in lines.iter_mut().enumerate() {
            line["Sequence_Number"] = (at + 1).into();
        }
    }
    Ok(lines)
}

fn line(
    desk: &Desk,
    module: Module,
    rows: Module,
    was: Option<&Value>,
    sent: &Map<String, Value>,
    path: &str,
) -> Result<Value, Refusal> {
    let mut line = was.and_then(Value::as_object).cloned().unwrap_or_default();
    let stamp = desk.org.stamp(desk.now.timestamp());
    for (name, given) in sent.iter().filter(|(name, _)| !matches!(name.as_str(), "id" | "_delete") && !name.starts_with('$')) {
        let path = format!("{path}.{name}");
        let Some(field) = standard::fields(rows).iter().find(|field| field.api_name == *name) else {
            if desk.on("zoho.crm_unknown_fields_are_ignored") {
                continue;
            }
            return Err(Refusal::invalid(name, &path));
        };
        if field.read_only {
            continue;
        }
        let places = [module.api_name(), rows.api_name(), name.as_str()];
        match value::check(desk, field, given, &places, &path)? {
            Value::Null if field.mandatory => return Err(Refusal::mandatory(name, &path)),
            Value::Null => _ = line.remove(name),
            good => _ = line.insert(name.clone(), good),
        }
    }
    if let Some(missing) = standard::fields(rows).iter().find(|field| field.mandatory && !line.contains_key(&*field.api_name)) {
        return Err(Refusal::mandatory(&missing.api_name, &format!("{path}.{}", missing.api_name)));
    }
    if was.is_none() {
        line.insert("id".into(), tables::take(desk.connection, tables::IDS, 1)?.to_string().into());
        line.insert("Created_Time".into(), stamp.clone().into());
    }
    line.insert("Modified_Time".into(), stamp.into());
    if rows != Module::PricingDetails {
        if !line.contains_key("List_Price") {
            let price =
                id_of(&line["Product_Name"]["id"]).map(|id| record::read(desk, Module::Products, id)).transpose()?.flatten();
            let price = price.and_then(|product| product.data.get("Unit_Price").cloned()).unwrap_or_else(|| 0.into());
            line.insert("List_Price".into(), price);
        }
        for name in ["Description", "Price_Book_Name"] {
            line.entry(name).or_insert(Value::Null);
        }
        add_up(&mut line, path)?;
    }
    Ok(line.into())
}

/// Total, discount, taxes and net total of one row.
fn add_up(line: &mut Map<String, Value>, path: &str) -> Result<(), Refusal> {
    let figure = |name: &str| line.get(name).and_then(decimal).unwrap_or_default();
    let total = figure("Quantity").checked_mul(figure("List_Price")).filter(|total| total.abs() < TOTAL_MAX);
    let total = cents(total.ok_or_else(|| too_much("Quantity", path))?);
    let discount = match line.get("Discount") {
        Some(Value::String(text)) => match text.trim().strip_suffix('%') {
            Some(percentage) => {
                let percentage: Decimal = percentage.trim().parse().unwrap_or_default();
                let discount = total.checked_mul(percentage / Decimal::ONE_HUNDRED).filter(|discount| discount.abs() < TOTAL_MAX);
                cents(discount.ok_or_else(|| too_much("Discount", path))?)
            }
            None => text.trim().parse().unwrap_or_default(),
        },
        _ => figure("Discount"),
    };
    let after = total - discount;
    let mut tax = Decimal::ZERO;
    if let Some(Value::Array(taxes)) = line.get_mut("Line_Tax") {
        for one in taxes {
            let amount = cents(after * one.get("percentage").and_then(decimal).unwrap_or_default() / Decimal::ONE_HUNDRED);
            one["value"] = number(amount);
            tax += amount;
        }
    }
    line.entry("Line_Tax").or_insert_with(|| json!([]));
    line.entry("Discount").or_insert_with(|| 0.into());
    for (name, figure) in [("Total", total), ("Total_After_Discount", after), ("Tax", tax), ("Net_Total", after + tax)] {
        line.insert(name.into(), number(figure));
    }
    Ok(())
}

fn too_much(name: &str, path: &str) -> Refusal {
    Refusal::invalid(name, &format!("{path}.{name}"))
}

/// Sub_Total and Grand_Total of a document, from its rows and from what its head says.
pub fn totals(record: &mut Record) {
    let Some(lines) = &record.lines else { return };
    let sub_total: Decimal = lines.iter().filter_map(|line| decimal(&line["Net_Total"])).sum();
    let figure = |name: &str| record.data.get(name).and_then(decimal).unwrap_or_default();
    let grand_total = sub_total - figure("Discount") + figure("Tax") + figure("Excise_Duty") + figure("Adjustment");
    for name in ["Discount", "Tax", "Adjustment"] {
        record.data.entry(name).or_insert_with(|| 0.into());
    }
    record.data.insert("Sub_Total".into(), number(cents(sub_total)));
    record.data.insert("Grand_Total".into(), number(cents(grand_total)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(line: Value) -> Map<String, Value> {
        let Value::Object(mut line) = line else { unreachable!("a row is an object") };
        add_up(&mut line, "$").unwrap();
        line
    }

    #[test]
    fn a_row_is_discounted_then_taxed() {
        let line = added(
            json!({"Quantity": 3, "List_Price": 33.335, "Discount": "10%", "Line_Tax": [{"name": "GST", "percentage": 15}]}),
        );
        assert_eq!(line["Total"], json!(100.01), "half a cent goes up");
        assert_eq!(line["Total_After_Discount"], json!(90.01));
        assert_eq!((&line["Tax"], &line["Net_Total"]), (&json!(13.5), &json!(103.51)));
        assert_eq!(line["Line_Tax"][0]["value"], json!(13.5));
        let line = added(json!({"Quantity": 2, "List_Price": 10, "Discount": 5}));
        assert_eq!((&line["Net_Total"], &line["Line_Tax"]), (&json!(15), &json!([])));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let value: Value = serde_json::from_str("0.1000000000000000055511151231").unwrap();
        assert_eq!(decimal(&value).unwrap().to_string(), "0.1000000000000000055511151231");
        assert_eq!(decimal(&serde_json::from_str("1e3").unwrap()), Some(Decimal::from(1000)));
        assert_eq!(decimal(&json!("12")), None);
        assert_eq!(number("12.50".parse().unwrap()).to_string(), "12.5");
    }
}
