//! Zoho's own integration of Books and CRM, as its help pages tell of it: customers are accounts, vendors are vendors, items are products.
//! It runs when a test says so, over everything that it has not joined yet. A contact that is joined says so by `zcrm_account_id` or
//! `zcrm_vendor_id`, and Books' list shows it under `filter_by=Status.Crm`.

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::desk::Desk;
use super::module::Module;
use super::{orgs, write};
use crate::Shared;
use crate::zoho::module::Module as Books;
use crate::zoho::records::{self, Desk as BooksDesk};
use crate::zoho::{answer, organisations};

/// Joins what is not joined yet, in every organisation that has CRM. Gives how many records it made there.
pub fn run(shared: &Shared, connection: &Connection) -> Result<Value, Refusal> {
    let mut made = Map::new();
    for org in orgs::all(shared, connection)? {
        let home: i64 = connection.query_row("SELECT home FROM zoho_crm_org WHERE id = ?1", [org.id], |row| row.get(0))?;
        let Some(home) = organisations::by_id(connection, home).map_err(internal)? else { continue };
        let books = BooksDesk { connection, shared, org: &home, now: shared.clock.now(), own_number: false };
        let crm = Desk::open(shared, connection, &org, "");
        for (from, of, kind, to, name, mark) in [
            (Books::Contacts, "contact_name", Some("customer"), Module::Accounts, "Account_Name", "zcrm_account_id"),
            (Books::Contacts, "contact_name", Some("vendor"), Module::Vendors, "Vendor_Name", "zcrm_vendor_id"),
            (Books::Items, "name", None, Module::Products, "Product_Name", "zcrm_product_id"),
        ] {
            let fields = crm.fields(to)?;
            for id in ids(connection, home.id, from)? {
                let mut record = records::need(&books, from, id).map_err(internal)?;
                if record.detail.contains_key(mark) || kind.is_some_and(|kind| record.kind != kind) {
                    continue;
                }
                let row = json!({ name: record.text(of) });
                let row = row.as_object().cloned().unwrap_or_default();
                let (_, joined) = write::one_of_many(&crm, to, &fields, &row, "insert", None)?;
                record.set(mark, joined);
                records::save(&books, from, &mut record, false).map_err(internal)?;
                let count = made.get(to.api_name()).and_then(Value::as_u64).unwrap_or_default();
                made.insert(to.api_name().to_owned(), (count + 1).into());
            }
        }
    }
    Ok(json!({ "made": made }))
}

fn ids(connection: &Connection, org: i64, module: Books) -> Result<Vec<i64>, Refusal> {
    let mut statement = connection.prepare_cached("SELECT id FROM zoho_record WHERE org = ?1 AND module = ?2 ORDER BY id")?;
    Ok(statement.query_map((org, module as i64), |row| row.get(0))?.collect::<Result<_, _>>()?)
}

pub(super) fn internal(refusal: answer::Refusal) -> Refusal {
    Refusal::new("INTERNAL_ERROR", refusal.message, json!({})).at(500)
}
