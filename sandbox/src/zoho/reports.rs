//! The reports that are undocumented but live, computed from the ledger: trial balance, profit and loss, balance sheet.

use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::ledger::{self, Role};
use super::module::Module;
use super::records::{Desk, decimal, number};
use super::{amounts, time};

/// Months begin at 0, as organisations show them: April.
const FISCAL_YEAR_START_MONTH: u32 = 3;

/// Everything below `/reports`.
pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    let day = |name: &str| {
        let text = call.query.get(name).filter(|day| !day.is_empty()).ok_or_else(|| Refusal::missing(name))?;
        time::parse_date(text).ok_or_else(|| Refusal::invalid(name))
    };
    let period = || {
        let (from, to) = (day("from_date")?, day("to_date")?);
        if from > to { Err(Refusal::invalid("to_date")) } else { Ok((from, to)) }
    };
    let report = match (call.method.as_str(), rest) {
        ("GET", ["trialbalance"]) => period().and_then(|(from, to)| trial_balance(desk, from, to))?,
        ("GET", ["profitandloss"]) => period().and_then(|(from, to)| profit_and_loss(desk, from, to))?,
        ("GET", ["balancesheet"]) => balance_sheet(desk, day("to_date").or_else(|_| day("date"))?)?,
        _ => return Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    };
    Ok(Answer { status: 200, body: report.to_string() })
}

/// An account with what it held before the period, and what moved within it; debits positive.
struct Line {
    id: i64,
    name: String,
    kind: String,
    before: Decimal,
    within: Decimal,
}

impl Line {
    fn is_of_result(&self) -> bool {
        matches!(self.kind.as_str(), "income" | "other_income" | "expense" | "cost_of_goods_sold" | "other_expense")
    }

    fn class(&self) -> &'static str {
        match self.kind.as_str() {
            "income" | "other_income" => "income",
            "expense" | "cost_of_goods_sold" | "other_expense" => "expense",
            "equity" => "equity",
            "accounts_payable" | "other_current_liability" | "long_term_liability" | "credit_card" | "other_liability" => {
                "liability"
            }
            _ => "asset",
        }
    }
}

fn lines(desk: &Desk, from: NaiveDate, to: NaiveDate) -> Result<Vec<Line>, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT a.id, a.name, a.kind,
         (SELECT coalesce(sum(amount_e6), 0) FROM zoho_entry WHERE account = a.id AND date < ?3),
         (SELECT coalesce(sum(amount_e6), 0) FROM zoho_entry WHERE account = a.id AND date >= ?3 AND date <= ?4)
         FROM zoho_record a WHERE a.org = ?1 AND a.module = ?2 ORDER BY a.name_key, a.id",
    )?;
    let rows = statement.query_map((desk.org.id, Module::Accounts as i64, from.to_string(), to.to_string()), |row| {
        Ok(Line {
            id: row.get(0)?,
            name: row.get(1)?,
            kind: row.get(2)?,
            before: decimal(row.get(3)?),
            within: decimal(row.get(4)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The first day of the fiscal year that a day is in.
fn year_start(day: NaiveDate) -> NaiveDate {
    let month = FISCAL_YEAR_START_MONTH + 1;
    let year = if day.month() >= month { day.year() } else { day.year() - 1 };
    NaiveDate::from_ymd_opt(year, month, 1).unwrap_or(day)
}

/// What accounts hold at the end of the period. Income and expenses count from its first day; what was earned before is in Retained Earnings.
fn trial_balance(desk: &Desk, from: NaiveDate, to: NaiveDate) -> Result<Value, Refusal> {
    let only_within = desk.on("zoho.trial_balance_is_of_the_period");
    let mut all = lines(desk, from, to)?;
    let earned: Decimal = all.iter().filter(|line| line.is_of_result()).map(|line| line.before).sum();
    let retained = ledger::roles(desk)?.of(Role::RetainedEarnings);
    for line in &mut all {
        if !only_within && !line.is_of_result() {
            line.within += line.before;
        }
        if !only_within && line.id == retained {
            line.within += earned;
        }
    }
    let mut groups = Vec::new();
    let (mut debits, mut credits) = (Decimal::ZERO, Decimal::ZERO);
    for class in ["asset", "liability", "equity", "income", "expense"] {
        let mut rows = Vec::new();
        for line in all.iter().filter(|line| line.class() == class && !line.within.is_zero()) {
            let (debit, credit) =
                if line.within > Decimal::ZERO { (line.within, Decimal::ZERO) } else { (Decimal::ZERO, -line.within) };
            debits += debit;
            credits += credit;
            rows.push(json!({
                "name": line.name, "account_id": line.id.to_string(), "net_debit_total": money(debit), "net_credit_total": money(credit),
            }));
        }
        groups.push(json!({"account_type": class, "name": class, "account_transactions": rows}));
    }
    let total = json!({"name": "Total for Trial Balance", "net_debit_total": money(debits), "net_credit_total": money(credits), "account_transactions": groups});
    Ok(json!({"code": 0, "message": "success", "trialbalance": [total]}))
}

/// The sections of a profit and loss account: name, types of account.
const RESULT: &[(&str, &[&str])] = &[
    ("Operating Income", &["income"]),
    ("Cost of Goods Sold", &["cost_of_goods_sold"]),
    ("Operating Expense", &["expense"]),
    ("Non Operating Income", &["other_income"]),
    ("Non Operating Expense", &["other_expense"]),
];

fn profit_and_loss(desk: &Desk, from: NaiveDate, to: NaiveDate) -> Result<Value, Refusal> {
    let all = lines(desk, from, to)?;
    let of = |types: &[&str]| section(&all, types, |line| line.within);
    let [income, cost, spent, more, less] = [0, 1, 2, 3, 4].map(|place| of(RESULT[place].1));
    let gross = income.total - cost.total;
    let operating = gross - spent.total;
    let net = operating + more.total - less.total;
    let group = |name: &str, total: Decimal, parts: Vec<Value>| json!({"name": name, "total": money(total), "account_transactions": parts});
    let report = vec![
        group("Gross Profit", gross, vec![income.shown(RESULT[0].0), cost.shown(RESULT[1].0)]),
        group("Operating Profit", operating, vec![spent.shown(RESULT[2].0)]),
        group("Net Profit/Loss", net, vec![more.shown(RESULT[3].0), less.shown(RESULT[4].0)]),
    ];
    Ok(json!({"code": 0, "message": "success", "profit_and_loss": report}))
}

fn balance_sheet(desk: &Desk, to: NaiveDate) -> Result<Value, Refusal> {
    let start = year_start(to);
    let all = lines(desk, start, to)?;
    let of = |types: &[&str]| section(&all, types, |line| line.before + line.within);
    let current = ["accounts_receivable", "bank", "cash", "stock", "other_current_asset"];
    let assets =
        [("Current Assets", of(&current)), ("Fixed Assets", of(&["fixed_asset"])), ("Other Assets", of(&["other_asset"]))];
    let liabilities = [
        ("Current Liabilities", of(&["accounts_payable", "credit_card", "other_current_liability"])),
        ("Long Term Liabilities", of(&["long_term_liability"])),
        ("Other Liabilities", of(&["other_liability"])),
    ];
    let result = |amount: fn(&Line) -> Decimal| -> Decimal {
        all.iter().filter(|line| line.is_of_result()).map(|line| -amount(line)).sum()
    };
    let (earlier, this_year) = (result(|line| line.before), result(|line| line.within));
    let mut equities = of(&["equity"]);
    let retained = ledger::roles(desk)?.of(Role::RetainedEarnings);
    equities.add(retained, "Retained Earnings", earlier);
    equities.add(0, "Current Year Earnings", this_year);
    let sum = |parts: &[(&str, Section)]| -> Decimal { parts.iter().map(|(_, section)| section.total).sum() };
    let shown = |parts: &[(&str, Section)]| -> Vec<Value> { parts.iter().map(|(name, section)| section.shown(name)).collect() };
    let owed = sum(&liabilities);
    let mut right = vec![json!({"name": "Liabilities", "total": money(owed), "account_transactions": shown(&liabilities)})];
    right.push(equities.shown("Equities"));
    Ok(json!({"code": 0, "message": "success", "balance_sheet": [
        {"name": "Assets", "total": money(sum(&assets)), "account_transactions": shown(&assets)},
        {"name": "Liabilities & Equities", "total": money(owed + equities.total), "account_transactions": right},
    ]}))
}

/// Accounts of some types and what they come to, positive on the side they grow on.
struct Section {
    total: Decimal,
    rows: Vec<(i64, String, Decimal)>,
}

impl Section {
    /// Adds to the account's row, or a row of its own.
    fn add(&mut self, id: i64, name: &str, amount: Decimal) {
        if amount.is_zero() {
            return;
        }
        self.total += amount;
        match self.rows.iter_mut().find(|(known, ..)| *known == id) {
            Some((_, _, sum)) => *sum += amount,
            None => self.rows.push((id, name.to_owned(), amount)),
        }
    }

    fn shown(&self, name: &str) -> Value {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|(id, name, amount)| {
                let id = if *id == 0 { String::new() } else { id.to_string() };
                json!({"name": name, "account_id": id, "total": money(*amount)})
            })
            .collect();
        json!({"name": name, "total": money(self.total), "account_transactions": rows})
    }
}

fn section(all: &[Line], types: &[&str], amount: fn(&Line) -> Decimal) -> Section {
    let mut section = Section { total: Decimal::ZERO, rows: Vec::new() };
    for line in all.iter().filter(|line| types.contains(&line.kind.as_str())) {
        let amount = amount(line);
        section.add(line.id, &line.name, if ledger::grows_by_debits(&line.kind) { amount } else { -amount });
    }
    section
}

fn money(amount: Decimal) -> Value {
    number(amounts::round(amount, 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fiscal_years_begin_in_april() {
        let start = |day: &str| year_start(day.parse().unwrap()).to_string();
        assert_eq!((start("2026-03-31"), start("2026-04-01")), ("2025-04-01".into(), "2026-04-01".into()));
    }
}
