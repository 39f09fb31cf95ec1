//! Xero sales invoices → Zoho Books invoices. They keep their number and their amounts to the cent; nobody gets an e-mail.

use serde_json::Value;

use super::documents::{self, Kind};
use super::{XERO_ID, accounts, currencies, customers, items, taxes};
use crate::flow::{Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{Invoice, InvoiceStatus, InvoiceType, SALES_INVOICES};
use crate::{xero, zoho};

pub struct Invoices;

pub const KEY: &str = "books.invoices";

impl Flow for Invoices {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Sales invoices";
    const AFTER: &'static [&'static str] = &[currencies::KEY, taxes::KEY, accounts::KEY, customers::KEY, items::KEY];
    const XERO: xero::Resource = SALES_INVOICES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "invoices",
        one: "invoice",
        many: &["invoices"],
        id: "invoice_id",
        unique: zoho::Unique::Field { module: "invoice", label: XERO_ID },
        // The number is ours: Zoho must not make one up.
        query: &[("ignore_auto_number_generation", "true")],
        list_query: &[("filter_by", "Status.All")],
    };
    type Xero = Invoice;

    fn wanted(invoice: &Invoice) -> Wanted {
        match (invoice.kind, invoice.status) {
            (InvoiceType::AccRec, InvoiceStatus::Deleted) => Wanted::Skip,
            (InvoiceType::AccRec, _) => Wanted::Carry,
            _ => Wanted::Skip,
        }
    }
    fn needs(invoice: &Invoice) -> Vec<Need> {
        documents::needs(Kind::Invoice, invoice)
    }
    fn to_zoho(invoice: &Invoice, known: &Known) -> Result<Carry, Unmappable> {
        documents::to_zoho(Kind::Invoice, invoice, known)
    }
    fn fields() -> &'static [Field<Invoice>] {
        documents::fields()
    }
    fn cure(invoice: &Invoice, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        documents::cure(Kind::Invoice, invoice, known, refusal, attempt)
    }
    fn judge(invoice: &Invoice, known: &Known, answer: &Value) -> Judgement {
        documents::judge(Kind::Invoice, invoice, known, answer)
    }
    fn xero_line(invoice: &Invoice) -> Line {
        documents::xero_line(invoice)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        documents::zoho_line(row)
    }
}
