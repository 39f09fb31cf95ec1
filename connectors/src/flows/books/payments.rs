//! What payments from customers and payments to vendors have in common.

use serde_json::{Value, json};

use super::documents::same_base_currency;
use super::texts::clip;
use super::{accounts, bills, customers, invoices, money, refusals, vendors};
use crate::flow::{Authority, By, Carry, Cure, Difference, Field, Judgement, Known, Line, Need, Unmappable};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{Payment, PaymentAccount, PaymentStatus};

/// Who paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    FromCustomer,
    ToVendor,
}

const REFERENCE_CHARS_MAX: usize = 100;

impl Direction {
    fn contacts(self) -> &'static str {
        match self {
            Direction::FromCustomer => customers::KEY,
            Direction::ToVendor => vendors::KEY,
        }
    }

    fn documents(self) -> &'static str {
        match self {
            Direction::FromCustomer => invoices::KEY,
            Direction::ToVendor => bills::KEY,
        }
    }
}

pub fn needs(direction: Direction, payment: &Payment) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut add = |flow, key: &str, by| {
        if !key.is_empty() {
            needs.push(Need { flow, key: key.to_owned(), by });
        }
    };
    if let Some(paid) = &payment.invoice {
        add(direction.documents(), &paid.id, By::Id);
        add(direction.contacts(), paid.contact.as_ref().map_or("", |contact| &contact.id), By::Id);
    }
    if let Some((key, by)) = payment.account.as_ref().map(account_of) {
        add(accounts::KEY, key, by);
    }
    needs
}

pub fn to_zoho(direction: Direction, payment: &Payment, known: &Known) -> Result<Carry, Unmappable> {
    let label = payment.label();
    same_base_currency(&label, known)?;
    let (Some(paid), Some(contact)) = (&payment.invoice, payment.invoice.as_ref().and_then(|paid| paid.contact.as_ref())) else {
        return Err(Unmappable {
            code: "NOTHING_PAID",
            sentence: format!(
                "{label} does not say in Xero what it pays, or for whom. Remove it and redo it in Xero, or enter it in Zoho Books."
            ),
            expected: false,
        });
    };
    let not_ready = |what| refusals::not_ready(&label, what);
    let document = known.id(direction.documents(), &paid.id).ok_or_else(|| not_ready("the document it pays"))?;
    let contact = known.id(direction.contacts(), &contact.id).ok_or_else(|| not_ready("its contact"))?;
    let account = match payment.account.as_ref().map(account_of) {
        None | Some(("", _)) => None,
        Some((key, _)) => Some(known.id(accounts::KEY, key).ok_or_else(|| not_ready("its bank account"))?),
    };
    let (contact_key, account_key, list_key, document_key) = match direction {
        Direction::FromCustomer => ("customer_id", "account_id", "invoices", "invoice_id"),
        Direction::ToVendor => ("vendor_id", "paid_through_account_id", "bills", "bill_id"),
    };
    let amount = money::number(payment.amount);
    let mut body = json!({
        contact_key: contact,
        "payment_mode": "banktransfer",
        "amount": amount,
        "date": payment.date.to_string(),
        "reference_number": clip(&payment.reference, REFERENCE_CHARS_MAX),
        list_key: [{ document_key: document, "amount_applied": amount }],
    });
    if let Some(account) = account {
        body[account_key] = account.into();
    }
    if payment.reference.chars().count() > REFERENCE_CHARS_MAX {
        body["description"] = format!("Reference: {}", payment.reference).into();
    }
    if is_foreign(payment, known)
        && let Some(rate) = money::exchange_rate(payment.rate(), &[payment.amount])
    {
        body["exchange_rate"] = money::number(rate);
    }
    Ok(Carry { body, then: Vec::new() })
}

pub fn fields() -> &'static [Field<Payment>] {
    &[
        Field {
            name: "document",
            authority: Authority::Xero,
            print: |payment, printer| {
                printer.text(payment.invoice.as_ref().map(|paid| paid.id.as_str()));
            },
        },
        Field {
            name: "amount",
            authority: Authority::Xero,
            print: |payment, printer| {
                printer.amount(Some(payment.amount)).amount(Some(payment.rate()));
            },
        },
        Field {
            name: "date",
            authority: Authority::Xero,
            print: |payment, printer| {
                printer.count(chrono::Datelike::num_days_from_ce(&payment.date) as usize);
            },
        },
        Field {
            name: "account",
            authority: Authority::Xero,
            print: |payment, printer| {
                printer.text(payment.account.as_ref().map(|account| account_of(account).0));
            },
        },
        Field {
            name: "reference",
            authority: Authority::Xero,
            print: |payment, printer| {
                printer.text(Some(&payment.reference));
            },
        },
        Field {
            name: "status",
            authority: Authority::Xero,
            print: |payment, printer| {
                printer.flag(payment.status == PaymentStatus::Deleted);
            },
        },
    ]
}

pub fn cure(payment: &Payment, refusal: &Refusal) -> Cure {
    refusals::hold(&payment.label(), refusal)
}

pub fn judge(payment: &Payment, answer: &Value) -> Judgement {
    match money::read(&answer["amount"]) {
        Some(amount) if amount != payment.amount => {
            Judgement::Differs(vec![Difference { what: "total", xero: payment.amount, zoho: amount, cause: "UNEXPLAINED" }])
        }
        _ => Judgement::Equal,
    }
}

pub fn xero_line(payment: &Payment) -> Line {
    let currency = payment.invoice.as_ref().map_or(String::new(), |paid| paid.currency_code.clone());
    let status = if payment.status == PaymentStatus::Deleted { "void" } else { "paid" };
    Line { status, currency, total: Some(payment.amount), tax: None, due: None }
}

pub fn zoho_line(row: &Value) -> Option<Line> {
    let currency = row["currency_code"].as_str().unwrap_or("").to_owned();
    let status = if row["status"].as_str() == Some("void") { "void" } else { "paid" };
    Some(Line { status, currency, total: Some(money::read(&row["amount"])?), tax: None, due: None })
}

/// Ids outlive codes, and bank accounts may have no code.
fn account_of(account: &PaymentAccount) -> (&str, By) {
    if account.id.is_empty() { (&account.code, By::Alias) } else { (&account.id, By::Id) }
}

fn is_foreign(payment: &Payment, known: &Known) -> bool {
    let currency = payment.invoice.as_ref().map_or("", |paid| paid.currency_code.as_str());
    match currency.is_empty() {
        true => payment.rate() != rust_decimal::Decimal::ONE,
        false => currency != known.xero.base_currency,
    }
}
