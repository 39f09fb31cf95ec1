//! Xero's tracking by what Zoho says: which option of which category a line gets. Ids are sent, never names.

use serde_json::Value;

use super::sources::{Asked, Said, deal, said};
use super::typed::same;
use super::{Missing, Rules, Source, TrackingRule, Transform};
use crate::flow::Unmappable;
use crate::xero::Carrier;

/// The most options that Xero wants a category to have.
pub const OPTIONS_MAX: usize = 100;
pub const NAME_CHARS_MAX: usize = 100;

/// An option of a category that a line gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked {
    /// `TrackingCategoryID`.
    pub category: String,
    /// `TrackingOptionID`; none: it is to be created under its name first.
    pub option: Option<String>,
    pub name: String,
}

/// Why a value has no option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmet {
    NoOption,
    /// Xero has it, and it is archived there.
    Archived,
    TooLong,
    /// It would be one more than Xero wants.
    Full,
}

/// The tracking of a line. Of two rules for one category the first that gives a value wins; one that gives none says nothing, so that
/// category goes by its tag as before. `options`: Xero's tracking categories with their options, in Xero's own JSON.
pub fn tracking(rules: &Rules, asked: &Asked, line: &Value, options: &[Value]) -> Result<Vec<Tracked>, Unmappable> {
    let mut tracked: Vec<Tracked> = Vec::new();
    for rule in rules_of(rules, asked.flow) {
        if tracked.iter().any(|one| one.category == rule.category) {
            continue;
        }
        let held = |code, sentence| Unmappable { code, sentence, expected: false };
        if matches!(rule.source, Source::DealField { .. }) && deal(asked.record).is_some() && asked.deal.is_none() {
            return Err(held(
                "DEAL_NOT_READ",
                format!(
                    "{} gets its tracking from its deal in Zoho CRM, and CRM does not let us read that. Link Zoho CRM, or allow access \
                     to it again, then retry.",
                    asked.label
                ),
            ));
        }
        let values = said(&rule.source, asked, line).map_err(|is_not| {
            held(
                "FIELD_VALUE",
                format!("What {} says for its tracking {} in Zoho Books. Correct it there, then retry.", asked.label, is_not.0),
            )
        })?;
        if values.is_empty() {
            continue;
        }
        let Some(category) = options.iter().find(|one| one["TrackingCategoryID"] == rule.category.as_str() && is_active(one))
        else {
            return Err(held(
                "TRACKING_GONE",
                format!(
                    "{} cannot get its tracking: a rule sets a tracking category that is not active in Xero any more. Make it active there, or change the rule.",
                    asked.label
                ),
            ));
        };
        let name = category["Name"].as_str().unwrap_or_default();
        let mut given: Vec<Tracked> = Vec::new();
        for value in &values {
            let one = judge(&rule, value, category).map_err(|unmet| held_for(asked.label, name, &rule, value, &unmet))?;
            if !given.iter().any(|other| other.option == one.option && same(&other.name, &one.name)) {
                given.push(one);
            }
        }
        if let [_, _, ..] = given[..] {
            return Err(held(
                "TRACKING_SEVERAL",
                format!(
                    "{} says {} at once, and a line in Xero has one option of {name} only. Choose one of them in Zoho Books, then retry.",
                    asked.label,
                    given.iter().map(|one| format!("“{}”", one.name)).collect::<Vec<_>>().join(" and ")
                ),
            ));
        }
        tracked.extend(given);
    }
    Ok(tracked)
}

/// The options that lines of this record need and that Xero does not have yet. What cannot be told is told when the record is mapped.
pub fn wanted_options(rules: &Rules, asked: &Asked, options: &[Value]) -> Vec<Tracked> {
    let mut wanted: Vec<Tracked> = Vec::new();
    for line in asked.record["line_items"].as_array().into_iter().flatten() {
        for one in tracking(rules, asked, line, options).unwrap_or_default() {
            let is_known = |other: &Tracked| other.category == one.category && same(&other.name, &one.name);
            if one.option.is_none() && !wanted.iter().any(is_known) {
                wanted.push(one);
            }
        }
    }
    wanted
}

/// The tracking rules, and behind them what the field rules of a flow say about tracking options.
fn rules_of<'a>(rules: &'a Rules, flow: &'a str) -> impl Iterator<Item = TrackingRule> + 'a {
    let by_fields = rules.of(flow).filter_map(|rule| match &rule.carrier {
        Carrier::Tracking { category } if rule.direction.is_to_xero() => Some(TrackingRule {
            source: Source::DocumentField { api_name: rule.api_name.clone() },
            transform: Transform::AsIs,
            category: category.clone(),
            missing: Missing::Hold,
        }),
        _ => None,
    });
    rules.tracking.iter().cloned().chain(by_fields)
}

/// The option that a rule gives to a value. `category`: with its options, in Xero's own JSON.
pub fn judge(rule: &TrackingRule, value: &Said, category: &Value) -> Result<Tracked, Unmet> {
    let wanted = match &rule.transform {
        Transform::AsIs => value.shown().to_owned(),
        Transform::Prefix { prefix } => format!("{prefix}{}", value.shown()),
        Transform::Table { rows } => {
            let row = rows.iter().find(|row| value.is(&row.from));
            row.map_or(value.shown(), |row| &row.to).to_owned()
        }
    };
    let tracked = |option: &Value| Tracked {
        category: rule.category.clone(),
        option: option["TrackingOptionID"].as_str().map(str::to_owned),
        name: option["Name"].as_str().unwrap_or_default().to_owned(),
    };
    let by_default = |unmet| match &rule.missing {
        Missing::Default { option } => find(category, option).filter(|one| is_active(one)).map(&tracked).ok_or(unmet),
        Missing::Hold | Missing::Create => Err(unmet),
    };
    match find(category, &wanted) {
        Some(option) if is_active(option) => Ok(tracked(option)),
        Some(_) => by_default(Unmet::Archived),
        None if rule.missing != Missing::Create => by_default(Unmet::NoOption),
        None if wanted.trim().chars().count() > NAME_CHARS_MAX => Err(Unmet::TooLong),
        None if active(category) >= OPTIONS_MAX => Err(Unmet::Full),
        None => Ok(Tracked { category: rule.category.clone(), option: None, name: wanted.trim().to_owned() }),
    }
}

/// How many options a category has.
pub fn active(category: &Value) -> usize {
    options(category).filter(|option| is_active(option)).count()
}

/// The option of this name or id. One that is active comes before one that is not.
pub fn find<'a>(category: &'a Value, word: &str) -> Option<&'a Value> {
    let is = |option: &&Value| {
        option["TrackingOptionID"] == word.trim() || option["Name"].as_str().is_some_and(|name| same(name, word))
    };
    let mut found: Vec<&Value> = options(category).filter(is).collect();
    found.sort_by_key(|option| !is_active(option));
    found.into_iter().next()
}

fn options(category: &Value) -> impl Iterator<Item = &Value> {
    category["Options"].as_array().into_iter().flatten().filter(|option| option["Status"] != "DELETED")
}

pub fn is_active(one: &Value) -> bool {
    matches!(one["Status"].as_str(), None | Some("ACTIVE"))
}

fn held_for(label: &str, category: &str, rule: &TrackingRule, value: &Said, unmet: &Unmet) -> Unmappable {
    let value = value.shown();
    let (code, sentence) = match unmet {
        Unmet::NoOption if matches!(rule.missing, Missing::Default { .. }) => (
            "TRACKING_NO_OPTION",
            format!(
                "{label} says “{value}”, which {category} in Xero has no option for, and the option that the rule has instead is not there either. Add one of them in Xero, or change the rule, then retry."
            ),
        ),
        Unmet::NoOption => (
            "TRACKING_NO_OPTION",
            format!(
                "{label} says “{value}”, which {category} in Xero has no option for. Add the option in Xero, or the value to the rule's table, then retry."
            ),
        ),
        Unmet::Archived => (
            "TRACKING_ARCHIVED",
            format!(
                "{label} says “{value}”, and this option of {category} is archived in Xero. Make it active there, then retry."
            ),
        ),
        Unmet::TooLong => (
            "TRACKING_NAME_TOO_LONG",
            format!(
                "{label} says “{value}”, which is longer than the {NAME_CHARS_MAX} characters that an option of {category} may have in Xero. Shorten it in Zoho Books, or give it an option in the rule's table, then retry."
            ),
        ),
        Unmet::Full => (
            "TRACKING_FULL",
            format!(
                "{label} says “{value}”, which {category} in Xero has no option for, and it has {OPTIONS_MAX} options already, the most that Xero wants. Archive some there, or give the value an option in the rule's table, then retry."
            ),
        ),
    };
    Unmappable { code, sentence, expected: false }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Row;
    use super::*;

    fn region() -> Value {
        json!({"TrackingCategoryID": "r", "Name": "Region", "Status": "ACTIVE", "Options": [
            {"TrackingOptionID": "n", "Name": "North", "Status": "ACTIVE"}, {"TrackingOptionID": "w", "Name": "West", "Status": "ARCHIVED"},
            {"TrackingOptionID": "d", "Name": "East", "Status": "DELETED"}]})
    }

    fn rule(missing: Missing, transform: Transform) -> TrackingRule {
        TrackingRule { source: Source::Salesperson, transform, category: "r".into(), missing }
    }

    fn tracked(rules: Vec<TrackingRule>, says: &str) -> Result<Vec<Tracked>, Unmappable> {
        let record = json!({ "salesperson_name": says, "custom_fields": [{"api_name": "cf_area", "data_type": "multiselect", "value": ["North", "north", "East"]}] });
        let asked = Asked::of("books.invoices", "Invoice 7", &record);
        tracking(&Rules { tracking: rules, ..Rules::default() }, &asked, &json!({}), &[region()])
    }

    #[test]
    fn a_value_gets_its_option_by_name_by_table_or_by_prefix() {
        let row = |from: &str, to: &str| Row { from: from.into(), to: to.into() };
        let table = Transform::Table { rows: vec![row("kiri", "North"), row("Ada", "n")] };
        for (transform, says, option) in [
            (Transform::AsIs, " north", Some("n")),
            (Transform::AsIs, "", None),
            (table.clone(), "Kiri", Some("n")),
            (table.clone(), "Ada", Some("n")),
            (table, "North", Some("n")),
            (Transform::Prefix { prefix: "No".into() }, "rth", Some("n")),
        ] {
            let got = tracked(vec![rule(Missing::Hold, transform)], says).unwrap();
            assert_eq!(got.first().and_then(|one| one.option.as_deref()), option, "{says}");
        }
    }

    #[test]
    fn what_has_no_option_is_held_created_or_gets_the_default() {
        let default = |option: &str| Missing::Default { option: option.into() };
        for (missing, says, expected) in [
            (Missing::Hold, "East", "TRACKING_NO_OPTION"),
            (Missing::Hold, "West", "TRACKING_ARCHIVED"),
            (Missing::Create, "West", "TRACKING_ARCHIVED"),
            (Missing::Create, "East", "new East"),
            (default("North"), "East", "n"),
            (default("n"), "West", "n"),
            (default("Nowhere"), "East", "TRACKING_NO_OPTION"),
        ] {
            let got = match tracked(vec![rule(missing.clone(), Transform::AsIs)], says) {
                Ok(tracked) => tracked[0].option.clone().unwrap_or(format!("new {}", tracked[0].name)),
                Err(held) => {
                    assert!(held.sentence.starts_with(&format!("Invoice 7 says “{says}”, ")), "{}", held.sentence);
                    held.code.to_owned()
                }
            };
            assert_eq!(got, expected, "{missing:?} {says}");
        }
        let long = "n".repeat(101);
        assert_eq!(tracked(vec![rule(Missing::Create, Transform::AsIs)], &long).unwrap_err().code, "TRACKING_NAME_TOO_LONG");
        let mut full = region();
        full["Options"] =
            (0..100).map(|n| json!({"TrackingOptionID": n.to_string(), "Name": format!("O{n}")})).collect::<Vec<_>>().into();
        let said = Said { name: "East".into(), id: String::new() };
        assert_eq!(judge(&rule(Missing::Create, Transform::AsIs), &said, &full), Err(Unmet::Full));
    }

    #[test]
    fn the_first_rule_of_a_category_that_gives_a_value_wins() {
        let by_area =
            TrackingRule { source: Source::DocumentField { api_name: "cf_area".into() }, ..rule(Missing::Hold, Transform::AsIs) };
        let got = tracked(vec![rule(Missing::Hold, Transform::AsIs), by_area.clone()], "North").unwrap();
        assert_eq!(got.len(), 1);
        // The first says nothing, and the second two things at once.
        let held = tracked(vec![rule(Missing::Hold, Transform::AsIs), TrackingRule { missing: Missing::Create, ..by_area }], "")
            .unwrap_err();
        assert_eq!(held.code, "TRACKING_SEVERAL");
        assert!(held.sentence.contains("“North” and “East” at once"), "{}", held.sentence);
        let gone = TrackingRule { category: "x".into(), ..rule(Missing::Hold, Transform::AsIs) };
        assert_eq!(tracked(vec![gone.clone()], "North").unwrap_err().code, "TRACKING_GONE");
        assert_eq!(tracked(vec![gone], ""), Ok(Vec::new()), "a rule that gives nothing needs nothing");
    }

    #[test]
    fn options_that_are_to_be_made_are_told_once() {
        let rules = Rules { tracking: vec![rule(Missing::Create, Transform::AsIs)], ..Rules::default() };
        let record = json!({ "line_items": [{ "salesperson_name": "East" }, { "salesperson_name": "east" }, { "salesperson_name": "North" }, { "salesperson_name": "West" }] });
        let asked = Asked::of("books.invoices", "Invoice 7", &record);
        let wanted = wanted_options(&rules, &asked, &[region()]);
        assert_eq!(wanted.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["East"]);
    }

    #[test]
    fn rules_are_kept_as_they_were() {
        let rules = vec![
            rule(Missing::Default { option: "North".into() }, Transform::Prefix { prefix: "A".into() }),
            TrackingRule { source: Source::Tag { tag_id: "71".into() }, ..rule(Missing::Create, Transform::AsIs) },
        ];
        let kept = serde_json::to_string(&rules).unwrap();
        assert_eq!(serde_json::from_str::<Vec<TrackingRule>>(&kept).unwrap(), rules, "{kept}");
    }
}
