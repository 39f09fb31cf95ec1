//! Reads one page of what changed in Xero and lays on the shelf what needs doing. Never writes to a provider.
//!
//! Pages are keyset on the modified time: a full page moves the anchor to its last record's second, so a record that is edited
//! while we read moves to the end and is read there; nothing is lost. Only when a whole page falls within one second is the page
//! number counted on.

use std::collections::{HashMap, HashSet, VecDeque};

use connectors::flow::{Authority, Reading, Record, Wanted};
use connectors::xero::{Page, Since, with_files};
use connectors::zoho::Unique;
use entities::clock::At;
use entities::database::sql;
use entities::{lane, run};
use sea_orm::{ConnectionTrait, Value};

use super::carry::Verdict;
use super::plan::{Plan, plan};
use super::shelf::{After, Boundary, Counts, Part, Shelf, Todo};
use super::slice::{Halt, Lane, Provider, Slice};
use super::{hanging, read, settle};
use crate::hints::{self, Side};

const SECOND_US: i64 = 1_000_000;
/// Changes may become visible late, and Xero compares whole seconds: a new pull starts this much before the last one's end.
pub(super) const OVERLAP_US: i64 = 120 * SECOND_US;

/// One pair as far as the plan needs it.
struct Known {
    zoho_id: Option<String>,
    prints: Option<Vec<u8>>,
    state: String,
    /// Its open work is a write to Xero, or what both sides decide.
    toward_xero: bool,
    this_run: bool,
}

/// Where the lane's present pull stands; starts one if there is none for this run.
pub fn stand(lane: &lane::Model, run: &run::Model) -> (Option<At>, i32) {
    if lane.pull_run == Some(run.id) {
        (lane.anchor, lane.page)
    } else {
        (lane.watermark.map(|watermark| At(watermark.0 - OVERLAP_US)), 1)
    }
}

/// Reads the page at which the lane stands.
pub async fn page(slice: &mut Slice, run: &run::Model, lane: Lane, row: &lane::Model) -> Result<(Shelf, Option<At>), Halt> {
    let (anchor, number) = stand(row, run);
    slice.permit(Provider::Xero, Some(lane.id), 1).await?;
    let since = Since { anchor_us: anchor.map(|at| at.0), page: number.max(1) as u32 };
    let (page, read) = read::changed(slice, lane, since).await?;
    slice.moved = true;
    let server_time = (page.server_time_us > 0).then_some(At(page.server_time_us));
    let shelf = lay_out(slice, run, lane, anchor, number, page, read).await?;
    Ok((shelf, server_time))
}

/// Of a record that lives inside another one, that one's id.
fn outermost(id: &str) -> &str {
    id.split_once(':').map_or(id, |(outer, _)| outer)
}

async fn lay_out(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    anchor: Option<At>,
    number: i32,
    page: Page,
    read: Vec<Reading>,
) -> Result<Shelf, Halt> {
    let full = page.is_full(lane.flow.rows(&page.body, read.len()));
    let newest = read.iter().map(updated_us).max().unwrap_or(0);
    let after = after(anchor, number, full, newest);
    let same_second = matches!(after, After::Next { anchor: next, .. } if next == anchor);
    let mut boundary = Boundary { ids: HashSet::new(), same_second };
    // What lives inside these records is held against them.
    let mut outer: Vec<(String, String)> = match slice.readers(lane).iter().any(|reader| reader.flow.removed("").is_some()) {
        true => read
            .iter()
            .filter_map(|one| {
                if let Reading::Record(record) = one { Some((outermost(record.id()).to_owned(), record.label())) } else { None }
            })
            .collect(),
        false => Vec::new(),
    };
    outer.dedup_by(|one, other| one.0 == other.0);
    let (mut parts, mut own) = (Vec::new(), Some(read));
    let told = match with_files(lane.flow.xero(), &page.body) {
        Ok(told) => told,
        Err(trouble) => return Err(slice.halt(Provider::Xero, trouble).await),
    };
    for reader in slice.readers(lane) {
        let mut read = match own.take_if(|_| reader.id == lane.id) {
            Some(read) => read,
            None => match reader.flow.read(&page.body) {
                Ok(read) => read,
                Err(trouble) => return Err(slice.halt(Provider::Xero, trouble).await),
            },
        };
        // Each kind that shares the page finds the same record odd; one of them says so.
        if reader.id != lane.id {
            read.retain(|one| matches!(one, Reading::Record(_)));
        }
        let expected = (number == 1 && reader.id == lane.id).then(|| page.item_count.map(|count| count as i64)).flatten();
        let expected = if lane.flow.xero().paged { expected } else { Some(read.len() as i64) };
        boundary.ids.extend(at_the_end(&read, &after));
        hanging::note(slice, run, reader, &read, &told).await?;
        let removed = removed(slice, reader, &outer, &read).await?;
        settle::verdicts(slice, run, reader, removed).await?;
        parts.push(lay_part(slice, run, lane, reader, expected, read).await?);
    }
    Ok(Shelf { run: run.id, anchor, page: number, parts, after, boundary })
}

/// One lane's share of a page: what is unknown to it or has changed.
async fn lay_part(
    slice: &mut Slice,
    run: &run::Model,
    leader: Lane,
    lane: Lane,
    expected: Option<i64>,
    read: Vec<Reading>,
) -> Result<Part, Halt> {
    let mut records = Vec::with_capacity(read.len());
    let mut decided = Vec::new();
    let mut counts = Counts { expected, ..Counts::default() };
    for one in read {
        match one {
            Reading::Record(record) => records.push(record),
            Reading::Odd(one) => {
                counts.seen += 1;
                decided.push(Verdict::odd(one, lane.flow.title()));
            }
        }
    }
    // What the page before had too is neither counted nor planned again.
    records.retain(|record| !slice.context.shelves.had(leader.id, run.id, record.id()));
    let todo = plan_all(slice, run, lane, records, &mut counts, &mut decided).await?;
    settle::verdicts(slice, run, lane, decided).await?;
    Ok(Part { lane, todo, counts, whole: true })
}

fn updated_us(one: &Reading) -> i64 {
    match one {
        Reading::Record(record) => record.updated_us(),
        Reading::Odd(_) => 0,
    }
}

/// The cursor after this page.
pub fn after(anchor: Option<At>, number: i32, full: bool, newest_us: i64) -> After {
    if !full {
        return After::Done;
    }
    let last = newest_us.div_euclid(SECOND_US) * SECOND_US;
    match anchor {
        Some(anchor) if last <= anchor.0 => After::Next { anchor: Some(anchor), page: number + 1 },
        _ if last == 0 => After::Next { anchor, page: number + 1 },
        _ => After::Next { anchor: Some(At(last)), page: 1 },
    }
}

/// The ids that the next page will show again: those of the second it starts at.
fn at_the_end(read: &[Reading], after: &After) -> Vec<String> {
    let After::Next { anchor: Some(from), .. } = after else { return Vec::new() };
    let records = read.iter().filter_map(|one| if let Reading::Record(record) = one { Some(record) } else { None });
    records.filter(|record| record.updated_us() >= from.0).map(|record| record.id().to_owned()).collect()
}

pub(super) async fn plan_all(
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    records: Vec<Box<dyn Record>>,
    counts: &mut Counts,
    verdicts: &mut Vec<Verdict>,
) -> Result<VecDeque<Todo>, Halt> {
    let pairs = pairs(slice, run, lane, &records).await?;
    let authorities: Vec<Authority> = lane.flow.field_names().into_iter().map(|(_, authority)| authority).collect();
    let overwrite = lane.flow.zoho().unique != Unique::Search;
    let is_two_way = lane.flow.back().is_some() && !slice.link.one_way;
    let hinted = match is_two_way && !pairs.is_empty() {
        true => hints::zoho_ids(&slice.context.database, slice.tenant, lane.id).await?,
        false => HashSet::new(),
    };
    let mut meet = Vec::new();
    let mut todo = VecDeque::new();
    for record in records {
        let prints = lane.flow.prints(record.as_ref(), &slice.print);
        let pair = pairs.get(record.id());
        let settled = pair.filter(|pair| pair.zoho_id.is_some() && (pair.state == "settled" || pair.state == "due"));
        let decided = pair.is_some_and(|pair| {
            let same = pair.prints.as_deref() == Some(prints.as_slice());
            pair.state == "ready"
                || pair.this_run && (same || ["waiting", "held", "out", "passed"].contains(&pair.state.as_str()))
        });
        if pair.is_some_and(|pair| pair.state == "gone") {
            // It was deleted in Zoho, and Xero was told so.
            counts.seen += 1;
            counts.unchanged += 1;
            continue;
        }
        if let Some(pair) = pair
            && let Some(zoho_id) = pair.zoho_id.as_deref().filter(|_| is_two_way)
        {
            // It is on its way to Xero, or Zoho may have changed it too, noticed or not: both sides are looked at, and only what changed goes.
            let is_met =
                pair.toward_xero || hinted.contains(zoho_id) || is_changed(pair.prints.as_deref(), &prints, &authorities);
            if is_met {
                counts.seen += 1;
                if pair.prints.as_deref() == Some(prints.as_slice()) {
                    counts.unchanged += 1;
                } else {
                    meet.push((lane.id, Side::Zoho, zoho_id.to_owned()));
                }
                continue;
            }
        }
        if decided {
            // Carried, held or waiting since this run began: this page was read before, or the record moved to a later one. What is
            // ready is read by its id.
            continue;
        }
        match plan(
            settled.and_then(|pair| pair.prints.as_deref()),
            &prints,
            lane.flow.wanted(record.as_ref()),
            &authorities,
            overwrite,
        ) {
            // An update of it was refused before, and now it is deleted in Xero: the flow says what that means in Zoho.
            Plan::Skip if pair.is_some_and(|pair| pair.zoho_id.is_some()) => {
                counts.seen += 1;
                let zoho_id = pair.and_then(|pair| pair.zoho_id.clone());
                todo.push_back(Todo::known(record, prints, zoho_id));
            }
            Plan::Skip => {
                counts.skipped += 1;
                if pair.is_some() {
                    // It was held or waited, never sent, and was deleted in Xero meanwhile.
                    verdicts.push(Verdict::Dropped { xero_id: record.id().to_owned() });
                }
            }
            Plan::Create
                if pair.is_none_or(|pair| pair.zoho_id.is_none()) && !slice.scope.includes(lane.flow.age(record.as_ref())) =>
            {
                counts.seen += 1;
                if pair.is_some_and(|pair| pair.state == "out") {
                    counts.skipped += 1;
                } else {
                    verdicts.push(Verdict::Out { xero_id: record.id().to_owned() });
                }
            }
            Plan::Nothing => {
                counts.seen += 1;
                counts.unchanged += 1;
            }
            Plan::Create | Plan::Update(_) => {
                counts.seen += 1;
                let zoho_id = pair.and_then(|pair| pair.zoho_id.clone());
                todo.push_back(Todo::known(record, prints, zoho_id));
            }
        }
    }
    hints::put(&slice.context.database, slice.context.now(), slice.tenant, &meet).await?;
    Ok(todo)
}

/// Whether a record that was settled has changed in a way that its other side is told of.
fn is_changed(settled: Option<&[u8]>, now: &[u8], authorities: &[Authority]) -> bool {
    settled.is_some() && matches!(plan(settled, now, Wanted::Carry, authorities, true), Plan::Update(_))
}

/// Of a kind that lives inside the records of this page: what is not inside its record any more. What was carried of it is held, the
/// rest forgotten. What may have been sent is looked into by its id.
async fn removed(slice: &Slice, lane: Lane, outer: &[(String, String)], read: &[Reading]) -> Result<Vec<Verdict>, Halt> {
    if lane.flow.removed("").is_none() {
        return Ok(Vec::new());
    }
    let inside: HashSet<&str> =
        read.iter().filter_map(|one| if let Reading::Record(record) = one { Some(record.id()) } else { None }).collect();
    let labels: HashMap<&str, &str> = outer.iter().map(|(id, label)| (id.as_str(), label.as_str())).collect();
    let database = &slice.context.database;
    let mut verdicts = Vec::new();
    for chunk in outer.chunks(500) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 3)).collect();
        let mut values: Vec<Value> = vec![slice.tenant.0.into(), lane.id.0.into()];
        values.extend(chunk.iter().map(|(id, _)| Value::from(id.clone())));
        // Xero's ids are all of one length.
        let length = chunk.first().map_or(0, |(id, _)| id.chars().count());
        let text = format!(
            "SELECT xero_id, zoho_id FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND state <> 'ready' AND substr(xero_id, 1, {length}) IN ({})",
            places.join(", ")
        );
        for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
            let (xero_id, zoho_id): (String, Option<String>) = (row.try_get("", "xero_id")?, row.try_get("", "zoho_id")?);
            if inside.contains(xero_id.as_str()) {
                continue;
            }
            let label = xero_id.split_once(':').and_then(|(outer, _)| labels.get(outer)).copied().unwrap_or_default();
            match lane.flow.removed(label).filter(|_| zoho_id.is_some()) {
                Some(reason) => verdicts.push(Verdict::Held { xero_id, reason }),
                None => verdicts.push(Verdict::Dropped { xero_id }),
            }
        }
    }
    Ok(verdicts)
}

async fn pairs(slice: &Slice, run: &run::Model, lane: Lane, records: &[Box<dyn Record>]) -> Result<HashMap<String, Known>, Halt> {
    let database = &slice.context.database;
    let mut found = HashMap::with_capacity(records.len());
    for chunk in records.chunks(1000) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 4)).collect();
        let mut values: Vec<Value> = vec![slice.tenant.0.into(), lane.id.0.into(), run.id.0.into()];
        values.extend(chunk.iter().map(|record| Value::from(record.id().to_owned())));
        let text = format!(
            "SELECT xero_id, zoho_id, prints, state, toward, CASE WHEN run_id = $3 THEN 1 ELSE 0 END AS this_run \
             FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND xero_id IN ({})",
            places.join(", ")
        );
        for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
            let this_run: i32 = row.try_get("", "this_run")?;
            let known = Known {
                zoho_id: row.try_get("", "zoho_id")?,
                prints: row.try_get("", "prints")?,
                state: row.try_get("", "state")?,
                toward_xero: row.try_get::<Option<String>>("", "toward")?.is_some(),
                this_run: this_run == 1,
            };
            found.insert(row.try_get("", "xero_id")?, known);
        }
    }
    Ok(found)
}
