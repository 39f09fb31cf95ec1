//! What hangs on records and has no list of its own: files, notes. While pages are read it is noted which records bear something; when
//! all lanes are through, what each of them bears is listed with one call and carried like any other record, once.
//!
//! A bearer is a pair in the lane of what it bears: its id is `books.invoices/…`, its print the time of its last change, its state
//! `bears` until it was listed. One that has not arrived in Zoho is left as it is, at no cost: when it arrives it is listed.

use std::collections::{HashSet, VecDeque};

use connectors::flow::{Hanging, Reading, Record, Wanted};
use connectors::flows::Bearer;
use entities::database::{begin_write, nameless_rows, sql};
use entities::{lane, pair, run};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value};

use super::carry::{self, Verdict};
use super::lanes::{lane_row, stage};
use super::shelf::{After, Boundary, Counts, Part, Shelf};
use super::slice::{Halt, Lane, Provider, Slice};
use super::{observe, points, read, resolve, settle};

/// The page number under which lists of what hangs on records lie on the shelf.
const PAGE: i32 = -2;
/// Bearers that are listed before what they bear is carried.
const AT_ONCE: usize = 10;

/// Notes which records of a page bear something. `told`: those that have files. Files are noted even where they are not carried: they
/// may be asked for later, when nobody reads these pages again.
pub async fn note(slice: &Slice, run: &run::Model, lane: Lane, read: &[Reading], told: &HashSet<String>) -> Result<(), Halt> {
    for bears in slice.lanes.iter().filter(|bears| bears.flow.hangs().is_some()) {
        let Some(hanging) = bears.flow.hangs() else { continue };
        let Some(bearer) = Bearer::of(lane.flow.record(), hanging) else { continue };
        let is_one = |record: &dyn Record| match hanging {
            Hanging::Files => told.contains(record.id()),
            Hanging::Notes => bears.on,
        };
        let records: Vec<&dyn Record> = read
            .iter()
            .filter_map(|one| if let Reading::Record(record) = one { Some(record.as_ref()) } else { None })
            .filter(|record| is_one(*record) && lane.flow.wanted(*record) == Wanted::Carry)
            .collect();
        slice.context.shelves.name(records.iter().map(|record| (bearer.id(record.id()), record.label())));
        for chunk in records.chunks(500) {
            let rows = chunk.iter().map(|record| (bearer.id(record.id()), record.updated_us())).collect();
            store(slice, run, *bears, rows).await?;
        }
    }
    Ok(())
}

/// A record that has not changed since it was listed is not listed again.
async fn store(slice: &Slice, run: &run::Model, bears: Lane, rows: Vec<(String, i64)>) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    let backend = transaction.get_database_backend();
    let text = format!(
        "INSERT INTO pair (tenant_id, lane_id, xero_id, state, prints, run_id) VALUES {} \
         ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET state = 'bears', prints = excluded.prints, run_id = excluded.run_id \
         WHERE pair.prints IS NULL OR pair.prints <> excluded.prints",
        nameless_rows(backend, rows.len(), 6)
    );
    let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 6);
    for (id, updated_us) in rows {
        let print = slice.print.of(&updated_us.to_string()).to_vec();
        values.extend([slice.tenant.0.into(), bears.id.0.into(), id.into(), "bears".into(), print.into(), run.id.0.into()]);
    }
    transaction.execute_raw(sql(backend, text, values)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Carries what hangs on records that have arrived.
pub async fn carry_all(slice: &mut Slice, run: &run::Model) -> Result<(), Halt> {
    for lane in slice.lanes.clone().into_iter().filter(|lane| lane.on) {
        let Some(hanging) = lane.flow.hangs() else { continue };
        begin(slice, run, lane, hanging).await?;
        resolve::ready(slice, run, lane).await?;
        while let Some(mut shelf) = next(slice, run, lane, hanging).await? {
            stage(slice, run, lane.flow.key()).await?;
            if let Err(halt) = carry_lists(slice, run, &mut shelf).await {
                slice.context.shelves.put(lane.id, shelf);
                return Err(halt);
            }
            points::reached("before_listed");
            listed(slice, run, lane, &shelf).await?;
        }
        resolve::ready(slice, run, lane).await?;
    }
    Ok(())
}

/// Once a run: bearers that were held and are to try again are listed again; and where notes are carried, every record that is in Zoho
/// bears some, also one that arrived before anybody asked for them.
async fn begin(slice: &Slice, run: &run::Model, lane: Lane, hanging: Hanging) -> Result<(), Halt> {
    let has_begun = lane_row(slice, lane).await?.pull_run == Some(run.id);
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    let backend = transaction.get_database_backend();
    let text = "UPDATE pair SET state = 'bears' WHERE tenant_id = $1 AND lane_id = $2 AND state = 'ready' AND state <> 'settled' AND xero_id NOT LIKE '%:%'";
    transaction.execute_raw(sql(backend, text, vec![slice.tenant.0.into(), lane.id.0.into()])).await?;
    for (owner, bearer) in bearers(slice, hanging).filter(|_| hanging == Hanging::Notes && !has_begun) {
        let text = "INSERT INTO pair (tenant_id, lane_id, xero_id, state) SELECT tenant_id, $2, $4 || xero_id, 'bears' FROM pair AS owner \
                    WHERE owner.tenant_id = $1 AND owner.lane_id = $3 AND owner.state IN ('settled', 'due') AND owner.zoho_id IS NOT NULL \
                    AND owner.origin <> 'also' ON CONFLICT (tenant_id, lane_id, xero_id) DO NOTHING";
        let values = vec![slice.tenant.0.into(), lane.id.0.into(), owner.id.0.into(), bearer.id("").into()];
        transaction.execute_raw(sql(backend, text, values)).await?;
    }
    lane::Entity::update_many()
        .col_expr(lane::Column::PullRun, Expr::value(Some(run.id)))
        .filter(lane::Column::TenantId.eq(slice.tenant))
        .filter(lane::Column::Id.eq(lane.id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// The lanes whose records may bear this.
fn bearers(slice: &Slice, hanging: Hanging) -> impl Iterator<Item = (Lane, &'static Bearer)> + '_ {
    slice.lanes.iter().filter_map(move |owner| Some((*owner, Bearer::of(owner.flow.record(), hanging)?)))
}

/// What is on the shelf, or the lists of the next bearers.
async fn next(slice: &mut Slice, run: &run::Model, lane: Lane, hanging: Hanging) -> Result<Option<Shelf>, Halt> {
    slice.go_on()?;
    if let Some(shelf) = slice.context.shelves.take(lane.id, run.id, None, PAGE) {
        return Ok(Some(shelf));
    }
    let mut waiting = Vec::new();
    for (owner, bearer) in bearers(slice, hanging) {
        if waiting.len() < AT_ONCE {
            let most = AT_ONCE - waiting.len();
            waiting.extend(arrived(slice, lane, owner, bearer, most).await?.into_iter().map(|id| (bearer, id)));
        }
    }
    if waiting.is_empty() {
        return Ok(None);
    }
    let (mut ids, mut records, mut decided) = (HashSet::new(), Vec::new(), Vec::new());
    let mut counts = Counts::default();
    for (bearer, id) in waiting {
        let label = slice.context.shelves.label(&id).unwrap_or_else(|| format!("one {}", bearer.noun));
        if let Some(reason) = bearer.refusal(hanging, &label) {
            counts.seen += 1;
            decided.push(Verdict::Held { xero_id: id, reason });
            continue;
        }
        let read = match list(slice, lane, &id).await {
            Ok(read) => read,
            // What is listed already is carried first; then the same is met again.
            Err(_) if !ids.is_empty() => break,
            Err(halt) => return Err(halt),
        };
        for one in read {
            match one {
                Reading::Record(record) => records.push(record),
                Reading::Odd(odd) => {
                    counts.seen += 1;
                    decided.push(Verdict::odd(odd, lane.flow.title()));
                }
            }
        }
        ids.insert(id);
    }
    let todo: VecDeque<_> = observe::plan_all(slice, run, lane, records, &mut counts, &mut decided).await?;
    settle::verdicts(slice, run, lane, decided).await?;
    let parts = vec![Part { lane, todo, counts, whole: true }];
    let boundary = Boundary { ids, same_second: false };
    Ok(Some(Shelf { run: run.id, anchor: None, page: PAGE, parts, after: After::Done, boundary }))
}

async fn list(slice: &mut Slice, lane: Lane, id: &str) -> Result<Vec<Reading>, Halt> {
    slice.permit(Provider::Xero, Some(lane.id), 1).await?;
    let read = read::on(slice, lane, id).await?;
    slice.moved = true;
    Ok(read)
}

/// Bearers that wait to be listed and are in Zoho.
async fn arrived(slice: &Slice, lane: Lane, owner: Lane, bearer: &Bearer, most: usize) -> Result<Vec<String>, Halt> {
    let database = &slice.context.database;
    let backend = database.get_database_backend();
    let text = format!(
        "SELECT pair.xero_id AS id FROM {} JOIN pair AS owner ON owner.tenant_id = pair.tenant_id AND owner.lane_id = $3 \
         AND owner.xero_id = substr(pair.xero_id, $4) WHERE pair.tenant_id = $1 AND pair.lane_id = $2 AND pair.state = 'bears' \
         AND pair.state <> 'settled' AND pair.xero_id LIKE $5 AND owner.state IN ('settled', 'due') AND owner.zoho_id IS NOT NULL \
         ORDER BY pair.xero_id LIMIT $6",
        pair::open(backend)
    );
    let prefix = bearer.id("");
    let values = vec![
        slice.tenant.0.into(),
        lane.id.0.into(),
        owner.id.0.into(),
        (prefix.len() as i32 + 1).into(),
        format!("{prefix}%").into(),
        (most as i64).into(),
    ];
    let rows = database.query_all_raw(sql(backend, text, values)).await?;
    Ok(rows.into_iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
}

async fn carry_lists(slice: &mut Slice, run: &run::Model, shelf: &mut Shelf) -> Result<(), Halt> {
    for part in &mut shelf.parts {
        carry::all(slice, run, part).await?;
    }
    Ok(())
}

/// Notes that these bearers are listed and what they bear is decided, with the counts, in one transaction.
async fn listed(slice: &mut Slice, run: &run::Model, lane: Lane, shelf: &Shelf) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    for id in &shelf.boundary.ids {
        let text = "UPDATE pair SET state = 'settled' WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3 AND state = 'bears'";
        let values = vec![slice.tenant.0.into(), lane.id.0.into(), id.clone().into()];
        transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    }
    for counts in shelf.parts.iter().map(|part| part.counts) {
        let add = [("seen", counts.seen), ("unchanged", counts.unchanged), ("skipped", counts.skipped)];
        settle::count(&transaction, slice, run, lane, &add).await?;
    }
    settle::flush_calls(&transaction, slice, run).await?;
    transaction.commit().await?;
    slice.calls.clear();
    Ok(())
}
