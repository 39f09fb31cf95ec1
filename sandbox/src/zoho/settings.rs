//! Currencies, taxes and the chart of accounts.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::custom_fields;
use super::module::Module;
use super::records::{self, Desk, Record, number};
use super::shape::{self, Kind::*};

/// Types that may be created; those of receivables, payables and the like belong to the system.
const ACCOUNT_TYPES: &[&str] = &[
    "other_asset",
    "other_current_asset",
    "cash",
    "bank",
    "fixed_asset",
    "other_current_liability",
    "credit_card",
    "long_term_liability",
    "equity",
    "income",
    "other_income",
    "expense",
    "cost_of_goods_sold",
    "other_expense",
];

const CURRENCY: &[(&str, shape::Kind)] =
    &[("currency_symbol", Guess(10)), ("price_precision", Whole), ("currency_format", Guess(40))];

/// `POST` and `PUT /settings/currencies`.
pub fn write_currency(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    if new {
        let code = shape::text(body, "currency_code").ok_or_else(|| Refusal::missing("currency_code"))?.to_owned();
        if code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase()) {
            return Err(Refusal::invalid("currency_code"));
        }
        shape::text(body, "currency_format").ok_or_else(|| Refusal::missing("currency_format"))?;
        if !records::named(desk, Module::Currencies, &code, record.id)?.is_empty() {
            return Err(Refusal::new(4, format!("The currency \"{code}\" already exists.")));
        }
        record.set("price_precision", usual_decimals(&code));
        record.set("currency_name", format!("{code}- {}", currency_name(&code)));
        record.set("currency_symbol", currency_symbol(&code));
        record.set("is_base_currency", desk.org.currency == code);
        record.set("exchange_rate", number(if desk.org.currency == code { Decimal::ONE } else { Decimal::ZERO }));
        record.set("currency_code", code.clone());
        (record.name, record.kind) = (code.clone(), code);
    }
    shape::take(desk, body, CURRENCY, &mut record.detail)?;
    let decimals = shape::amount(&record.detail, "price_precision")?.unwrap_or(Decimal::TWO);
    if decimals > Decimal::from(6) || decimals < Decimal::ZERO {
        return Err(Refusal::invalid("price_precision"));
    }
    record.total_e6 = records::e6(decimals)?;
    records::save(desk, Module::Currencies, &mut record, new)?;
    Ok(record)
}

const TAX: &[(&str, shape::Kind)] = &[
    ("tax_name", Guess(100)),
    ("tax_percentage", Number),
    ("tax_type", Choice(&["tax", "compound_tax"])),
    ("tax_specific_type", Guess(50)),
    ("is_value_added", Flag),
    ("is_editable", Flag),
];

/// `POST` and `PUT /settings/taxes`.
pub fn write_tax(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    shape::take(desk, body, TAX, &mut record.detail)?;
    let name = shape::text(&record.detail, "tax_name").ok_or_else(|| Refusal::missing("tax_name"))?.to_owned();
    let percentage = shape::amount(&record.detail, "tax_percentage")?.ok_or_else(|| Refusal::missing("tax_percentage"))?;
    if percentage < Decimal::ZERO || percentage > Decimal::ONE_HUNDRED {
        return Err(Refusal::invalid("tax_percentage"));
    }
    if !records::named(desk, Module::Taxes, &name, record.id)?.is_empty() {
        return Err(Refusal::new(4, format!("The tax \"{name}\" already exists.")));
    }
    if new {
        record.status = "Active".to_owned();
        for (key, value) in [
            ("tax_type", Value::from("tax")),
            ("is_value_added", false.into()),
            ("is_default_tax", false.into()),
            ("is_editable", true.into()),
        ] {
            record.detail.entry(key).or_insert(value);
        }
    }
    record.kind = shape::text(&record.detail, "tax_type").unwrap_or("tax").to_owned();
    record.total_e6 = records::e6(percentage)?;
    record.name = name;
    records::save(desk, Module::Taxes, &mut record, new)?;
    Ok(record)
}

const ACCOUNT: &[(&str, shape::Kind)] = &[
    ("account_name", Guess(100)),
    ("account_code", Guess(50)),
    ("description", Guess(500)),
    ("show_on_dashboard", Flag),
    ("can_show_in_ze", Flag),
    ("include_in_vat_return", Flag),
];

/// `POST` and `PUT /chartofaccounts`.
pub fn write_account(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Record, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    let system = record.detail.get("is_system_account") == Some(&Value::Bool(true));
    let asked_type = shape::text(body, "account_type");
    if let Some(account_type) = asked_type.filter(|asked| *asked != record.kind) {
        if !ACCOUNT_TYPES.contains(&account_type) {
            return Err(Refusal::new(2, "Invalid value passed for account_type: accounts of this type belong to the system."));
        }
        if system {
            return Err(Refusal::new(4, "The type of a system account cannot be changed."));
        }
        record.kind = account_type.to_owned();
    }
    if record.kind.is_empty() {
        return Err(Refusal::missing("account_type"));
    }
    let code_was = record.text("account_code").to_owned();
    shape::take(desk, body, ACCOUNT, &mut record.detail)?;
    let name = shape::text(&record.detail, "account_name").ok_or_else(|| Refusal::missing("account_name"))?.to_owned();
    if !records::named(desk, Module::Accounts, &name, record.id)?.is_empty() {
        return Err(Refusal::new(4, format!("The account \"{name}\" already exists. Please specify a different name.")));
    }
    let code = record.text("account_code").to_owned();
    if desk.on("zoho.account_codes_unique")
        && !records::claim(desk, Module::Accounts, "account_code", &code_was, &code, record.id)?
    {
        return Err(Refusal::new(4, format!("The account code \"{code}\" already exists.")));
    }
    if let Some(parent) = shape::id(body, "parent_account_id")? {
        records::brief(desk, Module::Accounts, parent)?;
        record.set("parent_account_id", parent.to_string());
    }
    let currency = shape::id(body, "currency_id")?.or(record.currency).unwrap_or(desk.org.currency_id);
    let currency = records::brief(desk, Module::Currencies, currency)?;
    record.currency = Some(currency.id);
    record.set("currency_id", currency.id.to_string());
    record.set("currency_code", currency.name);
    record.set("account_type", record.kind.clone());
    record.name = name;
    if new {
        record.set("is_user_created", true);
        record.set("is_system_account", false);
        mark_account(&mut record, true);
    }
    custom_fields::apply(desk, Module::Accounts, &mut record, body)?;
    records::save(desk, Module::Accounts, &mut record, new)?;
    Ok(record)
}

/// Accounts say `is_active` where others have a status.
pub fn mark_account(record: &mut Record, active: bool) {
    record.status = if active { "active" } else { "inactive" }.to_owned();
    record.set("is_active", active);
}

/// The record to change, or an empty one with an id of its own.
pub fn started(desk: &Desk, was: Option<Record>) -> Result<Record, Refusal> {
    was.map_or_else(|| Ok(Record::blank(records::new_ids(desk, 1)?)), Ok)
}

/// Decimals of a currency, as ISO 4217 has them.
pub fn usual_decimals(code: &str) -> u32 {
    match code {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "UGX" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn currency_name(code: &str) -> &str {
    match code {
        "NZD" => "New Zealand Dollar",
        "AUD" => "Australian Dollar",
        "USD" => "United States Dollar",
        "EUR" => "Euro",
        "GBP" => "Pound Sterling",
        "JPY" => "Japanese Yen",
        other => other,
    }
}

pub fn currency_symbol(code: &str) -> &str {
    match code {
        "NZD" | "AUD" | "USD" | "CAD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        other => other,
    }
}
