//! Documents and credits: what they owe, and what happens to them once they are there.

use rust_decimal::Decimal;
use uuid::Uuid;

use super::{Journal, Line, Rate, balance, control, date_of, id_of, in_cents, item_lines, list, plain, source_type, text};
use crate::xero::json::{self, Record, decimal, decimal_of, text_of};
use crate::xero::ledger::chart::Chart;

pub fn document(chart: &Chart, id: Uuid, record: &Record) -> Vec<Journal> {
    if !matches!(text_of(record, "Status"), Some("AUTHORISED" | "PAID")) {
        return Vec::new();
    }
    let (account, sign) = control(text_of(record, "Type").unwrap_or_default());
    let rate = Rate::of(record);
    let mut lines = vec![plain(chart.system(account), sign * rate.base(decimal_of(record, "Total").unwrap_or_default()))];
    lines.extend(item_lines(chart, record, &rate, -sign));
    balance(&mut lines, chart.system("ROUNDING"));
    let own = Journal {
        source: id,
        part: id,
        type_: source_type(text_of(record, "Type").unwrap_or_default()),
        date: date_of(record),
        reference: text(record, "Reference"),
        lines,
    };
    let mut journals: Vec<Journal> = if own.lines.iter().any(|line| line.net != 0) { vec![own] } else { Vec::new() };
    journals.extend(credit(chart, id, record));
    journals
}

/// What happens to a document or credit after it is there: gains where it is allocated at another rate, and the cents that are left
/// when nothing of it is.
pub fn credit(chart: &Chart, id: Uuid, record: &Record) -> Vec<Journal> {
    let mut journals = Vec::new();
    let rate = Rate::of(record);
    let type_ = text_of(record, "Type").unwrap_or_default();
    if rate.0 == Decimal::ONE || !matches!(text_of(record, "Status"), Some("AUTHORISED" | "PAID")) {
        return journals;
    }
    let (account, sign) = control(type_);
    let journal = |part, date, lines| Journal {
        source: id,
        part,
        type_: source_type(type_),
        date,
        reference: text(record, "Reference"),
        lines,
    };
    let mut left = rate.base(decimal_of(record, "Total").unwrap_or_default());
    for (settled, amount) in settlements(record) {
        left -= rate.base(amount);
        let theirs = settled.get("Invoice").and_then(|invoice| invoice.get("CurrencyRate")).and_then(decimal);
        if let (Some(theirs), true) = (theirs, settled.contains_key("AllocationID")) {
            // The invoice is relieved at its rate, the credit at its own.
            let gain = sign * (rate.base(amount) - Rate::at(Some(theirs)).base(amount));
            if gain != 0 {
                let lines = vec![plain(chart.system(account), -gain), plain(chart.system("REALISEDCURRENCYGAIN"), gain)];
                journals.push(journal(id_of(settled, "AllocationID"), date_of(settled), lines));
            }
        }
    }
    if left != 0 && text_of(record, "Status") == Some("PAID") {
        let date = record.get("FullyPaidOnDate").and_then(json::date).unwrap_or_else(|| date_of(record));
        let lines = vec![plain(chart.system(account), -sign * left), plain(chart.system("ROUNDING"), sign * left)];
        journals.push(journal(Uuid::nil(), date, lines));
    }
    journals
}

/// What a document is on cash basis: its lines count as it is settled, each time by the share that is settled then. What settles it
/// is posted as ever, and the control account comes out even.
pub fn on_cash_basis(chart: &Chart, id: Uuid, record: &Record) -> Vec<Journal> {
    let total = decimal_of(record, "Total").unwrap_or_default();
    let mut whole: Vec<Journal> = document(chart, id, record).into_iter().filter(|journal| journal.part == id).collect();
    let Some(own) = whole.first_mut() else { return Vec::new() };
    if total.is_zero() {
        // Nothing is left to be paid: it has been settled since its own day.
        return whole;
    }
    let (_, sign) = control(text_of(record, "Type").unwrap_or_default());
    let rate = Rate::of(record);
    let control = own.lines.remove(0);
    let mut used = Decimal::ZERO;
    settlements(record)
        .map(|(settled, amount)| {
            let mut lines = share(&own.lines, 1, (used, used + amount), total);
            used += amount;
            lines.push(plain(control.account, sign * rate.base(amount)));
            balance(&mut lines, chart.system("ROUNDING"));
            let part = ["PaymentID", "AllocationID", "CreditNoteID", "PrepaymentID", "OverpaymentID"]
                .into_iter()
                .map(|name| id_of(settled, name))
                .find(|id| !id.is_nil())
                .unwrap_or_default();
            let date = settled.get("Date").and_then(json::date).unwrap_or(own.date);
            Journal { part, date, lines, ..own.clone() }
        })
        .collect()
}

/// What settles a document or uses a credit up, and by how much.
fn settlements(record: &Record) -> impl Iterator<Item = (&Record, Decimal)> {
    ["Payments", "Allocations", "CreditNotes", "Prepayments", "Overpayments"].into_iter().flat_map(|name| {
        let amount = if matches!(name, "Payments" | "Allocations") { "Amount" } else { "AppliedAmount" };
        list(record, name).map(move |entry| (entry, decimal_of(entry, amount).unwrap_or_default()))
    })
}

/// What lies between two stretches of the way to a total. Shares are taken from the beginning, so that all of them are the whole.
fn share(lines: &[Line], sign: i64, (from, to): (Decimal, Decimal), total: Decimal) -> Vec<Line> {
    let part = |amount: i64, used: Decimal| in_cents(Decimal::new(amount, 2) * used / total);
    let between = |amount: i64| sign * (part(amount, to) - part(amount, from));
    lines.iter().map(|line| Line { net: between(line.net), tax: between(line.tax), ..line.clone() }).collect()
}

/// A prepayment leaves the accounts of its lines by and by: each allocation and each refund takes its share.
pub fn prepayment(chart: &Chart, id: Uuid, record: &Record) -> Vec<Journal> {
    let total = decimal_of(record, "Total").unwrap_or_default();
    if total.is_zero() || !matches!(text_of(record, "Status"), Some("AUTHORISED" | "PAID")) {
        return Vec::new();
    }
    let type_ = text_of(record, "Type").unwrap_or_default();
    let (account, sign) = control(type_);
    let rate = Rate::of(record);
    // As the money came in: Cr the accounts for a customer's prepayment. It goes out the other way.
    let mut held = item_lines(chart, record, &rate, sign);
    let over: i64 = held.iter().map(|line| line.net).sum();
    let whole = sign * rate.base(total);
    if over != whole {
        held.push(plain(chart.system("ROUNDING"), whole - over));
    }
    let mut used = Decimal::ZERO;
    let mut journals = Vec::new();
    for (settled, key) in list(record, "Allocations")
        .map(|entry| (entry, "AllocationID"))
        .chain(list(record, "Payments").map(|entry| (entry, "PaymentID")))
    {
        let amount = decimal_of(settled, "Amount").unwrap_or_default();
        let mut lines = share(&held, -1, (used, used + amount), total);
        used += amount;
        let theirs = settled.get("Invoice").and_then(|invoice| invoice.get("CurrencyRate")).and_then(decimal);
        let relieved = Rate::at(theirs.or(Some(rate.0))).base(amount);
        lines.push(plain(chart.system(account), sign * relieved));
        let odd = if theirs.is_some_and(|theirs| theirs != rate.0) { "REALISEDCURRENCYGAIN" } else { "ROUNDING" };
        balance(&mut lines, chart.system(odd));
        journals.push(Journal {
            source: id,
            part: id_of(settled, key),
            type_: source_type(type_),
            date: date_of(settled),
            reference: text(record, "Reference"),
            lines,
        });
    }
    journals
}
