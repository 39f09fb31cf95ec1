//! Custom fields on their way: from Xero's places into Zoho's fields, and back. A value of the wrong kind holds its record, in a sentence.

use serde_json::{Value, json};

use super::sources::{self, entry};
use super::typed::{IsNot, plain};
use super::{FieldRule, Rules, Source};
use crate::flow::{AnyFlow, Authority, Back, Coming, Known, Record, Sending, Unmappable};
use crate::print::{PrintKey, Printer};
use crate::xero::Carrier;
use crate::xero::carrier::{part, without_part};

/// The field behind a flow's own, on Zoho's side: everything that rules look at there. Either side may change it.
pub const RULED: &str = "custom_fields";

/// What a line keeps of itself when only what it says is written.
const LINE_KEYS: [&str; 12] = [
    "LineItemID",
    "Description",
    "Quantity",
    "UnitAmount",
    "ItemCode",
    "AccountCode",
    "AccountID",
    "TaxType",
    "TaxAmount",
    "DiscountRate",
    "DiscountAmount",
    "Tracking",
];

/// Adds what the rules say to a body for Zoho.
pub fn apply_to_zoho(rules: &Rules, flow: &str, record: &dyn Record, body: &mut Value) -> Result<(), Unmappable> {
    if !body.is_object() {
        return Ok(());
    }
    for rule in rules.of(flow).filter(|rule| rule.direction.is_to_zoho()) {
        let text = record.says(&rule.carrier);
        if let (Carrier::LinePart { label }, true) = (&rule.carrier, rule.direction.is_to_xero()) {
            // It is in the field, and comes back from there.
            strip(body, label);
        }
        // Where both sides may say it, nothing in Xero does not empty what somebody wrote in Zoho.
        if text.is_empty() && rule.direction.is_to_xero() {
            continue;
        }
        let value =
            rule.data_type.value(&text, &rule.options).map_err(|is_not| from_xero(rule, &record.label(), &text, is_not))?;
        let entries = match &mut body["custom_fields"] {
            Value::Array(entries) => entries,
            other => {
                *other = json!([]);
                let Value::Array(entries) = other else { continue };
                entries
            }
        };
        entries.retain(|entry| entry["api_name"] != rule.api_name.as_str());
        entries.push(json!({ "api_name": rule.api_name, "value": value }));
    }
    Ok(())
}

/// Leaves out of an update from Xero the custom fields whose value people may change in Zoho too, and whose place in Xero did not change.
pub fn spare(rules: &Rules, flow: &str, changed: &[&'static str], body: &mut Value) {
    let Some(entries) = body["custom_fields"].as_array_mut() else { return };
    let has_changed = |rule: &FieldRule| {
        let place = match &rule.carrier {
            Carrier::LinePart { .. } => &["lines"],
            Carrier::Tracking { .. } => &["tracking"],
            carrier => carrier.fields(),
        };
        changed.contains(&RULED) || place.iter().any(|field| changed.contains(field))
    };
    let both = |rule: &&FieldRule| rule.direction.is_to_zoho() && rule.direction.is_to_xero();
    let spared: Vec<&str> =
        rules.of(flow).filter(both).filter(|rule| !has_changed(rule)).map(|rule| rule.api_name.as_str()).collect();
    entries.retain(|entry| !entry["api_name"].as_str().is_some_and(|name| spared.contains(&name)));
}

/// What Xero is told of a record: the flow's own mapping, and what the rules say over it. A custom field that says nothing leaves its
/// place to the flow.
pub fn to_xero(flow: &str, back: &Back, coming: &Coming, known: &Known) -> Result<Sending, Unmappable> {
    let rules: Vec<&FieldRule> = known.rules.of(flow).filter(|rule| rule.direction.is_to_xero()).collect();
    let is_ruled = coming.changed.contains(&RULED);
    let mut changed = coming.changed.to_vec();
    if is_ruled {
        changed.extend(rules.iter().flat_map(|rule| rule.carrier.fields()));
        if known.rules.set_tracking(flow) {
            changed.push("tracking");
        }
    }
    let coming = Coming { record: coming.record, there: coming.there, changed: &changed };
    let mut sending = (back.to_xero)(&coming, known)?;
    if !sending.body.is_object() {
        return Ok(sending);
    }
    let label = (back.label)(coming.record);
    for rule in rules {
        let text = said(rule, coming.record, &label)?;
        match &rule.carrier {
            // With the lines.
            Carrier::Tracking { .. } => {}
            Carrier::LinePart { .. } => {
                if sending.body["LineItems"].is_null()
                    && is_ruled
                    && let Some(there) = coming.there
                {
                    sending.body["LineItems"] = lines_of(there);
                }
                if sending.body["LineItems"].is_array() {
                    rule.carrier.write(&mut sending.body, &text);
                    keep_first_id(&mut sending.body, coming.there);
                }
            }
            _ if text.is_empty() => {}
            carrier if carrier.fields().iter().any(|field| coming.writes(field)) => carrier.write(&mut sending.body, &text),
            _ => {}
        }
    }
    Ok(sending)
}

/// What a record says in the custom field of a rule, as Xero is told.
pub fn said(rule: &FieldRule, record: &Value, label: &str) -> Result<String, Unmappable> {
    let Some(entry) = entry(record, "custom_fields", &rule.api_name) else { return Ok(String::new()) };
    let text = rule.data_type.text(entry).map_err(|is_not| from_zoho(rule, label, &plain(&entry["value"]), is_not))?;
    let most = rule.carrier.chars_max();
    if text.chars().count() > most {
        return Err(Unmappable {
            code: "FIELD_TOO_LONG",
            sentence: format!(
                "“{}” of {} is longer than the {most} characters that {} may have in Xero. Shorten it in Zoho Books, then retry.",
                rule.label,
                inside(label),
                rule.carrier.name()
            ),
            expected: false,
        });
    }
    Ok(text)
}

/// All fields of a flow that runs both ways, and behind them the one that rules look at.
pub fn fields_of(flow: &dyn AnyFlow) -> Vec<(&'static str, Authority)> {
    let mut fields = flow.field_names();
    fields.push((RULED, Authority::Either));
    fields
}

/// The prints of all these fields, from a record of Zoho's.
pub fn zoho_prints(flow: &str, back: &Back, record: &Value, rules: &Rules, key: &PrintKey) -> Vec<u8> {
    let mut prints = back.prints(record, key);
    let mut printer = Printer::new(key);
    zoho_print(rules, flow, record, &mut printer);
    prints.extend_from_slice(&printer.finish());
    prints
}

/// Prints everything that rules look at in a record of Zoho's, as its last field. A record that says nothing there prints as if there
/// were no rule, so that a new rule does not touch it.
fn zoho_print(rules: &Rules, flow: &str, record: &Value, printer: &mut Printer) {
    let mut names: Vec<&str> =
        rules.of(flow).filter(|rule| rule.direction.is_to_xero()).map(|rule| rule.api_name.as_str()).collect();
    names.extend(rules.tracking.iter().filter_map(|rule| match &rule.source {
        Source::DocumentField { api_name } => Some(api_name.as_str()),
        _ => None,
    }));
    names.sort_unstable();
    names.dedup();
    for name in names {
        if let Some(value) = entry(record, "custom_fields", name).map(|entry| &entry["value"]).filter(|value| !value.is_null()) {
            printer.text(Some(name)).text(Some(&value.to_string()));
        }
    }
    // Tags of lines are a field of their own.
    let placed: Vec<&Source> = rules.tracking.iter().map(|rule| &rule.source).filter(|source| is_of_lines(source)).collect();
    if placed.is_empty() {
        return;
    }
    let asked = sources::Asked::of(flow, "", record);
    let nothing = [Value::Null];
    let lines = record["line_items"].as_array().map(Vec::as_slice).filter(|lines| !lines.is_empty()).unwrap_or(&nothing);
    for (n, line) in lines.iter().enumerate() {
        for source in &placed {
            for said in sources::said(source, &asked, line).unwrap_or_default() {
                printer.count(n).text(Some(said.shown()));
            }
        }
    }
}

fn is_of_lines(source: &Source) -> bool {
    matches!(source, Source::LineField { .. } | Source::Location | Source::Project | Source::Salesperson)
}

/// Takes a part out of what the lines of a body for Zoho say.
fn strip(body: &mut Value, label: &str) {
    for line in body["line_items"].as_array_mut().into_iter().flatten() {
        let said = line["description"].as_str().unwrap_or_default().to_owned();
        if part(&said, label).is_some() {
            line["description"] = without_part(&said, label).into();
        }
        if line["name"].as_str().is_some_and(|name| part(name, label).is_some()) {
            let first = line["description"].as_str().and_then(|said| said.lines().next()).map(str::trim).unwrap_or_default();
            line["name"] = if first.is_empty() { "-".into() } else { first.chars().take(100).collect::<String>().into() };
        }
    }
}

/// Without its part the first line looks like no line of Xero's: with it, it may be the first one there.
fn keep_first_id(body: &mut Value, there: Option<&Value>) {
    let Some(first) = there.and_then(|there| there["LineItems"].as_array()).and_then(|lines| lines.first()) else { return };
    let Some(lines) = body["LineItems"].as_array_mut() else { return };
    let is_free = lines.iter().all(|line| line["LineItemID"] != first["LineItemID"]);
    if let Some(line) = lines.first_mut().filter(|line| is_free && line.get("LineItemID").is_none())
        && line["Description"] == first["Description"]
    {
        line["LineItemID"] = first["LineItemID"].clone();
    }
}

/// Xero's own lines, to be written again.
fn lines_of(there: &Value) -> Value {
    let lines = there["LineItems"].as_array().into_iter().flatten();
    let line = |line: &Value| {
        let kept = LINE_KEYS.iter().filter_map(|key| line.get(*key).filter(|value| !value.is_null()).map(|value| (*key, value)));
        kept.map(|(key, value)| (key.to_owned(), value.clone())).collect::<serde_json::Map<_, _>>()
    };
    lines.map(line).map(Value::Object).collect()
}

fn from_xero(rule: &FieldRule, label: &str, text: &str, is_not: IsNot) -> Unmappable {
    Unmappable {
        code: "FIELD_VALUE",
        sentence: format!(
            "The value “{text}” of {} on {} {}, and “{}” in Zoho Books wants one. Correct it in Xero, then retry.",
            rule.carrier.name(),
            inside(label),
            is_not.0,
            rule.label
        ),
        expected: false,
    }
}

fn from_zoho(rule: &FieldRule, label: &str, text: &str, is_not: IsNot) -> Unmappable {
    Unmappable {
        code: "FIELD_VALUE",
        sentence: format!(
            "The value “{text}” of “{}” on {} {}. Correct it in Zoho Books, then retry.",
            rule.label,
            inside(label),
            is_not.0
        ),
        expected: false,
    }
}

/// A label in the middle of a sentence: "invoice INV-7".
fn inside(label: &str) -> String {
    let mut letters = label.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{DataType, Direction, Missing, TrackingRule, Transform};
    use super::*;
    use crate::flow::{Seek, ZohoField, always, whole};
    use crate::xero::PhoneKind;

    fn rule(direction: Direction, data_type: DataType, carrier: Carrier) -> FieldRule {
        FieldRule {
            flow: "books.invoices".into(),
            direction,
            label: "Delivery".into(),
            api_name: "cf_delivery".into(),
            data_type,
            options: Vec::new(),
            create: false,
            carrier,
        }
    }

    #[test]
    fn a_field_of_both_sides_is_said_again_only_where_its_place_in_xero_changed() {
        let said = |direction, carrier, changed: &[&'static str]| {
            let rules = Rules { fields: vec![rule(direction, DataType::String, carrier)], ..Rules::default() };
            let mut body = json!({ "custom_fields": [{ "api_name": "cf_delivery", "value": "x" }, { "api_name": "cf_other", "value": "y" }] });
            spare(&rules, "books.invoices", changed, &mut body);
            body["custom_fields"].as_array().unwrap().len() == 2
        };
        assert!(
            !said(Direction::Both, Carrier::Reference, &["dates"]) && said(Direction::Both, Carrier::Reference, &["reference"])
        );
        assert!(!said(Direction::Both, part_of_line(), &["reference"]) && said(Direction::Both, part_of_line(), &["lines"]));
        assert!(said(Direction::Both, Carrier::Reference, &[RULED]));
        // Where people's own value does not count, Xero's is said with every update.
        assert!(said(Direction::ToZoho, Carrier::Reference, &["dates"]));
    }

    fn part_of_line() -> Carrier {
        Carrier::LinePart { label: "Delivery".into() }
    }

    /// A record of Xero's that says this in its place.
    struct Says(&'static str);

    impl Record for Says {
        fn as_any(&self) -> &dyn std::any::Any {
            self
        }
        fn id(&self) -> &str {
            "i-1"
        }
        fn updated_us(&self) -> i64 {
            0
        }
        fn alias(&self) -> Option<&str> {
            None
        }
        fn label(&self) -> String {
            "Invoice INV-7".into()
        }
        fn says(&self, _: &Carrier) -> String {
            self.0.into()
        }
    }

    fn told(rule: FieldRule, says: &'static str, mut body: Value) -> Result<Value, Unmappable> {
        let rules = Rules { fields: vec![rule], ..Rules::default() };
        apply_to_zoho(&rules, "books.invoices", &Says(says), &mut body)?;
        Ok(body)
    }

    #[test]
    fn a_place_of_xeros_fills_a_custom_field() {
        let to_zoho = |data_type| rule(Direction::ToZoho, data_type, Carrier::Reference);
        let body = told(to_zoho(DataType::Date), "26 Nov 2026", json!({})).unwrap();
        assert_eq!(body, json!({"custom_fields": [{"api_name": "cf_delivery", "value": "2026-11-26"}]}));
        let held = told(to_zoho(DataType::Date), "tomorrow", json!({})).unwrap_err();
        assert_eq!(held.code, "FIELD_VALUE");
        assert_eq!(
            held.sentence,
            "The value “tomorrow” of Reference on invoice INV-7 is not a date, and “Delivery” in Zoho Books wants one. Correct it in Xero, then retry."
        );
        // Xero alone says it, so nothing there is nothing here; where both do, what stands in Zoho stays.
        assert_eq!(told(to_zoho(DataType::Date), "", json!({})).unwrap()["custom_fields"][0]["value"], "");
        assert_eq!(told(rule(Direction::Both, DataType::Date, Carrier::Reference), "", json!({})).unwrap(), json!({}));
        assert_eq!(told(rule(Direction::ToXero, DataType::Date, Carrier::Reference), "x", json!({})).unwrap(), json!({}));
        let others = json!({"custom_fields": [{"api_name": "cf_delivery", "value": "old"}, {"api_name": "cf_b", "value": "b"}]});
        let body = told(to_zoho(DataType::String), "new", others).unwrap();
        assert_eq!(
            body["custom_fields"],
            json!([{"api_name": "cf_b", "value": "b"}, {"api_name": "cf_delivery", "value": "new"}])
        );
        assert_eq!(told(to_zoho(DataType::Date), "tomorrow", Value::Null).unwrap(), Value::Null, "a file has no fields");
    }

    #[test]
    fn a_part_of_a_line_that_comes_back_from_the_field_is_not_said_twice() {
        let body = || json!({"line_items": [{"name": "Hosting", "description": "Hosting\nDelivery: 2026-11-26"}, {"name": "Delivery: 2026-11-26", "description": ""}]});
        let both = told(rule(Direction::Both, DataType::Date, part_of_line()), "2026-11-26", body()).unwrap();
        assert_eq!(both["line_items"], json!([{"name": "Hosting", "description": "Hosting"}, {"name": "-", "description": ""}]));
        let one_way = told(rule(Direction::ToZoho, DataType::Date, part_of_line()), "2026-11-26", body()).unwrap();
        assert_eq!(one_way["line_items"], body()["line_items"]);
    }

    /// A flow that writes its reference and its lines as they are asked for.
    const BACK: Back = Back {
        wanted: |_| crate::flow::Wanted::Carry,
        label: |_| "Invoice INV-7".into(),
        day: |_| None,
        fields: &[ZohoField {
            name: "reference",
            print: |record, printer| _ = printer.text(record["reference_number"].as_str()),
        }],
        needs: |_| Vec::new(),
        hints: |_| Vec::new(),
        lists: &[],
        creates: always,
        to_xero: |coming, _| {
            let mut body = json!({ "InvoiceID": "i-1" });
            if coming.writes("reference") {
                body["Reference"] = coming.record["reference_number"].clone();
            }
            if coming.writes("lines") {
                body["LineItems"] = json!([{ "Description": "Hosting" }]);
            }
            Ok(Sending::new(body))
        },
        seek: |_, _| Seek::default(),
        is_it: |_, _, _| false,
        trace: |_| crate::flow::Trace::default(),
        parts: whole,
        gone: None,
        spare: |_, _, _| {},
        insisted: |_| Value::Null,
    };

    fn sent(rule: FieldRule, value: Value, there: Option<Value>, changed: &[&'static str]) -> Result<Value, Unmappable> {
        let entry = json!({ "api_name": "cf_delivery", "data_type": rule.data_type.name(), "value": value });
        let record = json!({ "reference_number": "R 1", "custom_fields": [entry] });
        let mut known = Known::default();
        known.rules = std::sync::Arc::new(Rules { fields: vec![rule], ..Rules::default() });
        let coming = Coming { record: &record, there: there.as_ref(), changed };
        to_xero("books.invoices", &BACK, &coming, &known).map(|sending| sending.body)
    }

    #[test]
    fn a_custom_field_goes_to_its_place_and_leaves_it_to_the_flow_where_it_says_nothing() {
        let reference = || rule(Direction::Both, DataType::Date, Carrier::Reference);
        assert_eq!(sent(reference(), json!("2026-11-26"), None, &[]).unwrap()["Reference"], "2026-11-26");
        assert_eq!(sent(reference(), json!(""), None, &[]).unwrap()["Reference"], "R 1");
        // An update writes what has changed.
        let there = || Some(json!({ "InvoiceID": "i-1" }));
        assert_eq!(sent(reference(), json!("2026-11-26"), there(), &["dates"]).unwrap(), json!({ "InvoiceID": "i-1" }));
        assert_eq!(sent(reference(), json!("2026-11-26"), there(), &[RULED]).unwrap()["Reference"], "2026-11-26");
        assert_eq!(sent(reference(), json!(""), there(), &[RULED]).unwrap()["Reference"], "R 1", "emptied");
        let held = sent(reference(), json!("tomorrow"), None, &[]).unwrap_err();
        assert_eq!(
            held.sentence,
            "The value “tomorrow” of “Delivery” on invoice INV-7 is not a date. Correct it in Zoho Books, then retry."
        );
        let phone = rule(Direction::ToXero, DataType::Multiline, Carrier::Phone { kind: PhoneKind::Ddi });
        assert_eq!(sent(phone, json!("1".repeat(51)), None, &[]).unwrap_err().code, "FIELD_TOO_LONG");
        assert_eq!(
            sent(rule(Direction::ToZoho, DataType::Date, Carrier::Reference), json!("2026-11-26"), None, &[]).unwrap()["Reference"],
            "R 1"
        );
    }

    #[test]
    fn a_part_of_a_line_is_written_with_the_lines_or_into_xeros_own() {
        let part = || rule(Direction::Both, DataType::CheckBox, part_of_line());
        assert_eq!(
            sent(part(), json!(true), None, &[]).unwrap()["LineItems"],
            json!([{ "Description": "Hosting\nDelivery: Yes" }])
        );
        let there = json!({ "InvoiceID": "i-1", "LineItems": [{ "LineItemID": "l-1", "Description": "Hosting\nDelivery: No", "UnitAmount": 5.0, "ItemCode": null, "Item": {} }] });
        let body = sent(part(), json!(true), Some(there.clone()), &[RULED]).unwrap();
        assert_eq!(
            body["LineItems"],
            json!([{ "LineItemID": "l-1", "Description": "Hosting\nDelivery: Yes", "UnitAmount": 5.0 }])
        );
        let body = sent(part(), json!(""), Some(there.clone()), &[RULED]).unwrap();
        assert_eq!(body["LineItems"][0]["Description"], "Hosting");
        assert_eq!(sent(part(), json!(true), Some(there.clone()), &["reference"]).unwrap()["LineItems"], Value::Null);
        // Lines that are written anew: the first is Xero's first by what it says.
        let body = sent(part(), json!(false), Some(there.clone()), &["lines"]).unwrap();
        assert_eq!(body["LineItems"], json!([{ "LineItemID": "l-1", "Description": "Hosting\nDelivery: No" }]));
        assert_eq!(sent(part(), json!(true), Some(there), &["lines"]).unwrap()["LineItems"][0]["LineItemID"], Value::Null);
    }

    #[test]
    fn what_rules_look_at_is_printed_and_a_rule_without_a_value_prints_nothing() {
        let key = PrintKey::new([7; 32]);
        let print = |rules: &Rules, record: &Value| {
            let mut printer = Printer::new(&key);
            zoho_print(rules, "books.invoices", record, &mut printer);
            printer.finish()
        };
        let by_person = TrackingRule {
            source: Source::Salesperson,
            transform: Transform::AsIs,
            category: "r".into(),
            missing: Missing::Hold,
        };
        let field = rule(Direction::Both, DataType::Date, Carrier::Reference);
        let rules = Rules { tracking: vec![by_person], fields: vec![field] };
        let record = |day: &str, person: &str| json!({ "total": 5, "salesperson_name": person, "custom_fields": [{ "api_name": "cf_delivery", "value": day }] });
        let nothing = print(&Rules::default(), &record("2026-11-26", "Kiri"));
        assert_eq!(print(&rules, &json!({ "total": 9 })), nothing);
        let one = print(&rules, &record("2026-11-26", "Kiri"));
        assert_eq!(print(&rules, &record("2026-11-26", "Kiri")), one);
        for other in [record("2026-11-27", "Kiri"), record("2026-11-26", "Ada"), json!({ "salesperson_name": "Kiri" })] {
            assert_ne!(print(&rules, &other), one, "{other}");
            assert_ne!(print(&rules, &other), nothing, "{other}");
        }
        let way = Rules { fields: vec![rule(Direction::ToZoho, DataType::Date, Carrier::Reference)], ..Rules::default() };
        assert_eq!(print(&way, &record("2026-11-26", "Kiri")), nothing, "what only Xero says is not looked at");
    }
}
