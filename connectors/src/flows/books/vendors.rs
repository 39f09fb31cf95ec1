//! Xero contacts we buy from → Zoho Books vendors.

use serde_json::Value;

use super::contacts::{self, Role};
use super::{back, currencies, customers};
use crate::flow::{Back, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::Contact;
use crate::{xero, zoho};

pub struct Vendors;

pub const KEY: &str = "books.vendors";

impl Flow for Vendors {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Vendors";
    const READ_WITH: Option<&'static str> = Some(customers::KEY);
    const CAN_BE_OFF: bool = false;
    /// Xero calls a contact a supplier only after the first bill.
    const ON_CALL: bool = true;
    const AFTER: &'static [&'static str] = &[currencies::KEY];
    const XERO: xero::Resource = contacts::XERO;
    const ZOHO: zoho::Resource = Role::Vendor.zoho();
    type Xero = Contact;
    const BACK: Option<Back> = Some(back::contacts::VENDORS);

    fn wanted(contact: &Contact) -> Wanted {
        if contact.is_supplier { Wanted::Carry } else { Wanted::Skip }
    }
    fn needs(contact: &Contact) -> Vec<Need> {
        contacts::needs(contact)
    }
    fn to_zoho(contact: &Contact, known: &Known) -> Result<Carry, Unmappable> {
        contacts::to_zoho(Role::Vendor, contact, known)
    }
    fn fields() -> &'static [Field<Contact>] {
        contacts::fields()
    }
    fn find_in(contact: &Contact, existing: &[Value]) -> Option<String> {
        contacts::find_in(Role::Vendor, contact, existing)
    }
    fn cure(contact: &Contact, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        contacts::cure(Role::Vendor, contact, known, refusal, attempt)
    }
    fn judge(contact: &Contact, known: &Known, answer: &Value) -> Judgement {
        contacts::judge(Role::Vendor, contact, known, answer)
    }
    fn xero_line(contact: &Contact) -> Line {
        contacts::xero_line(contact)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        contacts::zoho_line(Role::Vendor, row)
    }
}
