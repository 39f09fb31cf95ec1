//! Where the accounts of a general ledger stand: one line of a trial balance, as either side tells it.

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
