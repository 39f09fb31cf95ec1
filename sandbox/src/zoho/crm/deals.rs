//! What people do with deals where Zoho's own integration joins CRM with Books: a quote or an invoice is made out of one and names it,
//! as `zcrm_potential_id` and `zcrm_potential_name`.

use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::desk::Desk;
use super::module::Module;
use super::native::internal;
use super::{orgs, write};
use crate::Shared;
use crate::zoho::module::Module as Books;
use crate::zoho::organisations;
use crate::zoho::records::{self, Desk as BooksDesk};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutOfDeal {
    /// The deal, in CRM's own words; or the id of one that is there.
    pub deal: Value,
    /// `invoices` or `estimates`.
    pub module: String,
    pub id: String,
}

/// Makes the deal where it is new, and joins the document with it.
pub fn join(shared: &Shared, connection: &Connection, order: &OutOfDeal) -> Result<Value, Refusal> {
    let module = match order.module.as_str() {
        "invoices" => Books::Invoices,
        "estimates" => Books::Estimates,
        _ => return Err(Refusal::param_invalid("module")),
    };
    let id: i64 = order.id.parse().map_err(|_| Refusal::param_invalid("id"))?;
    for org in orgs::all(shared, connection)? {
        let home: i64 = connection.query_row("SELECT home FROM zoho_crm_org WHERE id = ?1", [org.id], |row| row.get(0))?;
        let Some(home) = organisations::by_id(connection, home).map_err(internal)? else { continue };
        let books = BooksDesk { connection, shared, org: &home, now: shared.clock.now(), own_number: false };
        let Some(mut document) = records::read(&books, module, id).map_err(internal)? else { continue };
        let crm = Desk::open(shared, connection, &org, "");
        let (deal, name) = match &order.deal {
            Value::Object(new) => made(&crm, new)?,
            known => (known.as_str().unwrap_or_default().to_owned(), String::new()),
        };
        document.set("zcrm_potential_id", deal.clone());
        document.set("zcrm_potential_name", name);
        records::save(&books, module, &mut document, false).map_err(internal)?;
        return Ok(json!({ "deal": deal }));
    }
    Err(Refusal::param_invalid("id"))
}

fn made(crm: &Desk, new: &Map<String, Value>) -> Result<(String, String), Refusal> {
    let fields = crm.fields(Module::Deals)?;
    let (_, id) = write::one_of_many(crm, Module::Deals, &fields, new, "insert", None)?;
    Ok((id, new.get("Deal_Name").and_then(Value::as_str).unwrap_or_default().to_owned()))
}
