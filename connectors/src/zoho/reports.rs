//! Where Zoho's accounts stand: its report, which answers but is not in Zoho's documents, or else the chart of accounts.

use chrono::{Days, NaiveDate};
use reqwest::Method;
use rust_decimal::Decimal;
use serde_json::Value;

use super::Client;
use super::account_types::class_of;
use super::wire::amount;
use crate::balance::{Balance, Class};
use crate::side::Trouble;

/// Before anything was ever booked. A report that counts only what moved within its period then counts everything.
const EVER: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day");

impl Client {
    /// What the accounts hold at the end of a day, counted from the beginning. `None` where this organisation has no such report.
    pub async fn trial_balance(&self, day: NaiveDate) -> Result<Option<Vec<Balance>>, Trouble> {
        let (from, to) = (EVER.to_string(), day.to_string());
        let url = self.url("reports/trialbalance", &[], &[("from_date", &from), ("to_date", &to)]);
        match self.send(Method::GET, url).await {
            Ok(answer) => Ok(read(&answer["trialbalance"])),
            // Nobody promises that it is there. A token that is really over is refused by the next call too.
            Err(Trouble::Refused(_) | Trouble::Unauthorised | Trouble::Forbidden(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// One page of the chart of accounts with what each account holds now, and whether another follows.
    pub async fn chart_balances(&self, page: u32) -> Result<(Vec<Balance>, bool), Trouble> {
        let url = self.url("chartofaccounts", &[], &[("filter_by", "AccountType.All"), ("showbalance", "true")]);
        let listed = self.rows(url, page, &[], &["chartofaccounts"]).await?;
        Ok((listed.rows.iter().filter_map(of_chart).collect(), listed.more))
    }
}

/// Income and expenses of the year that begins on `year_start`: what the accounts held before is taken off, and is in the retained
/// earnings, which is how both sides show a year.
pub fn within_year(until_now: Vec<Balance>, until_the_eve: &[Balance], retained: &str) -> Vec<Balance> {
    let mut balances = until_now;
    let mut earned = Decimal::ZERO;
    for before in until_the_eve.iter().filter(|one| one.is_of_result) {
        earned += before.amount;
        match balances.iter_mut().find(|one| one.account == before.account) {
            Some(one) => one.amount -= before.amount,
            None => balances.push(Balance { amount: -before.amount, ..before.clone() }),
        }
    }
    match balances.iter_mut().find(|one| one.account == retained) {
        Some(one) => one.amount += earned,
        None => {
            let name = "Retained Earnings".to_owned();
            balances.push(Balance { account: retained.to_owned(), name, amount: earned, is_of_result: false });
        }
    }
    balances.retain(|one| !one.amount.is_zero());
    balances
}

/// The day before.
pub fn eve(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(day)
}

/// Groups within groups; what has an account's id is a line.
fn read(report: &Value) -> Option<Vec<Balance>> {
    let mut balances = Vec::new();
    gather(report, false, &mut balances);
    report.is_array().then_some(balances)
}

fn gather(nodes: &Value, is_of_result: bool, into: &mut Vec<Balance>) {
    for node in nodes.as_array().into_iter().flatten() {
        let is_of_result = match node["account_type"].as_str().map(str::to_ascii_lowercase) {
            Some(kind) => class_of(&kind).is_some_and(Class::is_of_result),
            None => is_of_result,
        };
        let account = match &node["account_id"] {
            Value::String(id) => id.clone(),
            Value::Number(id) => id.to_string(),
            _ => String::new(),
        };
        if !account.is_empty() {
            let name = node["name"].as_str().unwrap_or_default().to_owned();
            let figure = |name: &str| amount(&node[name]).unwrap_or_default();
            into.push(Balance { account, name, amount: figure("net_debit_total") - figure("net_credit_total"), is_of_result });
        }
        gather(&node["account_transactions"], is_of_result, into);
    }
}

/// An account's balance is positive on the side on which its kind grows.
fn of_chart(row: &Value) -> Option<Balance> {
    let class = class_of(row["account_type"].as_str().unwrap_or_default());
    let holds = amount(&row["current_balance"])?;
    Some(Balance {
        account: row["account_id"].as_str()?.to_owned(),
        name: row["account_name"].as_str().unwrap_or_default().to_owned(),
        amount: if class.is_some_and(Class::grows_by_debits) { holds } else { -holds },
        is_of_result: class.is_some_and(Class::is_of_result),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;

    async fn asked<T>(answers: Vec<(u16, Value)>, ask: impl AsyncFn(Client) -> T) -> (T, Vec<String>) {
        let answers =
            answers.into_iter().map(|(status, body)| (status, "content-type: application/json\r\n", body.to_string())).collect();
        let stub = Stub::answering(answers).await;
        let client = Client::new(&Http::new(), &stub.url, &crate::zoho::BOOKS, "10234695", "secret-token".to_owned().into());
        let got = ask(client).await;
        (got, stub.requests())
    }

    fn told(balances: &[Balance]) -> Vec<(&str, String, bool)> {
        balances.iter().map(|one| (one.account.as_str(), one.amount.normalize().to_string(), one.is_of_result)).collect()
    }

    #[tokio::test]
    async fn the_report_is_read_from_its_groups() {
        let row = |id: &str, debit: &str, credit: &str| json!({"name": id, "account_id": id, "net_debit_total": debit, "net_credit_total": credit});
        let report = json!({"code": 0, "trialbalance": [{"name": "Total", "account_transactions": [
            {"account_type": "asset", "account_transactions": [row("1", "12.50", "0")]},
            {"account_type": "income", "account_transactions": [row("2", "", "12.5"), {"name": "sub", "account_transactions": [row("3", "1", "")]}]},
        ]}]});
        let (got, requests) =
            asked(vec![(200, report)], async |client| client.trial_balance("2026-03-31".parse().unwrap()).await).await;
        assert!(
            requests[0].starts_with(
                "GET /books/v3/reports/trialbalance?organization_id=10234695&from_date=1970-01-01&to_date=2026-03-31 "
            )
        );
        let got = got.unwrap().unwrap();
        assert_eq!(told(&got), [("1", "12.5".into(), false), ("2", "-12.5".into(), true), ("3", "1".into(), true)]);
    }

    #[tokio::test]
    async fn an_organisation_without_the_report_has_none_and_that_is_no_trouble() {
        let answers = vec![
            (404, json!({"code": 5, "message": "Invalid URL Passed"})),
            (401, json!({"code": 57, "message": "You are not authorized to perform this operation"})),
            (200, json!({"code": 0})),
            (500, json!({"code": 1000})),
        ];
        let (got, _) = asked(answers, async |client| {
            let mut got = Vec::new();
            for _ in 0..4 {
                got.push(client.trial_balance("2026-03-31".parse().unwrap()).await);
            }
            got
        })
        .await;
        assert!(got[..3].iter().all(|one| matches!(one, Ok(None))), "{got:?}");
        assert!(matches!(got[3], Err(Trouble::Unreachable(_))));
    }

    #[tokio::test]
    async fn the_chart_tells_what_each_account_holds_on_its_own_side() {
        let row = |id: &str, kind: &str, holds: Value| json!({"account_id": id, "account_name": id, "account_type": kind, "current_balance": holds});
        let page = json!({"code": 0, "page_context": {"has_more_page": true}, "chartofaccounts": [
            row("1", "bank", json!(12.5)), row("2", "income", json!("12.5")), row("3", "equity", json!(-1)), row("4", "expense", json!(null)),
        ]});
        let (got, requests) = asked(vec![(200, page)], async |client| client.chart_balances(1).await).await;
        let (balances, more) = got.unwrap();
        assert!(more && requests[0].contains("showbalance=true&page=1&per_page=200"), "{}", requests[0]);
        assert_eq!(told(&balances), [("1", "12.5".into(), false), ("2", "-12.5".into(), true), ("3", "1".into(), false)]);
    }

    #[test]
    fn earlier_years_are_in_the_retained_earnings() {
        let one = |account: &str, amount: i64, is_of_result| Balance {
            account: account.into(),
            name: account.into(),
            amount: amount.into(),
            is_of_result,
        };
        let now = vec![one("bank", 90, false), one("sales", -100, true), one("cost", 10, true)];
        let before = [one("bank", 40, false), one("sales", -50, true), one("cost", 10, true), one("gone", 7, true)];
        let year = within_year(now.clone(), &before, "earned");
        assert_eq!(
            told(&year),
            [
                ("bank", "90".into(), false),
                ("sales", "-50".into(), true),
                ("gone", "-7".into(), true),
                ("earned", "-33".into(), false)
            ]
        );
        let sum: Decimal = within_year(now, &[], "bank").iter().map(|one| one.amount).sum();
        assert!(sum.is_zero());
    }
}
