//! The numbers of documents: given by Zoho, or by the caller who says so.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::module::Module;
use super::records::{self, Desk, Record};
use super::{shape, tables};

/// Gives an invoice or bill its number.
pub fn give(desk: &Desk, module: Module, record: &mut Record, body: &Map<String, Value>, new: bool) -> Result<(), Refusal> {
    match module {
        Module::Bills => bill(desk, record, body),
        _ => invoice(desk, record, body, new),
    }
}

/// Payments are always numbered by Zoho: 1, 2, 3 …
pub fn payment(desk: &Desk, module: Module) -> Result<String, Refusal> {
    Ok(tables::take(desk.connection, &format!("{} {}", module.path(), desk.org.id), 1)?.to_string())
}

/// Without `?ignore_auto_number_generation=true` the caller's own number is not used.
fn invoice(desk: &Desk, record: &mut Record, body: &Map<String, Value>, new: bool) -> Result<(), Refusal> {
    let asked = shape::text(body, "invoice_number");
    match asked {
        Some(number) if desk.own_number => {
            shape::length("invoice_number", number, 100)?;
            if !records::named(desk, Module::Invoices, number, record.id)?.is_empty() {
                return Err(Refusal::new(4, format!("The invoice number \"{number}\" already exists.")));
            }
            record.name = number.to_owned();
        }
        None if desk.own_number && new => return Err(Refusal::missing("invoice_number")),
        _ if new => record.name = next_free(desk)?,
        _ => {}
    }
    record.set("invoice_number", record.name.clone());
    Ok(())
}

fn next_free(desk: &Desk) -> Result<String, Refusal> {
    loop {
        let number = tables::take(desk.connection, &format!("invoice number {}", desk.org.id), 1)?;
        let name = format!("INV-{number:06}");
        if records::named(desk, Module::Invoices, &name, 0)?.is_empty() {
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
