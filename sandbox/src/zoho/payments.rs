//! Customer and vendor payments, and what they do to the documents they are applied to.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::amounts;
use super::answer::Refusal;
use super::module::Module;
use super::records::{self, Brief, Desk, Record, decimal, e6, number};
use super::settings::started;
use super::shape::{self, Kind::*};
use super::{balances, custom_fields, documents, numbers, postings, refunds, settle};

const PAYMENT: &[(&str, shape::Kind)] = &[
    ("date", Date),
    ("payment_mode", Guess(100)),
    ("reference_number", Guess(100)),
    ("description", Guess(2000)),
    ("exchange_rate", Number),
    ("bank_charges", Number),
    ("tags", Tags),
];

/// `POST` and `PUT` of `/customerpayments` and `/vendorpayments`.
pub fn write(desk: &Desk, module: Module, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    let (id_key, name_key, kind) = documents::party_keys(module);
    let party = shape::id(body, id_key)?.or(record.party).ok_or_else(|| Refusal::missing(id_key))?;
    let contact = records::brief(desk, Module::Contacts, party)?;
    if contact.kind != kind || record.party.is_some_and(|was| was != party) {
        return Err(Refusal::invalid(id_key));
    }
    record.party = Some(party);
    record.set(id_key, party.to_string());
    record.set(name_key, contact.name.clone());
    shape::take(desk, body, PAYMENT, &mut record.detail)?;
    let required: &[&str] = if module == Module::CustomerPayments { &["date", "payment_mode"] } else { &["date"] };
    if let Some(name) = required.iter().find(|name| shape::text(&record.detail, name).is_none()) {
        return Err(Refusal::missing(name));
    }
    record.date = shape::text(&record.detail, "date").map(str::to_owned);
    let decimals = documents::currency(desk, &mut record, &contact, body)?;
    let amount = shape::amount(body, "amount")?
        .or_else(|| (!new).then(|| decimal(record.total_e6)))
        .ok_or_else(|| Refusal::missing("amount"))?;
    let amount = amounts::round(amount, decimals);
    if amount <= Decimal::ZERO {
        return Err(Refusal::invalid("amount"));
    }
    charges(&record, amount)?;
    record.total_e6 = e6(amount)?;
    account(desk, module, &mut record, body)?;
    if new {
        record.name = numbers::payment(desk, module)?;
        record.set("payment_number", record.name.clone());
        record.status = "paid".to_owned();
    }
    let touched = apply(desk, module, &mut record, body, decimals)?;
    custom_fields::apply(desk, module, &mut record, body)?;
    render(desk, module, &mut record)?;
    records::save(desk, module, &mut record, new)?;
    touched.into_iter().try_for_each(|document| settle::restate_document(desk, document, record.id))?;
    postings::post(desk, module, &record)?;
    Ok(record)
}

/// `DELETE`: what the payment had settled is owed again. A payment that was refunded stays.
pub fn remove(desk: &Desk, module: Module, record: &Record) -> Result<(), Refusal> {
    if refunds::any(desk, record.id)? {
        return Err(Refusal::new(1004, "The payment has refunds and cannot be deleted."));
    }
    let touched = settle::withdraw(desk, record.id)?;
    records::remove(desk, module, record)?;
    touched.into_iter().try_for_each(|document| settle::restate_document(desk, document, record.id))
}

fn list_key(module: Module) -> (&'static str, Module) {
    if module == Module::VendorPayments { ("bills", Module::Bills) } else { ("invoices", Module::Invoices) }
}

/// What a bank keeps of a payment is a part of it.
pub fn charges(record: &Record, amount: Decimal) -> Result<(), Refusal> {
    match shape::amount(&record.detail, "bank_charges")? {
        Some(charges) if charges < Decimal::ZERO || charges > amount => Err(Refusal::invalid("bank_charges")),
        _ => Ok(()),
    }
}

/// Types of accounts that money is paid out of.
pub const PAID_FROM: &[&str] = &["bank", "cash", "credit_card", "other_current_asset", "other_current_liability", "equity"];
/// Types of accounts that money is received in.
pub const RECEIVED_IN: &[&str] = &["bank", "cash", "other_current_asset", "other_current_liability", "equity"];

/// Where the money goes to or comes from.
fn account(desk: &Desk, module: Module, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    let (id_key, name_key, default, types): (_, _, _, &[&str]) = match module {
        Module::VendorPayments => ("paid_through_account_id", "paid_through_account_name", "Petty Cash", PAID_FROM),
        _ => ("account_id", "account_name", "Undeposited Funds", RECEIVED_IN),
    };
    let id = match shape::id(body, id_key)? {
        Some(id) => id,
        None if record.detail.contains_key(id_key) => return Ok(()),
        None => records::named(desk, Module::Accounts, default, 0)?.pop().ok_or_else(|| Refusal::missing(id_key))?.0,
    };
    let account = money_account(desk, id_key, id, types)?;
    record.set(id_key, id.to_string());
    record.set(name_key, account.name);
    Ok(())
}

/// An account that money can be kept in.
pub fn money_account(desk: &Desk, key: &str, id: i64, types: &[&str]) -> Result<Brief, Refusal> {
    let account = records::brief(desk, Module::Accounts, id)?;
    if !types.contains(&account.kind.as_str()) {
        return Err(Refusal::new(
            2,
            format!("Invalid value passed for {key}: money cannot be kept in an account of type {}.", account.kind),
        ));
    }
    Ok(account)
}

/// Replaces what the payment is applied to, when the body says so. Answers the documents to restate.
fn apply(
    desk: &Desk,
    module: Module,
    record: &mut Record,
    body: &Map<String, Value>,
    decimals: u32,
) -> Result<Vec<i64>, Refusal> {
    let (key, documents) = list_key(module);
    let mut touched = Vec::new();
    if let Some(sent) = body.get(key).filter(|sent| !sent.is_null()) {
        let sent = sent.as_array().ok_or_else(|| Refusal::invalid(key))?;
        touched = unapply(desk, record.id, documents)?;
        let mut named = Vec::with_capacity(sent.len());
        for one in sent {
            let (id, amount) = settle::entry(documents, one, decimals)?;
            if named.contains(&id) {
                return Err(Refusal::new(4, format!("The same {} is named twice.", documents.key())));
            }
            settle::apply(desk, documents, record, id, amount)?;
            named.push(id);
        }
        touched.extend(named.into_iter().filter(|id| !touched.contains(id)).collect::<Vec<_>>());
    }
    if module == Module::CustomerPayments
        && let Some(retainer) = shape::id(body, "retainerinvoice_id")?
    {
        touched.extend(unapply(desk, record.id, Module::RetainerInvoices)?);
        settle::apply(desk, Module::RetainerInvoices, record, retainer, decimal(record.total_e6))?;
        record.set("retainerinvoice_id", retainer.to_string());
        touched.push(retainer);
    }
    if settle::used(desk, record.id)? > decimal(record.total_e6) {
        return Err(Refusal::new(4, format!("The amount applied to the {key} is more than the amount of the payment.")));
    }
    Ok(touched)
}

/// Takes the payment off all documents of one kind.
fn unapply(desk: &Desk, payment: i64, documents: Module) -> Result<Vec<i64>, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "DELETE FROM zoho_applied WHERE payment = ?1 AND document IN (SELECT id FROM zoho_record WHERE id = document AND module = ?2) RETURNING document",
    )?;
    let rows = statement.query_map((payment, documents as i64), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Writes what the payment is applied to, and what is left of it, into the record.
pub fn render(desk: &Desk, module: Module, record: &mut Record) -> Result<(), Refusal> {
    let (key, documents) = list_key(module);
    let mut statement = desk.connection.prepare_cached(
        "SELECT a.id, a.document, a.amount_e6, r.name, r.date, r.total_e6, r.module FROM zoho_applied a JOIN zoho_record r ON r.id = a.document
         WHERE a.payment = ?1 ORDER BY a.id",
    )?;
    let rows = statement.query_map([record.id], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, i64>(2)?,
            row.get::<_, String>(3)?,
            row.get::<_, Option<String>>(4)?,
            row.get::<_, i64>(5)?,
            row.get::<_, i64>(6)?,
        ))
    })?;
    let decimals = balances::decimals(record);
    let shown = |value: Decimal| number(amounts::round(value, decimals));
    let (mut list, mut names, mut sum) = (Vec::new(), Vec::new(), 0);
    for row in rows {
        let (line, document, amount, name, date, total, kind) = row?;
        sum += amount;
        if kind != documents as i64 {
            continue;
        }
        let (number_key, line_key, total_key) = match module {
            Module::VendorPayments => ("bill_number", "bill_payment_id", "total"),
            _ => ("invoice_number", "invoice_payment_id", "invoice_amount"),
        };
        list.push(json!({
            line_key: line.to_string(), documents.id_key(): document.to_string(), number_key: name, "date": date,
            total_key: shown(decimal(total)), "amount_applied": shown(decimal(amount)),
        }));
        names.push(name);
    }
    record.balance_e6 = record.total_e6 - sum;
    let (amount, unused) = (decimal(record.total_e6), decimal(record.balance_e6));
    let rate = shape::amount(&record.detail, "exchange_rate")?.unwrap_or(Decimal::ONE);
    record.set(key, list);
    record.set(if module == Module::VendorPayments { "bill_numbers" } else { "invoice_numbers" }, names.join(","));
    record.set("amount", shown(amount));
    record.set("bcy_amount", number(amounts::round(amount * rate, 2)));
    record.set(if module == Module::VendorPayments { "balance" } else { "unused_amount" }, shown(unused));
    Ok(())
}
