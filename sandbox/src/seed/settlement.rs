//! How documents are paid: in parts, in other currencies at other rates, undone, twice.

use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::Company;
use super::dice::Dice;
use super::papers::Paper;
use super::people::DAY_MS;
use crate::xero::documents::{self, Ledger};
use crate::xero::enter::overpayments;
use crate::xero::json::{Record, decimal_of, midnight_ms, number, set_updated, text_of};
use crate::xero::rounded;

/// Pays a document, wholly or in part; a few payments were undone, a few customers paid twice.
pub fn pay(company: &Company, ledger: &Ledger, index: u64, wholly: bool, paper: &mut Paper, date: NaiveDate, dice: &mut Dice) {
    let created = paper.invoice.1;
    let invoice = &mut paper.invoice.2;
    let total = decimal_of(invoice, "Total").unwrap_or_default();
    if total <= Decimal::ZERO {
        return;
    }
    let currency = text_of(invoice, "CurrencyCode").unwrap_or("NZD").to_owned();
    let amounts = split(total, wholly, currency == "JPY", dice);
    let deleted = dice.one_in_thousand(30).then(|| amounts.first().copied()).flatten();
    let planned = deleted.map(|amount| (amount, true)).into_iter().chain(amounts.into_iter().map(|amount| (amount, false)));
    let mut day = date;
    for (nth, (amount, is_deleted)) in planned.enumerate() {
        day = day + Days::new(1 + dice.below(25));
        let id = company.id("payment", index * 8 + nth as u64);
        let dollars = currency == "USD" && dice.one_in_thousand(500);
        let code = if dollars { "092" } else { "090" };
        let mut payment = Record::new();
        payment.insert("PaymentID".into(), id.to_string().into());
        payment.insert("Date".into(), day.to_string().into());
        payment.insert("Amount".into(), number(amount));
        payment.insert(
            "Reference".into(),
            if dice.one_in_thousand(500) { format!("Deposit {}", index + 1) } else { String::new() }.into(),
        );
        payment.insert("IsReconciled".into(), dice.one_in_thousand(600).into());
        if is_deleted {
            payment.insert("Status".into(), "DELETED".into());
        }
        if currency != "NZD" {
            // Money moves between the invoice and its payment.
            let then = decimal_of(invoice, "CurrencyRate").unwrap_or(Decimal::ONE);
            payment.insert("CurrencyRate".into(), number(rounded(then * Decimal::new(1000 + dice.between(-30, 30), 3), 6)));
        }
        let account = ledger.accounts.get(code).map_or("", |(id, _)| id.as_str());
        documents::complete_payment(&mut payment, invoice, (account, code), currency != "NZD" && !dollars, day);
        documents::note_payment(invoice, &payment);
        let at = midnight_ms(day) + dice.between(0, DAY_MS - 1);
        set_updated(&mut payment, at, true);
        paper.payments.push((id, at, payment));
        // A document entered by the great import was imported with its payments.
        if created < at {
            paper.invoice.1 = paper.invoice.1.max(at);
        }
    }
    if wholly && dice.one_in_thousand(12) {
        let id = company.id("overpayment", index);
        let over =
            if currency == "JPY" { Decimal::from(dice.between(100, 5000)) } else { Decimal::new(dice.between(100, 20_000), 2) };
        let sale = text_of(invoice, "Type") == Some("ACCREC");
        let mut record = Record::new();
        record.insert("OverpaymentID".into(), id.to_string().into());
        record.insert("Type".into(), if sale { "RECEIVE-OVERPAYMENT" } else { "SPEND-OVERPAYMENT" }.into());
        record.insert("Contact".into(), invoice.get("Contact").cloned().unwrap_or_default());
        record.insert("Date".into(), day.to_string().into());
        record.insert("CurrencyCode".into(), currency.as_str().into());
        record.insert("CurrencyRate".into(), invoice.get("CurrencyRate").cloned().unwrap_or_default());
        record.insert("Reference".into(), "Paid twice".into());
        record.insert("Total".into(), number(over));
        documents::complete_overpayment(&mut record, "NZD", day);
        let at = midnight_ms(day) + dice.between(0, DAY_MS - 1);
        set_updated(&mut record, at, true);
        let bank = ledger.accounts.get("090").and_then(|(id, _)| Uuid::parse_str(id).ok()).unwrap_or_default();
        let (own, mut brought) = overpayments::brought(&record, id, (bank, "090", "Business Bank Account"));
        set_updated(&mut brought, at, false);
        paper.brought = Some((own, at, brought));
        paper.overpayment = Some((id, at, record));
    }
}

/// One to three parts that make up the total, or less than it. Yen have no parts.
fn split(total: Decimal, all: bool, whole: bool, dice: &mut Dice) -> Vec<Decimal> {
    let places = if whole { 0 } else { 2 };
    let smallest = Decimal::new(1, places);
    let parts = 1 + dice.below(3);
    let mut left = total;
    let mut amounts = Vec::new();
    for part in 1..=parts {
        let last = part == parts;
        let amount = if all && last {
            left
        } else {
            let share = left * Decimal::new(dice.between(15, 80), 2);
            rounded(share, places)
        };
        if amount < smallest || amount > left || (!all && amount == left) {
            break;
        }
        amounts.push(amount);
        left -= amount;
    }
    if all && left > Decimal::ZERO {
        amounts.push(left);
    }
    amounts
}
