//! Bank transactions that are entered by hand: deposits, transfers and the other types that the API makes. Statement lines are not kept.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::module::Module;
use super::records::{self, Brief, Desk, Record, decimal, e6, number};
use super::settings::started;
use super::shape::{self, Kind::*};
use super::{amounts, custom_fields, documents, payments, postings, settle};

const TRANSACTION: &[(&str, shape::Kind)] = &[
    ("date", Date),
    ("payment_mode", Guess(100)),
    ("reference_number", Guess(100)),
    ("description", Guess(500)),
    ("exchange_rate", Number),
    ("bank_charges", Number),
    ("tags", Tags),
    ("from_account_tags", Any),
    ("to_account_tags", Any),
];

const MONEY: &[&str] = &["bank", "cash", "credit_card"];
const INCOME: &[&str] = &["income", "other_income"];
const SPENT: &[&str] = &["expense", "other_expense", "cost_of_goods_sold"];
const EQUITY: &[&str] = &["equity"];
/// A deposit may come from anywhere but the accounts that belong to documents.
const ANYWHERE: &[&str] = &[
    "income",
    "other_income",
    "equity",
    "cash",
    "bank",
    "other_asset",
    "other_current_asset",
    "fixed_asset",
    "other_current_liability",
    "long_term_liability",
    "expense",
    "other_expense",
];

/// Type, what it may be taken from, and where it may go.
const TYPES: &[(&str, &[&str], &[&str])] = &[
    ("deposit", ANYWHERE, MONEY),
    ("refund", SPENT, &["credit_card"]),
    ("transfer_fund", MONEY, MONEY),
    ("card_payment", MONEY, &["credit_card"]),
    ("sales_without_invoices", INCOME, MONEY),
    ("expense_refund", SPENT, MONEY),
    ("owner_contribution", EQUITY, MONEY),
    ("interest_income", INCOME, MONEY),
    ("other_income", INCOME, MONEY),
    ("owner_drawings", MONEY, EQUITY),
    ("sales_return", MONEY, INCOME),
];

/// `POST` and `PUT /banktransactions`.
pub fn write(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    if let Some(kind) = shape::text(body, "transaction_type") {
        record.kind = kind.to_owned();
    }
    if record.kind.is_empty() {
        return Err(Refusal::missing("transaction_type"));
    }
    let known = TYPES.iter().find(|(name, ..)| *name == record.kind);
    let (_, from, to) = known.ok_or_else(|| Refusal::invalid("transaction_type"))?;
    shape::take(desk, body, TRANSACTION, &mut record.detail)?;
    let date = shape::text(&record.detail, "date").map_or_else(|| desk.today(), str::to_owned);
    record.set("date", date.clone());
    record.date = Some(date);
    let source = side(desk, &mut record, body, "from_account", from)?;
    let target = side(desk, &mut record, body, "to_account", to)?;
    if source.id == target.id {
        return Err(Refusal::new(2, "The accounts of a transaction must differ."));
    }
    record.currency = shape::id(body, "currency_id")?.or(record.currency).or(source.currency);
    if let Some(customer) = shape::id(body, "customer_id")? {
        records::brief(desk, Module::Contacts, customer)?;
        record.party = Some(customer);
        record.set("customer_id", customer.to_string());
    } else if body.contains_key("customer_id") {
        // Sent empty: nobody any more.
        record.party = None;
        record.set("customer_id", "");
    }
    let currency = record.currency.unwrap_or(desk.org.currency_id);
    let decimals = documents::priced(desk, &mut record, currency)?;
    let amount = match body.get("amount") {
        None if !new => decimal(record.total_e6),
        _ => settle::positive(body, "amount", decimals)?,
    };
    payments::charges(&record, amount)?;
    record.total_e6 = e6(amount)?;
    let rate = shape::amount(&record.detail, "exchange_rate")?.unwrap_or_default();
    record.set("amount", number(amount));
    record.set("bcy_total", number(amounts::round(amount * rate, 2)));
    record.set("transaction_type", record.kind.clone());
    record.status = "manually_added".to_owned();
    custom_fields::apply(desk, Module::BankTransactions, &mut record, body)?;
    records::save(desk, Module::BankTransactions, &mut record, new)?;
    postings::post(desk, Module::BankTransactions, &record)?;
    Ok(record)
}

/// The account on one side: `{side}_id`, of a type that the transaction takes there.
fn side(desk: &Desk, record: &mut Record, body: &Map<String, Value>, side: &str, types: &[&str]) -> Result<Brief, Refusal> {
    let key = format!("{side}_id");
    let id = shape::id(body, &key)?.or(shape::id(&record.detail, &key)?).ok_or_else(|| Refusal::missing(&key))?;
    let account = records::brief(desk, Module::Accounts, id)?;
    if !types.contains(&account.kind.as_str()) {
        return Err(Refusal::invalid(&key));
    }
    record.set(&key, id.to_string());
    record.set(&format!("{side}_name"), account.name.clone());
    Ok(account)
}
