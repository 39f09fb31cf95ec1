//! Xero to Zoho Books.
