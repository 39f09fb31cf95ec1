//! The records of Xero that we read, and only the fields we need.
