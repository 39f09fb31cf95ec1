//! Kinds of records that another finance product shares with Books: Books' own flow, carried to the other product's address, with what
//! the product does not have left out. Nothing of a mapping is written twice.

use std::sync::OnceLock;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::Value;

use super::books::currencies;
use super::other_item;
use crate::flow::{
    Account, Age, Also, AnyFlow, Authority, Back, Carry, Cure, Further, Hanging, Judgement, Known, Line, Look, Need, On, Owed,
    Pace, Posting, Reading, Record, Shift, Unmappable, Wanted,
};
use crate::print::PrintKey;
use crate::side::{Refusal, Trouble};
use crate::xero;
use crate::zoho::{self, Resource, Unique};

/// A flow of Books' in another product.
pub struct Shared {
    key: &'static str,
    of: &'static dyn AnyFlow,
    zoho: Resource,
    /// By which a record is looked for that may have been created already: what a body says under these keys, a list can be asked for,
    /// and its rows show.
    natural: &'static [Natural],
    differs: Differs,
    /// Found out once: it lives as long as the list of flows does.
    after: OnceLock<&'static [&'static str]>,
}

/// What is otherwise than in Books.
#[derive(Clone, Copy)]
pub struct Differs {
    /// What the product wants of a body beyond Books.
    pub shape: Option<Shape>,
    /// Where a record is looked for, where the product has no list of them.
    pub look: Option<fn(&dyn Record, &Known) -> Look>,
    /// Whether the product has a list that a reconciliation can look through.
    pub has_list: bool,
    /// Whether records come back from it.
    pub back: bool,
    /// Whether its lines must name an item.
    pub wants_items: bool,
    /// Whether what was paid of it is in the product too. Otherwise both sides are compared without it.
    pub has_payments: bool,
}

/// As in Books.
pub const ALIKE: Differs =
    Differs { shape: None, look: None, has_list: true, back: true, wants_items: false, has_payments: true };

/// A key of a body and the filter of the list that asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Natural {
    pub key: &'static str,
    /// None: the list cannot be asked for it, its rows show it.
    pub filter: Option<&'static str>,
}

impl Natural {
    pub const fn asked(key: &'static str) -> Self {
        Self { key, filter: Some(key) }
    }

    pub const fn by(key: &'static str, filter: &'static str) -> Self {
        Self { key, filter: Some(filter) }
    }

    pub const fn shown(key: &'static str) -> Self {
        Self { key, filter: None }
    }
}

pub type Shape = fn(&dyn Record, &Known, Value) -> Result<Value, Unmappable>;

/// Books' resource in a product without upsert: the record bears our mark and is changed by its id.
pub const fn marked(of: Resource) -> Resource {
    let unique = match of.unique {
        Unique::Field { module, label } => Unique::Mark { module, label },
        other => other,
    };
    Resource { unique, ..of }
}

impl Shared {
    pub const fn new(
        key: &'static str,
        of: &'static dyn AnyFlow,
        zoho: Resource,
        natural: &'static [Natural],
        differs: Differs,
    ) -> Self {
        Self { key, of, zoho, natural, differs, after: OnceLock::new() }
    }

    /// This product's flow of the kind that Books calls so.
    fn own(&self, record: &str) -> Option<&'static str> {
        let product = self.key.split_once('.')?.0;
        super::of(product).find(|flow| flow.record() == record).map(|flow| flow.key())
    }

    fn shaped(&self, record: &dyn Record, known: &Known, mut carry: Carry) -> Result<Carry, Unmappable> {
        // What the product has no call for is not asked of it.
        carry.then.retain(|action| !zoho::action(&self.zoho, action).path.is_empty());
        if self.differs.wants_items {
            other_item::named(&mut carry.body, known);
        }
        if let Some(shape) = self.differs.shape
            && carry.body.is_object()
        {
            carry.body = shape(record, known, carry.body)?;
        }
        Ok(carry)
    }

    fn compared(&self, line: Line) -> Line {
        match self.differs.has_payments {
            true => line,
            false => Line { status: if line.status == "paid" { "open" } else { line.status }, due: None, ..line },
        }
    }

    /// What this record says under the natural keys.
    fn names(&self, record: &dyn Record, known: &Known) -> Option<Vec<(Natural, Value)>> {
        let carry = self.of.to_zoho(record, known).ok()?;
        let said = self.natural.iter().map(|natural| (*natural, carry.body[natural.key].clone()));
        Some(said.filter(|(_, value)| !value.is_null()).collect())
    }
}

impl AnyFlow for Shared {
    fn key(&self) -> &'static str {
        self.key
    }
    fn record(&self) -> &'static str {
        self.of.record()
    }
    fn title(&self) -> &'static str {
        self.of.title()
    }
    fn after(&self) -> &'static [&'static str] {
        self.after.get_or_init(|| {
            let others = self.of.after().iter().copied().chain(self.differs.wants_items.then_some(other_item::KEY));
            others.filter_map(|record| self.own(record)).collect::<Vec<_>>().leak()
        })
    }
    fn read_with(&self) -> Option<&'static str> {
        self.own(self.of.read_with()?)
    }
    fn pace(&self) -> Pace {
        self.of.pace()
    }
    fn can_be_off(&self) -> bool {
        self.of.can_be_off()
    }
    fn is_asked_for(&self) -> bool {
        self.of.is_asked_for()
    }
    fn hangs(&self) -> Option<Hanging> {
        self.of.hangs()
    }
    fn has_list(&self) -> bool {
        self.differs.has_list && self.of.has_list()
    }
    fn on_call(&self) -> bool {
        self.of.on_call()
    }
    fn is_marked_beside_native(&self) -> bool {
        false
    }
    fn goes_without_outside(&self) -> bool {
        self.of.goes_without_outside()
    }
    fn xero(&self) -> &xero::Resource {
        self.of.xero()
    }
    fn zoho(&self) -> &Resource {
        &self.zoho
    }
    fn read(&self, body: &[u8]) -> Result<Vec<Reading>, Trouble> {
        self.of.read(body)
    }
    fn rows(&self, body: &[u8], read: usize) -> usize {
        self.of.rows(body, read)
    }
    fn read_on(&self, on: &On, body: &[u8]) -> Result<Vec<Reading>, Trouble> {
        self.of.read_on(on, body)
    }
    fn wanted(&self, record: &dyn Record) -> Wanted {
        self.of.wanted(record)
    }
    fn needs(&self, record: &dyn Record) -> Vec<Need> {
        let mut needs = self.of.needs(record);
        needs.extend(self.differs.wants_items.then(other_item::need));
        needs
    }
    fn hints(&self, record: &dyn Record) -> Vec<Need> {
        self.of.hints(record)
    }
    fn to_zoho(&self, record: &dyn Record, known: &Known) -> Result<Carry, Unmappable> {
        self.shaped(record, known, self.of.to_zoho(record, known)?)
    }
    fn prints(&self, record: &dyn Record, key: &PrintKey) -> Vec<u8> {
        self.of.prints(record, key)
    }
    fn field_names(&self) -> Vec<(&'static str, Authority)> {
        self.of.field_names()
    }
    fn day(&self, record: &dyn Record) -> Option<NaiveDate> {
        self.of.day(record)
    }
    fn age(&self, record: &dyn Record) -> Age {
        self.of.age(record)
    }
    fn removed(&self, outer: &str) -> Option<Unmappable> {
        self.of.removed(outer)
    }
    fn look(&self, record: &dyn Record, known: &Known) -> Look {
        if let Some(look) = self.differs.look {
            return look(record, known);
        }
        if self.natural.is_empty() {
            return self.of.look(record, known);
        }
        let asked = self.names(record, known).unwrap_or_default().into_iter();
        let query = asked.filter_map(|(natural, value)| Some((natural.filter?, plain(&value)?))).collect();
        Look { query, ..Look::default() }
    }
    fn found(&self, record: &dyn Record, known: &Known, rows: &[Value]) -> Option<String> {
        if self.natural.is_empty() {
            return self.of.found(record, known, rows);
        }
        let names = self.names(record, known)?;
        let is_it = |row: &&Value| names.iter().all(|(natural, value)| is_same(value, &row[natural.key]));
        rows.iter().find(is_it)?[self.zoho.id].as_str().map(str::to_owned)
    }
    fn further(&self, record: &dyn Record, known: &Known, answer: &Value) -> Vec<Further> {
        self.of.further(record, known, answer)
    }
    fn also(&self, record: &dyn Record, answer: &Value, further: &[Value]) -> Vec<Also> {
        self.of.also(record, answer, further)
    }
    fn find_in(&self, record: &dyn Record, existing: &[Value]) -> Option<String> {
        self.of.find_in(record, existing)
    }
    fn cure(&self, record: &dyn Record, known: &Known, refusal: &Refusal, attempt: u32) -> Cure {
        match self.of.cure(record, known, refusal, attempt) {
            Cure::Again(carry) => self.shaped(record, known, carry).map_or_else(Cure::Hold, Cure::Again),
            // A product whose currencies only people can add.
            Cure::Hold(reason) if reason.code == "CURRENCY" && self.own(currencies::KEY).is_none() => {
                Cure::Hold(Unmappable { expected: true, ..reason })
            }
            cure => cure,
        }
    }
    fn has_rates(&self) -> bool {
        self.of.has_rates()
    }
    fn rate(&self, record: &dyn Record) -> Option<Decimal> {
        self.of.rate(record)
    }
    fn judge(&self, record: &dyn Record, known: &Known, answer: &Value) -> Judgement {
        match self.of.judge(record, known, answer) {
            // The product had no objection to the shape of the body before this one.
            Judgement::Mend(carry) => Judgement::Mend(self.shaped(record, known, carry.clone()).unwrap_or(carry)),
            judgement => judgement,
        }
    }
    fn postings(&self, record: &dyn Record, known: &Known) -> Vec<Posting> {
        self.of.postings(record, known)
    }
    fn posts_by_ids(&self) -> bool {
        self.of.posts_by_ids()
    }
    fn shifts(&self, record: &dyn Record, known: &Known) -> Vec<Shift> {
        self.of.shifts(record, known)
    }
    fn booked(&self, answer: &Value) -> Option<Vec<Posting>> {
        self.of.booked(answer)
    }
    fn account(&self, record: &dyn Record) -> Option<Account> {
        self.of.account(record)
    }
    fn owed(&self, record: &dyn Record) -> Option<Owed> {
        self.of.owed(record)
    }
    fn zoho_owed(&self, row: &Value) -> Option<Owed> {
        self.of.zoho_owed(row)
    }
    fn xero_line(&self, record: &dyn Record) -> Line {
        self.compared(self.of.xero_line(record))
    }
    fn zoho_line(&self, row: &Value) -> Option<Line> {
        Some(self.compared(self.of.zoho_line(row)?))
    }
    fn back(&self) -> Option<&'static Back> {
        self.of.back().filter(|_| self.differs.back)
    }
}

/// As a filter says it.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a row says the same as the body did. An amount may be a number here and a text there.
fn is_same(said: &Value, shown: &Value) -> bool {
    let amount = |value: &Value| match value {
        Value::Number(number) => number.to_string().parse::<Decimal>().ok(),
        Value::String(text) => text.parse::<Decimal>().ok(),
        _ => None,
    };
    match (said, shown) {
        (Value::String(said), Value::String(shown)) => said.trim().eq_ignore_ascii_case(shown.trim()),
        // What a list leaves empty may not be shown at all.
        (Value::String(said), Value::Null) => said.is_empty(),
        _ => amount(said).is_some() && amount(said) == amount(shown),
    }
}
