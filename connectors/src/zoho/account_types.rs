//! Zoho's types of accounts (Zoho Books v3 chartofaccounts), and the side of the books each is on.

use crate::balance::Class;

/// The side of the books that one of Zoho's types is on; `None` for a type we do not know.
pub fn class_of(zoho_type: &str) -> Option<Class> {
    Some(match zoho_type {
        "accounts_receivable"
        | "other_asset"
        | "other_current_asset"
        | "cash"
        | "bank"
        | "fixed_asset"
        | "stock"
        | "payment_clearing"
        | "intangible_asset"
        | "right_to_use_asset"
        | "financial_asset"
        | "contingent_asset"
        | "prepaid_expenses" => Class::Asset,
        "accounts_payable"
        | "other_current_liability"
        | "credit_card"
        | "long_term_liability"
        | "other_liability"
        | "overseas_tax_payable"
        | "output_tax"
        | "input_tax"
        | "tax"
        | "contract_liability"
        | "refund_liability" => Class::Liability,
        "equity" | "contributed_capital" => Class::Equity,
        "income" | "other_income" => Class::Revenue,
        "expense" | "cost_of_goods_sold" | "other_expense" | "depreciation_expense" | "employee_benefit_expense" => {
            Class::Expense
        }
        _ => return None,
    })
}
