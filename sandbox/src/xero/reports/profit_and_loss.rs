//! Profit and loss: what was earned and spent from one day to another, and in the spans before that are compared.

use std::collections::HashMap;

use serde_json::Value;
use uuid::Uuid;

use super::{
    Books, Sum, comparison, date, enveloped, header, id, long, marked, month_start, months_before, row, section, short, summary,
    titled, today,
};
use crate::xero::api::{Answer, Call, Failure};
use crate::xero::json::text_of;
use crate::xero::kinds::Kind;
use crate::xero::ledger::chart::Account;
use crate::xero::records;

/// A section: its title, the title of its sum, the types of its accounts, and whether it adds to the profit.
type Part = (&'static str, &'static str, &'static [&'static str], i64);

const INCOME: Part = ("Income", "Total Income", &["REVENUE", "SALES"], -1);
const COST: Part = ("Less Cost of Sales", "Total Cost of Sales", &["DIRECTCOSTS"], 1);
const OTHER: Part = ("Plus Other Income", "Total Other Income", &["OTHERINCOME"], -1);
const EXPENSES: Part = (
    "Less Operating Expenses",
    "Total Operating Expenses",
    &["EXPENSE", "OVERHEADS", "DEPRECIATN", "WAGESEXPENSE", "SUPERANNUATIONEXPENSE"],
    1,
);

/// Each line is held against every one of them.
const COMBINATIONS_MAX: usize = 400;
/// A span may be no longer.
const SPAN_MAX_DAYS: i64 = 365;

pub fn report(call: &Call) -> Result<Answer, Failure> {
    let (periods, months) = comparison(call)?;
    let to = date(call, "toDate")?.unwrap_or_else(|| today(call));
    let from = date(call, "fromDate")?.unwrap_or_else(|| month_start(to));
    if from > to {
        return Err(Failure::query("fromDate is after toDate"));
    }
    if (to - from).num_days() > SPAN_MAX_DAYS && call.shared.switches.on("xero.profit_and_loss_max_365_days") {
        return Err(Failure::query("The date range of the report cannot exceed 365 days"));
    }
    let (names, combinations): (Vec<Option<String>>, Vec<Vec<Uuid>>) = combinations(call)?.into_iter().unzip();
    let books = Books::narrowed(call, &combinations)?;
    let mut columns = Vec::new();
    for period in 0..=periods {
        let (from, to) = (months_before(from, period * months), months_before(to, period * months));
        for (combination, name) in names.iter().enumerate() {
            let sums = call.shared.store.with(|connection| books.sums_of(connection, combination, Some(from), to))?;
            columns.push((name.clone().unwrap_or_else(|| short(to)), sums));
        }
    }
    let sums: Vec<&HashMap<Uuid, Sum>> = columns.iter().map(|(_, sums)| sums).collect();
    let accounts = books.accounts(sums.iter().copied());
    let mut rows = vec![header(std::iter::once(String::new()).chain(columns.iter().map(|(title, _)| title.clone())))];
    let income = part(&mut rows, &accounts, &sums, INCOME);
    let cost = part(&mut rows, &accounts, &sums, COST);
    let gross: Vec<i64> = income.iter().zip(&cost).map(|(income, cost)| income - cost).collect();
    rows.push(section("", vec![row(super::cells(titled("Gross Profit", gross.iter().copied())))]));
    let other = part(&mut rows, &accounts, &sums, OTHER);
    let expenses = part(&mut rows, &accounts, &sums, EXPENSES);
    let net = gross.iter().zip(other).zip(expenses).map(|((gross, other), expenses)| gross + other - expenses);
    rows.push(section("", vec![row(super::cells(titled("Net Profit", net)))]));
    let titles = [books.chart.organisation.clone(), format!("{} to {}", long(from), long(to))];
    Ok(enveloped(call, "Profit and Loss", "ProfitAndLoss", &titles, rows))
}

/// What stands over a column of options, and the options that a line of it has.
type Combination = (Option<String>, Vec<Uuid>);

/// Columns of options: all of a category, or the one that is named; with a second category each with each. Without a category there
/// is one column that has everything.
fn combinations(call: &Call) -> Result<Vec<Combination>, Failure> {
    let mut all = vec![(None, Vec::new())];
    for (category, option) in [("trackingCategoryID", "trackingOptionID"), ("trackingCategoryID2", "trackingOptionID2")] {
        let Some(category) = id(call, category)? else { continue };
        let wanted = id(call, option)?;
        let options = options(call, category)?.into_iter().filter(|(option, _)| wanted.is_none_or(|wanted| wanted == *option));
        let options: Vec<(Uuid, String)> = options.collect();
        let joined = |(name, ids): &Combination, (id, option): &(Uuid, String)| {
            let name = name.as_ref().map_or_else(|| option.clone(), |name| format!("{name} / {option}"));
            (Some(name), ids.iter().copied().chain([*id]).collect())
        };
        all = all.iter().flat_map(|one| options.iter().map(move |option| joined(one, option))).collect();
    }
    if all.len() > COMBINATIONS_MAX {
        return Err(Failure::query(format!("The report would have more than {COMBINATIONS_MAX} columns of tracking options")));
    }
    Ok(all)
}

/// Ids and names of the options of a category.
fn options(call: &Call, category: Uuid) -> Result<Vec<(Uuid, String)>, Failure> {
    let org = call.caller.org.n;
    let found = call.shared.store.with(|connection| records::by_id(connection, org, Kind::TrackingCategories, category))?;
    let (body, _) = found.ok_or_else(|| Failure::query(format!("There is no tracking category `{category}`")))?;
    let category: Value = serde_json::from_str(&body).unwrap_or_default();
    let options = category.get("Options").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object);
    let known = options.filter(|option| text_of(option, "Status") != Some("DELETED"));
    Ok(known
        .filter_map(|option| {
            Some((Uuid::parse_str(text_of(option, "TrackingOptionID")?).ok()?, text_of(option, "Name")?.to_owned()))
        })
        .collect())
}

/// A section, if it has accounts. Answers its sum for each column.
fn part(
    rows: &mut Vec<Value>,
    accounts: &[Account],
    columns: &[&HashMap<Uuid, Sum>],
    (title, total, types, sign): Part,
) -> Vec<i64> {
    let mut listed = Vec::new();
    let mut sums = vec![0; columns.len()];
    for account in accounts.iter().filter(|account| types.contains(&account.type_.as_str())) {
        let amounts: Vec<i64> = columns.iter().map(|column| sign * column.get(&account.id).map_or(0, |sum| sum.net())).collect();
        if amounts.iter().all(|amount| *amount == 0) {
            continue;
        }
        for (sum, amount) in sums.iter_mut().zip(&amounts) {
            *sum += amount;
        }
        listed.push(row(marked(titled(&account.name, amounts), "account", &account.id.to_string())));
    }
    if !listed.is_empty() {
        listed.push(summary(titled(total, sums.iter().copied())));
        rows.push(section(title, listed));
    }
    sums
}
