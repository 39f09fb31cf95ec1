//! What the mappings may look up: ids of records that arrived before, asked for a batch at once. One whose status call is still due
//! counts: a lane makes its calls before the next lane begins, all but those that make a record inactive.

use std::collections::{HashMap, HashSet};

use connectors::flow::{By, Known, Need};
use connectors::flows;
use entities::database::sql;
use entities::ids::LaneId;
use entities::pair;
use sea_orm::{ConnectionTrait, Value};

use super::slice::{Halt, Slice};

/// Entries kept within a turn. Accounts, taxes and items repeat; contacts of a large company need not all stay.
const ENTRIES_MAX: usize = 20_000;

/// Ids found in this turn: Zoho's, or Xero's where they were asked for by Zoho's.
#[derive(Default)]
pub struct Cache(HashMap<Need, Vec<String>>);

/// Fills a `Known` with the ids of all these needs, as far as they are settled.
pub async fn look_up(slice: &mut Slice, needs: &[Vec<Need>]) -> Result<Known, Halt> {
    if slice.known.0.len() > ENTRIES_MAX {
        slice.known.0.clear();
    }
    let mut missing: HashMap<(&'static str, By), HashSet<String>> = HashMap::new();
    for need in needs.iter().flatten().filter(|need| !slice.known.0.contains_key(*need)) {
        missing.entry((need.flow, need.by)).or_default().insert(need.key.clone());
    }
    for ((flow, by), keys) in missing {
        if let Some(lane) = slice.lanes.iter().find(|lane| lane.flow.record() == flow).map(|lane| lane.id) {
            let found = settled(slice, lane, flow, by, keys.into_iter().collect()).await?;
            for (need, id) in found {
                let ids = slice.known.0.entry(need).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
    }
    let (xero, zoho) = slice.organisations();
    let mut known = Known::new(xero, zoho);
    known.rules = slice.rules.clone();
    switch_off(slice, &mut known);
    for need in needs.iter().flatten() {
        for id in slice.known.0.get(need).into_iter().flatten() {
            match need.by {
                By::Zoho => known.learn_back(need.flow, need.key.clone(), id.clone()),
                By::Id | By::Alias => known.learn(need.flow, need.key.clone(), id.clone()),
            }
        }
    }
    Ok(known)
}

/// Notes what is not carried: what the scope leaves out, and what this product does not have.
pub fn switch_off(slice: &Slice, known: &mut Known) {
    for flow in flows::ALL {
        if !slice.lanes.iter().any(|lane| lane.on && lane.flow.record() == flow.record()) {
            known.switch_off(flow.record());
        }
    }
}

/// Which of these needs are records outside the scope, or another flow's: what refers to them by id.
pub async fn outside(slice: &Slice, needs: &[Need]) -> Result<HashSet<Need>, Halt> {
    let database = &slice.context.database;
    let mut found = HashSet::new();
    for need in needs.iter().filter(|need| need.by == By::Id) {
        let Some(lane) = slice.lanes.iter().find(|lane| lane.flow.record() == need.flow) else { continue };
        let text =
            "SELECT 1 AS one FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3 AND state IN ('out', 'passed')";
        let values = vec![slice.tenant.0.into(), lane.id.0.into(), need.key.clone().into()];
        if database.query_one_raw(sql(database.get_database_backend(), text, values)).await?.is_some() {
            found.insert(need.clone());
        }
    }
    Ok(found)
}

/// The print by which a waiting record names what it waits for.
pub fn need_print(slice: &Slice, flow: &str, by: By, key: &str) -> Vec<u8> {
    match by {
        By::Id => slice.print.of(&format!("{}|{flow}|id|{key}", slice.link.id)).to_vec(),
        By::Zoho => slice.print.of(&format!("{}|{flow}|zoho|{key}", slice.link.id)).to_vec(),
        By::Alias => alias_need(slice, flow, &alias_print(slice, flow, key)),
    }
}

/// The same for a record that is known by the print of its other name.
pub fn alias_need(slice: &Slice, flow: &str, alias: &[u8]) -> Vec<u8> {
    let alias: String = alias.iter().map(|byte| format!("{byte:02x}")).collect();
    slice.print.of(&format!("{}|{flow}|alias|{alias}", slice.link.id)).to_vec()
}

/// The print under which a record's other name is kept.
pub fn alias_print(slice: &Slice, flow: &str, alias: &str) -> Vec<u8> {
    slice.print.of(&format!("{flow}|{alias}")).to_vec()
}

async fn settled(
    slice: &Slice,
    lane: LaneId,
    flow: &'static str,
    by: By,
    keys: Vec<String>,
) -> Result<Vec<(Need, String)>, Halt> {
    let mut found = Vec::with_capacity(keys.len());
    for chunk in keys.chunks(500) {
        let asked: HashMap<Vec<u8>, &String> = match by {
            By::Id | By::Zoho => chunk.iter().map(|key| (key.clone().into_bytes(), key)).collect(),
            By::Alias => chunk.iter().map(|key| (alias_print(slice, flow, key), key)).collect(),
        };
        let backend = slice.context.database.get_database_backend();
        let (column, table, wanted) = match by {
            By::Id => ("xero_id", "pair", "zoho_id"),
            By::Alias => ("alias", pair::by_alias(backend), "zoho_id"),
            By::Zoho => ("zoho_id", "pair", "xero_id"),
        };
        let places: Vec<String> = (0..asked.len()).map(|n| format!("${}", n + 3)).collect();
        let mut values: Vec<Value> = vec![slice.tenant.0.into(), lane.0.into()];
        values.extend(asked.iter().map(|(print, key)| match by {
            By::Id | By::Zoho => Value::from((*key).clone()),
            By::Alias => Value::from(print.clone()),
        }));
        let text = format!(
            "SELECT {column} AS k, {wanted} AS wanted FROM {table} WHERE tenant_id = $1 AND lane_id = $2 AND state IN ('settled', 'due', 'conflict') AND zoho_id IS NOT NULL AND {column} IS NOT NULL AND {column} IN ({})",
            places.join(", ")
        );
        let database = &slice.context.database;
        for row in database.query_all_raw(sql(backend, text, values)).await? {
            let key = match by {
                By::Id | By::Zoho => row.try_get::<String>("", "k")?.into_bytes(),
                By::Alias => row.try_get::<Vec<u8>>("", "k")?,
            };
            if let Some(key) = asked.get(&key) {
                found.push((Need { flow, key: (*key).clone(), by }, row.try_get("", "wanted")?));
            }
        }
    }
    Ok(found)
}
