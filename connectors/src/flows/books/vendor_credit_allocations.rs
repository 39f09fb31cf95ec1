//! Allocations of Xero's supplier credit notes → vendor credits applied to bills in Zoho Books.

use serde_json::Value;

use super::allocations::{self, Side};
use super::{bills, credit_notes, vendor_credits};
use crate::flow::{Age, Carry, Cure, Field, Flow, Known, Line, Look, Need, Posting, Unmappable, Wanted};
use crate::side::{Refusal, Trouble};
use crate::xero::records::{CREDIT_NOTES, CreditAllocation};
use crate::{xero, zoho};

pub struct VendorCreditAllocations;

pub const KEY: &str = "books.vendor_credit_allocations";

impl Flow for VendorCreditAllocations {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Vendor credit allocations";
    const READ_WITH: Option<&'static str> = Some(credit_notes::KEY);
    const HAS_LIST: bool = false;
    const AFTER: &'static [&'static str] = &[bills::KEY, vendor_credits::KEY];
    const XERO: xero::Resource = CREDIT_NOTES;
    const ZOHO: zoho::Resource = zoho::Resource {
        path: "vendorcredits",
        one: "vendor_credit",
        many: &["vendorcredits"],
        id: "vendor_credit_id",
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
        allocations::wanted(Side::Vendor, allocation)
    }
    fn needs(allocation: &CreditAllocation) -> Vec<Need> {
        allocations::needs(Side::Vendor, KEY, allocation)
    }
    fn to_zoho(allocation: &CreditAllocation, known: &Known) -> Result<Carry, Unmappable> {
        allocations::to_zoho(Side::Vendor, allocation, known)
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
        allocations::look(Side::Vendor, allocation, known)
    }
    fn found(allocation: &CreditAllocation, known: &Known, rows: &[Value]) -> Option<String> {
        allocations::found(Side::Vendor, allocation, known, rows)
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
