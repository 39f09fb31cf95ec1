//! A reconciliation's running sums for one flow, by status and currency. Amounts: sealed wherever they are kept.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::NaiveDate;
use connectors::flow::{Account, Ledger, Line, Posting};
use entities::clock::At;
use entities::ids::RunId;
use entities::sealed;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::reconcile::owed::OwedSums;

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
    /// What explains that accounts stand elsewhere in Zoho: by cause, by how much Zoho has more.
    #[serde(default)]
    pub moves: Moves,
    /// How far rounding may take records in other currencies apart: squares, added up by account.
    #[serde(default)]
    pub roundings: Moves,
    /// Accounts on which something differs by an amount that is not known, by cause.
    #[serde(default)]
    pub touched: BTreeSet<(String, Ledger, bool)>,
    /// What is dated up to the day of the opening balances: the same three, as the years were on that day.
    #[serde(default)]
    pub at_cut: AtCut,
    /// What is outside the scope and up to that day. Where the opening balances stand in Zoho they have it.
    #[serde(default)]
    pub older: Moves,
    /// How the opening balances stand. Kept with the chart's flow.
    #[serde(default)]
    pub opening: Option<Opening>,
    /// Xero's chart, from the flow whose records are accounts.
    #[serde(default)]
    pub chart: Vec<Account>,
    /// Records that Zoho has for itself: the first of them.
    #[serde(default)]
    pub own: Vec<String>,
    /// There are more of them than are remembered.
    #[serde(default)]
    pub own_is_cut: bool,
    /// The earliest and the latest day of a record.
    #[serde(default)]
    pub earliest: Option<NaiveDate>,
    #[serde(default)]
    pub latest: Option<NaiveDate>,
    /// What is owed, contact by contact, on either side.
    #[serde(default)]
    pub xero_owed: OwedSums,
    #[serde(default)]
    pub zoho_owed: OwedSums,
    /// The day and the month on which Xero's financial year ends, as Xero writes them. Kept with the first flow.
    #[serde(default)]
    pub year_end: Option<(String, String)>,
    /// Lists outside the scope that were read for what they would have moved.
    #[serde(default)]
    pub outside: BTreeSet<String>,
    /// How far the one that is being read is.
    #[serde(default)]
    pub outside_at: Option<Place>,
    /// The ledgers have differed without them: they are read before the ledgers are asked again.
    #[serde(default)]
    pub needs_outside: bool,
    /// Xero's own rates by record, of a flow whose records are rates.
    #[serde(default)]
    pub rates: Vec<(String, Decimal)>,
    /// The word by which Zoho's next page is asked for, where its lists go on by such words.
    #[serde(default)]
    pub token: Option<String>,
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

/// What explains differences on the day of the opening balances.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AtCut {
    pub moves: Moves,
    pub roundings: Moves,
    pub touched: BTreeSet<(String, Ledger, bool)>,
}

/// A place in one of Xero's lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The flow that reads it.
    pub list: String,
    pub anchor: Option<At>,
    pub page: u32,
    /// Ids of the second in which the page before ended.
    pub boundary: HashSet<String>,
}

/// How the opening balances stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Opening {
    /// They are in Zoho, as far as they can be.
    pub stands: bool,
    /// What could not be written, by account: by how much Zoho has more.
    pub left: Moves,
}

/// When something was booked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct When {
    /// Before the present financial year.
    pub is_before: bool,
    /// After it: the ledgers are compared before that.
    pub is_ahead: bool,
    /// Up to the day of the opening balances, and whether before the financial year that this day is in.
    pub at_cut: Option<bool>,
}

impl Tally {
    /// By how much Zoho has more on an account, and why.
    pub fn add(&mut self, cause: &str, ledger: Ledger, when: When, amount: Decimal) {
        if when.is_ahead {
            return;
        }
        if let Some(is_before) = when.at_cut {
            self.at_cut.moves.add(cause, ledger.clone(), is_before, amount);
        }
        let moves = if when.at_cut.is_some() && cause == OUT_OF_SCOPE { &mut self.older } else { &mut self.moves };
        moves.add(cause, ledger, when.is_before, amount);
    }

    /// A record that is not in Zoho: what it moves in Xero is missing there.
    pub fn miss(&mut self, cause: &str, when: When, postings: Vec<Posting>) {
        for posting in postings {
            self.add(cause, posting.ledger, when, -posting.amount);
        }
    }

    /// Something differs on an account by an amount that is not known.
    pub fn touch(&mut self, cause: &str, ledger: Ledger, when: When) {
        if when.is_ahead {
            return;
        }
        if let Some(is_before) = when.at_cut {
            self.at_cut.touched.insert((cause.to_owned(), ledger.clone(), is_before));
        }
        self.touched.insert((cause.to_owned(), ledger, when.is_before));
    }

    /// The square of how far rounding may take a record apart on an account.
    pub fn round(&mut self, ledger: Ledger, when: When, square: Decimal) {
        if when.is_ahead {
            return;
        }
        if let Some(is_before) = when.at_cut {
            self.at_cut.roundings.add("", ledger.clone(), is_before, square);
        }
        self.roundings.add("", ledger, when.is_before, square);
    }
}

/// The cause of what the scope leaves out.
pub const OUT_OF_SCOPE: &str = "OUT_OF_SCOPE";

/// Amounts by cause and account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(Move, Decimal)>", into = "Vec<(Move, Decimal)>")]
pub struct Moves(pub BTreeMap<Move, Decimal>);

/// Why, on which account, and whether before the present financial year: what was earned or spent then is in the retained earnings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Move {
    pub cause: String,
    pub ledger: Ledger,
    pub is_before: bool,
}

impl From<Vec<(Move, Decimal)>> for Moves {
    fn from(list: Vec<(Move, Decimal)>) -> Self {
        Self(list.into_iter().collect())
    }
}

impl From<Moves> for Vec<(Move, Decimal)> {
    fn from(moves: Moves) -> Self {
        moves.0.into_iter().collect()
    }
}

impl Moves {
    pub fn add(&mut self, cause: &str, ledger: Ledger, is_before: bool, amount: Decimal) {
        if !amount.is_zero() {
            *self.0.entry(Move { cause: cause.to_owned(), ledger, is_before }).or_default() += amount;
        }
    }

    pub fn join(&mut self, other: &Moves) {
        for (of, amount) in &other.0 {
            *self.0.entry(of.clone()).or_default() += amount;
        }
    }
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
pub fn place(run: RunId, flow: &str) -> sealed::Place<'static> {
    sealed::Place { table: "run_count", column: "tally", row: Uuid::new_v5(&run.0, flow.as_bytes()) }
}

/// What is compared of a line, as one text to be printed. Tax is not in Zoho's lists; it is compared from the last answer.
pub fn text(line: &Line) -> String {
    let amount = |amount: Option<Decimal>| amount.map(|amount| amount.normalize().to_string()).unwrap_or_default();
    format!("{}|{}|{}|{}", line.status, line.currency, amount(line.total), amount(line.due))
}
