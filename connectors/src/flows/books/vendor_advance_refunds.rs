//! Xero refunds of suppliers' prepayments and overpayments → refunds of Zoho Books vendor payments.

use serde_json::Value;

use super::advances::Side;
use super::{accounts, advance_ledger, advance_refunds, customer_payments, payments, vendor_overpayments, vendor_prepayments};
use crate::flow::{Age, Carry, Cure, Field, Flow, Known, Line, Look, Need, Posting, Shift, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{PAYMENTS, Payment};
use crate::{xero, zoho};

pub struct VendorAdvanceRefunds;

pub const KEY: &str = "books.vendor_advance_refunds";

const SIDE: Side = Side::Vendor;

impl Flow for VendorAdvanceRefunds {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Refunds of vendor advances";
    const READ_WITH: Option<&'static str> = Some(customer_payments::KEY);
    const HAS_LIST: bool = false;
    const AFTER: &'static [&'static str] = &[accounts::KEY, vendor_prepayments::KEY, vendor_overpayments::KEY];
    const XERO: xero::Resource = PAYMENTS;
    const ZOHO: zoho::Resource = SIDE.refunds();
    type Xero = Payment;

    fn wanted(refund: &Payment) -> Wanted {
        advance_refunds::wanted(SIDE, refund)
    }
    fn needs(refund: &Payment) -> Vec<Need> {
        advance_refunds::needs(SIDE, refund)
    }
    fn to_zoho(refund: &Payment, known: &Known) -> Result<Carry, Unmappable> {
        advance_refunds::to_zoho(SIDE, refund, known)
    }
    fn fields() -> &'static [Field<Payment>] {
        payments::fields()
    }
    fn age(_: &Payment) -> Age {
        Age::Follows
    }
    fn look(refund: &Payment, known: &Known) -> Look {
        advance_refunds::look(SIDE, refund, known)
    }
    fn found(refund: &Payment, _: &Known, rows: &[Value]) -> Option<String> {
        advance_refunds::found(SIDE, refund, rows)
    }
    fn cure(refund: &Payment, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        advance_refunds::cure(refund, refusal)
    }
    fn postings(refund: &Payment, _: &Known) -> Vec<Posting> {
        advance_ledger::refund_postings(false, refund)
    }
    fn shifts(refund: &Payment, _: &Known) -> Vec<Shift> {
        advance_ledger::refund_shifts(false, refund)
    }
    fn xero_line(refund: &Payment) -> Line {
        advance_refunds::xero_line(refund)
    }
    /// What is paid back shows in what is left of the payment.
    fn zoho_line(_: &Value) -> Option<Line> {
        None
    }
}
