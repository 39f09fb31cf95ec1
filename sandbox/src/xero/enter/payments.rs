//! Payments of invoices and bills.

use serde_json::Value;
use uuid::Uuid;

use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{Record, decimal_of, text_of};
use crate::xero::kinds::Kind;
use crate::xero::{documents, money};

pub fn enter(desk: &Desk, _: &Known, record: &mut Record) -> Result<(), No> {
    let id = record.get("Invoice").and_then(|invoice| invoice.get("InvoiceID")).and_then(Value::as_str);
    let id = id.and_then(|id| Uuid::parse_str(id).ok()).ok_or("Invoice.InvoiceID is missing or not an id")?;
    let (mut invoice, modified) = desk.read(Kind::Invoices, id)?.ok_or_else(|| format!("there is no invoice `{id}`"))?;
    let deleted = text_of(record, "Status") == Some("DELETED");
    if !deleted && !matches!(text_of(&invoice, "Status"), Some("AUTHORISED" | "PAID")) {
        return Err("Payments can only be made against Authorised documents".into());
    }
    let code = record.get("Account").and_then(|account| account.get("Code")).and_then(Value::as_str).unwrap_or("090").to_owned();
    let (account_id, _) = desk.ledger.accounts.get(&code).ok_or_else(|| format!("there is no account `{code}`"))?;
    let foreign = text_of(&invoice, "CurrencyCode") != Some(desk.ledger.base_currency.as_str());
    documents::complete_payment(record, &invoice, (account_id, &code), foreign, desk.today);
    documents::note_payment(&mut invoice, record);
    if decimal_of(&invoice, "AmountDue").is_some_and(|due| due < money::cents(0.into())) {
        return Err("Payment amount exceeds the amount outstanding on this document".into());
    }
    desk.keep(Kind::Invoices, id, desk.touched(modified), invoice).map(|_| ())
}
