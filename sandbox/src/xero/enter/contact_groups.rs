//! Contact groups, and who is in them. A contact's record carries its groups; the table of members finds them the other way round.

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::xero::desk::{Desk, Known, No, each};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::{documents, records};

/// What an app may say.
pub const WRITABLE: [&str; 3] = ["ContactGroupID", "Name", "Status"];

const GROUPS_MAX: usize = 100;

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_group_member (org INTEGER NOT NULL, contact_group BLOB NOT NULL, contact BLOB NOT NULL,
           PRIMARY KEY (org, contact_group, contact)) WITHOUT ROWID;",
    )
}

/// Forgets who is in the groups of one organisation.
pub fn clear(connection: &Connection, org: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM xero_group_member WHERE org = ?1")?.execute([org])?;
    Ok(())
}

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let name = text_of(record, "Name").map(str::trim).filter(|name| !name.is_empty()).ok_or("Name is required")?.to_owned();
    let status = text_of(record, "Status").unwrap_or("ACTIVE").to_owned();
    if !matches!(status.as_str(), "ACTIVE" | "DELETED") {
        return Err(format!("Status is ACTIVE or DELETED, not '{status}'").into());
    }
    if known.status() == Some("DELETED") {
        return Err("This contact group has been deleted".into());
    }
    let mut count = 0;
    let mut same = false;
    each(desk.connection, desk.org.n, Kind::ContactGroups, |other| {
        if text_of(other, "Status") == Some("ACTIVE") && text_of(other, "ContactGroupID") != Some(&known.id.to_string()) {
            count += 1;
            same |= text_of(other, "Name").is_some_and(|other| other.eq_ignore_ascii_case(&name));
        }
    })?;
    if known.is_new() && count >= GROUPS_MAX {
        return Err("You’ve reached the limit of 100 contact groups.".into());
    }
    if same && status == "ACTIVE" {
        return Err(format!("The contact group name {name} is already in use").into());
    }
    // Who is in a group is told at an address of its own.
    let members = record.insert("Contacts".into(), json!([]));
    record.insert("Name".into(), name.into());
    record.insert("Status".into(), status.clone().into());
    record.insert("HasValidationErrors".into(), false.into());
    if !known.is_new() {
        rewrite_members(desk, known.id, record)?;
    }
    if let (crate::xero::desk::By::Person { .. }, Some(Value::Array(members))) = (desk.by, members) {
        for member in &members {
            add(desk, record, member)?;
        }
    }
    Ok(())
}

/// A contact's groups are not changed through the contact, whatever is sent with it.
pub fn stay(known: &Known, record: &mut Record) {
    let groups = known.was.as_ref().and_then(|(was, _)| was.get("ContactGroups")).cloned();
    record.insert("ContactGroups".into(), groups.unwrap_or_else(|| json!([])));
}

/// Puts a contact into a group. Answers the contact as members are shown.
pub fn add(desk: &Desk, group: &Record, member: &Value) -> Result<Value, No> {
    let id = member.get("ContactID").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
    let id = id.ok_or("The Contact must contain a ContactID")?;
    let of = id_of(group)?;
    if desk.read(Kind::Contacts, id)?.is_none() {
        return Err(format!("The contact {id} could not be found").into());
    }
    let added = desk
        .connection
        .prepare_cached("INSERT OR IGNORE INTO xero_group_member VALUES (?1, ?2, ?3)")?
        .execute(params![desk.org.n, of.as_bytes(), id.as_bytes()])?;
    if added > 0 {
        write_into(desk, id, of, Some(group))?;
    }
    let mut shown = documents::contact_summary(&id.to_string(), "");
    if let Value::Object(shown) = &mut shown {
        shown.remove("Name");
        shown.insert("ValidationErrors".into(), json!([]));
    }
    Ok(shown)
}

/// Takes a contact out of a group. False when it is not in it.
pub fn remove(desk: &Desk, of: Uuid, contact: Uuid) -> Result<bool, No> {
    let removed = desk
        .connection
        .prepare_cached("DELETE FROM xero_group_member WHERE org = ?1 AND contact_group = ?2 AND contact = ?3")?
        .execute(params![desk.org.n, of.as_bytes(), contact.as_bytes()])?;
    if removed > 0 {
        write_into(desk, contact, of, None)?;
    }
    Ok(removed > 0)
}

/// Takes everybody out of a group.
pub fn empty(desk: &Desk, of: Uuid) -> Result<(), No> {
    each_member(desk, of, &mut |contact| remove(desk, of, contact).map(|_| ()))
}

/// The members as the group's own record shows them: JSON joined by commas.
pub fn members(connection: &Connection, org: i64, of: Uuid) -> rusqlite::Result<String> {
    let mut statement = connection.prepare_cached(
        "SELECT m.contact, r.name FROM xero_group_member m JOIN xero_record r ON r.org = m.org AND r.kind = ?3 AND r.id = m.contact
         WHERE m.org = ?1 AND m.contact_group = ?2",
    )?;
    let mut rows = statement.query(params![org, of.as_bytes(), Kind::Contacts.number()])?;
    let mut shown = String::new();
    while let Some(row) = rows.next()? {
        if !shown.is_empty() {
            shown.push(',');
        }
        let id = Uuid::from_bytes(row.get(0)?);
        shown.push_str(&documents::contact_summary(&id.to_string(), row.get_ref(1)?.as_str()?).to_string());
    }
    Ok(shown)
}

/// A group that is renamed is renamed in its contacts; one that is deleted is gone from them.
fn rewrite_members(desk: &Desk, of: Uuid, group: &Record) -> Result<(), No> {
    if text_of(group, "Status") == Some("DELETED") {
        return empty(desk, of);
    }
    each_member(desk, of, &mut |contact| write_into(desk, contact, of, Some(group)))
}

/// A few members at a time, so that a group of any size needs little memory.
fn each_member(desk: &Desk, of: Uuid, with: &mut dyn FnMut(Uuid) -> Result<(), No>) -> Result<(), No> {
    const AT_A_TIME: i64 = 500;
    let mut after = Vec::new();
    loop {
        let members: Vec<[u8; 16]> = desk
            .connection
            .prepare_cached(
                "SELECT contact FROM xero_group_member WHERE org = ?1 AND contact_group = ?2 AND contact > ?3 ORDER BY contact LIMIT ?4",
            )?
            .query_map(params![desk.org.n, of.as_bytes(), after, AT_A_TIME], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let Some(last) = members.last() else { return Ok(()) };
        after = last.to_vec();
        for member in members {
            with(Uuid::from_bytes(member))?;
        }
    }
}

/// Writes a group into a contact's record, or takes it out. No document says whether that changes the contact.
fn write_into(desk: &Desk, contact: Uuid, of: Uuid, group: Option<&Record>) -> Result<(), No> {
    let Some((mut record, modified)) = desk.read(Kind::Contacts, contact)? else { return Ok(()) };
    let id = of.to_string();
    let mut groups = match record.remove("ContactGroups") {
        Some(Value::Array(groups)) => groups,
        _ => Vec::new(),
    };
    groups.retain(|other| other.get("ContactGroupID").and_then(Value::as_str) != Some(&id));
    if let Some(group) = group {
        let name = group.get("Name");
        groups
            .push(json!({"ContactGroupID": id, "Name": name, "Status": "ACTIVE", "Contacts": [], "HasValidationErrors": false}));
    }
    record.insert("ContactGroups".into(), Value::Array(groups));
    let at = if desk.on("xero.group_membership_touches_contacts") { desk.touched(modified) } else { modified };
    desk.keep(Kind::Contacts, contact, at, record).map(|_| ())
}

fn id_of(group: &Record) -> Result<Uuid, No> {
    text_of(group, "ContactGroupID").and_then(|id| Uuid::parse_str(id).ok()).ok_or(No::Absent)
}

/// Whether a group is there and not deleted.
pub fn active(desk: &Desk, id: Uuid) -> Result<Record, No> {
    let found = records::by_id(desk.connection, desk.org.n, Kind::ContactGroups, id)?;
    let group: Option<Value> = found.and_then(|(body, _)| serde_json::from_str(&body).ok());
    match group {
        Some(Value::Object(group)) if text_of(&group, "Status") == Some("ACTIVE") => Ok(group),
        _ => Err(No::Absent),
    }
}
