//! Tracking: categories and options as lines name them, and whether any line does.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::desk::{Desk, No, each};
use super::json::{Record, text_of};
use super::kinds::Kind;

/// A line is of one option of each of two categories at most.
const CATEGORIES_OF_A_LINE: usize = 2;

/// Writes the tracking of lines as Xero shows it: ids and names of category and option. Lines may name either.
pub fn resolve(desk: &Desk, lines: &mut [Value]) -> Result<(), No> {
    let tracked = |line: &Value| line.get("Tracking").and_then(Value::as_array).is_some_and(|list| !list.is_empty());
    if !lines.iter().any(tracked) {
        return Ok(());
    }
    let mut categories = Vec::new();
    each(desk.connection, desk.org.n, Kind::TrackingCategories, |category| {
        if text_of(category, "Status") != Some("DELETED") {
            categories.push(category.clone());
        }
    })?;
    let unknown_is_left_out = desk.on("xero.unknown_tracking_is_ignored");
    for line in lines {
        let Some(Value::Array(tracking)) = line.get_mut("Tracking") else { continue };
        if tracking.len() > CATEGORIES_OF_A_LINE {
            return Err("A line item can have at most 2 tracking categories".into());
        }
        let mut shown: Vec<Value> = Vec::with_capacity(tracking.len());
        for named in tracking.iter().filter_map(Value::as_object) {
            match find(&categories, named) {
                Ok(found) if shown.iter().any(|other| other.get("TrackingCategoryID") == found.get("TrackingCategoryID")) => {
                    return Err("A line item can have one option of a tracking category".into());
                }
                Ok(found) => shown.push(found),
                Err(_) if unknown_is_left_out => {}
                Err(says) => return Err(says.into()),
            }
        }
        *tracking = shown;
    }
    Ok(())
}

/// One category and option, named by ids or by names.
fn find(categories: &[Record], named: &Record) -> Result<Value, String> {
    let is = |record: &Record, id: &str, name: &str, wanted: &str| match text_of(named, id) {
        Some(wanted) => text_of(record, id).is_some_and(|id| id.eq_ignore_ascii_case(wanted)),
        None => text_of(record, name).is_some_and(|name| name.eq_ignore_ascii_case(wanted)),
    };
    let name = text_of(named, "Name").unwrap_or_default();
    let category = categories
        .iter()
        .find(|category| is(category, "TrackingCategoryID", "Name", name) && text_of(category, "Status") == Some("ACTIVE"))
        .ok_or_else(|| format!("There is no ACTIVE tracking category with the name '{name}'"))?;
    let wanted = text_of(named, "Option").unwrap_or_default();
    let options = category.get("Options").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let option = options
        .into_iter()
        .find(|option| is(option, "TrackingOptionID", "Name", wanted) && text_of(option, "Status") == Some("ACTIVE"))
        .ok_or_else(|| format!("There is no ACTIVE tracking option with the name '{wanted}'"))?;
    Ok(json!({
        "Name": category.get("Name"), "Option": option.get("Name"), "TrackingCategoryID": category.get("TrackingCategoryID"),
        "TrackingOptionID": option.get("TrackingOptionID"),
    }))
}

/// Whether any document names this category or option. It reads every document, which is why it is asked only when one is deleted.
pub fn is_used(connection: &Connection, org: i64, id: &str) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM xero_record WHERE org = ?1 AND kind <> ?2 AND instr(body, ?3) > 0 LIMIT 1")?
        .exists(params![org, Kind::TrackingCategories.number(), id])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn categories() -> Vec<Record> {
        let region = json!({"TrackingCategoryID": "c1", "Name": "Region", "Status": "ACTIVE", "Options": [
            {"TrackingOptionID": "o1", "Name": "North", "Status": "ACTIVE"}, {"TrackingOptionID": "o2", "Name": "West", "Status": "ARCHIVED"}]});
        region.as_object().cloned().into_iter().collect()
    }

    fn found(named: Value) -> Result<Value, String> {
        find(&categories(), named.as_object().unwrap())
    }

    #[test]
    fn a_line_names_its_option_by_ids_or_by_names() {
        let shown = json!({"Name": "Region", "Option": "North", "TrackingCategoryID": "c1", "TrackingOptionID": "o1"});
        assert_eq!(found(json!({"TrackingCategoryID": "c1", "TrackingOptionID": "o1"})), Ok(shown.clone()));
        assert_eq!(found(json!({"Name": "region", "Option": "NORTH"})), Ok(shown));
    }

    #[test]
    fn archived_and_unknown_options_are_not_found() {
        assert!(found(json!({"Name": "Region", "Option": "West"})).is_err());
        assert_eq!(
            found(json!({"Name": "Team", "Option": "North"})),
            Err("There is no ACTIVE tracking category with the name 'Team'".into())
        );
    }
}
