//! What is wrong with rules, before they are kept: told as data, one sentence for each thing, with the place where it stands.

mod fields;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;

use super::sources::Said;
use super::tracking::{NAME_CHARS_MAX, OPTIONS_MAX, active, find, is_active, judge};
use super::typed::same;
use super::{Missing, Source, TrackingRule, Transform, Unmet};
use crate::zoho::FieldInfo;
pub use fields::check_fields;

/// Rules of one kind on a link.
pub const RULES_MAX: usize = 50;
pub const ROWS_MAX: usize = 500;
/// Values named in a problem.
const NAMED_MAX: usize = 20;

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
        Source::DealField { .. } if !there.fields.contains_key(DEALS) => {
            desk.say(
                "source",
                "NO_SUCH_SOURCE",
                "Deals are kept in Zoho CRM: link it by the same consent as these books, with access to its deals, then set the rule.",
            );
        }
        Source::DealField { api_name } if !has(&[DEALS], api_name) => {
            desk.say("source.apiName", "NO_FIELD", format!("Deals have no field {api_name:?} in Zoho CRM."));
        }
        Source::Constant { value } if value.trim().is_empty() => {
            desk.say("source.value", "EMPTY", "Say which value it is.");
        }
        _ => {}
    }
}

/// CRM's module whose fields rules of documents look at.
pub const DEALS: &str = "Deals";

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
