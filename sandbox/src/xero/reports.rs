//! Reports, computed from the journals: Xero's tree of rows, every value a string, accounts named in attributes.

mod aged;
mod balance_sheet;
mod bank_summary;
mod profit_and_loss;
mod trial_balance;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Datelike, Days, Months, NaiveDate};
use rusqlite::Connection;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::{Answer, Call, Failure};
use super::json::ms_date;
use super::ledger::balances::{self, Sum};
use super::ledger::chart::Account;
use super::ledger::{self, Chart, told};
use super::zone;

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The list of published tax reports, which are the only ones that have an id.
    Published,
    TrialBalance,
    BalanceSheet,
    ProfitAndLoss,
    BankSummary,
    AgedReceivablesByContact,
    AgedPayablesByContact,
    BudgetSummary,
    ExecutiveSummary,
    TenNinetyNine,
}

impl Report {
    pub fn of(name: Option<&str>) -> Option<Self> {
        let Some(name) = name else { return Some(Report::Published) };
        let known = [
            Report::TrialBalance,
            Report::BalanceSheet,
            Report::ProfitAndLoss,
            Report::BankSummary,
            Report::AgedReceivablesByContact,
            Report::AgedPayablesByContact,
            Report::BudgetSummary,
            Report::ExecutiveSummary,
            Report::TenNinetyNine,
        ];
        known.into_iter().find(|report| format!("{report:?}").eq_ignore_ascii_case(name))
    }

    /// The middle words of the scopes that reach it; the first is the broad one.
    pub fn areas(self) -> &'static [&'static str] {
        match self {
            Report::Published => &["reports", "reports.taxreports"],
            Report::TrialBalance => &["reports", "reports.trialbalance"],
            Report::BalanceSheet => &["reports", "reports.balancesheet"],
            Report::ProfitAndLoss => &["reports", "reports.profitandloss"],
            Report::BankSummary => &["reports", "reports.banksummary"],
            Report::AgedReceivablesByContact | Report::AgedPayablesByContact => &["reports", "reports.aged"],
            Report::BudgetSummary => &["reports", "reports.budgetsummary"],
            Report::ExecutiveSummary => &["reports", "reports.executivesummary"],
            Report::TenNinetyNine => &["reports", "reports.tenninetynine"],
        }
    }
}

pub fn respond(call: &Call, report: Report) -> Result<Answer, Failure> {
    if call.method != "GET" || call.segments.len() > 2 {
        return Err(Failure::Absent);
    }
    match report {
        Report::Published => Ok(Answer::collection(call.shared, "Reports", "", "")),
        Report::TrialBalance => trial_balance::report(call),
        Report::BalanceSheet => balance_sheet::report(call),
        Report::ProfitAndLoss => profit_and_loss::report(call),
        Report::BankSummary => bank_summary::report(call),
        Report::AgedReceivablesByContact => aged::report(call, true),
        Report::AgedPayablesByContact => aged::report(call, false),
        Report::BudgetSummary | Report::ExecutiveSummary | Report::TenNinetyNine => {
            Err(Failure::Lacking(format!("Reports/{report:?}")))
        }
    }
}

/// The books of an organisation, with everything posted.
struct Books {
    org: i64,
    chart: Arc<Chart>,
    /// What was asked for and is in no table: sums of accounts and days on cash basis, or of some options only. One for each of
    /// the combinations of options.
    gathered: Option<Vec<Daily>>,
}

/// Sums by account and day.
type Daily = HashMap<(Uuid, i64), Sum>;

impl Books {
    fn open(call: &Call) -> Result<Self, Failure> {
        Self::narrowed(call, &[Vec::new()])
    }

    /// The same, on cash basis when that is asked for, and narrowed to combinations of tracking options: a line counts where it has
    /// all of them.
    fn narrowed(call: &Call, combinations: &[Vec<Uuid>]) -> Result<Self, Failure> {
        let org = call.caller.org.n;
        ledger::catch_up(call.shared, org)?;
        let chart = call.shared.store.with(|connection| ledger::chart(connection, call.shared, org))?;
        let on_cash = is_on_cash_basis(call);
        if !on_cash && combinations.iter().all(Vec::is_empty) {
            return Ok(Self { org, chart, gathered: None });
        }
        let gathered = told::gather(call.shared, (org, &chart), on_cash, &|all: &mut Vec<Daily>, told| {
            all.resize_with(combinations.len(), Daily::new);
            let has = |option: &Uuid| told.line.tracking.iter().any(|known| is_option(known, *option));
            for (days, _) in all.iter_mut().zip(combinations).filter(|(_, options)| options.iter().all(has)) {
                days.entry((told.line.account, told.day)).or_default().add(told.line.net, told.reverses);
            }
        })?;
        Ok(Self { org, chart, gathered: Some(gathered) })
    }

    /// Sums of every account from one day to another, both included; from the first day without a beginning.
    fn sums(&self, connection: &Connection, from: Option<NaiveDate>, to: NaiveDate) -> rusqlite::Result<HashMap<Uuid, Sum>> {
        self.sums_of(connection, 0, from, to)
    }

    /// The same of one of the combinations.
    fn sums_of(
        &self,
        connection: &Connection,
        combination: usize,
        from: Option<NaiveDate>,
        to: NaiveDate,
    ) -> rusqlite::Result<HashMap<Uuid, Sum>> {
        let (from, to) = (from.map_or(i64::MIN, ledger::day_of), ledger::day_of(to));
        let Some(gathered) = &self.gathered else { return balances::sums(connection, self.org, from, to) };
        let mut sums: HashMap<Uuid, Sum> = HashMap::new();
        for ((account, day), moved) in gathered.get(combination).into_iter().flatten() {
            if (from..=to).contains(day) {
                let sum = sums.entry(*account).or_default();
                sum.debit += moved.debit;
                sum.credit += moved.credit;
            }
        }
        Ok(sums)
    }

    /// The accounts of some sums in the order of their names. Sums of accounts that nobody knows any more are not lost: they show.
    fn accounts<'a>(&'a self, sums: impl Iterator<Item = &'a HashMap<Uuid, Sum>>) -> Vec<Account> {
        let mut accounts: Vec<Account> = Vec::new();
        for id in sums.flat_map(HashMap::keys) {
            if !accounts.iter().any(|known| known.id == *id) {
                accounts.push(self.chart.by_id(*id).cloned().unwrap_or_else(|| Account {
                    id: *id,
                    name: id.to_string(),
                    type_: "CURRLIAB".into(),
                    class: "LIABILITY".into(),
                    ..Account::default()
                }));
            }
        }
        accounts.sort_by(|one, other| (&one.name, one.id).cmp(&(&other.name, other.id)));
        accounts
    }

    /// The first day of the financial year that a day is in.
    fn year_start(&self, day: NaiveDate) -> NaiveDate {
        let (month, last) = self.chart.year_end;
        let end = |year: i32| (0..4).find_map(|less| NaiveDate::from_ymd_opt(year, month, last.saturating_sub(less)));
        let ends = [day.year() - 2, day.year() - 1, day.year()].into_iter().filter_map(end).filter(|end| *end < day);
        ends.max().map_or(day, |end| end + Days::new(1))
    }
}

fn is_on_cash_basis(call: &Call) -> bool {
    call.parameter("paymentsOnly").is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn is_option(tracked: &Value, option: Uuid) -> bool {
    tracked.get("TrackingOptionID").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok()) == Some(option)
}

/// The id that a parameter holds.
fn id(call: &Call, name: &str) -> Result<Option<Uuid>, Failure> {
    let Some(text) = call.parameter(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    Uuid::parse_str(text).map(Some).map_err(|_| Failure::query(format!("{name}=`{text}` is not an id")))
}

/// Debits less credits of profit-and-loss accounts: a profit is negative.
fn earned(chart: &Chart, sums: &HashMap<Uuid, Sum>) -> i64 {
    sums.iter().filter(|(id, _)| chart.by_id(**id).is_some_and(is_earned)).map(|(_, sum)| sum.net()).sum()
}

fn is_earned(account: &Account) -> bool {
    matches!(account.class.as_str(), "REVENUE" | "EXPENSE")
}

/// A report in its envelope.
fn enveloped(call: &Call, name: &str, type_: &str, titles: &[String], rows: Vec<Value>) -> Answer {
    let now = call.shared.clock.now();
    let mut all = vec![name.to_owned()];
    all.extend_from_slice(titles);
    let report = json!({
        "ReportID": type_, "ReportName": name, "ReportType": type_, "ReportTitles": all, "ReportDate": long(now.date_naive()),
        "UpdatedDateUTC": ms_date(now.timestamp_millis()), "Fields": [], "Rows": rows,
    });
    Answer::collection(call.shared, "Reports", "", &report.to_string())
}

/// A date parameter.
fn date(call: &Call, name: &str) -> Result<Option<NaiveDate>, Failure> {
    let Some(text) = call.parameter(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let date = text.get(..10).and_then(|day| day.parse().ok());
    date.map(Some).ok_or_else(|| Failure::query(format!("{name}=`{text}` is not a date")))
}

/// Today by the organisation's own clock.
fn today(call: &Call) -> NaiveDate {
    let now = call.shared.clock.now();
    let ledger = call.shared.store.with(|connection| call.shared.xero.settings.ledger(connection, call.caller.org.n));
    ledger.map_or_else(|_| now.date_naive(), |ledger| zone::today(&ledger.timezone, now))
}

/// How many periods before are compared, and how many months each has.
fn comparison(call: &Call) -> Result<(u32, u32), Failure> {
    let periods = match call.parameter("periods").filter(|text| !text.is_empty()) {
        None => 0,
        Some(text) => match text.parse() {
            Ok(periods @ 1..=12) => periods,
            _ => return Err(Failure::query(format!("periods=`{text}` is not a number between 1 and 12"))),
        },
    };
    let months = match call.parameter("timeframe").filter(|text| !text.is_empty()) {
        None | Some("MONTH") => 1,
        Some("QUARTER") => 3,
        Some("YEAR") => 12,
        Some(other) => return Err(Failure::query(format!("timeframe=`{other}` is not MONTH, QUARTER or YEAR"))),
    };
    Ok((periods, months))
}

/// So many months before; the last day of a month stays the last day.
fn months_before(day: NaiveDate, months: u32) -> NaiveDate {
    let before = day.checked_sub_months(Months::new(months)).unwrap_or(day);
    if day == month_end(day) { month_end(before) } else { before }
}

fn month_start(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

fn month_end(day: NaiveDate) -> NaiveDate {
    month_start(day).checked_add_months(Months::new(1)).map_or(day, |next| next - Days::new(1))
}

/// `30 April 2019`.
fn long(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// `30 Apr 2019`.
fn short(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// `4/30/2019`, as attributes have it.
fn american(day: NaiveDate) -> String {
    day.format("%-m/%-d/%Y").to_string()
}

fn amount(cents: i64) -> String {
    Decimal::new(cents, 2).to_string()
}

fn cells(texts: impl IntoIterator<Item = String>) -> Value {
    texts.into_iter().map(|text| json!({"Value": text})).collect()
}

/// Cells that all carry the same attribute.
fn marked(texts: impl IntoIterator<Item = String>, id: &str, value: &str) -> Value {
    texts.into_iter().map(|text| json!({"Value": text, "Attributes": [{"Value": value, "Id": id}]})).collect()
}

fn header(texts: impl IntoIterator<Item = String>) -> Value {
    json!({"RowType": "Header", "Cells": cells(texts)})
}

fn row(cells: Value) -> Value {
    json!({"RowType": "Row", "Cells": cells})
}

fn summary(texts: impl IntoIterator<Item = String>) -> Value {
    json!({"RowType": "SummaryRow", "Cells": cells(texts)})
}

fn section(title: &str, rows: Vec<Value>) -> Value {
    json!({"RowType": "Section", "Title": title, "Rows": rows})
}

/// A title and an amount for each column.
fn titled(title: &str, amounts: impl IntoIterator<Item = i64>) -> impl Iterator<Item = String> {
    std::iter::once(title.to_owned()).chain(amounts.into_iter().map(amount))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_before_its_end_is_the_end_of_the_month_before() {
        assert_eq!(months_before(day("2024-02-29"), 1), day("2024-01-31"));
        assert_eq!(months_before(day("2024-03-31"), 1), day("2024-02-29"));
        assert_eq!(months_before(day("2024-03-30"), 1), day("2024-02-29"));
        assert_eq!(months_before(day("2024-05-15"), 3), day("2024-02-15"));
        assert_eq!(months_before(day("2025-02-28"), 12), day("2024-02-29"));
    }

    #[test]
    fn a_financial_year_begins_the_day_after_it_ends() {
        let books = |month, last| {
            let mut chart = Chart::default();
            chart.year_end = (month, last);
            Books { org: 1, chart: Arc::new(chart), gathered: None }
        };
        assert_eq!(books(3, 31).year_start(day("2024-03-31")), day("2023-04-01"));
        assert_eq!(books(3, 31).year_start(day("2024-04-01")), day("2024-04-01"));
        assert_eq!(books(12, 31).year_start(day("2024-06-01")), day("2024-01-01"));
        assert_eq!(books(2, 29).year_start(day("2023-03-15")), day("2023-03-01"));
    }

    #[test]
    fn amounts_and_days_are_written_as_xero_writes_them() {
        assert_eq!((amount(-185_000), amount(5)), ("-1850.00".into(), "0.05".into()));
        assert_eq!(long(day("2019-04-03")), "3 April 2019");
        assert_eq!((short(day("2019-04-30")), american(day("2019-04-30"))), ("30 Apr 2019".into(), "4/30/2019".into()));
    }
}
