//! What writing needs of an organisation again and again, read once: its settings, and where its numbers have got to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use rusqlite::Connection;

use super::desk;
use super::documents::Ledger;
use super::kinds::Kind;

/// Shared. It follows the store: whoever changes a setting says so with `forget`.
#[derive(Clone, Default)]
pub struct Settings {
    orgs: Arc<Mutex<HashMap<i64, Known>>>,
    busy: Arc<Mutex<HashMap<Kind, u64>>>,
}

#[derive(Default)]
struct Known {
    ledger: Option<Arc<Ledger>>,
    /// The last number that was given, by kind.
    numbers: HashMap<Kind, u64>,
}

impl Settings {
    /// The settings, as the store has them.
    pub fn ledger(&self, connection: &Connection, org: i64) -> rusqlite::Result<Arc<Ledger>> {
        if let Some(ledger) = self.lock().get(&org).and_then(|known| known.ledger.clone()) {
            return Ok(ledger);
        }
        let ledger = Arc::new(desk::ledger(connection, org)?);
        self.lock().entry(org).or_default().ledger = Some(ledger.clone());
        Ok(ledger)
    }

    /// A setting has changed, or everything has.
    pub fn forget(&self, org: i64) {
        self.lock().remove(&org);
    }

    /// The last number that was given; None when that has to be counted.
    pub fn last_number(&self, org: i64, kind: Kind) -> Option<u64> {
        self.lock().get(&org).and_then(|known| known.numbers.get(&kind).copied())
    }

    /// Notes a number that is taken.
    pub fn note_number(&self, org: i64, kind: Kind, number: u64) {
        self.lock().entry(org).or_default().numbers.insert(kind, number);
    }

    /// All numbers of an organisation, to be put back when what took them is undone.
    pub fn numbers(&self, org: i64) -> HashMap<Kind, u64> {
        self.lock().get(&org).map(|known| known.numbers.clone()).unwrap_or_default()
    }

    /// Puts them back.
    pub fn put_back(&self, org: i64, numbers: HashMap<Kind, u64>) {
        self.lock().entry(org).or_default().numbers = numbers;
    }

    /// From how many records on a list is only given to those who ask for what is found fast. None: always given.
    pub fn busy_from(&self, kind: Kind) -> Option<u64> {
        let ordered = self.busy.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&kind).copied();
        ordered.or(match kind {
            Kind::Invoices => Some(500_000),
            Kind::Payments | Kind::Contacts => Some(100_000),
            _ => None,
        })
    }

    /// Sets that number.
    pub fn set_busy_from(&self, kind: Kind, count: u64) {
        self.busy.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(kind, count);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<i64, Known>> {
        self.orgs.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
