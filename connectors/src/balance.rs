//! Where the accounts of a general ledger stand: one line of a trial balance, as either side tells it, and the classes of accounts.

use rust_decimal::Decimal;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The account's id at the side that tells it.
    pub account: String,
    pub name: String,
    /// In the organisation's own currency; debits are positive.
    pub amount: Decimal,
    /// Income or expense: begins at nothing with each financial year.
    pub is_of_result: bool,
}

/// Which side of the books an account is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Asset,
    Equity,
    Expense,
    Liability,
    Revenue,
}

impl Class {
    /// It begins at nothing with each financial year.
    pub fn is_of_result(self) -> bool {
        matches!(self, Class::Revenue | Class::Expense)
    }

    pub fn grows_by_debits(self) -> bool {
        matches!(self, Class::Asset | Class::Expense)
    }
}
