//! Where a document stands once payments and credits are counted: what is left of it, and the status that follows.

use rust_decimal::Decimal;
use serde_json::Value;

use super::amounts;
use super::answer::Refusal;
use super::documents;
use super::module::Module;
use super::records::{Desk, Record, decimal, e6, number};
use super::settle::{self, Settled};

/// Balance and status that follow from what was paid, credited and written off.
pub fn restate(desk: &Desk, module: Module, record: &mut Record, settled: &Settled) -> Result<(), Refusal> {
    let done = settled.total();
    let left = if record.status == "void" { Decimal::ZERO } else { decimal(record.total_e6) - done };
    if !matches!(record.status.as_str(), "draft" | "void") {
        let finished = left.is_zero() && (!done.is_zero() || desk.on("zoho.zero_total_is_paid"));
        record.status = match (finished, done.is_zero()) {
            (true, _) => "paid",
            (false, false) => "partially_paid",
            (false, true) => documents::live(module),
        }
        .to_owned();
    }
    record.balance_e6 = e6(left)?;
    let decimals = decimals(record);
    record.set("balance", number(amounts::round(left, decimals)));
    record.set("payment_made", number(amounts::round(settled.payments, decimals)));
    if matches!(module, Module::Invoices | Module::Bills) {
        let credits = if module == Module::Bills { "vendor_credits_applied" } else { "credits_applied" };
        record.set(credits, number(amounts::round(settled.credits, decimals)));
    }
    if module == Module::Invoices {
        record.set("write_off_amount", number(amounts::round(settled.written_off, decimals)));
    }
    record.set("status", record.status.clone());
    Ok(())
}

/// What is left of a credit note or vendor credit: closed once nothing is.
pub fn restate_credit(desk: &Desk, record: &mut Record) -> Result<(), Refusal> {
    let used = settle::used(desk, record.id)?;
    restate_used(desk, record, used)
}

/// As `restate_credit`, when it is known how much was used.
pub fn restate_used(desk: &Desk, record: &mut Record, used: Decimal) -> Result<(), Refusal> {
    let left = if record.status == "void" { Decimal::ZERO } else { decimal(record.total_e6) - used };
    if !matches!(record.status.as_str(), "draft" | "void") {
        let finished = left.is_zero() && (!used.is_zero() || desk.on("zoho.zero_total_is_paid"));
        record.status = if finished { "closed" } else { "open" }.to_owned();
    }
    record.balance_e6 = e6(left)?;
    let decimals = decimals(record);
    record.set("balance", number(amounts::round(left, decimals)));
    record.set("total_credits_used", number(amounts::round(used, decimals)));
    record.set("status", record.status.clone());
    Ok(())
}

/// Decimals of a record's amounts.
pub fn decimals(record: &Record) -> u32 {
    record.detail.get("price_precision").and_then(Value::as_u64).map_or(2, |decimals| decimals as u32)
}
