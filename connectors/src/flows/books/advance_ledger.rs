//! What prepayments and overpayments move in the general ledger, and where Zoho keeps them otherwise than Xero.
//!
//! Xero leaves a prepayment on the accounts of its lines until it is used, and an overpayment on what is owed. Zoho keeps both in
//! Unearned Revenue, or in Prepaid Expenses. Amounts are in the organisation's own currency; debits are positive.

use rust_decimal::Decimal;
use serde_json::Value;

use super::entries::{self, Entries, base};
use super::{advance_banks, money};
use crate::flow::{Known, Ledger, Posting, Shift};
use crate::xero::Record;
use crate::xero::records::{Advance, AdvanceStatus, LineAmountTypes, Payment, PaymentStatus};

/// The cause of all shifts here.
const CAUSE: &str = "UNUSED_CREDIT";

/// Where a side is owed, and where Zoho keeps what was paid ahead.
fn accounts(is_received: bool) -> (Ledger, Ledger) {
    if is_received { (Ledger::Receivable, Ledger::UnearnedRevenue) } else { (Ledger::Payable, Ledger::PrepaidExpenses) }
}

/// The bank, what the money stands on now, and what was relieved by it.
pub fn postings(advance: &Advance, known: &Known) -> Vec<Posting> {
    if advance.status == AdvanceStatus::Voided {
        return Vec::new();
    }
    let sign = if advance.is_received() { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let (owed, _) = accounts(advance.is_received());
    let rate = advance.rate();
    let mut entries = Entries::default();
    let bank = known.id(advance_banks::KEY, advance.id());
    if let Some(bank) = bank {
        entries.add(Ledger::Zoho(bank.to_owned()), sign * base(advance.total, rate));
    }
    let mut at_other_rates = false;
    for allocation in advance.used() {
        let theirs = allocation.invoice.currency_rate.filter(|theirs| *theirs > Decimal::ZERO).unwrap_or(rate);
        at_other_rates |= theirs != rate;
        entries.add(owed.clone(), -sign * base(allocation.amount, theirs));
    }
    // What was paid back was owed for a moment; the refund takes it from there.
    entries.add(owed.clone(), -sign * base(advance.paid_back(), rate));
    let left = advance.remaining();
    if advance.is_prepayment() {
        for (ledger, amount) in standing(advance) {
            entries.add(ledger, -sign * amount);
        }
    } else {
        entries.add(owed, -sign * base(left, rate));
    }
    // Without the bank account its amount is missing, which is no rounding.
    if bank.is_some() {
        entries.level(if at_other_rates { Ledger::Exchange } else { Ledger::Rounding });
    }
    entries.into_postings()
}

/// The accounts of a prepayment's lines with what came to each, tax last.
fn lines(advance: &Advance) -> Vec<(Ledger, Decimal)> {
    let rate = advance.rate();
    let (mut lines, mut tax) = (Vec::new(), Decimal::ZERO);
    for line in advance.line_items.iter().filter(|line| !line.is_text()) {
        let of_tax = if advance.line_amount_types == LineAmountTypes::NoTax { None } else { line.tax_amount };
        let of_tax = of_tax.unwrap_or_default();
        let net = if advance.line_amount_types == LineAmountTypes::Inclusive { line.amount() - of_tax } else { line.amount() };
        tax += base(of_tax, rate);
        if let Some(account) = entries::account(&line.account_id, &line.account_code) {
            lines.push((account, base(net, rate)));
        }
    }
    lines.push((Ledger::Tax, tax));
    lines
}

/// The part of what came to an account that has left it once so much of the advance is used. Parts are counted from the beginning, in
/// whole cents, so that all of them are the whole.
fn gone(came: Decimal, used: Decimal, advance: &Advance) -> Decimal {
    let part = came.checked_mul(used).and_then(|part| part.checked_div(advance.total)).unwrap_or_default();
    money::round(part, 2)
}

/// What still stands on the accounts of the lines.
fn standing(advance: &Advance) -> impl Iterator<Item = (Ledger, Decimal)> {
    let used = advance.total - advance.remaining();
    lines(advance).into_iter().map(move |(ledger, came)| (ledger, came - gone(came, used, advance)))
}

/// By what is not used for documents, Zoho's books differ from Xero's. A refund takes its own part back.
pub fn shifts(advance: &Advance) -> Vec<Shift> {
    if advance.status == AdvanceStatus::Voided {
        return Vec::new();
    }
    let sign = if advance.is_received() { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let (owed, ahead) = accounts(advance.is_received());
    let rate = advance.rate();
    let (left, paid_back) = (advance.remaining(), advance.paid_back());
    let mut entries = Entries::default();
    entries.add(ahead, -sign * base(left + paid_back, rate));
    entries.add(owed.clone(), sign * base(paid_back, rate));
    if !advance.is_prepayment() {
        entries.add(owed, sign * base(left, rate));
        entries.level(Ledger::Rounding);
        return [all(entries), gains(advance)].concat();
    }
    // In Xero it came to the accounts of its lines on its own day, and left them on the days on which it was used.
    let uses = advance.used().map(|one| (one.amount, one.date));
    let uses = uses.chain(advance.payments.iter().map(|one| (one.amount, one.date)));
    let (mut used, mut later) = (Decimal::ZERO, Vec::new());
    let lines = lines(advance);
    for (ledger, came) in &lines {
        entries.add(ledger.clone(), sign * *came);
    }
    for (amount, day) in uses {
        for (ledger, came) in &lines {
            let part = gone(*came, used + amount, advance) - gone(*came, used, advance);
            if day.is_none_or(|day| day == advance.date) {
                entries.add(ledger.clone(), -sign * part);
            } else if !part.is_zero() {
                later.push(Shift { by: Posting { ledger: ledger.clone(), amount: -sign * part }, day, cause: CAUSE });
            }
        }
        used += amount;
    }
    entries.level(Ledger::Rounding);
    entries.add(Ledger::Rounding, -later.iter().map(|shift| shift.by.amount).sum::<Decimal>());
    let mut shifts = all(entries);
    shifts.extend(later);
    shifts.extend(gains(advance));
    shifts
}

/// Zoho knows no day of an allocation: a gain or loss of rates stands on the day of the payment.
fn gains(advance: &Advance) -> Vec<Shift> {
    let sign = if advance.is_received() { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let rate = advance.rate();
    let mut gains = Vec::new();
    for allocation in advance.used().filter(|one| one.date.is_some_and(|day| day != advance.date)) {
        let theirs = allocation.invoice.currency_rate.filter(|theirs| *theirs > Decimal::ZERO).unwrap_or(rate);
        let gain = sign * (base(allocation.amount, theirs) - base(allocation.amount, rate));
        if gain.is_zero() {
            continue;
        }
        for (amount, day) in [(-gain, allocation.date), (gain, None)] {
            gains.push(Shift { by: Posting { ledger: Ledger::Exchange, amount }, day, cause: "FX_RATE_SOURCE" });
        }
    }
    gains
}

/// A payment as Zoho's ledger has it: the money, what it is used for, and the rest of it with what was paid ahead. What was paid back is
/// a refund's.
pub fn booked(is_received: bool, answer: &Value) -> Option<Vec<Posting>> {
    let (list, money) = if is_received { ("invoices", "account_id") } else { ("bills", "paid_through_account_id") };
    let sign = if is_received { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let (owed, ahead) = accounts(is_received);
    let amount = money::read(&answer["amount"])?;
    let bank = answer[money].as_str().filter(|id| !id.is_empty())?;
    let rate = money::read(&answer["exchange_rate"]).filter(|rate| *rate > Decimal::ZERO).unwrap_or(Decimal::ONE);
    let own = |amount: Decimal| amount.checked_mul(rate).map_or(amount, |own| money::round(own, 2));
    let used = answer[list].as_array().into_iter().flatten().filter_map(|one| money::read(&one["amount_applied"]));
    let used: Decimal = used.sum();
    let mut entries = Entries::default();
    entries.add(Ledger::Zoho(bank.to_owned()), sign * own(amount));
    entries.add(owed, -sign * own(used));
    entries.add(ahead.clone(), -sign * own(amount - used));
    entries.level(ahead);
    Some(entries.into_postings())
}

/// What a refund moves: the bank at its own rate, what is owed at the advance's.
pub fn refund_postings(is_received: bool, refund: &Payment) -> Vec<Posting> {
    if refund.status == PaymentStatus::Deleted {
        return Vec::new();
    }
    let sign = if is_received { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let mut entries = Entries::default();
    entries.add(accounts(is_received).0, sign * base(refund.amount, credit_rate(refund)));
    if let Some(bank) = refund.account.as_ref().and_then(|account| entries::account(&account.id, &account.code)) {
        entries.add(bank, -sign * base(refund.amount, refund.rate()));
    }
    entries.level(Ledger::Exchange);
    entries.into_postings()
}

/// Zoho pays a refund out of what was paid ahead, Xero out of what is owed.
pub fn refund_shifts(is_received: bool, refund: &Payment) -> Vec<Shift> {
    if refund.status == PaymentStatus::Deleted {
        return Vec::new();
    }
    let sign = if is_received { Decimal::ONE } else { Decimal::NEGATIVE_ONE };
    let (owed, ahead) = accounts(is_received);
    let amount = sign * base(refund.amount, credit_rate(refund));
    let mut entries = Entries::default();
    entries.add(ahead, amount);
    entries.add(owed, -amount);
    all(entries)
}

fn credit_rate(refund: &Payment) -> Decimal {
    let rate = refund.credit().and_then(|credit| credit.currency_rate);
    rate.filter(|rate| *rate > Decimal::ZERO).unwrap_or_else(|| refund.rate())
}

fn all(entries: Entries) -> Vec<Shift> {
    entries.into_postings().into_iter().map(|by| Shift { by, day: None, cause: CAUSE }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn advance(extra: Value) -> Advance {
        let mut record = json!({
            "PrepaymentID": "p-1", "Type": "RECEIVE-PREPAYMENT", "Status": "AUTHORISED", "Contact": {"ContactID": "c-1"},
            "Date": "2026-05-05", "LineAmountTypes": "Exclusive", "Total": 115, "RemainingCredit": 115, "CurrencyCode": "NZD", "CurrencyRate": 1,
            "LineItems": [{"LineAmount": 100, "UnitAmount": 100, "TaxAmount": 15, "AccountID": "sales", "TaxType": "OUTPUT2"}],
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let mut known = Known::default();
        known.learn(advance_banks::KEY, "p-1", "31");
        known
    }

    fn told(postings: &[Posting]) -> Vec<String> {
        let mut told: Vec<String> =
            postings.iter().map(|posting| format!("{:?} {}", posting.ledger, posting.amount.normalize())).collect();
        told.sort();
        told
    }

    fn by(shifts: Vec<Shift>) -> Vec<Posting> {
        assert!(shifts.iter().all(|shift| shift.cause == CAUSE));
        let by: Vec<Posting> = shifts.into_iter().map(|shift| shift.by).collect();
        assert_eq!(by.iter().map(|posting| posting.amount).sum::<Decimal>(), Decimal::ZERO);
        by
    }

    #[test]
    fn a_prepayment_stands_on_its_lines_until_it_is_used() {
        let unused = advance(json!({}));
        assert_eq!(told(&postings(&unused, &known())), [r#"Id("sales") -100"#, "Tax -15", r#"Zoho("31") 115"#]);
        assert_eq!(told(&by(shifts(&unused))), [r#"Id("sales") 100"#, "Tax 15", "UnearnedRevenue -115"]);
        let used = advance(json!({"RemainingCredit": 69, "Allocations": [{"Amount": 46, "Invoice": {"InvoiceID": "i-1"}}]}));
        assert_eq!(told(&postings(&used, &known())), [r#"Id("sales") -60"#, "Receivable -46", "Tax -9", r#"Zoho("31") 115"#]);
        assert_eq!(told(&by(shifts(&used))), [r#"Id("sales") 60"#, "Tax 9", "UnearnedRevenue -69"]);
    }

    #[test]
    fn an_overpayment_stands_on_what_is_owed_and_its_refund_takes_it_back() {
        let over = advance(
            json!({"Type": "SPEND-OVERPAYMENT", "Total": 50, "RemainingCredit": 30, "LineItems": [], "Payments": [{"Amount": 20}]}),
        );
        assert_eq!(told(&postings(&over, &known())), ["Payable 50", r#"Zoho("31") -50"#]);
        assert_eq!(told(&by(shifts(&over))), ["Payable -50", "PrepaidExpenses 50"]);
        let refund: Payment = serde_json::from_str(
            r#"{"PaymentID": "r-1", "PaymentType": "APOVERPAYMENTPAYMENT", "Date": "2026-05-06", "Amount": 20, "Account": {"AccountID": "bank"},
                "Overpayment": {"OverpaymentID": "p-1"}}"#,
        )
        .unwrap();
        assert_eq!(told(&refund_postings(false, &refund)), [r#"Id("bank") 20"#, "Payable -20"]);
        assert_eq!(told(&by(refund_shifts(false, &refund))), ["Payable 20", "PrepaidExpenses -20"]);
    }

    #[test]
    fn what_left_the_lines_left_them_on_its_own_day() {
        let used = advance(json!({"RemainingCredit": 34.5, "Payments": [{"Amount": 34.5, "Date": "2027-04-02"}],
            "Allocations": [{"Amount": 46, "Date": "2026-05-05", "Invoice": {"InvoiceID": "i-1"}}]}));
        let (later, own): (Vec<Shift>, Vec<Shift>) = shifts(&used).into_iter().partition(|shift| shift.day.is_some());
        let postings = |shifts: &[Shift]| told(&shifts.iter().map(|shift| shift.by.clone()).collect::<Vec<_>>());
        assert_eq!(postings(&own), [r#"Id("sales") 60"#, "Receivable 34.5", "Tax 9", "UnearnedRevenue -69"]);
        assert_eq!(postings(&later), [r#"Id("sales") -30"#, "Tax -4.5"]);
        assert!(later.iter().all(|shift| shift.day == "2027-04-02".parse().ok()));
        by([own, later].concat());
    }

    #[test]
    fn without_its_bank_account_an_advance_does_not_pretend_to_be_in_balance() {
        assert_eq!(told(&postings(&advance(json!({})), &Known::default())), [r#"Id("sales") -100"#, "Tax -15"]);
        assert!(postings(&advance(json!({"Status": "VOIDED"})), &known()).is_empty());
        assert!(shifts(&advance(json!({"Status": "VOIDED"}))).is_empty());
    }

    #[test]
    fn zohos_own_entries_are_read_from_its_answer() {
        let answer = json!({"amount": "100", "account_id": "31", "exchange_rate": 2, "invoices": [{"amount_applied": 30}, {"amount_applied": null}]});
        assert_eq!(told(&booked(true, &answer).unwrap()), ["Receivable -60", "UnearnedRevenue -140", r#"Zoho("31") 200"#]);
        let answer = json!({"amount": 10, "paid_through_account_id": "31", "bills": [{"amount_applied": 10}]});
        assert_eq!(told(&booked(false, &answer).unwrap()), ["Payable 10", r#"Zoho("31") -10"#]);
        for unread in
            [json!({}), json!({"amount": 5}), json!({"amount": "?", "account_id": "31"}), json!({"amount": 5, "account_id": ""})]
        {
            assert_eq!(booked(true, &unread), None, "{unread}");
        }
    }

    #[test]
    fn an_invoice_of_another_rate_leaves_a_gain() {
        let used =
            advance(json!({"CurrencyCode": "USD", "CurrencyRate": 0.5, "Total": 100, "RemainingCredit": 0, "Status": "PAID",
            "LineItems": [{"LineAmount": 100, "UnitAmount": 100, "AccountID": "sales"}],
            "Allocations": [{"Amount": 100, "Date": "2026-05-05", "Invoice": {"InvoiceID": "i-1", "CurrencyRate": 0.4}}]}));
        assert_eq!(told(&postings(&used, &known())), ["Exchange 50", "Receivable -250", r#"Zoho("31") 200"#]);
        assert_eq!(shifts(&used), []);
        // Used later, it is a gain of that day in Xero, and of the payment's in Zoho.
        let mut later = used;
        later.allocations[0].date = "2027-04-02".parse().ok();
        let gains: Vec<Shift> = shifts(&later).into_iter().filter(|shift| shift.cause == "FX_RATE_SOURCE").collect();
        assert_eq!((gains[0].by.amount, gains[0].day), (Decimal::from(-50), "2027-04-02".parse().ok()));
        assert_eq!((gains[1].by.amount, gains[1].day, gains.len()), (Decimal::from(50), None, 2));
    }
}
