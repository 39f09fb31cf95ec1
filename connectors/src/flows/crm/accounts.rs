//! Xero contacts we sell to → CRM accounts. One that is nothing yet counts as a customer too.

use serde_json::Value;

use super::parties::{self, NAME_CHARS_MAX, Said, Words};
use super::{module, refusals};
use crate::flow::{Carry, Cure, Field, Flow, Known, Line, Look, Need, Unmappable, Wanted};
use crate::flows::books::texts::{clip, same};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{CONTACTS, Contact};
use crate::{xero, zoho};

pub struct Accounts;

pub const KEY: &str = "crm.accounts";

const NAME: &str = "Account_Name";

impl Flow for Accounts {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Accounts";
    const MARKED_BESIDE_NATIVE: bool = true;
    const CAN_BE_OFF: bool = false;
    /// Xero calls a contact a customer only after the first invoice.
    const ON_CALL: bool = true;
    const AFTER: &'static [&'static str] = &[];
    const XERO: xero::Resource = CONTACTS;
    const ZOHO: zoho::Resource = zoho::Resource {
        words: &[zoho::Word::Once { key: "Description" }, zoho::Word::Once { key: "Account_Type" }],
        ..module("Accounts", &[("fields", "Account_Name")])
    };
    type Xero = Contact;

    fn wanted(contact: &Contact) -> Wanted {
        if contact.is_for_sales() { Wanted::Carry } else { Wanted::Skip }
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
    said.text(NAME, name, NAME_CHARS_MAX)
        .website("Website", &contact.website, &mut words)
        .phone("Phone", contact, &["DEFAULT", "OFFICE", "DDI", "MOBILE"])
        .phone("Fax", contact, &["FAX"])
        .address("Billing_", "Code", parties::address(contact, "POBOX"))
        .address("Shipping_", "Code", parties::address(contact, "STREET"))
        .text("Account_Type", "Customer", NAME_CHARS_MAX)
        .words(words);
    said.done()
}

/// A name, which CRM wants of an account and of a vendor.
pub fn name(contact: &Contact) -> Result<&str, Unmappable> {
    match contact.name.trim() {
        "" => Err(Unmappable {
            code: "NO_NAME",
            sentence: format!(
                "The Xero contact {} has no name, and Zoho CRM wants one. Give it a name in Xero, then retry.",
                contact.id
            ),
            expected: false,
        }),
        name => Ok(name),
    }
}

/// How a record of this name is looked for that people may have made in CRM already.
pub fn looked_for(field: &'static str, value: &str) -> Look {
    let query = match value.trim() {
        "" => Vec::new(),
        value => vec![(field, clip(value, NAME_CHARS_MAX).to_owned())],
    };
    Look { query, ..Look::default() }
}

/// The one row that fits. Two that fit equally well are for a person to decide.
pub fn only(rows: &[Value], fits: impl Fn(&Value) -> bool) -> Option<String> {
    let mut found = rows.iter().filter(|row| fits(row));
    let first = found.next()?;
    match found.next() {
        None => first["id"].as_str().map(str::to_owned),
        Some(_) => None,
    }
}

/// What tells two contacts of one name apart: their number first, then the beginning of Xero's id.
pub fn mark(contact: &Contact, attempt: u32) -> Option<String> {
    let number = contact.account_number.trim();
    let id = contact.id.get(..8).unwrap_or(&contact.id);
    let marks = [Some(number).filter(|number| !number.is_empty()), Some(id)];
    let mark = marks.into_iter().flatten().nth(attempt.saturating_sub(1) as usize)?;
    Some(format!(" [{mark}]"))
}

pub fn marked(name: &str, mark: &str) -> String {
    let room = NAME_CHARS_MAX.saturating_sub(mark.chars().count());
    format!("{}{mark}", clip(name.trim(), room))
}

pub fn taken(contact: &Contact) -> Cure {
    Cure::Hold(Unmappable {
        code: "NAME_TAKEN",
        sentence: format!(
            "{} cannot be created: Zoho CRM has another record of this name, and of this name with a mark behind it. Rename one of them in CRM, or merge them there, then retry.",
            contact.label()
        ),
        expected: false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ID: &str = "bd2270c3-8706-4c11-9cfb-000b551c3f51";

    fn contact(extra: Value) -> Contact {
        let mut record = json!({"ContactID": ID, "ContactStatus": "ACTIVE", "Name": "Ada Ltd"});
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn carried(extra: Value) -> Value {
        Accounts::to_zoho(&contact(extra), &Known::default()).unwrap().body
    }

    #[test]
    fn a_contact_becomes_an_account_with_what_crm_has_fields_for() {
        let body = carried(json!({
            "AccountNumber": "A-1", "TaxNumber": "101-2-303", "Website": "https://ada.example", "ContactStatus": "ARCHIVED",
            "ContactGroups": [{"Name": "Key customers", "Status": "ACTIVE"}],
            "Addresses": [{"AddressType": "POBOX", "AddressLine1": "P O Box 1", "AddressLine2": "Floor 2", "City": "Wellington", "PostalCode": "6011", "Country": "New Zealand"},
                          {"AddressType": "STREET", "City": ""}],
            "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1234567", "PhoneAreaCode": "4", "PhoneCountryCode": "64"}, {"PhoneType": "FAX", "PhoneNumber": "-"}],
        }));
        assert_eq!(
            body,
            json!({
                "Account_Name": "Ada Ltd", "Website": "https://ada.example", "Phone": "64 4 1234567", "Account_Type": "Customer",
                "Billing_Street": "P O Box 1, Floor 2", "Billing_City": "Wellington", "Billing_Code": "6011", "Billing_Country": "New Zealand",
                "Description": "Account number: A-1\nTax number: 101-2-303\nGroups: Key customers\nArchived in Xero",
            })
        );
    }

    #[test]
    fn what_xero_does_not_say_is_left_alone_and_what_crm_refuses_is_said_in_words() {
        assert_eq!(carried(json!({})), json!({"Account_Name": "Ada Ltd", "Account_Type": "Customer"}));
        assert_eq!(carried(json!({"Website": "see our shop"}))["Description"], "Website: see our shop");
        let long = carried(json!({ "Name": "n".repeat(250) }));
        assert_eq!(long["Account_Name"].as_str().unwrap().len(), 200);
        assert!(long["Description"].as_str().unwrap().starts_with("Full name: nnn"));
        assert_eq!(Accounts::to_zoho(&contact(json!({"Name": " "})), &Known::default()).unwrap_err().code, "NO_NAME");
    }

    #[test]
    fn an_account_of_the_same_name_that_nobody_claims_is_it() {
        let rows = [json!({"id": "1", "Account_Name": "ADA ltd"}), json!({"id": "2", "Account_Name": "Ada Limited"})];
        assert_eq!(Accounts::find_in(&contact(json!({})), &rows).as_deref(), Some("1"));
        let twice = [rows[0].clone(), json!({"id": "3", "Account_Name": "Ada Ltd"})];
        assert_eq!(Accounts::find_in(&contact(json!({})), &twice), None);
        assert_eq!(Accounts::look(&contact(json!({})), &Known::default()).query, [("Account_Name", "Ada Ltd".to_owned())]);
    }

    #[test]
    fn a_taken_name_is_marked_with_the_number_then_with_the_id_then_held() {
        let refusal = Refusal { status: 400, code: "DUPLICATE_DATA".into(), message: "duplicate data (Account_Name)".into() };
        let ada = contact(json!({"AccountNumber": "A-1"}));
        let name = |attempt| match Accounts::cure(&ada, &Known::default(), &refusal, attempt) {
            Cure::Again(carry) => carry.body["Account_Name"].as_str().unwrap().to_owned(),
            Cure::Hold(held) => held.code.to_owned(),
            Cure::Adopt { .. } => panic!("it was looked for already"),
        };
        assert_eq!([name(1), name(2), name(3)], ["Ada Ltd [A-1]", "Ada Ltd [bd2270c3]", "NAME_TAKEN"]);
    }

    #[test]
    fn a_supplier_is_no_account_until_somebody_sells_to_it() {
        for (customer, supplier, wanted) in [
            (true, false, Wanted::Carry),
            (false, true, Wanted::Skip),
            (true, true, Wanted::Carry),
            (false, false, Wanted::Carry),
        ] {
            assert_eq!(Accounts::wanted(&contact(json!({"IsCustomer": customer, "IsSupplier": supplier}))), wanted);
        }
    }
}
