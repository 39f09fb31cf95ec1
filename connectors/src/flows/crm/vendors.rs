//! Xero contacts we buy from → CRM vendors.

use serde_json::Value;

use super::accounts::{self, looked_for, mark, marked, name, only, taken};
use super::parties::{self, NAME_CHARS_MAX, Said, Words};
use super::{module, refusals};
use crate::flow::{Carry, Cure, Field, Flow, Known, Line, Look, Need, Unmappable, Wanted};
use crate::flows::books::texts::{clip, same};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{CONTACTS, Contact};
use crate::{xero, zoho};

pub struct Vendors;

pub const KEY: &str = "crm.vendors";

const NAME: &str = "Vendor_Name";

impl Flow for Vendors {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Vendors";
    const READ_WITH: Option<&'static str> = Some(accounts::KEY);
    const MARKED_BESIDE_NATIVE: bool = true;
    const CAN_BE_OFF: bool = false;
    /// Xero calls a contact a supplier only after the first bill.
    const ON_CALL: bool = true;
    const AFTER: &'static [&'static str] = &[];
    const XERO: xero::Resource = CONTACTS;
    const ZOHO: zoho::Resource =
        zoho::Resource { words: &[zoho::Word::Once { key: "Description" }], ..module("Vendors", &[("fields", "Vendor_Name")]) };
    type Xero = Contact;

    fn wanted(contact: &Contact) -> Wanted {
        if contact.is_supplier { Wanted::Carry } else { Wanted::Skip }
    }
    fn needs(_: &Contact) -> Vec<Need> {
        Vec::new()
    }
    fn to_zoho(contact: &Contact, _: &Known) -> Result<Carry, Unmappable> {
        let name = name(contact)?;
        Ok(Carry::new(body(contact, clip(name, NAME_CHARS_MAX))))
    }
    fn fields() -> &'static [Field<Contact>] {
        parties::fields()
    }
    fn look(contact: &Contact, _: &Known) -> Look {
        looked_for(NAME, &contact.name)
    }
    fn find_in(contact: &Contact, existing: &[Value]) -> Option<String> {
        only(existing, |row| row[NAME].as_str().is_some_and(|name| same(name, &contact.name)))
    }
    fn cure(contact: &Contact, _: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        if !refusals::is_taken(refusal, NAME) {
            return refusals::hold(&contact.label(), refusal);
        }
        match mark(contact, attempt) {
            Some(mark) => Cure::Again(Carry::new(body(contact, &marked(&contact.name, &mark)))),
            None => taken(contact),
        }
    }
    fn xero_line(_: &Contact) -> Line {
        parties::line()
    }
    fn zoho_line(_: &Value) -> Option<Line> {
        Some(parties::line())
    }
}

fn body(contact: &Contact, name: &str) -> Value {
    let (mut said, mut words) = (Said::default(), Words::of(contact));
    let place = parties::address(contact, "POBOX").or(parties::address(contact, "STREET"));
    said.text(NAME, name, NAME_CHARS_MAX)
        .email("Email", &contact.email_address, &mut words)
        .website("Website", &contact.website, &mut words)
        .phone("Phone", contact, &["DEFAULT", "OFFICE", "DDI", "MOBILE"])
        .address("", "Zip_Code", place)
        .words(words);
    said.done()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_supplier_becomes_a_vendor_with_one_address() {
        let contact: Contact = serde_json::from_value(json!({
            "ContactID": "c-1", "Name": "Bo's Timber", "IsSupplier": true, "EmailAddress": "not an address",
            "Addresses": [{"AddressType": "STREET", "AddressLine1": "1 Mill Road", "City": "Otaki", "PostalCode": "5512"}],
            "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "021 5"}],
        }))
        .unwrap();
        assert_eq!(Vendors::wanted(&contact), Wanted::Carry);
        assert_eq!(
            Vendors::to_zoho(&contact, &Known::default()).unwrap().body,
            json!({"Vendor_Name": "Bo's Timber", "Phone": "021 5", "Street": "1 Mill Road", "City": "Otaki", "Zip_Code": "5512",
                   "Description": "E-mail: not an address"})
        );
    }
}
