//! A Xero contact as Zoho's: names, persons, addresses, telephones, terms, and notes for what has no field.

use serde_json::{Map, Value, json};

use super::contacts::{NAME_CHARS_MAX, Role};
use super::currencies;
use super::texts::clip;
use crate::flow::{Carry, Known};
use crate::xero::records::{Address, Contact, Term};
use crate::zoho;

const PERSON_CHARS_MAX: usize = 100;
const PHONE_CHARS_MAX: usize = 50;
const ATTENTION_CHARS_MAX: usize = 100;
const ADDRESS_CHARS_MAX: usize = 500;
const STREET2_CHARS_MAX: usize = 255;
const CITY_CHARS_MAX: usize = 100;
const ZIP_CHARS_MAX: usize = 50;
const NOTES_CHARS_MAX: usize = 5000;

/// What Zoho is told of a contact, under this name.
pub fn carry(role: Role, contact: &Contact, known: &Known, name: &str) -> Carry {
    let mut body = json!({
        "contact_name": name,
        "company_name": clip(contact.name.trim(), NAME_CHARS_MAX),
        "contact_type": role.zoho_type(),
        "notes": notes(contact),
    });
    if !contact.website.is_empty() {
        body["website"] = contact.website.clone().into();
    }
    if let Some(currency) = known.id(currencies::KEY, &contact.default_currency) {
        body["currency_id"] = currency.into();
    }
    if let Some(days) = days(role, contact) {
        body["payment_terms"] = days.into();
        body["payment_terms_label"] = if days == 0 { "Due on Receipt".into() } else { format!("Net {days}").into() };
    }
    let fax = phone(contact, &["FAX"]);
    for (kind, key) in [("POBOX", "billing_address"), ("STREET", "shipping_address")] {
        if let Some(found) = contact.addresses.iter().find(|address| address.address_type == kind && !address.is_empty()) {
            body[key] = address(found, &fax);
        }
    }
    let persons = persons(contact);
    let has_email = persons.iter().any(|person| person.get("email").is_some());
    if !persons.is_empty() {
        body["contact_persons"] = persons.into();
    }
    let mut then = Vec::new();
    if role == Role::Customer && has_email {
        then.push(zoho::Action::PAYMENT_REMINDER_OFF);
    }
    // The last one: the engine keeps it back until the contact's documents have arrived.
    if contact.is_archived() {
        then.push(zoho::Action::INACTIVE);
    }
    Carry::new(body).then(then)
}

/// What Zoho has no field for in every country, so that nothing gets lost.
fn notes(contact: &Contact) -> String {
    let mut notes = Vec::new();
    if contact.name.trim().chars().count() > NAME_CHARS_MAX {
        notes.push(format!("Full name: {}", contact.name.trim()));
    }
    for (what, value) in [
        ("Account number", &contact.account_number),
        ("Company number", &contact.company_number),
        ("Tax number", &contact.tax_number),
    ] {
        if !value.trim().is_empty() {
            notes.push(format!("{what}: {}", value.trim()));
        }
    }
    // Zoho Books has no groups of contacts.
    let groups: Vec<&str> = contact.groups().collect();
    if !groups.is_empty() {
        notes.push(format!("Groups: {}", groups.join(", ")));
    }
    clip(&notes.join("\n"), NOTES_CHARS_MAX).to_owned()
}

pub fn term(role: Role, contact: &Contact) -> Option<&Term> {
    let terms = contact.payment_terms.as_ref()?;
    match role {
        Role::Customer => terms.sales.as_ref(),
        Role::Vendor => terms.bills.as_ref(),
    }
}

/// Days after the document's date. Zoho has no counterpart for Xero's other terms; due dates are carried on each document anyway.
fn days(role: Role, contact: &Contact) -> Option<u32> {
    let term = term(role, contact).filter(|term| term.kind == "DAYSAFTERBILLDATE")?;
    term.day.and_then(|day| day.to_string().parse().ok()).filter(|days| *days <= 999)
}

fn phone(contact: &Contact, kinds: &[&str]) -> String {
    let of_kind =
        |kind: &str| contact.phones.iter().find(|phone| phone.phone_type == kind && !phone.phone_number.trim().is_empty());
    let written = kinds.iter().find_map(|kind| of_kind(kind)).map(|phone| phone.written()).unwrap_or_default();
    clip(&written, PHONE_CHARS_MAX).to_owned()
}

pub fn address(address: &Address, fax: &str) -> Value {
    let lines: Vec<&str> = address.lines().collect();
    let (first, others) = match lines.split_first() {
        Some((first, others)) => (*first, others.join(", ")),
        None => ("", String::new()),
    };
    // Four lines of Xero's are two of Zoho's; what does not fit the second one moves up.
    let (street, street2) = match others.chars().count() <= STREET2_CHARS_MAX {
        true => (first.to_owned(), others),
        false => (format!("{first}, {others}"), String::new()),
    };
    json!({
        "attention": clip(&address.attention_to, ATTENTION_CHARS_MAX),
        "address": clip(&street, ADDRESS_CHARS_MAX),
        "street2": street2,
        "city": clip(&address.city, CITY_CHARS_MAX),
        "state": clip(&address.region, CITY_CHARS_MAX),
        "zip": clip(&address.postal_code, ZIP_CHARS_MAX),
        "country": clip(&address.country, CITY_CHARS_MAX),
        "fax": fax,
    })
}

/// The main person first. A person without a name and an address is nobody.
fn persons(contact: &Contact) -> Vec<Value> {
    let (number, mobile) = (phone(contact, &["DEFAULT", "OFFICE", "DDI"]), phone(contact, &["MOBILE"]));
    let mut persons = Vec::new();
    let main = person(&contact.first_name, &contact.last_name, &contact.email_address);
    if !main.is_empty() || !number.is_empty() || !mobile.is_empty() {
        let mut main = main;
        main.insert("phone".into(), number.into());
        main.insert("mobile".into(), mobile.into());
        main.insert("is_primary_contact".into(), true.into());
        persons.push(main.into());
    }
    for other in &contact.contact_persons {
        let other = person(&other.first_name, &other.last_name, &other.email_address);
        if !other.is_empty() {
            persons.push(other.into());
        }
    }
    persons
}

fn person(first_name: &str, last_name: &str, email: &str) -> Map<String, Value> {
    [("first_name", first_name), ("last_name", last_name), ("email", email)]
        .into_iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(key, value)| (key.to_owned(), clip(value.trim(), PERSON_CHARS_MAX).into()))
        .collect()
}
