//! A reconciliation's running sums for one flow, by status and currency. Amounts: sealed wherever they are kept.

use std::collections::{BTreeMap, HashSet};

use connectors::flow::Line;
use entities::clock::At;
use entities::ids::RunId;
use entities::sealed::Place;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How far one flow's reconciliation is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Tally {
    pub phase: Phase,
    /// Zoho's page, from 1; or Xero's page within the anchor's second.
    pub page: u32,
    pub anchor: Option<At>,
    pub xero: Sums,
    pub zoho: Sums,
    /// Records that changed in Xero after they were carried: their part of the sums is not known.
    pub changed: i64,
    /// Ids of the second in which Xero's last page ended: the next page shows them again.
    pub boundary: HashSet<String>,
    /// Records whose lists differ, still to be looked at.
    pub differing: Vec<String>,
    /// By currency, what the documents that were looked at differ by: total and due.
    pub known_difference: BTreeMap<String, (Decimal, Decimal)>,
    pub findings: i64,
    /// Documents that were fetched for a closer look.
    #[serde(default)]
    pub looked: i64,
    /// Of them, those without a named cause.
    pub unexplained: i64,
    /// Xero's own rates by flow and record, once a close comparison has asked for them.
    #[serde(skip)]
    pub rates: Option<Vec<(&'static str, String, Decimal)>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    #[default]
    Zoho,
    Xero,
    /// The documents that differ are fetched, one after the other.
    Look,
    Done,
}

/// Counts and sums by `status|currency`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums(pub BTreeMap<String, Sum>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub count: i64,
    pub total: Decimal,
    pub due: Decimal,
}

impl Sums {
    pub fn add(&mut self, line: &Line) {
        let sum = self.0.entry(format!("{}|{}", line.status, line.currency)).or_default();
        sum.count += 1;
        sum.total += line.total.unwrap_or_default();
        sum.due += line.due.unwrap_or_default();
    }

    pub fn count(&self) -> i64 {
        self.0.values().map(|sum| sum.count).sum()
    }
}

/// Where a tally is sealed.
pub fn place(run: RunId, flow: &str) -> Place<'static> {
    Place { table: "run_count", column: "tally", row: Uuid::new_v5(&run.0, flow.as_bytes()) }
}

/// What is compared of a line, as one text to be printed. Tax is not in Zoho's lists; it is compared from the last answer.
pub fn text(line: &Line) -> String {
    let amount = |amount: Option<Decimal>| amount.map(|amount| amount.normalize().to_string()).unwrap_or_default();
    format!("{}|{}|{}|{}", line.status, line.currency, amount(line.total), amount(line.due))
}
