//! Allocations: credit notes, prepayments and overpayments applied to invoices and bills, and taken back.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::{Answer, Call, Failure, as_answered, elements};
use super::desk::{By, Desk, No};
use super::documents;
use super::json::{self, Record, decimal_of, number, text_of};
use super::kinds::Kind;
use super::locks::locked;
use super::totals;

/// Whether credits of this kind can be applied.
pub fn are_offered(kind: Kind) -> bool {
    matches!(kind, Kind::CreditNotes | Kind::Prepayments | Kind::Overpayments)
}

/// `PUT /{list}/{id}/Allocations`.
pub fn allocate(call: &Call, kind: Kind, id: &str) -> Result<Answer, Failure> {
    let id = Uuid::parse_str(id).map_err(|_| Failure::Absent)?;
    let elements = elements(call, "Allocations")?;
    let alone = call.answers_alone();
    let answered = call.shared.store.atomically(|connection| {
        let desk = Desk::open(call.shared, connection, call.caller.org.clone(), By::App)?;
        let (mut answered, mut wrong) = (Vec::new(), Vec::new());
        for sent in elements {
            connection.execute_batch("SAVEPOINT allocation")?;
            match apply(&desk, kind, id, &sent) {
                Ok(mut allocation) => {
                    connection.execute_batch("RELEASE allocation")?;
                    // The answer to a write has lists of mistakes even where there are none.
                    for told in ["", "/Invoice"] {
                        if let Some(told) = allocation.pointer_mut(told).and_then(Value::as_object_mut) {
                            told.insert("ValidationErrors".into(), json!([]));
                        }
                    }
                    answered.push(allocation);
                }
                Err(No::Store(error)) => return Err(Failure::Store(error)),
                Err(No::Absent) => return Err(Failure::Absent),
                Err(No::Says(says)) => {
                    connection.execute_batch("ROLLBACK TO allocation; RELEASE allocation")?;
                    let mut refused = sent;
                    as_answered(&mut refused);
                    let errors: Vec<Value> = says.iter().map(|says| json!({"Message": says})).collect();
                    refused.insert("StatusAttributeString".into(), "ERROR".into());
                    refused.insert("ValidationErrors".into(), errors.into());
                    answered.push(Value::Object(refused.clone()));
                    wrong.push(Value::Object(refused));
                }
            }
        }
        if wrong.is_empty() || alone { Ok(answered) } else { Err(Failure::Invalid(wrong)) }
    });
    call.shared.xero.memo.changed();
    let texts: Vec<String> = answered?.iter().map(Value::to_string).collect();
    Ok(Answer::collection(call.shared, "Allocations", "", &texts.join(",")))
}

/// `DELETE /{list}/{id}/Allocations/{AllocationID}`.
pub fn release(call: &Call, kind: Kind, id: &str, allocation: &str) -> Result<Answer, Failure> {
    let (Ok(id), Ok(_)) = (Uuid::parse_str(id), Uuid::parse_str(allocation)) else { return Err(Failure::Absent) };
    let answered = call.shared.store.atomically(|connection| {
        let desk = Desk::open(call.shared, connection, call.caller.org.clone(), By::App)?;
        take_back(&desk, kind, id, allocation).map_err(|no| match no {
            No::Store(error) => Failure::Store(error),
            No::Absent => Failure::Absent,
            No::Says(says) => Failure::Bad { number: 10, kind: "ValidationException", says: says.join(" ") },
        })
    });
    call.shared.xero.memo.changed();
    // This one has no envelope.
    Ok(Answer::json(200, answered?.to_string()))
}

fn apply(desk: &Desk, kind: Kind, id: Uuid, sent: &Record) -> Result<Value, No> {
    let (mut credit, credit_modified) = desk.read(kind, id)?.ok_or(No::Absent)?;
    let amount = totals::amount(sent, "Amount")?;
    let date = sent.get("Date").and_then(json::date).ok_or("Date is required")?;
    locked(desk, date)?;
    let invoice_id = sent.get("Invoice").and_then(|invoice| invoice.get("InvoiceID")).and_then(Value::as_str);
    let invoice_id = invoice_id.and_then(|id| Uuid::parse_str(id).ok()).ok_or("Invoice.InvoiceID is required")?;
    let (mut invoice, invoice_modified) =
        desk.read(Kind::Invoices, invoice_id)?.ok_or("An existing Invoice with the specified InvoiceID could not be found")?;
    check(&credit, &invoice, amount)?;

    let allocation_id = Uuid::new_v4();
    let mut allocation = Record::new();
    json::set_date(&mut allocation, "Date", date, false);
    for (name, value) in [
        ("AllocationID", json!(allocation_id)),
        ("Amount", number(amount)),
        (
            "Invoice",
            json!({
                "InvoiceID": invoice_id, "InvoiceNumber": invoice.get("InvoiceNumber"), "Type": invoice.get("Type"),
                "CurrencyRate": invoice.get("CurrencyRate"), "Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": [],
                "HasErrors": false, "IsDiscounted": false, "LineItems": [],
            }),
        ),
    ] {
        allocation.insert(name.into(), value);
    }
    push(&mut credit, "Allocations", allocation.clone());
    documents::settle_credit(&mut credit);

    let mut applied = Record::new();
    json::set_date(&mut applied, "Date", date, true);
    for (name, value) in [
        (kind.id_field(), json!(id)),
        ("ID", json!(id)),
        ("AppliedAmount", number(amount)),
        ("Total", credit.get("Total").cloned().unwrap_or_default()),
        ("LineItems", json!([])),
    ] {
        applied.insert(name.into(), value);
    }
    if let Some(number) = credit.get("CreditNoteNumber") {
        applied.insert("CreditNoteNumber".into(), number.clone());
        applied.insert("HasErrors".into(), false.into());
    }
    // The invoice lists what was applied to it under the name of its kind.
    push(&mut invoice, kind.collection(), applied);
    documents::settle(&mut invoice);
    desk.keep(Kind::Invoices, invoice_id, desk.touched(invoice_modified), invoice)?;
    desk.keep(kind, id, desk.touched(credit_modified), credit)?;
    allocation.insert(kind.id_field().trim_end_matches("ID").into(), json!({kind.id_field(): id, "ID": id, "LineItems": []}));
    allocation.insert("StatusAttributeString".into(), "OK".into());
    Ok(Value::Object(allocation))
}

fn check(credit: &Record, invoice: &Record, amount: Decimal) -> Result<(), No> {
    if text_of(credit, "Status") != Some("AUTHORISED") {
        return Err("Only authorised credits can be allocated".into());
    }
    if text_of(invoice, "Status") != Some("AUTHORISED") {
        return Err("The document to allocate to must be authorised".into());
    }
    let receivable = text_of(invoice, "Type") == Some("ACCREC");
    let given = text_of(credit, "Type").unwrap_or_default();
    if receivable
        != matches!(given, "ACCRECCREDIT" | "RECEIVE-OVERPAYMENT" | "RECEIVE-PREPAYMENT" | "AROVERPAYMENT" | "ARPREPAYMENT")
    {
        return Err("A credit of a customer is allocated to invoices, one of a supplier to bills".into());
    }
    let contact = |record: &Record| record.get("Contact").and_then(|contact| contact.get("ContactID")).cloned();
    if contact(credit) != contact(invoice) {
        return Err("The credit and the document must be of the same contact".into());
    }
    if text_of(credit, "CurrencyCode") != text_of(invoice, "CurrencyCode") {
        return Err("The credit and the document must be in the same currency".into());
    }
    if amount > decimal_of(credit, "RemainingCredit").unwrap_or_default() {
        return Err("The amount exceeds the remaining credit".into());
    }
    if amount > decimal_of(invoice, "AmountDue").unwrap_or_default() {
        return Err("The amount exceeds the amount outstanding on this document".into());
    }
    Ok(())
}

fn push(record: &mut Record, list: &str, entry: Record) {
    if let Some(list) = record.entry(list).or_insert_with(|| json!([])).as_array_mut() {
        list.push(Value::Object(entry));
    }
}

fn take_back(desk: &Desk, kind: Kind, id: Uuid, allocation: &str) -> Result<Value, No> {
    let (mut credit, credit_modified) = desk.read(kind, id)?.ok_or(No::Absent)?;
    let same = |entry: &Value| {
        entry.get("AllocationID").and_then(Value::as_str).is_some_and(|known| known.eq_ignore_ascii_case(allocation))
    };
    let list = credit.get_mut("Allocations").and_then(Value::as_array_mut).ok_or(No::Absent)?;
    let at = list.iter().position(same).ok_or(No::Absent)?;
    let taken = list.remove(at);
    if let Some(date) = taken.get("Date").and_then(json::date) {
        locked(desk, date)?;
    }
    documents::settle_credit(&mut credit);
    let invoice_id = taken.get("Invoice").and_then(|invoice| invoice.get("InvoiceID")).and_then(Value::as_str);
    if let Some(Ok(invoice_id)) = invoice_id.map(Uuid::parse_str)
        && let Some((mut invoice, modified)) = desk.read(Kind::Invoices, invoice_id)?
    {
        // Two of one credit, one amount and one day are alike: either may go.
        let amount = taken.get("Amount").and_then(json::decimal);
        let id = json!(id);
        if let Some(list) = invoice.get_mut(kind.collection()).and_then(Value::as_array_mut)
            && let Some(at) = list.iter().position(|entry| {
                entry.get(kind.id_field()) == Some(&id) && entry.get("AppliedAmount").and_then(json::decimal) == amount
            })
        {
            list.remove(at);
        }
        documents::settle(&mut invoice);
        desk.keep(Kind::Invoices, invoice_id, desk.touched(modified), invoice)?;
    }
    desk.keep(kind, id, desk.touched(credit_modified), credit)?;
    Ok(json!({
        "AllocationId": allocation, "Date": taken.get("Date"), "Invoice": [{"InvoiceID": invoice_id}], "IsDeleted": true,
    }))
}
