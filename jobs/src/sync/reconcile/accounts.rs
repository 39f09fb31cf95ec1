//! The two ledgers held against each other, account by account. Pure: balances and what is known of records go in, rows with the named
//! parts of every difference come out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use connectors::balance::Balance;
use connectors::flow::{Account, Ledger};
use rust_decimal::Decimal;

use super::super::tally::{Move, Moves, OUT_OF_SCOPE};
use crate::report::{AccountRow, Part};

/// Everything that a comparison needs.
#[derive(Default)]
pub struct Books<'a> {
    /// Xero's chart.
    pub chart: Vec<Account>,
    /// Zoho's accounts by the ids of Xero's. Several of Xero's may be one in Zoho.
    pub pairs: HashMap<String, String>,
    pub xero: &'a [Balance],
    pub zoho: &'a [Balance],
    /// Where Xero stood before the first record.
    pub opening: &'a [Balance],
    /// What explains differences, by cause and account.
    pub moves: Moves,
    /// The squares of how far rounding may take each record, added up by account.
    pub roundings: Moves,
    /// Causes of differences whose amount is not known.
    pub touched: BTreeSet<(String, Ledger, bool)>,
    /// Both sides tell what income and expenses ever were, and not those of a year.
    pub is_ever: bool,
}

/// One account of the comparison: Zoho's, or one of Xero's that has none there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Zoho(String),
    Xero(String),
    Named(&'static str),
}

#[derive(Default)]
struct Line {
    row: AccountRow,
    left: Decimal,
    rounding: Decimal,
    touched: BTreeSet<String>,
    opening: Decimal,
}

/// Zoho keeps tax in one account or in two, and calls them by the country's words.
const TAX_NAMES: &[&str] = &[
    "Tax Payable",
    "GST Payable",
    "VAT Payable",
    "Sales Tax Payable",
    "Input Tax",
    "Output Tax",
    "Input GST",
    "Output GST",
    "Input VAT",
    "Output VAT",
];

/// Rows in the order of codes, then names. The parts of a row come to its difference.
pub fn compare(books: &Books<'_>) -> Vec<AccountRow> {
    let mut rows: Vec<AccountRow> = lines(books).into_values().map(|line| line.row).collect();
    rows.retain(|row| !row.xero.is_zero() || !row.zoho.is_zero() || !row.parts.is_empty());
    rows.sort_by(|one, other| {
        (one.code.is_empty(), &one.code, &one.name).cmp(&(other.code.is_empty(), &other.code, &other.name))
    });
    rows
}

/// The cause of a difference that an opening balance would close and does not.
pub const NOT_WRITTEN: &str = "OPENING_NOT_WRITTEN";

/// What opening balances are to hold: debits are positive.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ToOpen {
    /// By Zoho's accounts.
    pub lines: BTreeMap<String, Decimal>,
    /// What no opening balance can hold, and why: what is owed belongs to contacts, an account that is not in Zoho holds nothing.
    pub left: Vec<(Ledger, Decimal, &'static str)>,
}

/// What the ledgers differ by because of history that is not carried: what the scope leaves out, and what is older than every record.
/// What differs for another reason is not history, and is cured elsewhere.
pub fn to_open(books: &Books<'_>) -> ToOpen {
    let mut to_open = ToOpen::default();
    let mut rounding = Decimal::ZERO;
    let controls = [Ledger::Receivable, Ledger::Payable].map(|ledger| books.of(&ledger));
    let paired: BTreeSet<&String> = books.pairs.values().collect();
    for (key, line) in lines(books) {
        rounding += line.rounding;
        let has_history = line.row.parts.iter().any(|part| part.cause == OUT_OF_SCOPE);
        let is_history = |part: &&Part| match part.cause.as_str() {
            OUT_OF_SCOPE | "OPENING_BALANCE" | "UNEXPLAINED" => true,
            // What was left out is rounded as well; the ledgers know it to the cent.
            "FX_RATE_SOURCE" => has_history && is_rounding(part.amount, line.rounding),
            _ => false,
        };
        let amount = -line.row.parts.iter().filter(is_history).map(|part| part.amount).sum::<Decimal>();
        if amount.is_zero() {
            continue;
        }
        match key {
            Key::Zoho(id) if paired.contains(&id) && !controls.contains(&Key::Zoho(id.clone())) => {
                to_open.lines.insert(id, amount);
            }
            Key::Zoho(id) if paired.contains(&id) => {
                // Cents of documents in other currencies that were settled, which Xero has kept.
                let cause = if is_rounding(amount, line.rounding) { "FX_RATE_SOURCE" } else { NOT_WRITTEN };
                to_open.left.push((Ledger::Zoho(id), amount, cause));
            }
            // Zoho's own, which nobody of ours touches.
            Key::Zoho(_) => {}
            Key::Xero(id) => to_open.left.push((Ledger::Id(id), amount, NOT_WRITTEN)),
            Key::Named(name) => to_open.left.extend(role_of(name).map(|role| (role, amount, NOT_WRITTEN))),
        }
    }
    let mut lacks: Decimal = to_open.lines.values().sum();
    if !lacks.is_zero() && is_rounding(lacks, rounding) {
        // The other half of cents that rounding left on what is owed.
        let places = [Ledger::Exchange, Ledger::Rounding].map(|ledger| books.of(&ledger));
        let place = places.into_iter().find_map(|key| if let Key::Zoho(id) = key { Some(id) } else { None });
        if let Some(id) = place.filter(|id| paired.contains(id)) {
            to_open.left.push((Ledger::Zoho(id.clone()), lacks, "FX_RATE_SOURCE"));
            *to_open.lines.entry(id).or_default() -= std::mem::take(&mut lacks);
            to_open.lines.retain(|_, amount| !amount.is_zero());
        }
    }
    if !lacks.is_zero() {
        // Zoho puts what is missing on an account of its own.
        to_open.left.push((Ledger::OpeningAdjustment, lacks, NOT_WRITTEN));
    }
    to_open
}

fn lines(books: &Books<'_>) -> BTreeMap<Key, Line> {
    let mut lines: BTreeMap<Key, Line> = BTreeMap::new();
    for balance in books.xero {
        let line = lines.entry(books.of_xero(&balance.account)).or_default();
        line.row.xero += balance.amount;
        books.name(&mut line.row, balance);
    }
    for balance in books.zoho {
        let line = lines.entry(books.of_zoho(balance)).or_default();
        line.row.zoho += balance.amount;
        if line.row.name.is_empty() {
            line.row.name.clone_from(&balance.name);
        }
    }
    for balance in books.opening {
        lines.entry(books.of_xero(&balance.account)).or_default().opening += balance.amount;
    }
    for (Move { cause, ledger, is_before }, amount) in &books.moves.0 {
        lines.entry(books.of_time(ledger, *is_before)).or_default().row.name_part(cause, *amount);
    }
    for (Move { ledger, is_before, .. }, amount) in &books.roundings.0 {
        lines.entry(books.of_time(ledger, *is_before)).or_default().rounding += amount;
    }
    for (cause, ledger, is_before) in &books.touched {
        lines.entry(books.of_time(ledger, *is_before)).or_default().touched.insert(cause.clone());
    }
    for (key, line) in &mut lines {
        line.row.parts.retain(|part| !part.amount.is_zero());
        let named: Decimal = line.row.parts.iter().map(|part| part.amount).sum();
        line.left = line.row.difference() - named;
        if line.row.name.is_empty() {
            line.row.name = books.name_of(key);
        }
    }
    books.name_the_rest(&mut lines);
    lines
}

impl Books<'_> {
    fn of_xero(&self, id: &str) -> Key {
        match self.pairs.get(id) {
            Some(zoho) => Key::Zoho(zoho.clone()),
            None => Key::Xero(id.to_owned()),
        }
    }

    fn of_zoho(&self, balance: &Balance) -> Key {
        let is_tax = TAX_NAMES.iter().any(|name| balance.name.eq_ignore_ascii_case(name));
        if is_tax && !self.pairs.values().any(|paired| *paired == balance.account) {
            return self.of(&Ledger::Tax);
        }
        Key::Zoho(balance.account.clone())
    }

    fn of(&self, ledger: &Ledger) -> Key {
        match ledger {
            Ledger::Id(id) => self.of_xero(id),
            Ledger::Zoho(id) => Key::Zoho(id.clone()),
            Ledger::Code(code) => match self.chart.iter().find(|account| account.code == *code) {
                Some(account) => self.of_xero(&account.id),
                None => Key::Xero(code.clone()),
            },
            role => match self.chart.iter().find(|account| account.role.as_ref() == Some(role)) {
                Some(account) => self.of_xero(&account.id),
                None => self.named(zohos_name(role)),
            },
        }
    }

    /// The account on which an amount stands now: what was earned or spent before this year is in the retained earnings.
    fn of_time(&self, ledger: &Ledger, is_before: bool) -> Key {
        let key = self.of(ledger);
        if is_before && !self.is_ever && self.is_of_result(ledger, &key) {
            return self.of(&Ledger::RetainedEarnings);
        }
        key
    }

    fn is_of_result(&self, ledger: &Ledger, key: &Key) -> bool {
        let of_chart = self.chart.iter().find(|account| self.of_xero(&account.id) == *key);
        match (of_chart, key) {
            (Some(account), _) => account.is_of_result,
            (None, Key::Zoho(id)) if self.zoho.iter().any(|one| one.account == *id) => {
                self.zoho.iter().any(|one| one.account == *id && one.is_of_result)
            }
            _ => matches!(ledger, Ledger::OtherCharges | Ledger::Exchange),
        }
    }

    /// Zoho's account of this name. One that holds nothing is in no trial balance.
    fn named(&self, name: &'static str) -> Key {
        let found = self.zoho.iter().find(|balance| balance.name.eq_ignore_ascii_case(name));
        found.map_or(Key::Named(name), |balance| Key::Zoho(balance.account.clone()))
    }

    fn name(&self, row: &mut AccountRow, balance: &Balance) {
        match self.chart.iter().find(|account| account.id == balance.account) {
            Some(account) if row.code.is_empty() || !account.code.is_empty() && account.code < row.code => {
                (row.code, row.name) = (account.code.clone(), account.name.clone());
            }
            Some(_) => {}
            None if row.name.is_empty() => row.name.clone_from(&balance.name),
            None => {}
        }
    }

    fn name_of(&self, key: &Key) -> String {
        let account = match key {
            Key::Named(name) => return (*name).to_owned(),
            Key::Xero(id) => self.chart.iter().find(|account| account.id == *id),
            Key::Zoho(id) => self.chart.iter().find(|account| self.pairs.get(&account.id) == Some(id)),
        };
        account.map_or_else(|| "An account that is in no chart".to_owned(), |account| account.name.clone())
    }

    /// What exact amounts do not explain: changed records, rounding, Xero's revaluations, opening balances.
    fn name_the_rest(&self, lines: &mut BTreeMap<Key, Line>) {
        let take = |line: &mut Line, cause: &str| {
            line.row.name_part(cause, std::mem::take(&mut line.left));
        };
        for line in lines.values_mut().filter(|line| !line.left.is_zero()) {
            let cause = match line.touched.first() {
                _ if is_rounding(line.left, line.rounding) => Some("FX_RATE_SOURCE".to_owned()),
                Some(touched) => Some(touched.clone()),
                None if line.left == -line.opening => Some("OPENING_BALANCE".to_owned()),
                None => None,
            };
            if let Some(cause) = cause {
                take(line, &cause);
            }
        }
        // Zoho counts the gain of a credit on the day of the later document, Xero on the day on which it was used.
        let years = [Ledger::Exchange, Ledger::RetainedEarnings].map(|ledger| self.of(&ledger));
        for (together, cause) in [(self.revalued(), "FX_RATE_SOURCE"), (years.into(), "GAIN_OF_ANOTHER_YEAR")] {
            let of = |figure: fn(&Line) -> Decimal| together.iter().filter_map(|key| lines.get(key)).map(figure).sum();
            if is_rounding(of(|line| line.left), of(|line| line.rounding)) {
                for key in &together {
                    if let Some(line) = lines.get_mut(key).filter(|line| !line.left.is_zero()) {
                        take(line, cause);
                    }
                }
            }
        }
        for line in lines.values_mut().filter(|line| !line.left.is_zero()) {
            take(line, "UNEXPLAINED");
        }
    }

    /// The accounts between which Xero moves gains and losses of today's rates, if it has any: together they come to nothing.
    fn revalued(&self) -> BTreeSet<Key> {
        let gains = self.chart.iter().filter(|account| account.role == Some(Ledger::Revaluation));
        let has_any = gains.clone().any(|account| self.xero.iter().any(|one| one.account == account.id && !one.amount.is_zero()));
        if !has_any {
            return BTreeSet::new();
        }
        let banks = self.chart.iter().filter(|account| account.is_bank).map(|account| self.of_xero(&account.id));
        let controls = [Ledger::Receivable, Ledger::Payable].map(|ledger| self.of(&ledger));
        gains.map(|account| self.of_xero(&account.id)).chain(banks).chain(controls).collect()
    }
}

/// Whether an amount may come of so many roundings: they fall to both sides, so that together they go no further than four times the
/// root of their squares.
fn is_rounding(left: Decimal, squares: Decimal) -> bool {
    left.checked_mul(left).zip(squares.checked_mul(Decimal::from(16))).is_some_and(|(square, most)| square <= most)
}

fn zohos_name(role: &Ledger) -> &'static str {
    match role {
        Ledger::Receivable => "Accounts Receivable",
        Ledger::Payable => "Accounts Payable",
        Ledger::Tax => "Tax Payable",
        Ledger::Exchange | Ledger::Revaluation => "Exchange Gain or Loss",
        Ledger::RetainedEarnings => "Retained Earnings",
        Ledger::UnearnedRevenue => "Unearned Revenue",
        Ledger::PrepaidExpenses => "Prepaid Expenses",
        Ledger::OtherCharges => "Other Charges",
        Ledger::OpeningAdjustment => "Opening Balance Adjustments",
        Ledger::Rounding | Ledger::Id(_) | Ledger::Code(_) | Ledger::Zoho(_) => "Rounding",
    }
}

/// The account that goes by a name only because it is nowhere else.
fn role_of(name: &str) -> Option<Ledger> {
    use Ledger::*;
    let roles = [
        Receivable,
        Payable,
        Tax,
        Exchange,
        RetainedEarnings,
        UnearnedRevenue,
        PrepaidExpenses,
        OtherCharges,
        OpeningAdjustment,
        Rounding,
    ];
    roles.into_iter().find(|role| zohos_name(role) == name)
}

#[cfg(test)]
mod tests;
