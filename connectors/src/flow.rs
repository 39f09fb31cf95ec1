//! What a flow is: a kind of record kept in step. One file in `flows/` implements `Flow`; the engine only ever sees `AnyFlow`.

mod any;
mod back;
mod ledger;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::print::Printer;
use crate::rules::Rules;
use crate::side::{Refusal, Trouble};
use crate::{xero, zoho};

pub use any::{AnyFlow, Reading, Record};
pub use back::{Back, Coming, PART, Seek, Sending, Trace, ZohoField, always, own, whole, worked_out};
pub use ledger::{Account, Ledger, Owed, Posting, Shift};

/// A kind of record, with typed ends. Pure: no call, no clock, no database.
pub trait Flow: Send + Sync + 'static {
    /// Its name everywhere: lanes, pairs, runs and holds are keyed by it. For example `books.invoices`.
    const KEY: &'static str;
    /// The name by which mappings speak of this kind of record in needs and prints, where it is not its own: a kind that another product
    /// has as well and that shared mappings refer to.
    const RECORD: &'static str = Self::KEY;
    /// What people call it: "Sales invoices".
    const TITLE: &'static str;
    /// The flow whose pages this one shares: both read the same list of Xero, which is asked for once. It comes earlier in the list of flows.
    const READ_WITH: Option<&'static str> = None;
    /// How often its lists are looked through when nobody asked for it.
    const PACE: Pace = Pace::Each;
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
    /// Where Zoho's own integration joins Books and CRM, its records of this kind bear our marks, and none are made. Other kinds of CRM are
    /// left to it.
    const MARKED_BESIDE_NATIVE: bool = false;
    /// Flows whose records this one refers to; they are carried first.
    const AFTER: &'static [&'static str];
    const XERO: xero::Resource;
    const ZOHO: zoho::Resource;
    type Xero: xero::Record + DeserializeOwned;

    /// How Zoho's records of this kind reach Xero. `None`: the flow runs one way.
    const BACK: Option<Back> = None;

    /// Reads the records out of Xero's answer. Kinds that live inside another record take them out of that one here; their ids then
    /// begin with the other's id and a colon.
    fn read(body: &[u8]) -> Result<Vec<Result<Self::Xero, xero::Odd>>, Trouble> {
        xero::read_records::<Self::Xero>(const { &Self::XERO }, body)
    }
    /// How many records of Xero's list an answer has, where `read` takes others out of them: by it a full page is told from the last one.
    fn rows(_body: &[u8], read: usize) -> usize {
        read
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

/// How often a list is looked through by itself. A person's "sync now" looks through all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Each,
    Hourly,
    Daily,
}

impl Pace {
    pub fn seconds(self) -> u64 {
        match self {
            Pace::Each => 0,
            Pace::Hourly => 3600,
            Pace::Daily => 24 * 3600,
        }
    }
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
    /// The list's path below the product's own, where it is not the flow's own.
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
    /// The side on which the record was created decides; a change on the other side is a conflict.
    Owner,
    /// Either side may change it. Two different changes at once are a conflict.
    Either,
}

/// A record of another flow that this one refers to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Need {
    pub flow: &'static str,
    /// The other record's id in Xero, its alias there (account code, item code), or its id in Zoho.
    pub key: String,
    pub by: By,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    Id,
    Alias,
    /// The other record's id in Zoho, asked for on the way to Xero.
    Zoho,
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
    /// Xero's ids by Zoho's. Several of Xero's taxes may be one of Zoho's.
    xero_ids: HashMap<(&'static str, String), Vec<String>>,
    lists: HashMap<&'static str, Arc<Vec<Value>>>,
    /// Where our redirector answers for this link: `https://…/x/{link_key}`.
    pub address: String,
    /// Whether the tenant wants Zoho's items in Xero too. Without it a line of an item that Xero does not have says in words what it is.
    pub creates_items: bool,
    /// The code of Xero's account for lines whose own account Xero does not have, where the tenant has chosen one.
    pub default_account: Option<String>,
    /// What the tenant wants of tracking and of custom fields.
    pub rules: Arc<Rules>,
    /// Zoho's contacts by their ids, as far as a rule looks at them.
    contacts: HashMap<String, Arc<Value>>,
    /// CRM's deals likewise.
    deals: HashMap<String, Arc<Value>>,
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

    /// Notes that Zoho's record `zoho_id` of `flow` is `xero_id` in Xero.
    pub fn learn_back(&mut self, flow: &'static str, zoho_id: impl Into<String>, xero_id: impl Into<String>) {
        let ids = self.xero_ids.entry((flow, zoho_id.into())).or_default();
        let xero_id = xero_id.into();
        if !ids.contains(&xero_id) {
            ids.push(xero_id);
        }
    }

    /// Notes Xero's whole list of a flow, in Xero's own JSON.
    pub fn learn_list(&mut self, flow: &'static str, list: Arc<Vec<Value>>) {
        self.lists.insert(flow, list);
    }

    /// Notes a contact of Zoho's, as it gives it by its id.
    pub fn learn_contact(&mut self, zoho_id: impl Into<String>, contact: Arc<Value>) {
        self.contacts.insert(zoho_id.into(), contact);
    }

    /// A contact of Zoho's. Known only where a rule looks at contacts.
    pub fn contact(&self, zoho_id: &str) -> Option<&Value> {
        self.contacts.get(zoho_id).map(Arc::as_ref)
    }

    /// Notes a deal of CRM's; nothing, where it is not there any more.
    pub fn learn_deal(&mut self, id: impl Into<String>, deal: Arc<Value>) {
        self.deals.insert(id.into(), deal);
    }

    /// A deal of CRM's. Known only where a rule looks at deals and CRM has told of it.
    pub fn deal(&self, id: &str) -> Option<&Value> {
        self.deals.get(id).map(Arc::as_ref)
    }

    /// Xero's ids of a record of Zoho's. Several where several of Xero's became one there.
    pub fn xero_ids(&self, flow: &'static str, zoho_id: &str) -> &[String] {
        self.xero_ids.get(&(flow, zoho_id.to_owned())).map(Vec::as_slice).unwrap_or_default()
    }

    /// Xero's id of a record of Zoho's.
    pub fn xero_id(&self, flow: &'static str, zoho_id: &str) -> Option<&str> {
        self.xero_ids(flow, zoho_id).first().map(String::as_str)
    }

    /// Xero's whole list of a flow that `Back::lists` names.
    pub fn list(&self, flow: &'static str) -> &[Value] {
        self.lists.get(flow).map(|list| list.as_slice()).unwrap_or_default()
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
