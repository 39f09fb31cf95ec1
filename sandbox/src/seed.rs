//! Fills the Xero organisations with a company that could exist.
