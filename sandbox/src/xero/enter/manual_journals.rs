//! Manual journals: debits and credits that a person writes down.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::defaults;
use crate::xero::desk::{Desk, Known, No};
use crate::xero::json::{self, Record, decimal_of, number, text_of};
use crate::xero::ledger;
use crate::xero::ledger::Chart;
use crate::xero::locks::locked_record;
use crate::xero::money::{TOO_LARGE, cents, is_bearable};
use crate::xero::tracking;

/// What may be sent; the rest follows from it.
pub const WRITABLE: [&str; 7] =
    ["Narration", "JournalLines", "Date", "LineAmountTypes", "Status", "Url", "ShowOnCashBasisReports"];

pub fn enter(desk: &Desk, known: &Known, record: &mut Record) -> Result<(), No> {
    text_of(record, "Narration").ok_or("Narration is required")?;
    status(known, record)?;
    locked_record(desk, known, record)?;
    defaults(
        record,
        [
            ("LineAmountTypes", json!("NoTax")),
            ("ShowOnCashBasisReports", json!(true)),
            ("HasAttachments", json!(false)),
            ("JournalLines", json!([])),
        ],
    );
    json::set_date(record, "Date", record.get("Date").and_then(json::date).unwrap_or(desk.today), false);
    record.remove("Warnings");
    if text_of(record, "Status").is_some_and(|status| matches!(status, "DELETED" | "VOIDED")) {
        return Ok(());
    }
    lines(desk, record)
}

fn status(known: &Known, record: &mut Record) -> Result<(), No> {
    let wanted = text_of(record, "Status").unwrap_or("DRAFT").to_owned();
    let allowed = match known.status() {
        None => matches!(wanted.as_str(), "DRAFT" | "POSTED"),
        Some("DRAFT") => matches!(wanted.as_str(), "DRAFT" | "POSTED" | "DELETED"),
        Some("POSTED") => matches!(wanted.as_str(), "POSTED" | "VOIDED"),
        Some(_) => false,
    };
    record.insert("Status".into(), wanted.into());
    if allowed { Ok(()) } else { Err("Manual journal not of valid status for modification".into()) }
}

/// Fills the lines in; debits and credits must be equal, tax included.
fn lines(desk: &Desk, record: &mut Record) -> Result<(), No> {
    let mode = text_of(record, "LineAmountTypes").unwrap_or_default().to_owned();
    if !matches!(mode.as_str(), "NoTax" | "Exclusive" | "Inclusive") {
        return Err(format!("LineAmountTypes is Exclusive, Inclusive or NoTax, not {mode}").into());
    }
    let draft = text_of(record, "Status") == Some("DRAFT");
    let chart = ledger::of_desk(desk)?;
    let Some(Value::Array(mut lines)) = record.remove("JournalLines") else { return Err("JournalLines is a list".into()) };
    let (mut debits, mut credits, mut counted) = (Decimal::ZERO, Decimal::ZERO, 0);
    let mut warnings = Vec::new();
    for line in &mut lines {
        let line = line.as_object_mut().ok_or("a line is an object")?;
        let Some(amount) = decimal_of(line, "LineAmount").map(cents) else {
            text_of(line, "Description").ok_or("A journal line needs a LineAmount or a Description")?;
            line.insert("IsBlank".into(), true.into());
            continue;
        };
        counted += 1;
        account(desk, &chart, line, draft, &mut warnings)?;
        let tax_type = if mode == "NoTax" { "NONE" } else { text_of(line, "TaxType").unwrap_or("NONE") }.to_owned();
        let rate = *desk.ledger.rates.get(&tax_type).ok_or_else(|| format!("The TaxType code '{tax_type}' does not exist"))?;
        let tax = match mode.as_str() {
            "NoTax" => Decimal::ZERO,
            "Inclusive" => amount * rate / (Decimal::ONE_HUNDRED + rate),
            _ => decimal_of(line, "TaxAmount").unwrap_or(amount * rate / Decimal::ONE_HUNDRED),
        };
        let whole = if mode == "Exclusive" { amount + cents(tax) } else { amount };
        if whole > Decimal::ZERO {
            debits += whole
        } else {
            credits += whole
        }
        for (name, value) in [
            ("LineAmount", number(amount)),
            ("TaxType", tax_type.into()),
            ("TaxAmount", number(cents(tax))),
            ("IsBlank", false.into()),
        ] {
            line.insert(name.into(), value);
        }
        line.entry("Tracking").or_insert_with(|| json!([]));
    }
    tracking::resolve(desk, &mut lines)?;
    if counted < 2 {
        return Err("A manual journal needs at least two lines".into());
    }
    if !is_bearable(debits) || !is_bearable(credits) {
        return Err(TOO_LARGE.into());
    }
    if debits + credits != Decimal::ZERO {
        return Err(format!("The total debits ({}) must equal total credits ({})", cents(debits), cents(credits)).into());
    }
    tracking::resolve(desk, &mut lines)?;
    record.insert("JournalLines".into(), Value::Array(lines));
    if !warnings.is_empty() {
        record.insert("Warnings".into(), Value::Array(warnings));
    }
    Ok(())
}

fn account(desk: &Desk, chart: &Chart, line: &mut Record, draft: bool, warnings: &mut Vec<Value>) -> Result<(), No> {
    let named = if line.contains_key("AccountCode") {
        json!({"Code": line.get("AccountCode")})
    } else {
        json!({"AccountID": line.get("AccountID")})
    };
    let Some(account) = chart.named(Some(&named)) else {
        let code = text_of(line, "AccountCode").unwrap_or_default().to_owned();
        if draft && !code.is_empty() {
            warnings.push(
                json!({"Message": format!("Account code '{code}' has been removed as it does not match a recognised account.")}),
            );
            line.remove("AccountCode");
            return Ok(());
        }
        return Err(format!("Account code '{code}' is not a valid code").into());
    };
    if desk.on("xero.manual_journals_refuse_system_accounts")
        && (account.is_bank()
            || matches!(
                account.system.as_str(),
                "DEBTORS"
                    | "CREDITORS"
                    | "GST"
                    | "BANKCURRENCYGAIN"
                    | "REALISEDCURRENCYGAIN"
                    | "UNREALISEDCURRENCYGAIN"
                    | "RETAINEDEARNINGS"
                    | "TRACKINGTRANSFERS"
                    | "UNPAIDEXPCLM"
            ))
    {
        return Err(format!("Account '{}' ({}) cannot be used on a manual journal", account.code, account.name).into());
    }
    line.insert("AccountID".into(), json!(account.id));
    line.insert("AccountCode".into(), account.code.as_str().into());
    Ok(())
}
