//! CRM's records as a person browses them: how many of each module, pages of a list, one record with its custom links.

use std::collections::HashMap;

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::desk::Desk;
use super::links;
use super::module::Module;
use super::orgs::{self, Org};
use super::record::{self, LIST_COLUMNS};
use super::show::Shower;
use crate::Shared;

/// One organisation: it is there as soon as anybody has opened it.
pub struct Organisation {
    /// The number in the addresses of its pages.
    pub zgid: i64,
    pub dc: String,
    pub name: String,
    pub edition: &'static str,
    pub currency: String,
    /// Each module that has records of its own, and how many.
    pub modules: Vec<(&'static str, i64)>,
}

/// Every organisation, the oldest first.
pub fn organisations(shared: &Shared) -> rusqlite::Result<Vec<Organisation>> {
    shared.store.with(|connection| {
        // A failure of the store has been logged where it happened.
        let all = orgs::all(shared, connection).unwrap_or_default();
        all.iter().map(|org| shown(connection, org)).collect()
    })
}

/// By the number in its addresses.
pub fn organisation(shared: &Shared, zgid: i64) -> rusqlite::Result<Option<Organisation>> {
    shared.store.with(|connection| match orgs::by_id(shared, connection, zgid) {
        Ok(Some(org)) => shown(connection, &org).map(Some),
        _ => Ok(None),
    })
}

fn shown(connection: &Connection, org: &Org) -> rusqlite::Result<Organisation> {
    let mut found = connection.prepare_cached("SELECT module, count(*) FROM zoho_crm_record WHERE org = ?1 GROUP BY module")?;
    let found =
        found.query_map([org.id], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<(i64, i64)>>>()?;
    let count = |module: Module| found.iter().find(|(number, _)| *number == module as i64).map_or(0, |(_, count)| *count);
    let modules = Module::ALL.into_iter().filter(|module| !module.is_rows());
    Ok(Organisation {
        zgid: org.zgid,
        dc: org.dc.clone(),
        name: org.name.clone(),
        edition: org.edition.paid_type(),
        currency: org.currency.clone(),
        modules: modules.map(|module| (module.api_name(), count(module))).collect(),
    })
}

/// One page of a list.
pub struct Page {
    /// Id, name and fields.
    pub rows: Vec<(i64, String, Map<String, Value>)>,
    pub more: bool,
}

/// The newest records first, or the newest changes; `words` are looked for in names and in what fields hold.
pub fn page(shared: &Shared, zgid: i64, module: &str, words: &str, by_change: bool, page: i64, rows: i64) -> Option<Page> {
    let module = Module::named(module).filter(|module| !module.is_rows())?;
    at_desk(shared, zgid, |desk| {
        let order = if by_change { "modified DESC, id DESC" } else { "id DESC" };
        let mut statement = desk.connection.prepare_cached(&format!(
            "SELECT {LIST_COLUMNS} FROM zoho_crm_record WHERE org = ?1 AND module = ?2
             AND (?3 = '' OR instr(lower(name), ?3) > 0 OR instr(lower(data), ?3) > 0 AND EXISTS (
                 SELECT 1 FROM json_tree(data) WHERE atom IS NOT NULL AND instr(lower(atom), ?3) > 0))
             ORDER BY {order} LIMIT ?4 OFFSET ?5"
        ))?;
        let offset = (page - 1).saturating_mul(rows);
        let found = statement
            .query_map(rusqlite::params![desk.org.id, module as i64, words.to_lowercase(), rows + 1, offset], record::from_row)?;
        let mut found = found.collect::<Result<Vec<_>, _>>()?;
        let more = found.len() > rows as usize;
        found.truncate(rows as usize);
        let fields = desk.fields(module)?;
        let mut shower = Shower::new(desk);
        let rows = found.into_iter().map(|record| {
            let fields = without_ids(shower.whole(&record, &fields)?).0;
            Ok((record.id, record.name, fields))
        });
        Ok(Page { rows: rows.collect::<Result<_, Refusal>>()?, more })
    })
}

/// What a page shows of one record.
pub struct Record {
    pub name: String,
    pub fields: Map<String, Value>,
    /// Which records its lookups point at.
    pub named: Named,
    /// Its custom links: name and address.
    pub links: Vec<(String, String)>,
}

/// The record that a lookup points at, by the id of the record or row that it is in, and the field.
pub type Named = HashMap<(String, String), i64>;

pub fn record(shared: &Shared, zgid: i64, module: &str, id: i64) -> Option<Record> {
    let module = Module::named(module).filter(|module| !module.is_rows())?;
    at_desk(shared, zgid, |desk| {
        let found = record::read(desk, module, id)?.ok_or_else(|| Refusal::unknown_id(&id.to_string()))?;
        let whole = Shower::new(desk).whole(&found, &desk.fields(module)?)?;
        let (fields, named) = without_ids(whole);
        let links = links::of_record(desk, module, &fields)?;
        Ok(Record { name: found.name, fields, named, links })
    })
}

/// The module that a record of this id is in.
pub fn module_of(shared: &Shared, zgid: i64, id: i64) -> Option<&'static str> {
    at_desk(shared, zgid, |desk| record::whose(desk.connection, desk.org.id, id)).flatten().map(|(module, _)| module.api_name())
}

/// The module behind a tab of CRM's own pages: `Potentials`, `SalesOrders`.
pub fn of_tab(tab: &str) -> Option<&'static str> {
    Module::ALL.into_iter().find(|module| !module.is_rows() && module.tab() == tab).map(Module::api_name)
}

/// A lookup becomes the name it shows; what it points at is told beside.
fn without_ids(mut fields: Map<String, Value>) -> (Map<String, Value>, Named) {
    let mut named = Named::new();
    fields.retain(|name, _| !name.starts_with('$'));
    flatten(&mut fields, &mut named);
    for rows in fields.values_mut().filter_map(Value::as_array_mut) {
        for row in rows.iter_mut().filter_map(Value::as_object_mut) {
            flatten(row, &mut named);
        }
    }
    (fields, named)
}

fn flatten(of: &mut Map<String, Value>, named: &mut Named) {
    let own = of.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    for (field, value) in of.iter_mut() {
        let Some(object) = value.as_object().filter(|object| object.contains_key("id")) else { continue };
        // People have an address for letters and no page.
        if let Some(id) = object["id"].as_str().and_then(|id| id.parse().ok()).filter(|_| !object.contains_key("email")) {
            named.insert((own.clone(), field.clone()), id);
        }
        *value = object.get("name").cloned().unwrap_or_default();
    }
}

fn at_desk<T>(shared: &Shared, zgid: i64, work: impl FnOnce(&Desk) -> Result<T, Refusal>) -> Option<T> {
    shared.store.with(|connection| {
        let org = orgs::by_id(shared, connection, zgid).ok()??;
        let desk = Desk::open(shared, connection, &org, "");
        work(&desk).ok()
    })
}
