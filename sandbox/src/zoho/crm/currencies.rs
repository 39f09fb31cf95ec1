//! `/org/currencies`: the base, which stays, and others once multi-currency is on.

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, rows};
use super::desk::{Desk, id_of};
use super::orgs::Org;
use crate::zoho::tables;

/// The base currency of a new organisation.
pub fn begin(connection: &Connection, org: &Org) -> Result<(), Refusal> {
    let id = tables::take(connection, tables::IDS, 1)?;
    put(connection, org, id, &org.currency, &org.currency, "1", true, org.created)
}

/// One that a person has added.
pub fn insert(connection: &Connection, org: &Org, code: &str) -> Result<(), Refusal> {
    let id = tables::take(connection, tables::IDS, 1)?;
    put(connection, org, id, code, code, "1", false, org.created)
}

#[expect(clippy::too_many_arguments, reason = "a row of the table")]
fn put(
    connection: &Connection,
    org: &Org,
    id: i64,
    iso_code: &str,
    name: &str,
    rate: &str,
    base: bool,
    at: i64,
) -> Result<(), Refusal> {
    connection.execute(
        "INSERT INTO zoho_crm_currency (id, org, iso_code, name, symbol, rate, base, active, created, modified) VALUES (?1, ?2, ?3, ?4, ?3, ?5, ?6, 1, ?7, ?7)",
        (id, org.id, iso_code, name, rate, base, at),
    )?;
    Ok(())
}

/// `GET /org/currencies`; none unless multi-currency is on.
pub fn list(desk: &Desk) -> Result<Answer, Refusal> {
    if !desk.org.multi_currency {
        return Ok(Answer::nothing());
    }
    let mut statement = desk.connection.prepare_cached(
        "SELECT id, iso_code, name, symbol, rate, base, active, created, modified FROM zoho_crm_currency WHERE org = ?1 ORDER BY id",
    )?;
    let shown = statement
        .query_map([desk.org.id], |row| {
            let symbol: String = row.get(3)?;
            Ok(json!({
                "id": row.get::<_, i64>(0)?.to_string(), "iso_code": row.get::<_, String>(1)?, "name": row.get::<_, String>(2)?, "symbol": symbol,
                "exchange_rate": row.get::<_, String>(4)?, "is_base": row.get::<_, bool>(5)?, "is_active": row.get::<_, bool>(6)?,
                "prefix_symbol": true, "created_time": desk.org.stamp(row.get(7)?), "modified_time": desk.org.stamp(row.get(8)?),
                "created_by": desk.org.me().json(), "modified_by": desk.org.me().json(),
                "format": {"decimal_separator": "Period", "thousand_separator": "Comma", "decimal_places": "2"},
            }))
        })?
        .collect::<Result<Vec<Value>, _>>()?;
    Ok(Answer::json(200, &json!({"currencies": shown})))
}

/// `POST /org/currencies/actions/enable` with the base currency.
pub fn enable(desk: &Desk, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let base = body.get("base_currency").and_then(Value::as_object);
    let base = base.ok_or_else(|| Refusal::mandatory("base_currency", "$.base_currency"))?;
    let code =
        base.get("iso_code").and_then(Value::as_str).ok_or_else(|| Refusal::mandatory("iso_code", "$.base_currency.iso_code"))?;
    if desk.org.multi_currency || code != desk.org.currency {
        return Err(Refusal::invalid("iso_code", "$.base_currency.iso_code"));
    }
    desk.connection.execute("UPDATE zoho_crm_org SET multi_currency = 1 WHERE id = ?1", [desk.org.id])?;
    let row = done(
        "The multi-currency feature is enabled and given currency is created as base currency",
        json!({"id": base_id(desk)?.to_string()}),
    );
    Ok(Answer::json(200, &json!({"base_currency": row})))
}

fn base_id(desk: &Desk) -> Result<i64, Refusal> {
    Ok(desk
        .connection
        .query_row("SELECT id FROM zoho_crm_currency WHERE org = ?1 AND base = 1", [desk.org.id], |row| row.get(0))?)
}

/// `POST` and `PUT /org/currencies`.
pub fn write(desk: &Desk, body: &Map<String, Value>, new: bool) -> Result<Answer, Refusal> {
    if !desk.org.multi_currency {
        return Err(Refusal::new("FEATURE_NOT_ENABLED", "The multi-currency feature is not enabled", json!({})));
    }
    let list = body.get("currencies").and_then(Value::as_array);
    let list = list.ok_or_else(|| Refusal::mandatory("currencies", "$.currencies"))?;
    let mut answers = Vec::with_capacity(list.len());
    for (at, currency) in list.iter().enumerate() {
        let path = format!("$.currencies[{at}]");
        let outcome = if new { add(desk, currency, &path) } else { change(desk, currency, &path) };
        let (message, id) = match (outcome, new) {
            (Err(refusal), _) => {
                answers.push(refusal.json());
                continue;
            }
            (Ok(id), true) => ("The currency created successfully", id),
            (Ok(id), false) => ("The currency updated successfully", id),
        };
        answers.push(done(message, json!({"id": id.to_string()})));
    }
    Ok(rows("currencies", answers, if new { 201 } else { 200 }, 400))
}

fn add(desk: &Desk, currency: &Value, path: &str) -> Result<i64, Refusal> {
    let text = |name: &str| currency[name].as_str().ok_or_else(|| Refusal::mandatory(name, &format!("{path}.{name}")));
    let (code, name, rate) = (text("iso_code")?, text("name")?, text("exchange_rate")?);
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Refusal::invalid("iso_code", &format!("{path}.iso_code")));
    }
    if !is_rate(rate) {
        return Err(Refusal::invalid("exchange_rate", &format!("{path}.exchange_rate")));
    }
    let known: bool = desk.connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM zoho_crm_currency WHERE org = ?1 AND iso_code = ?2)",
        (desk.org.id, code),
        |row| row.get(0),
    )?;
    if known {
        let details = json!({"api_name": "iso_code", "json_path": format!("{path}.iso_code")});
        return Err(Refusal::new("DUPLICATE_DATA", "duplicate data", details));
    }
    let id = tables::take(desk.connection, tables::IDS, 1)?;
    put(desk.connection, desk.org, id, code, name, rate, false, desk.now.timestamp())?;
    Ok(id)
}

fn change(desk: &Desk, currency: &Value, path: &str) -> Result<i64, Refusal> {
    let id = id_of(&currency["id"]).ok_or_else(|| Refusal::mandatory("id", &format!("{path}.id")))?;
    let rate = currency["exchange_rate"].as_str();
    if rate.is_some_and(|rate| !is_rate(rate)) {
        return Err(Refusal::invalid("exchange_rate", &format!("{path}.exchange_rate")));
    }
    let changed = desk.connection.execute(
        "UPDATE zoho_crm_currency SET rate = CASE base WHEN 1 THEN rate ELSE coalesce(?3, rate) END,
                active = CASE base WHEN 1 THEN 1 ELSE coalesce(?4, active) END, modified = ?5 WHERE org = ?1 AND id = ?2",
        (desk.org.id, id, rate, currency["is_active"].as_bool(), desk.now.timestamp()),
    )?;
    if changed == 0 { Err(Refusal::invalid("id", &format!("{path}.id"))) } else { Ok(id) }
}

/// `^[0-9]{1,9}(\.[0-9]{1,9})?$`.
fn is_rate(text: &str) -> bool {
    let digits = |part: &str| (1..=9).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        for good in ["1", "1.5", "999999999.123456789"] {
            assert!(is_rate(good), "{good}");
        }
        for bad in ["", ".5", "1.", "1.2.3", "-1", "1e3", "1234567890", "1.1234567890"] {
            assert!(!is_rate(bad), "{bad}");
        }
    }
}
