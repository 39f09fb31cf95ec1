//! The oracle of a migration: nothing twice, nothing lost, sums equal. It reads both companies as the sandbox keeps them and decides by
//! itself which Xero records belong in Zoho Books; of the product it asks only which records it says it holds.

mod bank;
mod kinds;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use sea_orm::ConnectionTrait;
use serde_json::Value;

use self::kinds::{LISTS, List, Row, Want};
use crate::{World, books};

/// What was found, over all kinds of records.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    pub wanted: usize,
    pub arrived: usize,
    pub held: usize,
    /// A Xero record that is in Zoho more than once, a number that is there twice, a record nobody sent.
    pub duplicates: Vec<String>,
    /// A Xero record that is neither in Zoho nor held.
    pub lost: Vec<String>,
    /// Sums that differ.
    pub differences: Vec<String>,
}

impl Verdict {
    /// Nothing twice, nothing lost, every sum equal.
    pub fn is_whole(&self) -> bool {
        self.duplicates.is_empty() && self.lost.is_empty() && self.differences.is_empty()
    }
}

/// Looks at everything that was to be carried.
pub async fn whole(world: &World) -> Verdict {
    let held = held(world).await;
    let mut verdict = Verdict::default();
    for list in LISTS {
        look(world, list, &held, &mut verdict).await;
    }
    let contacts = books::zoho(world, "contacts").await;
    let ours = |one: &&Value| ["cf_xero_acct_id", "cf_xero_supplier_id"].iter().all(|field| books::custom(one, field).is_none());
    let stray = contacts.iter().filter(ours).count();
    if stray > 0 {
        verdict.duplicates.push(format!("{stray} contacts without a Xero id"));
    }
    verdict
}

async fn look(world: &World, list: &List, held: &BTreeSet<(String, String)>, verdict: &mut Verdict) {
    let mut wanted: BTreeMap<String, (&str, Want)> = BTreeMap::new();
    for source in list.from {
        for want in books::xero(world, source.xero).await.iter().flat_map(source.wants) {
            wanted.insert(want.key.clone(), (source.flow, want));
        }
    }
    let rows: Vec<Row> = books::zoho(world, list.zoho).await.iter().flat_map(list.rows).collect();
    let name = list.from.iter().map(|source| source.flow).collect::<Vec<_>>().join(", ");
    verdict.duplicates.extend(repeated(rows.iter().map(|row| row.number.as_str())).map(|no| format!("{name}: number {no}")));
    let keys = rows.iter().filter_map(|row| row.key.as_deref());
    verdict.duplicates.extend(repeated(keys).map(|key| format!("{name}: {key} twice")));
    if !list.keyless && rows.iter().any(|row| row.key.is_none()) {
        verdict.duplicates.push(format!("{name}: a record without a Xero id"));
    }
    let there: BTreeSet<&str> = rows.iter().filter_map(|row| row.key.as_deref()).collect();
    let mut called = BTreeSet::new();
    for (xero, calls) in list.from.iter().flat_map(|source| kinds::callers(source.flow)) {
        called
            .extend(books::xero(world, xero).await.iter().filter(|one| calls(one)).map(|one| text(&one["Contact"], "ContactID")));
    }
    let stray = there.iter().filter(|key| !wanted.contains_key(**key) && !called.contains(**key));
    verdict.duplicates.extend(stray.map(|key| format!("{name}: {key} was never asked for")));
    for (flow, want) in wanted.values().filter(|(_, want)| !there.contains(want.key.as_str())) {
        match held.contains(&((*flow).to_owned(), want.id.clone())) {
            true => verdict.held += 1,
            false => verdict.lost.push(format!("{flow}: {}", want.id)),
        }
    }
    let sent: Decimal = there.iter().filter_map(|key| wanted.get(*key)).map(|(_, want)| want.amount).sum();
    let got: Decimal = rows.iter().filter(|row| row.key.is_some()).map(|row| row.amount).sum();
    if sent != got {
        verdict.differences.push(format!("{name}: {sent} in Xero, {got} in Zoho"));
    }
    verdict.wanted += wanted.len();
    verdict.arrived += there.len();
}

async fn held(world: &World) -> BTreeSet<(String, String)> {
    let database = &world.stage.context.database;
    let text = "SELECT lane.flow AS flow, hold.xero_id AS id FROM hold JOIN lane ON lane.tenant_id = hold.tenant_id AND lane.id = hold.lane_id";
    let rows =
        database.query_all_raw(entities::database::sql(database.get_database_backend(), text, vec![])).await.expect("a query");
    rows.iter().map(|row| (row.try_get("", "flow").expect("a flow"), row.try_get("", "id").expect("an id"))).collect()
}

fn repeated<'a>(values: impl Iterator<Item = &'a str>) -> impl Iterator<Item = &'a str> {
    let mut seen = BTreeSet::new();
    values.filter(move |value| !value.is_empty() && !seen.insert(*value))
}

fn text(record: &Value, name: &str) -> String {
    record[name].as_str().unwrap_or_default().to_owned()
}

fn amount(record: &Value, name: &str) -> Decimal {
    let told = match &record[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    told.parse().or_else(|_| Decimal::from_scientific(&told)).unwrap_or_default()
}
