//! Where records are entered: by a person through the control plane, by an app through the API. Finds what is known, merges what is
//! sent, lets the kind's own file fill it in and refuse it, and keeps it.

use std::cell::RefCell;
use std::sync::Arc;

use chrono::NaiveDate;
use rusqlite::Connection;
use serde_json::Value;
use uuid::Uuid;

use super::documents::{self, Account, Ledger, Tax};
use super::json::{self, Record, decimal_of, text_of};
use super::kinds::Kind;
use super::sessions::{self, Org};
use super::{enter, kept, lists, records, zone};
use crate::Shared;

/// Why it cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("there is no organisation `{0}`")]
    NoOrganisation(String),
    #[error("there is no list `{0}`")]
    NoList(String),
    #[error("record {index}: {says}")]
    Wrong { index: usize, says: String },
    #[error(transparent)]
    Store(#[from] rusqlite::Error),
}

/// Who enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Somebody in Xero's own screens. `silent`: UpdatedDateUTC stays as it was.
    Person { silent: bool },
    /// An app, through the API: it may not do all that a person may.
    App,
}

/// How a record is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// PUT: a new record.
    Create,
    /// POST of a list: the record of its id, name or number is updated; else it is new.
    Upsert,
    /// POST to an address: the record is there.
    At(Uuid),
}

/// Why a record is not taken.
#[derive(Debug)]
pub enum No {
    /// Xero's sentences, as `ValidationErrors` carry them.
    Says(Vec<String>),
    /// No record has the id that the address names.
    Absent,
    Store(rusqlite::Error),
}

/// One thing that is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The list inside the record, and the place in it.
    pub inside: Option<(&'static str, usize)>,
    pub says: String,
}

impl<T: Into<String>> From<T> for Flaw {
    fn from(says: T) -> Self {
        Flaw { inside: None, says: says.into() }
    }
}

impl From<rusqlite::Error> for No {
    fn from(error: rusqlite::Error) -> Self {
        No::Store(error)
    }
}

impl From<String> for No {
    fn from(says: String) -> Self {
        No::Says(vec![says])
    }
}

impl From<&str> for No {
    fn from(says: &str) -> Self {
        No::Says(vec![says.to_owned()])
    }
}

/// What every entry works with.
pub struct Desk<'a> {
    pub connection: &'a Connection,
    pub shared: &'a Shared,
    pub org: Org,
    pub ledger: Arc<Ledger>,
    pub now_ms: i64,
    /// In the organisation's own zone.
    pub today: NaiveDate,
    pub by: By,
    /// Unit prices are taken with four decimals; an app has to ask for it.
    pub four_decimals: bool,
    warnings: RefCell<Vec<String>>,
    flaws: RefCell<Vec<Flaw>>,
}

/// What is known of the record that is being entered.
pub struct Known {
    pub kind: Kind,
    pub id: Uuid,
    /// The record as it was, and its time of change; None for a new one.
    pub was: Option<(Record, i64)>,
    /// What was sent, before it was merged with what was known.
    pub sent: Record,
    /// How it was sent.
    pub how: How,
}

impl Known {
    pub fn is_new(&self) -> bool {
        self.was.is_none()
    }

    /// The lines it had.
    pub fn lines(&self) -> &[Value] {
        let lines = self.was.as_ref().and_then(|(was, _)| was.get("LineItems")).and_then(Value::as_array);
        lines.map_or(&[], Vec::as_slice)
    }

    /// Whether its lines are those that were sent.
    pub fn sends_lines(&self) -> bool {
        self.is_new() || self.sent.contains_key("LineItems")
    }

    /// Whether its lines have to be computed.
    pub fn enters_lines(&self) -> bool {
        self.sends_lines() || self.sent.contains_key("LineAmountTypes")
    }

    /// The status it had.
    pub fn status(&self) -> Option<&str> {
        self.was.as_ref().and_then(|(record, _)| text_of(record, self.kind.about().status))
    }
}

/// Enters a record or a list of records as a person would; all or none.
pub fn put(shared: &Shared, tenant: &str, list: &str, entered: &Value, silent: bool) -> Result<Vec<Value>, Refused> {
    let kind = Kind::of_path(list).ok_or_else(|| Refused::NoList(list.to_owned()))?;
    let entered: Vec<&Value> = match entered {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let done = shared.store.atomically(|connection| {
        let org = sessions::org(connection, tenant)?.ok_or_else(|| Refused::NoOrganisation(tenant.to_owned()))?;
        let desk = Desk::open(shared, connection, org, By::Person { silent })?;
        entered
            .iter()
            .enumerate()
            .map(|(index, record)| {
                let wrong = |says: String| Refused::Wrong { index, says };
                let record = record.as_object().ok_or_else(|| wrong("a record is an object".into()))?;
                desk.enter(kind, record.clone(), How::Upsert).map(Value::Object).map_err(|no| match no {
                    No::Says(says) => wrong(says.join(" ")),
                    No::Absent => wrong("there is no such record".into()),
                    No::Store(error) => Refused::Store(error),
                })
            })
            .collect::<Result<Vec<_>, Refused>>()
    });
    shared.xero.memo.changed();
    done
}

/// What the documents of an organisation refer to: tax rates, accounts, currencies, tracking.
pub fn ledger(connection: &Connection, org: i64) -> rusqlite::Result<Ledger> {
    let mut ledger = Ledger { base_currency: "NZD".into(), ..Ledger::default() };
    each(connection, org, Kind::Organisations, |record| {
        ledger.base_currency = text_of(record, "BaseCurrency").unwrap_or("NZD").to_owned();
        ledger.timezone = text_of(record, "Timezone").unwrap_or("UTC").to_owned();
    })?;
    each(connection, org, Kind::TaxRates, |record| {
        if let (Some(tax_type), Some(rate)) = (text_of(record, "TaxType"), decimal_of(record, "EffectiveRate")) {
            ledger.rates.insert(tax_type.to_owned(), rate);
            ledger.taxes.insert(tax_type.to_owned(), Tax::of(record));
        }
    })?;
    each(connection, org, Kind::Accounts, |record| {
        let Some(id) = text_of(record, "AccountID") else { return };
        if text_of(record, "Status") == Some("DELETED") {
            return;
        }
        let account = Arc::new(Account::of(id, record));
        if let Some(code) = text_of(record, "Code") {
            ledger.accounts.insert(code.to_owned(), (id.to_owned(), account.tax_type.clone()));
            ledger.chart.insert(code.to_owned(), account.clone());
        }
        ledger.chart.insert(id.to_owned(), account);
    })?;
    each(connection, org, Kind::Currencies, |record| ledger.currencies.extend(text_of(record, "Code").map(str::to_owned)))?;
    each(connection, org, Kind::TrackingCategories, |record| ledger.tracking.push(record.clone()))?;
    Ok(ledger)
}

/// Every record of a short list.
pub fn each(connection: &Connection, org: i64, kind: Kind, mut with: impl FnMut(&Record)) -> rusqlite::Result<()> {
    let memo = lists::Memo::default();
    lists::list(connection, &memo, org, kind, &lists::Filter::default(), None, &mut |body| {
        if let Ok(Value::Object(record)) = serde_json::from_str(body) {
            with(&record);
        }
    })?;
    Ok(())
}

impl<'a> Desk<'a> {
    pub fn open(shared: &'a Shared, connection: &'a Connection, org: Org, by: By) -> rusqlite::Result<Self> {
        let now = shared.clock.now();
        let ledger = shared.xero.settings.ledger(connection, org.n)?;
        let today = zone::today(&ledger.timezone, now);
        let four_decimals = by != By::App;
        let (warnings, flaws) = (RefCell::default(), RefCell::default());
        Ok(Self { connection, shared, org, ledger, now_ms: now.timestamp_millis(), today, by, four_decimals, warnings, flaws })
    }

    /// Whether an open question is answered with yes.
    pub fn on(&self, switch: &str) -> bool {
        self.shared.switches.on(switch)
    }

    /// Whether an app enters: it may not do all that a person may.
    pub fn by_app(&self) -> bool {
        self.by == By::App
    }

    /// Something that Xero remarks and takes all the same.
    pub fn warn(&self, says: impl Into<String>) {
        self.warnings.borrow_mut().push(says.into());
    }

    /// What was remarked since this was last asked.
    pub fn warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// Refuses a record for all that is wrong with it, and remembers where inside the record that is.
    pub fn refuse(&self, flaws: Vec<Flaw>) -> Result<(), No> {
        if flaws.is_empty() {
            return Ok(());
        }
        let says = flaws.iter().map(|flaw| flaw.says.clone()).collect();
        *self.flaws.borrow_mut() = flaws;
        Err(No::Says(says))
    }

    /// What the last refusal said about things inside the record.
    pub fn flaws(&self) -> Vec<Flaw> {
        self.flaws.take()
    }

    /// Takes one record in. Answers it as it is kept.
    pub fn enter(&self, kind: Kind, sent: Record, how: How) -> Result<Record, No> {
        let known = self.known(kind, sent, how)?;
        let mut record = known.was.as_ref().map(|(record, _)| record.clone()).unwrap_or_default();
        record.extend(known.sent.clone());
        if !kind.is_coded() {
            record.insert(kind.id_field().into(), known.id.to_string().into());
        }
        enter::enter(self, &known, &mut record)?;
        let modified = match &known.was {
            Some((_, modified)) if self.by == (By::Person { silent: true }) => *modified,
            _ => self.now_ms,
        };
        self.keep(kind, known.id, modified, record)
    }

    /// The record's id, and the record when it exists already.
    fn known(&self, kind: Kind, mut sent: Record, how: How) -> Result<Known, No> {
        if self.by_app() {
            enter::only_writable(kind, &mut sent);
        }
        let id = match (how, text_of(&sent, kind.id_field())) {
            (How::At(id), _) => id,
            (How::Create, Some(_)) if kind == Kind::TaxRates && self.by_app() => self.code_for(kind, &mut sent)?,
            (_, Some(code)) if kind.is_coded() => code_id(&self.org, code),
            (_, None) if kind.is_coded() => match enter::same(self, kind, &sent)? {
                Some(id) if how == How::Upsert => id,
                _ => self.code_for(kind, &mut sent)?,
            },
            (_, None) if kind == Kind::Organisations => self.org.tenant,
            (How::Create, Some(_)) if self.by_app() => {
                if !self.on("xero.put_ignores_ids") {
                    return Err(format!("{} cannot be specified when creating: Xero gives it", kind.id_field()).into());
                }
                Uuid::new_v4()
            }
            (_, Some(id)) => Uuid::parse_str(id).map_err(|_| format!("`{id}` is not an id"))?,
            (How::Upsert, None) if self.by_app() => enter::same(self, kind, &sent)?.unwrap_or_else(Uuid::new_v4),
            (_, None) => Uuid::new_v4(),
        };
        let was = self.read(kind, id)?;
        if was.is_none() && matches!(how, How::At(_)) {
            return Err(No::Absent);
        }
        let named = how == How::Upsert && self.by_app() && !kind.is_coded() && text_of(&sent, kind.id_field()).is_some();
        if was.is_none() && named {
            return Err(format!("No {} has the {} that was specified", enter::noun(kind), kind.id_field()).into());
        }
        if self.by_app() {
            enter::as_meant(self, kind, was.as_ref().map(|(record, _)| record), &mut sent);
        }
        Ok(Known { kind, id, was, sent, how })
    }

    /// The key of a record that gets its code from Xero.
    fn code_for(&self, kind: Kind, sent: &mut Record) -> Result<Uuid, No> {
        let code = enter::new_code(self, kind, sent)?;
        let id = code_id(&self.org, &code);
        sent.insert(kind.id_field().into(), code.into());
        Ok(id)
    }

    /// Takes one record away, as DELETE does. None: it is gone; else it is kept on with another status.
    pub fn delete(&self, kind: Kind, id: Uuid) -> Result<Option<Record>, No> {
        let was = self.read(kind, id)?.ok_or(No::Absent)?;
        let known = Known { kind, id, was: Some(was), sent: Record::new(), how: How::At(id) };
        match enter::delete(self, &known)? {
            Some(record) => self.keep(kind, id, self.now_ms, record).map(Some),
            None => {
                records::remove(self.connection, self.org.n, kind, id)?;
                self.changed(kind);
                Ok(None)
            }
        }
    }

    /// What is remembered of the organisation's settings is read anew.
    fn changed(&self, kind: Kind) {
        if matches!(kind, Kind::Organisations | Kind::Currencies | Kind::Accounts | Kind::TaxRates | Kind::TrackingCategories) {
            self.shared.xero.settings.forget(self.org.n);
        }
    }

    /// A record and its time of change.
    pub fn read(&self, kind: Kind, id: Uuid) -> Result<Option<(Record, i64)>, No> {
        let found = records::by_id(self.connection, self.org.n, kind, id)?;
        Ok(found.and_then(|(body, modified)| match serde_json::from_str(&body) {
            Ok(Value::Object(record)) => Some((record, modified)),
            _ => None,
        }))
    }

    /// Stores a record with its time of change.
    pub fn keep(&self, kind: Kind, id: Uuid, modified_ms: i64, mut record: Record) -> Result<Record, No> {
        if kind.about().dated {
            json::set_updated(&mut record, modified_ms, kind.about().twin);
        }
        super::ledger::post(self.connection, (self.shared, self.org.n, self.now_ms), kind, id, &record)?;
        let mut row = documents::row(kind, id, modified_ms, &record);
        row.by_app = self.by_app();
        let before = kept::before(self, kind, id)?;
        records::store(self.connection, self.org.n, kind, &row)?;
        self.changed(kind);
        kept::after(self, kind, &row, before.as_ref(), &record)?;
        Ok(record)
    }

    /// The time of change that something gets which changes with what is entered.
    pub fn touched(&self, modified_ms: i64) -> i64 {
        if self.by == (By::Person { silent: true }) { modified_ms } else { self.now_ms }
    }
}

/// Records known by a code have an id of their own all the same: it is made of the organisation and the code.
pub fn code_id(org: &Org, code: &str) -> Uuid {
    Uuid::new_v5(&org.tenant, code.as_bytes())
}
