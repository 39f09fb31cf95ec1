//! Xero's trial balance: a tree of rows in which every value is a text, and accounts are named by attributes.

use chrono::{Datelike, Days, NaiveDate};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::records::PLAIN;
use super::{Client, Odd, Organisation, Resource, read_records, wire};
use crate::balance::Balance;
use crate::side::{Remaining, Trouble};

const TRIAL_BALANCE: Resource = Resource { path: "Reports/TrialBalance", many: "Reports", id: "ReportID", ..PLAIN };

/// Where Xero's accounts stand at the end of a day. Income and expenses count from the beginning of the financial year; what was
/// earned before is in the retained earnings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrialBalance {
    /// The day as the report names it: without one asked for, the organisation's own today.
    pub day: Option<NaiveDate>,
    pub balances: Vec<Balance>,
    pub remaining: Remaining,
}

impl Client {
    /// The trial balance of a day, or of today as the organisation's clock has it.
    pub async fn trial_balance(&self, day: Option<NaiveDate>) -> Result<TrialBalance, Trouble> {
        let mut url = self.resource_url(&TRIAL_BALANCE, None);
        if let Some(day) = day {
            url.query_pairs_mut().append_pair("date", &day.to_string());
        }
        let page = self.page(&TRIAL_BALANCE, url, None).await?;
        let report = match read_records::<Report>(&TRIAL_BALANCE, &page.body)?.into_iter().next() {
            Some(Ok(report)) => report,
            Some(Err(Odd { why, .. })) => return Err(Trouble::Unreachable(format!("the trial balance cannot be read: {why}"))),
            None => return Err(Trouble::Unreachable("the answer has no trial balance".to_owned())),
        };
        Ok(TrialBalance { remaining: page.remaining, ..report.read()? })
    }
}

impl Organisation {
    /// The first day of the financial year that a day is in. Without a year's end in the answer it is the calendar's.
    pub fn year_start(&self, day: NaiveDate) -> NaiveDate {
        let number = |text: &str, most: u32| text.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
        let (month, last) =
            (number(&self.financial_year_end_month, 12).unwrap_or(12), number(&self.financial_year_end_day, 31).unwrap_or(31));
        // The 29th of February is the 28th in most years.
        let end = |year| (0..4).find_map(|less| NaiveDate::from_ymd_opt(year, month, last.saturating_sub(less)));
        let before = [day.year(), day.year() - 1, day.year() - 2].into_iter().filter_map(end).find(|end| *end < day);
        before.and_then(|end| end.checked_add_days(Days::new(1))).unwrap_or(day)
    }

    /// The last day of the financial year that a day is in.
    pub fn year_end(&self, day: NaiveDate) -> NaiveDate {
        // No year is longer, and none is shorter than half of one.
        let within_the_next = self.year_start(day).checked_add_days(Days::new(380)).unwrap_or(day);
        self.year_start(within_the_next).checked_sub_days(Days::new(1)).unwrap_or(day)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    #[serde(default, deserialize_with = "wire::list")]
    report_titles: Vec<String>,
    #[serde(default, deserialize_with = "wire::list")]
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    row_type: String,
    #[serde(default, deserialize_with = "wire::text")]
    title: String,
    #[serde(default, deserialize_with = "wire::list")]
    cells: Vec<Cell>,
    #[serde(default, deserialize_with = "wire::list")]
    rows: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Cell {
    #[serde(default, deserialize_with = "wire::text")]
    value: String,
    #[serde(default, deserialize_with = "wire::list")]
    attributes: Vec<Attribute>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    #[serde(default, deserialize_with = "wire::text")]
    id: String,
    #[serde(default, deserialize_with = "wire::text")]
    value: String,
}

impl Report {
    fn read(&self) -> Result<TrialBalance, Trouble> {
        let columns = self.rows.iter().find(|row| row.row_type == "Header").map(|row| &row.cells);
        let column = |name: &str, usual| {
            let found = columns.and_then(|cells| cells.iter().position(|cell| cell.value.eq_ignore_ascii_case(name)));
            found.unwrap_or(usual)
        };
        let places = (column("YTD Debit", 3), column("YTD Credit", 4));
        let mut balances = Vec::new();
        for section in &self.rows {
            let is_of_result = matches!(section.title.as_str(), "Revenue" | "Expenses");
            for row in section.rows.iter().filter(|row| row.row_type == "Row") {
                let Some(account) = row.account() else { continue };
                let amount = row.amount(places.0)? - row.amount(places.1)?;
                let name = row.cells.first().map(|cell| cell.value.clone()).unwrap_or_default();
                balances.push(Balance { account: account.to_owned(), name, amount, is_of_result });
            }
        }
        Ok(TrialBalance { day: self.day(), balances, remaining: Remaining::default() })
    }

    /// "As at 26 November 2026".
    fn day(&self) -> Option<NaiveDate> {
        let said = self.report_titles.iter().find_map(|title| title.strip_prefix("As at "))?;
        ["%d %B %Y", "%B %d, %Y"].iter().find_map(|format| NaiveDate::parse_from_str(said.trim(), format).ok())
    }
}

impl Row {
    fn account(&self) -> Option<&str> {
        let attributes = self.cells.iter().flat_map(|cell| &cell.attributes);
        attributes.into_iter().find(|one| one.id == "account" && !one.value.is_empty()).map(|one| one.value.as_str())
    }

    fn amount(&self, place: usize) -> Result<Decimal, Trouble> {
        let text = self.cells.get(place).map_or("", |cell| cell.value.trim());
        if text.is_empty() {
            return Ok(Decimal::ZERO);
        }
        let plain: String = text.chars().filter(|char| *char != ',').collect();
        wire::decimal(&plain).ok_or_else(|| Trouble::Unreachable("an amount of the trial balance cannot be read".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Http;
    use crate::http::stub::Stub;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    async fn asked(body: &str, day: Option<NaiveDate>) -> (Result<TrialBalance, Trouble>, String) {
        let headers = "content-type: application/json\r\nx-minlimit-remaining: 58\r\n";
        let stub = Stub::answering(vec![(200, headers, body.to_owned())]).await;
        let client = Client::new(&Http::new(), &stub.url, "tenant-1", "secret-token".to_owned().into());
        let got = client.trial_balance(day).await;
        (got, stub.requests().remove(0))
    }

    fn row(name: &str, id: &str, values: [&str; 4]) -> String {
        let attributes = format!(r#"[{{"Id":"account","Value":"{id}"}}]"#);
        let cells: Vec<String> = std::iter::once(name)
            .chain(values)
            .map(|value| format!(r#"{{"Value":"{value}","Attributes":{attributes}}}"#))
            .collect();
        format!(r#"{{"RowType":"Row","Cells":[{}]}}"#, cells.join(","))
    }

    fn report(rows: &str) -> String {
        format!(
            r#"{{"Reports":[{{"ReportID":"TrialBalance","ReportTitles":["Trial Balance","Demo","As at 3 April 2019"],"Rows":[
            {{"RowType":"Header","Cells":[{{"Value":"Account"}},{{"Value":"Debit"}},{{"Value":"Credit"}},{{"Value":"YTD Debit"}},{{"Value":"YTD Credit"}}]}},
            {rows},
            {{"RowType":"Section","Title":"","Rows":[{{"RowType":"SummaryRow","Cells":[{{"Value":"Total"}},{{"Value":"1"}}]}}]}}]}}]}}"#
        )
    }

    #[tokio::test]
    async fn accounts_are_read_with_where_they_stand_this_year() {
        let rows = format!(
            r#"{{"RowType":"Section","Title":"Revenue","Rows":[{}]}},{{"RowType":"Section","Title":"Assets","Rows":[{},{}]}}"#,
            row("Sales (200)", "a-1", ["", "12.00", "", "1,234.50"]),
            row("Bank", "a-2", ["-3.00", "", "-4.25", ""]),
            row("No account", "", ["", "", "9", ""]),
        );
        let (got, request) = asked(&report(&rows), Some(day("2019-04-03"))).await;
        let got = got.unwrap();
        assert!(request.starts_with("GET /api.xro/2.0/Reports/TrialBalance?date=2019-04-03 HTTP/1.1"), "{request}");
        assert_eq!((got.day, got.remaining.minute), (Some(day("2019-04-03")), Some(58)));
        let told: Vec<_> =
            got.balances.iter().map(|one| (one.account.as_str(), one.amount.to_string(), one.is_of_result)).collect();
        assert_eq!(told, [("a-1", "-1234.50".to_owned(), true), ("a-2", "-4.25".to_owned(), false)]);
    }

    #[tokio::test]
    async fn without_a_day_the_report_says_which_one_it_is() {
        let (got, request) = asked(&report(r#"{"RowType":"Section","Title":"Revenue","Rows":null}"#), None).await;
        assert!(request.starts_with("GET /api.xro/2.0/Reports/TrialBalance HTTP/1.1"), "{request}");
        assert_eq!(got.unwrap().day, Some(day("2019-04-03")));
    }

    #[tokio::test]
    async fn what_is_no_trial_balance_is_trouble_and_not_a_company_without_accounts() {
        let odd =
            report(&format!(r#"{{"RowType":"Section","Title":"Revenue","Rows":[{}]}}"#, row("Sales", "a", ["", "", "x", ""])));
        for body in [r#"{"Reports":[]}"#, r#"{"Reports":[{"Rows":[{"Cells":[]}]}]}"#, odd.as_str()] {
            assert!(matches!(asked(body, None).await.0, Err(Trouble::Unreachable(_))), "{body}");
        }
    }

    #[test]
    fn a_financial_year_begins_the_day_after_the_last_one_ended() {
        let of = |month: &str, last: &str| Organisation {
            financial_year_end_month: month.into(),
            financial_year_end_day: last.into(),
            ..Organisation::default()
        };
        for (organisation, of_day, start) in [
            (of("3", "31"), "2026-03-31", "2025-04-01"),
            (of("3", "31"), "2026-04-01", "2026-04-01"),
            (of("2", "29"), "2027-03-01", "2027-03-01"),
            (of("2", "29"), "2027-02-28", "2026-03-01"),
            (of("", ""), "2026-06-30", "2026-01-01"),
            (of("13", "0"), "2026-06-30", "2026-01-01"),
        ] {
            assert_eq!(organisation.year_start(day(of_day)), day(start), "{of_day}");
        }
    }
}
