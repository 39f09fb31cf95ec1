//! Contacts: customers and vendors under one roof, and under one rule for names.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::custom_fields;
use super::module::Module;
use super::records::{self, Desk, Record};
use super::settings::started;
use super::shape::{self, Kind::*};

const CONTACT: &[(&str, shape::Kind)] = &[
    ("contact_name", Text(200)),
    ("company_name", Text(200)),
    ("contact_type", Choice(&["customer", "vendor"])),
    ("customer_sub_type", Choice(&["business", "individual"])),
    ("contact_number", Guess(100)),
    ("website", Guess(255)),
    ("language_code", Guess(10)),
    ("credit_limit", Number),
    ("payment_terms", Whole),
    ("payment_terms_label", Guess(100)),
    ("notes", Guess(5000)),
    ("billing_address", Address),
    ("shipping_address", Address),
    ("contact_persons", People),
    ("owner_id", Text(20)),
    ("is_taxable", Flag),
    ("tax_reg_no", Guess(50)),
    ("vat_reg_no", Guess(50)),
    ("gst_no", Guess(50)),
    ("vat_treatment", Guess(50)),
    ("tax_treatment", Guess(50)),
    ("gst_treatment", Guess(50)),
    ("country_code", Guess(10)),
    ("facebook", Guess(100)),
    ("twitter", Guess(100)),
    ("tags", Tags),
];

/// `POST` and `PUT /contacts`.
pub fn write(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    let type_was = was.as_ref().map(|record| record.kind.clone()).unwrap_or_default();
    let currency_was = was.as_ref().and_then(|record| record.currency);
    let mut record = started(desk, was)?;
    shape::take(desk, body, CONTACT, &mut record.detail)?;
    let name = shape::text(&record.detail, "contact_name").map(str::trim).filter(|name| !name.is_empty());
    record.name = name.ok_or_else(|| Refusal::missing("contact_name"))?.to_owned();
    record.kind = shape::text(&record.detail, "contact_type").unwrap_or("customer").to_owned();
    name_is_free(desk, &record)?;
    currency(desk, &mut record, body)?;
    tax(desk, &mut record, body)?;
    let moved = !new && (record.kind != type_was || record.currency != currency_was);
    if moved && records::has_transactions(desk, record.id)? {
        return Err(Refusal::new(4, "The type and the currency of a contact cannot be changed once it has transactions."));
    }
    present(desk, &mut record, new)?;
    custom_fields::apply(desk, Module::Contacts, &mut record, body)?;
    records::save(desk, Module::Contacts, &mut record, new)?;
    Ok(record)
}

/// 3062: the name is unique whatever its case. Whether a customer and a vendor may share one is not documented.
fn name_is_free(desk: &Desk, record: &Record) -> Result<(), Refusal> {
    let across = desk.on("zoho.contact_names_unique_across_types");
    for (_, kind) in records::named(desk, Module::Contacts, &record.name, record.id)? {
        if across || kind == record.kind {
            return Err(Refusal::new(
                3062,
                format!("The {kind} \"{}\" already exists. Please specify a different name.", record.name),
            ));
        }
    }
    Ok(())
}

fn currency(desk: &Desk, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    let id = shape::id(body, "currency_id")?.or(record.currency).unwrap_or(desk.org.currency_id);
    let currency = records::brief(desk, Module::Currencies, id)?;
    record.currency = Some(currency.id);
    record.set("currency_id", currency.id.to_string());
    record.set("currency_code", currency.name);
    Ok(())
}

fn tax(desk: &Desk, record: &mut Record, body: &Map<String, Value>) -> Result<(), Refusal> {
    if let Some(id) = shape::id(body, "tax_id")? {
        let tax = records::brief(desk, Module::Taxes, id)?;
        record.set("tax_id", tax.id.to_string());
        record.set("tax_name", tax.name);
        record.set("tax_percentage", records::number(tax.figure.normalize()));
    }
    Ok(())
}

/// Fills what Zoho shows without being told.
fn present(desk: &Desk, record: &mut Record, new: bool) -> Result<(), Refusal> {
    let (name, kind) = (record.name.clone(), record.kind.clone());
    record.set("contact_name", name.clone());
    record.set("contact_type", kind.clone());
    record.detail.remove(if kind == "vendor" { "customer_name" } else { "vendor_name" });
    record.set(if kind == "vendor" { "vendor_name" } else { "customer_name" }, name);
    if new {
        record.status = "active".to_owned();
        for (key, value) in [
            ("payment_terms", Value::from(0)),
            ("payment_terms_label", "Due on Receipt".into()),
            ("company_name", "".into()),
            ("notes", "".into()),
        ] {
            record.detail.entry(key).or_insert(value);
        }
    }
    people(desk, record)
}

/// Every person has an id, one of them is the primary, and lists show that one.
fn people(desk: &Desk, record: &mut Record) -> Result<(), Refusal> {
    let mut list = match record.detail.remove("contact_persons") {
        Some(Value::Array(list)) => list,
        _ => Vec::new(),
    };
    let strangers = list.iter().filter(|one| one.get("contact_person_id").is_none()).count();
    let mut id = if strangers > 0 { records::new_ids(desk, strangers)? } else { 0 };
    let primary = list.iter().position(|one| one.get("is_primary_contact") == Some(&Value::Bool(true))).unwrap_or(0);
    for (index, one) in list.iter_mut().enumerate() {
        let Some(one) = one.as_object_mut() else { continue };
        if !one.contains_key("contact_person_id") {
            one.insert("contact_person_id".to_owned(), id.to_string().into());
            id += 1;
        }
        one.insert("is_primary_contact".to_owned(), (index == primary).into());
    }
    for key in ["first_name", "last_name", "email", "phone", "mobile"] {
        let shown = list.get(primary).and_then(|one| one.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned();
        record.set(key, shown);
    }
    let primary_id = list.get(primary).and_then(|one| one.get("contact_person_id")).cloned();
    record.set("primary_contact_id", primary_id.unwrap_or_else(|| "".into()));
    record.set("contact_persons", list);
    Ok(())
}
