//! The bank summary: what came into each bank account and went out of it.

use chrono::Days;
use serde_json::{Value, json};

use super::{Books, amount, date, enveloped, header, long, month_end, month_start, row, section, summary, today};
use crate::xero::api::{Answer, Call, Failure};

pub fn report(call: &Call) -> Result<Answer, Failure> {
    let to = date(call, "toDate")?.unwrap_or_else(|| month_end(today(call)));
    let from = date(call, "fromDate")?.unwrap_or_else(|| month_start(to));
    if from > to {
        return Err(Failure::query("fromDate is after toDate"));
    }
    let books = Books::open(call)?;
    let (before, span) = call.shared.store.with(|connection| {
        Ok::<_, rusqlite::Error>((books.sums(connection, None, from - Days::new(1))?, books.sums(connection, Some(from), to)?))
    })?;
    let titles = ["Bank Accounts", "Opening Balance", "Cash Received", "Cash Spent", "Closing Balance"];
    let mut listed = Vec::new();
    let mut sums = [0; 4];
    for account in books.chart.accounts.iter().filter(|account| account.is_bank() && account.status != "DELETED") {
        let opening = before.get(&account.id).map_or(0, |sum| sum.net());
        let moved = span.get(&account.id).copied().unwrap_or_default();
        let amounts = [opening, moved.debit, moved.credit, opening + moved.net()];
        for (sum, amount) in sums.iter_mut().zip(amounts) {
            *sum += amount;
        }
        let known = |id: &str| json!([{"Value": account.id, "Id": id}]);
        let cells: Value = json!([
            {"Value": account.name, "Attributes": known("accountID")},
            {"Value": amount(amounts[0])},
            {"Value": amount(amounts[1]), "Attributes": known("account")},
            {"Value": amount(amounts[2]), "Attributes": known("account")},
            {"Value": amount(amounts[3])},
        ]);
        listed.push(row(cells));
    }
    listed.push(summary(std::iter::once("Total".to_owned()).chain(sums.map(amount))));
    let rows = vec![header(titles.map(str::to_owned)), section("", listed)];
    let titles = [books.chart.organisation.clone(), format!("From {} to {}", long(from), long(to))];
    Ok(enveloped(call, "Bank Summary", "BankSummary", &titles, rows))
}
