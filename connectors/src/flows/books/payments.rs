//! What payments from customers and payments to vendors have in common.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::documents::same_base_currency;
use super::entries::{self, Entries};
use super::texts::clip;
use super::{accounts, bills, customers, invoices, money, refusals, vendors};
use crate::flow::{Authority, By, Carry, Cure, Difference, Field, Judgement, Known, Ledger, Line, Need, Posting, Unmappable};
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

    pub(super) fn documents(self) -> &'static str {
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
    if payment.status == PaymentStatus::Deleted {
        // Written again it would be a live payment, and the invoice or bill would look settled.
        return Err(Unmappable {
            code: "PAYMENT_REMOVED",
            sentence: format!(
                "{label} was removed in Xero after it had been carried. Delete it in Zoho Books too, so that what it paid is owed there again."
            ),
            expected: false,
        });
    }
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
        Some(_) if !known.is_on(accounts::KEY) => None,
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
    Ok(Carry::new(body))
}

pub fn fields() -> &'static [Field<Payment>] {
    &[
        Field {
            name: "document",
            authority: Authority::Owner,
            print: |payment, printer| {
                let paid = payment.invoice.as_ref().map(|paid| paid.id.as_str());
                printer.text(paid.or(payment.credit().map(|credit| credit.id.as_str())));
            },
        },
        Field {
            name: "amount",
            authority: Authority::Owner,
            print: |payment, printer| {
                printer.amount(Some(payment.amount)).amount(Some(payment.rate()));
            },
        },
        Field {
            name: "date",
            authority: Authority::Owner,
            print: |payment, printer| {
                printer.day(Some(payment.date));
            },
        },
        Field {
            name: "account",
            authority: Authority::Owner,
            print: |payment, printer| {
                printer.text(payment.account.as_ref().map(|account| account_of(account).0));
            },
        },
        // Nobody but a person can change it in Xero.
        Field {
            name: "reference",
            authority: Authority::Xero,
            print: |payment, printer| {
                printer.text(Some(&payment.reference));
            },
        },
        Field {
            name: "status",
            authority: Authority::Owner,
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

/// The money counts at the payment's rate, what it pays at its own; the difference is a gain or a loss.
pub fn postings(direction: Direction, payment: &Payment) -> Vec<Posting> {
    if payment.status == PaymentStatus::Deleted {
        return Vec::new();
    }
    let (control, sign) = match direction {
        Direction::FromCustomer => (Ledger::Receivable, Decimal::ONE),
        Direction::ToVendor => (Ledger::Payable, Decimal::NEGATIVE_ONE),
    };
    let theirs = payment.invoice.as_ref().and_then(|paid| paid.currency_rate).filter(|rate| *rate > Decimal::ZERO);
    let mut entries = Entries::default();
    entries.add(control, -sign * entries::base(payment.amount, theirs.unwrap_or(payment.rate())));
    if let Some(bank) = payment.account.as_ref().and_then(|account| entries::account(&account.id, &account.code)) {
        entries.add(bank, sign * entries::base(payment.amount, payment.rate()));
    }
    entries.level(Ledger::Exchange);
    entries.into_postings()
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
pub fn account_of(account: &PaymentAccount) -> (&str, By) {
    if account.id.is_empty() { (&account.code, By::Alias) } else { (&account.id, By::Id) }
}

fn is_foreign(payment: &Payment, known: &Known) -> bool {
    let currency = payment.invoice.as_ref().map_or("", |paid| paid.currency_code.as_str());
    match currency.is_empty() {
        true => payment.rate() != Decimal::ONE,
        false => currency != known.xero.base_currency,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Flow, Wanted};
    use crate::flows::books::{customer_payments::CustomerPayments, vendor_payments::VendorPayments};
    use crate::xero;
    use crate::zoho;

    fn payment(extra: Value) -> Payment {
        let mut record = json!({
            "PaymentID": "p-1", "PaymentType": "ACCRECPAYMENT", "Status": "AUTHORISED", "Date": "/Date(1543449600000+0000)/", "Amount": 46.00, "Reference": "DD",
            "CurrencyRate": 1.0, "Account": {"AccountID": "a-1", "Code": "970"}, "IsReconciled": "false",
            "Invoice": {"Type": "ACCREC", "InvoiceID": "i-1", "InvoiceNumber": "INV-0002", "CurrencyCode": "NZD", "Contact": {"ContactID": "c-1", "Name": "Ada"}},
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let mut known =
            Known::new(xero::Organisation { base_currency: "NZD".into(), ..Default::default() }, zoho::Organisation::default());
        for (flow, key, id) in [
            (invoices::KEY, "i-1", "11"),
            (bills::KEY, "i-1", "12"),
            (customers::KEY, "c-1", "21"),
            (vendors::KEY, "c-1", "22"),
            (accounts::KEY, "a-1", "31"),
            (accounts::KEY, "970", "32"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    #[test]
    fn a_payment_is_applied_to_what_it_pays() {
        assert_eq!(
            CustomerPayments::to_zoho(&payment(json!({})), &known()).unwrap().body,
            json!({"customer_id": "21", "payment_mode": "banktransfer", "amount": 46, "date": "2018-11-29", "reference_number": "DD", "account_id": "31",
                   "invoices": [{"invoice_id": "11", "amount_applied": 46}]})
        );
        assert_eq!(
            VendorPayments::to_zoho(&payment(json!({"PaymentType": "ACCPAYPAYMENT", "Account": {"Code": "970"}})), &known())
                .unwrap()
                .body,
            json!({"vendor_id": "22", "payment_mode": "banktransfer", "amount": 46, "date": "2018-11-29", "reference_number": "DD", "paid_through_account_id": "32",
                   "bills": [{"bill_id": "12", "amount_applied": 46}]})
        );
    }

    #[test]
    fn a_foreign_payment_has_the_inverse_of_its_own_rate() {
        let mut foreign = payment(json!({"CurrencyRate": 0.8}));
        assert_eq!(CustomerPayments::to_zoho(&foreign, &known()).unwrap().body.get("exchange_rate"), None);
        foreign.invoice.as_mut().unwrap().currency_code = "USD".into();
        assert_eq!(CustomerPayments::to_zoho(&foreign, &known()).unwrap().body["exchange_rate"], json!(1.25));
    }

    #[test]
    fn only_live_payments_of_the_right_kind_are_carried() {
        for (extra, customer, vendor) in [
            (json!({}), Wanted::Carry, Wanted::Skip),
            (json!({"PaymentType": "ACCPAYPAYMENT"}), Wanted::Skip, Wanted::Carry),
            (json!({"PaymentType": "ARCREDITPAYMENT"}), Wanted::Skip, Wanted::Skip),
            (json!({"Status": "DELETED"}), Wanted::Skip, Wanted::Skip),
        ] {
            let one = payment(extra);
            assert_eq!((CustomerPayments::wanted(&one), VendorPayments::wanted(&one)), (customer, vendor));
        }
    }

    #[test]
    fn a_payment_that_was_removed_is_never_written_again() {
        let removed = |extra: Value| {
            let mut one = payment(extra);
            one.status = PaymentStatus::Deleted;
            one
        };
        for held in [
            CustomerPayments::to_zoho(&removed(json!({})), &known()).unwrap_err(),
            VendorPayments::to_zoho(&removed(json!({"PaymentType": "ACCPAYPAYMENT"})), &known()).unwrap_err(),
            CustomerPayments::to_zoho(&removed(json!({"Invoice": null})), &known()).unwrap_err(),
        ] {
            assert_eq!((held.code, held.expected), ("PAYMENT_REMOVED", false));
            assert!(held.sentence.contains("was removed in Xero") && held.sentence.contains("Delete it in Zoho Books"));
        }
    }

    #[test]
    fn a_payment_waits_for_what_it_pays_and_says_what_it_lacks() {
        let needs = needs(Direction::FromCustomer, &payment(json!({})));
        let needs: Vec<(&str, &str)> = needs.iter().map(|need| (need.flow, need.key.as_str())).collect();
        assert_eq!(needs, [(invoices::KEY, "i-1"), (customers::KEY, "c-1"), (accounts::KEY, "a-1")]);
        let held = CustomerPayments::to_zoho(&payment(json!({"Invoice": null})), &known()).unwrap_err();
        assert_eq!(held.code, "NOTHING_PAID");
        let refusal = Refusal { status: 400, code: "".into(), message: "The amount exceeds the balance due".into() };
        let Cure::Hold(held) = cure(&payment(json!({})), &refusal) else { panic!("not held") };
        assert!(
            held.code == "AMOUNT_TOO_LARGE"
                && held.sentence.starts_with("Payment of 46.00 NZD on 2018-11-29 for INV-0002 was refused"),
            "{}",
            held.sentence
        );
    }

    #[test]
    fn money_counts_at_its_own_rate_and_what_it_pays_at_its_own() {
        let told = |direction, extra: Value| {
            let postings = postings(direction, &payment(extra));
            postings.into_iter().map(|one| (one.ledger, one.amount.normalize().to_string())).collect::<Vec<_>>()
        };
        let bank = Ledger::Id("a-1".into());
        assert_eq!(told(Direction::FromCustomer, json!({})), [(Ledger::Receivable, "-46".into()), (bank.clone(), "46".into())]);
        let usd = json!({"CurrencyRate": 0.5, "Invoice": {"InvoiceID": "i-1", "CurrencyCode": "USD", "CurrencyRate": 0.8}});
        assert_eq!(
            told(Direction::ToVendor, usd),
            [(Ledger::Payable, "57.5".into()), (bank, "-92".into()), (Ledger::Exchange, "34.5".into())]
        );
        assert!(told(Direction::FromCustomer, json!({"Status": "DELETED"})).is_empty());
    }

    #[test]
    fn an_answer_with_another_amount_is_a_difference() {
        assert_eq!(judge(&payment(json!({})), &json!({"amount": 46.0})), Judgement::Equal);
        assert!(matches!(judge(&payment(json!({})), &json!({"amount": 45.99})), Judgement::Differs(_)));
        let row = json!({"currency_code": "NZD", "amount": 46.0});
        assert_eq!(zoho_line(&row), Some(xero_line(&payment(json!({})))));
    }
}
