//! Refunds of Xero's supplier credit notes → refunds of vendor credits in Zoho Books.

use serde_json::Value;

use super::refunds::{self, OF_VENDOR_CREDITS};
use super::{accounts, customer_payments, payments, vendor_credits};
use crate::flow::{Age, Carry, Cure, Field, Flow, Judgement, Known, Line, Look, Need, Posting, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{PAYMENTS, Payment};
use crate::{xero, zoho};

pub struct VendorCreditRefunds;

pub const KEY: &str = "books.vendor_credit_refunds";

impl Flow for VendorCreditRefunds {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Vendor credit refunds";
    const READ_WITH: Option<&'static str> = Some(customer_payments::KEY);
    const AFTER: &'static [&'static str] = &[accounts::KEY, vendor_credits::KEY];
    const XERO: xero::Resource = PAYMENTS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "vendorcredits/refunds",
        one: "vendor_credit_refund",
        many: &["vendor_credit_refunds"],
        id: "vendor_credit_refund_id",
        unique: zoho::Unique::Reference,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = Payment;

    fn wanted(refund: &Payment) -> Wanted {
        refunds::wanted(&OF_VENDOR_CREDITS, refund)
    }
    fn needs(refund: &Payment) -> Vec<Need> {
        refunds::needs(&OF_VENDOR_CREDITS, refund)
    }
    fn to_zoho(refund: &Payment, known: &Known) -> Result<Carry, Unmappable> {
        refunds::to_zoho(&OF_VENDOR_CREDITS, refund, known)
    }
    fn fields() -> &'static [Field<Payment>] {
        payments::fields()
    }
    fn age(_: &Payment) -> Age {
        Age::Follows
    }
    fn look(refund: &Payment, known: &Known) -> Look {
        refunds::look(&OF_VENDOR_CREDITS, refund, known)
    }
    fn found(refund: &Payment, _: &Known, rows: &[Value]) -> Option<String> {
        refunds::found(&OF_VENDOR_CREDITS, refund, rows)
    }
    fn cure(refund: &Payment, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refunds::cure(refund, refusal)
    }
    fn judge(refund: &Payment, _: &Known, answer: &Value) -> Judgement {
        payments::judge(refund, answer)
    }
    fn postings(refund: &Payment, _: &Known) -> Vec<Posting> {
        refunds::postings(&OF_VENDOR_CREDITS, refund)
    }
    fn xero_line(refund: &Payment) -> Line {
        refunds::xero_line(refund)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        refunds::zoho_line(row)
    }
}
