//! What a record says of the general ledgers: the accounts it names, what it moves on them, and what is owed by it.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An account of the general ledger, as far as a record names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ledger {
    /// Xero's account of this id.
    Id(String),
    /// Xero's account of this code.
    Code(String),
    /// Zoho's account of this id.
    Zoho(String),
    Receivable,
    Payable,
    /// Where tax on sales and purchases stands.
    Tax,
    /// Gains and losses of exchange rates.
    Exchange,
    /// What Xero adds at today's rates to what is owed or held in other currencies. No record has it.
    Revaluation,
    /// What was earned in earlier years.
    RetainedEarnings,
    Rounding,
    /// What Zoho owes customers who paid ahead.
    UnearnedRevenue,
    /// What vendors who were paid ahead owe.
    PrepaidExpenses,
    /// Zoho's account for adjustments of documents.
    OtherCharges,
    /// Where Zoho puts what opening balances lack for debits to equal credits.
    OpeningAdjustment,
}

/// An account of Xero's chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    pub code: String,
    pub name: String,
    /// What Xero itself uses it for.
    pub role: Option<Ledger>,
    /// Money in another currency than the organisation's own is or may be on it.
    pub is_bank: bool,
    /// Income or expense: begins at nothing with each financial year.
    pub is_of_result: bool,
}

/// What somebody owes by one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// The flow of the contacts it is owed by or to, which says also whether it is receivable or payable.
    pub contacts: &'static str,
    /// The contact's id and name at the side that tells it.
    pub contact: String,
    pub name: String,
    /// The day on which it is or was due.
    pub due: NaiveDate,
    /// In the document's currency. A credit that may still be used takes from what is owed.
    pub amount: Decimal,
    /// ISO 4217; "" for the organisation's own.
    pub currency: String,
}

/// An amount on an account, in the organisation's own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub ledger: Ledger,
    /// Debits are positive, credits negative.
    pub amount: Decimal,
}

/// An amount that stands on one account in Xero and on another in Zoho.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// By how much Zoho's account has more than Xero's; debits are positive. All shifts of a record come to zero.
    pub by: Posting,
    /// The day of the entry, where it is not the record's: income and expenses of earlier years stand in the retained earnings.
    pub day: Option<NaiveDate>,
    /// A named cause: `UNUSED_CREDIT`, `ROUNDING_PER_LINE`.
    pub cause: &'static str,
}
