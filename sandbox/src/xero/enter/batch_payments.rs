//! Batch payments: many payments of one kind that reach the bank as one sum. Made and deleted as one.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{payments, too_long};
use crate::xero::desk::{Desk, How, Known, No};
use crate::xero::json::{self, Record, number, text_of};
use crate::xero::kinds::Kind;
use crate::xero::{ledger, totals};

/// What may be sent; the rest follows from it.
pub const WRITABLE: [&str; 9] =
    ["Account", "Reference", "Particulars", "Code", "Details", "Narrative", "Date", "Payments", "Status"];

const LONGEST: [(&str, usize); 5] = [("Reference", 255), ("Particulars", 12), ("Code", 12), ("Narrative", 18), ("Details", 18)];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    if !known.is_new() {
        return delete(desk, known, record);
    }
    if desk.by_app() && known.how != How::Create {
        return Err("Batch payment could not be found".into());
    }
    let bank = super::bank_transactions::bank(desk, record.get("Account"))?;
    desk.refuse(too_long(record, &LONGEST, None))?;
    let date = record.get("Date").and_then(json::date).unwrap_or(desk.today);
    json::set_date(record, "Date", date, true);
    let sent = match record.remove("Payments") {
        Some(Value::Array(list)) if !list.is_empty() => list,
        _ => return Err("A batch payment needs payments".into()),
    };
    let mut total = Decimal::ZERO;
    let mut type_ = None;
    let mut paid = Vec::with_capacity(sent.len());
    for sent in sent {
        let Value::Object(sent) = sent else { return Err("a payment is an object".into()) };
        let amount = totals::amount(&sent, "Amount")?;
        let mut payment = Record::new();
        for name in ["Invoice", "BankAccountNumber", "Particulars", "Details", "Reference"] {
            if let Some(value) = sent.get(name) {
                payment.insert(name.into(), value.clone());
            }
        }
        let id = Uuid::new_v4();
        for (name, value) in [
            ("PaymentID", json!(id)),
            ("Amount", number(amount)),
            ("Date", json!(date.to_string())),
            ("Account", json!({"AccountID": bank.id})),
        ] {
            payment.insert(name.into(), value);
        }
        let payment_known = Known { kind: Kind::Payments, id, was: None, sent: payment.clone(), how: known.how };
        payments::enter(desk, &payment_known, &mut payment)?;
        let own = match text_of(&payment, "PaymentType") {
            Some("ACCRECPAYMENT") => "RECBATCH",
            Some("ACCPAYPAYMENT") => "PAYBATCH",
            _ => return Err("A batch payment pays invoices or bills".into()),
        };
        if *type_.get_or_insert(own) != own {
            return Err("A batch payment cannot pay both invoices and bills".into());
        }
        total += amount;
        payment.insert("BatchPaymentID".into(), json!(known.id));
        let mut shown = json!({
            "Invoice": payment.get("Invoice"), "PaymentID": id, "Amount": payment.get("Amount"), "BankAmount": payment.get("BankAmount"),
        });
        if let Some(reference) = payment.get("Reference") {
            shown["Reference"] = reference.clone();
        }
        desk.keep(Kind::Payments, id, desk.now_ms, payment)?;
        paid.push(shown);
    }
    let currency = if bank.currency.is_empty() { ledger::of_desk(desk)?.base.clone() } else { bank.currency };
    for (name, value) in [
        ("Account", json!({"AccountID": bank.id, "CurrencyCode": currency})),
        ("Payments", Value::Array(paid)),
        ("Type", json!(type_)),
        ("Status", json!("AUTHORISED")),
        ("TotalAmount", number(crate::xero::cents(total))),
        ("IsReconciled", json!(false)),
    ] {
        record.insert(name.into(), value);
    }
    Ok(())
}

/// Deletes its payments with it.
fn delete(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let Some((was, _)) = &known.was else { return Err(No::Absent) };
    if text_of(&known.sent, "Status") != Some("DELETED") {
        return Err("A batch payment cannot be changed, only deleted".into());
    }
    if text_of(was, "Status") == Some("DELETED") {
        return Err("Batch payment has already been deleted".into());
    }
    *record = was.clone();
    record.insert("Status".into(), "DELETED".into());
    for paid in was.get("Payments").and_then(Value::as_array).into_iter().flatten() {
        let id = paid.get("PaymentID").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
        if let Some(id) = id
            && let Some((mut payment, modified)) = desk.read(Kind::Payments, id)?
            && text_of(&payment, "Status") != Some("DELETED")
        {
            payments::undo(desk, &mut payment)?;
            desk.keep(Kind::Payments, id, desk.touched(modified), payment)?;
        }
    }
    record.insert("Payments".into(), json!([]));
    Ok(())
}
