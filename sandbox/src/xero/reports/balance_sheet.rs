//! The balance sheet: where the company stood on a day, and on the days before it that are compared.

use std::collections::HashMap;

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Books, Sum, american, amount, comparison, date, earned, enveloped, header, id, is_earned, long, marked, month_end,
    months_before, row, section, short, summary, titled, today,
};
use crate::xero::api::{Answer, Call, Failure};
use crate::xero::ledger::chart::Account;

const ASSETS: [&str; 4] = ["Bank", "Current Assets", "Fixed Assets", "Non-current Assets"];
const LIABILITIES: [&str; 2] = ["Current Liabilities", "Non-current Liabilities"];

/// One day.
struct Column {
    day: NaiveDate,
    year: NaiveDate,
    all: HashMap<Uuid, Sum>,
    /// Debits less credits of the profit-and-loss accounts in the year of the day, and before it.
    this_year: i64,
    before: i64,
}

pub fn report(call: &Call) -> Result<Answer, Failure> {
    let (periods, months) = comparison(call)?;
    let day = date(call, "date")?.unwrap_or_else(|| month_end(today(call)));
    let options: Vec<Uuid> = [id(call, "trackingOptionID1")?, id(call, "trackingOptionID2")?].into_iter().flatten().collect();
    let books = Books::narrowed(call, &[options])?;
    let mut columns = Vec::new();
    for period in 0..=periods {
        let day = months_before(day, period * months);
        let year = books.year_start(day);
        let (all, before) = call.shared.store.with(|connection| {
            Ok::<_, rusqlite::Error>((books.sums(connection, None, day)?, books.sums(connection, None, year - Days::new(1))?))
        })?;
        let before = earned(&books.chart, &before);
        let this_year = earned(&books.chart, &all) - before;
        columns.push(Column { day, year, all, this_year, before });
    }
    let accounts = books.accounts(columns.iter().map(|column| &column.all));
    let mut rows = vec![header(std::iter::once(String::new()).chain(columns.iter().map(|column| short(column.day))))];
    rows.push(section("Assets", Vec::new()));
    let assets = sections(&mut rows, &accounts, &columns, &ASSETS, 1);
    rows.push(section("", vec![summary(titled("Total Assets", assets.iter().copied()))]));
    rows.push(section("Liabilities", Vec::new()));
    let liabilities = sections(&mut rows, &accounts, &columns, &LIABILITIES, -1);
    rows.push(section("", vec![summary(titled("Total Liabilities", liabilities.iter().copied()))]));
    let net = assets.iter().zip(&liabilities).map(|(assets, liabilities)| assets - liabilities);
    rows.push(section("", vec![row(super::cells(titled("Net Assets", net)))]));
    rows.push(equity(&books, &accounts, &columns));
    let titles = [books.chart.organisation.clone(), format!("As at {}", long(day))];
    Ok(enveloped(call, "Balance Sheet", "BalanceSheet", &titles, rows))
}

/// The section of an account, but for equity.
fn place(account: &Account) -> &'static str {
    match account.type_.as_str() {
        "BANK" => "Bank",
        "FIXED" => "Fixed Assets",
        "NONCURRENT" => "Non-current Assets",
        "TERMLIAB" => "Non-current Liabilities",
        _ if account.class == "ASSET" => "Current Assets",
        _ => "Current Liabilities",
    }
}

/// Sections with their sums. Answers the sum of them all for each column.
fn sections(rows: &mut Vec<Value>, accounts: &[Account], columns: &[Column], titles: &[&str], sign: i64) -> Vec<i64> {
    let mut totals = vec![0; columns.len()];
    for title in titles {
        let mut listed = Vec::new();
        let mut sums = vec![0; columns.len()];
        for account in
            accounts.iter().filter(|account| !is_earned(account) && account.class != "EQUITY" && place(account) == *title)
        {
            let amounts: Vec<i64> =
                columns.iter().map(|column| sign * column.all.get(&account.id).map_or(0, |sum| sum.net())).collect();
            if amounts.iter().all(|amount| *amount == 0) {
                continue;
            }
            for (sum, amount) in sums.iter_mut().zip(&amounts) {
                *sum += amount;
            }
            listed.push(row(marked(titled(&account.name, amounts), "account", &account.id.to_string())));
        }
        if listed.is_empty() {
            continue;
        }
        for (total, sum) in totals.iter_mut().zip(&sums) {
            *total += sum;
        }
        listed.push(summary(titled(&format!("Total {title}"), sums)));
        rows.push(section(title, listed));
    }
    totals
}

/// Equity: what was earned this year, and before it, belongs to it.
fn equity(books: &Books, accounts: &[Account], columns: &[Column]) -> Value {
    let retained = books.chart.by_id(books.chart.system("RETAINEDEARNINGS")).cloned().unwrap_or_default();
    let mut named: Vec<(String, Value)> = Vec::new();
    let mut sums = vec![0; columns.len()];
    let mut add = |name: &str, id: Uuid, amounts: Vec<(i64, Option<(String, String)>)>| {
        if amounts.iter().all(|(amount, _)| *amount == 0) {
            return;
        }
        let mut cells = vec![json!({"Value": name, "Attributes": [{"Value": id, "Id": "account"}]})];
        for ((cents, span), sum) in amounts.into_iter().zip(&mut sums) {
            *sum += cents;
            let mut attributes = vec![json!({"Value": id, "Id": "account"})];
            if let Some((from, to)) = span {
                attributes.push(json!({"Value": from, "Id": "fromDate"}));
                attributes.push(json!({"Value": to, "Id": "toDate"}));
            }
            cells.push(json!({"Value": amount(cents), "Attributes": attributes}));
        }
        named.push((name.to_owned(), row(Value::Array(cells))));
    };
    let net = |column: &Column, id: Uuid| -column.all.get(&id).map_or(0, |sum| sum.net());
    let span = |column: &Column| Some((american(column.year), american(column.day)));
    add("Current Year Earnings", Uuid::nil(), columns.iter().map(|column| (-column.this_year, span(column))).collect());
    for account in accounts.iter().filter(|account| account.class == "EQUITY" && account.id != retained.id) {
        add(&account.name, account.id, columns.iter().map(|column| (net(column, account.id), None)).collect());
    }
    let kept = |column: &Column| (net(column, retained.id) - column.before, Some((String::new(), american(column.day))));
    add(&retained.name, retained.id, columns.iter().map(kept).collect());
    named.sort_by(|one, other| one.0.cmp(&other.0));
    let mut listed: Vec<Value> = named.into_iter().map(|(_, row)| row).collect();
    listed.push(summary(titled("Total Equity", sums)));
    section("Equity", listed)
}
