//! The way back to Xero: what several kinds of record share. The declarations stand in the flows' own files.

#[cfg(test)]
mod arithmetic;
mod contact_body;
#[cfg(test)]
mod contact_laws;
mod contact_spare;
pub mod contacts;
#[cfg(test)]
mod examples;
pub mod expenses;
#[cfg(test)]
mod item_laws;
pub mod items;
pub mod journals;
mod kept;
#[cfg(test)]
mod laws;
mod lines;
mod money_account;
pub mod papers;
pub mod payments;
mod prints;
mod references;
mod shape;
mod sheet;
mod spare;
pub mod texts;
mod tracking;
mod words;
