//! Zoho's answer to an invoice, a bill or a credit held against Xero's: what makes it equal to the cent, and what a difference comes from.

use rust_decimal::Decimal;
use serde_json::Value;

use super::documents::{Kind, life, other_number, own_rounding, to_zoho};
use super::lines::{self, Document};
use super::{money, taxes};
use crate::flow::{Difference, Judgement, Known};
use crate::xero::records::{Invoice, LineAmountTypes};

/// Equal, or one write away from it, or different for a reason with a name.
pub fn judge(kind: Kind, invoice: &Invoice, known: &Known, answer: &Value) -> Judgement {
    let Some(total) = money::read(&answer["total"]) else { return Judgement::Equal };
    let number = answer[kind.number_key()].as_str();
    let is_ours =
        number.is_none_or(|number| number == invoice.number() || (kind.is_purchase() && number == other_number(invoice)));
    if !is_ours {
        return mend(kind, invoice, known, None, own_rounding(invoice));
    }
    let tax = money::read(&answer["tax_total"]);
    let missing = invoice.total - total;
    let is_whole = is_of_whole_units(invoice, known, invoice.total, total);
    if missing.is_zero() {
        let is_gone = life(invoice) == "void" && invoice.line_items.is_empty();
        let tax = tax.filter(|tax| *tax != invoice.total_tax && !is_gone);
        let tax = tax.map(|tax| tax_difference(invoice, known, tax));
        let differences: Vec<Difference> = tax.into_iter().chain(due_difference(invoice, known, answer, None)).collect();
        return if differences.is_empty() { Judgement::Equal } else { Judgement::Differs(differences) };
    }
    // Once it has been adjusted, a second adjustment would only chase the first.
    let is_adjusted =
        answer.get("adjustment").and_then(money::read).is_some_and(|adjustment| adjustment != own_rounding(invoice));
    if !is_adjusted && !is_whole && missing.abs() <= tolerance(invoice, known) {
        return mend(kind, invoice, known, number, own_rounding(invoice) + missing);
    }
    let total = Difference {
        what: "total",
        xero: invoice.total,
        zoho: total,
        cause: if is_whole {
            "CURRENCY_DECIMALS"
        } else if is_adjusted {
            "UNEXPLAINED"
        } else {
            cause(invoice, known, missing)
        },
    };
    let tax = tax.filter(|tax| *tax != invoice.total_tax).map(|tax| tax_difference(invoice, known, tax));
    let due = due_difference(invoice, known, answer, Some(&total));
    Judgement::Differs(std::iter::once(total).chain(tax).chain(due).collect())
}

fn tax_difference(invoice: &Invoice, known: &Known, tax: Decimal) -> Difference {
    let cause = match is_of_whole_units(invoice, known, invoice.total_tax, tax) {
        true => "CURRENCY_DECIMALS",
        false => cause(invoice, known, invoice.total_tax - tax),
    };
    Difference { what: "tax", xero: invoice.total_tax, zoho: tax, cause }
}

/// What is still owed differs because the total does, or because a credit that was applied in Xero is held or left out.
fn due_difference(invoice: &Invoice, known: &Known, answer: &Value, total: Option<&Difference>) -> Option<Difference> {
    let (xero, zoho) = (invoice.amount_due?, money::read(&answer["balance"])?);
    if xero == zoho || life(invoice) == "void" {
        return None;
    }
    let missing = xero - zoho;
    let cause = match total {
        Some(total) if total.xero - total.zoho == missing => total.cause,
        _ if is_of_whole_units(invoice, known, xero, zoho) => "CURRENCY_DECIMALS",
        _ if is_of_credits(invoice, -missing) => "CREDIT_NOT_CARRIED",
        _ => "UNEXPLAINED",
    };
    Some(Difference { what: "due", xero, zoho, cause })
}

/// Xero writes cents of every currency; Zoho has none of some, and rounds to whole ones.
fn is_of_whole_units(invoice: &Invoice, known: &Known, xero: Decimal, zoho: Decimal) -> bool {
    money::decimals(lines::currency(invoice, known)) == 0 && !xero.fract().is_zero() && (xero - zoho).abs() < Decimal::ONE
}

/// So many credits on one document that not all sums of them are tried.
const CREDITS_MAX: usize = 12;

/// Whether just some of the credits come to this amount. Where Xero does not tell them apart, or there are very many, any amount is
/// theirs that they can come to.
fn is_of_credits(invoice: &Invoice, amount: Decimal) -> bool {
    let credits = invoice.credits();
    match credits.len() {
        1..=CREDITS_MAX => is_sum_of(&credits, amount),
        _ => amount > Decimal::ZERO && amount <= invoice.amount_credited.unwrap_or_else(|| credits.iter().sum()),
    }
}

/// Whether some of these parts come to just this amount.
fn is_sum_of(parts: &[Decimal], amount: Decimal) -> bool {
    let mut sums = vec![Decimal::ZERO];
    for part in parts {
        sums.extend(sums.clone().into_iter().map(|sum| sum + part));
    }
    !amount.is_zero() && sums.contains(&amount)
}

/// The smallest unit of money for each line: more than that is no rounding.
pub fn tolerance(invoice: &dyn Document, known: &Known) -> Decimal {
    let unit = Decimal::new(1, money::decimals(lines::currency(invoice, known)));
    unit * Decimal::from(invoice.lines().len().max(1))
}

/// The same document once more, with this adjustment and this number.
fn mend(kind: Kind, invoice: &Invoice, known: &Known, number: Option<&str>, adjustment: Decimal) -> Judgement {
    match to_zoho(kind, invoice, known) {
        Ok(mut carry) => {
            carry.body["adjustment"] = money::number(adjustment);
            if let Some(number) = number {
                carry.body[kind.number_key()] = number.into();
            }
            Judgement::Mend(carry)
        }
        Err(_) => Judgement::Equal,
    }
}

pub fn cause(invoice: &dyn Document, known: &Known, difference: Decimal) -> &'static str {
    let tolerance = tolerance(invoice, known);
    match tax_by_hand(invoice, known) {
        // What somebody typed explains just as much as it differs from Xero's own rate: a tax that was changed in Zoho is no part of it.
        Some(by_hand) if (difference - by_hand).abs() <= tolerance => "TAX_BY_HAND",
        // Xero writes cents of a currency that has none, Zoho does not.
        _ if has_no_cents(invoice, known) && !difference.fract().is_zero() && difference.abs() <= tolerance => {
            "CURRENCY_DECIMALS"
        }
        _ if difference.abs() <= tolerance => "ROUNDING_PER_LINE",
        _ => "UNEXPLAINED",
    }
}

pub fn has_no_cents(invoice: &dyn Document, known: &Known) -> bool {
    money::decimals(lines::currency(invoice, known)) == 0
}

/// By how much the tax in Xero is more than what Xero's own rates give, where somebody typed that of a line.
fn tax_by_hand(invoice: &dyn Document, known: &Known) -> Option<Decimal> {
    let decimals = money::decimals(lines::currency(invoice, known));
    let unit = Decimal::new(1, decimals);
    let (mut sum, mut typed) = (Decimal::ZERO, false);
    for line in invoice.lines() {
        let (Some(tax_type), Some(entered)) = (lines::tax_of(invoice, line), line.tax_amount) else { continue };
        let percent = known.rate(taxes::KEY, tax_type)?;
        let of = match invoice.line_amount_types() {
            LineAmountTypes::Inclusive => percent + Decimal::ONE_HUNDRED,
            _ => Decimal::ONE_HUNDRED,
        };
        let by_rate = line.amount().checked_mul(percent).and_then(|tax| tax.checked_div(of))?;
        let more = entered - money::round(by_rate, decimals);
        typed |= more.abs() > unit;
        sum += more;
    }
    typed.then_some(sum)
}
