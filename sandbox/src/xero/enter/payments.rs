//! Payments of invoices and bills, refunds of credit notes, prepayments and overpayments. They are made and deleted, never changed.

use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{self, Record, decimal_of, text_of};
use crate::xero::kinds::Kind;
use crate::xero::ledger::chart::Account;
use crate::xero::locks::locked;
use crate::xero::money::{TOO_LARGE, is_bearable_at, rounded};
use crate::xero::{documents, ledger, records, totals};

/// What can be paid or refunded: the kind, where a payment names it, and the field that says what is open of it.
pub const PAYABLE: [(Kind, &str, &str); 4] = [
    (Kind::Invoices, "Invoice", "AmountDue"),
    (Kind::CreditNotes, "CreditNote", "RemainingCredit"),
    (Kind::Prepayments, "Prepayment", "RemainingCredit"),
    (Kind::Overpayments, "Overpayment", "RemainingCredit"),
];

/// What a payment is made of.
const MADE_OF: [&str; 8] = ["Amount", "Date", "Account", "CurrencyRate", "Status", "Invoice", "CreditNote", "BankAmount"];

/// What may be sent; the rest follows from it.
pub const WRITABLE: [&str; 17] = [
    "Invoice",
    "CreditNote",
    "Prepayment",
    "Overpayment",
    "InvoiceNumber",
    "CreditNoteNumber",
    "Account",
    "Code",
    "Date",
    "CurrencyRate",
    "Amount",
    "Reference",
    "IsReconciled",
    "Status",
    "BankAccountNumber",
    "Particulars",
    "Details",
];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    if known.is_new() { pay(desk, record) } else { delete(desk, known, record) }
}

/// A new payment.
fn pay(desk: &Desk, record: &mut Record) -> Result<(), No> {
    let (kind, id, mut paid, modified) = target(desk, record)?;
    let open = PAYABLE.iter().find(|(known, ..)| *known == kind).map_or("AmountDue", |(_, _, open)| *open);
    if !matches!(text_of(&paid, "Status"), Some("AUTHORISED" | "PAID")) {
        return Err("Payments can only be made against Authorised documents".into());
    }
    let amount = totals::amount(record, "Amount")?;
    if amount > decimal_of(&paid, open).unwrap_or_default() {
        return Err("Payment amount exceeds the amount outstanding on this document".into());
    }
    let account = account(desk, record)?;
    let base = desk.ledger.base_currency.as_str();
    let currency = text_of(&paid, "CurrencyCode").unwrap_or(base).to_owned();
    let banks_base = account.currency.is_empty() || account.currency == base;
    if !banks_base && account.currency != currency {
        return Err(format!("A payment in {currency} cannot be made to an account in {}", account.currency).into());
    }
    if currency == base {
        record.remove("CurrencyRate");
    } else if decimal_of(record, "CurrencyRate").is_some_and(|rate| rounded(rate, 6) <= Decimal::ZERO) {
        return Err("The CurrencyRate must be greater than zero".into());
    }
    if !is_bearable_at(amount, rounded(documents::payment_rate(record, &paid), 6)) {
        return Err(TOO_LARGE.into());
    }
    locked(desk, record.get("Date").and_then(json::date).unwrap_or(desk.today))?;
    let foreign = currency != base && banks_base;
    let named = account.id.to_string();
    documents::complete_payment(record, &paid, (&named, &account.code), foreign, desk.today);
    record.insert("Status".into(), "AUTHORISED".into());
    documents::note_payment(&mut paid, record);
    desk.keep(kind, id, desk.touched(modified), paid).map(|_| ())
}

/// Nothing else can be done to a payment by an app.
fn delete(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    let Some((was, _)) = &known.was else { return Err(No::Absent) };
    let sent = |name: &&str| known.sent.contains_key(*name);
    if text_of(&known.sent, "Status") != Some("DELETED") {
        // A person reconciles it and mends its reference.
        if !desk.by_app() && !MADE_OF.iter().any(sent) {
            return Ok(());
        }
        return Err("A payment cannot be changed, only deleted".into());
    }
    if text_of(was, "Status") == Some("DELETED") {
        return Err("Payment has already been deleted".into());
    }
    if desk.by_app() && was.contains_key("BatchPaymentID") {
        return Err("This payment was created as part of a batch and can only be deleted with it".into());
    }
    if desk.by_app() && was.get("IsReconciled") == Some(&json!(true)) && desk.on("xero.reconciled_payments_resist_deletion") {
        return Err("A payment that has been reconciled cannot be deleted".into());
    }
    *record = was.clone();
    undo(desk, record)
}

/// Marks a payment deleted and gives its document back what it paid.
pub fn undo(desk: &Desk, payment: &mut Record) -> Result<(), No> {
    locked(desk, payment.get("Date").and_then(json::date).unwrap_or(desk.today))?;
    payment.insert("Status".into(), "DELETED".into());
    let (kind, id, mut paid, modified) = target(desk, payment)?;
    documents::note_payment(&mut paid, payment);
    desk.keep(kind, id, desk.touched(modified), paid).map(|_| ())
}

/// The document that a payment names, by id or by number.
fn target(desk: &Desk, payment: &Record) -> Result<(Kind, Uuid, Record, i64), No> {
    let numbers = [("InvoiceNumber", Kind::Invoices), ("CreditNoteNumber", Kind::CreditNotes)];
    let by_number = numbers.into_iter().find_map(|(name, kind)| Some((kind, text_of(payment, name)?)));
    let named: Vec<_> = PAYABLE.iter().filter(|(_, name, _)| payment.get(*name).is_some_and(Value::is_object)).collect();
    let ((kind, name), by_number) = match (named.as_slice(), by_number) {
        ([(kind, name, _)], _) => {
            let number = payment.get(*name).and_then(|paid| paid.get(kind.about().name)).and_then(Value::as_str);
            ((*kind, *name), number.filter(|number| !number.is_empty()))
        }
        ([], Some((kind, number))) => ((kind, ""), Some(number)),
        _ => return Err("A payment needs exactly one of Invoice, CreditNote, Prepayment and Overpayment".into()),
    };
    let id = payment.get(name).and_then(|paid| paid.get(kind.id_field())).and_then(Value::as_str);
    let id = match id.map(Uuid::parse_str) {
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return Err(format!("{} is not an id", kind.id_field()).into()),
        None if kind.about().found_by_name => match by_number {
            Some(number) => records::by_name(desk.connection, desk.org.n, kind, number)?.into_iter().next().map(|(_, id)| id),
            None => None,
        },
        None => None,
    };
    // Payments of credit notes show them as invoices.
    let kinds: &[Kind] = if kind == Kind::Invoices { &[Kind::Invoices, Kind::CreditNotes] } else { &[kind] };
    for kind in kinds {
        if let Some(id) = id
            && let Some((paid, modified)) = desk.read(*kind, id)?
        {
            return Ok((*kind, id, paid, modified));
        }
    }
    let singular = kind.id_field().trim_end_matches("ID");
    Err(format!("An existing {singular} with the specified {} could not be found", kind.id_field()).into())
}

/// The account that the money comes to or from. A person's screen offers the first bank account.
pub fn account(desk: &Desk, record: &Record) -> Result<Account, No> {
    let chart = ledger::of_desk(desk)?;
    let code = record.get("Code").filter(|_| !record.contains_key("Account")).map(|code| json!({"Code": code}));
    let named = record.get("Account").or(code.as_ref());
    let account = match (chart.named(named), named) {
        (Some(account), _) => account,
        (None, None) if !desk.by_app() => chart.by_code("090").ok_or("there is no account `090`")?,
        (None, None) => return Err("An Account is required".into()),
        (None, Some(_)) => return Err("The account could not be found".into()),
    };
    if account.status == "ARCHIVED" {
        return Err(format!("Account '{}' is archived", account.code).into());
    }
    if !account.is_bank() && !account.payable {
        return Err(format!(
            "Payments cannot be made to account '{}': it is neither a bank account nor enabled for payments",
            account.code
        )
        .into());
    }
    Ok(account.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_paid_is_named_by_the_first_words_of_its_id() {
        for (kind, name, _) in PAYABLE {
            assert_eq!(kind.id_field(), format!("{name}ID"));
        }
    }
}
