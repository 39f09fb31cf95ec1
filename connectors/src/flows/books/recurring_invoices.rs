//! Xero repeating sales invoices → Zoho Books recurring invoices, stopped: nothing is sent twice.

use serde_json::Value;

use super::offers::{self, Offer};
use super::templates;
use super::{XERO_ID, accounts, currencies, customers, items, taxes, tracking_categories};
use crate::flow::{Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Pace, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::Record;
use crate::xero::records::{InvoiceType, REPEATING_INVOICES, RepeatingInvoice};
use crate::zoho::Action;
use crate::{xero, zoho};

pub struct RecurringInvoices;

pub const KEY: &str = "books.recurring_invoices";

impl Flow for RecurringInvoices {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Repeating sales invoices";
    const PACE: Pace = Pace::Daily;
    const AFTER: &'static [&'static str] =
        &[currencies::KEY, taxes::KEY, accounts::KEY, tracking_categories::KEY, customers::KEY, items::KEY];
    const XERO: xero::Resource = REPEATING_INVOICES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "recurringinvoices",
        one: "recurring_invoice",
        many: &["recurring_invoices"],
        id: "recurring_invoice_id",
        unique: zoho::Unique::Field { module: "recurring_invoice", label: XERO_ID },
        query: &[],
        list_query: &[("filter_by", "Status.All")],
        words: &[],
    };
    type Xero = RepeatingInvoice;

    fn wanted(template: &RepeatingInvoice) -> Wanted {
        if template.kind == InvoiceType::AccRec && !template.is_gone() { Wanted::Carry } else { Wanted::Skip }
    }
    fn needs(template: &RepeatingInvoice) -> Vec<Need> {
        offers::needs(template)
    }
    fn to_zoho(template: &RepeatingInvoice, known: &Known) -> Result<Carry, Unmappable> {
        Ok(Carry::new(templates::body(template, known)?).then(vec![Action::RECURRING_INVOICE_STOP]))
    }
    fn fields() -> &'static [Field<RepeatingInvoice>] {
        offers::fields()
    }
    fn cure(template: &RepeatingInvoice, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        offers::cure(&template.label(), refusal)
    }
    fn judge(template: &RepeatingInvoice, known: &Known, answer: &Value) -> Judgement {
        offers::judge(template, known, answer, Self::to_zoho(template, known))
    }
    fn xero_line(template: &RepeatingInvoice) -> Line {
        offers::xero_line(template)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        Some(offers::zoho_line(row, templates::LIFE))
    }
}
