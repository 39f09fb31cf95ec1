//! The trial balance: what every account moved in the month of a day, and where it stands. What was earned in earlier years has gone
//! to the retained earnings.

use chrono::Days;
use serde_json::{Value, json};

use super::{
    Books, american, amount, date, earned, enveloped, header, is_earned, long, month_start, row, section, summary, today,
};
use crate::xero::api::{Answer, Call, Failure};

/// Titles and the classes of accounts that are under them.
const SECTIONS: [(&str, &str); 5] =
    [("Revenue", "REVENUE"), ("Expenses", "EXPENSE"), ("Assets", "ASSET"), ("Liabilities", "LIABILITY"), ("Equity", "EQUITY")];

pub fn report(call: &Call) -> Result<Answer, Failure> {
    let day = date(call, "date")?.unwrap_or_else(|| today(call));
    let books = Books::open(call)?;
    let year = books.year_start(day);
    let eve = year - Days::new(1);
    let (month, all, this_year, before) = call.shared.store.with(|connection| {
        Ok::<_, rusqlite::Error>((
            books.sums(connection, Some(month_start(day)), day)?,
            books.sums(connection, None, day)?,
            books.sums(connection, Some(year), day)?,
            books.sums(connection, None, eve)?,
        ))
    })?;
    let retained = books.chart.system("RETAINEDEARNINGS");
    let brought_forward = earned(&books.chart, &before);
    let mut accounts = books.accounts([&all].into_iter());
    if brought_forward != 0
        && !accounts.iter().any(|account| account.id == retained)
        && let Some(account) = books.chart.by_id(retained)
    {
        accounts.push(account.clone());
    }
    let mut rows = vec![header(["Account", "Debit", "Credit", "YTD Debit", "YTD Credit"].map(str::to_owned))];
    let mut sums = [0_i64; 4];
    for (title, class) in SECTIONS {
        let mut listed = Vec::new();
        for account in accounts.iter().filter(|account| account.class == class) {
            let net = |sums: &std::collections::HashMap<_, super::Sum>| sums.get(&account.id).map_or(0, |sum| sum.net());
            let mut stands = if is_earned(account) { net(&this_year) } else { net(&all) };
            if account.id == retained {
                stands += brought_forward;
            }
            let moved = net(&month);
            if moved == 0 && stands == 0 {
                continue;
            }
            let credit = matches!(class, "REVENUE" | "LIABILITY" | "EQUITY");
            let amounts: Vec<Option<i64>> = [moved, stands].into_iter().flat_map(|net| sides(net, credit)).collect();
            for (sum, amount) in sums.iter_mut().zip(&amounts) {
                *sum += amount.unwrap_or(0);
            }
            let attributes = if account.id == retained {
                json!([{"Value": account.id, "Id": "account"}, {"Value": "", "Id": "fromDate"}, {"Value": american(eve), "Id": "toDate"}])
            } else {
                json!([{"Value": account.id, "Id": "account"}])
            };
            let name =
                if account.code.is_empty() { account.name.clone() } else { format!("{} ({})", account.name, account.code) };
            let texts = std::iter::once(name).chain(amounts.into_iter().map(|cents| cents.map(amount).unwrap_or_default()));
            listed.push(row(texts.map(|text| json!({"Value": text, "Attributes": attributes})).collect::<Value>()));
        }
        if !listed.is_empty() {
            rows.push(section(title, listed));
        }
    }
    rows.push(section("", vec![summary(std::iter::once("Total".to_owned()).chain(sums.map(amount)))]));
    let titles = [books.chart.organisation.clone(), format!("As at {}", long(day))];
    Ok(enveloped(call, "Trial Balance", "TrialBalance", &titles, rows))
}

/// Debit and credit of a balance; nothing at all is written on the side where such accounts stand.
fn sides(net: i64, credit: bool) -> [Option<i64>; 2] {
    if net > 0 || (net == 0 && !credit) { [Some(net), None] } else { [None, Some(-net)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_is_on_one_side_only() {
        assert_eq!(sides(5, true), [Some(5), None]);
        assert_eq!(sides(-5, false), [None, Some(5)]);
        assert_eq!(sides(0, false), [Some(0), None]);
        assert_eq!(sides(0, true), [None, Some(0)]);
    }
}
