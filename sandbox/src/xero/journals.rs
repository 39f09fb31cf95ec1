//! The general ledger as `GET /Journals` tells it: a hundred at a time, the oldest first. It costs the app its highest tier.

use rusqlite::{Connection, Row, params};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::{Answer, Call, Failure};
use super::app::Tier;
use super::json::{midnight_ms, ms_date, number};
use super::kinds::Kind;
use super::ledger::balances::lines;
use super::ledger::entries::Line;
use super::ledger::{self, Chart, told};
use super::query;

/// A call tells no more.
const JOURNALS_MAX: i64 = 100;
/// The middle word of the scope.
pub const AREAS: &[&str] = &["journals"];

pub fn respond(call: &Call, rest: &[&str]) -> Result<Answer, Failure> {
    if call.method != "GET" {
        return Err(Failure::Absent);
    }
    if call.shared.xero.registration.read().tier != Tier::Advanced && !call.shared.switches.on("xero.journals_refused_at_consent")
    {
        return Ok(Answer::json(
            403,
            json!({"Type": null, "Title": "Forbidden", "Status": 403, "Detail": "AuthorizationUnsuccessful", "Instance": Uuid::new_v4(), "Extensions": {}})
                .to_string(),
        ));
    }
    match rest {
        [] => list(call),
        [id] => single(call, id),
        _ => Err(Failure::Absent),
    }
}

fn list(call: &Call) -> Result<Answer, Failure> {
    let offset = match call.parameter("offset") {
        Some(offset) => offset.parse().map_err(|_| Failure::query(format!("offset=`{offset}` is not a whole number")))?,
        None => 0_i64,
    };
    let on_cash = call.parameter("paymentsOnly").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let since = call.header("If-Modified-Since");
    // Journals know changes as accounts do.
    let since_ms = query::read(Kind::Accounts, &[], since)?.filter.since_ms.unwrap_or(i64::MIN);
    let org = call.caller.org.n;
    ledger::catch_up(call.shared, org)?;
    let texts = call.shared.store.with(|connection| {
        let chart = ledger::chart(connection, call.shared, org)?;
        let mut statement = connection.prepare_cached(&format!(
            "SELECT number, type, source, day, created, reference, lines, kind = ?5 AND NOT reverses FROM xero_journal
             WHERE org = ?1 AND number > ?2 AND created >= ?3 AND {} ORDER BY number LIMIT ?4",
            told::condition(on_cash)
        ))?;
        let journals = statement.query_map(params![org, offset, since_ms, JOURNALS_MAX, Kind::Payments.number()], |row| {
            let mut told = lines(row.get_ref(6)?.as_str()?);
            if on_cash && row.get(7)? {
                told = told::paid_for(connection, (org, &chart), Uuid::from_bytes(row.get(2)?), told)?;
            }
            Ok(journal(call.caller.org.tenant, &chart, row, &told, true)?.to_string())
        })?;
        journals.collect::<rusqlite::Result<Vec<_>>>()
    })?;
    Ok(Answer::collection(call.shared, "Journals", "", &texts.join(",")))
}

/// By id or by number. It does not tell its source.
fn single(call: &Call, id: &str) -> Result<Answer, Failure> {
    let tenant = call.caller.org.tenant;
    let wanted = match Uuid::parse_str(id) {
        Ok(id) => number_of(tenant, id).ok_or(Failure::Absent)?,
        Err(_) => id.parse().map_err(|_| Failure::Absent)?,
    };
    let org = call.caller.org.n;
    ledger::catch_up(call.shared, org)?;
    let text = call.shared.store.with(|connection| by_number(connection, call, org, wanted))?;
    Ok(Answer::collection(call.shared, "Journals", "", &text.ok_or(Failure::Absent)?))
}

fn by_number(connection: &Connection, call: &Call, org: i64, number: i64) -> rusqlite::Result<Option<String>> {
    let chart = ledger::chart(connection, call.shared, org)?;
    let mut statement = connection.prepare_cached(
        "SELECT number, type, source, day, created, reference, lines FROM xero_journal WHERE org = ?1 AND number = ?2",
    )?;
    let mut rows = statement.query([org, number])?;
    rows.next()?
        .map(|row| Ok(journal(call.caller.org.tenant, &chart, row, &lines(row.get_ref(6)?.as_str()?), false)?.to_string()))
        .transpose()
}

fn journal(tenant: Uuid, chart: &Chart, row: &Row, lines: &[Line], with_source: bool) -> rusqlite::Result<Value> {
    let number: i64 = row.get(0)?;
    let id = id_of(tenant, number);
    let lines: Vec<Value> = lines.iter().enumerate().map(|(index, line)| shown(chart, id, index, line)).collect();
    let mut journal = json!({
        "JournalID": id, "JournalDate": ms_date(midnight_ms(ledger::date_of(row.get(3)?))), "JournalNumber": number,
        "CreatedDateUTC": ms_date(row.get(4)?), "JournalLines": lines,
    });
    let reference: String = row.get(5)?;
    if !reference.is_empty() {
        journal["Reference"] = reference.into();
    }
    if with_source {
        let source: [u8; 16] = row.get(2)?;
        journal["SourceID"] = json!(Uuid::from_bytes(source));
        journal["SourceType"] = row.get::<_, String>(1)?.into();
    }
    Ok(journal)
}

fn shown(chart: &Chart, journal: Uuid, index: usize, line: &Line) -> Value {
    let account = chart.by_id(line.account);
    let text = |of: fn(&ledger::chart::Account) -> &String| account.map(of).cloned().unwrap_or_default();
    let amount = |cents: i64| number(Decimal::new(cents, 2));
    let mut told = json!({
        "JournalLineID": Uuid::new_v5(&journal, &index.to_be_bytes()), "AccountID": line.account, "AccountCode": text(|known| &known.code),
        "AccountType": text(|known| &known.type_), "AccountName": text(|known| &known.name), "Description": line.description,
        "NetAmount": amount(line.net), "GrossAmount": amount(line.net + line.tax), "TaxAmount": amount(line.tax),
        "TrackingCategories": line.tracking,
    });
    if !line.tax_type.is_empty() {
        told["TaxType"] = line.tax_type.as_str().into();
        told["TaxName"] = chart.tax_names.get(&line.tax_type).cloned().unwrap_or_default().into();
    }
    told
}

/// A journal's id holds its number, so that it is found by either without an index of its own.
fn id_of(tenant: Uuid, number: i64) -> Uuid {
    let mut bytes = *Uuid::new_v5(&tenant, b"journals").as_bytes();
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    bytes[8] |= 0x80;
    Uuid::from_bytes(bytes)
}

fn number_of(tenant: Uuid, id: Uuid) -> Option<i64> {
    let mut number = [0; 8];
    number.copy_from_slice(&id.as_bytes()[8..]);
    number[0] &= 0x7f;
    let number = i64::from_be_bytes(number);
    (id_of(tenant, number) == id).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_number_to_its_own_organisation_only() {
        let (ours, theirs) = (Uuid::from_u128(1), Uuid::from_u128(2));
        for number in [1, 100, 5_000_000_000] {
            assert_eq!(number_of(ours, id_of(ours, number)), Some(number));
            assert_eq!(number_of(theirs, id_of(ours, number)), None);
        }
        assert_eq!(number_of(ours, Uuid::nil()), None);
    }
}
