//! What an organisation has before anybody does anything: base currency, default taxes, system accounts.

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::consent::USER_EMAIL;
use super::module::Module;
use super::organisations::{self, Org};
use super::records::{self, Desk};
use super::{ledger, settings, tables};
use crate::Shared;

/// What a new organisation is like.
pub struct Plan {
    pub dc: String,
    pub name: String,
    pub plan: String,
    pub currency: String,
    pub price_precision: u32,
    pub tax_rounding: String,
    pub time_zone: String,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            dc: "eu".into(),
            name: "Kowhai & Rimu Supplies Limited".into(),
            plan: "Premium".into(),
            currency: "NZD".into(),
            price_precision: 4,
            tax_rounding: "item_level".into(),
            time_zone: "Pacific/Auckland".into(),
        }
    }
}

/// Name, type, and whether the system guards it.
const ACCOUNTS: &[(&str, &str, bool)] = &[
    ("Accounts Receivable", "accounts_receivable", true),
    ("Accounts Payable", "accounts_payable", true),
    ("GST Payable", "other_current_liability", true),
    ("Opening Balance Adjustments", "other_current_liability", true),
    ("Unearned Revenue", "other_current_liability", true),
    ("Undeposited Funds", "cash", true),
    ("Petty Cash", "cash", true),
    ("Prepaid Expenses", "other_current_asset", true),
    ("Inventory Asset", "stock", true),
    ("Retained Earnings", "equity", true),
    ("Owner's Equity", "equity", true),
    ("Sales", "income", true),
    ("Other Charges", "income", true),
    ("Shipping Charge", "income", true),
    ("Discount", "income", true),
    ("Interest Income", "other_income", false),
    ("Cost of Goods Sold", "cost_of_goods_sold", true),
    ("Bank Fees and Charges", "expense", true),
    ("Exchange Gain or Loss", "other_expense", true),
    ("Office Supplies", "expense", false),
    ("Rent Expense", "expense", false),
    ("Salaries and Employee Wages", "expense", false),
    ("Bad Debt", "expense", true),
    ("Uncategorized", "expense", true),
];

/// The demo customer with one organisation in `eu`, and a second one that he is not (yet) a member of.
pub fn beginning(shared: &Shared, connection: &Connection) -> Result<(), Refusal> {
    connection.execute("INSERT INTO zoho_sequence (name, next) VALUES (?1, ?2)", (tables::IDS, tables::FIRST_ID))?;
    connection.execute("INSERT INTO zoho_user (id, email, name, dc) VALUES (1, ?1, 'Simon Brusch', 'eu')", [USER_EMAIL])?;
    organisation(shared, connection, &Plan::default(), true)?;
    let second = Plan { name: "Somebody Else's Books".into(), price_precision: 2, ..Plan::default() };
    organisation(shared, connection, &second, false)?;
    Ok(())
}

/// Founds one organisation.
pub fn organisation(shared: &Shared, connection: &Connection, plan: &Plan, member: bool) -> Result<Org, Refusal> {
    let id = tables::take(connection, tables::IDS, 1)?;
    let now = shared.clock.now();
    connection.execute(
        "INSERT INTO zoho_org (id, dc, name, plan, currency, currency_id, price_precision, tax_rounding, time_zone, created, member)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?9, ?10)",
        rusqlite::params![id, plan.dc, plan.name, plan.plan, plan.currency, plan.price_precision, plan.tax_rounding, plan.time_zone, now.timestamp(), member],
    )?;
    let mut org = organisations::by_id(connection, id)?.ok_or_else(|| Refusal::absent("Organization"))?;
    for code in [plan.currency.as_str(), "AUD", "USD"] {
        if code == plan.currency && org.currency_id != 0 {
            continue;
        }
        let desk = Desk { connection, shared, org: &org, now, own_number: false };
        let body = object(json!({"currency_code": code, "currency_format": "1,234,567.89"}));
        let currency = settings::write_currency(&desk, None, &body)?.id;
        if code == plan.currency {
            connection.execute("UPDATE zoho_org SET currency_id = ?2 WHERE id = ?1", (id, currency))?;
            org.currency_id = currency;
        }
    }
    let desk = Desk { connection, shared, org: &org, now, own_number: false };
    for (name, percentage) in [("Standard Rate", 15), ("Zero Rate", 0)] {
        settings::write_tax(&desk, None, &object(json!({"tax_name": name, "tax_percentage": percentage})))?;
    }
    for (name, kind, system) in ACCOUNTS {
        account(&desk, name, kind, *system)?;
    }
    Ok(org)
}

/// System accounts have types that no caller may create.
pub fn account(desk: &Desk, name: &str, kind: &str, system: bool) -> Result<(), Refusal> {
    let body = object(json!({"account_name": name, "account_type": "expense"}));
    let mut record = settings::write_account(desk, None, &body)?;
    record.kind = kind.to_owned();
    record.set("account_type", kind);
    record.set("is_system_account", system);
    record.set("is_user_created", false);
    if let Some((role, _)) = ledger::ROLES.into_iter().find(|(_, account)| *account == name) {
        ledger::appoint(desk, role, record.id)?;
    }
    records::save(desk, Module::Accounts, &mut record, false)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(body) => body,
        _ => Map::new(),
    }
}
