//! What the ledger must know of an organisation: its accounts, the names of its taxes, its year, its lock dates.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::NaiveDate;
use rusqlite::Connection;
use serde_json::Value;
use uuid::Uuid;

use crate::xero::desk::each;
use crate::xero::json::{self, Record, text_of};
use crate::xero::kinds::Kind;

/// One account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub type_: String,
    pub class: String,
    pub status: String,
    /// The currency of a bank account.
    pub currency: String,
    /// `SystemAccount`, empty for the others.
    pub system: String,
    /// `EnablePaymentsToAccount`.
    pub payable: bool,
}

impl Account {
    pub fn is_bank(&self) -> bool {
        self.type_ == "BANK"
    }
}

/// The chart of accounts and what belongs to it.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    pub organisation: String,
    pub base: String,
    /// Month and day on which the financial year ends.
    pub year_end: (u32, u32),
    /// The later one of the two lock dates, and its words in a refusal.
    pub locked_to: Option<(NaiveDate, &'static str)>,
    pub accounts: Vec<Account>,
    pub tax_names: HashMap<String, String>,
    by_id: HashMap<Uuid, usize>,
    by_code: HashMap<String, usize>,
    by_system: HashMap<String, usize>,
}

impl Chart {
    pub fn read(connection: &Connection, org: i64) -> rusqlite::Result<Self> {
        let mut chart = Self { base: "NZD".into(), year_end: (3, 31), ..Self::default() };
        each(connection, org, Kind::Organisations, |record| chart.note_organisation(record))?;
        each(connection, org, Kind::TaxRates, |record| {
            if let (Some(tax_type), Some(name)) = (text_of(record, "TaxType"), text_of(record, "Name")) {
                chart.tax_names.insert(tax_type.to_owned(), name.to_owned());
            }
        })?;
        each(connection, org, Kind::Accounts, |record| chart.add(account(record)))?;
        Ok(chart)
    }

    pub fn add(&mut self, account: Account) {
        let at = self.accounts.len();
        self.by_id.insert(account.id, at);
        if !account.code.is_empty() {
            self.by_code.insert(account.code.clone(), at);
        }
        if !account.system.is_empty() {
            self.by_system.insert(account.system.clone(), at);
        }
        self.accounts.push(account);
    }

    pub fn by_id(&self, id: Uuid) -> Option<&Account> {
        self.by_id.get(&id).map(|at| &self.accounts[*at])
    }

    pub fn by_code(&self, code: &str) -> Option<&Account> {
        self.by_code.get(code).map(|at| &self.accounts[*at])
    }

    /// The account of a `SystemAccount`. An organisation without one books to nobody's account, and its balance shows it.
    pub fn system(&self, system: &str) -> Uuid {
        self.by_system.get(system).map_or(Uuid::nil(), |at| self.accounts[*at].id)
    }

    /// The account that `{"AccountID": …}` or `{"Code": …}` names.
    pub fn named(&self, account: Option<&Value>) -> Option<&Account> {
        let text = |name: &str| account?.get(name)?.as_str().filter(|text| !text.is_empty());
        match text("AccountID") {
            Some(id) => Uuid::parse_str(id).ok().and_then(|id| self.by_id(id)),
            None => text("Code").and_then(|code| self.by_code(code)),
        }
    }

    fn note_organisation(&mut self, record: &Record) {
        self.organisation = text_of(record, "Name").unwrap_or_default().to_owned();
        self.base = text_of(record, "BaseCurrency").unwrap_or("NZD").to_owned();
        let number = |name: &str, otherwise: u32| {
            record.get(name).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok()).unwrap_or(otherwise)
        };
        self.year_end = (number("FinancialYearEndMonth", 3), number("FinancialYearEndDay", 31));
        let period = record.get("PeriodLockDate").and_then(json::date).map(|date| (date, "period lock date"));
        let year = record.get("EndOfYearLockDate").and_then(json::date).map(|date| (date, "end of year lock date"));
        self.locked_to = period.max(year);
    }
}

fn account(record: &Record) -> Account {
    let text = |name: &str| text_of(record, name).unwrap_or_default().to_owned();
    Account {
        id: text_of(record, "AccountID").and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_default(),
        code: text("Code"),
        name: text("Name"),
        type_: text("Type"),
        class: text("Class"),
        status: text("Status"),
        currency: text("CurrencyCode"),
        system: text("SystemAccount"),
        payable: record.get("EnablePaymentsToAccount").and_then(Value::as_bool).unwrap_or(false),
    }
}

/// Charts that were read, by organisation and by the version that the store gives them, so that a change that is rolled back
/// never stays here.
#[derive(Clone, Default)]
pub struct Charts {
    known: Arc<Mutex<Versions>>,
}

/// Version and chart by organisation.
type Versions = HashMap<i64, (i64, Arc<Chart>)>;

impl Charts {
    /// The chart of a version; version 0 is never remembered.
    pub fn of(&self, connection: &Connection, org: i64, version: i64) -> rusqlite::Result<Arc<Chart>> {
        let known = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&org).cloned();
        if let Some((_, chart)) = known.filter(|(at, _)| *at == version && version != 0) {
            return Ok(chart);
        }
        let chart = Arc::new(Chart::read(connection, org)?);
        self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(org, (version, chart.clone()));
        Ok(chart)
    }
}
