//! Xero to Zoho Books: one file a kind of record, and what several of them share.

pub mod accounts;
pub mod advance_banks;
mod advance_ledger;
mod advance_refunds;
mod advances;
mod allocations;
pub mod attachments;
mod bank;
pub mod bank_journals;
pub mod bank_transfers;
pub mod bearers;
pub mod bills;
mod contact_body;
mod contacts;
pub mod credit_allocations;
pub mod credit_notes;
pub mod credit_refunds;
pub mod currencies;
pub mod customer_advance_refunds;
pub mod customer_overpayments;
pub mod customer_payments;
pub mod customer_prepayments;
pub mod customers;
mod documents;
mod entries;
pub mod expenses;
pub mod invoices;
pub mod items;
pub mod journals;
mod judgement;
#[cfg(test)]
mod lens;
mod lines;
mod marks;
mod money;
pub mod notes;
mod offers;
mod payments;
pub mod purchase_orders;
pub mod quotes;
pub mod receipts;
pub mod recurring_bills;
pub mod recurring_invoices;
mod refunds;
mod refusals;
mod sides;
pub mod taxes;
mod templates;
mod texts;
pub mod tracking_categories;
pub mod vendor_advance_refunds;
pub mod vendor_credit_allocations;
pub mod vendor_credit_refunds;
pub mod vendor_credits;
pub mod vendor_overpayments;
pub mod vendor_payments;
pub mod vendor_prepayments;
pub mod vendors;

pub use money::read as amount;

/// The label of the unique custom field that holds Xero's id, on every module but contacts.
pub const XERO_ID: &str = "Xero ID";
