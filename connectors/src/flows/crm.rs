//! Xero to Zoho CRM: what the people who sell look at. One file a kind of record, and what several of them share. Nothing is booked here.

pub mod accounts;
pub mod contacts;
pub mod invoices;
mod papers;
mod parties;
pub mod products;
pub mod purchase_orders;
pub mod quotes;
mod refusals;
mod rows;
pub mod taxes;
pub mod vendors;

use crate::zoho;

/// The label of the field that holds Xero's id, on every module.
pub const XERO_ID: &str = "Xero ID";

/// A module of CRM's, with the fields that its lists give.
const fn module(name: &'static str, fields: &'static [(&'static str, &'static str)]) -> zoho::Resource {
    zoho::Resource {
        path: name,
        one: "data",
        many: &["data"],
        id: "id",
        unique: zoho::Unique::Field { module: name, label: XERO_ID },
        query: &[],
        list_query: fields,
        words: &[],
    }
}
