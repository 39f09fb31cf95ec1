//! The way back to Xero: what several kinds of record share. The declarations stand in the flows' own files.

pub mod contact_body;
#[cfg(test)]
mod contact_laws;
pub mod contact_spare;
pub mod contacts;
pub mod words;
