//! Zoho's lists, page by page: each row leaves its print on its pair, in every lane whose business it is.

use std::collections::{HashMap, HashSet};

use connectors::flow::Line;
use entities::database::{begin_write, rows, sql};
use entities::run;
use rust_decimal::Decimal;
use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseTransaction, Value};

use super::super::slice::{Halt, Lane, Provider, Slice};
use super::super::tally::{self, Phase};
use super::super::version::{Told, compare};
use super::rows::store;
use super::{Tallies, of, owed, tally};
use crate::hints::{self, Side};
use crate::runs::Kind;

/// Records of Zoho's own that are remembered for each flow.
const OWN_MAX: usize = 40;
/// Records that a comparison has read again at most, because they may have been changed in Zoho without our noticing.
const UNSEEN_MAX: i64 = 100;

/// The lanes that are fed by the same list of Zoho as this one and have still to read it, this one first.
pub fn sharing(on: &[Lane], lane: Lane, tallies: &Tallies) -> Vec<Lane> {
    let list = |lane: &Lane| (lane.flow.zoho().path, lane.flow.zoho().list_query, lane.flow.zoho().id);
    let reads = |other: &&Lane| other.flow.has_list() && list(other) == list(&lane) && of(tallies, **other).phase == Phase::Zoho;
    on.iter().filter(reads).copied().collect()
}

/// One page of the list that these lanes share.
pub async fn page(slice: &mut Slice, run: &run::Model, members: &[Lane], tallies: &mut Tallies) -> Result<(), Halt> {
    let Some(first) = members.first().copied() else { return Ok(()) };
    slice.permit(Provider::Zoho, Some(first.id), 1).await?;
    let resource = *first.flow.zoho();
    let number = of(tallies, first).page.max(1);
    let token = of(tallies, first).token.clone();
    let extra: Vec<(&str, &str)> = token.iter().map(|token| ("page_token", token.as_str())).collect();
    let listed = match slice.zoho.client.list(&resource, number, &extra).await {
        Ok(listed) => listed,
        Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
    };
    slice.moved = true;
    let day = owed::day(run);
    let mut strangers: HashMap<String, Lane> = HashMap::new();
    let mut ours: HashSet<String> = HashSet::new();
    // Prints and sums together: a row that moves to a later page while we read is counted once, also after a crash.
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    for lane in members.iter().copied() {
        let mut lines: HashMap<String, Line> = HashMap::with_capacity(listed.rows.len());
        let mut owing = HashMap::new();
        for row in &listed.rows {
            let id = row[resource.id].as_str().unwrap_or_default();
            if let Some(line) = lane.flow.zoho_line(row).filter(|_| !id.is_empty()) {
                lines.insert(id.to_owned(), line);
                owing.extend(lane.flow.zoho_owed(row).map(|owed| (id.to_owned(), owed)));
            }
        }
        // Several of Xero's taxes or accounts may be one in Zoho: it counts for each.
        let matched = print_rows(&transaction, slice, run, lane, &lines).await?;
        let tally = tally(tallies, lane);
        for (id, line) in lines.iter().filter(|(_, line)| !matches!(line.status, "draft" | "void")) {
            if line.total.is_some() {
                strangers.insert(id.clone(), lane);
            }
        }
        for (id, part) in &matched {
            let Some(line) = lines.get(id) else { continue };
            // Several records of Xero's that are one here are as many, and come to what that one does.
            let is_counted = part.is_some() && ours.contains(id);
            let rest = Line { total: line.total.map(|_| Decimal::ZERO), tax: None, due: None, ..line.clone() };
            tally.zoho.add(if is_counted { &rest } else { line });
            ours.insert(id.clone());
        }
        for owed in matched.iter().filter_map(|(id, _)| owing.remove(id)) {
            tally.zoho_owed.add(owed, day);
        }
        if listed.more {
            (tally.page, tally.token) = (number + 1, listed.next.clone());
        } else {
            (tally.phase, tally.page, tally.anchor, tally.token) = (Phase::Xero, 1, None, None);
        }
    }
    for (id, lane) in strangers.into_iter().filter(|(id, _)| !ours.contains(id)) {
        let tally = tally(tallies, lane);
        if tally.own.len() < OWN_MAX {
            tally.own.push(id);
        } else {
            tally.own_is_cut = true;
        }
    }
    // After a migration nothing is missing but what has just been deleted.
    if !listed.more && run.kind == Kind::Reconciliation.name() {
        for lane in members.iter().filter(|lane| lane.flow.back().is_some() && !slice.link.one_way) {
            unlisted(&transaction, slice, run, *lane).await?;
        }
    }
    if run.kind == Kind::Reconciliation.name() {
        for lane in members.iter().filter(|lane| lane.flow.back().is_some() && !slice.link.one_way) {
            unseen(&transaction, slice, *lane, &listed.rows).await?;
        }
    }
    store(transaction, slice, run, members, tallies).await
}

/// What somebody may have changed in Zoho without our noticing: during a migration, or in the very second of our own writing. So many in
/// one comparison are read again.
async fn unseen(transaction: &DatabaseTransaction, slice: &Slice, lane: Lane, rows: &[serde_json::Value]) -> Result<(), Halt> {
    let backend = transaction.get_database_backend();
    let text = "SELECT COUNT(*) AS n FROM hint JOIN lane ON lane.tenant_id = hint.tenant_id AND lane.id = hint.lane_id \
                WHERE hint.tenant_id = $1 AND lane.link_id = $2 AND hint.side = 'zoho'";
    let found = transaction.query_one_raw(sql(backend, text, vec![slice.tenant.0.into(), slice.link.id.0.into()])).await?;
    let waiting: i64 = found.map_or(Ok(0), |row| row.try_get("", "n"))?;
    let id = lane.flow.zoho().id;
    let told = |row: &serde_json::Value| {
        let time = row["last_modified_time"].as_str().filter(|time| !time.is_empty())?;
        Some((row[id].as_str()?.to_owned(), time.to_owned()))
    };
    let told: HashMap<String, String> = rows.iter().filter_map(told).collect();
    if told.is_empty() || waiting >= UNSEEN_MAX {
        return Ok(());
    }
    let places: Vec<String> = (0..told.len()).map(|n| format!("${}", n + 3)).collect();
    let mut values: Vec<Value> = vec![slice.tenant.0.into(), lane.id.0.into()];
    values.extend(told.keys().map(|id| Value::from(id.clone())));
    let text = format!(
        "SELECT DISTINCT zoho_id, version FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND state = 'settled' AND prints IS NOT NULL \
         AND zoho_id IN ({}) ORDER BY zoho_id",
        places.join(", ")
    );
    let mut hints = Vec::new();
    for row in transaction.query_all_raw(sql(backend, text, values)).await? {
        let (zoho_id, kept): (String, Option<String>) = (row.try_get("", "zoho_id")?, row.try_get("", "version")?);
        // What was never read or written has nothing that could have changed unseen.
        let Some(kept) = kept.filter(|kept| !kept.is_empty()) else { continue };
        if told.get(&zoho_id).is_some_and(|time| compare(&kept, time) != Told::Known) {
            hints.push((lane.id, Side::Zoho, zoho_id));
        }
    }
    hints.truncate((UNSEEN_MAX - waiting).max(0) as usize);
    hints::put(transaction, slice.context.now(), slice.tenant, &hints).await?;
    Ok(())
}

/// What was carried and is in no list any more may have been deleted in Zoho. It is asked for by its id before that is believed.
async fn unlisted(transaction: &DatabaseTransaction, slice: &Slice, run: &run::Model, lane: Lane) -> Result<(), Halt> {
    let text = "INSERT INTO hint (tenant_id, lane_id, side, record_id, seen_at) SELECT DISTINCT tenant_id, lane_id, 'zoho', zoho_id, CAST($4 AS bigint) \
                FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND zoho_id IS NOT NULL AND state = 'settled' AND COALESCE(origin, '') <> 'also' \
                AND (seen_run IS NULL OR seen_run <> $3) ON CONFLICT (tenant_id, lane_id, side, record_id) DO NOTHING";
    let values = vec![slice.tenant.0.into(), lane.id.0.into(), run.id.0.into(), slice.context.now().0.into()];
    transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    Ok(())
}

/// The records of Zoho's that have a pair, each as often as it has one, and which part of it that is.
async fn print_rows(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    lines: &HashMap<String, Line>,
) -> Result<Vec<(String, Option<String>)>, Halt> {
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let backend = transaction.get_database_backend();
    let casts = if backend == DatabaseBackend::Postgres { ["text", "bytea"] } else { ["", ""] };
    let mut values: Vec<Value> = Vec::with_capacity(lines.len() * 2 + 3);
    for (id, line) in lines {
        values.extend([id.clone().into(), slice.print.of(&tally::text(line)).to_vec().into()]);
    }
    let n = values.len();
    values.extend([slice.tenant.0.into(), lane.id.0.into(), run.id.0.into()]);
    let text = format!(
        "UPDATE pair SET seen = v.column2, seen_run = ${} FROM (VALUES {}) AS v \
         WHERE pair.tenant_id = ${} AND pair.lane_id = ${} AND pair.zoho_id = v.column1 AND COALESCE(pair.origin, '') <> 'also' AND (pair.seen_run IS NULL OR pair.seen_run <> ${}) RETURNING zoho_id, part",
        n + 3,
        rows(lines.len(), &casts),
        n + 1,
        n + 2,
        n + 3
    );
    let found = transaction.query_all_raw(sql(backend, text, values)).await?;
    let matched = found.into_iter().map(|row| Ok::<_, sea_orm::DbErr>((row.try_get("", "zoho_id")?, row.try_get("", "part")?)));
    Ok(matched.collect::<Result<_, _>>()?)
}
