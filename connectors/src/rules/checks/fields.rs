//! What is wrong with rules for custom fields.

use super::super::sources::Said;
use super::super::typed::same;
use super::super::{DataType, FieldRule, MODULES, Missing, Source, TrackingRule, Transform, module};
use super::{Desk, Problem, RULES_MAX, There};
use crate::xero::Carrier;
use crate::zoho::FieldInfo;

const LABEL_CHARS_MAX: usize = 50;
/// What our own fields are called.
const OURS: [&str; 3] = ["Xero ID", "Xero Acct ID", "Xero Supplier ID"];

/// Looks field rules through, and gives them as they are kept: with Zoho's own name, type and choices of each field. A field that is to
/// be made has no name yet.
pub fn check_fields(rules: &[FieldRule], there: &There) -> (Vec<FieldRule>, Vec<Problem>) {
    let mut desk = Desk { there, problems: Vec::new(), n: 0 };
    if rules.len() > RULES_MAX {
        desk.say("", "TOO_MANY", format!("A link has at most {RULES_MAX} field rules."));
        return (Vec::new(), desk.problems);
    }
    let mut kept: Vec<FieldRule> = Vec::with_capacity(rules.len());
    for (n, rule) in rules.iter().enumerate() {
        desk.n = n;
        let rule = known(&mut desk, rule);
        place(&mut desk, &rule);
        let is_taken = |other: &&FieldRule| {
            let both = |is: fn(&FieldRule) -> bool| is(other) && is(&rule);
            other.flow == rule.flow
                && (both(|one| one.direction.is_to_xero()) && other.carrier == rule.carrier
                    || both(|one| one.direction.is_to_zoho()) && same(&other.label, &rule.label))
        };
        if kept.iter().any(|other| is_taken(&other)) {
            desk.say("", "TAKEN", "An earlier rule carries a value to the same place.");
        }
        kept.push(rule);
    }
    (kept, desk.problems)
}

/// The rule with what Zoho says about its field.
fn known(desk: &mut Desk, rule: &FieldRule) -> FieldRule {
    let mut rule = rule.clone();
    let Some(module) = module(&rule.flow) else {
        let flows: Vec<&str> = MODULES.iter().map(|(flow, _)| *flow).collect();
        desk.say(
            "flow",
            "NO_MODULE",
            format!("{:?} has no custom fields that a rule can carry. These have: {}.", rule.flow, flows.join(", ")),
        );
        return rule;
    };
    if OURS.iter().any(|ours| same(ours, &rule.label)) {
        desk.say("label", "RESERVED", "CP Connect keeps Xero's ids in this field; a rule cannot have it.");
        return rule;
    }
    let is = |field: &&FieldInfo| {
        if rule.api_name.is_empty() { same(&field.label, &rule.label) } else { field.api_name == rule.api_name }
    };
    let found = desk.there.fields.get(module).and_then(|fields| fields.iter().find(is));
    match found {
        Some(field) if OURS.contains(&field.label.as_str()) => {
            desk.say("apiName", "RESERVED", "CP Connect keeps Xero's ids in this field; a rule cannot have it.");
        }
        Some(field) => {
            let lacking: Vec<String> =
                rule.options.iter().filter(|one| !field.options.iter().any(|other| same(other, one))).cloned().collect();
            match DataType::read(&field.data_type) {
                Some(data_type) if data_type != rule.data_type => desk.say(
                    "dataType",
                    "OTHER_TYPE",
                    format!("“{}” is of the type {} in Zoho Books, not {}.", field.label, field.data_type, rule.data_type.name()),
                ),
                Some(data_type) if data_type.has_options() && !lacking.is_empty() && !rule.create => {
                    desk.say(
                        "options",
                        "NO_CHOICE",
                        format!("“{}” has not all of these choices in Zoho Books. Add them there, or say `create`.", field.label),
                    );
                    desk.about(lacking.clone());
                }
                Some(_) => {}
                None => desk.say(
                    "dataType",
                    "UNKNOWN_TYPE",
                    format!("“{}” is of the type {:?}, which cannot be carried yet.", field.label, field.data_type),
                ),
            }
            rule.label.clone_from(&field.label);
            rule.api_name.clone_from(&field.api_name);
            // Those that are to be added stand behind those that are there.
            rule.options = field.options.iter().cloned().chain(lacking).collect();
        }
        None if !rule.create => {
            desk.say(
                "label",
                "NO_FIELD",
                format!(
                    "{module:?} has no such custom field in Zoho Books. Choose one that `customFields` lists, or say `create`."
                ),
            );
        }
        None => new(desk, &rule),
    }
    rule
}

/// A field that is to be made in Zoho.
fn new(desk: &mut Desk, rule: &FieldRule) {
    if !rule.api_name.is_empty() {
        desk.say("apiName", "NAMED", "Zoho names a new field itself; leave `apiName` out.");
    }
    if rule.label.trim().is_empty() || rule.label.chars().count() > LABEL_CHARS_MAX {
        desk.say("label", "LABEL", format!("A new field has a label of 1 to {LABEL_CHARS_MAX} characters."));
    }
    if !rule.data_type.can_be_written() {
        desk.say(
            "dataType",
            "CANNOT_BE_MADE",
            format!("A field of the type {} is made in Zoho Books itself.", rule.data_type.name()),
        );
    }
    if rule.data_type.has_options() && rule.options.iter().all(|option| option.trim().is_empty()) {
        desk.say("options", "NO_CHOICES", "A drop-down that is to be made needs its choices.");
    }
}

/// Whether a value can get to the place and back.
fn place(desk: &mut Desk, rule: &FieldRule) {
    let carrier = &rule.carrier;
    if module(&rule.flow).is_some() && !carrier.flows().contains(&rule.flow.as_str()) {
        desk.say("carrier", "NO_PLACE", format!("Records of {} have no place “{}” in Xero.", rule.flow, carrier.name()));
    }
    if carrier.is_read_only() && rule.direction.is_to_xero() {
        desk.say(
            "direction",
            "READ_ONLY",
            format!("{} is read-only in Xero: only the direction to Zoho is possible.", carrier.name()),
        );
    }
    if !rule.data_type.can_be_said() {
        desk.say("dataType", "CANNOT_BE_CARRIED", "A file cannot be carried as a text.");
    } else if rule.direction.is_to_zoho() && !rule.data_type.can_be_written() {
        desk.say(
            "direction",
            "CANNOT_BE_WRITTEN",
            format!("A field of the type {} can be read only: only the direction to Xero is possible.", rule.data_type.name()),
        );
    }
    match carrier {
        Carrier::LinePart { label }
            if label.trim().is_empty() || label.contains([':', '\n']) || label.chars().count() > LABEL_CHARS_MAX =>
        {
            desk.say(
                "carrier.label",
                "LABEL",
                format!("The label of a part has 1 to {LABEL_CHARS_MAX} characters on one line, without a colon."),
            );
        }
        Carrier::Tracking { category } => {
            if let Some(category) = desk.category("carrier.category", category) {
                let as_it_is = TrackingRule {
                    source: Source::DocumentField { api_name: rule.api_name.clone() },
                    transform: Transform::AsIs,
                    category: category["TrackingCategoryID"].as_str().unwrap_or_default().to_owned(),
                    missing: Missing::Hold,
                };
                let named = |name: &String| Said { name: name.clone(), id: String::new() };
                let values: Vec<Said> = rule.options.iter().map(named).collect();
                if rule.direction.is_to_xero() {
                    desk.count_unmet(&as_it_is, &category, &values);
                }
            }
        }
        _ => {}
    }
}
