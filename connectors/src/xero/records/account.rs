//! An account of the chart of accounts.

use serde::Deserialize;

use crate::balance::Class;
use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Account {
    #[serde(rename = "AccountID")]
    pub id: String,
    /// Bank accounts may have none.
    #[serde(default, deserialize_with = "wire::text")]
    pub code: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
    #[serde(rename = "Type")]
    pub kind: AccountType,
    #[serde(default)]
    pub status: AccountStatus,
    #[serde(default, deserialize_with = "wire::text")]
    pub description: String,
    /// Bank accounts only: `BANK`, `CREDITCARD`, `PAYPAL`.
    #[serde(default, deserialize_with = "wire::text")]
    pub bank_account_type: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub bank_account_number: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub currency_code: String,
    /// `DEBTORS`, `CREDITORS`, `GST`; "" for an ordinary account.
    #[serde(default, deserialize_with = "wire::text")]
    pub system_account: String,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccountType {
    Bank,
    Current,
    CurrLiab,
    Depreciatn,
    DirectCosts,
    Equity,
    Expense,
    Fixed,
    Inventory,
    Liability,
    NonCurrent,
    OtherIncome,
    Overheads,
    Prepayment,
    Revenue,
    Sales,
    TermLiab,
    /// The Australian payroll kinds.
    Payg,
    PaygLiability,
    SuperannuationExpense,
    SuperannuationLiability,
    WagesExpense,
    WagesPayableLiability,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AccountStatus {
    #[default]
    Active,
    Archived,
    Deleted,
}

impl AccountType {
    pub fn class(self) -> Class {
        use AccountType::*;
        match self {
            Bank | Current | Fixed | Inventory | NonCurrent | Prepayment => Class::Asset,
            CurrLiab | Liability | TermLiab | Payg | PaygLiability | SuperannuationLiability | WagesPayableLiability => {
                Class::Liability
            }
            Depreciatn | DirectCosts | Expense | Overheads | SuperannuationExpense | WagesExpense => Class::Expense,
            Equity => Class::Equity,
            OtherIncome | Revenue | Sales => Class::Revenue,
        }
    }
}

impl Record for Account {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn alias(&self) -> Option<&str> {
        (!self.code.is_empty()).then_some(self.code.as_str())
    }
    fn label(&self) -> String {
        match self.code.is_empty() {
            true => format!("Account {}", self.name),
            false => format!("Account {} {}", self.code, self.name),
        }
    }
}
