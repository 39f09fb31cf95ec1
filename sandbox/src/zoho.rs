//! Zoho in the sandbox: the accounts servers of three data centres and the finance products.

mod actions;
mod amounts;
mod answer;
mod balances;
mod bankaccounts;
mod banktransactions;
mod bookmarks;
pub(crate) mod browse;
mod buttons;
mod call;
mod cards;
mod connected_apps;
mod consent;
mod contacts;
mod control;
mod conversions;
mod credits;
pub(crate) mod crm;
mod currencyadjustments;
mod custom_fields;
mod documents;
pub(crate) mod excess;
mod exchangerates;
mod expenses;
mod fields;
mod filters;
mod identity;
mod items;
mod journals;
mod ledger;
mod lines;
mod lists;
mod module;
mod multipart;
mod numbers;
mod openingbalances;
mod organisations;
mod pages;
mod paging;
mod papers;
mod payments;
mod people;
mod platform;
mod postings;
mod press;
mod products;
mod projects;
mod records;
mod refunds;
mod reminders;
mod reports;
mod router;
mod seed;
mod sent;
mod settings;
mod settle;
mod settlements;
mod shape;
mod summaries;
mod switches;
mod tables;
mod taxgroups;
#[cfg(test)]
mod tests;
mod time;
mod tokens;
mod updates;
pub(crate) mod webhooks;

use actix_web::web::ServiceConfig;
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use self::module::Module;
use self::records::{Desk, decimal};
use crate::Shared;
use crate::switches::Switch;

/// Open questions about Zoho.
pub const SWITCHES: &[Switch] = switches::ALL;

/// What is kept in memory.
#[derive(Clone, Default)]
pub struct State {
    pub(crate) post: webhooks::Post,
    pub(crate) notices: crm::Notices,
    bookmarks: bookmarks::Bookmarks,
}

/// How many records `dump` reads at a time, so that it holds the store only briefly.
const DUMP_ROWS: i64 = 500;

/// Mounts `/zoho/...` and the control calls that are Zoho's own.
pub fn configure(cfg: &mut ServiceConfig) {
    call::configure(cfg);
    consent::configure(cfg);
    tokens::configure(cfg);
    identity::configure(cfg);
    connected_apps::configure(cfg);
    webhooks::configure(cfg);
    control::configure(cfg);
    buttons::configure(cfg);
    crm::configure(cfg);
}

/// Tables.
pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    tables::create(connection)?;
    platform::create_tables(connection)?;
    webhooks::create_tables(connection)?;
    buttons::create_tables(connection)?;
    crm::create_tables(connection)
}

/// The demo customer and his organisation.
pub fn seed(shared: &Shared) {
    if let Err(refusal) = shared.store.atomically(|connection| seed::beginning(shared, connection)) {
        tracing::error!(message = refusal.message, "Zoho's side could not be seeded");
    }
}

/// Every record of one resource (`invoices`, `taxes` …) of one organisation, as GET by id shows it now.
pub fn dump(shared: &Shared, org: &str, resource: &str, out: &mut dyn FnMut(&str)) {
    let (Some(module), Ok(org)) = (Module::named(resource), org.parse::<i64>()) else { return };
    let mut after = 0;
    loop {
        let page = shared.store.with(|connection| {
            let Some(org) = organisations::by_id(connection, org)? else { return Ok(Vec::new()) };
            let desk = Desk { connection, shared, org: &org, now: shared.clock.now(), own_number: false };
            let mut statement = connection
                .prepare_cached("SELECT id FROM zoho_record WHERE org = ?1 AND module = ?2 AND id > ?3 ORDER BY id LIMIT ?4")?;
            let ids = statement
                .query_map((org.id, module as i64, after, DUMP_ROWS), |row| row.get::<_, i64>(0))?
                .collect::<Result<Vec<_>, _>>()?;
            ids.into_iter().map(|id| Ok((id, lists::text(&desk, module, id)?))).collect::<Result<Vec<_>, answer::Refusal>>()
        });
        let page = match page {
            Ok(page) => page,
            Err(refusal) => return tracing::error!(message = refusal.message, "records could not be read"),
        };
        let Some((last, _)) = page.last() else { return };
        after = *last;
        page.iter().for_each(|(_, json)| out(json));
    }
}

/// Counts and sums per organisation and resource, and the counters of customers who had an e-mail, for `GET /_sandbox/state`.
pub fn state(shared: &Shared) -> Value {
    let read = |connection: &Connection| -> rusqlite::Result<Value> {
        let mut statement = connection.prepare_cached(
            "SELECT o.id, o.name, r.module, r.status, count(*), sum(r.total_e6), sum(r.balance_e6) FROM zoho_org o JOIN zoho_record r ON r.org = o.id
             GROUP BY o.id, r.module, r.status ORDER BY o.id, r.module, r.status",
        )?;
        let mut rows = statement.query([])?;
        let mut orgs: Map<String, Value> = Map::new();
        while let Some(row) = rows.next()? {
            let (id, name, number): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let Some(module) = Module::numbered(number) else { continue };
            let mut entry = json!({"status": row.get::<_, String>(3)?, "count": row.get::<_, i64>(4)?});
            if module.has_amounts() {
                entry["total"] = decimal(row.get(5)?).normalize().to_string().into();
                entry["balance"] = decimal(row.get(6)?).normalize().to_string().into();
            }
            let org = orgs.entry(id.to_string()).or_insert_with(|| json!({"name": name}));
            match org[module.list_key()].as_array_mut() {
                Some(list) => list.push(entry),
                None => org[module.list_key()] = json!([entry]),
            }
        }
        Ok(json!({
            "organizations": orgs, "emailed_customers": tables::next(connection, router::EMAILED)? - 1,
            "reminded_customers": reminders::reminded(connection)?, "crm": crm::state(shared, connection)?,
        }))
    };
    shared.store.with(read).unwrap_or_else(|error| json!({"error": error.to_string()}))
}

/// All access tokens of everybody are void from now on (the fault `revoke_token`).
pub fn revoke_tokens(shared: &Shared) {
    if let Err(refusal) = shared.store.atomically(|connection| tokens::revoke_all(connection, false)) {
        tracing::error!(message = refusal.message, "tokens could not be revoked");
    }
}
