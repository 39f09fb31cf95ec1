//! Which of Zoho's records a bank transaction belongs into, and what a journal comes to: worked out here a second time.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::Value;

use super::kinds::{Row, Want};
use super::{amount, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Expense,
    Deposit,
    Journal,
}

/// `None`: removed, half of a transfer, or paid in advance.
pub fn form(one: &Value) -> Option<Form> {
    if one["Status"] != "AUTHORISED" {
        return None;
    }
    let moving: Vec<(Decimal, Decimal)> = lines(one, "LineItems").map(|(_, net, tax)| (net, tax)).collect();
    let [grows, untaxed] = [
        moving.iter().all(|(net, tax)| net.is_sign_positive() && tax.is_sign_positive()),
        moving.iter().all(|(_, tax)| tax.is_zero()),
    ];
    match one["Type"].as_str()? {
        "SPEND" if grows && !moving.is_empty() => Some(Form::Expense),
        "RECEIVE" if grows && untaxed && moving.len() == 1 => Some(Form::Deposit),
        "SPEND" | "RECEIVE" => Some(Form::Journal),
        _ => None,
    }
}

/// A record without a unique field has Xero's id at the end of its reference.
pub fn row(record: &Value, sum: &str) -> Vec<Row> {
    let reference = text(record, "reference_number");
    let key = reference.len().checked_sub(36).and_then(|at| reference.get(at..));
    vec![Row {
        key: key.filter(|key| key.matches('-').count() == 4).map(str::to_owned),
        number: String::new(),
        amount: amount(record, sum),
    }]
}

pub fn as_journal(one: &Value) -> Vec<Want> {
    if form(one) != Some(Form::Journal) {
        return Vec::new();
    }
    let received = one["Type"] == "RECEIVE";
    let mut sides = sides(one, "LineItems");
    if received {
        sides.iter_mut().for_each(|side| *side = -*side);
    }
    let bank: Decimal = -sides.iter().sum::<Decimal>();
    sides.push(bank);
    want(text(one, "BankTransactionID"), &sides)
}

pub fn manual_journal(one: &Value) -> Vec<Want> {
    match one["Status"].as_str() {
        Some("DRAFT" | "POSTED") => want(text(one, "ManualJournalID"), &sides(one, "JournalLines")),
        _ => Vec::new(),
    }
}

fn want(id: String, sides: &[Decimal]) -> Vec<Want> {
    let amount = sides.iter().filter(|side| **side > Decimal::ZERO).sum();
    vec![Want { key: id.clone(), id, amount }]
}

/// Each line without its tax, and the tax of each rate.
fn sides(one: &Value, list: &str) -> Vec<Decimal> {
    let mut taxes: BTreeMap<String, Decimal> = BTreeMap::new();
    let mut sides = Vec::new();
    for (rate, net, tax) in lines(one, list) {
        sides.push(net);
        *taxes.entry(rate).or_default() += tax;
    }
    sides.extend(taxes.into_values());
    sides
}

/// Rate, amount without tax, and tax of each line that moves something.
fn lines<'a>(one: &'a Value, list: &str) -> impl Iterator<Item = (String, Decimal, Decimal)> + 'a {
    let mode = one["LineAmountTypes"].as_str().unwrap_or("NoTax");
    let lines = one[list].as_array().into_iter().flatten();
    let lines = lines.map(move |line| {
        let tax = if mode == "NoTax" { Decimal::ZERO } else { amount(line, "TaxAmount") };
        let net = amount(line, "LineAmount") - if mode == "Inclusive" { tax } else { Decimal::ZERO };
        (text(line, "TaxType"), net, tax)
    });
    lines.filter(|(_, net, tax)| !net.is_zero() || !tax.is_zero())
}
