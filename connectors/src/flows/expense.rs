//! Xero to Zoho Expense: categories and what was spent, without a ledger.

pub mod categories;
pub mod expenses;
pub mod settings;

pub use settings::CURRENCIES;
