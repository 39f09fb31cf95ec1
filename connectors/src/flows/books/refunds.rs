//! What refunds of credits have in common: money that goes back to a customer, or comes back from a vendor. Each lives below the address
//! of the credit it refunds.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::documents::same_base_currency;
use super::entries::{self, Entries};
use super::texts::clip;
use super::{accounts, credit_notes, money, payments, refusals, vendor_credits};
use crate::flow::{By, Carry, Cure, Known, Ledger, Line, Look, Need, Posting, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{Payment, PaymentStatus, PaymentType};

/// One kind of credit that can be refunded, and Zoho's words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    pub payment_type: PaymentType,
    /// The flow of what is refunded.
    pub credits: &'static str,
    /// Its collection in Zoho.
    pub path: &'static str,
    /// Where the money is taken from, or goes to.
    pub account_key: &'static str,
    /// The key of a refund's id.
    pub id: &'static str,
    pub is_sale: bool,
}

pub const OF_CREDIT_NOTES: Kind = Kind {
    payment_type: PaymentType::CustomerCreditRefund,
    credits: credit_notes::KEY,
    path: "creditnotes",
    account_key: "from_account_id",
    id: "creditnote_refund_id",
    is_sale: true,
};
pub const OF_VENDOR_CREDITS: Kind = Kind {
    payment_type: PaymentType::SupplierCreditRefund,
    credits: vendor_credits::KEY,
    path: "vendorcredits",
    account_key: "account_id",
    id: "vendor_credit_refund_id",
    is_sale: false,
};

const REFERENCE_CHARS_MAX: usize = 100;

/// What is refunded. Xero shows a credit note as an invoice, or under its own name.
struct Refunded<'a> {
    id: &'a str,
    currency: &'a str,
    rate: Option<Decimal>,
}

fn refunded(refund: &Payment) -> Option<Refunded<'_>> {
    let credit = refund.credit().map(|one| Refunded { id: &one.id, currency: &one.currency_code, rate: one.currency_rate });
    let invoice =
        refund.invoice.as_ref().map(|one| Refunded { id: &one.id, currency: &one.currency_code, rate: one.currency_rate });
    credit.filter(|one| !one.id.is_empty()).or(invoice.filter(|one| !one.id.is_empty()))
}

pub fn wanted(kind: &Kind, refund: &Payment) -> Wanted {
    let is_ours = refund.payment_type == kind.payment_type && refund.status == PaymentStatus::Authorised;
    if is_ours { Wanted::Carry } else { Wanted::Skip }
}

pub fn needs(kind: &Kind, refund: &Payment) -> Vec<Need> {
    let mut needs = Vec::new();
    if let Some(credit) = refunded(refund) {
        needs.push(Need { flow: kind.credits, key: credit.id.to_owned(), by: By::Id });
    }
    if let Some((key, by)) = refund.account.as_ref().map(payments::account_of).filter(|(key, _)| !key.is_empty()) {
        needs.push(Need { flow: accounts::KEY, key: key.to_owned(), by });
    }
    needs
}

pub fn to_zoho(kind: &Kind, refund: &Payment, known: &Known) -> Result<Carry, Unmappable> {
    let label = refund.label();
    if refund.status == PaymentStatus::Deleted {
        return Err(Unmappable {
            code: "REFUND_REMOVED",
            sentence: format!(
                "{label} was removed in Xero after it had been carried. Delete it in Zoho Books too, so that the credit can be used there again."
            ),
            expected: false,
        });
    }
    same_base_currency(&label, known)?;
    let Some(credit) = refunded(refund) else {
        return Err(Unmappable {
            code: "NOTHING_REFUNDED",
            sentence: format!(
                "{label} does not say in Xero which credit it pays back. Remove it and redo it in Xero, or enter it in Zoho Books."
            ),
            expected: false,
        });
    };
    let not_ready = |what| refusals::not_ready(&label, what);
    let owner = known.id(kind.credits, credit.id).ok_or_else(|| not_ready("the credit it pays back"))?;
    let account = match refund.account.as_ref().map(payments::account_of).filter(|(key, _)| !key.is_empty()) {
        // A product without a chart of accounts takes the money from where it always does.
        _ if !known.is_on(accounts::KEY) => None,
        Some((key, _)) => Some(known.id(accounts::KEY, key).ok_or_else(|| not_ready("its bank account"))?),
        None => {
            return Err(Unmappable {
                code: "NO_ACCOUNT",
                sentence: format!(
                    "{label} does not say in Xero which account the money moved on. Redo it in Xero, or enter it in Zoho Books."
                ),
                expected: false,
            });
        }
    };
    let amount = money::round(refund.amount, money::decimals(credit.currency));
    let mut body = json!({
        "date": refund.date.to_string(),
        "refund_mode": "banktransfer",
        "amount": money::number(amount),
        "reference_number": clip(&refund.reference, REFERENCE_CHARS_MAX),
        "description": description(refund),
    });
    if let Some(account) = account {
        body[kind.account_key] = account.into();
    }
    if is_foreign(credit.currency, refund, known)
        && let Some(rate) = money::exchange_rate(refund.rate(), &[amount])
    {
        body["exchange_rate"] = money::number(rate);
    }
    Ok(Carry { at: Some(format!("{}/{owner}/refunds", kind.path)), ..Carry::new(body) })
}

/// Xero's id is in it: by it a refund that may be there already is found.
fn description(refund: &Payment) -> String {
    let mark = format!("Xero {}", refund.id);
    match refund.reference.chars().count() > REFERENCE_CHARS_MAX {
        true => format!("Reference: {}\n{mark}", clip(&refund.reference, 400)),
        false => mark,
    }
}

pub fn look(kind: &Kind, refund: &Payment, known: &Known) -> Look {
    let owner = refunded(refund).and_then(|credit| known.id(kind.credits, credit.id)).unwrap_or_default();
    Look { path: Some(format!("{}/{owner}/refunds", kind.path)), ..Look::default() }
}

pub fn found(kind: &Kind, refund: &Payment, rows: &[Value]) -> Option<String> {
    let mark = format!("Xero {}", refund.id);
    let row = rows.iter().find(|row| row["description"].as_str().is_some_and(|said| said.lines().any(|line| line == mark)))?;
    Some(row[kind.id].as_str()?.to_owned())
}

pub fn cure(refund: &Payment, refusal: &Refusal) -> Cure {
    refusals::hold(&refund.label(), refusal)
}

/// The money counts at the refund's rate, the credit at its own; the difference is a gain or a loss.
pub fn postings(kind: &Kind, refund: &Payment) -> Vec<Posting> {
    if refund.status == PaymentStatus::Deleted {
        return Vec::new();
    }
    let (control, sign) = match kind.is_sale {
        true => (Ledger::Receivable, Decimal::ONE),
        false => (Ledger::Payable, Decimal::NEGATIVE_ONE),
    };
    let theirs = refunded(refund).and_then(|credit| credit.rate).filter(|rate| *rate > Decimal::ZERO);
    let mut entries = Entries::default();
    entries.add(control, sign * entries::base(refund.amount, theirs.unwrap_or(refund.rate())));
    if let Some(bank) = refund.account.as_ref().and_then(|account| entries::account(&account.id, &account.code)) {
        entries.add(bank, -sign * entries::base(refund.amount, refund.rate()));
    }
    entries.level(Ledger::Exchange);
    entries.into_postings()
}

/// Zoho's list of refunds has no currency.
pub fn xero_line(refund: &Payment) -> Line {
    let status = if refund.status == PaymentStatus::Deleted { "void" } else { "paid" };
    Line { status, currency: String::new(), total: Some(refund.amount), tax: None, due: None }
}

pub fn zoho_line(row: &Value) -> Option<Line> {
    Some(Line { status: "paid", currency: String::new(), total: Some(money::read(&row["amount"])?), tax: None, due: None })
}

fn is_foreign(currency: &str, refund: &Payment, known: &Known) -> bool {
    match currency.is_empty() {
        true => refund.rate() != Decimal::ONE,
        false => currency != known.xero.base_currency,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Age, Flow};
    use crate::flows::books::{credit_refunds::CreditRefunds, vendor_credit_refunds::VendorCreditRefunds};
    use crate::xero;

    fn refund(extra: Value) -> Payment {
        let mut record = json!({
            "PaymentID": "p-1", "PaymentType": "ARCREDITPAYMENT", "Status": "AUTHORISED", "Date": "/Date(1543449600000+0000)/", "Amount": 26.00,
            "Reference": "Back", "CurrencyRate": 1.0, "Account": {"AccountID": "a-1", "Code": "090"},
            "Invoice": {"Type": "ACCRECCREDIT", "InvoiceID": "n-1", "InvoiceNumber": "CN-1", "CurrencyCode": "NZD", "Contact": {"ContactID": "c-1"}},
        });
        record.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_str(&record.to_string()).unwrap()
    }

    fn known() -> Known {
        let mut known = Known::new(xero::Organisation { base_currency: "NZD".into(), ..Default::default() }, Default::default());
        for (flow, key, id) in [
            (credit_notes::KEY, "n-1", "71"),
            (vendor_credits::KEY, "n-1", "72"),
            (accounts::KEY, "a-1", "31"),
            (accounts::KEY, "090", "32"),
        ] {
            known.learn(flow, key, id);
        }
        known
    }

    #[test]
    fn a_refund_goes_below_its_credit() {
        let carry = CreditRefunds::to_zoho(&refund(json!({})), &known()).unwrap();
        assert_eq!(
            carry.body,
            json!({"date": "2018-11-29", "refund_mode": "banktransfer", "amount": 26, "reference_number": "Back", "description": "Xero p-1", "from_account_id": "31"})
        );
        assert_eq!((carry.at.as_deref(), carry.id), (Some("creditnotes/71/refunds"), None));
        // Under its own name, and with an account that has a code only.
        let bought = json!({"PaymentType": "APCREDITPAYMENT", "Invoice": null, "Account": {"Code": "090"}, "CurrencyRate": 0.8,
            "CreditNote": {"CreditNoteID": "n-1", "CreditNoteNumber": "", "CurrencyCode": "USD"}});
        let carry = VendorCreditRefunds::to_zoho(&refund(bought), &known()).unwrap();
        assert_eq!((&carry.body["account_id"], &carry.body["exchange_rate"]), (&json!("32"), &json!(1.25)));
        assert_eq!(carry.at.as_deref(), Some("vendorcredits/72/refunds"));
        let long = CreditRefunds::to_zoho(&refund(json!({"Reference": "r".repeat(120)})), &known()).unwrap().body;
        assert_eq!(long["reference_number"].as_str().unwrap().len(), 100);
        assert_eq!(long["description"], format!("Reference: {}\nXero p-1", "r".repeat(120)));
        assert_eq!(CreditRefunds::age(&refund(json!({}))), Age::Follows);
    }

    #[test]
    fn each_kind_takes_its_own() {
        for (extra, customer, vendor) in [
            (json!({}), Wanted::Carry, Wanted::Skip),
            (json!({"PaymentType": "APCREDITPAYMENT"}), Wanted::Skip, Wanted::Carry),
            (json!({"PaymentType": "ACCRECPAYMENT"}), Wanted::Skip, Wanted::Skip),
            (json!({"PaymentType": "ARPREPAYMENTPAYMENT"}), Wanted::Skip, Wanted::Skip),
            (json!({"Status": "DELETED"}), Wanted::Skip, Wanted::Skip),
        ] {
            let one = refund(extra);
            assert_eq!((CreditRefunds::wanted(&one), VendorCreditRefunds::wanted(&one)), (customer, vendor));
        }
        let needs: Vec<_> = CreditRefunds::needs(&refund(json!({}))).into_iter().map(|need| (need.flow, need.key)).collect();
        assert_eq!(needs, [(credit_notes::KEY, "n-1".to_owned()), (accounts::KEY, "a-1".to_owned())]);
    }

    #[test]
    fn it_is_found_again_by_its_mark() {
        let look = CreditRefunds::look(&refund(json!({})), &known());
        assert_eq!((look.path.as_deref(), look.many), (Some("creditnotes/71/refunds"), None));
        let row = |id: &str, said: Value| json!({"creditnote_refund_id": id, "description": said, "amount": 26});
        let rows = [row("1", Value::Null), row("2", "Xero p-10".into()), row("3", "Reference: x\nXero p-1".into())];
        assert_eq!(CreditRefunds::found(&refund(json!({})), &known(), &rows).as_deref(), Some("3"));
        assert_eq!(CreditRefunds::found(&refund(json!({})), &known(), &rows[..2]), None);
    }

    #[test]
    fn what_cannot_be_refunded_says_why() {
        let mut removed = refund(json!({}));
        removed.status = PaymentStatus::Deleted;
        let held = CreditRefunds::to_zoho(&removed, &known()).unwrap_err();
        assert!(
            held.code == "REFUND_REMOVED" && held.sentence.starts_with("Refund of 26.00 NZD on 2018-11-29 for CN-1"),
            "{held:?}"
        );
        for (extra, code) in [
            (json!({"Invoice": null}), "NOTHING_REFUNDED"),
            (json!({"Invoice": {"InvoiceID": ""}, "CreditNote": null}), "NOTHING_REFUNDED"),
            (json!({"Account": null}), "NO_ACCOUNT"),
            (json!({"Account": {"AccountID": "a-9"}}), "NOT_READY"),
            (json!({"Invoice": {"InvoiceID": "n-9"}}), "NOT_READY"),
        ] {
            assert_eq!(CreditRefunds::to_zoho(&refund(extra), &known()).unwrap_err().code, code);
        }
        let refusal = Refusal {
            status: 400,
            code: "4".into(),
            message: "The refund is more than what is left of the credit note CN-1.".into(),
        };
        let Cure::Hold(held) = CreditRefunds::cure(&refund(json!({})), &known(), &refusal, 1) else { panic!("not held") };
        assert!(held.sentence.contains("more than what is left"), "{held:?}");
    }

    #[test]
    fn what_it_moves_and_how_it_is_compared() {
        let posting = |ledger, amount: &str| Posting { ledger, amount: amount.parse().unwrap() };
        assert_eq!(
            CreditRefunds::postings(&refund(json!({})), &known()),
            [posting(Ledger::Receivable, "26"), posting(Ledger::Id("a-1".into()), "-26")]
        );
        let foreign = json!({"CurrencyRate": 0.8, "PaymentType": "APCREDITPAYMENT",
            "Invoice": {"InvoiceID": "n-1", "CurrencyCode": "USD", "CurrencyRate": 0.5}});
        assert_eq!(
            VendorCreditRefunds::postings(&refund(foreign), &known()),
            [posting(Ledger::Payable, "-52"), posting(Ledger::Id("a-1".into()), "32.5"), posting(Ledger::Exchange, "19.5")]
        );
        let row = json!({"amount": "26.00", "date": "2018-11-29"});
        assert_eq!(CreditRefunds::zoho_line(&row), Some(CreditRefunds::xero_line(&refund(json!({})))));
    }
}
