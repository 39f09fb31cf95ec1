//! Allocations of Xero credit notes → credits applied to invoices in Zoho Books.

use serde_json::Value;

use super::allocations::{self, Side};
use super::{credit_notes, invoices};
use crate::flow::{Age, Carry, Cure, Field, Flow, Known, Line, Look, Need, Posting, Unmappable, Wanted};
use crate::side::{Refusal, Trouble};
use crate::xero::records::{CREDIT_NOTES, CreditAllocation};
use crate::{xero, zoho};

pub struct CreditAllocations;

pub const KEY: &str = "books.credit_allocations";

impl Flow for CreditAllocations {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Credit allocations";
    const READ_WITH: Option<&'static str> = Some(credit_notes::KEY);
    const HAS_LIST: bool = false;
    const AFTER: &'static [&'static str] = &[invoices::KEY, credit_notes::KEY];
    const XERO: xero::Resource = CREDIT_NOTES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "creditnotes",
        one: "creditnote",
        many: &["creditnotes"],
        id: "creditnote_id",
        unique: zoho::Unique::Reference,
        query: &[],
        list_query: &[],
        words: &[],
    };
    type Xero = CreditAllocation;

    fn read(body: &[u8]) -> Result<Vec<Result<CreditAllocation, xero::Odd>>, Trouble> {
        allocations::read(body)
    }
    fn wanted(allocation: &CreditAllocation) -> Wanted {
        allocations::wanted(Side::Customer, allocation)
    }
    fn needs(allocation: &CreditAllocation) -> Vec<Need> {
        allocations::needs(Side::Customer, KEY, allocation)
    }
    fn to_zoho(allocation: &CreditAllocation, known: &Known) -> Result<Carry, Unmappable> {
        allocations::to_zoho(Side::Customer, allocation, known)
    }
    fn fields() -> &'static [Field<CreditAllocation>] {
        allocations::fields()
    }
    fn age(_: &CreditAllocation) -> Age {
        Age::Follows
    }
    fn removed(credit: &str) -> Option<Unmappable> {
        Some(allocations::removed(credit))
    }
    fn look(allocation: &CreditAllocation, known: &Known) -> Look {
        allocations::look(Side::Customer, allocation, known)
    }
    fn found(allocation: &CreditAllocation, known: &Known, rows: &[Value]) -> Option<String> {
        allocations::found(Side::Customer, allocation, known, rows)
    }
    fn cure(allocation: &CreditAllocation, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        allocations::cure(allocation, refusal)
    }
    fn postings(allocation: &CreditAllocation, _: &Known) -> Vec<Posting> {
        allocations::postings(allocation)
    }
    fn xero_line(allocation: &CreditAllocation) -> Line {
        allocations::xero_line(allocation)
    }
    fn zoho_line(_: &Value) -> Option<Line> {
        None
    }
}
