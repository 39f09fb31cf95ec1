//! Xero to Zoho Books: one file a kind of record, and what several of them share.

pub mod accounts;
pub mod attachments;
pub mod bearers;
pub mod bills;
mod contact_body;
mod contacts;
pub mod currencies;
pub mod customer_payments;
pub mod customers;
mod documents;
mod entries;
pub mod invoices;
pub mod items;
mod judgement;
mod lines;
mod money;
pub mod notes;
mod payments;
mod refusals;
pub mod taxes;
mod texts;
pub mod tracking_categories;
pub mod vendor_payments;
pub mod vendors;

pub use money::read as amount;

/// The label of the unique custom field that holds Xero's id, on every module but contacts.
pub const XERO_ID: &str = "Xero ID";
