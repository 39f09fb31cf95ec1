//! The opening balance of an organisation: one record of what every account held on the day before Books began.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::call::Call;
use super::journals;
use super::ledger;
use super::module::Module;
use super::records::{self, Desk, Record, e6, number};
use super::settings::{started, usual_decimals};
use super::{postings, settle, shape, time};

/// `/settings/openingbalances`: GET, POST, PUT, DELETE.
pub fn answer(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    let was = the_only_one(desk)?;
    match (call.method.as_str(), was) {
        ("POST", Some(_)) => Err(Refusal::new(4, "The organization has an opening balance already.")),
        ("POST", None) => written(desk, None, &call.json()?),
        ("PUT", Some(was)) => {
            let body = call.json()?;
            match shape::id(&body, "opening_balance_id")? {
                Some(id) if id == was.id => written(desk, Some(was), &body),
                Some(_) => Err(Refusal::absent("Opening balance")),
                None => Err(Refusal::missing("opening_balance_id")),
            }
        }
        ("GET", Some(was)) => Ok(Answer::found("opening_balance", &Value::Object(was.detail).to_string())),
        ("DELETE", Some(was)) => {
            records::remove(desk, Module::OpeningBalances, &was)?;
            Ok(Answer::done("The entered opening balance has been deleted."))
        }
        ("PUT" | "GET" | "DELETE", None) => Err(Refusal::absent("Opening balance")),
        _ => Err(Refusal::new(5, "Invalid URL Passed").at(404)),
    }
}

fn the_only_one(desk: &Desk) -> Result<Option<Record>, Refusal> {
    let ids = settle::ids(
        desk,
        &format!("SELECT id FROM zoho_record WHERE org = ?1 AND module = {}", Module::OpeningBalances as i64),
        desk.org.id,
    )?;
    ids.first().map(|id| records::need(desk, Module::OpeningBalances, *id)).transpose()
}

fn written(desk: &Desk, was: Option<Record>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let new = was.is_none();
    let mut record = started(desk, was)?;
    let date =
        shape::text(body, "date").or(shape::text(&record.detail, "date")).ok_or_else(|| Refusal::missing("date"))?.to_owned();
    time::parse_date(&date).ok_or_else(|| Refusal::invalid("date"))?;
    record.set("date", date.clone());
    record.date = Some(date);
    record.currency = Some(desk.org.currency_id);
    record.status = "entered".to_owned();
    if let Some(sent) = body.get("accounts").or(new.then_some(&Value::Null)) {
        let sent = sent.as_array().ok_or_else(|| Refusal::missing("accounts"))?;
        let (lines, total) = lines(desk, sent)?;
        record.set("accounts", lines);
        record.set("total", number(total));
        record.total_e6 = e6(total)?;
    }
    records::save(desk, Module::OpeningBalances, &mut record, new)?;
    postings::post(desk, Module::OpeningBalances, &record)?;
    let shown = Value::Object(record.detail).to_string();
    Ok(Answer::with(200, "Your opening balances have been updated.", "opening_balance", &shown))
}

/// The lines as they are shown, and the greater of both sides: Opening Balance Adjustments takes the difference.
fn lines(desk: &Desk, sent: &[Value]) -> Result<(Vec<Value>, Decimal), Refusal> {
    let first_id = records::new_ids(desk, sent.len())?;
    let (mut shown, mut debits, mut credits) = (Vec::with_capacity(sent.len()), Decimal::ZERO, Decimal::ZERO);
    for (line, id) in sent.iter().zip(first_id..) {
        let line = line.as_object().ok_or_else(|| Refusal::invalid("accounts"))?;
        let currency = shape::id(line, "currency_id")?.unwrap_or(desk.org.currency_id);
        let code = records::brief(desk, Module::Currencies, currency)?.name;
        let (account, amount) = journals::account_and_amount(desk, line, usual_decimals(&code))?;
        journals::needs_contact(desk, &account, false)?;
        let rate = match shape::amount(line, "exchange_rate")? {
            _ if currency == desk.org.currency_id => Decimal::ONE,
            Some(rate) if rate > Decimal::ZERO => rate,
            _ => return Err(Refusal::missing("exchange_rate")),
        };
        let base = ledger::to_base(amount, rate, ledger::base_decimals(desk));
        let sign = postings::side(line)?;
        if sign > Decimal::ZERO {
            debits += base
        } else {
            credits += base
        }
        shown.push(json!({
            "account_split_id": id.to_string(), "account_id": account.id.to_string(), "account_name": account.name,
            "debit_or_credit": if sign > Decimal::ZERO { "debit" } else { "credit" }, "amount": number(amount), "bcy_amount": number(base),
            "exchange_rate": number(rate), "currency_id": currency.to_string(), "currency_code": code,
        }));
    }
    Ok((shown, debits.max(credits)))
}
