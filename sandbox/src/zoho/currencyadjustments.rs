//! Base currency adjustments: what accounts hold in a foreign currency is worth something else at a new rate.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::ledger::{self, Posting, Role};
use super::module::Module::{self, *};
use super::records::{self, Brief, Desk, Record, decimal, e6, number};
use super::settings::started;
use super::{amounts, lists, shape, time};

/// Everything below `/basecurrencyadjustment`.
pub fn answer(call: &Call, desk: &Desk, rest: &[&str]) -> Result<Answer, Refusal> {
    match (call.method.as_str(), rest) {
        ("GET", []) => lists::page(desk, BaseCurrencyAdjustments, &call.query),
        ("GET", ["accounts"]) => {
            let asked = ["currency_id", "adjustment_date", "exchange_rate"]
                .into_iter()
                .filter_map(|name| Some((name.to_owned(), call.query.get(name)?.into())))
                .collect();
            let plan = Plan::read(desk, &asked)?;
            Ok(Answer::found("data", &plan.shown(&affected(desk, &plan, None)?).to_string()))
        }
        ("GET", [id]) => lists::one(desk, BaseCurrencyAdjustments, need(desk, id)?.id),
        ("POST", []) => create(desk, &call.json()?, call.query.get("account_ids")),
        ("POST", [id, "reevaluate"]) => reevaluate(desk, need(desk, id)?),
        ("DELETE", [id]) => {
            records::remove(desk, BaseCurrencyAdjustments, &need(desk, id)?)?;
            Ok(Answer::done("The selected base currency adjustment has been deleted."))
        }
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}

fn need(desk: &Desk, id: &str) -> Result<Record, Refusal> {
    records::need(desk, BaseCurrencyAdjustments, id.parse().map_err(|_| Refusal::new(5, "Invalid URL Passed").at(404))?)
}

/// Which currency is worth what from which day.
struct Plan {
    currency: Brief,
    date: String,
    rate: Decimal,
}

impl Plan {
    fn read(desk: &Desk, body: &Map<String, Value>) -> Result<Self, Refusal> {
        let currency = shape::id(body, "currency_id")?.ok_or_else(|| Refusal::missing("currency_id"))?;
        let currency = records::brief(desk, Currencies, currency)?;
        if currency.id == desk.org.currency_id {
            return Err(Refusal::new(4, "The base currency cannot be adjusted."));
        }
        let date = shape::text(body, "adjustment_date").ok_or_else(|| Refusal::missing("adjustment_date"))?.to_owned();
        time::parse_date(&date).ok_or_else(|| Refusal::invalid("adjustment_date"))?;
        let rate = shape::amount(body, "exchange_rate")?.ok_or_else(|| Refusal::missing("exchange_rate"))?;
        if rate <= Decimal::ZERO {
            return Err(Refusal::invalid("exchange_rate"));
        }
        Ok(Self { currency, date, rate })
    }

    fn shown(&self, accounts: &[Affected]) -> Value {
        let gain: Decimal = accounts.iter().map(Affected::difference).sum();
        let accounts: Vec<_> = accounts.iter().map(Affected::shown).collect();
        json!({
            "currency_id": self.currency.id.to_string(), "currency_code": self.currency.name, "adjustment_date": self.date,
            "exchange_rate": number(self.rate), "accounts": accounts, "gain_or_loss": number(amounts::round(gain, 2)),
        })
    }
}

/// An account that holds the currency.
struct Affected {
    id: i64,
    name: String,
    foreign: Decimal,
    base: Decimal,
    adjusted: Decimal,
}

impl Affected {
    fn difference(&self) -> Decimal {
        self.adjusted - self.base
    }

    fn shown(&self) -> Value {
        json!({
            "account_id": self.id.to_string(), "account_name": self.name, "fcy_balance": number(amounts::round(self.foreign, 2)),
            "bcy_balance": number(amounts::round(self.base, 2)), "adjusted_balance": number(amounts::round(self.adjusted, 2)),
            "gain_or_loss": number(amounts::round(self.difference(), 2)),
        })
    }
}

/// Receivables and payables in the currency, and the bank accounts that are kept in it.
fn affected(desk: &Desk, plan: &Plan, only: Option<&[i64]>) -> Result<Vec<Affected>, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT a.id, a.name, sum(e.fcy_e6), sum(e.amount_e6) FROM zoho_record a JOIN zoho_entry e ON e.account = a.id
         WHERE a.org = ?1 AND a.module = ?2 AND e.currency = ?3 AND e.date <= ?4
         AND (a.kind IN ('accounts_receivable', 'accounts_payable') OR (a.kind IN ('bank', 'cash', 'credit_card') AND a.currency = ?3))
         GROUP BY a.id ORDER BY a.id",
    )?;
    let decimals = ledger::base_decimals(desk);
    let rows = statement.query_map((desk.org.id, Accounts as i64, plan.currency.id, &plan.date), |row| {
        let (foreign, base): (i64, i64) = (row.get(2)?, row.get(3)?);
        let (foreign, base) = (decimal(foreign), decimal(base));
        let adjusted = ledger::to_base(foreign, plan.rate, decimals);
        Ok(Affected { id: row.get(0)?, name: row.get(1)?, foreign, base, adjusted })
    })?;
    let all: Vec<Affected> = rows.collect::<Result<_, _>>()?;
    Ok(all.into_iter().filter(|account| only.is_none_or(|only| only.contains(&account.id))).collect())
}

fn create(desk: &Desk, body: &Map<String, Value>, only: Option<&str>) -> Result<Answer, Refusal> {
    let plan = Plan::read(desk, body)?;
    let notes = shape::text(body, "notes").ok_or_else(|| Refusal::missing("notes"))?;
    shape::length("notes", notes, 500)?;
    let only: Option<Vec<i64>> = only
        .filter(|ids| !ids.is_empty())
        .map(|ids| ids.split(',').map(|id| id.trim().parse().map_err(|_| Refusal::invalid("account_ids"))).collect())
        .transpose()?;
    let mut record = started(desk, None)?;
    record.set("notes", notes);
    if let Some(only) = &only {
        record.set("account_ids", only.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    adjust(desk, &mut record, &plan, only.as_deref(), true)?;
    let json = lists::shown(desk, BaseCurrencyAdjustments, &record)?;
    Ok(Answer::with(200, "The base currency adjustment has been created.", Module::BaseCurrencyAdjustments.key(), &json))
}

/// `POST /basecurrencyadjustment/{id}/reevaluate`: the same once more, with what was entered since.
fn reevaluate(desk: &Desk, mut record: Record) -> Result<Answer, Refusal> {
    ledger::erase(desk, record.id)?;
    let plan = Plan::read(desk, &record.detail)?;
    let only: Option<Vec<i64>> = record
        .detail
        .get("account_ids")
        .and_then(Value::as_array)
        .map(|ids| ids.iter().filter_map(|id| id.as_str()?.parse().ok()).collect());
    adjust(desk, &mut record, &plan, only.as_deref(), false)?;
    let json = lists::shown(desk, BaseCurrencyAdjustments, &record)?;
    Ok(Answer::with(200, "The base currency adjustment has been re-evaluated.", Module::BaseCurrencyAdjustments.key(), &json))
}

fn adjust(desk: &Desk, record: &mut Record, plan: &Plan, only: Option<&[i64]>, new: bool) -> Result<(), Refusal> {
    let accounts = affected(desk, plan, only)?;
    if let Value::Object(shown) = plan.shown(&accounts) {
        record.detail.extend(shown);
    }
    let gain: Decimal = accounts.iter().map(Affected::difference).sum();
    record.date = Some(plan.date.clone());
    record.currency = Some(plan.currency.id);
    record.status = "adjusted".to_owned();
    record.total_e6 = e6(gain)?;
    records::save(desk, BaseCurrencyAdjustments, record, new)?;
    let mut posting = Posting::of(desk, record)?;
    for account in &accounts {
        posting.add_both(account.id, &plan.date, account.difference(), Decimal::ZERO);
    }
    posting.level(ledger::roles(desk)?.of(Role::Exchange), &plan.date);
    posting.write(desk)
}
