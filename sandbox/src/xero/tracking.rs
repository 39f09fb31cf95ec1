//! Tracking: categories and options as lines name them.

use serde_json::{Value, json};

use super::desk::{Desk, No};
use super::json::{Record, text_of};

/// A line is of one option of each of two categories at most.
const CATEGORIES_OF_A_LINE: usize = 2;

/// Writes the tracking of lines as Xero shows it: ids and names of category and option. Lines may name either.
pub fn resolve(desk: &Desk, lines: &mut [Value]) -> Result<(), No> {
    for line in lines.iter_mut().filter_map(Value::as_object_mut) {
        let mut says = Vec::new();
        of_line(desk, line, "Tracking", &mut |wrong| says.push(wrong));
        if !says.is_empty() {
            return Err(No::Says(says));
        }
    }
    Ok(())
}

/// The same for one line, or one side of a transfer, with all that is wrong with it.
pub fn of_line(desk: &Desk, line: &mut Record, list: &str, wrong: &mut dyn FnMut(String)) {
    let Some(Value::Array(sent)) = line.get_mut(list) else { return };
    if sent.len() > CATEGORIES_OF_A_LINE {
        wrong(format!("A line item can have at most {CATEGORIES_OF_A_LINE} tracking categories"));
        return;
    }
    let mut shown: Vec<Value> = Vec::with_capacity(sent.len());
    for named in sent.iter().filter_map(Value::as_object).filter(|named| !named.is_empty()) {
        match find(&desk.ledger.tracking, named) {
            Ok(found) if shown.iter().any(|other| other.get("TrackingCategoryID") == found.get("TrackingCategoryID")) => {
                wrong("A line item can have one option of a tracking category".into());
            }
            Ok(found) => shown.push(found),
            Err(_) if desk.on("xero.unknown_tracking_is_ignored") => {}
            Err(says) => wrong(says),
        }
    }
    *sent = shown;
}

/// One category and option, named by ids or by names.
fn find(categories: &[Record], named: &Record) -> Result<Value, String> {
    let is = |record: &Record, id: &str, name: &str, wanted: &str| match text_of(named, id) {
        Some(wanted) => text_of(record, id).is_some_and(|id| id.eq_ignore_ascii_case(wanted)),
        None => text_of(record, name).is_some_and(|name| name.eq_ignore_ascii_case(wanted)),
    };
    let active = |record: &&Record| text_of(record, "Status") == Some("ACTIVE");
    let option = |category: &Record| {
        let wanted = text_of(named, "Option").unwrap_or_default();
        let options = category.get("Options").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
        options.filter(active).find(|option| is(option, "TrackingOptionID", "Name", wanted)).cloned()
    };
    let name = text_of(named, "Name").unwrap_or_default();
    let (category, option) = if name.is_empty() && text_of(named, "TrackingCategoryID").is_none() {
        // The id of an option says its category, too.
        let mut known = categories.iter().filter(active).filter(|_| text_of(named, "TrackingOptionID").is_some());
        known
            .find_map(|category| Some((category, option(category)?)))
            .ok_or("There is no ACTIVE Tracking Option with the id that was specified")?
    } else {
        let category = categories
            .iter()
            .filter(active)
            .find(|category| is(category, "TrackingCategoryID", "Name", name))
            .ok_or_else(|| format!("There is no ACTIVE Tracking Category with the name '{name}'"))?;
        let wanted = text_of(named, "Option").unwrap_or_default();
        (category, option(category).ok_or_else(|| format!("There is no ACTIVE Tracking Option with the name '{wanted}'"))?)
    };
    Ok(json!({
        "Name": category.get("Name"), "Option": option.get("Name"), "TrackingCategoryID": category.get("TrackingCategoryID"),
        "TrackingOptionID": option.get("TrackingOptionID"),
    }))
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
        assert_eq!(found(json!({"Name": "region", "Option": "NORTH"})), Ok(shown.clone()));
        assert_eq!(found(json!({"TrackingOptionID": "o1"})), Ok(shown));
        assert!(found(json!({"TrackingOptionID": "o2"})).is_err() && found(json!({"Option": "North"})).is_err());
    }

    #[test]
    fn archived_and_unknown_options_are_not_found() {
        assert!(found(json!({"Name": "Region", "Option": "West"})).is_err());
        assert_eq!(
            found(json!({"Name": "Team", "Option": "North"})),
            Err("There is no ACTIVE Tracking Category with the name 'Team'".into())
        );
    }
}
