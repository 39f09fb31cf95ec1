//! What one customer owes, or what is owed to one supplier: the open documents as they stood on a day, in base currency.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use super::{amount, date, enveloped, header, long, marked, row, section, summary, today};
use crate::xero::api::{Answer, Call, Failure};
use crate::xero::json::{self, Record, decimal_of, text_of};
use crate::xero::kinds::Kind;
use crate::xero::ledger;
use crate::xero::records;

/// A document as it stood.
struct Open {
    id: String,
    number: String,
    date: NaiveDate,
    due_date: Option<NaiveDate>,
    /// Total, paid, credited, due, in cents of the base currency.
    amounts: [i64; 4],
}

pub fn report(call: &Call, receivable: bool) -> Result<Answer, Failure> {
    let contact = call.parameter("contactId").or_else(|| call.parameter("contactID")).unwrap_or_default();
    let contact = Uuid::parse_str(contact).map_err(|_| Failure::query("contactId is required"))?;
    let day = date(call, "date")?.unwrap_or_else(|| today(call));
    let to = date(call, "toDate")?.unwrap_or(day);
    let from = date(call, "fromDate")?;
    let org = call.caller.org.n;
    ledger::catch_up(call.shared, org)?;
    let (name, bodies) = call.shared.store.with(|connection| {
        let known = records::by_id(connection, org, Kind::Contacts, contact)?;
        let ids = ledger::invoices_of(connection, org, contact)?;
        let mut bodies = Vec::with_capacity(ids.len());
        for id in ids {
            bodies.extend(records::by_id(connection, org, Kind::Invoices, id)?.map(|(body, _)| body));
        }
        Ok::<_, rusqlite::Error>((known.map(|(body, _)| name_of(&body)), bodies))
    })?;
    let name = name.ok_or(Failure::Absent)?;
    let type_ = if receivable { "ACCREC" } else { "ACCPAY" };
    let mut open: Vec<Open> =
        bodies.iter().filter_map(|body| standing(body, type_, day)).filter(|open| open.date <= to).collect();
    open.sort_by(|one, other| (one.date, &one.number).cmp(&(other.date, &other.number)));
    let first = from.or_else(|| open.first().map(|open| open.date)).unwrap_or(day);
    let (before, open): (Vec<Open>, Vec<Open>) = open.into_iter().partition(|open| open.date < first);
    let opening: i64 = before.iter().map(|open| open.amounts[3]).sum();

    let number = if receivable { "Number" } else { "Reference" };
    let mut rows = vec![header(["Date", number, "Due Date", "", "Total", "Paid", "Credited", "Due"].map(str::to_owned))];
    let opened = [
        written(first),
        "Opening Balance".into(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        amount(opening),
    ];
    rows.push(section("", vec![row(super::cells(opened))]));
    let mut sums = [0; 4];
    let mut listed = Vec::new();
    for open in &open {
        for (sum, amount) in sums.iter_mut().zip(open.amounts) {
            *sum += amount;
        }
        let overdue = open.due_date.map(|due| (day - due).num_days()).filter(|days| *days > 0);
        let late = match overdue {
            Some(1) => "1 day overdue".into(),
            Some(days) => format!("{days} days overdue"),
            None => String::new(),
        };
        let texts = [written(open.date), open.number.clone(), open.due_date.map(written).unwrap_or_default(), late];
        listed.push(row(marked(texts.into_iter().chain(open.amounts.map(amount)), "invoiceID", &open.id)));
    }
    let summed = |title: &str, sums: [i64; 4]| {
        summary([title.to_owned(), String::new(), String::new(), String::new()].into_iter().chain(sums.map(amount)))
    };
    if !listed.is_empty() {
        listed.push(summed("Total", sums));
        rows.push(section("", listed));
    }
    sums[3] += opening;
    rows.push(section("", vec![summed("Closing Balance", sums)]));
    let (title, kind) = if receivable {
        ("Aged Receivables By Contact", "AgedReceivablesByContact")
    } else {
        ("Aged Payables By Contact", "AgedPayablesByContact")
    };
    let titles = [name, format!("From {} to {}", long(first), long(to)), format!("Showing payments to {}", long(day))];
    Ok(enveloped(call, title, kind, &titles, rows))
}

/// A document as it stood at the end of a day; None when nothing of it was open.
fn standing(body: &str, type_: &str, day: NaiveDate) -> Option<Open> {
    let Ok(Value::Object(record)) = serde_json::from_str(body) else { return None };
    let date = record.get("Date").and_then(json::date)?;
    if text_of(&record, "Type") != Some(type_) || !ledger::is_open(&record) {
        return None;
    }
    let rate = decimal_of(&record, "CurrencyRate").filter(|rate| !rate.is_zero()).unwrap_or(Decimal::ONE);
    let until = |list: &str, name: &str| -> Decimal {
        let entries = record.get(list).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
        let before = entries.filter(|entry| entry.get("Date").and_then(json::date).is_none_or(|date| date <= day));
        before.filter_map(|entry| decimal_of(entry, name)).sum()
    };
    let total = decimal_of(&record, "Total").unwrap_or_default();
    let paid = until("Payments", "Amount");
    let credited: Decimal =
        ["CreditNotes", "Prepayments", "Overpayments"].into_iter().map(|list| until(list, "AppliedAmount")).sum();
    let due = total - paid - credited;
    let base = |amount: Decimal| crate::xero::cents(amount / rate);
    let amounts = [base(total), base(paid), base(credited), base(due)].map(in_cents);
    (!due.is_zero()).then(|| Open {
        id: text(&record, "InvoiceID"),
        number: text(&record, "InvoiceNumber"),
        date,
        due_date: record.get("DueDate").and_then(json::date),
        amounts,
    })
}

fn in_cents(amount: Decimal) -> i64 {
    i64::try_from((amount * Decimal::ONE_HUNDRED).trunc()).unwrap_or_default()
}

fn text(record: &Record, name: &str) -> String {
    text_of(record, name).unwrap_or_default().to_owned()
}

fn name_of(body: &str) -> String {
    let contact: Value = serde_json::from_str(body).unwrap_or_default();
    contact.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn written(day: NaiveDate) -> String {
    format!("{day}T00:00:00")
}
