//! What refunds of customers' advances and of vendors' have in common: money that goes back out of a payment in Zoho Books.

use serde_json::{Value, json};

use super::documents::same_base_currency;
use super::texts::clip;
use super::{
    accounts, customer_overpayments, customer_prepayments, money, payments, refusals, vendor_overpayments, vendor_prepayments,
};
use crate::flow::{By, Carry, Cure, Known, Line, Look, Need, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{Payment, PaymentStatus, PaymentType};
use crate::zoho;

use super::advances::Side;

const REFERENCE_CHARS_MAX: usize = 100;

impl Side {
    /// Refunds live below the payment they are taken from. Zoho has no upsert for them, but they can be listed.
    pub const fn refunds(self) -> zoho::Resource {
        let (path, one, many, id): (_, _, &[&str], _) = match self {
            Side::Customer => ("customerpayments", "payment_refunds", &["payment_refunds"], "payment_refund_id"),
            Side::Vendor => ("vendorpayments", "vendorpayment_refund", &["vendorpayment_refunds"], "vendorpayment_refund_id"),
        };
        zoho::Resource { path, one, many, id, unique: zoho::Unique::Reference, query: &[], list_query: &[], words: &[] }
    }
}

pub fn wanted(side: Side, refund: &Payment) -> Wanted {
    match (of(side, refund), refund.status) {
        (Some(_), PaymentStatus::Authorised) => Wanted::Carry,
        _ => Wanted::Skip,
    }
}

/// The flow of the advance that is paid back, and the advance's id.
fn of(side: Side, refund: &Payment) -> Option<(&'static str, &str)> {
    let (flow, advance) = match (side, refund.payment_type) {
        (Side::Customer, PaymentType::CustomerPrepaymentRefund) => (customer_prepayments::KEY, &refund.prepayment),
        (Side::Customer, PaymentType::CustomerOverpaymentRefund) => (customer_overpayments::KEY, &refund.overpayment),
        (Side::Vendor, PaymentType::SupplierPrepaymentRefund) => (vendor_prepayments::KEY, &refund.prepayment),
        (Side::Vendor, PaymentType::SupplierOverpaymentRefund) => (vendor_overpayments::KEY, &refund.overpayment),
        _ => return None,
    };
    Some((flow, advance.as_ref().map_or("", |advance| &advance.id)))
}

pub fn needs(side: Side, refund: &Payment) -> Vec<Need> {
    let mut needs = Vec::new();
    if let Some((flow, id)) = of(side, refund).filter(|(_, id)| !id.is_empty()) {
        needs.push(Need { flow, key: id.to_owned(), by: By::Id });
    }
    if let Some((key, by)) = refund.account.as_ref().map(payments::account_of).filter(|(key, _)| !key.is_empty()) {
        needs.push(Need { flow: accounts::KEY, key: key.to_owned(), by });
    }
    needs
}

pub fn to_zoho(side: Side, refund: &Payment, known: &Known) -> Result<Carry, Unmappable> {
    let label = refund.label();
    if refund.status == PaymentStatus::Deleted {
        return Err(Unmappable {
            code: "PAYMENT_REMOVED",
            sentence: format!(
                "{label} was removed in Xero after it had been carried. Delete it in Zoho Books too, so that the credit is there again."
            ),
            expected: false,
        });
    }
    same_base_currency(&label, known)?;
    let Some((flow, advance)) = of(side, refund).filter(|(_, id)| !id.is_empty()) else {
        return Err(Unmappable {
            code: "NOTHING_PAID",
            sentence: format!(
                "{label} does not say in Xero what it pays back. Remove it and redo it in Xero, or enter it in Zoho Books."
            ),
            expected: false,
        });
    };
    let not_ready = |what| refusals::not_ready(&label, what);
    let payment = known.id(flow, advance).ok_or_else(|| not_ready("the advance it pays back"))?;
    let account = refund.account.as_ref().map(payments::account_of).and_then(|(key, _)| known.id(accounts::KEY, key));
    let account = account.ok_or_else(|| not_ready("its bank account"))?;
    let account_key = match side {
        Side::Customer => "from_account_id",
        Side::Vendor => "to_account_id",
    };
    let mut body = json!({
        "date": refund.date.to_string(),
        "refund_mode": "banktransfer",
        "amount": money::number(refund.amount),
        "reference_number": clip(&refund.reference, REFERENCE_CHARS_MAX),
        "description": mark(refund),
        account_key: account,
    });
    let currency = refund.credit().map_or("", |credit| &credit.currency_code);
    if !currency.is_empty() && currency != known.xero.base_currency {
        let rate =
            refund.currency_rate.and_then(|rate| money::exchange_rate(rate, &[refund.amount])).ok_or_else(|| Unmappable {
                code: "NO_RATE",
                sentence: format!(
                    "{label} is in a foreign currency and has no exchange rate in Xero. Enter it in Zoho Books by hand."
                ),
                expected: false,
            })?;
        body["exchange_rate"] = money::number(rate);
    }
    Ok(Carry { at: Some(collection(side, payment)), ..Carry::new(body) })
}

fn collection(side: Side, payment: &str) -> String {
    format!("{}/{payment}/refunds", side.refunds().path)
}

/// By this a refund is found again whose answer was lost.
fn mark(refund: &Payment) -> String {
    format!("Refund in Xero: {}", refund.id)
}

pub fn look(side: Side, refund: &Payment, known: &Known) -> Look {
    let payment = of(side, refund).and_then(|(flow, id)| known.id(flow, id)).unwrap_or_default();
    Look { path: Some(collection(side, payment)), many: side.refunds().many.first().copied(), query: Vec::new() }
}

pub fn found(side: Side, refund: &Payment, rows: &[Value]) -> Option<String> {
    let mark = mark(refund);
    let row = rows.iter().find(|row| row["description"].as_str().is_some_and(|said| said.contains(&mark)))?;
    row[side.refunds().id].as_str().map(str::to_owned)
}

pub fn cure(refund: &Payment, refusal: &Refusal) -> Cure {
    if refusal.message.to_lowercase().contains("more than") {
        return Cure::Hold(Unmappable {
            code: "AMOUNT_TOO_LARGE",
            sentence: format!(
                "{} is more than what is left of its advance in Zoho Books. Remove what was entered there by hand, then retry.",
                refund.label()
            ),
            expected: false,
        });
    }
    refusals::hold(&refund.label(), refusal)
}

pub fn xero_line(refund: &Payment) -> Line {
    let currency = refund.credit().map_or(String::new(), |credit| credit.currency_code.clone());
    let status = if refund.status == PaymentStatus::Deleted { "void" } else { "paid" };
    Line { status, currency, total: Some(refund.amount), tax: None, due: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{xero, zoho};

    fn refund(extra: Value) -> Payment {
        let mut record = json!({
            "PaymentID": "r-1", "PaymentType": "ARPREPAYMENTPAYMENT", "Status": "AUTHORISED", "Date": "/Date(1543449600000+0000)/", "Amount": 46.00,
            "Reference": "back", "CurrencyRate": 1.0, "Account": {"AccountID": "a-1", "Code": "090"},
            "Prepayment": {"PrepaymentID": "p-1", "CurrencyCode": "NZD", "CurrencyRate": 1.0, "Contact": {"ContactID": "c-1"}},
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn overpaid(kind: &str) -> Payment {
        refund(
            json!({"PaymentType": kind, "Prepayment": null, "Overpayment": {"OverpaymentID": "o-1", "ID": "o-1", "CurrencyCode": "USD"}, "CurrencyRate": 0.8}),
        )
    }

    fn known() -> Known {
        let organisation = xero::Organisation { base_currency: "NZD".into(), ..Default::default() };
        let mut known = Known::new(organisation, zoho::Organisation::default());
        for (flow, key, id) in [
            (customer_prepayments::KEY, "p-1", "11"),
            (customer_overpayments::KEY, "o-1", "12"),
            (vendor_overpayments::KEY, "o-1", "13"),
            (accounts::KEY, "a-1", "31"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    #[test]
    fn a_refund_is_made_below_the_payment_it_is_taken_from() {
        let carry = to_zoho(Side::Customer, &refund(json!({})), &known()).unwrap();
        assert_eq!(carry.at.as_deref(), Some("customerpayments/11/refunds"));
        assert_eq!(
            carry.body,
            json!({"date": "2018-11-29", "refund_mode": "banktransfer", "amount": 46, "reference_number": "back", "description": "Refund in Xero: r-1", "from_account_id": "31"})
        );
        let carry = to_zoho(Side::Vendor, &overpaid("APOVERPAYMENTPAYMENT"), &known()).unwrap();
        assert_eq!(carry.at.as_deref(), Some("vendorpayments/13/refunds"));
        assert_eq!((&carry.body["to_account_id"], &carry.body["exchange_rate"]), (&json!("31"), &json!(1.25)));
    }

    #[test]
    fn each_side_takes_its_own_refunds_and_no_other_payments() {
        for (one, customer, vendor) in [
            (refund(json!({})), Wanted::Carry, Wanted::Skip),
            (overpaid("AROVERPAYMENTPAYMENT"), Wanted::Carry, Wanted::Skip),
            (overpaid("APOVERPAYMENTPAYMENT"), Wanted::Skip, Wanted::Carry),
            (refund(json!({"PaymentType": "APPREPAYMENTPAYMENT"})), Wanted::Skip, Wanted::Carry),
            (refund(json!({"PaymentType": "ACCRECPAYMENT"})), Wanted::Skip, Wanted::Skip),
            (refund(json!({"PaymentType": "ARCREDITPAYMENT"})), Wanted::Skip, Wanted::Skip),
            (refund(json!({"Status": "DELETED"})), Wanted::Skip, Wanted::Skip),
        ] {
            assert_eq!((wanted(Side::Customer, &one), wanted(Side::Vendor, &one)), (customer, vendor), "{:?}", one.payment_type);
        }
    }

    #[test]
    fn what_cannot_be_paid_back_says_why() {
        for (one, code) in [
            (refund(json!({"Status": "DELETED"})), "PAYMENT_REMOVED"),
            (refund(json!({"Prepayment": null})), "NOTHING_PAID"),
            (refund(json!({"Prepayment": {"PrepaymentID": "p-2"}})), "NOT_READY"),
            (refund(json!({"Account": null})), "NOT_READY"),
            (refund(json!({"Prepayment": {"PrepaymentID": "p-1", "CurrencyCode": "USD"}, "CurrencyRate": null})), "NO_RATE"),
        ] {
            let held = to_zoho(Side::Customer, &one, &known()).unwrap_err();
            assert_eq!((held.code, held.expected), (code, false));
            assert!(held.sentence.starts_with("Refund of 46.00") && held.sentence.ends_with('.'), "{}", held.sentence);
        }
        let refusal =
            Refusal { status: 400, code: "4".into(), message: "The refund is more than what is left of the payment 7.".into() };
        let Cure::Hold(held) = cure(&refund(json!({})), &refusal) else { panic!("not held") };
        assert_eq!(held.code, "AMOUNT_TOO_LARGE");
    }

    #[test]
    fn a_refund_whose_answer_was_lost_is_found_by_its_mark() {
        let one = refund(json!({}));
        let needs = needs(Side::Customer, &one);
        let needs: Vec<(&str, &str)> = needs.iter().map(|need| (need.flow, need.key.as_str())).collect();
        assert_eq!(needs, [(customer_prepayments::KEY, "p-1"), (accounts::KEY, "a-1")]);
        let look = look(Side::Customer, &one, &known());
        assert_eq!((look.path.as_deref(), look.many), (Some("customerpayments/11/refunds"), Some("payment_refunds")));
        let row = |id: &str, said: &str| json!({"payment_refund_id": id, "description": said});
        let rows = [row("1", "Refund in Xero: r-0"), row("2", "Refund in Xero: r-1"), json!({"payment_refund_id": "3"})];
        assert_eq!(found(Side::Customer, &one, &rows).as_deref(), Some("2"));
        assert_eq!(found(Side::Customer, &one, &rows[2..]), None);
    }
}
