//! Bank accounts: the accounts of type bank and credit_card, seen from `/bankaccounts`; and what any account holds.

use rusqlite::types::Value as Sql;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::call::{Call, Query};
use super::module::Module::{self, *};
use super::records::{self, Desk, Record, decimal, number};
use super::shape::{self, Kind::*};
use super::{actions, amounts, ledger, settings};

/// The types of account that `/bankaccounts` shows and makes.
const TYPES: &[&str] = &["bank", "credit_card"];

const BANK_ACCOUNT: &[(&str, shape::Kind)] = &[
    ("account_number", Guess(100)),
    ("bank_name", Guess(100)),
    ("routing_number", Guess(50)),
    ("is_primary_account", Flag),
    ("is_paypal_account", Flag),
    ("paypal_type", Choice(&["standard", "adaptive"])),
    ("paypal_email_address", Guess(100)),
];

/// Everything below `/bankaccounts`.
pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET", []) => page(desk, &call.query),
        ("GET", [id]) => Ok(Answer::found("bankaccount", &show(desk, &need(desk, id)?)?.to_string())),
        ("POST", []) => written(desk, None, &call.json()?),
        ("PUT", [id]) => written(desk, Some(need(desk, id)?), &call.json()?),
        ("DELETE", [id]) => {
            actions::delete(desk, Accounts, need(desk, id)?.id)?;
            Ok(Answer::done("The bank account has been deleted."))
        }
        ("POST", [id, word @ ("active" | "inactive")]) => {
            actions::activate(desk, Accounts, need(desk, id)?.id, *word == "active")
        }
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}

fn need(desk: &Desk, id: &str) -> Result<Record, Refusal> {
    let id = id.parse().map_err(|_| Refusal::new(5, "Invalid URL Passed").at(404))?;
    let record = records::read(desk, Accounts, id)?.filter(|record| TYPES.contains(&record.kind.as_str()));
    record.ok_or_else(|| Refusal::absent("Bank account"))
}

fn written(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    let kind = shape::text(body, "account_type").ok_or_else(|| Refusal::missing("account_type"))?;
    if !TYPES.contains(&kind) {
        return Err(Refusal::invalid("account_type"));
    }
    let mut body = body.clone();
    if let Some(code) = shape::text(&body, "currency_code").filter(|_| !body.contains_key("currency_id")) {
        let (currency, _) = records::named(desk, Currencies, code, 0)?.pop().ok_or_else(|| Refusal::unknown("Currency"))?;
        body.insert("currency_id".to_owned(), currency.to_string().into());
    }
    let mut record = settings::write_account(desk, was, &body)?;
    shape::take(desk, &body, BANK_ACCOUNT, &mut record.detail)?;
    records::save(desk, Accounts, &mut record, false)?;
    let (status, done) = if new { (201, "created") } else { (200, "updated") };
    let shown = show(desk, &record)?.to_string();
    Ok(Answer::with(status, &format!("The bank account has been {done}."), "bankaccount", &shown))
}

/// An account as `/bankaccounts` shows it.
fn show(desk: &Desk, record: &Record) -> Result<Value, Refusal> {
    let mut shown = record.detail.clone();
    let balance = ledger::balance(desk, record.id)?;
    let foreign = in_own_currency(desk, record.id)?;
    shown.insert("account_id".to_owned(), record.id.to_string().into());
    shown.insert("is_active".to_owned(), (record.status == "active").into());
    shown.insert("balance".to_owned(), number(amounts::round(foreign, 2)));
    shown.insert("bank_balance".to_owned(), number(amounts::round(Decimal::ZERO, 2)));
    shown.insert("bcy_balance".to_owned(), number(amounts::round(balance, 2)));
    shown.insert("uncategorized_transactions".to_owned(), 0.into());
    Ok(Value::Object(shown))
}

/// A chart of accounts is short, so its list is read as a whole and cut into pages by the store.
fn page(desk: &Desk, query: &Query) -> Result<Answer, Refusal> {
    let figure = |name: &str, default: i64| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default).max(1);
    let (page, per_page) = (figure("page", 1), figure("per_page", 200).min(200));
    let status = match query.get("filter_by") {
        Some("Status.Active") => "active",
        Some("Status.Inactive") => "inactive",
        _ => "%",
    };
    let mut statement = desk.connection.prepare_cached(
        "SELECT id FROM zoho_record WHERE org = ?1 AND module = ?2 AND kind IN ('bank', 'credit_card') AND status LIKE ?3 ORDER BY name_key, id LIMIT ?4 OFFSET ?5",
    )?;
    let ids: Vec<i64> = statement
        .query_map((desk.org.id, Accounts as i64, status, per_page + 1, (page - 1).saturating_mul(per_page)), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    let more = ids.len() as i64 > per_page;
    let rows = ids
        .into_iter()
        .take(per_page as usize)
        .map(|id| show(desk, &records::need(desk, Accounts, id)?))
        .collect::<Result<Vec<_>, _>>()?;
    let context = json!({"page": page, "per_page": per_page, "has_more_page": more});
    Ok(Answer {
        status: 200,
        body: json!({"code": 0, "message": "success", "bankaccounts": rows, "page_context": context}).to_string(),
    })
}

fn in_own_currency(desk: &Desk, account: i64) -> Result<Decimal, Refusal> {
    let account = records::brief(desk, Accounts, account)?;
    let sum: i64 = desk
        .connection
        .prepare_cached(
            "SELECT coalesce(sum(CASE WHEN currency = ?2 THEN fcy_e6 WHEN ?2 = ?3 THEN amount_e6 ELSE 0 END), 0) FROM zoho_entry WHERE account = ?1",
        )?
        .query_row((account.id, account.currency.unwrap_or(desk.org.currency_id), desk.org.currency_id), |row| row.get(0))?;
    let balance = decimal(sum);
    Ok(if ledger::grows_by_debits(&account.kind) { balance } else { -balance })
}

/// What an account holds in the base currency, positive on the side it grows on.
pub fn current_balance(desk: &Desk, account: i64) -> Result<Decimal, Refusal> {
    let kind = records::brief(desk, Accounts, account)?.kind;
    let balance = amounts::round(ledger::balance(desk, account)?, 2);
    Ok(if ledger::grows_by_debits(&kind) || balance.is_zero() { balance } else { -balance })
}

/// `GET /chartofaccounts/accounttransactions?account_id=`: the newest entries of one account first.
pub fn transactions(desk: &Desk, query: &Query) -> Result<Answer, Refusal> {
    let id = query.get("account_id").ok_or_else(|| Refusal::missing("account_id"))?;
    let id: i64 = id.parse().map_err(|_| Refusal::invalid("account_id"))?;
    let account = records::need(desk, Accounts, id)?;
    let figure = |name: &str, default: i64| query.get(name).and_then(|text| text.parse().ok()).unwrap_or(default).max(1);
    let (page, per_page) = (figure("page", 1), figure("per_page", 200).min(200));
    let mut sql = "SELECT e.record, e.date, e.amount_e6, r.module, r.name, e.currency, e.fcy_e6 FROM zoho_entry e JOIN zoho_record r ON r.id = e.record WHERE e.account = ?".to_owned();
    let mut values = vec![Sql::Integer(account.id)];
    for (name, test) in [("date", "="), ("date_start", ">="), ("date_end", "<="), ("date.start", ">="), ("date.end", "<=")] {
        if let Some(day) = query.get(name) {
            sql.push_str(&format!(" AND e.date {test} ?"));
            values.push(Sql::Text(day.to_owned()));
        }
    }
    sql.push_str(" ORDER BY e.date DESC, e.record DESC, e.line LIMIT ? OFFSET ?");
    values.extend([Sql::Integer(per_page + 1), Sql::Integer((page - 1).saturating_mul(per_page))]);
    let mut statement = desk.connection.prepare_cached(&sql)?;
    let mut found = statement.query(rusqlite::params_from_iter(values))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let (record, date, amount, module): (i64, String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let name: String = row.get(4)?;
        let amount = decimal(amount);
        let entity = Module::numbered(module).map_or("", Module::entity);
        let (debit, credit) = if amount < Decimal::ZERO { (Decimal::ZERO, -amount) } else { (amount, Decimal::ZERO) };
        rows.push(json!({
            "transaction_id": record.to_string(), "categorized_transaction_id": record.to_string(), "transaction_type": entity,
            "transaction_date": date, "entry_number": name, "account_id": id.to_string(), "account_name": account.name,
            "debit_or_credit": if amount < Decimal::ZERO { "credit" } else { "debit" },
            "debit_amount": number(amounts::round(debit, 2)), "credit_amount": number(amounts::round(credit, 2)),
            "currency_id": row.get::<_, i64>(5)?.to_string(), "fcy_amount": number(amounts::round(decimal(row.get(6)?).abs(), 2)),
        }));
    }
    let more = rows.len() as i64 > per_page;
    rows.truncate(per_page as usize);
    let context = json!({"page": page, "per_page": per_page, "has_more_page": more});
    Ok(Answer {
        status: 200,
        body: json!({"code": 0, "message": "success", "transactions": rows, "page_context": context}).to_string(),
    })
}
