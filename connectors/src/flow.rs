//! What a flow is: a kind of record kept in step. One file in `flows/` implements `Flow`; the engine only ever sees `AnyFlow`.

use std::any::Any;
use std::collections::{HashMap, HashSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::print::{PrintKey, Printer};
use crate::side::{Refusal, Trouble};
use crate::{xero, zoho};

/// A kind of record, with typed ends. Pure: no call, no clock, no database.
pub trait Flow: Send + Sync + 'static {
    /// Its name everywhere: lanes, pairs, runs and holds are keyed by it. For example `books.invoices`.
    const KEY: &'static str;
    /// What people call it: "Sales invoices".
    const TITLE: &'static str;
    /// The flow whose pages this one shares: both read the same list of Xero, which is asked for once. It comes earlier in the list of flows.
    const READ_WITH: Option<&'static str> = None;
    /// Whether a migration may leave this kind out. Without contacts, accounts, taxes and currencies nothing else could be carried.
    const CAN_BE_OFF: bool = true;
    /// Whether Zoho has a list of this kind that a reconciliation can hold against Xero's. What lives inside other records (an allocation
    /// of a credit) shows in their balances instead.
    const HAS_LIST: bool = true;
    /// Whether a migration carries this kind only where somebody asked for it.
    const IS_ASKED_FOR: bool = false;
    /// What it is that hangs on records of other flows, where this kind does: it has no list of its own and is read from those records,
    /// one after the other.
    const HANGS: Option<Hanging> = None;
    /// Whether a record goes although some of what it names is outside the scope: an advance of which a part was used for an invoice of
    /// long ago. Its mapping finds no id for that part. Other records wait, or are outside themselves.
    const GOES_WITHOUT_OUTSIDE: bool = false;
    /// Whether a record that this flow skips is carried all the same once another one refers to it: a contact becomes a vendor with its
    /// first purchase order.
    const ON_CALL: bool = false;
    /// Flows whose records this one refers to; they are carried first.
    const AFTER: &'static [&'static str];
    const XERO: xero::Resource;
    const ZOHO: zoho::Resource;
    type Xero: xero::Record + DeserializeOwned;

    /// Reads the records out of Xero's answer. Kinds that live inside another record take them out of that one here; their ids then
    /// begin with the other's id and a colon.
    fn read(body: &[u8]) -> Result<Vec<Result<Self::Xero, xero::Odd>>, Trouble> {
        xero::read_records::<Self::Xero>(const { &Self::XERO }, body)
    }
    /// Reads what hangs on one record. Ids begin with that record's and a colon.
    fn read_on(_on: &On, body: &[u8]) -> Result<Vec<Result<Self::Xero, xero::Odd>>, Trouble> {
        Self::read(body)
    }
    /// Whether this record is carried at all. `Skip` is for what is not this flow's business (a bill in the invoices flow) or never existed for anyone (a deleted draft).
    fn wanted(record: &Self::Xero) -> Wanted;
    /// The records this one refers to.
    fn needs(record: &Self::Xero) -> Vec<Need>;
    /// What is looked up for it as well, but not waited for: ids that it may have been given before, or what it names only where it is
    /// there, as the vendor of money spent, who may be no vendor at all.
    fn hints(_record: &Self::Xero) -> Vec<Need> {
        Vec::new()
    }
    /// What Zoho must be told. `known` holds an id for every need.
    fn to_zoho(record: &Self::Xero, known: &Known) -> Result<Carry, Unmappable>;
    /// The fields we carry, in a fixed order: what is printed and compared. Append only: the order is part of the print.
    fn fields() -> &'static [Field<Self::Xero>];
    /// Its own day, for kinds whose age is another record's: in which financial year its gains and losses are.
    fn day(_record: &Self::Xero) -> Option<NaiveDate> {
        None
    }
    /// Its place in time, which decides whether it is within a migration's scope.
    fn age(_record: &Self::Xero) -> Age {
        Age::Timeless
    }
    /// For kinds that live inside other records: what it means that one that was carried is not inside any more. `outer`: what a person
    /// calls the other record. Xero has no other word for its end.
    fn removed(_outer: &str) -> Option<Unmappable> {
        None
    }
    /// Among Zoho's existing records (list rows), the one that is this record. Used where Zoho has no upsert, and for adoption.
    fn find_in(_record: &Self::Xero, _existing: &[Value]) -> Option<String> {
        None
    }
    /// Where a record that may have been created already is looked for: kinds of `Unique::Reference`.
    fn look(_record: &Self::Xero, _known: &Known) -> Look {
        Look::default()
    }
    /// Among the rows that `look` gave, the one that is this record.
    fn found(record: &Self::Xero, _known: &Known, rows: &[Value]) -> Option<String> {
        Self::find_in(record, rows)
    }
    /// Calls that complete a write, below the record's own address. `answer`: the record as Zoho has it now.
    fn further(_record: &Self::Xero, _known: &Known, _answer: &Value) -> Vec<Further> {
        Vec::new()
    }
    /// What else Zoho has given an id by this write, for instance the options of a tag. `further`: the answers of those calls.
    fn also(_record: &Self::Xero, _answer: &Value, _further: &[Value]) -> Vec<Also> {
        Vec::new()
    }
    /// What to do about a refusal. `attempt` counts from 1.
    fn cure(record: &Self::Xero, known: &Known, refusal: &Refusal, attempt: u32) -> Cure;
    /// A rate of Xero's own that a comparison has to know, for kinds that are one: a tax's per cent.
    fn rate(_record: &Self::Xero) -> Option<Decimal> {
        None
    }
    /// Whether records of this kind have a `rate`.
    const HAS_RATES: bool = false;
    /// Compares Zoho's answer with what was meant, to the cent.
    fn judge(_record: &Self::Xero, _known: &Known, _answer: &Value) -> Judgement {
        Judgement::Equal
    }
    /// What this record moves in Xero's general ledger. It explains a trial balance where the record is not in Zoho.
    fn postings(_record: &Self::Xero, _known: &Known) -> Vec<Posting> {
        Vec::new()
    }
    /// Whether `postings` look up ids in `known`: where a record does not say itself which account it moves.
    const POSTS_BY_IDS: bool = false;
    /// What stands on other accounts in Zoho by design though the record arrived whole, and why: an unused prepayment, for instance.
    fn shifts(_record: &Self::Xero, _known: &Known) -> Vec<Shift> {
        Vec::new()
    }
    /// What Zoho's ledger has of this record, from the record as Zoho gives it by its id. Where amounts differ for a reason with a name,
    /// this and `postings` say on which accounts they do. `None`: not told.
    fn booked(_answer: &Value) -> Option<Vec<Posting>> {
        None
    }
    /// The account that this record is, for kinds that are accounts of the ledger.
    fn account(_record: &Self::Xero) -> Option<Account> {
        None
    }
    /// What somebody owes by this record, for the ageing of receivables and payables.
    fn owed(_record: &Self::Xero) -> Option<Owed> {
        None
    }
    /// The same of a row of Zoho's list.
    fn zoho_owed(_row: &Value) -> Option<Owed> {
        None
    }
    /// The record's line in a reconciliation.
    fn xero_line(record: &Self::Xero) -> Line;
    /// A Zoho list row's line in a reconciliation, in the words of `xero_line`. `None`: not this flow's business.
    fn zoho_line(row: &Value) -> Option<Line>;
}

/// What may hang on a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hanging {
    /// Files. Xero tells which records have some.
    Files,
    /// What people wrote about it. Xero does not tell which records have some.
    Notes,
}

/// The record on which something hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct On<'a> {
    /// Its flow and its id: `books.invoices/…`.
    pub id: &'a str,
    /// What a person calls it: "Invoice INV-0042".
    pub label: &'a str,
}

/// A record's place in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// Accounts, contacts, items: carried whatever the scope is.
    Timeless,
    /// A document or a booking.
    Of {
        date: NaiveDate,
        /// Something of it is still open today: owed, not yet used, not yet invoiced.
        open: bool,
        /// The day on which nothing of it was open any more, where Xero tells.
        settled: Option<NaiveDate>,
    },
    /// Within the scope exactly when what it needs is: a payment follows its invoice.
    Follows,
}

/// Where a record is looked for that may have been created already.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// The list's path below `/books/v3`, where it is not the flow's own.
    pub path: Option<String>,
    /// The key of the rows there, where it is not the flow's own.
    pub many: Option<&'static str>,
    pub query: Vec<(&'static str, String)>,
}

/// A call that completes a write.
#[derive(Debug, Clone, PartialEq)]
pub struct Further {
    pub method: Method,
    /// Below the record's own address: `options`.
    pub path: String,
    pub body: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Only asks: its body is not sent.
    Get,
    Put,
    Post,
}

/// Something that got an id together with a record, and that other records name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Also {
    pub xero_id: String,
    pub alias: Option<String>,
    pub zoho_id: String,
}

/// The key by which the engine marks what it has made itself in the list that `find_in` looks through.
pub const MADE_HERE: &str = "made_here";

/// Is this record ours to carry?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Carry,
    Skip,
}

/// One field we carry: its name, who may change it, and how it is printed.
pub struct Field<R> {
    pub name: &'static str,
    pub authority: Authority,
    pub print: fn(&R, &mut Printer),
}

/// Whose value stands when both sides changed a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// Xero's value is written to Zoho.
    Xero,
    /// Written when the record is created, then left alone.
    Once,
}

/// A record of another flow that this one refers to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Need {
    pub flow: &'static str,
    /// The other record's id, or its alias (account code, item code).
    pub key: String,
    pub by: By,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    Id,
    Alias,
}

/// What a mapping may look up. Filled by the engine from pairs and from the organisations.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub xero: xero::Organisation,
    pub zoho: zoho::Organisation,
    /// Flows that this link does not carry: what they would give is done without.
    off: HashSet<&'static str>,
    ids: HashMap<(&'static str, String), String>,
    rates: HashMap<(&'static str, String), Decimal>,
}

impl Known {
    pub fn new(xero: xero::Organisation, zoho: zoho::Organisation) -> Self {
        Self { xero, zoho, ..Self::default() }
    }

    /// Notes that this flow is not carried.
    pub fn switch_off(&mut self, flow: &'static str) {
        self.off.insert(flow);
    }

    /// Whether this flow is carried. A line that names an item then names it, otherwise it only describes it.
    pub fn is_on(&self, flow: &str) -> bool {
        !self.off.contains(flow)
    }

    /// Notes that the record `key` (id or alias) of `flow` is `zoho_id` in Zoho.
    pub fn learn(&mut self, flow: &'static str, key: impl Into<String>, zoho_id: impl Into<String>) {
        self.ids.insert((flow, key.into()), zoho_id.into());
    }

    /// Notes the rate that Xero itself has for the record `key` of `flow`.
    pub fn learn_rate(&mut self, flow: &'static str, key: impl Into<String>, rate: Decimal) {
        self.rates.insert((flow, key.into()), rate);
    }

    /// Xero's rate of a record of another flow. Known only where documents are compared closely.
    pub fn rate(&self, flow: &'static str, key: &str) -> Option<Decimal> {
        self.rates.get(&(flow, key.to_owned())).copied()
    }

    /// Zoho's id of a record of another flow.
    pub fn id(&self, flow: &'static str, key: &str) -> Option<&str> {
        self.ids.get(&(flow, key.to_owned())).map(String::as_str)
    }
}

/// One record's write: the body, and the status calls that follow it. One that has an id and neither body nor file is only noted: it tells others
/// where they belong.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Carry {
    pub body: Value,
    /// Status actions after the write, in order.
    pub then: Vec<zoho::Action>,
    /// The collection it is created in, where that depends on the record: `creditnotes/4600…01/invoices`.
    pub at: Option<String>,
    /// The id it gets in our books, where Zoho's answer has none.
    pub id: Option<String>,
    /// What is sent instead of a body.
    pub file: Option<File>,
}

/// A file that is passed on from Xero to Zoho and never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Where Xero has it, below `api.xro/2.0`.
    pub from: Vec<String>,
    /// As what it is asked for.
    pub type_in_xero: String,
    pub name: String,
    /// What it is in Zoho: `image/png`.
    pub type_: &'static str,
    pub bytes: u64,
}

impl Carry {
    pub fn new(body: Value) -> Self {
        Self { body, ..Self::default() }
    }

    /// Nothing to write: in our books the record is this one of Zoho's.
    pub fn noted(id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..Self::default() }
    }

    pub fn then(self, then: Vec<zoho::Action>) -> Self {
        Self { then, ..self }
    }
}

/// The code by which a mapping passes a record on: another flow of the same list carries it. Where this flow has carried it before, it is
/// held with the sentence.
pub const PASSED_ON: &str = "PASSED_ON";

/// A record that has no counterpart, in one sentence that a bookkeeper understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmappable {
    /// A stable code for grouping and for tests: `DRAFT_BILL`.
    pub code: &'static str,
    /// Says what is wrong and what cures it. Sealed wherever it is kept.
    pub sentence: String,
    /// True where the product's documents announce it (so a clean migration may contain it).
    pub expected: bool,
}

/// What to do about a refused write.
#[derive(Debug, Clone, PartialEq)]
pub enum Cure {
    /// Write this instead.
    Again(Carry),
    /// Zoho may have this record already: list with this query (`contact_name=…`), ask `find_in`; found: update that one by its id with the same body. Else `cure` is asked again with the next attempt.
    Adopt { query: Vec<(&'static str, String)> },
    /// Hold it, with this reason.
    Hold(Unmappable),
}

/// What Zoho's answer says about amounts.
#[derive(Debug, Clone, PartialEq)]
pub enum Judgement {
    Equal,
    /// One more write makes it equal (an adjustment, a number of its own).
    Mend(Carry),
    /// It differs and cannot be made equal: findings with their cause.
    Differs(Vec<Difference>),
}

/// One amount that is not equal.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// `total`, `tax`, `due`.
    pub what: &'static str,
    pub xero: Decimal,
    pub zoho: Decimal,
    /// A named cause: `ROUNDING_PER_LINE`, `TAX_BY_HAND` (somebody typed it in Xero), `CREDIT_NOT_CARRIED` (settled in Xero
    /// by a credit note, prepayment or overpayment that is held or outside the scope), `OUT_OF_SCOPE`, `HELD`, `CURRENCY_DECIMALS` (a
    /// currency without cents has some in Xero), or `UNEXPLAINED`.
    pub cause: &'static str,
}

/// An account of the general ledger, as far as a record names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Ledger {
    /// Xero's account of this id.
    Id(String),
    /// Xero's account of this code.
    Code(String),
    /// Zoho's account of this id.
    Zoho(String),
    Receivable,
    Payable,
    /// Where tax on sales and purchases stands.
    Tax,
    /// Gains and losses of exchange rates.
    Exchange,
    /// What Xero adds at today's rates to what is owed or held in other currencies. No record has it.
    Revaluation,
    /// What was earned in earlier years.
    RetainedEarnings,
    Rounding,
    /// What Zoho owes customers who paid ahead.
    UnearnedRevenue,
    /// What vendors who were paid ahead owe.
    PrepaidExpenses,
    /// Zoho's account for adjustments of documents.
    OtherCharges,
}

/// An account of Xero's chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub id: String,
    pub code: String,
    pub name: String,
    /// What Xero itself uses it for.
    pub role: Option<Ledger>,
    /// Money in another currency than the organisation's own is or may be on it.
    pub is_bank: bool,
    /// Income or expense: begins at nothing with each financial year.
    pub is_of_result: bool,
}

/// What somebody owes by one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owed {
    /// The flow of the contacts it is owed by or to, which says also whether it is receivable or payable.
    pub contacts: &'static str,
    /// The contact's id and name at the side that tells it.
    pub contact: String,
    pub name: String,
    /// The day on which it is or was due.
    pub due: NaiveDate,
    /// In the document's currency. A credit that may still be used takes from what is owed.
    pub amount: Decimal,
    /// ISO 4217; "" for the organisation's own.
    pub currency: String,
}

/// An amount on an account, in the organisation's own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub ledger: Ledger,
    /// Debits are positive, credits negative.
    pub amount: Decimal,
}

/// An amount that stands on one account in Xero and on another in Zoho.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// By how much Zoho's account has more than Xero's; debits are positive. All shifts of a record come to zero.
    pub by: Posting,
    /// The day of the entry, where it is not the record's: income and expenses of earlier years stand in the retained earnings.
    pub day: Option<NaiveDate>,
    /// A named cause: `UNUSED_CREDIT`, `ROUNDING_PER_LINE`.
    pub cause: &'static str,
}

/// A record as one line of a reconciliation.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// In words both sides share: `draft`, `open`, `paid`, `void`, `active`, `inactive`.
    pub status: &'static str,
    /// ISO 4217, or "" where the kind has none.
    pub currency: String,
    pub total: Option<Decimal>,
    pub tax: Option<Decimal>,
    pub due: Option<Decimal>,
}

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
}

/// A flow without its types: all the engine knows.
pub trait AnyFlow: Send + Sync {
    fn key(&self) -> &'static str;
    fn title(&self) -> &'static str;
    fn after(&self) -> &'static [&'static str];
    fn read_with(&self) -> Option<&'static str>;
    fn can_be_off(&self) -> bool;
    fn is_asked_for(&self) -> bool;
    fn hangs(&self) -> Option<Hanging>;
    fn has_list(&self) -> bool;
    fn on_call(&self) -> bool;
    fn goes_without_outside(&self) -> bool;
    fn xero(&self) -> &xero::Resource;
    fn zoho(&self) -> &zoho::Resource;
    /// Reads a Xero answer's body. One odd record does not spoil the others.
    fn read(&self, body: &[u8]) -> Result<Vec<Reading>, Trouble>;
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
    fn title(&self) -> &'static str {
        F::TITLE
    }
    fn after(&self) -> &'static [&'static str] {
        F::AFTER
    }
    fn read_with(&self) -> Option<&'static str> {
        F::READ_WITH
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
        F::to_zoho(typed::<F>(record), known)
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
        F::cure(typed::<F>(record), known, refusal, attempt)
    }
    fn has_rates(&self) -> bool {
        F::HAS_RATES
    }
    fn rate(&self, record: &dyn Record) -> Option<Decimal> {
        F::rate(typed::<F>(record))
    }
    fn judge(&self, record: &dyn Record, known: &Known, answer: &Value) -> Judgement {
        F::judge(typed::<F>(record), known, answer)
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
}
