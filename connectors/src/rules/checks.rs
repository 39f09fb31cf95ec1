//! What is wrong with rules, before they are kept: told as data, one sentence for each thing, with the place where it stands.

use std::collections::HashMap;

use serde_json::Value;

use super::sources::Said;
use super::tracking::{NAME_CHARS_MAX, OPTIONS_MAX, active, find, is_active, judge};
use super::typed::same;
use super::{DataType, FieldRule, MODULES, Missing, Source, TrackingRule, Transform, Unmet, module};
use crate::xero::Carrier;
use crate::zoho::FieldInfo;

/// Rules of one kind on a link.
pub const RULES_MAX: usize = 50;
pub const ROWS_MAX: usize = 500;
const LABEL_CHARS_MAX: usize = 50;
/// Values named in a problem.
const NAMED_MAX: usize = 20;
/// What our own fields are called.
const OURS: [&str; 3] = ["Xero ID", "Xero Acct ID", "Xero Supplier ID"];

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `rules[0].category`.
    pub path: String,
    pub code: &'static str,
    pub sentence: String,
    /// The values that it is about, as far as there are not too many.
    pub values: Vec<String>,
    /// Otherwise it is only worth knowing.
    pub blocks: bool,
}

/// What both sides have, as far as the rules name it.
#[derive(Debug, Clone, Default)]
pub struct There {
    /// Xero's tracking categories with their options, in Xero's own JSON.
    pub categories: Vec<Value>,
    /// Options of reporting tags, by the tags' ids.
    pub tags: HashMap<String, Vec<Said>>,
    /// Custom fields, by Zoho's module.
    pub fields: HashMap<&'static str, Vec<FieldInfo>>,
}

struct Desk<'a> {
    there: &'a There,
    problems: Vec<Problem>,
    n: usize,
}

impl Desk<'_> {
    fn say(&mut self, path: &str, code: &'static str, sentence: impl Into<String>) {
        let path = if path.is_empty() { format!("rules[{}]", self.n) } else { format!("rules[{}].{path}", self.n) };
        self.problems.push(Problem { path, code, sentence: sentence.into(), values: Vec::new(), blocks: true });
    }

    fn warn(&mut self, path: &str, code: &'static str, sentence: impl Into<String>) {
        self.say(path, code, sentence);
        if let Some(last) = self.problems.last_mut() {
            last.blocks = false;
        }
    }

    fn about(&mut self, values: Vec<String>) {
        if let Some(last) = self.problems.last_mut() {
            last.values = values.into_iter().take(NAMED_MAX).collect();
        }
    }

    /// The category, if a line can have an option of it.
    fn category(&mut self, path: &str, id: &str) -> Option<Value> {
        let there = &self.there.categories;
        let found = there.iter().find(|one| one["TrackingCategoryID"] == id && is_active(one));
        if found.is_none() {
            let active: Vec<&str> = there.iter().filter(|one| is_active(one)).filter_map(|one| one["Name"].as_str()).collect();
            let choice =
                if active.is_empty() { "There is none.".to_owned() } else { format!("Choose one of: {}.", active.join(", ")) };
            self.say(path, "NO_CATEGORY", format!("This is not the id of an active tracking category in Xero. {choice}"));
        }
        found.cloned()
    }

    /// "Region: 3 of 41 values have no option".
    fn count_unmet(&mut self, rule: &TrackingRule, category: &Value, values: &[Said]) {
        let name = category["Name"].as_str().unwrap_or_default().to_owned();
        let mut unmet = Vec::new();
        let mut long = Vec::new();
        let mut new: Vec<String> = Vec::new();
        for value in values {
            match judge(rule, value, category) {
                Ok(tracked) if tracked.option.is_none() => {
                    if !new.iter().any(|other| same(other, &tracked.name)) {
                        new.push(tracked.name);
                    }
                }
                Ok(_) => {}
                Err(Unmet::TooLong) => long.push(value.shown().to_owned()),
                Err(Unmet::Full) => new.push(value.shown().to_owned()),
                Err(Unmet::NoOption | Unmet::Archived) => unmet.push(value.shown().to_owned()),
            }
        }
        if !unmet.is_empty() {
            let (n, all) = (unmet.len(), values.len());
            let have = if n == 1 { "has" } else { "have" };
            self.say("source", "NO_OPTION", format!("{name}: {n} of {all} values {have} no option"));
            self.about(unmet);
        }
        if !long.is_empty() {
            let (n, all) = (long.len(), values.len());
            self.say(
                "source",
                "NAME_TOO_LONG",
                format!("{name}: {n} of {all} values would be options of more than {NAME_CHARS_MAX} characters"),
            );
            self.about(long);
        }
        let would = active(category) + new.len();
        if !new.is_empty() && would > OPTIONS_MAX {
            self.warn(
                "missing",
                "MANY_OPTIONS",
                format!("{name}: it would have {would} options, and Xero wants {OPTIONS_MAX} at most; what goes beyond is held"),
            );
            self.about(new);
        }
    }
}

/// Looks tracking rules through. `values`: for each rule, what Zoho has at its source now.
pub fn check_tracking(rules: &[TrackingRule], values: &[Vec<Said>], there: &There) -> Vec<Problem> {
    let mut desk = Desk { there, problems: Vec::new(), n: 0 };
    if rules.len() > RULES_MAX {
        desk.say("", "TOO_MANY", format!("A link has at most {RULES_MAX} tracking rules."));
        return desk.problems;
    }
    for (n, rule) in rules.iter().enumerate() {
        desk.n = n;
        source(&mut desk, &rule.source);
        let always = |other: &&TrackingRule| other.category == rule.category && matches!(other.source, Source::Constant { .. });
        if rules[..n].iter().any(|other| always(&other)) {
            desk.warn(
                "",
                "NEVER_ASKED",
                "A rule before this one always gives this category a value, so this one is never asked.",
            );
        }
        let Some(category) = desk.category("category", &rule.category) else { continue };
        let name = category["Name"].as_str().unwrap_or_default().to_owned();
        if let Missing::Default { option } = &rule.missing
            && !find(&category, option).is_some_and(is_active)
        {
            desk.say("missing.option", "NO_DEFAULT", format!("“{option}” is no active option of {name} in Xero."));
        }
        transform(&mut desk, rule, &category, &name);
        desk.count_unmet(rule, &category, values.get(n).map(Vec::as_slice).unwrap_or_default());
    }
    desk.problems
}

fn source(desk: &mut Desk, source: &Source) {
    let there = desk.there;
    let has = |modules: &[&str], api_name: &str| {
        modules.iter().filter_map(|module| there.fields.get(module)).flatten().any(|field| field.api_name == api_name)
    };
    let no_field = |what: &str, api_name: &str| {
        format!("{what} have no custom field {api_name:?} in Zoho Books; `customFields` lists what there is.")
    };
    match source {
        Source::Tag { tag_id } if !there.tags.contains_key(tag_id) => {
            desk.say("source.tagId", "NO_TAG", "This is not the id of an active reporting tag in Zoho Books.");
        }
        Source::DocumentField { api_name } if !has(&DOCUMENT_MODULES, api_name) => {
            desk.say("source.apiName", "NO_FIELD", no_field("Documents", api_name));
        }
        Source::LineField { api_name } if !has(&["item"], api_name) => {
            desk.say("source.apiName", "NO_FIELD", no_field("Items, whose fields lines have,", api_name));
        }
        Source::ContactField { api_name } if !has(&["contact"], api_name) => {
            desk.say("source.apiName", "NO_FIELD", no_field("Contacts", api_name));
        }
        Source::DealField { .. } => {
            desk.say("source", "NO_SUCH_SOURCE", "Zoho Books has no such source: deals are kept in Zoho CRM.");
        }
        Source::Constant { value } if value.trim().is_empty() => {
            desk.say("source.value", "EMPTY", "Say which value it is.");
        }
        _ => {}
    }
}

/// Modules whose records have lines that Xero can track.
pub const DOCUMENT_MODULES: [&str; 6] = ["invoice", "bill", "creditnote", "vendor_credit", "estimate", "purchaseorder"];

fn transform(desk: &mut Desk, rule: &TrackingRule, category: &Value, name: &str) {
    let rows = match &rule.transform {
        Transform::AsIs => return,
        Transform::Prefix { prefix } => {
            if prefix.chars().count() >= NAME_CHARS_MAX {
                desk.say(
                    "transform.prefix",
                    "NAME_TOO_LONG",
                    format!("An option in Xero has at most {NAME_CHARS_MAX} characters."),
                );
            }
            return;
        }
        Transform::Table { rows } => rows,
    };
    if rows.is_empty() || rows.len() > ROWS_MAX {
        desk.say("transform.rows", "ROWS", format!("A table has 1 to {ROWS_MAX} rows."));
        return;
    }
    for (m, row) in rows.iter().enumerate() {
        let path = |side: &str| format!("transform.rows[{m}].{side}");
        if row.from.trim().is_empty() {
            desk.say(&path("from"), "EMPTY", "Say which value of Zoho's it is.");
        } else if rows[..m].iter().any(|other| same(&other.from, &row.from)) {
            desk.say(&path("from"), "TWICE", format!("“{}” stands in an earlier row too.", row.from));
        }
        if row.to.trim().is_empty() {
            desk.say(&path("to"), "EMPTY", "Say which option of Xero's it is.");
            continue;
        }
        match find(category, &row.to) {
            Some(option) if is_active(option) => {}
            Some(_) => desk.say(&path("to"), "ARCHIVED", format!("“{}” is an archived option of {name} in Xero.", row.to)),
            None if rule.missing == Missing::Create && row.to.chars().count() > NAME_CHARS_MAX => {
                desk.say(&path("to"), "NAME_TOO_LONG", format!("An option in Xero has at most {NAME_CHARS_MAX} characters."));
            }
            None if rule.missing == Missing::Create => {}
            None => desk.say(&path("to"), "NO_OPTION", format!("“{}” is no option of {name} in Xero.", row.to)),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Direction, Row};
    use super::*;

    fn there() -> There {
        let field = |api_name: &str, label: &str, data_type: &str, options: &[&str]| FieldInfo {
            api_name: api_name.into(),
            label: label.into(),
            data_type: data_type.into(),
            options: options.iter().map(|one| (*one).to_owned()).collect(),
            ..FieldInfo::default()
        };
        There {
            categories: vec![
                json!({"TrackingCategoryID": "r", "Name": "Region", "Status": "ACTIVE", "Options": [{"TrackingOptionID": "n", "Name": "North"}, {"TrackingOptionID": "w", "Name": "West", "Status": "ARCHIVED"}]}),
                json!({"TrackingCategoryID": "old", "Name": "Team", "Status": "ARCHIVED", "Options": []}),
            ],
            tags: HashMap::from([("71".to_owned(), vec![named("North"), named("East")])]),
            fields: HashMap::from([
                (
                    "invoice",
                    vec![
                        field("cf_area", "Area", "dropdown", &["North", "East"]),
                        field("cf_day", "Day", "date", &[]),
                        field("cf_xero_id", "Xero ID", "string", &[]),
                    ],
                ),
                ("contact", vec![field("cf_agent", "Agent", "lookup", &[])]),
            ]),
        }
    }

    fn named(name: &str) -> Said {
        Said { name: name.into(), id: String::new() }
    }

    fn by_tag() -> TrackingRule {
        TrackingRule {
            source: Source::Tag { tag_id: "71".into() },
            transform: Transform::AsIs,
            category: "r".into(),
            missing: Missing::Hold,
        }
    }

    fn problems(rule: TrackingRule, values: &[&str]) -> Vec<String> {
        let values: Vec<Said> = values.iter().map(|one| named(one)).collect();
        let found = check_tracking(&[rule], &[values], &there());
        found
            .iter()
            .map(|one| format!("{} {}{}", one.path, one.code, if one.blocks { "" } else { " (only worth knowing)" }))
            .collect()
    }

    #[test]
    fn values_without_an_option_are_counted() {
        let values: Vec<Said> = (0..38).map(|_| named("North")).chain([named("East"), named("West"), named("South")]).collect();
        let found = check_tracking(&[by_tag()], &[values], &there());
        assert_eq!(found[0].sentence, "Region: 3 of 41 values have no option");
        assert_eq!(found[0].values, ["East", "West", "South"]);
        assert!(found[0].blocks && found.len() == 1);
        let default = Missing::Default { option: "North".into() };
        for (missing, values, expected) in [
            (default, vec!["East", "West"], Vec::<&str>::new()),
            (Missing::Create, vec!["East"], vec![]),
            (Missing::Hold, vec!["North"], vec![]),
        ] {
            assert_eq!(problems(TrackingRule { missing, ..by_tag() }, &values), expected);
        }
        let long = "x".repeat(101);
        assert_eq!(problems(TrackingRule { missing: Missing::Create, ..by_tag() }, &[&long]), ["rules[0].source NAME_TOO_LONG"]);
        let many: Vec<String> = (0..100).map(|n| format!("Place {n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let found = problems(TrackingRule { missing: Missing::Create, ..by_tag() }, &many);
        assert_eq!(found, ["rules[0].missing MANY_OPTIONS (only worth knowing)"]);
    }

    #[test]
    fn what_is_wrong_with_a_tracking_rule_has_its_place_and_its_code() {
        let row = |from: &str, to: &str| Row { from: from.into(), to: to.into() };
        let table = |rows: Vec<Row>| TrackingRule { transform: Transform::Table { rows }, ..by_tag() };
        let source = |source| TrackingRule { source, ..by_tag() };
        for (rule, expected) in [
            (by_tag(), ""),
            (TrackingRule { category: "old".into(), ..by_tag() }, "rules[0].category NO_CATEGORY"),
            (source(Source::Tag { tag_id: "9".into() }), "rules[0].source.tagId NO_TAG"),
            (source(Source::DocumentField { api_name: "cf_none".into() }), "rules[0].source.apiName NO_FIELD"),
            (source(Source::DocumentField { api_name: "cf_area".into() }), ""),
            (source(Source::LineField { api_name: "cf_area".into() }), "rules[0].source.apiName NO_FIELD"),
            (source(Source::ContactField { api_name: "cf_agent".into() }), ""),
            (source(Source::DealField { api_name: "Stage".into() }), "rules[0].source NO_SUCH_SOURCE"),
            (source(Source::Constant { value: " ".into() }), "rules[0].source.value EMPTY"),
            (
                TrackingRule { missing: Missing::Default { option: "West".into() }, ..by_tag() },
                "rules[0].missing.option NO_DEFAULT",
            ),
            (table(vec![]), "rules[0].transform.rows ROWS"),
            (table(vec![row("East", "Nort")]), "rules[0].transform.rows[0].to NO_OPTION"),
            (table(vec![row("East", "n"), row("east ", "North")]), "rules[0].transform.rows[1].from TWICE"),
            (table(vec![row("East", "West")]), "rules[0].transform.rows[0].to ARCHIVED"),
            (TrackingRule { missing: Missing::Create, ..table(vec![row("East", "Islands")]) }, ""),
            (
                TrackingRule { transform: Transform::Prefix { prefix: "x".repeat(100) }, ..by_tag() },
                "rules[0].transform.prefix NAME_TOO_LONG",
            ),
        ] {
            assert_eq!(problems(rule.clone(), &[]).join(", "), expected, "{rule:?}");
        }
        let constant = source(Source::Constant { value: "North".into() });
        let found = check_tracking(&[constant, by_tag()], &[], &there());
        assert_eq!((found[0].path.as_str(), found[0].code, found[0].blocks), ("rules[1]", "NEVER_ASKED", false));
        assert_eq!(check_tracking(&vec![by_tag(); 51], &[], &there())[0].code, "TOO_MANY");
    }

    fn field(label: &str, data_type: DataType, direction: Direction, carrier: Carrier) -> FieldRule {
        FieldRule {
            flow: "books.invoices".into(),
            direction,
            label: label.into(),
            api_name: String::new(),
            data_type,
            options: Vec::new(),
            create: false,
            carrier,
        }
    }

    #[test]
    fn a_field_rule_is_kept_with_zohos_own_words() {
        let area = FieldRule { api_name: "cf_area".into(), ..field("", DataType::Dropdown, Direction::Both, Carrier::Reference) };
        let (kept, problems) = check_fields(&[area], &there());
        assert_eq!(problems, []);
        assert_eq!(
            (kept[0].label.as_str(), kept[0].options.as_slice()),
            ("Area", ["North".to_owned(), "East".to_owned()].as_slice())
        );
        let new = FieldRule {
            create: true,
            options: vec!["A".into()],
            ..field("Grade", DataType::Dropdown, Direction::Both, Carrier::Reference)
        };
        let (kept, problems) = check_fields(&[new], &there());
        assert_eq!((problems.len(), kept[0].api_name.as_str()), (0, ""));
    }

    #[test]
    fn what_is_wrong_with_a_field_rule_has_its_place_and_its_code() {
        use DataType::{Attachment, Date, Dropdown, Lookup, String as Text};
        use Direction::{Both, ToXero, ToZoho};
        let part = |label: &str| Carrier::LinePart { label: label.into() };
        let tracking = || Carrier::Tracking { category: "r".into() };
        let to = |flow: &str, rule: FieldRule| FieldRule { flow: flow.into(), ..rule };
        let make = |rule: FieldRule| FieldRule { create: true, ..rule };
        for (rule, expected) in [
            (field("Day", Date, Both, Carrier::Reference), ""),
            (field("Day", Text, Both, Carrier::Reference), "dataType OTHER_TYPE"),
            (field("Night", Text, Both, Carrier::Reference), "label NO_FIELD"),
            (make(field("Night", Text, Both, Carrier::Reference)), ""),
            (make(field("Night", Lookup, ToXero, Carrier::Reference)), "dataType CANNOT_BE_MADE"),
            (make(field("Night", Dropdown, Both, Carrier::Reference)), "options NO_CHOICES"),
            (make(field("", Text, Both, Carrier::Reference)), "label LABEL"),
            (field("xero id", Text, Both, Carrier::Reference), "label RESERVED"),
            (
                FieldRule { options: vec!["Mars".into()], ..field("Area", Dropdown, Both, Carrier::Reference) },
                "options NO_CHOICE",
            ),
            (to("books.dreams", field("Day", Date, Both, Carrier::Reference)), "flow NO_MODULE"),
            (field("Day", Date, Both, Carrier::TaxNumber), "carrier NO_PLACE"),
            (to("books.customers", field("Agent", Lookup, ToXero, Carrier::TaxNumber)), ""),
            (to("books.customers", field("Agent", Lookup, ToZoho, Carrier::TaxNumber)), "direction CANNOT_BE_WRITTEN"),
            (to("books.customers", make(field("Site", Text, ToXero, Carrier::Website))), "direction READ_ONLY"),
            (to("books.customers", make(field("Site", Text, ToZoho, Carrier::Website))), ""),
            (make(field("Scan", Attachment, ToXero, Carrier::Reference)), "dataType CANNOT_BE_MADE, dataType CANNOT_BE_CARRIED"),
            (field("Day", Date, Both, part("a:b")), "carrier.label LABEL"),
            (field("Area", Dropdown, ToXero, tracking()), "carrier.category"),
            (field("Day", Date, ToXero, Carrier::Tracking { category: "old".into() }), "carrier.category NO_CATEGORY"),
        ] {
            let (_, problems) = check_fields(std::slice::from_ref(&rule), &there());
            let found: Vec<String> =
                problems.iter().map(|one| format!("{} {}", one.path.replace("rules[0].", ""), one.code)).collect();
            let expected = if expected == "carrier.category" { "source NO_OPTION" } else { expected };
            assert_eq!(found.join(", "), expected, "{rule:?}");
        }
        let twice = [field("Day", Date, Both, Carrier::Reference), field("Area", Dropdown, ToXero, Carrier::Reference)];
        let (_, problems) = check_fields(&twice, &there());
        assert_eq!((problems[0].path.as_str(), problems[0].code), ("rules[1]", "TAKEN"));
    }
}
