//! The rates of a currency by day: `/settings/currencies/{id}/exchangerates`. A document names its own rate; these are a note.

use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::module::Module::{self, *};
use super::records::{self, Desk, Record, e6, number};
use super::settings::started;
use super::{lists, shape, time};

/// Everything below `/settings/currencies/{id}/exchangerates`.
pub fn answer(call: &Call, desk: &Desk, currency: i64, rest: &[&str]) -> Result<Answer, Refusal> {
    let currency = records::need(desk, Currencies, currency)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => lists::narrowed(desk, ExchangeRates, &call.query, Some(("currency = ?", currency.id))),
        ("GET", [id]) => lists::one(desk, ExchangeRates, need(desk, &currency, id)?.id),
        ("POST", []) => written(desk, &currency, None, &call.json()?),
        ("PUT", [id]) => written(desk, &currency, Some(need(desk, &currency, id)?), &call.json()?),
        ("DELETE", [id]) => {
            records::remove(desk, ExchangeRates, &need(desk, &currency, id)?)?;
            latest(desk, currency.id)?;
            Ok(Answer::done("Exchange rate has been deleted."))
        }
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}

fn need(desk: &Desk, currency: &Record, id: &str) -> Result<Record, Refusal> {
    let id = id.parse().map_err(|_| Refusal::new(5, "Invalid URL Passed").at(404))?;
    let found = records::read(desk, ExchangeRates, id)?.filter(|rate| rate.currency == Some(currency.id));
    found.ok_or_else(|| Refusal::absent(Module::ExchangeRates.noun()))
}

fn written(desk: &Desk, currency: &Record, was: Option<Record>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    if currency.id == desk.org.currency_id {
        return Err(Refusal::new(4, "The base currency has no exchange rate."));
    }
    let mut record = started(desk, was)?;
    let text = |name: &str| shape::text(body, name).map(str::to_owned);
    let date = text("effective_date").or_else(|| record.date.clone()).ok_or_else(|| Refusal::missing("effective_date"))?;
    time::parse_date(&date).ok_or_else(|| Refusal::invalid("effective_date"))?;
    let rate = match (shape::amount(body, "rate")?, shape::amount(&record.detail, "rate")?) {
        (Some(rate), _) | (None, Some(rate)) => rate,
        (None, None) => return Err(Refusal::missing("rate")),
    };
    if rate <= Decimal::ZERO {
        return Err(Refusal::invalid("rate"));
    }
    record.set("effective_date", date.clone());
    record.set("rate", number(rate));
    record.set("currency_id", currency.id.to_string());
    record.set("currency_code", currency.name.clone());
    record.name = date.clone();
    record.date = Some(date);
    record.currency = Some(currency.id);
    record.total_e6 = e6(rate)?;
    records::save(desk, ExchangeRates, &mut record, new)?;
    latest(desk, currency.id)?;
    if !new {
        return Ok(Answer::done("The exchange rate has been updated."));
    }
    let json = lists::shown(desk, ExchangeRates, &record)?;
    Ok(Answer::with(201, "The exchange rate has been created.", "exchange_rate", &json))
}

/// A currency shows the newest of its rates.
fn latest(desk: &Desk, currency: i64) -> Result<(), Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT id FROM zoho_record WHERE org = ?1 AND module = ?2 AND currency = ?3 ORDER BY date DESC, id DESC LIMIT 1",
    )?;
    let newest =
        statement.query_map((desk.org.id, ExchangeRates as i64, currency), |row| row.get::<_, i64>(0))?.next().transpose()?;
    let mut record = records::need(desk, Currencies, currency)?;
    let (rate, date) = match newest {
        Some(id) => {
            let newest = records::need(desk, ExchangeRates, id)?;
            (newest.detail.get("rate").cloned().unwrap_or_default(), newest.date.unwrap_or_default())
        }
        None => (number(Decimal::ZERO), String::new()),
    };
    record.set("exchange_rate", rate);
    record.set("effective_date", date);
    records::save(desk, Currencies, &mut record, false)
}
