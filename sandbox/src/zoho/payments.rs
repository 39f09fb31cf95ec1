//! Customer and vendor payments, and what they do to the documents they are applied to.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::amounts;
use super::answer::Refusal;
use super::module::Module;
use super::records::{self, Desk, Record, decimal, e6, number};
use super::settings::started;
use super::shape::{self, Kind::*};
use super::{custom_fields, documents, numbers};

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
    for document in touched {
        restate_document(desk, module, document)?;
    }
    Ok(record)
}

/// `DELETE`: what the payment had settled is owed again.
pub fn remove(desk: &Desk, module: Module, record: &Record) -> Result<(), Refusal> {
    let touched = applied(desk, record.id)?;
    desk.connection.prepare_cached("DELETE FROM zoho_applied WHERE payment = ?1")?.execute([record.id])?;
    records::remove(desk, module, record)?;
    touched.into_iter().try_for_each(|document| restate_document(desk, module, document))
}

/// Takes every payment off a document; the money stays with the contact.
pub fn release(desk: &Desk, documents: Module, document: i64) -> Result<(), Refusal> {
    let module = if documents == Module::Bills { Module::VendorPayments } else { Module::CustomerPayments };
    let payments = ids(desk, "SELECT payment FROM zoho_applied WHERE document = ?1", document)?;
    desk.connection.prepare_cached("DELETE FROM zoho_applied WHERE document = ?1")?.execute([document])?;
    for payment in payments {
        let mut record = records::need(desk, module, payment)?;
        render(desk, module, &mut record)?;
        records::save(desk, module, &mut record, false)?;
    }
    Ok(())
}

fn list_key(module: Module) -> (&'static str, Module) {
    if module == Module::VendorPayments { ("bills", Module::Bills) } else { ("invoices", Module::Invoices) }
}

/// Where the money goes to or comes from.
fn account(desk: &Desk, module: Module, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    let (id_key, name_key, default, types): (_, _, _, &[&str]) = match module {
        Module::VendorPayments => (
            "paid_through_account_id",
            "paid_through_account_name",
            "Petty Cash",
            &["bank", "cash", "credit_card", "other_current_asset", "other_current_liability", "equity"],
        ),
        _ => (
            "account_id",
            "account_name",
            "Undeposited Funds",
            &["bank", "cash", "other_current_asset", "other_current_liability", "equity"],
        ),
    };
    let id = match shape::id(body, id_key)? {
        Some(id) => id,
        None if record.detail.contains_key(id_key) => return Ok(()),
        None => records::named(desk, Module::Accounts, default, 0)?.pop().ok_or_else(|| Refusal::missing(id_key))?.0,
    };
    let account = records::brief(desk, Module::Accounts, id)?;
    if !types.contains(&account.kind.as_str()) {
        return Err(Refusal::new(
            2,
            format!("Invalid value passed for {id_key}: money cannot be kept in an account of type {}.", account.kind),
        ));
    }
    record.set(id_key, id.to_string());
    record.set(name_key, account.name);
    Ok(())
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
        touched = applied(desk, record.id)?;
        let sent = sent.as_array().ok_or_else(|| Refusal::invalid(key))?;
        desk.connection.prepare_cached("DELETE FROM zoho_applied WHERE payment = ?1")?.execute([record.id])?;
        for entry in sent {
            let document = apply_one(desk, documents, record, entry, decimals)?;
            if !touched.contains(&document) {
                touched.push(document);
            }
        }
    }
    if applied_sum(desk, record.id)? > decimal(record.total_e6) {
        return Err(Refusal::new(4, format!("The amount applied to the {key} is more than the amount of the payment.")));
    }
    Ok(touched)
}

fn apply_one(desk: &Desk, documents: Module, payment: &Record, entry: &Value, decimals: u32) -> Result<i64, Refusal> {
    let entry = entry.as_object().ok_or_else(|| Refusal::invalid(documents.path()))?;
    let id = shape::id(entry, documents.id_key())?.ok_or_else(|| Refusal::missing(documents.id_key()))?;
    let amount = shape::amount(entry, "amount_applied")?.ok_or_else(|| Refusal::missing("amount_applied"))?;
    let amount = amounts::round(amount, decimals);
    if amount <= Decimal::ZERO {
        return Err(Refusal::invalid("amount_applied"));
    }
    let document = records::read(desk, documents, id)?.ok_or_else(|| Refusal::unknown(documents.noun()))?;
    let noun = documents.key();
    if document.party != payment.party {
        return Err(Refusal::new(4, format!("The {noun} {} does not belong to this contact.", document.name)));
    }
    if document.currency != payment.currency {
        return Err(Refusal::new(4, format!("The {noun} {} is in another currency.", document.name)));
    }
    if matches!(document.status.as_str(), "draft" | "void") {
        return Err(Refusal::new(4, format!("Payments cannot be recorded for a {} {noun}.", document.status)));
    }
    if amount > decimal(document.total_e6) - documents::paid(desk, id)? {
        return Err(Refusal::new(4, format!("The amount applied is more than the balance of the {noun} {}.", document.name)));
    }
    let line = records::new_ids(desk, 1)?;
    desk.connection
        .prepare_cached("INSERT INTO zoho_applied (payment, document, id, amount_e6) VALUES (?1, ?2, ?3, ?4)")?
        .execute((payment.id, id, line, e6(amount)?))
        .map_err(|_| Refusal::new(4, format!("The {noun} {} is named twice.", document.name)))?;
    Ok(id)
}

fn restate_document(desk: &Desk, payments: Module, id: i64) -> Result<(), Refusal> {
    let (_, module) = list_key(payments);
    let mut document = records::need(desk, module, id)?;
    let paid = documents::paid(desk, id)?;
    documents::restate(desk, module, &mut document, paid)?;
    records::save(desk, module, &mut document, false)
}

/// Writes what the payment is applied to, and what is left of it, into the record.
fn render(desk: &Desk, module: Module, record: &mut Record) -> Result<(), Refusal> {
    let (key, documents) = list_key(module);
    let mut statement = desk.connection.prepare_cached(
        "SELECT a.id, a.document, a.amount_e6, r.name, r.date, r.total_e6 FROM zoho_applied a JOIN zoho_record r ON r.id = a.document WHERE a.payment = ?1 ORDER BY a.id",
    )?;
    let rows = statement.query_map([record.id], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, i64>(2)?,
            row.get::<_, String>(3)?,
            row.get::<_, Option<String>>(4)?,
            row.get::<_, i64>(5)?,
        ))
    })?;
    let decimals = record.detail.get("price_precision").and_then(Value::as_u64).map_or(2, |decimals| decimals as u32);
    let shown = |value: Decimal| number(amounts::round(value, decimals));
    let (mut list, mut names, mut sum) = (Vec::new(), Vec::new(), 0);
    for row in rows {
        let (line, document, amount, name, date, total) = row?;
        let (number_key, line_key, total_key) = match module {
            Module::VendorPayments => ("bill_number", "bill_payment_id", "total"),
            _ => ("invoice_number", "invoice_payment_id", "invoice_amount"),
        };
        list.push(json!({
            line_key: line.to_string(), documents.id_key(): document.to_string(), number_key: name, "date": date,
            total_key: shown(decimal(total)), "amount_applied": shown(decimal(amount)),
        }));
        names.push(name);
        sum += amount;
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

fn applied(desk: &Desk, payment: i64) -> Result<Vec<i64>, Refusal> {
    ids(desk, "SELECT document FROM zoho_applied WHERE payment = ?1", payment)
}

fn applied_sum(desk: &Desk, payment: i64) -> Result<Decimal, Refusal> {
    let sum: i64 = desk
        .connection
        .prepare_cached("SELECT coalesce(sum(amount_e6), 0) FROM zoho_applied WHERE payment = ?1")?
        .query_row([payment], |row| row.get(0))?;
    Ok(decimal(sum))
}

fn ids(desk: &Desk, sql: &str, of: i64) -> Result<Vec<i64>, Refusal> {
    let mut statement = desk.connection.prepare_cached(sql)?;
    let rows = statement.query_map([of], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
