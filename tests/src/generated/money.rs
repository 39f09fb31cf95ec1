//! Credits, payments, bank transactions, transfers and journals: what moves money.

use std::collections::HashMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::papers::{WHOLE, document, lines};
use super::{Company, amount, number, text};

/// Credit notes, prepayments and overpayments of the side of these documents; a part of each is applied to some of them.
pub async fn credits(company: &mut Company<'_>, each: usize, documents: &[Value]) {
    let is_sale = documents.first().is_some_and(|one| one["Type"] == "ACCREC");
    let mut open = Open::of(documents);
    let mut notes = Vec::new();
    for n in 0..each {
        let mut note = document(company, is_sale, false);
        note["Type"] = if is_sale { "ACCRECCREDIT" } else { "ACCPAYCREDIT" }.into();
        note["Status"] = if company.dice.once_in(8) { "DRAFT" } else { "AUTHORISED" }.into();
        note["CreditNoteNumber"] = format!("{}C-{n:06}", if is_sale { "G" } else { "S" }).into();
        notes.push(note);
    }
    let entered = company.entry.put("CreditNotes", &notes).await;
    company.tally(if is_sale { "CreditNotes" } else { "VendorCredits" }, &entered);
    let credits = entered.taken.iter().filter(|note| note["Status"] == "AUTHORISED");
    let credits: Vec<Credit> = credits.map(|note| Credit::of(note, "CreditNotes", "CreditNoteID")).collect();
    apply(company, &credits, &mut open).await;

    let (mut ahead, mut over) = (Vec::new(), Vec::new());
    for _ in 0..each {
        let side = if is_sale { "RECEIVE" } else { "SPEND" };
        let party = loop {
            // The bank account is the organisation's own currency.
            let party = company.party(is_sale);
            if party.currency == "NZD" {
                break party;
            }
        };
        let common = json!({ "Contact": { "ContactID": party.id }, "BankAccount": { "Code": "090" }, "Date": company.day() });
        let mut prepayment = common.clone();
        prepayment["Type"] = format!("{side}-PREPAYMENT").into();
        prepayment["LineAmountTypes"] = (*company.dice.one_of(&["Exclusive", "Inclusive", "NoTax"])).into();
        prepayment["LineItems"] = lines(company, is_sale, false, "NZD").into();
        ahead.push(prepayment);
        let mut overpayment = common;
        overpayment["Type"] = format!("{side}-OVERPAYMENT").into();
        overpayment["LineAmountTypes"] = "NoTax".into();
        let total = company.dice.decimal(6, 2);
        let account = if is_sale { "610" } else { "800" };
        overpayment["LineItems"] =
            json!([{ "Description": "Paid too much", "Quantity": 1, "UnitAmount": number(total), "AccountCode": account }]);
        over.push(overpayment);
    }
    for (kind, list, key, wanted) in
        [("Prepayments", "Prepayments", "PrepaymentID", ahead), ("Overpayments", "Overpayments", "OverpaymentID", over)]
    {
        let entered = company.entry.put("BankTransactions", &wanted).await;
        company.tally(kind, &entered);
        let credits = entered.taken.iter().filter(|one| !text(one, key).is_empty()).map(|one| Credit {
            list,
            id: text(one, key),
            contact: text(&one["Contact"], "ContactID"),
            currency: text(one, "CurrencyCode"),
            left: amount(one, "Total"),
            until: None,
        });
        let credits: Vec<Credit> = credits.collect();
        apply(company, &credits, &mut open).await;
    }
}

/// Pays what is still due, whole or in part, at rates of the day of payment; some credits are paid back.
pub async fn payments(company: &mut Company<'_>, each: usize) {
    let due = list(company, "Invoices", "&Statuses=AUTHORISED").await;
    let mut wanted = Vec::new();
    for invoice in due.iter().filter(|one| amount(one, "AmountDue") > Decimal::ZERO).take(2 * each) {
        if company.dice.once_in(4) {
            continue;
        }
        wanted.push(payment(company, "Invoice", "InvoiceID", invoice, amount(invoice, "AmountDue")));
    }
    let entered = company.entry.put("Payments", &wanted).await;
    company.tally("Payments", &entered);
    let mut refunds = Vec::new();
    for (list, one, key) in [
        ("CreditNotes", "CreditNote", "CreditNoteID"),
        ("Prepayments", "Prepayment", "PrepaymentID"),
        ("Overpayments", "Overpayment", "OverpaymentID"),
    ] {
        let left = self::list(company, list, "").await;
        let left = left.iter().filter(|one| one["Status"] == "AUTHORISED" && amount(one, "RemainingCredit") > Decimal::ZERO);
        let (sold, bought): (Vec<_>, Vec<_>) = left.partition(|one| is_of_sales(one));
        for credit in [sold, bought].into_iter().flat_map(|side| side.into_iter().take(each / 8 + 1)) {
            refunds.push(payment(company, one, key, credit, amount(credit, "RemainingCredit")));
        }
    }
    let entered = company.entry.put("Payments", &refunds).await;
    company.tally("Refunds", &entered);
}

fn is_of_sales(credit: &Value) -> bool {
    credit["Type"].as_str().is_some_and(|kind| kind.starts_with("ACCREC") || kind.starts_with("RECEIVE"))
}

/// Everything of a list.
async fn list(company: &Company<'_>, list: &str, query: &str) -> Vec<Value> {
    let mut records = Vec::new();
    for page in 1.. {
        let path = format!("{list}?page={page}&pageSize=1000&order=UpdatedDateUTC%20ASC{query}");
        let (_, listed) = company.entry.call("GET", &path, &Value::Null).await;
        let found = listed[list].as_array().cloned().unwrap_or_default();
        let full = found.len() == 1000;
        records.extend(found);
        if !full {
            break;
        }
    }
    records
}

fn payment(company: &mut Company<'_>, one: &str, key: &str, paid: &Value, due: Decimal) -> Value {
    let share = Decimal::new(1 + company.dice.below(99) as i64, 2);
    let currency = text(paid, "CurrencyCode");
    let part = (due * share).round_dp(if currency == WHOLE { 0 } else { 2 });
    let amount = if company.dice.once_in(2) || part.is_zero() { due } else { part };
    let mut payment = json!({
        one: { key: paid[key] }, "Account": { "Code": "090" }, "Date": company.day(), "Amount": number(amount),
        "Reference": format!("paid {}", company.dice.below(100_000)),
    });
    if let Some(rate) = company.rate(&currency) {
        payment["CurrencyRate"] = number(rate);
    }
    payment
}

/// Money spent and received, and transfers.
pub async fn bank(company: &mut Company<'_>, each: usize) {
    for (kind, side) in [("Spent", "SPEND"), ("Received", "RECEIVE")] {
        let is_sale = side == "RECEIVE";
        let mut wanted = Vec::new();
        for n in 0..each {
            let party = company.party(is_sale);
            let mut one = json!({
                "Type": side, "Contact": { "ContactID": party.id }, "BankAccount": { "Code": if n % 5 == 0 { "092" } else { "090" } },
                "Date": company.day(), "LineAmountTypes": company.dice.one_of(&["Exclusive", "Inclusive", "NoTax"]),
                "LineItems": lines(company, is_sale, false, "NZD"), "Reference": format!("ref {n}"),
            });
            if n % 5 == 0 {
                one["CurrencyRate"] = company.rate("USD").map(number).unwrap_or_default();
            }
            wanted.push(one);
        }
        let entered = company.entry.put("BankTransactions", &wanted).await;
        company.tally(kind, &entered);
    }
    let mut wanted = Vec::new();
    for n in 0..each {
        wanted.push(json!({
            "FromBankAccount": { "Code": "090" }, "ToBankAccount": { "Code": if n % 2 == 0 { "091" } else { "093" } },
            "Amount": number(company.dice.decimal(6, 2)), "Date": company.day(), "Reference": format!("move {n}"),
        }));
    }
    let entered = company.entry.put("BankTransfers", &wanted).await;
    company.tally("BankTransfers", &entered);
}

/// Manual journals in balance, with and without tax.
pub async fn journals(company: &mut Company<'_>, each: usize) {
    let mut wanted = Vec::new();
    for n in 0..each {
        let parts: Vec<Decimal> = (0..1 + company.dice.below(4)).map(|_| company.dice.decimal(5, 2)).collect();
        let sum: Decimal = parts.iter().sum();
        let mut lines = vec![json!({ "LineAmount": number(-sum), "AccountCode": "900", "Description": "against" })];
        for part in parts {
            let account = *company.dice.one_of(&["429", "453", "710", "825"]);
            lines.push(json!({ "LineAmount": number(part), "AccountCode": account, "Description": "share" }));
        }
        wanted.push(json!({
            "Narration": format!("Accrual {n}"), "Date": company.day(), "JournalLines": lines,
            "Status": if company.dice.once_in(6) { "DRAFT" } else { "POSTED" },
        }));
    }
    let entered = company.entry.put("ManualJournals", &wanted).await;
    company.tally("ManualJournals", &entered);
}

/// A credit of which something is left.
struct Credit {
    list: &'static str,
    id: String,
    contact: String,
    currency: String,
    left: Decimal,
    /// Nobody is given credit for what is yet to come. Who pays ahead does just that.
    until: Option<String>,
}

impl Credit {
    fn of(note: &Value, list: &'static str, key: &str) -> Self {
        let left = amount(note, "RemainingCredit");
        let left = if left.is_zero() { amount(note, "Total") } else { left };
        Self {
            list,
            id: text(note, key),
            contact: text(&note["Contact"], "ContactID"),
            currency: text(note, "CurrencyCode"),
            left,
            until: Some(text(note, "DateString")),
        }
    }
}

/// A document's id, its day, and what is owed.
type Owed = (String, String, Decimal);

/// What is due, by contact and currency.
struct Open(HashMap<(String, String), Vec<Owed>>);

impl Open {
    fn of(documents: &[Value]) -> Self {
        let mut open: HashMap<_, Vec<_>> = HashMap::new();
        for one in documents.iter().filter(|one| one["Status"] == "AUTHORISED") {
            let key = (text(&one["Contact"], "ContactID"), text(one, "CurrencyCode"));
            open.entry(key).or_default().push((text(one, "InvoiceID"), text(one, "DateString"), amount(one, "AmountDue")));
        }
        Self(open)
    }
}

/// Applies a part of most credits to one or two documents.
async fn apply(company: &mut Company<'_>, credits: &[Credit], open: &mut Open) {
    let (mut taken, mut refused) = (0, 0);
    for credit in credits {
        let Some(due) = open.0.get_mut(&(credit.contact.clone(), credit.currency.clone())) else { continue };
        let mut left = credit.left;
        for _ in 0..company.dice.below(3) {
            let fits = |day: &String| credit.until.as_ref().is_none_or(|until| day <= until);
            let Some((invoice, _, owed)) = due.iter_mut().find(|(_, day, owed)| *owed > Decimal::ZERO && fits(day)) else {
                break;
            };
            let most = left.min(*owed);
            let part = if company.dice.once_in(2) {
                most
            } else {
                (most / Decimal::from(3)).round_dp(if credit.currency == WHOLE { 0 } else { 2 })
            };
            if part <= Decimal::ZERO {
                break;
            }
            let allocation = json!({ "Allocations": [{ "Amount": number(part), "Date": company.day(), "Invoice": { "InvoiceID": invoice } }] });
            let path = format!("{}/{}/Allocations", credit.list, credit.id);
            let (status, answer) = company.entry.call("PUT", &path, &allocation).await;
            if status == 200 {
                taken += 1;
                left -= part;
                *owed -= part;
            } else {
                refused += 1;
                *owed = Decimal::ZERO;
                println!("allocation refused: {}", answer.to_string().chars().take(300).collect::<String>());
            }
        }
    }
    let count = company.counts.entry("Allocations").or_default();
    *count = (count.0 + taken, count.1 + refused);
}
