//! Tracking categories and their options: at most two are active, at most four there; what was used is archived, not deleted.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::xero::desk::{By, Desk, Known, No, each};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::records;

/// What an app may say.
pub const WRITABLE: [&str; 4] = ["TrackingCategoryID", "Name", "name", "Status"];

const ACTIVE_MAX: usize = 2;
/// Active and archived together.
const THERE_MAX: usize = 4;
const NAME_MAX: usize = 100;

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let name = named(record)?;
    let was = known.status();
    let status = text_of(record, "Status").unwrap_or("ACTIVE").to_owned();
    match (was, status.as_str()) {
        (Some("DELETED"), _) => return Err("This tracking category has been deleted".into()),
        (_, "ACTIVE" | "ARCHIVED") => {}
        (_, other) => return Err(format!("Status is ACTIVE or ARCHIVED, not '{other}'").into()),
    }
    let mut active = 0;
    let mut there = 0;
    let mut same = false;
    each(desk.connection, desk.org.n, Kind::TrackingCategories, |other| {
        if text_of(other, "TrackingCategoryID") == Some(&known.id.to_string()) || text_of(other, "Status") == Some("DELETED") {
            return;
        }
        there += 1;
        active += usize::from(text_of(other, "Status") == Some("ACTIVE"));
        same |= text_of(other, "Name").is_some_and(|other| other.eq_ignore_ascii_case(&name));
    })?;
    if same {
        return Err(format!("A tracking category with the name '{name}' already exists").into());
    }
    if was.is_none() && there >= THERE_MAX {
        return Err("An organisation can have a maximum of 4 tracking categories, active and archived".into());
    }
    if status == "ACTIVE" && was != Some("ACTIVE") && active >= ACTIVE_MAX {
        return Err("An organisation can have a maximum of 2 active tracking categories".into());
    }
    record.insert("Status".into(), status.into());
    options_as_sent(desk, known, record)
}

/// A person may enter a category together with its options. An app enters options one by one, at their own address.
fn options_as_sent(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let kept = known.was.as_ref().and_then(|(was, _)| was.get("Options")).cloned().unwrap_or_else(|| json!([]));
    let sent = record.insert("Options".into(), kept);
    if let (By::Person { .. }, Some(Value::Array(sent))) = (desk.by, sent) {
        for option in sent.into_iter().filter_map(|option| option.as_object().cloned()) {
            let id = text_of(&option, "TrackingOptionID").and_then(|id| Uuid::parse_str(id).ok());
            let is_known = id.is_some_and(|id| options(record).iter().any(|known| is_option(known, id)));
            put_option(record, id.filter(|_| is_known), option)?;
        }
    }
    Ok(())
}

/// Adds an option to a category, or changes one. Answers the option.
pub fn put_option(category: &mut Record, id: Option<Uuid>, mut sent: Record) -> Result<Record, No> {
    let mut option = match id {
        Some(id) => options(category).iter().find(|option| is_option(option, id)).cloned().ok_or(No::Absent)?,
        None => {
            let id = text_of(&sent, "TrackingOptionID").and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_else(Uuid::new_v4);
            let mut option = Record::new();
            option.insert("TrackingOptionID".into(), id.to_string().into());
            option
        }
    };
    if text_of(&option, "Status") == Some("DELETED") {
        return Err("This tracking option has been deleted".into());
    }
    for name in ["Name", "name", "Status"] {
        if let Some(value) = sent.remove(name) {
            option.insert(name.into(), value);
        }
    }
    let name = named(&mut option)?;
    let taken = options(category).iter().any(|other| {
        other.get("TrackingOptionID") != option.get("TrackingOptionID")
            && other.get("Status") != Some(&json!("DELETED"))
            && text_of(other, "Name").is_some_and(|other| other.eq_ignore_ascii_case(&name))
    });
    if taken {
        return Err("For each specified tracking option the name must be unique".into());
    }
    let status = text_of(&option, "Status").unwrap_or("ACTIVE").to_owned();
    if !matches!(status.as_str(), "ACTIVE" | "ARCHIVED") {
        return Err(format!("Status is ACTIVE or ARCHIVED, not '{status}'").into());
    }
    set_option(category, &mut option, &status);
    Ok(option)
}

/// Takes a category away. It stays readable at its own address.
pub fn delete(desk: &Desk, category: &mut Record, id: Uuid) -> Result<(), No> {
    if records::mentions(desk.connection, desk.org.n, Kind::TrackingCategories, &id.to_string())? {
        return Err("This tracking category cannot be deleted because it has been used. Archive it instead".into());
    }
    category.insert("Status".into(), "DELETED".into());
    Ok(())
}

/// Takes an option away. Answers it as it was last.
pub fn delete_option(desk: &Desk, category: &mut Record, id: Uuid) -> Result<Record, No> {
    let mut option = options(category).iter().find(|option| is_option(option, id)).cloned().ok_or(No::Absent)?;
    if records::mentions(desk.connection, desk.org.n, Kind::TrackingCategories, &id.to_string())? {
        return Err("This tracking option cannot be deleted because it has been used. Archive it instead".into());
    }
    set_option(category, &mut option, "DELETED");
    Ok(option)
}

/// Writes an option's status with its flags, and the option into its category.
fn set_option(category: &mut Record, option: &mut Record, status: &str) {
    option.insert("Status".into(), status.into());
    option.insert("HasValidationErrors".into(), false.into());
    for (flag, of) in [("IsDeleted", "DELETED"), ("IsArchived", "ARCHIVED"), ("IsActive", "ACTIVE")] {
        option.insert(flag.into(), (status == of).into());
    }
    let Some(Value::Array(options)) = category.get_mut("Options") else { return };
    let id = option.get("TrackingOptionID").cloned();
    match options.iter_mut().find(|other| other.get("TrackingOptionID") == id.as_ref()) {
        Some(known) => *known = Value::Object(option.clone()),
        None => options.push(Value::Object(option.clone())),
    }
}

fn options(category: &Record) -> Vec<Record> {
    let options = category.get("Options").and_then(Value::as_array);
    options.into_iter().flatten().filter_map(|option| option.as_object().cloned()).collect()
}

fn is_option(option: &Record, id: Uuid) -> bool {
    text_of(option, "TrackingOptionID").and_then(|text| Uuid::parse_str(text).ok()) == Some(id)
}

/// The name, without spaces around it. The examples of the specification write its key in lower case.
fn named(record: &mut Record) -> Result<String, No> {
    if let Some(name) = record.remove("name") {
        record.insert("Name".into(), name);
    }
    let name = text_of(record, "Name").map(str::trim).filter(|name| !name.is_empty()).ok_or("Name is required")?.to_owned();
    if name.chars().count() > NAME_MAX {
        return Err(format!("Name exceeds the maximum length of {NAME_MAX}").into());
    }
    record.insert("Name".into(), name.clone().into());
    Ok(name)
}
