//! Billable expenses: a line of a bill or of spent money that is charged on to a customer.

use rusqlite::{Connection, params};
use serde_json::Value;
use uuid::Uuid;

use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;

/// What an app may say.
pub const WRITABLE: [&str; 6] =
    ["LinkedTransactionID", "SourceTransactionID", "SourceLineItemID", "ContactID", "TargetTransactionID", "TargetLineItemID"];

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_linked (org INTEGER NOT NULL, document BLOB NOT NULL, linked BLOB NOT NULL,
           PRIMARY KEY (org, document, linked)) WITHOUT ROWID;
         CREATE INDEX xero_linked_by_itself ON xero_linked (org, linked);",
    )
}

/// Forgets which documents are linked.
pub fn clear(connection: &Connection, org: i64) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM xero_linked WHERE org = ?1")?.execute([org])?;
    Ok(())
}

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    if matches!(known.status(), Some("BILLED" | "VOIDED")) {
        return Err("Linked transaction not of valid status for modification".into());
    }
    for name in ["SourceTransactionID", "SourceLineItemID"] {
        let moved = known.was.as_ref().is_some_and(|(was, _)| was.get(name) != record.get(name));
        // The specification's own example of an update sends zeros there.
        if moved && known.sent.get(name).and_then(Value::as_str).is_none_or(|sent| sent == Uuid::nil().to_string()) {
            restore(known, record, name);
        } else if moved {
            return Err(format!("{name} cannot be changed").into());
        }
    }
    let source_id = id(record, "SourceTransactionID")?.ok_or("SourceTransactionID is required")?;
    let (source, code) = source(desk, source_id)?.ok_or("The SourceTransactionID could not be found")?;
    let line = id(record, "SourceLineItemID")?.ok_or("SourceLineItemID is required")?;
    if !has_line(&source, line) {
        return Err("The SourceLineItemID and SourceTransactionID do not match".into());
    }
    let contact = id(record, "ContactID")?;
    if let Some(contact) = contact
        && desk.read(Kind::Contacts, contact)?.is_none()
    {
        return Err("The ContactID could not be found".into());
    }
    let target_id = id(record, "TargetTransactionID")?;
    let target = match target_id {
        Some(target) => Some(desk.read(Kind::Invoices, target)?.ok_or("The TargetTransactionID could not be found")?.0),
        None => None,
    };
    if let Some(target) = &target {
        if text_of(target, "Type") != Some("ACCREC") {
            return Err("The TargetTransaction must be an ACCREC invoice".into());
        }
        let theirs = target.get("Contact").and_then(|contact| contact.get("ContactID")).and_then(Value::as_str);
        match contact {
            Some(contact) if theirs != Some(&contact.to_string()) => {
                return Err("The ContactID and the TargetTransaction ContactID do not match".into());
            }
            Some(_) => {}
            None => {
                record.insert("ContactID".into(), theirs.unwrap_or_default().into());
            }
        }
    }
    match (id(record, "TargetLineItemID")?, &target) {
        (Some(_), None) => return Err("A TargetLineItemID needs a TargetTransactionID".into()),
        (Some(line), Some(target)) if !has_line(target, line) => {
            return Err("The TargetLineItemID and TargetTransactionID do not match".into());
        }
        _ => {}
    }
    record.insert("Type".into(), "BILLABLEEXPENSE".into());
    record.insert("SourceTransactionTypeCode".into(), code.into());
    record.insert("Status".into(), status(&source, target.as_ref()).into());
    remember(desk, known.id, [Some(source_id), target_id])
}

/// Its status follows from the documents that it links.
fn status(source: &Record, target: Option<&Record>) -> &'static str {
    let of = |document: &Record| text_of(document, "Status").unwrap_or("DRAFT").to_owned();
    match (of(source).as_str(), target.map(of).as_deref()) {
        ("VOIDED" | "DELETED", _) => "VOIDED",
        ("DRAFT" | "SUBMITTED", _) => "DRAFT",
        (_, Some("AUTHORISED" | "PAID")) => "BILLED",
        (_, Some("DRAFT" | "SUBMITTED")) => "ONDRAFT",
        _ => "APPROVED",
    }
}

/// When a document changes, what links it may change its status.
pub fn follow(desk: &Desk, document: Uuid) -> Result<(), No> {
    let linked: Vec<[u8; 16]> = desk
        .connection
        .prepare_cached("SELECT linked FROM xero_linked WHERE org = ?1 AND document = ?2")?
        .query_map(params![desk.org.n, document.as_bytes()], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for linked in linked.into_iter().map(Uuid::from_bytes) {
        let Some((mut record, modified)) = desk.read(Kind::LinkedTransactions, linked)? else { continue };
        let Some(source) = id(&record, "SourceTransactionID")? else { continue };
        let Some((source, _)) = source_of(desk, source)? else { continue };
        let target = match id(&record, "TargetTransactionID")? {
            Some(target) => desk.read(Kind::Invoices, target)?.map(|(target, _)| target),
            None => None,
        };
        let status = status(&source, target.as_ref());
        if text_of(&record, "Status") != Some(status) {
            record.insert("Status".into(), status.into());
            desk.keep(Kind::LinkedTransactions, linked, desk.touched(modified), record)?;
        }
    }
    Ok(())
}

/// Takes a billable expense away. What has been billed stays.
pub fn delete(desk: &Desk, linked: Uuid) -> Result<(), No> {
    let (record, _) = desk.read(Kind::LinkedTransactions, linked)?.ok_or(No::Absent)?;
    if text_of(&record, "Status") == Some("BILLED") {
        return Err("Linked transaction not of valid status for modification".into());
    }
    let values = params![desk.org.n, linked.as_bytes()];
    desk.connection.prepare_cached("DELETE FROM xero_linked WHERE org = ?1 AND linked = ?2")?.execute(values)?;
    desk.connection.prepare_cached("DELETE FROM xero_record WHERE org = ?1 AND kind = ?2 AND id = ?3")?.execute(params![
        desk.org.n,
        Kind::LinkedTransactions.number(),
        linked.as_bytes()
    ])?;
    Ok(())
}

fn remember(desk: &Desk, linked: Uuid, documents: [Option<Uuid>; 2]) -> Result<(), No> {
    let values = params![desk.org.n, linked.as_bytes()];
    desk.connection.prepare_cached("DELETE FROM xero_linked WHERE org = ?1 AND linked = ?2")?.execute(values)?;
    for document in documents.into_iter().flatten() {
        desk.connection.prepare_cached("INSERT OR IGNORE INTO xero_linked VALUES (?1, ?2, ?3)")?.execute(params![
            desk.org.n,
            document.as_bytes(),
            linked.as_bytes()
        ])?;
    }
    Ok(())
}

/// A bill, or money spent, with the word for which of the two it is.
fn source(desk: &Desk, id: Uuid) -> Result<Option<(Record, &'static str)>, No> {
    match source_of(desk, id)? {
        Some((record, code)) if text_of(&record, "Type") == Some(code) => Ok(Some((record, code))),
        Some(_) => Err("The SourceTransaction must be an ACCPAY invoice or a SPEND bank transaction".into()),
        None => Ok(None),
    }
}

fn source_of(desk: &Desk, id: Uuid) -> Result<Option<(Record, &'static str)>, No> {
    if let Some((bill, _)) = desk.read(Kind::Invoices, id)? {
        return Ok(Some((bill, "ACCPAY")));
    }
    Ok(desk.read(Kind::BankTransactions, id)?.map(|(spent, _)| (spent, "SPEND")))
}

fn has_line(document: &Record, line: Uuid) -> bool {
    let line = line.to_string();
    let lines = document.get("LineItems").and_then(Value::as_array).into_iter().flatten();
    lines.into_iter().any(|known| known.get("LineItemID").and_then(Value::as_str) == Some(&line))
}

fn restore(known: &Known, record: &mut Record, name: &str) {
    if let Some(before) = known.was.as_ref().and_then(|(was, _)| was.get(name)) {
        record.insert(name.into(), before.clone());
    }
}

fn id(record: &Record, name: &str) -> Result<Option<Uuid>, No> {
    match text_of(record, name) {
        None => Ok(None),
        Some(text) => Ok(Some(Uuid::parse_str(text).map_err(|_| format!("{name} is not an id"))?)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_status_follows_from_both_documents() {
        let with = |status: &str| json!({"Status": status}).as_object().cloned().unwrap();
        for (source, target, wanted) in [
            ("DRAFT", None, "DRAFT"),
            ("AUTHORISED", None, "APPROVED"),
            ("AUTHORISED", Some("DRAFT"), "ONDRAFT"),
            ("PAID", Some("AUTHORISED"), "BILLED"),
            ("AUTHORISED", Some("VOIDED"), "APPROVED"),
            ("VOIDED", Some("PAID"), "VOIDED"),
        ] {
            assert_eq!(status(&with(source), target.map(with).as_ref()), wanted, "{source} {target:?}");
        }
    }
}
