//! Xero payments of bills → Zoho Books vendor payments. Refunds and credits are other flows' business.

use chrono::NaiveDate;
use serde_json::Value;

use super::payments::{self, Direction};
use super::{XERO_ID, accounts, advance_ledger, back, bills, customer_payments, vendors};
use crate::flow::{Age, Back, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Posting, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{PAYMENTS, Payment, PaymentStatus, PaymentType};
use crate::{xero, zoho};

pub struct VendorPayments;

pub const KEY: &str = "books.vendor_payments";

impl Flow for VendorPayments {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Vendor payments";
    const READ_WITH: Option<&'static str> = Some(customer_payments::KEY);
    const AFTER: &'static [&'static str] = &[accounts::KEY, vendors::KEY, bills::KEY];
    const XERO: xero::Resource = PAYMENTS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "vendorpayments",
        one: "vendorpayment",
        many: &["vendorpayments", "vendor_payments"],
        id: "payment_id",
        unique: zoho::Unique::Field { module: "vendor_payment", label: XERO_ID },
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = Payment;
    const BACK: Option<Back> = Some(back::payments::VENDOR_PAYMENTS);

    fn wanted(payment: &Payment) -> Wanted {
        match (payment.payment_type, payment.status) {
            (PaymentType::OfBill, PaymentStatus::Authorised) => Wanted::Carry,
            _ => Wanted::Skip,
        }
    }
    fn needs(payment: &Payment) -> Vec<Need> {
        payments::needs(Direction::ToVendor, payment)
    }
    fn to_zoho(payment: &Payment, known: &Known) -> Result<Carry, Unmappable> {
        payments::to_zoho(Direction::ToVendor, payment, known)
    }
    fn fields() -> &'static [Field<Payment>] {
        payments::fields()
    }
    fn cure(payment: &Payment, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        payments::cure(payment, refusal)
    }
    fn judge(payment: &Payment, _: &Known, answer: &Value) -> Judgement {
        payments::judge(payment, answer)
    }
    fn day(payment: &Payment) -> Option<NaiveDate> {
        Some(payment.date)
    }
    fn age(_: &Payment) -> Age {
        Age::Follows
    }
    fn postings(payment: &Payment, _: &Known) -> Vec<Posting> {
        payments::postings(Direction::ToVendor, payment)
    }
    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        advance_ledger::booked(false, answer)
    }
    fn xero_line(payment: &Payment) -> Line {
        payments::xero_line(payment)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        payments::zoho_line(row)
    }
}
