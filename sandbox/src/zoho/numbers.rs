//! The numbers of documents: given by Zoho, or by the caller who says so.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::module::Module;
use super::records::{self, Desk, Record};
use super::{papers, shape, tables};

/// Gives a document its number, or the name that stands for one.
pub fn give(desk: &Desk, module: Module, record: &mut Record, body: &Map<String, Value>, new: bool) -> Result<(), Refusal> {
    match papers::of(module).and_then(|paper| paper.number) {
        Some((key, prefix)) => automatic(desk, module, record, body, new, key, prefix),
        None if module == Module::Bills => bill(desk, record, body),
        None => {
            if let Some(name) = shape::text(body, "recurrence_name") {
                record.name = name.to_owned();
            }
            Ok(())
        }
    }
}

/// Payments are always numbered by Zoho: 1, 2, 3 …
pub fn payment(desk: &Desk, module: Module) -> Result<String, Refusal> {
    Ok(tables::take(desk.connection, &format!("{} {}", module.path(), desk.org.id), 1)?.to_string())
}

/// Whether the caller's own number is used: with `?ignore_auto_number_generation=true`, in credit notes also said in the body, in
/// retainer invoices never.
fn is_own(desk: &Desk, module: Module, body: &Map<String, Value>) -> bool {
    match module {
        Module::RetainerInvoices => false,
        Module::CreditNotes => desk.own_number || shape::flag(body, "ignore_auto_number_generation"),
        _ => desk.own_number,
    }
}

fn automatic(
    desk: &Desk,
    module: Module,
    record: &mut Record,
    body: &Map<String, Value>,
    new: bool,
    key: &str,
    prefix: &str,
) -> Result<(), Refusal> {
    let own = is_own(desk, module, body);
    match shape::text(body, key) {
        Some(number) if own => {
            shape::length(key, number, 100)?;
            if !records::named(desk, module, number, record.id)?.is_empty() {
                return Err(Refusal::new(4, format!("The {} number \"{number}\" already exists.", module.noun().to_lowercase())));
            }
            record.name = number.to_owned();
        }
        None if own && new => return Err(Refusal::missing(key)),
        _ if new => record.name = next_free(desk, module, prefix)?,
        _ => {}
    }
    record.set(key, record.name.clone());
    Ok(())
}

fn next_free(desk: &Desk, module: Module, prefix: &str) -> Result<String, Refusal> {
    loop {
        let number = tables::take(desk.connection, &format!("{} number {}", module.key(), desk.org.id), 1)?;
        let name = format!("{prefix}{number:06}");
        if records::named(desk, module, &name, 0)?.is_empty() {
            return Ok(name);
        }
    }
}

fn bill(desk: &Desk, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(number) = shape::text(body, "bill_number") {
        shape::length("bill_number", number, 100)?;
        record.name = number.to_owned();
    }
    if record.name.is_empty() {
        return Err(Refusal::missing("bill_number"));
    }
    if desk.on("zoho.bill_numbers_unique_per_vendor") {
        for (id, _) in records::named(desk, Module::Bills, &record.name, record.id)? {
            if records::need(desk, Module::Bills, id)?.party == record.party {
                return Err(Refusal::new(4, format!("The bill number \"{}\" already exists for this vendor.", record.name)));
            }
        }
    }
    record.set("bill_number", record.name.clone());
    Ok(())
}
