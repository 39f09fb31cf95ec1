//! `/expenses`: what a user has spent. A list shows this month unless it is told otherwise.

use chrono::{Datelike, Months, NaiveDate};
use rusqlite::types::Value as Sql;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::categories;
use crate::zoho::answer::{Answer, Refusal};
use crate::zoho::cards::{self, Card, Kind};
use crate::zoho::module::Module;
use crate::zoho::paging::Paging;
use crate::zoho::products::{Counter, nowhere};
use crate::zoho::records::{self, Desk, number};
use crate::zoho::shape::{self, Kind::*};
use crate::zoho::{amounts, ledger, payments, time};

/// Filed under its date, which is what lists go by.
pub const EXPENSE: Kind = Kind { key: "expense", list_key: "expenses", id_key: "expense_id", noun: "Expense" };

const SHAPE: &[(&str, shape::Kind)] = &[
    ("date", Date),
    ("merchant_name", Guess(100)),
    ("reference_number", Guess(100)),
    ("description", Guess(500)),
    ("is_reimbursable", Flag),
    ("is_inclusive_tax", Flag),
    ("exchange_rate", Number),
    ("amount", Number),
];

/// The filter that nobody asked for.
const DEFAULT_FILTER: &str = "ExpenseDate.ThisMonth";

pub fn answer(counter: &Counter, rest: &[&str]) -> Result<Answer, Refusal> {
    let desk = &counter.desk();
    match (counter.call.method.as_str(), rest) {
        ("GET", []) => list(counter, desk),
        ("GET", [id]) => Ok(Answer::found("expense", &cards::need(desk, &EXPENSE, id)?.json())),
        ("POST", []) => write(desk, None, &counter.call.json()?),
        ("PUT", [id]) => write(desk, Some(changeable(desk, id)?), &counter.call.json()?),
        ("DELETE", [id]) => {
            let expense = changeable(desk, id)?;
            cards::remove(desk, &expense)?;
            Ok(cards::deleted(&EXPENSE))
        }
        _ => Err(nowhere()),
    }
}

fn changeable(desk: &Desk, id: &str) -> Result<Card, Refusal> {
    let expense = cards::need(desk, &EXPENSE, id)?;
    match expense.text("status") {
        "unreported" | "draft" => Ok(expense),
        status => Err(Refusal::new(4, format!("An expense that is {status} cannot be changed."))),
    }
}

fn write(desk: &Desk, was: Option<Card>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    let mut expense = match was {
        Some(expense) => expense,
        None => Card::new(desk)?,
    };
    shape::take(desk, body, SHAPE, &mut expense.detail)?;
    let day = shape::text(&expense.detail, "date").ok_or_else(|| Refusal::missing("date"))?.to_owned();
    let amount = shape::amount(&expense.detail, "amount")?.ok_or_else(|| Refusal::missing("amount"))?;
    if amount <= Decimal::ZERO {
        return Err(Refusal::invalid("amount"));
    }
    let asked = shape::text(body, "category_id").map(str::to_owned);
    let category = asked.or_else(|| shape::text(&expense.detail, "category_id").map(str::to_owned));
    let category = categories::named(desk, &category.ok_or_else(|| Refusal::missing("category_id"))?)?;
    let category = category.ok_or_else(|| Refusal::unknown("Category"))?;
    let currency = shape::id(body, "currency_id")?.or(shape::id(&expense.detail, "currency_id")?).unwrap_or(desk.org.currency_id);
    let currency = records::brief(desk, Module::Currencies, currency)?;
    let base = currency.id == desk.org.currency_id;
    let rate = match shape::amount(&expense.detail, "exchange_rate")? {
        _ if base => Decimal::ONE,
        Some(rate) if rate > Decimal::ZERO => rate,
        Some(_) => return Err(Refusal::invalid("exchange_rate")),
        None => return Err(Refusal::missing("exchange_rate")),
    };
    if let Some(account) = shape::id(body, "paid_through_account_id")? {
        let account = payments::money_account(desk, "paid_through_account_id", account, payments::PAID_FROM)?;
        expense.set("paid_through_account_id", account.id.to_string());
        expense.set("paid_through_account_name", account.name);
    }
    let decimals = currency.figure.trunc().to_string().parse().unwrap_or(2);
    let total = amounts::round(amount, decimals);
    expense.set("category_id", category["category_id"].clone());
    expense.set("category_name", category["category_name"].clone());
    expense.set("currency_id", currency.id.to_string());
    expense.set("currency_code", currency.name);
    expense.set("exchange_rate", number(rate));
    expense.set("amount", number(total));
    expense.set("total", number(total));
    expense.set("bcy_total", number(ledger::to_base(total, rate, ledger::base_decimals(desk))));
    if new {
        expense.set("status", "unreported");
        expense.detail.entry("is_reimbursable").or_insert(true.into());
    }
    expense.name = day;
    cards::save(desk, &EXPENSE, &mut expense)?;
    Ok(cards::written(&EXPENSE, &expense, if new { 201 } else { 200 }))
}

fn list(counter: &Counter, desk: &Desk) -> Result<Answer, Refusal> {
    let query = &counter.call.query;
    let paging = Paging::asked(query)?;
    let today = time::today(desk.now, &desk.org.time_zone);
    let (applied, from, until) = match query.get("filter_by").and_then(|by| Some((by, span(by, today)?))) {
        Some((by, (from, until))) => (by, from, until),
        // A filter it does not know is ignored, and then it is this month again.
        None => span(DEFAULT_FILTER, today).map_or((DEFAULT_FILTER, None, None), |(from, until)| (DEFAULT_FILTER, from, until)),
    };
    let mut statement = desk.connection.prepare_cached(
        "SELECT detail FROM zoho_card WHERE org = ?1 AND kind = ?2 AND (?3 IS NULL OR name_key >= ?3) AND (?4 IS NULL OR name_key <= ?4)
         ORDER BY name_key DESC, id DESC LIMIT ?5 OFFSET ?6",
    )?;
    let day = |day: Option<NaiveDate>| day.map_or(Sql::Null, |day| Sql::Text(day.to_string()));
    let rows = statement.query_map(
        rusqlite::params![desk.org.id, EXPENSE.key, day(from), day(until), paging.limit(), paging.offset()],
        |row| Ok(serde_json::from_str(&row.get::<_, String>(0)?).unwrap_or(Value::Null)),
    )?;
    let mut answer = paging.answer("expenses", rows.collect::<Result<_, _>>()?);
    let mut body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    body["page_context"]["applied_filter"] = json!(applied);
    body["page_context"]["sort_column"] = json!("date");
    body["page_context"]["sort_order"] = json!("D");
    answer.body = body.to_string();
    Ok(answer)
}

/// First and last day of a filter.
type Span = (Option<NaiveDate>, Option<NaiveDate>);

fn span(filter: &str, today: NaiveDate) -> Option<Span> {
    let month = |day: NaiveDate| {
        let first = day.with_day(1)?;
        Some((Some(first), Some(first.checked_add_months(Months::new(1))?.pred_opt()?)))
    };
    let year = |year| Some((Some(NaiveDate::from_ymd_opt(year, 1, 1)?), Some(NaiveDate::from_ymd_opt(year, 12, 31)?)));
    match filter {
        "ExpenseDate.All" | "Status.All" => Some((None, None)),
        "ExpenseDate.Today" => Some((Some(today), Some(today))),
        "ExpenseDate.ThisMonth" => month(today),
        "ExpenseDate.PreviousMonth" => month(today.checked_sub_months(Months::new(1))?),
        "ExpenseDate.ThisYear" => year(today.year()),
        "ExpenseDate.PreviousYear" => year(today.year() - 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_span_whole_months_and_years() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let today = day("2024-03-31").unwrap();
        assert_eq!(span("ExpenseDate.PreviousMonth", today), Some((day("2024-02-01"), day("2024-02-29"))));
        assert_eq!(span("ExpenseDate.ThisMonth", day("2024-12-05").unwrap()), Some((day("2024-12-01"), day("2024-12-31"))));
        assert_eq!(span("ExpenseDate.PreviousYear", today), Some((day("2023-01-01"), day("2023-12-31"))));
        assert_eq!(span("ExpenseDate.All", today), Some((None, None)));
        assert_eq!(span("Category.Fun", today), None);
    }
}
