//! What a single record, and the answer to a write, shows beyond what is kept: the whole contact, the whole document of a payment, and
//! lists of mistakes even where there are none (the examples of `Xero OpenAPI 16.1.0`). Lists of records show all that in short.

use rusqlite::{Connection, params};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::answer::{Answer, Body};
use super::{Call, Failure};
use crate::xero::json::{self, Record, decimal_of, number, text_of};
use crate::xero::kinds::Kind;
use crate::xero::{money, records, zone};

/// What documents tell of their contact.
const CONTACT: [&str; 15] = [
    "ContactStatus",
    "FirstName",
    "LastName",
    "EmailAddress",
    "BankAccountDetails",
    "Addresses",
    "Phones",
    "UpdatedDateUTC",
    "ContactGroups",
    "IsSupplier",
    "IsCustomer",
    "DefaultCurrency",
    "SalesTrackingCategories",
    "PurchasesTrackingCategories",
    "ContactPersons",
];
/// What quotes tell of it.
const QUOTED: [&str; 3] = ["EmailAddress", "FirstName", "LastName"];

/// What payments tell of their document beyond what lists of payments tell.
const PAID: [&str; 18] = [
    "Payments",
    "Reference",
    "AmountDue",
    "AmountPaid",
    "SentToContact",
    "Date",
    "DateString",
    "DueDate",
    "DueDateString",
    "FullyPaidOnDate",
    "Status",
    "LineAmountTypes",
    "LineItems",
    "SubTotal",
    "TotalTax",
    "Total",
    "UpdatedDateUTC",
    "UpdatedDateUTCString",
];

/// The answer to a single record, made whole.
pub fn single(call: &Call, kind: Kind, answer: Answer) -> Result<Answer, Failure> {
    let text = match &answer.body {
        Body::Json(text) if is_shown_whole(kind) => text,
        _ => return Ok(answer),
    };
    let Ok(Value::Object(mut envelope)) = serde_json::from_str(text) else { return Ok(answer) };
    let record = envelope.get_mut(kind.collection()).and_then(|list| list.get_mut(0)).and_then(Value::as_object_mut);
    let Some(record) = record else { return Ok(answer) };
    call.shared.store.with(|connection| {
        if kind == Kind::Contacts {
            return balances(call, connection, record);
        }
        complete(connection, call.caller.org.n, kind, record)
    })?;
    if matches!(kind, Kind::Invoices | Kind::Items) {
        record.entry("ValidationErrors").or_insert_with(|| json!([]));
    }
    if kind.about().attachments && !matches!(kind, Kind::Contacts | Kind::Quotes) {
        record.entry("Attachments").or_insert_with(|| json!([]));
    }
    Ok(Answer::json(answer.status, Value::Object(envelope).to_string()))
}

/// The answer to a write of one record, made whole. `addressed`: it was sent to the record's own address.
pub fn written(connection: &Connection, org: i64, kind: Kind, addressed: bool, record: &mut Record) -> rusqlite::Result<()> {
    complete(connection, org, kind, record)?;
    if matches!(kind, Kind::ManualJournals | Kind::BankTransactions) && addressed {
        record.entry("Attachments").or_insert_with(|| json!([]));
    }
    let tells_mistakes = match kind {
        Kind::Items | Kind::BankTransfers => true,
        Kind::LinkedTransactions
        | Kind::BankTransactions
        | Kind::CreditNotes
        | Kind::ManualJournals
        | Kind::Payments
        | Kind::PurchaseOrders => !addressed,
        _ => false,
    };
    if tells_mistakes {
        record.entry("ValidationErrors").or_insert_with(|| json!([]));
    }
    Ok(())
}

fn is_shown_whole(kind: Kind) -> bool {
    kind.about().lines || matches!(kind, Kind::Payments | Kind::Items | Kind::BankTransfers | Kind::Contacts)
}

fn complete(connection: &Connection, org: i64, kind: Kind, record: &mut Record) -> rusqlite::Result<()> {
    let told: &[&str] = match kind {
        Kind::Invoices
        | Kind::CreditNotes
        | Kind::BankTransactions
        | Kind::Overpayments
        | Kind::Prepayments
        | Kind::PurchaseOrders => &CONTACT,
        Kind::Quotes => &QUOTED,
        Kind::Payments => return pay(connection, org, record),
        _ => return Ok(()),
    };
    if let Some(Value::Object(contact)) = record.get_mut("Contact") {
        fill(connection, org, Kind::Contacts, contact, told)?;
    }
    if !matches!(kind, Kind::Quotes | Kind::PurchaseOrders) {
        without_mistakes(record);
    }
    if matches!(kind, Kind::Overpayments | Kind::Prepayments) {
        let lines = record.get_mut("LineItems").and_then(Value::as_array_mut).into_iter().flatten();
        for line in lines.filter_map(Value::as_object_mut) {
            line.entry("DiscountEnteredAsPercent").or_insert(json!(true));
        }
    }
    Ok(())
}

/// A payment tells the name of its account and the whole document that it pays.
fn pay(connection: &Connection, org: i64, payment: &mut Record) -> rusqlite::Result<()> {
    if let Some(Value::Object(account)) = payment.get_mut("Account") {
        fill(connection, org, Kind::Accounts, account, &["Name"])?;
    }
    if let Some(Value::Object(paid)) = payment.get_mut("Invoice") {
        // Credit notes are shown as if they were invoices.
        let kind =
            if text_of(paid, "Type").is_some_and(|kind| kind.ends_with("CREDIT")) { Kind::CreditNotes } else { Kind::Invoices };
        fill(connection, org, kind, paid, &PAID)?;
        without_mistakes(paid);
    }
    if let Some(id) = text_of(payment, "BatchPaymentID").and_then(|id| Uuid::parse_str(id).ok())
        && let Some((body, _)) = records::by_id(connection, org, Kind::BatchPayments, id)?
        && let Ok(Value::Object(batch)) = serde_json::from_str(&body)
    {
        payment.insert("BatchPayment".into(), batch_of_payment(&batch));
    }
    Ok(())
}

/// The batch that a payment was made with; its amount and its mark are texts there.
fn batch_of_payment(batch: &Record) -> Value {
    let text = |name: &str| batch.get(name).map(Value::to_string);
    let told = |name: &str| batch.get(name).cloned().unwrap_or_default();
    json!({
        "Account": {"AccountID": batch.get("Account").and_then(|account| account.get("AccountID"))},
        "BatchPaymentID": told("BatchPaymentID"), "Date": told("Date"), "Type": told("Type"), "Status": told("Status"),
        "TotalAmount": text("TotalAmount"), "UpdatedDateUTC": told("UpdatedDateUTC"), "IsReconciled": text("IsReconciled"),
    })
}

fn without_mistakes(document: &mut Record) {
    let lines = document.get_mut("LineItems").and_then(Value::as_array_mut).into_iter().flatten();
    for line in lines.filter_map(Value::as_object_mut) {
        line.entry("ValidationErrors").or_insert_with(|| json!([]));
    }
}

/// What a contact owes and is owed, in the organisation's own currency. One with nothing open has no balances.
fn balances(call: &Call, connection: &Connection, contact: &mut Record) -> rusqlite::Result<()> {
    let Some(id) = text_of(contact, "ContactID").and_then(|id| Uuid::parse_str(id).ok()) else { return Ok(()) };
    let ledger = call.shared.xero.settings.ledger(connection, call.caller.org.n)?;
    let today_ms = json::midnight_ms(zone::today(&ledger.timezone, call.shared.clock.now()));
    let mut sums: [[Decimal; 2]; 2] = Default::default();
    let mut open = connection.prepare_cached(
        "SELECT body FROM xero_record WHERE org = ?1 AND kind = ?2 AND contact = ?3 AND status = 'AUTHORISED' AND due <> 0",
    )?;
    let mut rows = open.query(params![call.caller.org.n, Kind::Invoices.number(), id.as_bytes()])?;
    let mut any = false;
    while let Some(row) = rows.next()? {
        let Ok(Value::Object(invoice)) = serde_json::from_str(row.get_ref(0)?.as_str()?) else { continue };
        let rate = decimal_of(&invoice, "CurrencyRate").filter(|rate| !rate.is_zero()).unwrap_or(Decimal::ONE);
        let due = money::cents(decimal_of(&invoice, "AmountDue").unwrap_or_default() / rate);
        let [outstanding, overdue] = &mut sums[usize::from(text_of(&invoice, "Type") == Some("ACCPAY"))];
        *outstanding += due;
        if text_of(&invoice, "DueDate").and_then(json::ms_of).is_some_and(|day| day < today_ms) {
            *overdue += due;
        }
        any = true;
    }
    if any {
        let side = |[outstanding, overdue]: [Decimal; 2]| json!({"Outstanding": number(outstanding), "Overdue": number(overdue)});
        contact.insert("Balances".into(), json!({"AccountsReceivable": side(sums[0]), "AccountsPayable": side(sums[1])}));
    }
    Ok(())
}

/// Adds to the short form of a record what the record itself tells.
fn fill(connection: &Connection, org: i64, kind: Kind, short: &mut Record, told: &[&str]) -> rusqlite::Result<()> {
    let id = text_of(short, if kind == Kind::CreditNotes { "InvoiceID" } else { kind.id_field() });
    let Some(id) = id.and_then(|id| Uuid::parse_str(id).ok()) else { return Ok(()) };
    let Some((body, _)) = records::by_id(connection, org, kind, id)? else { return Ok(()) };
    let Ok(Value::Object(mut whole)) = serde_json::from_str(&body) else { return Ok(()) };
    for name in told {
        if let Some(value) = whole.remove(*name) {
            short.insert((*name).into(), value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_with_other_parts_is_shown_whole() {
        assert!(is_shown_whole(Kind::Invoices) && is_shown_whole(Kind::Payments));
        assert!(!is_shown_whole(Kind::Accounts) && !is_shown_whole(Kind::Organisations));
    }
}
