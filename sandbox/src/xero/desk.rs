//! Where records are entered: by a person through the control plane, by an app through the API. Finds what is known, merges what is
//! sent, lets the kind's own file fill it in and refuse it, and keeps it.

use chrono::NaiveDate;
use rusqlite::Connection;
use serde_json::Value;
use uuid::Uuid;

use super::documents::{self, Ledger};
use super::json::{self, Record, decimal_of, text_of};
use super::kinds::Kind;
use super::sessions::{self, Org};
use super::{enter, lists, records};
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
    pub ledger: Ledger,
    pub now_ms: i64,
    pub today: NaiveDate,
    pub by: By,
}

/// What is known of the record that is being entered.
pub struct Known {
    pub kind: Kind,
    pub id: Uuid,
    /// The record as it was, and its time of change; None for a new one.
    pub was: Option<(Record, i64)>,
    /// What was sent, before it was merged with what was known.
    pub sent: Record,
}

impl Known {
    pub fn is_new(&self) -> bool {
        self.was.is_none()
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

/// The tax rates and accounts of an organisation.
pub fn ledger(connection: &Connection, org: i64) -> rusqlite::Result<Ledger> {
    let mut ledger = Ledger { base_currency: "NZD".into(), ..Ledger::default() };
    each(connection, org, Kind::Organisations, |record| {
        ledger.base_currency = text_of(record, "BaseCurrency").unwrap_or("NZD").to_owned();
    })?;
    let mut rates = Vec::new();
    each(connection, org, Kind::TaxRates, |record| {
        if let (Some(tax_type), Some(rate)) = (text_of(record, "TaxType"), decimal_of(record, "EffectiveRate")) {
            rates.push((tax_type.to_owned(), rate));
        }
    })?;
    ledger.rates = rates.into_iter().collect();
    let mut accounts = Vec::new();
    each(connection, org, Kind::Accounts, |record| {
        if let (Some(code), Some(id)) = (text_of(record, "Code"), text_of(record, "AccountID")) {
            let tax_type = text_of(record, "TaxType").unwrap_or("NONE");
            accounts.push((code.to_owned(), (id.to_owned(), tax_type.to_owned())));
        }
    })?;
    ledger.accounts = accounts.into_iter().collect();
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
        let ledger = ledger(connection, org.n)?;
        Ok(Self { connection, shared, org, ledger, now_ms: now.timestamp_millis(), today: now.date_naive(), by })
    }

    /// Whether an open question is answered with yes.
    pub fn on(&self, switch: &str) -> bool {
        self.shared.switches.on(switch)
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
    fn known(&self, kind: Kind, sent: Record, how: How) -> Result<Known, No> {
        let id = match (how, text_of(&sent, kind.id_field())) {
            (How::At(id), _) => id,
            (_, Some(code)) if kind.is_coded() => code_id(&self.org, code),
            (_, None) if kind.is_coded() => enter::new_code(self, kind, &sent)?,
            (_, None) if kind == Kind::Organisations => self.org.tenant,
            (_, Some(id)) => Uuid::parse_str(id).map_err(|_| format!("`{id}` is not an id"))?,
            (How::Upsert, None) if self.by == By::App => enter::same(self, kind, &sent)?.unwrap_or_else(Uuid::new_v4),
            (_, None) => Uuid::new_v4(),
        };
        let was = self.read(kind, id)?;
        if was.is_none() && matches!(how, How::At(_)) {
            return Err(No::Absent);
        }
        Ok(Known { kind, id, was, sent })
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
        let row = documents::row(kind, id, modified_ms, &record);
        records::store(self.connection, self.org.n, kind, &row)?;
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
