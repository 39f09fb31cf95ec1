//! What Xero makes of a record that is entered, a file a kind.

mod accounts;
pub(crate) mod bank_transactions;
pub(crate) mod bank_transfers;
mod batch_payments;
pub mod contact_groups;
mod contacts;
mod credit_notes;
pub(super) mod currencies;
mod document_contact;
mod invoices;
mod items;
mod lines;
pub mod linked_transactions;
mod manual_journals;
mod moves;
pub(crate) mod overpayments;
mod payments;
mod prepayments;
mod purchase_orders;
mod quotes;
mod repeating_invoices;
mod tax_rates;
pub mod tracking_categories;

use serde_json::Value;
use uuid::Uuid;

use super::desk::{Desk, Flaw, Known, No};
use super::json::{Record, text_of};
use super::kinds::Kind;
use super::records;
pub use document_contact::contact_of;

/// Fills a record in, or refuses it. What it changes beside the record itself, it keeps.
pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    match known.kind {
        Kind::Invoices => invoices::enter(desk, known, record),
        Kind::Payments => payments::enter(desk, known, record),
        Kind::Overpayments => overpayments::enter(desk, known, record),
        Kind::Contacts => {
            contact_groups::stay(known, record);
            contacts::enter(desk, known, record)
        }
        Kind::Items => items::enter(desk, known, record),
        Kind::TrackingCategories => tracking_categories::enter(desk, known, record),
        Kind::ContactGroups => contact_groups::enter(desk, known, record),
        Kind::Quotes => quotes::enter(desk, known, record),
        Kind::PurchaseOrders => purchase_orders::enter(desk, known, record),
        Kind::RepeatingInvoices => repeating_invoices::enter(desk, known, record),
        Kind::LinkedTransactions => linked_transactions::enter(desk, known, record),
        Kind::Accounts => accounts::enter(desk, known, record),
        Kind::TaxRates => tax_rates::enter(desk, known, record),
        Kind::Currencies => currencies::enter(desk, known, record),
        Kind::Prepayments => prepayments::enter(desk, known, record),
        Kind::CreditNotes => credit_notes::enter(desk, known, record),
        Kind::BankTransactions => bank_transactions::enter(desk, known, record),
        Kind::BankTransfers => bank_transfers::enter(desk, known, record),
        Kind::BatchPayments => batch_payments::enter(desk, known, record),
        Kind::ManualJournals => manual_journals::enter(desk, known, record),
        Kind::Organisations => {
            super::locks::enter_organisation(record);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// The record that a POST without an id means, by its name or number.
pub fn same(desk: &Desk, kind: Kind, sent: &Record) -> Result<Option<Uuid>, No> {
    match kind {
        Kind::Invoices => invoices::same(desk, sent),
        Kind::Contacts => contacts::same(desk, sent),
        Kind::Items => items::same(desk, sent),
        Kind::TaxRates => tax_rates::same(desk, sent),
        Kind::CreditNotes => credit_notes::same(desk, sent),
        _ => Ok(None),
    }
}

/// What DELETE does: None when the record goes, else the record as it is kept on.
pub fn delete(desk: &Desk, known: &Known) -> Result<Option<Record>, No> {
    match known.kind {
        Kind::Accounts => accounts::delete(desk, known),
        Kind::Items => items::delete(desk, known),
        _ => Err(No::Absent),
    }
}

/// The code of a record that gets it from Xero.
pub fn new_code(desk: &Desk, kind: Kind, _: &Record) -> Result<String, No> {
    match kind {
        Kind::TaxRates => tax_rates::new_code(desk),
        _ => Err(format!("{} is missing", kind.id_field()).into()),
    }
}

/// Leaves out what an app cannot say: Xero ignores it.
pub fn only_writable(kind: Kind, sent: &mut Record) {
    let writable: &[&str] = match kind {
        Kind::Invoices => &invoices::WRITABLE,
        Kind::Contacts => &contacts::WRITABLE,
        Kind::Items => &items::WRITABLE,
        Kind::Accounts => &accounts::WRITABLE,
        Kind::TaxRates => &tax_rates::WRITABLE,
        Kind::Currencies => &currencies::WRITABLE,
        Kind::TrackingCategories => &tracking_categories::WRITABLE,
        Kind::ContactGroups => &contact_groups::WRITABLE,
        Kind::Quotes => &quotes::WRITABLE,
        Kind::PurchaseOrders => &purchase_orders::WRITABLE,
        Kind::RepeatingInvoices => &repeating_invoices::WRITABLE,
        Kind::LinkedTransactions => &linked_transactions::WRITABLE,
        Kind::Payments => &payments::WRITABLE,
        Kind::CreditNotes => &credit_notes::WRITABLE,
        Kind::BankTransactions => &bank_transactions::WRITABLE,
        Kind::BankTransfers => &bank_transfers::WRITABLE,
        Kind::BatchPayments => &batch_payments::WRITABLE,
        Kind::ManualJournals => &manual_journals::WRITABLE,
        _ => return,
    };
    sent.retain(|name, _| name == kind.id_field() || writable.contains(&name.as_str()));
}

/// What an app means by what it sends for a record that is known.
pub fn as_meant(desk: &Desk, kind: Kind, was: Option<&Record>, sent: &mut Record) {
    if kind == Kind::Invoices {
        invoices::as_meant(desk, was, sent);
    }
    for lines in ["LineItems", "JournalLines"] {
        let empty = sent.get(lines).and_then(Value::as_array).is_some_and(Vec::is_empty);
        if was.is_some() && empty && desk.on("xero.no_lines_mean_unchanged") {
            sent.remove(lines);
        }
    }
}

/// What one record of a kind is called.
pub fn noun(kind: Kind) -> &'static str {
    kind.id_field().trim_end_matches("ID")
}

/// Fields that every record of a kind has, whatever was sent.
fn defaults<const N: usize>(record: &mut Record, fields: [(&str, Value); N]) {
    for (name, value) in fields {
        record.entry(name).or_insert(value);
    }
}

/// Texts that are longer than their field takes.
fn too_long(record: &Record, longest: &[(&str, usize)], inside: Option<(&'static str, usize)>) -> Vec<Flaw> {
    let longer = longest.iter().filter(|(name, max)| text_of(record, name).is_some_and(|text| text.chars().count() > *max));
    longer.map(|(name, max)| Flaw { inside, says: format!("The {name} field cannot be longer than {max} characters") }).collect()
}

/// The first document makes a contact a customer or a supplier; its time of change stays.
fn note_role(desk: &Desk, id: Uuid, role: &str) -> Result<(), No> {
    let known = records::brief(desk.connection, desk.org.n, Kind::Contacts, id)?;
    if known.is_none_or(|contact| if role == "IsCustomer" { contact.customer } else { contact.supplier }) {
        return Ok(());
    }
    let Some((mut contact, modified)) = desk.read(Kind::Contacts, id)? else { return Ok(()) };
    contact.insert(role.into(), true.into());
    desk.keep(Kind::Contacts, id, modified, contact).map(|_| ())
}

fn field_is(body: &str, name: &str, wanted: &str) -> bool {
    serde_json::from_str::<Value>(body).is_ok_and(|record| record.get(name).and_then(Value::as_str) == Some(wanted))
}
