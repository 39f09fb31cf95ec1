//! Xero overpayments of suppliers → Zoho Books vendor payments that pay no document yet, with what they are used for.

use serde_json::Value;

use super::advances::{self, Side};
use super::{accounts, advance_banks, advance_ledger, bills, currencies, customer_overpayments, vendors};
use crate::flow::{Age, Carry, Cure, Field, Flow, Judgement, Known, Line, Need, Owed, Pace, Posting, Shift, Unmappable, Wanted};
use crate::side::Refusal;
use crate::xero::records::{Advance, OVERPAYMENTS};
use crate::{xero, zoho};

pub struct VendorOverpayments;

pub const KEY: &str = "books.vendor_overpayments";

const SIDE: Side = Side::Vendor;

impl Flow for VendorOverpayments {
    const KEY: &'static str = KEY;
    const TITLE: &'static str = "Vendor overpayments";
    const PACE: Pace = Pace::Hourly;
    const READ_WITH: Option<&'static str> = Some(customer_overpayments::KEY);
    const AFTER: &'static [&'static str] = &[accounts::KEY, currencies::KEY, vendors::KEY, bills::KEY, advance_banks::KEY];
    const GOES_WITHOUT_OUTSIDE: bool = true;
    const POSTS_BY_IDS: bool = true;
    const XERO: xero::Resource = OVERPAYMENTS;
    const ZOHO: zoho::Resource = SIDE.zoho();
    type Xero = Advance;

    fn wanted(advance: &Advance) -> Wanted {
        advances::wanted(SIDE, advance)
    }
    fn needs(advance: &Advance) -> Vec<Need> {
        advances::needs(SIDE, advance)
    }
    fn to_zoho(advance: &Advance, known: &Known) -> Result<Carry, Unmappable> {
        advances::to_zoho(SIDE, advance, known)
    }
    fn fields() -> &'static [Field<Advance>] {
        advances::fields()
    }
    fn age(advance: &Advance) -> Age {
        advances::age(advance)
    }
    fn cure(advance: &Advance, _: &Known, refusal: &Refusal, _: u32) -> Cure {
        advances::cure(advance, refusal)
    }
    fn judge(advance: &Advance, known: &Known, answer: &Value) -> Judgement {
        advances::judge(SIDE, advance, known, answer)
    }
    fn postings(advance: &Advance, known: &Known) -> Vec<Posting> {
        advance_ledger::postings(advance, known)
    }
    fn shifts(advance: &Advance, _: &Known) -> Vec<Shift> {
        advance_ledger::shifts(advance)
    }
    fn booked(answer: &Value) -> Option<Vec<Posting>> {
        advance_ledger::booked(false, answer)
    }
    fn owed(advance: &Advance) -> Option<Owed> {
        advances::owed(SIDE, advance)
    }
    fn zoho_owed(row: &Value) -> Option<Owed> {
        advances::zoho_owed(SIDE, row)
    }
    fn xero_line(advance: &Advance) -> Line {
        advances::xero_line(advance)
    }
    fn zoho_line(row: &Value) -> Option<Line> {
        advances::zoho_line(row)
    }
}
