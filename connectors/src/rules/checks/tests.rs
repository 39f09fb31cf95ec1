use serde_json::json;

use super::super::{DataType, Direction, FieldRule, Row};
use super::*;
use crate::xero::Carrier;
use crate::zoho::FieldInfo;

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
        (TrackingRule { missing: Missing::Default { option: "West".into() }, ..by_tag() }, "rules[0].missing.option NO_DEFAULT"),
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
        (FieldRule { options: vec!["Mars".into()], ..field("Area", Dropdown, Both, Carrier::Reference) }, "options NO_CHOICE"),
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
