//! What the documents require of an update. Whether Zoho wants it of a record that has it already is doubtful, hence the switch.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::module::Module::{self, *};
use super::records::Desk;

/// Refuses a `PUT` that leaves out what is documented as required, where the switch says so.
pub fn complete(desk: &Desk, module: Module, body: &Map<String, Value>) -> Result<(), Refusal> {
    if !desk.on("zoho.updates_need_what_is_documented") {
        return Ok(());
    }
    match required(module).iter().find(|name| !body.contains_key(**name)) {
        Some(name) => Err(Refusal::missing(name)),
        None => Ok(()),
    }
}

fn required(module: Module) -> &'static [&'static str] {
    match module {
        Contacts => &["contact_name", "contact_type"],
        Items => &["name", "rate"],
        Invoices => &["customer_id", "line_items"],
        Estimates => &["customer_id"],
        CreditNotes => &["customer_id", "date", "creditnote_number", "line_items"],
        Bills => &["vendor_id", "bill_number"],
        PurchaseOrders => &["vendor_id", "line_items"],
        VendorCredits => &["vendor_id"],
        CustomerPayments => &["customer_id", "payment_mode", "amount", "invoices"],
        VendorPayments => &["amount"],
        Expenses => &["date", "account_id", "amount", "paid_through_account_id"],
        Journals => &["journal_date", "line_items"],
        _ => &[],
    }
}
