//! Refunds of Xero credit notes → refunds of credit notes in Zoho Books.

use serde_json::Value;

use super::refunds::{self, OF_CREDIT_NOTES};
use super::{accounts, credit_notes, customer_payments, payments};
use crate::flow::{Age, Carry, Cure, Field, Flow, Judgement, Known, Line, Look, Need, Posting, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{PAYMENTS, Payment};
use crate::{xero, zoho};

pub struct CreditRefunds;

pub const KEY: &str = "books.credit_refunds";

impl Flow for CreditRefunds {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Credit note refunds";
    const READ_WITH: Option<&'static str> = Some(customer_payments::KEY);
    const AFTER: &'static [&'static str] = &[accounts::KEY, credit_notes::KEY];
    const XERO: xero::Resource = PAYMENTS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "creditnotes/refunds",
        one: "creditnote_refund",
        many: &["creditnote_refunds"],
        id: "creditnote_refund_id",
        unique: zoho::Unique::Reference,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = Payment;

    fn wanted(refund: &Payment) -> Wanted {
        refunds::wanted(&OF_CREDIT_NOTES, refund)
    }
    fn needs(refund: &Payment) -> Vec<Need> {
        refunds::needs(&OF_CREDIT_NOTES, refund)
    }
    fn to_zoho(refund: &Payment, known: &Known) -> Result<Carry, Unmappable> {
        refunds::to_zoho(&OF_CREDIT_NOTES, refund, known)
    }
    fn fields() -> &'static [Field<Payment>] {
        payments::fields()
    }
    fn age(_: &Payment) -> Age {
        Age::Follows
    }
    fn look(refund: &Payment, known: &Known) -> Look {
        refunds::look(&OF_CREDIT_NOTES, refund, known)
    }
    fn found(refund: &Payment, _: &Known, rows: &[Value]) -> Option<String> {
        refunds::found(&OF_CREDIT_NOTES, refund, rows)
    }
    fn cure(refund: &Payment, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        refunds::cure(refund, refusal)
    }
    fn judge(refund: &Payment, _: &Known, answer: &Value) -> Judgement {
        payments::judge(refund, answer)
    }
    fn postings(refund: &Payment, _: &Known) -> Vec<Posting> {
        refunds::postings(&OF_CREDIT_NOTES, refund)
    }
    fn xero_line(refund: &Payment) -> Line {
        refunds::xero_line(refund)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        refunds::zoho_line(row)
    }
}
