//! Xero tracking categories → Zoho Books reporting tags with their options, and the tags of lines that are tracked.
//!
//! A tag's options are written as one list, so what people added in Zoho stays in it. Options that are archived in Xero arrive like the
//! others: documents of years ago name them, and Zoho takes no line of an inactive one.

use serde_json::{Value, json};

use super::refusals;
use super::texts::{clip, same};
use crate::flow::{Also, Authority, By, Carry, Cure, Field, Flow, Further, Known, Line, Method, Need, Pace, Unmappable, Wanted};
use crate::print::Printer;
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{TRACKING_CATEGORIES, Tracking, TrackingCategory, TrackingOption, TrackingStatus};
use crate::zoho::Action;
use crate::{xero, zoho};

pub struct TrackingCategories;

pub const KEY: &str = "books.tracking_categories";

const NAME_CHARS_MAX: usize = 50;
const OPTION_CHARS_MAX: usize = 100;
/// What a tag is called whose name belongs to another one.
const MARK: &str = " (Xero)";

impl Flow for TrackingCategories {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Tracking categories";
    const PACE: Pace = Pace::Daily;
    const AFTER: &'static [&'static str] = &[];
    const XERO: xero::Resource = TRACKING_CATEGORIES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "reportingtags",
        one: "tag",
        many: &["reporting_tags"],
        id: "tag_id",
        unique: zoho::Unique::Reference,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = TrackingCategory;

    /// Archived ones are carried too: old documents still name them.
    fn wanted(category: &TrackingCategory) -> Wanted {
        if category.status == TrackingStatus::Deleted { Wanted::Skip } else { Wanted::Carry }
    }

    fn needs(_: &TrackingCategory) -> Vec<Need> {
        Vec::new()
    }

    /// An option that has been renamed is known by its id.
    fn hints(category: &TrackingCategory) -> Vec<Need> {
        category.options.iter().map(|option| Need { flow: KEY, key: option.id.clone(), by: By::Id }).collect()
    }

    fn to_zoho(category: &TrackingCategory, _: &Known) -> Result<Carry, Unmappable> {
        if category.name.trim().is_empty() {
            return Err(Unmappable {
                code: "NO_NAME",
                sentence: "A tracking category has no name in Xero. Give it one there, then retry.".into(),
                expected: false,
            });
        }
        Ok(carry(category, clip(category.name.trim(), NAME_CHARS_MAX)))
    }

    fn fields() -> &'static [Field<TrackingCategory>] {
        &[
            Field {
                name: "name",
                authority: Authority::Xero,
                print: |category, printer| {
                    printer.text(Some(&category.name));
                },
            },
            Field {
                name: "options",
                authority: Authority::Xero,
                print: |category, printer| {
                    let mut options: Vec<&TrackingOption> = there(category).collect();
                    options.sort_by(|one, other| one.id.cmp(&other.id));
                    printer.count(options.len());
                    for option in options {
                        printer.text(Some(&option.id)).text(Some(&option.name));
                    }
                },
            },
            Field {
                name: "status",
                authority: Authority::Xero,
                print: |category, printer| {
                    printer.text(Some(status(category)));
                },
            },
        ]
    }

    /// A tag of this name that lines can have. One for whole documents only is another thing.
    fn find_in(category: &TrackingCategory, existing: &[Value]) -> Option<String> {
        let of_lines = |row: &&Value| {
            let preference = row["multi_preference_entities"]["preference"].as_str().unwrap_or_default();
            preference.is_empty() || preference == "line_item"
        };
        let named = |name: &str| {
            existing.iter().filter(of_lines).find(|row| row["tag_name"].as_str().is_some_and(|found| same(found, name)))
        };
        let found = named(clip(category.name.trim(), NAME_CHARS_MAX)).or_else(|| named(&other_name(category)))?;
        found["tag_id"].as_str().map(str::to_owned)
    }

    fn further(category: &TrackingCategory, known: &Known, answer: &Value) -> Vec<Further> {
        let options = options(category, known, rows(answer));
        if options == *rows(answer) {
            return Vec::new();
        }
        let further = |method, path: &str, body| Further { method, path: path.to_owned(), body };
        // The answer to the list of options does not say their ids.
        vec![further(Method::Put, "options", json!({ "options": options })), further(Method::Get, "options/all", Value::Null)]
    }

    fn also(category: &TrackingCategory, answer: &Value, further: &[Value]) -> Vec<Also> {
        let listed = further.last().and_then(|answer| answer["results"].as_array()).unwrap_or(rows(answer));
        let found = there(category).filter_map(|option| {
            let row = listed.iter().find(|row| is_named(row, option))?;
            Some(Also {
                xero_id: option.id.clone(),
                alias: Some(option_alias(&category.name, &option.name)),
                zoho_id: row["option_id"].as_str()?.to_owned(),
            })
        });
        found.collect()
    }

    fn cure(category: &TrackingCategory, _: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        match (refusals::is_taken(refusal), attempt) {
            (true, 1) => Cure::Adopt { query: Vec::new() },
            // The name belongs to a tag that lines cannot have.
            (true, 2) => Cure::Again(carry(category, &other_name(category))),
            _ => refusals::hold(&category.label(), refusal),
        }
    }

    fn xero_line(category: &TrackingCategory) -> Line {
        line(status(category))
    }

    fn zoho_line(row: &Value) -> Option<Line> {
        Some(line(if row["is_active"] == false { "inactive" } else { "active" }))
    }
}

/// The tracking that lines refer to: the categories and their options.
pub fn needs(tracking: &[Tracking]) -> Vec<Need> {
    let needs = tracking.iter().flat_map(|one| {
        let (category, option) = keys(one);
        [category, option].map(|(key, by)| Need { flow: KEY, key, by })
    });
    needs.filter(|need| !need.key.is_empty()).collect()
}

/// Zoho's `tags` of a line. `None` where it has none, or where tracking is not carried.
pub fn tags(label: &str, tracking: &[Tracking], known: &Known) -> Result<Option<Value>, Unmappable> {
    if !known.is_on(KEY) {
        return Ok(None);
    }
    let mut tags = Vec::with_capacity(tracking.len());
    for one in tracking {
        let ((category, _), (option, _)) = keys(one);
        if category.is_empty() || option.is_empty() {
            continue;
        }
        let id = |key: &str| {
            known.id(KEY, key).ok_or_else(|| refusals::not_ready(label, &format!("its tracking {}", one.category_name)))
        };
        tags.push(json!({ "tag_id": id(&category)?, "tag_option_id": id(&option)? }));
    }
    Ok((!tags.is_empty()).then(|| tags.into()))
}

pub fn print(tracking: &[Tracking], printer: &mut Printer) {
    printer.count(tracking.len());
    for one in tracking {
        let ((category, _), (option, _)) = keys(one);
        printer.text(Some(&category)).text(Some(&option));
    }
}

/// By what a line's category and option are known. Ids outlive names.
fn keys(tracking: &Tracking) -> ((String, By), (String, By)) {
    let category = match tracking.category.as_str() {
        "" => (tracking.category_name.clone(), By::Alias),
        id => (id.to_owned(), By::Id),
    };
    let option = match tracking.option.as_str() {
        "" if tracking.option_name.is_empty() => (String::new(), By::Alias),
        "" => (option_alias(&tracking.category_name, &tracking.option_name), By::Alias),
        id => (id.to_owned(), By::Id),
    };
    (category, option)
}

fn option_alias(category: &str, option: &str) -> String {
    format!("{category}/{option}")
}

fn carry(category: &TrackingCategory, name: &str) -> Carry {
    let enabled =
        |names: &[&str]| names.iter().map(|name| json!({ "entity_name": name, "is_enabled": true })).collect::<Vec<_>>();
    let body = json!({
        "tag_name": name,
        "entities": enabled(&["customers", "vendors", "banking"]),
        "multi_preference_entities": { "preference": "line_item", "entities": enabled(&["sales", "purchases", "journals"]) },
    });
    let then = match status(category) {
        "active" => Action::ACTIVE,
        _ => Action::INACTIVE,
    };
    Carry::new(body).then(vec![then])
}

fn other_name(category: &TrackingCategory) -> String {
    format!("{}{MARK}", clip(category.name.trim(), NAME_CHARS_MAX - MARK.len()))
}

/// The tag's options as they have to be: those it has, ours by their present names, and the new ones behind them.
fn options(category: &TrackingCategory, known: &Known, has: &[Value]) -> Vec<Value> {
    let mut options = has.to_vec();
    for option in there(category) {
        let id = known.id(KEY, &option.id);
        let by_id = options.iter().position(|row| id.is_some() && row["option_id"].as_str() == id);
        let Some(place) = by_id.or_else(|| options.iter().position(|row| is_named(row, option))) else {
            options.push(json!({ "option_name": option_name(option), "is_active": true }));
            continue;
        };
        let row = &mut options[place];
        if row["is_active"] == false {
            row["is_active"] = true.into();
        }
        if !is_named(row, option) {
            row["option_name"] = option_name(option).into();
        }
    }
    options
}

fn rows(answer: &Value) -> &Vec<Value> {
    static NONE: Vec<Value> = Vec::new();
    answer["options"].as_array().unwrap_or(&NONE)
}

fn there(category: &TrackingCategory) -> impl Iterator<Item = &TrackingOption> {
    category.options.iter().filter(|option| option.status != TrackingStatus::Deleted && !option.name.trim().is_empty())
}

fn option_name(option: &TrackingOption) -> &str {
    clip(option.name.trim(), OPTION_CHARS_MAX)
}

fn is_named(row: &Value, option: &TrackingOption) -> bool {
    row["option_name"].as_str().is_some_and(|name| same(name, option_name(option)))
}

fn status(category: &TrackingCategory) -> &'static str {
    if category.status == TrackingStatus::Active { "active" } else { "inactive" }
}

fn line(status: &'static str) -> Line {
    Line { status, currency: String::new(), total: None, tax: None, due: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category(extra: Value) -> TrackingCategory {
        let mut record = json!({
            "TrackingCategoryID": "t-1", "Name": "Region", "Status": "ACTIVE", "Options": [
                {"TrackingOptionID": "o-1", "Name": "North", "Status": "ACTIVE", "IsActive": true},
                {"TrackingOptionID": "o-2", "Name": "West Coast", "Status": "ARCHIVED"},
                {"TrackingOptionID": "o-3", "Name": "Gone", "Status": "DELETED"}],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let mut known = Known::default();
        for (key, id) in [("t-1", "71"), ("o-1", "81"), ("o-2", "82"), ("Region", "71"), ("Region/North", "81")] {
            known.learn(KEY, key, id);
        }
        known
    }

    #[test]
    fn a_category_becomes_a_tag_of_lines_and_an_archived_one_is_inactive_in_the_end() {
        let carry = TrackingCategories::to_zoho(&category(json!({})), &Known::default()).unwrap();
        assert_eq!(
            carry.body,
            json!({
                "tag_name": "Region",
                "entities": [{"entity_name": "customers", "is_enabled": true}, {"entity_name": "vendors", "is_enabled": true}, {"entity_name": "banking", "is_enabled": true}],
                "multi_preference_entities": {"preference": "line_item", "entities": [
                    {"entity_name": "sales", "is_enabled": true}, {"entity_name": "purchases", "is_enabled": true}, {"entity_name": "journals", "is_enabled": true}]},
            })
        );
        for (status, then, wanted) in [
            ("ACTIVE", Action::ACTIVE, Wanted::Carry),
            ("ARCHIVED", Action::INACTIVE, Wanted::Carry),
            ("DELETED", Action::INACTIVE, Wanted::Skip),
        ] {
            let category = category(json!({ "Status": status }));
            assert_eq!(TrackingCategories::to_zoho(&category, &Known::default()).unwrap().then, [then]);
            assert_eq!(TrackingCategories::wanted(&category), wanted);
        }
        let long = category(json!({ "Name": "n".repeat(100) }));
        assert_eq!(TrackingCategories::to_zoho(&long, &Known::default()).unwrap().body["tag_name"], "n".repeat(50));
        let nameless = TrackingCategories::to_zoho(&category(json!({ "Name": null })), &Known::default()).unwrap_err();
        assert_eq!((nameless.code, nameless.expected), ("NO_NAME", false));
    }

    #[test]
    fn options_are_added_to_those_that_are_there() {
        let further = |answer: Value, known: &Known| TrackingCategories::further(&category(json!({})), known, &answer);
        let new = further(json!({"tag_id": "71", "options": []}), &Known::default());
        assert_eq!((new[0].method, new[0].path.as_str()), (Method::Put, "options"));
        assert_eq!(
            new[0].body,
            json!({"options": [{"option_name": "North", "is_active": true}, {"option_name": "West Coast", "is_active": true}]})
        );
        assert_eq!((new[1].method, new[1].path.as_str()), (Method::Get, "options/all"));
        // Somebody's own option stays, a renamed one keeps its id, one that is inactive becomes active again.
        let row = |id: &str, name: &str, is_active: bool| json!({"option_id": id, "option_name": name, "is_active": is_active, "children": []});
        let changed = further(
            json!({"options": [row("9", "Abroad", true), row("81", "Nord", true), row("82", "west coast", false)]}),
            &known(),
        );
        assert_eq!(
            changed[0].body["options"],
            json!([row("9", "Abroad", true), row("81", "North", true), row("82", "west coast", true)])
        );
        let same = json!({"options": [row("81", "North", true), row("82", "West Coast", true)]});
        assert_eq!(further(same.clone(), &known()), []);
        let also = TrackingCategories::also(&category(json!({})), &same, &[]);
        let also: Vec<_> = also.iter().map(|one| (one.xero_id.as_str(), one.alias.as_deref(), one.zoho_id.as_str())).collect();
        assert_eq!(also, [("o-1", Some("Region/North"), "81"), ("o-2", Some("Region/West Coast"), "82")]);
        let listed = json!({"results": [row("91", "North", true)]});
        assert_eq!(TrackingCategories::also(&category(json!({})), &json!({}), &[json!({}), listed])[0].zoho_id, "91");
        let hints: Vec<String> = TrackingCategories::hints(&category(json!({}))).into_iter().map(|hint| hint.key).collect();
        assert_eq!(hints, ["o-1", "o-2", "o-3"]);
    }

    #[test]
    fn a_tag_of_the_same_name_is_adopted_where_lines_can_have_it() {
        let row = |id: &str, name: &str, preference: &str| json!({"tag_id": id, "tag_name": name, "multi_preference_entities": {"preference": preference}});
        let find = |rows: &[Value]| TrackingCategories::find_in(&category(json!({})), rows);
        assert_eq!(find(&[row("1", "Team", "line_item"), row("2", " region", "line_item")]).as_deref(), Some("2"));
        assert_eq!(find(&[row("2", "Region", "transaction"), row("3", "Region (Xero)", "line_item")]).as_deref(), Some("3"));
        assert_eq!(find(&[row("2", "Region", "transaction")]), None);
        let cure = |message: &str, attempt| {
            let refusal = Refusal { status: 400, code: "4".into(), message: message.into() };
            TrackingCategories::cure(&category(json!({})), &Known::default(), &refusal, attempt)
        };
        let taken = "The reporting tag \"Region\" already exists.";
        assert!(matches!(cure(taken, 1), Cure::Adopt { .. }));
        let Cure::Again(carry) = cure(taken, 2) else { panic!("not tried again") };
        assert_eq!(carry.body["tag_name"], "Region (Xero)");
        let Cure::Hold(held) = cure(taken, 3) else { panic!("not held") };
        assert!(held.code == "TAKEN" && held.sentence.starts_with("Tracking category Region was refused"));
        assert!(matches!(cure("Reporting tags are not enabled.", 1), Cure::Hold(held) if held.code == "FEATURE_OFF"));
    }

    #[test]
    fn a_line_names_its_option_by_ids_or_by_names() {
        let read = |written: Value| serde_json::from_str::<Vec<Tracking>>(&written.to_string()).unwrap();
        let by_ids = read(json!([{"TrackingCategoryID": "t-1", "TrackingOptionID": "o-1", "Name": "Region", "Option": "North"}]));
        let by_names = read(json!([{"Name": "Region", "Option": "North", "TrackingOptionID": null}]));
        for (tracking, by) in [(&by_ids, By::Id), (&by_names, By::Alias)] {
            assert!(needs(tracking).len() == 2 && needs(tracking).iter().all(|need| need.by == by && need.flow == KEY));
            assert_eq!(tags("Invoice 1", tracking, &known()), Ok(Some(json!([{"tag_id": "71", "tag_option_id": "81"}]))));
            assert_eq!(tags("Invoice 1", tracking, &Known::default()).unwrap_err().code, "NOT_READY");
            let mut off = Known::default();
            off.switch_off(KEY);
            assert_eq!(tags("Invoice 1", tracking, &off), Ok(None));
        }
        assert_eq!(tags("Invoice 1", &[], &known()), Ok(None));
        assert_eq!(tags("Invoice 1", &read(json!([{"Name": "Region"}])), &known()), Ok(None));
    }

    #[test]
    fn a_category_whose_fields_are_missing_or_null_can_be_read() {
        let bare: TrackingCategory = serde_json::from_str(r#"{"TrackingCategoryID": "t-1", "Options": null}"#).unwrap();
        assert_eq!((bare.name.as_str(), bare.status, bare.options.len()), ("", TrackingStatus::Active, 0));
        assert!(serde_json::from_str::<TrackingCategory>(r#"{"TrackingCategoryID": "t-1", "Status": "ASLEEP"}"#).is_err());
        assert_eq!(TrackingCategories::zoho_line(&json!({"is_active": false})).unwrap().status, "inactive");
        assert_eq!(TrackingCategories::zoho_line(&json!({})).unwrap(), TrackingCategories::xero_line(&bare));
    }
}
