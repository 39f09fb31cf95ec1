//! The persons of Xero's contacts → CRM contacts, each with its account or its vendor. Xero gives persons no ids: they are told apart by
//! their place in the contact.

use serde_json::Value;

use super::accounts::{self, only};
use super::parties::{self, Said, Words};
use super::{module, refusals, vendors};
use crate::flow::{Authority, By, Carry, Cure, Field, Flow, Known, Line, Look, Need, Unmappable, Wanted};
use crate::flows::books::texts::same;
use crate::side::{Refusal, Trouble};
use crate::xero::Record;
use crate::xero::records::{Address, CONTACTS, Contact, Person};
use crate::{xero, zoho};

pub struct Contacts;

pub const KEY: &str = "crm.contacts";

const FIRST_NAME_CHARS_MAX: usize = 40;
const LAST_NAME_CHARS_MAX: usize = 80;
const EMAIL: &str = "Email";

impl Flow for Contacts {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Contact persons";
    const READ_WITH: Option<&'static str> = Some(accounts::KEY);
    const AFTER: &'static [&'static str] = &[accounts::KEY, vendors::KEY];
    const XERO: xero::Resource = CONTACTS;
    const ZOHO: zoho::Resource = module("Contacts", &[("fields", "Last_Name")]);
    type Xero = Person;

    fn read(body: &[u8]) -> Result<Vec<Result<Person, xero::Odd>>, Trouble> {
        let mut all = Vec::new();
        for contact in xero::read_records::<Contact>(&CONTACTS, body)? {
            match contact {
                Ok(contact) => all.extend(Person::all_of(contact).into_iter().map(Ok)),
                Err(odd) => all.push(Err(odd)),
            }
        }
        Ok(all)
    }
    fn wanted(_: &Person) -> Wanted {
        Wanted::Carry
    }
    fn needs(person: &Person) -> Vec<Need> {
        let need = |flow| Need { flow, key: person.of.id.clone(), by: By::Id };
        let mut needs = Vec::new();
        if person.of.is_for_sales {
            needs.push(need(accounts::KEY));
        }
        if person.of.is_supplier {
            needs.push(need(vendors::KEY));
        }
        needs
    }
    fn to_zoho(person: &Person, known: &Known) -> Result<Carry, Unmappable> {
        Ok(Carry::new(body(person, known, EMAIL)))
    }
    fn fields() -> &'static [Field<Person>] {
        &[
            Field {
                name: "name",
                authority: Authority::Xero,
                print: |person, printer| {
                    printer.text(Some(&person.first_name)).text(Some(&person.last_name));
                },
            },
            Field {
                name: "email",
                authority: Authority::Xero,
                print: |person, printer| {
                    printer.text(Some(&person.email_address));
                },
            },
            Field {
                name: "phones",
                authority: Authority::Xero,
                print: |person, printer| {
                    for kind in ["DEFAULT", "OFFICE", "DDI", "MOBILE", "FAX"] {
                        printer.text(Some(&number(person, &[kind])));
                    }
                },
            },
            Field {
                name: "address",
                authority: Authority::Xero,
                print: |person, printer| parties::print_address(place(person), printer),
            },
            Field {
                name: "party",
                authority: Authority::Xero,
                print: |person, printer| {
                    printer.flag(person.of.is_for_sales).flag(person.of.is_supplier);
                },
            },
        ]
    }
    fn removed(outer: &str) -> Option<Unmappable> {
        Some(Unmappable {
            code: "PERSON_GONE",
            sentence: format!(
                "A person of {outer} is no longer in Xero. CRM keeps the contact: delete it there if nobody needs it."
            ),
            expected: true,
        })
    }
    fn look(person: &Person, _: &Known) -> Look {
        let is_looked_for = parties::is_email(person.email_address.trim());
        accounts::looked_for(EMAIL, if is_looked_for { &person.email_address } else { "" })
    }
    /// By the address and the name: two people may share one mailbox.
    fn find_in(person: &Person, existing: &[Value]) -> Option<String> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        only(existing, |row| same(&text(row, EMAIL), &person.email_address) && same(&text(row, "Last_Name"), &last_name(person)))
    }
    fn cure(person: &Person, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        // CRM takes each address once, and Xero does not mind: the second person has it as a second address.
        match (refusals::is_taken(refusal, EMAIL), attempt) {
            (true, 1) => Cure::Again(Carry::new(body(person, known, "Secondary_Email"))),
            _ => refusals::hold(&person.label(), refusal),
        }
    }
    fn xero_line(_: &Person) -> Line {
        parties::line()
    }
    fn zoho_line(_: &Value) -> Option<Line> {
        Some(parties::line())
    }
}

fn body(person: &Person, known: &Known, email: &str) -> Value {
    let (mut said, mut words) = (Said::default(), Words::default());
    if !person.last_name.trim().is_empty() {
        said.text("First_Name", &person.first_name, FIRST_NAME_CHARS_MAX);
    }
    said.text("Last_Name", &last_name(person), LAST_NAME_CHARS_MAX)
        .email(email, &person.email_address, &mut words)
        .text("Phone", &number(person, &["DEFAULT", "OFFICE", "DDI"]), 30)
        .text("Mobile", &number(person, &["MOBILE"]), 30)
        .text("Fax", &number(person, &["FAX"]), 30)
        .address("Mailing_", "Zip", place(person))
        .lookup("Account_Name", known.id(accounts::KEY, &person.of.id))
        .lookup("Vendor_Name", known.id(vendors::KEY, &person.of.id))
        .words(words);
    said.done()
}

/// CRM wants a last name; one who has none is called by the first, or by the address.
fn last_name(person: &Person) -> String {
    match person.last_name.trim() {
        "" => person.name(),
        last_name => last_name.to_owned(),
    }
}

/// A number with a letter or a digit in it: anything else is none to CRM.
fn number(person: &Person, kinds: &[&str]) -> String {
    let written = |kind: &&str| {
        let of_kind = person.phones.iter().find(|phone| phone.phone_type == *kind);
        of_kind.map(|phone| phone.written()).filter(|written| written.chars().any(char::is_alphanumeric))
    };
    kinds.iter().find_map(written).unwrap_or_default()
}

fn place(person: &Person) -> Option<&Address> {
    let of_kind = |kind: &str| person.addresses.iter().find(|address| address.address_type == kind && !address.is_empty());
    of_kind("POBOX").or_else(|| of_kind("STREET"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn people(extra: Value) -> Vec<Person> {
        let mut record = json!({"ContactID": "c-1", "Name": "Ada Ltd", "IsCustomer": true, "FirstName": "Ada", "LastName": "Lovelace", "EmailAddress": "ada@example.com"});
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let body = json!({ "Contacts": [record] }).to_string();
        Contacts::read(body.as_bytes()).unwrap().into_iter().map(Result::unwrap).collect()
    }

    fn known() -> Known {
        let mut known = Known::default();
        known.learn(accounts::KEY, "c-1", "57");
        known.learn(vendors::KEY, "c-1", "58");
        known
    }

    #[test]
    fn everybody_in_a_contact_is_somebody_by_their_place() {
        let all = people(json!({
            "ContactPersons": [{"FirstName": "Bob", "EmailAddress": "bob@example.com"}, {"FirstName": " "}, {"EmailAddress": "sales@example.com"}],
            "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1234"}, {"PhoneType": "MOBILE", "PhoneNumber": "021"}],
            "Addresses": [{"AddressType": "POBOX", "AddressLine1": "P O Box 1", "City": "Wellington"}],
        }));
        let ids: Vec<&str> = all.iter().map(|person| person.id.as_str()).collect();
        assert_eq!(ids, ["c-1:0", "c-1:1", "c-1:3"]);
        let bodies: Vec<Value> = all.iter().map(|person| Contacts::to_zoho(person, &known()).unwrap().body).collect();
        assert_eq!(
            bodies[0],
            json!({"First_Name": "Ada", "Last_Name": "Lovelace", "Email": "ada@example.com", "Phone": "1234", "Mobile": "021", "Mailing_Street": "P O Box 1",
                   "Mailing_City": "Wellington", "Account_Name": {"id": "57"}, "Vendor_Name": {"id": "58"}})
        );
        assert_eq!((&bodies[1]["Last_Name"], bodies[1].get("First_Name"), bodies[1].get("Phone")), (&json!("Bob"), None, None));
        assert_eq!(bodies[2]["Last_Name"], "sales@example.com");
    }

    #[test]
    fn a_person_waits_for_the_account_and_the_vendor_that_the_contact_is() {
        let flows = |extra: Value| {
            people(extra).first().map(|person| Contacts::needs(person).iter().map(|need| need.flow).collect::<Vec<_>>()).unwrap()
        };
        assert_eq!(flows(json!({})), [accounts::KEY]);
        assert_eq!(flows(json!({"IsSupplier": true})), [accounts::KEY, vendors::KEY]);
        assert_eq!(flows(json!({"IsCustomer": false, "IsSupplier": true})), [vendors::KEY]);
        assert!(people(json!({"FirstName": "", "LastName": null, "EmailAddress": ""})).is_empty());
    }

    #[test]
    fn an_address_that_another_has_becomes_the_second_one() {
        let ada = &people(json!({}))[0];
        let refusal = Refusal { status: 400, code: "DUPLICATE_DATA".into(), message: "duplicate data (Email)".into() };
        let Cure::Again(carry) = Contacts::cure(ada, &known(), &refusal, 1) else { panic!("not tried again") };
        assert_eq!((&carry.body["Secondary_Email"], carry.body.get("Email")), (&json!("ada@example.com"), None));
        let Cure::Hold(held) = Contacts::cure(ada, &known(), &refusal, 2) else { panic!("not held") };
        assert!(held.sentence.starts_with("Ada Lovelace of Ada Ltd was refused"), "{}", held.sentence);
    }

    #[test]
    fn a_contact_with_the_address_and_the_name_is_the_person() {
        let ada = &people(json!({}))[0];
        let row = |id: &str, last_name: &str| json!({"id": id, "Email": "ADA@example.com", "Last_Name": last_name});
        assert_eq!(Contacts::find_in(ada, &[row("1", "Byron"), row("2", "lovelace")]).as_deref(), Some("2"));
        assert_eq!(Contacts::find_in(ada, &[row("1", "Byron")]), None);
    }
}
