//! Zoho's records as a person browses them: how many of each module, pages of a list, one record with its buttons.

use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::buttons::{self, Button};
use super::call::Query;
use super::module::Module;
use super::organisations::{self, Org};
use super::press::{self, Pressed};
use super::records::Desk;
use super::{lists, records};
use crate::Shared;

/// One organisation, and whether the demo user belongs to it.
pub struct Organisation {
    pub id: i64,
    pub dc: String,
    pub name: String,
    pub plan: String,
    pub currency: String,
    pub member: bool,
}

/// Every organisation, those of the user first.
pub fn organisations(connection: &Connection) -> rusqlite::Result<Vec<Organisation>> {
    connection.prepare_cached(&format!("{SELECT} ORDER BY member DESC, id"))?.query_map([], from_row)?.collect()
}

pub fn organisation(connection: &Connection, id: &str) -> rusqlite::Result<Option<Organisation>> {
    let Ok(id) = id.parse::<i64>() else { return Ok(None) };
    connection.prepare_cached(&format!("{SELECT} WHERE id = ?1"))?.query_row([id], from_row).optional()
}

const SELECT: &str = "SELECT id, dc, name, plan, currency, member FROM zoho_org";

fn from_row(row: &Row) -> rusqlite::Result<Organisation> {
    Ok(Organisation {
        id: row.get(0)?,
        dc: row.get(1)?,
        name: row.get(2)?,
        plan: row.get(3)?,
        currency: row.get(4)?,
        member: row.get(5)?,
    })
}

/// The name of each list of an organisation and how many records it has.
pub fn counts(connection: &Connection, org: i64) -> rusqlite::Result<Vec<(&'static str, i64)>> {
    let mut found = connection.prepare_cached("SELECT module, count(*) FROM zoho_record WHERE org = ?1 GROUP BY module")?;
    let found = found.query_map([org], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    let count = |module: Module| found.iter().find(|(number, _)| *number == module as i64).map_or(0, |(_, count)| *count);
    Ok(Module::ALL.into_iter().map(|module| (module.list_key(), count(module))).collect())
}

/// Where a link into Zoho's own screens leads: `/contacts/46…`, `/paymentsreceived/46…?filter_by=Status.All`. The list, and the record
/// if it names one.
pub fn place(fragment: &str) -> Option<(&'static str, Option<i64>)> {
    let path = fragment.split('?').next().unwrap_or_default().trim_matches('/');
    let (path, id) = match path.rsplit_once('/') {
        Some((before, last)) if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) => (before, last.parse().ok()),
        _ => (path, None),
    };
    let list = match path {
        "customers" | "vendors" => "contacts",
        "inventory/items" => "items",
        "paymentsreceived" => "customerpayments",
        "paymentsmade" => "vendorpayments",
        "accountant/chartofaccounts" => "chartofaccounts",
        "accountant/journals" => "journals",
        "quotes" => "estimates",
        other => other,
    };
    let module = Module::ALL.into_iter().find(|module| module.path() == list || module.list_key() == list)?;
    Some((module.list_key(), id))
}

/// One page of a list.
pub struct Page {
    /// Id, name and summary.
    pub rows: Vec<(String, String, Map<String, Value>)>,
    pub more: bool,
}

/// Reads with the list's own code, so that people see what programs see.
pub fn page(shared: &Shared, org: i64, list: &str, words: &str, by_change: bool, page: i64, rows: i64) -> Option<Page> {
    let module = Module::named(list)?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("page", &page.to_string()).append_pair("per_page", &rows.to_string());
    if !words.is_empty() {
        query.append_pair("search_text", words);
    }
    if by_change {
        query.append_pair("sort_column", "last_modified_time").append_pair("sort_order", "D");
    }
    let query = Query::parse(&query.finish());
    let answer = at_desk(shared, org, |desk| lists::page(desk, module, &query))?;
    let answer: Value = serde_json::from_str(&answer.body).ok()?;
    let found = answer.as_object()?.values().find_map(Value::as_array)?;
    let rows = found.iter().filter_map(Value::as_object).map(|row| {
        let id = row.get(module.id_key()).map(text_of).unwrap_or_default();
        (id, name(module, row), row.clone())
    });
    Some(Page { rows: rows.collect(), more: answer["page_context"]["has_more_page"] == true })
}

/// What a page shows of one record.
pub struct Record {
    pub name: String,
    pub detail: Map<String, Value>,
    pub buttons: Vec<Button>,
}

pub fn record(shared: &Shared, org: i64, list: &str, id: i64) -> Option<Record> {
    let module = Module::named(list)?;
    at_desk(shared, org, |desk| {
        let detail: Map<String, Value> = serde_json::from_str(&lists::text(desk, module, id)?).unwrap_or_default();
        let kind = records::brief(desk, module, id)?.kind;
        let mut buttons = buttons::of_organisation(desk)?;
        buttons.retain(|button| button.stands_on(module, &kind));
        Ok(Record { name: name(module, &detail), detail, buttons })
    })
}

/// Every button of an organisation, wherever it stands.
pub fn buttons(shared: &Shared, org: i64) -> Vec<Button> {
    at_desk(shared, org, buttons::of_organisation).unwrap_or_default()
}

/// Clicks a button of a record. None: there is no such button there.
pub fn press(shared: &Shared, org: i64, list: &str, id: i64, button: &str) -> Option<Pressed> {
    let module = Module::named(list)?;
    // The script runs after the store has been let go.
    at_desk(shared, org, |desk| press::prepare(desk, module, id, button)).map(|script| script.run())
}

/// The list that a record of this id is in.
pub fn list_of(connection: &Connection, org: i64, id: i64) -> rusqlite::Result<Option<&'static str>> {
    let number: Option<i64> = connection
        .prepare_cached("SELECT module FROM zoho_record WHERE id = ?1 AND org = ?2")?
        .query_row((id, org), |row| row.get(0))
        .optional()?;
    Ok(number.and_then(|number| Module::ALL.into_iter().find(|module| *module as i64 == number)).map(Module::list_key))
}

/// Whether a member of a record names another one: `invoice_id`, `customer_id`.
pub fn is_reference(key: &str) -> bool {
    matches!(key, "customer_id" | "vendor_id") || Module::ALL.iter().any(|module| module.id_key() == key)
}

fn at_desk<T>(shared: &Shared, org: i64, work: impl FnOnce(&Desk) -> Result<T, Refusal>) -> Option<T> {
    shared.store.with(|connection| {
        let org: Org = organisations::by_id(connection, org).ok()??;
        work(&Desk { connection, shared, org: &org, now: shared.clock.now(), own_number: false }).ok()
    })
}

/// What people call the record: by the column its list is sorted by, else by its number.
fn name(module: Module, record: &Map<String, Value>) -> String {
    let (column, ..) = module.default_order();
    let own_number = |key: &&&str| key.ends_with("_number") && **key != "reference_number";
    let key = match column {
        "created_time" | "date" | "last_modified_time" => module.summary().iter().find(own_number).copied().unwrap_or_default(),
        column => column,
    };
    let said = record.get(key).map(text_of).filter(|text| !text.is_empty());
    said.or_else(|| record.get(module.id_key()).map(text_of)).unwrap_or_default()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_into_zoho_name_a_list_and_perhaps_a_record() {
        for (fragment, is) in [
            ("/contacts/4600000000000067001", Some(("contacts", Some(4_600_000_000_000_067_001)))),
            ("/vendors/12?filter_by=Status.All", Some(("contacts", Some(12)))),
            ("/inventory/items/7", Some(("items", Some(7)))),
            ("/paymentsreceived/7", Some(("customerpayments", Some(7)))),
            ("/accountant/chartofaccounts/7", Some(("chartofaccounts", Some(7)))),
            ("/settings/taxes", Some(("taxes", None))),
            ("/invoices", Some(("invoices", None))),
            ("/home/dashboard", None),
            ("", None),
        ] {
            assert_eq!(place(fragment), is, "{fragment}");
        }
    }
}
