//! Xero bills → Zoho Books bills. Zoho opens a bill at once, so a draft is held until it is approved.

use serde_json::Value;

use super::documents::{self, Kind};
use super::{XERO_ID, accounts, currencies, items, taxes, vendors};
use crate::flow::{Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{BILLS, Invoice, InvoiceStatus, InvoiceType};
use crate::{xero, zoho};

pub struct Bills;

pub const KEY: &str = "books.bills";

impl Flow for Bills {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Bills";
    const AFTER: &'static [&'static str] = &[currencies::KEY, taxes::KEY, accounts::KEY, vendors::KEY, items::KEY];
    const XERO: xero::Resource = BILLS;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "bills",
        one: "bill",
        many: &["bills"],
        id: "bill_id",
        unique: zoho::Unique::Field { module: "bill", label: XERO_ID },
        query: &[],
        list_query: &[("filter_by", "Status.All")],
    };
    type Xero = Invoice;

    fn wanted(bill: &Invoice) -> Wanted {
        match (bill.kind, bill.status) {
            (InvoiceType::AccPay, InvoiceStatus::Deleted) => Wanted::Skip,
            (InvoiceType::AccPay, _) => Wanted::Carry,
            _ => Wanted::Skip,
        }
    }
    fn needs(bill: &Invoice) -> Vec<Need> {
        documents::needs(Kind::Bill, bill)
    }
    fn to_zoho(bill: &Invoice, known: &Known) -> Result<Carry, Unmappable> {
        if matches!(bill.status, InvoiceStatus::Draft | InvoiceStatus::Submitted) {
            return Err(Unmappable {
                code: "DRAFT_BILL",
                sentence: format!(
                    "{} is a draft in Xero, and Zoho Books would open it at once. Approve it in Xero and it travels; delete it there and it is gone.",
                    bill.label()
                ),
                expected: true,
            });
        }
        documents::to_zoho(Kind::Bill, bill, known)
    }
    fn fields() -> &'static [Field<Invoice>] {
        documents::fields()
    }
    fn cure(bill: &Invoice, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        documents::cure(Kind::Bill, bill, known, refusal, attempt)
    }
    fn judge(bill: &Invoice, known: &Known, answer: &Value) -> Judgement {
        documents::judge(Kind::Bill, bill, known, answer)
    }
    fn xero_line(bill: &Invoice) -> Line {
        documents::xero_line(bill)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        documents::zoho_line(row)
    }
}
