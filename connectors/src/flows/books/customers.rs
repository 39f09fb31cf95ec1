//! Xero contacts we sell to → Zoho Books customers. A contact that is nothing yet counts as one too.

use serde_json::Value;

use super::contacts::{self, Role};
use super::{back, currencies};
use crate::flow::{Back, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::Contact;
use crate::{xero, zoho};

pub struct Customers;

pub const KEY: &str = "books.customers";

impl Flow for Customers {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Customers";
    const CAN_BE_OFF: bool = false;
    /// Xero calls a contact a customer only after the first invoice.
    const ON_CALL: bool = true;
    const AFTER: &'static [&'static str] = &[currencies::KEY];
    const XERO: xero::Resource = contacts::XERO;
    const ZOHO: zoho::Resource = Role::Customer.zoho();
    type Xero = Contact;
    const BACK: Option<Back> = Some(back::contacts::CUSTOMERS);

    fn wanted(contact: &Contact) -> Wanted {
        if contact.is_for_sales() { Wanted::Carry } else { Wanted::Skip }
    }
    fn needs(contact: &Contact) -> Vec<Need> {
        contacts::needs(contact)
    }
    fn to_zoho(contact: &Contact, known: &Known) -> Result<Carry, Unmappable> {
        contacts::to_zoho(Role::Customer, contact, known)
    }
    fn fields() -> &'static [Field<Contact>] {
        contacts::fields()
    }
    fn find_in(contact: &Contact, existing: &[Value]) -> Option<String> {
        contacts::find_in(Role::Customer, contact, existing)
    }
    fn cure(contact: &Contact, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        contacts::cure(Role::Customer, contact, known, refusal, attempt)
    }
    fn judge(contact: &Contact, known: &Known, answer: &Value) -> Judgement {
        contacts::judge(Role::Customer, contact, known, answer)
    }
    fn xero_line(contact: &Contact) -> Line {
        contacts::xero_line(contact)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        contacts::zoho_line(Role::Customer, row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::books::vendors::Vendors;

    #[test]
    fn a_contact_that_is_both_becomes_two_and_one_that_is_neither_a_customer() {
        for (customer, supplier, carried) in [
            (true, false, (Wanted::Carry, Wanted::Skip)),
            (false, true, (Wanted::Skip, Wanted::Carry)),
            (true, true, (Wanted::Carry, Wanted::Carry)),
            (false, false, (Wanted::Carry, Wanted::Skip)),
        ] {
            let text = format!(r#"{{"ContactID":"c","Name":"Ada","IsCustomer":{customer},"IsSupplier":{supplier}}}"#);
            let contact: Contact = serde_json::from_str(&text).unwrap();
            assert_eq!((Customers::wanted(&contact), Vendors::wanted(&contact)), carried);
        }
    }

    #[test]
    fn the_two_kinds_have_unique_fields_of_their_own() {
        assert_ne!(Customers::ZOHO.unique, Vendors::ZOHO.unique);
        assert_eq!(Customers::ZOHO.unique, zoho::Unique::Field { module: "contact", label: "Xero Acct ID" });
    }
}
