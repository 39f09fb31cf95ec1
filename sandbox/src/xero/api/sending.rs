//! What leaves Xero with a document: a letter to the customer, its page on the web, a PDF.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Answer, Body};
use super::parts::{at_desk, id, refuse, refuse_named};
use super::{Call, Failure};
use crate::xero::json::{Record, text_of};
use crate::xero::kinds::Kind;
use crate::xero::{history, pdf, records};

/// `POST /Invoices/{id}/Email`. No letter is written; it is counted, because nobody's customer should ever get one from a migration.
pub fn email(call: &Call, invoice: &str) -> Result<Answer, Failure> {
    let id = id(invoice)?;
    let nothing = Record::new();
    at_desk(call, |desk| {
        let (mut invoice, modified) = desk.read(Kind::Invoices, id).map_err(refuse(&nothing))?.ok_or(Failure::Absent)?;
        if text_of(&invoice, "Type") != Some("ACCREC") {
            return Err(refuse_named(Kind::Invoices, id, "Only ACCREC invoices can be emailed"));
        }
        if !matches!(text_of(&invoice, "Status"), Some("SUBMITTED" | "AUTHORISED" | "PAID")) {
            return Err(refuse_named(Kind::Invoices, id, "Invoice not of valid status for emailing"));
        }
        let contact = invoice.get("Contact").and_then(|contact| contact.get("ContactID")).and_then(Value::as_str);
        let contact = match contact.and_then(|contact| Uuid::parse_str(contact).ok()) {
            Some(contact) => desk.read(Kind::Contacts, contact).map_err(refuse(&nothing))?,
            None => None,
        };
        let address = contact.as_ref().and_then(|(contact, _)| text_of(contact, "EmailAddress"));
        let Some(address) = address else {
            return Err(refuse_named(Kind::Invoices, id, "The contact has no email address"));
        };
        history::add(desk, Kind::Invoices, id, "Invoice Sent", &format!("This invoice has been sent to {address}"))
            .map_err(refuse(&nothing))?;
        // What waits for approval is not marked as sent.
        if text_of(&invoice, "Status") != Some("SUBMITTED") && invoice.get("SentToContact") != Some(&json!(true)) {
            invoice.insert("SentToContact".into(), true.into());
            desk.keep(Kind::Invoices, id, desk.touched(modified), invoice).map_err(refuse(&nothing))?;
        }
        Ok(())
    })?;
    call.shared.xero.emailed.fetch_add(1, Ordering::Relaxed);
    Ok(Answer { status: 204, body: Body::Empty })
}

/// `GET /Invoices/{id}/OnlineInvoice`. It leads to the sandbox's own page of the invoice.
pub fn online(call: &Call, invoice: &str) -> Result<Answer, Failure> {
    let id = id(invoice)?;
    let invoice = record(call, Kind::Invoices, id)?;
    let approved = matches!(text_of(&invoice, "Status"), Some("AUTHORISED" | "PAID"));
    if text_of(&invoice, "Type") != Some("ACCREC") || !approved {
        return Err(refuse_named(Kind::Invoices, id, "Online invoices are for approved ACCREC invoices"));
    }
    let place = format!("{}/xero/go/AccountsReceivable/View.aspx?InvoiceID={id}", call.shared.base);
    Ok(Answer::collection(call.shared, "OnlineInvoices", "", &json!({"OnlineInvoiceUrl": place}).to_string()))
}

/// Kinds that have a PDF.
pub fn has_pdf(kind: Kind) -> bool {
    matches!(kind, Kind::Invoices | Kind::CreditNotes | Kind::Quotes | Kind::PurchaseOrders)
}

/// A document on paper.
pub fn printed(call: &Call, kind: Kind, document: &str) -> Result<Answer, Failure> {
    let record = match Uuid::parse_str(document) {
        Ok(id) => record(call, kind, id)?,
        Err(_) if kind.about().found_by_name => {
            let org = call.caller.org.n;
            let found = call.shared.store.with(|connection| records::by_name(connection, org, kind, document))?;
            let body = found.into_iter().next().map(|(body, _)| body).ok_or(Failure::Absent)?;
            serde_json::from_str(&body).unwrap_or_default()
        }
        Err(_) => return Err(Failure::Absent),
    };
    Ok(Answer { status: 200, body: Body::File("application/pdf".into(), pdf::of(&lines(&call.caller.org.name, kind, &record))) })
}

fn lines(organisation: &str, kind: Kind, record: &Record) -> Vec<String> {
    let title = match (kind, text_of(record, "Type")) {
        (Kind::Invoices, Some("ACCPAY")) => "BILL",
        (Kind::Invoices, _) => "TAX INVOICE",
        (Kind::CreditNotes, _) => "CREDIT NOTE",
        (Kind::Quotes, _) => "QUOTE",
        _ => "PURCHASE ORDER",
    };
    let text = |name: &str| text_of(record, name).unwrap_or_default().to_owned();
    let amount = |record: &Record, name: &str| record.get(name).map(Value::to_string).unwrap_or_default();
    let contact = record.get("Contact").and_then(|contact| contact.get("Name")).and_then(Value::as_str).unwrap_or_default();
    let day = |name: &str| text(name).chars().take(10).collect::<String>();
    let mut lines = vec![
        organisation.to_owned(),
        String::new(),
        format!("{title} {}", text(kind.about().name)),
        contact.to_owned(),
        format!("Date {}", day("DateString")),
        String::new(),
    ];
    for line in record.get("LineItems").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
        let description = text_of(line, "Description").unwrap_or_default().lines().next().unwrap_or_default();
        lines.push(format!(
            "{description}   {} x {}   {}",
            amount(line, "Quantity"),
            amount(line, "UnitAmount"),
            amount(line, "LineAmount")
        ));
    }
    lines.push(String::new());
    for name in ["SubTotal", "TotalTax", "Total"] {
        lines.push(format!("{name} {} {}", amount(record, name), text("CurrencyCode")));
    }
    lines
}

fn record(call: &Call, kind: Kind, id: Uuid) -> Result<Record, Failure> {
    let found = call.shared.store.with(|connection| records::by_id(connection, call.caller.org.n, kind, id))?;
    match found.and_then(|(body, _)| serde_json::from_str(&body).ok()) {
        Some(Value::Object(record)) => Ok(record),
        _ => Err(Failure::Absent),
    }
}
