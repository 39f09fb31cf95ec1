//! The laws of contacts that run both ways: what comes back from Zoho is what Xero has; what Zoho tells Xero stays as people wrote it;
//! a change of one field leaves the others alone; and a company that is two contacts in Zoho comes to rest.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::contact_body::{PERSONS_MAX, people};
use super::contact_spare::spare;
use super::contacts::{CUSTOMERS, VENDORS};
use super::words::country;
use crate::flow::{Back, Coming, Flow, Known};
use crate::flows::books::contacts::Role;
use crate::flows::books::customers::Customers;
use crate::flows::books::lens::{a_contact, known, promised, read};
use crate::flows::books::vendors::Vendors;
use crate::print::{FIELD_PRINT_BYTES, PrintKey, Printer};
use crate::xero::records::Contact;

fn back(role: Role) -> Back {
    match role {
        Role::Customer => CUSTOMERS,
        Role::Vendor => VENDORS,
    }
}

/// Zoho's contact after this write.
fn zoho_answers(was: Option<&Value>, body: &Value) -> Value {
    let mut record = was.cloned().unwrap_or_else(
        || json!({ "contact_id": "460000000026049", "status": "active", "payment_terms": 0, "currency_code": "NZD" }),
    );
    for (key, value) in body.as_object().unwrap() {
        record[key] = value.clone();
    }
    if let Some(persons) = record["contact_persons"].as_array_mut() {
        let main = persons.iter().position(|person| person["is_primary_contact"] == true).unwrap_or(0);
        for (n, person) in persons.iter_mut().enumerate() {
            person["is_primary_contact"] = (n == main).into();
            if person["contact_person_id"].is_null() {
                person["contact_person_id"] = format!("new {n}").into();
            }
        }
    }
    record
}

/// Xero's contact after this write: single values where they are told, lists whole, and every kind of address and telephone shown.
fn xero_answers(was: Option<&Value>, body: &Value) -> Value {
    let mut record =
        was.cloned().unwrap_or_else(|| json!({ "ContactID": "bd2270c3-8706-4c11-9cfb-000b551c3f51", "ContactStatus": "ACTIVE" }));
    for (key, value) in body.as_object().unwrap() {
        record[key] = value.clone();
    }
    for (list, key, kinds) in [
        ("Addresses", "AddressType", ["STREET", "POBOX"].as_slice()),
        ("Phones", "PhoneType", &["DEFAULT", "DDI", "FAX", "MOBILE"]),
    ] {
        let sent = record[list].as_array().cloned().unwrap_or_default();
        let of = |kind: &str| sent.iter().find(|one| one[key] == kind).cloned().unwrap_or_else(|| json!({ key: kind }));
        record[list] = kinds.iter().map(|kind| of(kind)).chain(sent.iter().filter(|one| one[key] == "OFFICE").cloned()).collect();
    }
    record
}

/// The fields by which these differ.
fn differ(names: &[&'static str], one: &[u8], other: &[u8]) -> Vec<&'static str> {
    let of = |prints: &[u8], n: usize| prints[n * FIELD_PRINT_BYTES..(n + 1) * FIELD_PRINT_BYTES].to_vec();
    names.iter().enumerate().filter(|(n, _)| of(one, *n) != of(other, *n)).map(|(_, name)| *name).collect()
}

fn names() -> Vec<&'static str> {
    Customers::fields().iter().map(|field| field.name).collect()
}

fn key() -> PrintKey {
    PrintKey::new([7; 32])
}

fn zoho_prints(record: &Value) -> Vec<u8> {
    CUSTOMERS.prints(record, &key())
}

fn xero_prints(record: &Value) -> Vec<u8> {
    let (contact, key) = (read::<Contact>(record), key());
    let mut printer = Printer::new(&key);
    let print = |field: &crate::flow::Field<Contact>| {
        (field.print)(&contact, &mut printer);
        printer.finish()
    };
    Customers::fields().iter().flat_map(print).collect()
}

fn to_zoho(role: Role, xero: &Value) -> Value {
    let contact = read::<Contact>(xero);
    match role {
        Role::Customer => Customers::to_zoho(&contact, &known()),
        Role::Vendor => Vendors::to_zoho(&contact, &known()),
    }
    .unwrap()
    .body
}

/// What is promised, where no term in Xero is Zoho's term of none.
fn said(role: Role, xero: &Value) -> Vec<String> {
    let mut said = promised(role, &read(xero));
    if let Some(term) = said.last_mut().filter(|term| term.is_empty()) {
        term.push('0');
    }
    said[0] = said[0].split_whitespace().collect::<Vec<_>>().join(" ");
    said
}

/// The contact as Zoho has it right after the migration.
fn migrated(role: Role, xero: &Value) -> Value {
    zoho_answers(None, &to_zoho(role, xero))
}

fn to_xero(role: Role, record: &Value, there: Option<&Value>, changed: &[&'static str]) -> Value {
    (back(role).to_xero)(&Coming { record, there, changed }, &Known::default()).unwrap().body
}

/// A contact that people made in Zoho.
fn a_zoho_contact() -> impl Strategy<Value = Value> {
    let word = || prop_oneof![Just(String::new()), "[\\p{L}\\p{N} &'東-]{0,30}".prop_map(|text: String| text.trim().to_owned())];
    let person = (word(), word(), word(), word()).prop_map(
        |(first, last, email, phone)| json!({ "first_name": first, "last_name": last, "email": email, "phone": phone }),
    );
    let address = (prop::collection::vec(word(), 5), "[A-Za-z ]{0,20}", "[0-9 ]{0,12}").prop_map(|(words, country, fax)| {
        // A second line without a first one moves up, as Xero's lines do.
        let (first, second) = if words[0].is_empty() { (&words[1], "") } else { (&words[0], words[1].as_str()) };
        let country = country.split_whitespace().collect::<Vec<_>>().join(" ");
        let has_place = [first.as_str(), words[2].as_str(), words[3].as_str(), words[4].as_str(), &country].iter().any(|part| !part.is_empty());
        let fax = if has_place { fax.trim() } else { "" };
        json!({ "address": first, "street2": second, "city": words[2], "state": words[3], "zip": words[4], "country": country, "fax": fax })
    });
    let lists = (prop::collection::vec(person, 0..8), address.clone(), address, 0u32..32, word(), "[\\p{L} ]{0,40}");
    ("[\\p{L}\\p{N}&.東]{1,60}", word(), lists, any::<bool>()).prop_map(|(name, company, (persons, mut billing, mut shipping, days, number, note), inactive)| {
        let mut persons = persons;
        persons.retain(|person| ["first_name", "last_name", "email"].iter().any(|key| person[*key] != ""));
        // Xero has one fax.
        let fax = [&billing, &shipping].iter().map(|one| one["fax"].clone()).find(|fax| *fax != "").unwrap_or_else(|| "".into());
        for address in [&mut billing, &mut shipping] {
            let has_place = ["address", "city", "state", "zip", "country"].iter().any(|key| address[*key] != "");
            address["fax"] = if has_place { fax.clone() } else { "".into() };
        }
        let notes = format!("{note}\nAccount number: {number}\nCalls on Mondays");
        zoho_answers(None, &json!({
            "contact_name": name, "company_name": company, "contact_persons": persons, "billing_address": billing, "shipping_address": shipping,
            "payment_terms": days, "notes": notes, "status": if inactive { "inactive" } else { "active" },
        }))
    })
}

/// What a person may do to a contact in Zoho, and in which field it shows.
fn an_edit() -> impl Strategy<Value = (&'static str, String)> {
    (
        prop::sample::select(vec!["name", "person", "persons", "addresses", "phones", "numbers", "terms", "archived"]),
        "[a-zA-Z0-9]{1,12}",
    )
}

fn edited(record: &Value, field: &str, word: &str) -> Value {
    let mut record = record.clone();
    if record["contact_persons"].as_array().is_none_or(Vec::is_empty) && matches!(field, "person" | "persons" | "phones") {
        record["contact_persons"] = json!([{ "first_name": "Somebody" }]);
    }
    match field {
        "name" => record["contact_name"] = format!("{word} Limited").into(),
        "person" => record["contact_persons"][0]["last_name"] = word.into(),
        "persons" => record["contact_persons"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "first_name": word, "designation": "Boss", "is_primary_contact": false })),
        "addresses" => record["billing_address"]["city"] = word.into(),
        "phones" => record["contact_persons"][0]["mobile"] = word.into(),
        "numbers" => record["notes"] = format!("Tax number: {word}\n{}", record["notes"].as_str().unwrap_or_default()).into(),
        "terms" => record["payment_terms"] = (word.len() * 2).into(),
        _ => record["status"] = if record["status"] == "inactive" { "active".into() } else { "inactive".into() },
    }
    zoho_answers(Some(&record), &Value::Object(Map::new()))
}

/// A company that Zoho has twice, with the prints of both pairs as last settled.
struct Company {
    xero: Value,
    zoho: [(Role, Value); 2],
    settled: [(Vec<u8>, Vec<u8>); 2],
}

impl Company {
    fn new(xero: Value) -> Self {
        let zoho = [Role::Customer, Role::Vendor].map(|role| (role, migrated(role, &xero)));
        let settled = [0, 1].map(|n| (xero_prints(&xero), zoho_prints(&zoho[n].1)));
        Self { xero, zoho, settled }
    }

    /// One lane of the engine: what changed in Zoho goes to Xero, then what changed in Xero goes to Zoho. Answers how many writes it took.
    fn meet(&mut self, n: usize) -> usize {
        let (role, record) = &mut self.zoho[n];
        let mut writes = 0;
        let told = differ(&names(), &self.settled[n].1, &zoho_prints(record));
        if !told.is_empty() {
            let body = to_xero(*role, record, Some(&self.xero), &told);
            self.xero = xero_answers(Some(&self.xero), &body);
            writes += 1;
        }
        let heard: Vec<_> = differ(&names(), &self.settled[n].0, &xero_prints(&self.xero))
            .into_iter()
            .filter(|field| !told.contains(field))
            .collect();
        if !heard.is_empty() {
            let mut body = to_zoho(*role, &self.xero);
            spare(record, &heard, &mut body);
            *record = zoho_answers(Some(record), &body);
            if heard.contains(&"archived") {
                record["status"] = if self.xero["ContactStatus"] == "ARCHIVED" { "inactive".into() } else { "active".into() };
            }
            writes += 1;
        }
        self.settled[n] = (xero_prints(&self.xero), zoho_prints(record));
        writes
    }
}

proptest! {
    #![proptest_config(crate::trials::cases(500))]

    #[test]
    fn what_comes_back_is_what_xero_has(record in a_contact()) {
        let mut record = record;
        for address in record["Addresses"].as_array_mut().unwrap() {
            // Xero takes no other letters.
            address["Country"] = country(address["Country"].as_str().unwrap()).into();
        }
        // Nor a term of more days than a month has.
        for side in ["Sales", "Bills"] {
            if let Some(days) = record["PaymentTerms"][side]["Day"].as_u64() {
                record["PaymentTerms"][side]["Day"] = (days % 32).into();
            }
        }
        // Nor is there a company of persons of whom none is the first.
        let is_nobody = ["FirstName", "LastName", "EmailAddress"].iter().all(|key| record[*key] == "");
        if is_nobody && !record["ContactPersons"].as_array().unwrap().is_empty() {
            record["FirstName"] = "Somebody".into();
        }
        let xero = xero_answers(None, &record);
        for role in [Role::Customer, Role::Vendor] {
            let zoho = migrated(role, &xero);
            let back = xero_answers(Some(&xero), &to_xero(role, &zoho, Some(&xero), &names()));
            prop_assert_eq!(said(role, &back), said(role, &xero), "{}", zoho);
            // Addresses keep their four lines, telephones their parts.
            let kept = [&back, &xero].map(|one| (one["Addresses"].clone(), one["Phones"].clone()));
            prop_assert_eq!(&kept[0], &kept[1]);
            // A new one has it too.
            let new = xero_answers(None, &to_xero(role, &zoho, None, &[]));
            prop_assert_eq!(said(role, &new), said(role, &xero), "{}", zoho);
        }
    }

    #[test]
    fn what_people_wrote_in_zoho_stays(record in a_zoho_contact()) {
        for role in [Role::Customer, Role::Vendor] {
            let xero = xero_answers(None, &to_xero(role, &record, None, &[]));
            let mut body = to_zoho(role, &xero);
            spare(&record, &names(), &mut body);
            let back = zoho_answers(Some(&record), &body);
            prop_assert_eq!(differ(&names(), &zoho_prints(&back), &zoho_prints(&record)), Vec::<&str>::new(), "{} became {}", record, back);
            // What only Zoho has room for is there too.
            prop_assert!(back["notes"].as_str().unwrap().ends_with("Calls on Mondays"));
            let phones = |one: &Value| one["contact_persons"].as_array().unwrap().iter().map(|person| person["phone"].clone()).collect::<Vec<_>>();
            let twins = record["contact_persons"].as_array().unwrap().iter().map(|person| person["email"].to_string() + &person["first_name"].to_string()).collect::<std::collections::BTreeSet<_>>();
            if twins.len() == record["contact_persons"].as_array().unwrap().len() {
                prop_assert_eq!(phones(&back).len(), phones(&record).len());
            }
        }
    }

    #[test]
    fn a_change_of_one_field_leaves_the_others_alone(record in a_contact(), (field, word) in an_edit()) {
        let xero = xero_answers(None, &record);
        for role in [Role::Customer, Role::Vendor] {
            let before = migrated(role, &xero);
            let zoho = edited(&before, field, &word);
            let changed = differ(&names(), &zoho_prints(&before), &zoho_prints(&zoho));
            let after = xero_answers(Some(&xero), &to_xero(role, &zoho, Some(&xero), &changed));
            let heard = differ(&names(), &xero_prints(&xero), &xero_prints(&after));
            // Where Xero's contact had no main person the two fields are one.
            let is_one = |name: &&&str| changed.contains(name) || **name == "person" || **name == "persons";
            prop_assert!(heard.iter().all(|name| is_one(&name)), "{:?} changed, {:?} was heard", changed, heard);
            if changed == [field] && !matches!(field, "person" | "persons") {
                // A contact that is neither in Xero is a customer, so a vendor alone does not archive it.
                let stays = field == "archived" && role == Role::Vendor;
                prop_assert_eq!(heard.is_empty(), stays, "{} to {}", field, word);
            }
        }
    }

    #[test]
    fn a_company_that_zoho_has_twice_comes_to_rest(record in a_contact(), edits in prop::collection::vec((0usize..2, an_edit()), 1..4)) {
        let mut record = record;
        record["IsCustomer"] = true.into();
        record["IsSupplier"] = true.into();
        let mut company = Company::new(xero_answers(None, &record));
        for (n, (field, word)) in &edits {
            company.zoho[*n].1 = edited(&company.zoho[*n].1, field, word);
        }
        // At most: each edited one to Xero, and what the other one said back to it.
        let rounds: Vec<usize> = (0..4).map(|_| company.meet(0) + company.meet(1)).collect();
        prop_assert_eq!(&rounds[2..], &[0, 0], "{:?} took {:?}", edits, rounds);
        let [customer, vendor] = &company.zoho;
        let same: Vec<_> = differ(&names(), &zoho_prints(&customer.1), &zoho_prints(&vendor.1));
        let own = ["name", "terms", "archived"];
        // Beyond those that Xero has room for, persons are Zoho's own.
        let is_beyond = company.zoho.iter().any(|(_, record)| people(record).others.len() > PERSONS_MAX);
        let is_own = |field: &&str| own.contains(field) || is_beyond && *field == "persons";
        prop_assert!(same.iter().all(is_own), "{:?}: {} and {}", same, customer.1, vendor.1);
    }
}
