//! A contact of Zoho's as Xero's. Lists (addresses, telephones, persons) are written whole in Xero, so they are made of what Zoho says
//! and of what only Xero has room for.

use serde_json::{Map, Value, json};

use super::contacts::{is_inactive, is_other_too, number};
use super::words::{country, list, text, tidy, typed};
use crate::flow::{Coming, Known, Sending, Unmappable};
use crate::flows::books::contact_body::address;
use crate::flows::books::contacts::{NAME_CHARS_MAX, Role, SUPPLIER};
use crate::flows::books::currencies;
use crate::flows::books::texts::{clip, same};
use crate::xero::records::{Contact, Phone};

pub(super) const PERSONS_MAX: usize = 5;
const NUMBER_CHARS_MAX: usize = 50;
const PHONE_CHARS_MAX: usize = 50;
const COUNTRY_CHARS_MAX: usize = 50;
/// Xero's word on how late a term can be. A longer one stays what it is there; each document has its own due date anyway.
const TERM_DAYS_MAX: i64 = 31;

/// A number that Zoho's notes keep: its word there, Xero's field, and Zoho's own fields for the like in some countries.
pub struct Number {
    pub word: &'static str,
    field: &'static str,
    own: &'static [&'static str],
}

pub const NUMBERS: [Number; 3] = [
    Number { word: "Account number", field: "AccountNumber", own: &[] },
    Number { word: "Company number", field: "CompanyNumber", own: &[] },
    Number { word: "Tax number", field: "TaxNumber", own: &["gst_no", "vat_reg_no", "tax_reg_no"] },
];

/// What Zoho says of a number. None: nothing, which is not that there is none: a person may have tidied the notes.
pub fn noted(record: &Value, number: &Number) -> Option<String> {
    let said = |line: &str| Some(line.trim().strip_prefix(number.word)?.strip_prefix(':')?.trim().to_owned());
    let own = || number.own.iter().map(|key| text(record, key)).find(|own| !own.is_empty()).map(str::to_owned);
    text(record, "notes").lines().find_map(said).or_else(own)
}

/// The persons of a contact in Zoho.
pub struct People<'a> {
    /// The primary one: Xero has it in the contact itself.
    pub main: &'a Value,
    /// The others that have a name or an e-mail address.
    pub others: Vec<&'a Value>,
}

pub fn people(record: &Value) -> People<'_> {
    let persons: Vec<&Value> = list(record, "contact_persons").collect();
    let main = persons.iter().position(|person| person["is_primary_contact"] == true).unwrap_or(0);
    let is_somebody = |person: &Value| PERSON.iter().any(|(key, _)| !text(person, key).is_empty());
    let others = persons.iter().enumerate().filter(|(n, person)| *n != main && is_somebody(person)).map(|(_, person)| *person);
    People { main: persons.get(main).copied().unwrap_or(record), others: others.collect() }
}

const PERSON: [(&str, &str); 3] = [("first_name", "FirstName"), ("last_name", "LastName"), ("email", "EmailAddress")];

/// Zoho's address and Xero's kind of it.
pub(super) const ADDRESSES: [(&str, &str); 2] = [("billing_address", "POBOX"), ("shipping_address", "STREET")];

pub fn to_xero(role: Role, coming: &Coming, known: &Known) -> Result<Sending, Unmappable> {
    let record = coming.record;
    let there = coming.there.map(|there| typed::<Contact>(there).ok_or_else(|| odd(record))).transpose()?;
    let mut body = Map::new();
    let mut tell = |key: &str, value: Value| {
        // What is empty in a new record need not be said.
        let says_nothing = value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty);
        if !(coming.is_new() && says_nothing) {
            body.insert(key.to_owned(), value);
        }
    };
    match &there {
        Some(there) => tell("ContactID", there.id.clone().into()),
        None => tell("ContactNumber", number(role, record).into()),
    }
    if coming.writes("name") {
        tell("Name", name(role, record, there.as_ref())?.into());
    }
    // Where Xero's contact has no main person, Zoho's is one of its others: they can only be written together.
    let together = there
        .as_ref()
        .is_some_and(|there| [&there.first_name, &there.last_name, &there.email_address].iter().all(|one| one.is_empty()));
    let (main, others) = (coming.writes("person"), coming.writes("persons"));
    if main || others && together {
        PERSON.iter().for_each(|(zoho, xero)| tell(xero, text(people(record).main, zoho).into()));
    }
    if others || main && together {
        tell("ContactPersons", persons(record, coming.there).into());
    }
    if coming.writes("addresses") {
        tell("Addresses", addresses(record, coming.there, there.as_ref()).into());
    }
    if coming.writes("phones") {
        tell("Phones", phones(record, coming.there, there.as_ref()).into());
    }
    if coming.writes("numbers") {
        for number in &NUMBERS {
            if let Some(value) = noted(record, number) {
                tell(number.field, clip(&value, NUMBER_CHARS_MAX).into());
            }
        }
    }
    let currency = text(record, "currency_code");
    if coming.is_new() && known.list(currencies::KEY).iter().any(|one| text(one, "Code") == currency) {
        tell("DefaultCurrency", currency.into());
    }
    if coming.writes("terms")
        && let Some(terms) = terms(role, record, coming.there)
    {
        tell("PaymentTerms", terms);
    }
    // A customer who is inactive may still be a supplier, who is not.
    let stays = is_inactive(record) && there.as_ref().is_some_and(|there| is_other_too(role, there));
    let is_said = if coming.is_new() { is_inactive(record) } else { coming.writes("archived") && !stays };
    if is_said {
        tell("ContactStatus", if is_inactive(record) { "ARCHIVED".into() } else { "ACTIVE".into() });
    }
    Ok(Sending::new(body.into()))
}

fn odd(record: &Value) -> Unmappable {
    Unmappable {
        code: "ODD_IN_XERO",
        sentence: format!(
            "Contact {} cannot be updated in Xero, because Xero shows it in a way that this product does not understand. \
             Change it in Xero by hand, then ignore this.",
            text(record, "contact_name")
        ),
        expected: false,
    }
}

/// Xero's name: Zoho's without the marks that were put behind it there, where every name is taken once.
fn name(role: Role, record: &Value, there: Option<&Contact>) -> Result<String, Unmappable> {
    let told = tidy(text(record, "contact_name"));
    if told.is_empty() {
        return Err(Unmappable {
            code: "NO_NAME",
            sentence: format!(
                "The Zoho contact {} has no name, and Xero wants one. Give it a name in Zoho Books, then retry.",
                text(record, "contact_id")
            ),
            expected: false,
        });
    }
    let Some(there) = there else {
        // Zoho takes a name once, so a vendor who is a customer too is marked there: in Xero that company is one.
        let plain = told.strip_suffix(SUPPLIER).filter(|plain| role == Role::Vendor && !plain.is_empty());
        return Ok(plain.unwrap_or(&told).to_owned());
    };
    let by_id = format!(" [{}]", there.id.get(..8).unwrap_or(&there.id));
    let by_number = format!(" [{}]", there.account_number.trim());
    let mut name = told.as_str();
    for mark in [by_id.as_str(), by_number.as_str(), if role == Role::Vendor && there.is_for_sales() { SUPPLIER } else { "" }] {
        name = name.strip_suffix(mark).filter(|rest| !rest.is_empty()).unwrap_or(name);
    }
    let now = there.name.trim();
    // What Zoho has of a name that is too long for it.
    let is_cut = now.chars().count() > NAME_CHARS_MAX && tidy(clip(now, NAME_CHARS_MAX)) == name;
    Ok(if is_cut { now.to_owned() } else { name.to_owned() })
}

fn persons(record: &Value, there: Option<&Value>) -> Vec<Value> {
    let of_xero = |person: &Value| {
        let person: Map<String, Value> = PERSON
            .iter()
            .map(|(zoho, xero)| ((*xero).to_owned(), text(person, zoho).into()))
            .filter(|(_, said)| said != "")
            .collect();
        let mut person = Value::from(person);
        // Whether it gets a copy of every letter is Xero's own.
        let alike = |other: &&Value| {
            let named = |one: &Value| format!("{} {}", text(one, "FirstName"), text(one, "LastName"));
            match text(&person, "EmailAddress") {
                "" => same(&named(other), &named(&person)),
                email => same(text(other, "EmailAddress"), email),
            }
        };
        let before = there.into_iter().flat_map(|there| list(there, "ContactPersons")).find(alike);
        if let Some(gets) = before.and_then(|before| before.get("IncludeInEmails")) {
            person["IncludeInEmails"] = gets.clone();
        }
        person
    };
    people(record).others.into_iter().take(PERSONS_MAX).map(of_xero).collect()
}

/// Both addresses. One that Zoho still has as it was told keeps Xero's four lines.
fn addresses(record: &Value, there: Option<&Value>, contact: Option<&Contact>) -> Vec<Value> {
    let mut addresses = Vec::new();
    for (key, kind) in ADDRESSES {
        let said = &record[key];
        let now = there.into_iter().flat_map(|there| list(there, "Addresses")).find(|one| text(one, "AddressType") == kind);
        let typed = contact.and_then(|contact| contact.addresses.iter().find(|one| one.address_type == kind));
        let told = typed.filter(|typed| !typed.is_empty()).map_or_else(|| json!({}), |typed| address(typed, ""));
        let is_as_told = |zoho: &str| text(&told, zoho) == text(said, zoho);
        if let Some(now) = now.filter(|_| PARTS.iter().all(|(zoho, _)| is_as_told(zoho))) {
            addresses.push(now.clone());
            continue;
        }
        let mut address = json!({ "AddressType": kind });
        for (zoho, xero) in PARTS {
            address[xero] = match zoho {
                "country" if is_as_told(zoho) => typed.map(|typed| typed.country.clone()).unwrap_or_default().into(),
                "country" => clip(&country(text(said, zoho)), COUNTRY_CHARS_MAX).into(),
                _ => text(said, zoho).lines().map(str::trim).collect::<Vec<_>>().join(", ").into(),
            };
        }
        // A new contact needs no empty address; one of an update takes away what was there.
        if now.is_some() || PARTS.iter().any(|(zoho, _)| !text(said, zoho).is_empty()) {
            addresses.push(address);
        }
    }
    addresses
}

const PARTS: [(&str, &str); 7] = [
    ("attention", "AttentionTo"),
    ("address", "AddressLine1"),
    ("street2", "AddressLine2"),
    ("city", "City"),
    ("state", "Region"),
    ("zip", "PostalCode"),
    ("country", "Country"),
];

/// All telephones that Xero has, with those in place that Zoho has otherwise.
fn phones(record: &Value, there: Option<&Value>, contact: Option<&Contact>) -> Vec<Value> {
    let mut phones: Vec<Value> = there.into_iter().flat_map(|there| list(there, "Phones")).cloned().collect();
    let main = people(record).main;
    let said = [
        (["DEFAULT", "OFFICE", "DDI"].as_slice(), Some(text(main, "phone"))),
        (["MOBILE"].as_slice(), Some(text(main, "mobile"))),
        (["FAX"].as_slice(), fax(record, contact)),
    ];
    for (kinds, said) in said {
        let shown = contact.and_then(|contact| kinds.iter().find_map(|kind| written(contact, kind).map(|phone| (*kind, phone))));
        let Some(said) = said.filter(|said| *said != shown.map(|(_, phone)| phone.written()).unwrap_or_default()) else {
            continue;
        };
        let kind = shown.map_or(kinds[0], |(kind, _)| kind);
        let phone =
            json!({ "PhoneType": kind, "PhoneNumber": clip(said, PHONE_CHARS_MAX), "PhoneAreaCode": "", "PhoneCountryCode": "" });
        match phones.iter_mut().find(|one| text(one, "PhoneType") == kind) {
            Some(one) => *one = phone,
            None => phones.push(phone),
        }
    }
    phones
}

fn written<'a>(contact: &'a Contact, kind: &str) -> Option<&'a Phone> {
    contact.phones.iter().find(|phone| phone.phone_type == kind && !phone.phone_number.trim().is_empty())
}

/// The fax stands in both addresses: what a person changed is the one that is not as Xero has it. None where there is no address to
/// stand in.
fn fax<'a>(record: &'a Value, contact: Option<&Contact>) -> Option<&'a str> {
    let now = contact.and_then(|contact| written(contact, "FAX")).map(Phone::written).unwrap_or_default();
    let has_place = |address: &Value| {
        ["fax", "address", "street2", "city", "state", "zip", "country"].iter().any(|key| !text(address, key).is_empty())
    };
    let told: Vec<&str> = ADDRESSES
        .iter()
        .map(|(key, _)| &record[*key])
        .filter(|address| has_place(address))
        .map(|address| text(address, "fax"))
        .collect();
    told.iter().find(|fax| **fax != now).or(told.first()).copied()
}

/// The terms of both sides, of which this role's is as Zoho has it.
fn terms(role: Role, record: &Value, there: Option<&Value>) -> Option<Value> {
    let days = record["payment_terms"].as_i64().filter(|days| (0..=TERM_DAYS_MAX).contains(days))?;
    let mut terms = there.map(|there| there["PaymentTerms"].clone()).filter(Value::is_object).unwrap_or_else(|| json!({}));
    let side = match role {
        Role::Customer => "Sales",
        Role::Vendor => "Bills",
    };
    terms[side] = json!({ "Day": days, "Type": "DAYSAFTERBILLDATE" });
    Some(terms)
}
