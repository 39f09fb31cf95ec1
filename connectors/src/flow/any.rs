//! A flow without its types, which is all that the engine knows: every call is handed on to the `Flow` that it stands for.

use std::any::Any;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

use super::{
    Account, Age, Also, Authority, Back, Carry, Cure, Flow, Further, Hanging, Judgement, Known, Line, Look, Need, On, Owed,
    Posting, Shift, Unmappable, Wanted,
};
use crate::flow::Pace;
use crate::print::{PrintKey, Printer};
use crate::rules;
use crate::side::{Refusal, Trouble};
use crate::{xero, zoho};

/// What one record of a page turned out to be.
pub enum Reading {
    Record(Box<dyn Record>),
    /// A record whose shape we do not know (a new enum value, a missing field): held, never dropped.
    Odd(xero::Odd),
}

/// A Xero record of some flow, as the engine sees it.
pub trait Record: Send + Sync {
    fn as_any(&self) -> &dyn Any;
    fn id(&self) -> &str;
    /// `UpdatedDateUTC` in microseconds since 1970, or 0 where Xero has none.
    fn updated_us(&self) -> i64;
    /// Another name by which records refer to it: an account's or item's code.
    fn alias(&self) -> Option<&str>;
    /// What a person calls it: "Invoice INV-0042".
    fn label(&self) -> String;
    /// What it has in a place that may carry a custom field's value.
    fn says(&self, carrier: &xero::Carrier) -> String;
}

/// A flow without its types: all the engine knows.
pub trait AnyFlow: Send + Sync {
    fn key(&self) -> &'static str;
    /// The name by which mappings speak of this kind of record in needs, prints and rules. A flow that another product shares with Books
    /// goes by the name it has there; a link has one product, so that no name means two.
    fn record(&self) -> &'static str {
        self.key()
    }
    fn title(&self) -> &'static str;
    fn after(&self) -> &'static [&'static str];
    fn read_with(&self) -> Option<&'static str>;
    fn pace(&self) -> Pace;
    fn can_be_off(&self) -> bool;
    fn is_asked_for(&self) -> bool;
    fn hangs(&self) -> Option<Hanging>;
    fn has_list(&self) -> bool;
    fn on_call(&self) -> bool;
    fn is_marked_beside_native(&self) -> bool;
    fn goes_without_outside(&self) -> bool;
    fn xero(&self) -> &xero::Resource;
    fn zoho(&self) -> &zoho::Resource;
    /// Reads a Xero answer's body. One odd record does not spoil the others.
    fn read(&self, body: &[u8]) -> Result<Vec<Reading>, Trouble>;
    fn rows(&self, body: &[u8], read: usize) -> usize;
    fn read_on(&self, on: &On, body: &[u8]) -> Result<Vec<Reading>, Trouble>;
    fn wanted(&self, record: &dyn Record) -> Wanted;
    fn needs(&self, record: &dyn Record) -> Vec<Need>;
    fn hints(&self, record: &dyn Record) -> Vec<Need>;
    fn to_zoho(&self, record: &dyn Record, known: &Known) -> Result<Carry, Unmappable>;
    /// All fields' prints, one after the other.
    fn prints(&self, record: &dyn Record, key: &PrintKey) -> Vec<u8>;
    fn field_names(&self) -> Vec<(&'static str, Authority)>;
    fn day(&self, record: &dyn Record) -> Option<NaiveDate>;
    fn age(&self, record: &dyn Record) -> Age;
    fn removed(&self, outer: &str) -> Option<Unmappable>;
    fn look(&self, record: &dyn Record, known: &Known) -> Look;
    fn found(&self, record: &dyn Record, known: &Known, rows: &[Value]) -> Option<String>;
    fn further(&self, record: &dyn Record, known: &Known, answer: &Value) -> Vec<Further>;
    fn also(&self, record: &dyn Record, answer: &Value, further: &[Value]) -> Vec<Also>;
    fn find_in(&self, record: &dyn Record, existing: &[Value]) -> Option<String>;
    fn cure(&self, record: &dyn Record, known: &Known, refusal: &Refusal, attempt: u32) -> Cure;
    fn has_rates(&self) -> bool;
    fn rate(&self, record: &dyn Record) -> Option<Decimal>;
    fn judge(&self, record: &dyn Record, known: &Known, answer: &Value) -> Judgement;
    fn postings(&self, record: &dyn Record, known: &Known) -> Vec<Posting>;
    fn posts_by_ids(&self) -> bool;
    fn shifts(&self, record: &dyn Record, known: &Known) -> Vec<Shift>;
    fn booked(&self, answer: &Value) -> Option<Vec<Posting>>;
    fn account(&self, record: &dyn Record) -> Option<Account>;
    fn owed(&self, record: &dyn Record) -> Option<Owed>;
    fn zoho_owed(&self, row: &Value) -> Option<Owed>;
    fn xero_line(&self, record: &dyn Record) -> Line;
    fn zoho_line(&self, row: &Value) -> Option<Line>;
    fn back(&self) -> Option<&'static Back>;
}

struct Of<R>(R);

impl<R: xero::Record> Record for Of<R> {
    fn as_any(&self) -> &dyn Any {
        &self.0
    }
    fn id(&self) -> &str {
        self.0.id()
    }
    fn updated_us(&self) -> i64 {
        self.0.updated_us()
    }
    fn alias(&self) -> Option<&str> {
        self.0.alias()
    }
    fn label(&self) -> String {
        self.0.label()
    }
    fn says(&self, carrier: &xero::Carrier) -> String {
        self.0.says(carrier)
    }
}

/// A record reaches only the flow that read it; another type is our own bug.
fn typed<F: Flow>(record: &dyn Record) -> &F::Xero {
    record.as_any().downcast_ref().expect("a record of another flow")
}

fn readings<R: xero::Record>(read: Vec<Result<R, xero::Odd>>) -> Vec<Reading> {
    let reading = |one: Result<R, xero::Odd>| match one {
        Ok(record) => Reading::Record(Box::new(Of(record))),
        Err(odd) => Reading::Odd(odd),
    };
    read.into_iter().map(reading).collect()
}

impl<F: Flow> AnyFlow for F {
    fn key(&self) -> &'static str {
        F::KEY
    }
    fn record(&self) -> &'static str {
        F::RECORD
    }
    fn title(&self) -> &'static str {
        F::TITLE
    }
    fn after(&self) -> &'static [&'static str] {
        F::AFTER
    }
    fn read_with(&self) -> Option<&'static str> {
        F::READ_WITH
    }
    fn pace(&self) -> Pace {
        F::PACE
    }
    fn can_be_off(&self) -> bool {
        F::CAN_BE_OFF
    }
    fn is_asked_for(&self) -> bool {
        F::IS_ASKED_FOR
    }
    fn hangs(&self) -> Option<Hanging> {
        F::HANGS
    }
    fn has_list(&self) -> bool {
        F::HAS_LIST
    }
    fn on_call(&self) -> bool {
        F::ON_CALL
    }
    fn is_marked_beside_native(&self) -> bool {
        F::MARKED_BESIDE_NATIVE
    }
    fn goes_without_outside(&self) -> bool {
        F::GOES_WITHOUT_OUTSIDE
    }
    fn xero(&self) -> &xero::Resource {
        const { &F::XERO }
    }
    fn zoho(&self) -> &zoho::Resource {
        const { &F::ZOHO }
    }
    fn read(&self, body: &[u8]) -> Result<Vec<Reading>, Trouble> {
        Ok(readings(F::read(body)?))
    }
    fn rows(&self, body: &[u8], read: usize) -> usize {
        F::rows(body, read)
    }
    fn read_on(&self, on: &On, body: &[u8]) -> Result<Vec<Reading>, Trouble> {
        Ok(readings(F::read_on(on, body)?))
    }
    fn wanted(&self, record: &dyn Record) -> Wanted {
        F::wanted(typed::<F>(record))
    }
    fn needs(&self, record: &dyn Record) -> Vec<Need> {
        F::needs(typed::<F>(record))
    }
    fn hints(&self, record: &dyn Record) -> Vec<Need> {
        F::hints(typed::<F>(record))
    }
    fn to_zoho(&self, record: &dyn Record, known: &Known) -> Result<Carry, Unmappable> {
        let carry = F::to_zoho(typed::<F>(record), known)?;
        ruled::<F>(record, known, carry)
    }
    fn prints(&self, record: &dyn Record, key: &PrintKey) -> Vec<u8> {
        let record = typed::<F>(record);
        let mut printer = Printer::new(key);
        let mut prints = Vec::with_capacity(F::fields().len() * crate::print::FIELD_PRINT_BYTES);
        for field in F::fields() {
            (field.print)(record, &mut printer);
            prints.extend_from_slice(&printer.finish());
        }
        prints
    }
    fn field_names(&self) -> Vec<(&'static str, Authority)> {
        F::fields().iter().map(|field| (field.name, field.authority)).collect()
    }
    fn day(&self, record: &dyn Record) -> Option<NaiveDate> {
        F::day(typed::<F>(record))
    }
    fn age(&self, record: &dyn Record) -> Age {
        F::age(typed::<F>(record))
    }
    fn removed(&self, outer: &str) -> Option<Unmappable> {
        F::removed(outer)
    }
    fn look(&self, record: &dyn Record, known: &Known) -> Look {
        F::look(typed::<F>(record), known)
    }
    fn found(&self, record: &dyn Record, known: &Known, rows: &[Value]) -> Option<String> {
        F::found(typed::<F>(record), known, rows)
    }
    fn further(&self, record: &dyn Record, known: &Known, answer: &Value) -> Vec<Further> {
        F::further(typed::<F>(record), known, answer)
    }
    fn also(&self, record: &dyn Record, answer: &Value, further: &[Value]) -> Vec<Also> {
        F::also(typed::<F>(record), answer, further)
    }
    fn find_in(&self, record: &dyn Record, existing: &[Value]) -> Option<String> {
        F::find_in(typed::<F>(record), existing)
    }
    fn cure(&self, record: &dyn Record, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        match F::cure(typed::<F>(record), known, refusal, attempt) {
            Cure::Again(carry) => ruled::<F>(record, known, carry).map_or_else(Cure::Hold, Cure::Again),
            cure => cure,
        }
    }
    fn has_rates(&self) -> bool {
        F::HAS_RATES
    }
    fn rate(&self, record: &dyn Record) -> Option<Decimal> {
        F::rate(typed::<F>(record))
    }
    fn judge(&self, record: &dyn Record, known: &Known, answer: &Value) -> Judgement {
        match F::judge(typed::<F>(record), known, answer) {
            // The rules had no objection to the body before this one.
            Judgement::Mend(carry) => Judgement::Mend(ruled::<F>(record, known, carry.clone()).unwrap_or(carry)),
            judgement => judgement,
        }
    }
    fn postings(&self, record: &dyn Record, known: &Known) -> Vec<Posting> {
        F::postings(typed::<F>(record), known)
    }
    fn posts_by_ids(&self) -> bool {
        F::POSTS_BY_IDS
    }
    fn shifts(&self, record: &dyn Record, known: &Known) -> Vec<Shift> {
        F::shifts(typed::<F>(record), known)
    }
    fn booked(&self, answer: &Value) -> Option<Vec<Posting>> {
        F::booked(answer)
    }
    fn account(&self, record: &dyn Record) -> Option<Account> {
        F::account(typed::<F>(record))
    }
    fn owed(&self, record: &dyn Record) -> Option<Owed> {
        F::owed(typed::<F>(record))
    }
    fn zoho_owed(&self, row: &Value) -> Option<Owed> {
        F::zoho_owed(row)
    }
    fn xero_line(&self, record: &dyn Record) -> Line {
        F::xero_line(typed::<F>(record))
    }
    fn zoho_line(&self, row: &Value) -> Option<Line> {
        F::zoho_line(row)
    }
    fn back(&self) -> Option<&'static Back> {
        const { &F::BACK }.as_ref()
    }
}

/// What is told to Zoho, with what the rules say.
fn ruled<F: Flow>(record: &dyn Record, known: &Known, mut carry: Carry) -> Result<Carry, Unmappable> {
    rules::apply_to_zoho(&known.rules, F::KEY, record, &mut carry.body)?;
    Ok(carry)
}
