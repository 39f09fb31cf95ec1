//! Payment reminders: on for every contact and invoice until they are turned off, and what they would have sent.

use rusqlite::Connection;
use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::module::Module;
use super::records::{self, Desk, Record};

/// `POST /{contacts|invoices}/{id}/paymentreminder/{enable|disable}`.
pub fn turn(desk: &Desk, module: Module, id: i64, on: bool) -> Result<Answer, Refusal> {
    records::need(desk, module, id)?;
    desk.connection
        .prepare_cached("INSERT INTO zoho_reminder (record, off) VALUES (?1, ?2) ON CONFLICT (record) DO UPDATE SET off = ?2")?
        .execute((id, !on))?;
    let word = if on { "enabled" } else { "stopped" };
    Ok(Answer::done(&format!("All reminders associated with this {} have been {word}.", module.noun().to_lowercase())))
}

/// An invoice that is sent when its due date is past is chased at once: its customer is noted down, unless reminders are off or
/// nobody has an e-mail address.
pub fn chase(desk: &Desk, invoice: &Record) -> Result<(), Refusal> {
    let Some(contact) = invoice.party else { return Ok(()) };
    let is_overdue = invoice.balance_e6 > 0 && invoice.due.as_deref().is_some_and(|due| due < desk.today().as_str());
    if !is_overdue || is_off(desk, invoice.id)? || is_off(desk, contact)? {
        return Ok(());
    }
    let contact = records::need(desk, Module::Contacts, contact)?;
    let people = contact.detail.get("contact_persons").and_then(Value::as_array);
    let has_email = |one: &Value| one["email"].as_str().is_some_and(|email| !email.is_empty());
    if people.is_some_and(|people| people.iter().any(has_email)) {
        desk.connection.prepare_cached("INSERT OR IGNORE INTO zoho_reminded (contact) VALUES (?1)")?.execute([contact.id])?;
    }
    Ok(())
}

/// How many customers were chased. It must stay at zero.
pub fn reminded(connection: &Connection) -> rusqlite::Result<i64> {
    connection.prepare_cached("SELECT count(*) FROM zoho_reminded")?.query_row([], |row| row.get(0))
}

fn is_off(desk: &Desk, record: i64) -> Result<bool, Refusal> {
    Ok(desk
        .connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_reminder WHERE record = ?1 AND off = 1)")?
        .query_row([record], |row| row.get(0))?)
}
