//! Compares both sides to the cent. Lists only: Zoho's rows leave a print on their pair, then Xero's records are held against it.
//! Only a record that differs costs a call of its own. What differs becomes a finding with its named cause.

use std::collections::{HashMap, HashSet};

use connectors::flow::{Judgement, Line, Reading, Record, Wanted};
use connectors::side::Trouble;
use connectors::xero::Since;
use entities::clock::At;
use entities::database::{begin_write, rows, sql};
use entities::ids::FindingId;
use entities::{finding, run, run_count};
use rust_decimal::Decimal;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait, QueryFilter, Value,
};

use uuid::Uuid;

use super::known::look_up;
use super::lanes::{lane_row, stage};
use super::slice::{Halt, Lane, Provider, Slice};
use super::tally::{self, Phase, Sums, Tally};
use super::{read, settle};
use crate::holds;

const SECOND_US: i64 = 1_000_000;
/// Findings written for one flow; beyond that only their number is kept.
const FINDINGS_MAX: i64 = 200;
/// Documents that are looked at before the sums are stored again.
const LOOKS_AT_ONCE: usize = 5;
/// Documents of one flow that are fetched for a closer look: where more differ, something is wrong that no list of them explains.
const LOOKS_MAX: i64 = 100;
/// How long a finding's sentence can be read.
const SENTENCE_LIVES: std::time::Duration = std::time::Duration::from_secs(30 * 24 * 3600);

/// Reconciles all flows. `Ok(clean)`: done, and whether the books agree to the cent.
pub async fn reconcile(slice: &mut Slice, run: &run::Model) -> Result<bool, Halt> {
    stage(slice, run, "reconciling").await?;
    let mut clean = true;
    for lane in slice.lanes.clone().into_iter().filter(|lane| lane.on && lane.flow.has_list()) {
        let mut tally = load(slice, run, lane).await?;
        while tally.phase != Phase::Done {
            slice.go_on()?;
            match tally.phase {
                Phase::Zoho => zoho_page(slice, run, lane, &mut tally).await?,
                Phase::Xero => xero_page(slice, run, lane, &mut tally).await?,
                Phase::Look => look(slice, run, lane, &mut tally).await?,
                Phase::Done => {}
            }
        }
        clean &= tally.unexplained == 0;
    }
    Ok(clean)
}

/// One page of Zoho's list: each row leaves its print on its pair.
async fn zoho_page(slice: &mut Slice, run: &run::Model, lane: Lane, tally: &mut Tally) -> Result<(), Halt> {
    slice.permit(Provider::Zoho, Some(lane.id), 1).await?;
    let of = *lane.flow.zoho();
    let listed = match slice.zoho.client.list(&of, tally.page.max(1), &[]).await {
        Ok(listed) => listed,
        Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
    };
    slice.moved = true;
    let mut lines: HashMap<String, Line> = HashMap::with_capacity(listed.rows.len());
    for row in &listed.rows {
        let id = row[of.id].as_str().unwrap_or_default();
        if let Some(line) = lane.flow.zoho_line(row).filter(|_| !id.is_empty()) {
            lines.insert(id.to_owned(), line);
        }
    }
    // Prints and sums together: a row that moves to a later page while we read is counted once, also after a crash.
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    // Several of Xero's taxes or accounts may be one in Zoho: it counts for each.
    let matched = print_rows(&transaction, slice, run, lane, &lines).await?;
    for line in matched.iter().filter_map(|id| lines.get(id)) {
        tally.zoho.add(line);
    }
    if listed.more {
        tally.page = tally.page.max(1) + 1;
    } else {
        (tally.phase, tally.page, tally.anchor) = (Phase::Xero, 1, None);
    }
    store(transaction, slice, run, lane, tally).await
}

async fn print_rows(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    lines: &HashMap<String, Line>,
) -> Result<Vec<String>, Halt> {
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
         WHERE pair.tenant_id = ${} AND pair.lane_id = ${} AND pair.zoho_id = v.column1 AND COALESCE(pair.origin, '') <> 'also' AND (pair.seen_run IS NULL OR pair.seen_run <> ${}) RETURNING zoho_id",
        n + 3,
        rows(lines.len(), &casts),
        n + 1,
        n + 2,
        n + 3
    );
    let found = transaction.query_all_raw(sql(backend, text, values)).await?;
    Ok(found.into_iter().map(|row| row.try_get("", "zoho_id")).collect::<Result<_, _>>()?)
}

struct Pair {
    zoho_id: Option<String>,
    prints: Option<Vec<u8>>,
    answer: Option<Vec<u8>>,
    state: String,
    seen: Option<Vec<u8>>,
}

/// One page of Xero's list, held against the prints.
async fn xero_page(slice: &mut Slice, run: &run::Model, lane: Lane, tally: &mut Tally) -> Result<(), Halt> {
    slice.permit(Provider::Xero, Some(lane.id), 1).await?;
    let since = Since { anchor_us: tally.anchor.map(|at| at.0), page: tally.page.max(1) };
    let (page, read) = read::changed(slice, lane, since).await?;
    slice.moved = true;
    let full = lane.flow.xero().paged && page.page_size > 0 && read.len() >= page.page_size as usize;
    let records: Vec<Box<dyn Record>> = read
        .into_iter()
        .filter_map(|one| match one {
            Reading::Record(record) => Some(record),
            Reading::Odd(_) => None,
        })
        .collect();
    let newest = records.iter().map(|record| record.updated_us()).max().unwrap_or(0).div_euclid(SECOND_US) * SECOND_US;
    let pairs = pairs(slice, run, lane, &records).await?;
    let read_until = lane_row(slice, lane).await?.watermark;
    let had = std::mem::take(&mut tally.boundary);
    for record in records.iter().filter(|record| !had.contains(record.id())) {
        check(slice, run, lane, tally, record.as_ref(), pairs.get(record.id()), read_until).await?;
    }
    if !full {
        (tally.phase, tally.boundary) = (Phase::Look, HashSet::new());
        return note(slice, run, lane, tally).await;
    }
    let same_second = tally.anchor.is_some_and(|anchor| newest <= anchor.0) || newest == 0;
    let from = if same_second { tally.anchor.map_or(0, |at| at.0) } else { newest };
    let ids = records.iter().filter(|record| record.updated_us() >= from).map(|record| record.id().to_owned());
    if same_second {
        tally.boundary = had.into_iter().chain(ids).collect();
        tally.page = tally.page.max(1) + 1;
    } else {
        tally.boundary = ids.collect();
        (tally.anchor, tally.page) = (Some(At(newest)), 1);
    }
    note(slice, run, lane, tally).await
}

/// A few of the records that differ, read again and looked at. The last of them ends the flow's reconciliation.
async fn look(slice: &mut Slice, run: &run::Model, lane: Lane, tally: &mut Tally) -> Result<(), Halt> {
    if tally.differing.is_empty() {
        tally.phase = Phase::Done;
        level_one(slice, run, lane, tally).await?;
        return note(slice, run, lane, tally).await;
    }
    let most = if lane.flow.xero().by_ids.is_some() { LOOKS_AT_ONCE } else { 1 };
    let ids: Vec<String> = tally.differing.drain(..tally.differing.len().min(most)).collect();
    slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
    let (_, read) = read::by_ids(slice, lane, &ids).await?;
    let records: Vec<Box<dyn Record>> =
        read.into_iter().filter_map(|one| if let Reading::Record(record) = one { Some(record) } else { None }).collect();
    let pairs = pairs(slice, run, lane, &records).await?;
    for record in &records {
        if let Some(pair) = pairs.get(record.id())
            && let Some(zoho_id) = &pair.zoho_id
        {
            let line = lane.flow.xero_line(record.as_ref());
            look_closer(slice, run, lane, tally, record.as_ref(), &line, zoho_id, pair.seen.is_none()).await?;
        }
    }
    note(slice, run, lane, tally).await
}

/// Holds one record against its pair.
async fn check(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    tally: &mut Tally,
    record: &dyn Record,
    pair: Option<&Pair>,
    read_until: Option<At>,
) -> Result<(), Halt> {
    let line = lane.flow.xero_line(record);
    let Some(pair) = pair else {
        if lane.flow.wanted(record) != Wanted::Carry {
            return Ok(());
        }
        if read_until.is_some_and(|until| record.updated_us() >= until.0 - SECOND_US) {
            tally.changed += 1;
            let sentence = format!("{} appeared in Xero after it was read; the next run carries it.", record.label());
            return find(slice, run, lane, tally, 2, "CHANGED_SINCE", true, sentence).await;
        }
        tally.xero.add(&line);
        let sentence = format!("{} is in Xero and was never carried.", record.label());
        return find(slice, run, lane, tally, 2, "NOT_CARRIED", false, sentence).await;
    };
    if pair.zoho_id.is_none() || pair.state != "settled" {
        // Held or waiting: counted at the end, and explained by its hold.
        return Ok(());
    }
    let expected = slice.print.of(&tally::text(&line));
    let tax = line.tax.map(|tax| slice.print.of(&tax.normalize().to_string()).to_vec());
    let tax_equal = tax.is_none() || pair.answer.is_none() || tax == pair.answer;
    if pair.seen.as_deref() == Some(expected.as_slice()) && tax_equal {
        tally.xero.add(&line);
        return Ok(());
    }
    if pair.prints.as_deref() != Some(lane.flow.prints(record, &slice.print).as_slice()) && is_overwritten(lane) {
        tally.xero.add(&line);
        tally.changed += 1;
        let sentence = format!("{} changed in Xero after it was carried; the next run carries the change.", record.label());
        return find(slice, run, lane, tally, 2, "CHANGED_SINCE", true, sentence).await;
    }
    tally.xero.add(&line);
    tally.looked += 1;
    if tally.looked > LOOKS_MAX {
        let sentence = format!("{} differs too; so many do that this one was not looked at.", record.label());
        return find(slice, run, lane, tally, 2, "NOT_LOOKED_AT", false, sentence).await;
    }
    tally.differing.push(record.id().to_owned());
    Ok(())
}

fn is_overwritten(lane: Lane) -> bool {
    lane.flow.zoho().unique != connectors::zoho::Unique::Search
}

/// The lists differ: the document itself is fetched, and every amount that is not equal becomes a finding.
#[expect(clippy::too_many_arguments, reason = "both sides of one record")]
async fn look_closer(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    tally: &mut Tally,
    record: &dyn Record,
    line: &Line,
    zoho_id: &str,
    was_not_listed: bool,
) -> Result<(), Halt> {
    slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
    let of = *lane.flow.zoho();
    let detail = match slice.zoho.client.get(&of, zoho_id).await {
        Ok(detail) => detail,
        Err(Trouble::Refused(_)) => {
            let sentence = format!("{} is no longer in Zoho Books, or was deleted there.", record.label());
            return find(slice, run, lane, tally, 2, "MISSING_IN_ZOHO", false, sentence).await;
        }
        Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
    };
    let Some(theirs) = lane.flow.zoho_line(&detail) else {
        let sentence = format!("{} has become a record of another kind in Zoho Books.", record.label());
        return find(slice, run, lane, tally, 2, "OTHER_KIND", false, sentence).await;
    };
    if was_not_listed {
        // It moved past us while the pages were read.
        tally.zoho.add(&theirs);
    }
    let off = tally.known_difference.entry(line.currency.clone()).or_default();
    off.0 += theirs.total.unwrap_or_default() - line.total.unwrap_or_default();
    off.1 += theirs.due.unwrap_or_default() - line.due.unwrap_or_default();
    let mut known = look_up(slice, &[lane.flow.needs(record)]).await?;
    for (flow, key, rate) in rates(slice, tally).await? {
        known.learn_rate(flow, key.clone(), *rate);
    }
    let causes: HashMap<&'static str, &'static str> = match lane.flow.judge(record, &known, &detail) {
        Judgement::Differs(differences) => differences.into_iter().map(|one| (one.what, one.cause)).collect(),
        _ => HashMap::new(),
    };
    // A document is paid or not by what is owed: where that is explained, its status is.
    let mut owed = false;
    let amounts = [("total", line.total, theirs.total), ("tax", line.tax, theirs.tax), ("due", line.due, theirs.due)];
    for (what, ours, theirs) in amounts {
        let (Some(ours), Some(theirs)) = (ours, theirs) else { continue };
        if ours != theirs {
            let cause = causes.get(what).copied().unwrap_or("UNEXPLAINED");
            owed |= what == "due" && cause != "UNEXPLAINED";
            let sentence =
                format!("{}: {what} {ours} in Xero, {theirs} in Zoho Books, difference {}.", record.label(), theirs - ours);
            find(slice, run, lane, tally, 2, cause, cause != "UNEXPLAINED", sentence).await?;
        }
    }
    if line.status != theirs.status {
        let sentence = format!("{} is {} in Xero and {} in Zoho Books.", record.label(), line.status, theirs.status);
        let by_what_is_owed = [line.status, theirs.status].iter().all(|status| matches!(*status, "open" | "paid"));
        find(slice, run, lane, tally, 2, "STATUS", owed && by_what_is_owed, sentence).await?;
    }
    if line.currency != theirs.currency {
        let sentence = format!("{} is in {} in Xero and in {} in Zoho Books.", record.label(), line.currency, theirs.currency);
        find(slice, run, lane, tally, 2, "CURRENCY", false, sentence).await?;
    }
    Ok(())
}

/// Xero's own rates, asked for once: what differs is held against them, not against what somebody made of them in Zoho.
async fn rates<'a>(slice: &mut Slice, tally: &'a mut Tally) -> Result<&'a [(&'static str, String, Decimal)], Halt> {
    if tally.rates.is_none() {
        let mut rates = Vec::new();
        for lane in slice.lanes.clone().into_iter().filter(|lane| lane.flow.has_rates()) {
            slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
            let (_, read) = read::changed(slice, lane, Since { anchor_us: None, page: 1 }).await?;
            for one in read {
                if let Reading::Record(record) = one
                    && let Some(rate) = lane.flow.rate(record.as_ref())
                {
                    rates.push((lane.flow.key(), record.id().to_owned(), rate));
                }
            }
        }
        tally.rates = Some(rates);
    }
    Ok(tally.rates.as_deref().unwrap_or_default())
}

/// Counts and sums by status and currency.
async fn level_one(slice: &mut Slice, run: &run::Model, lane: Lane, tally: &mut Tally) -> Result<(), Halt> {
    let keys: Vec<String> =
        tally.xero.0.keys().chain(tally.zoho.0.keys()).cloned().collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let unexplained_before = tally.unexplained;
    for key in keys {
        let xero = tally.xero.0.get(&key).copied().unwrap_or_default();
        let zoho = tally.zoho.0.get(&key).copied().unwrap_or_default();
        if xero == zoho {
            continue;
        }
        let (status, currency) = key.split_once('|').unwrap_or((&key, ""));
        let money = |name: &str, ours: Decimal, theirs: Decimal| {
            if ours == theirs { String::new() } else { format!(", {name} {ours} and {theirs}") }
        };
        let sentence = format!(
            "{} ({status}{}{currency}): {} records in Xero and {} in Zoho Books{}{}.",
            lane.flow.title(),
            if currency.is_empty() { "" } else { " " },
            xero.count,
            zoho.count,
            money("total", xero.total, zoho.total),
            money("due", xero.due, zoho.due),
        );
        // Explained where the documents behind it are named, and differ by just as much.
        let explained = tally.findings > 0 && unexplained_before == 0 && (tally.changed > 0 || accounted(tally, currency));
        find(slice, run, lane, tally, 1, "SUMS_DIFFER", explained, sentence).await?;
    }
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "one row's columns")]
async fn find(
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    tally: &mut Tally,
    level: i32,
    cause: &str,
    explained: bool,
    sentence: String,
) -> Result<(), Halt> {
    tally.findings += 1;
    tally.unexplained += i64::from(!explained);
    if tally.findings > FINDINGS_MAX {
        return Ok(());
    }
    // The same finding twice, after a crash within a page, is one.
    let id = FindingId(Uuid::new_v5(&run.id.0, format!("{}|{level}|{cause}|{sentence}", lane.flow.key()).as_bytes()));
    let row = finding::ActiveModel {
        tenant_id: Set(slice.tenant),
        id: Set(id),
        run_id: Set(run.id),
        flow: Set(lane.flow.key().to_owned()),
        level: Set(level),
        cause: Set(cause.to_owned()),
        explained: Set(explained),
        detail: Set(slice.key.seal(holds::finding_place(id.0), sentence.as_bytes(), slice.context.chance.as_ref())),
        expires_at: Set(slice.context.in_a(SENTENCE_LIVES)),
    };
    finding::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&slice.context.database)
        .await?;
    Ok(())
}

async fn pairs(slice: &Slice, run: &run::Model, lane: Lane, records: &[Box<dyn Record>]) -> Result<HashMap<String, Pair>, Halt> {
    let database = &slice.context.database;
    let mut found = HashMap::with_capacity(records.len());
    for chunk in records.chunks(1000) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 4)).collect();
        let mut values: Vec<Value> = vec![slice.tenant.0.into(), lane.id.0.into(), run.id.0.into()];
        values.extend(chunk.iter().map(|record| Value::from(record.id().to_owned())));
        let text = format!(
            "SELECT xero_id, zoho_id, prints, answer, state, CASE WHEN seen_run = $3 THEN seen END AS seen \
             FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND xero_id IN ({})",
            places.join(", ")
        );
        for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
            let pair = Pair {
                zoho_id: row.try_get("", "zoho_id")?,
                prints: row.try_get("", "prints")?,
                answer: row.try_get("", "answer")?,
                state: row.try_get("", "state")?,
                seen: row.try_get("", "seen")?,
            };
            found.insert(row.try_get("", "xero_id")?, pair);
        }
    }
    Ok(found)
}

async fn load(slice: &Slice, run: &run::Model, lane: Lane) -> Result<Tally, Halt> {
    let row = run_count::Entity::of(slice.tenant)
        .filter(run_count::Column::RunId.eq(run.id))
        .filter(run_count::Column::Flow.eq(lane.flow.key()))
        .one(&slice.context.database)
        .await?;
    let Some(sealed) = row.and_then(|row| row.tally) else { return Ok(Tally::default()) };
    let plain = slice.key.open(tally::place(run.id, lane.flow.key()), &sealed).map_err(crate::context::Failure::from)?;
    Ok(serde_json::from_slice(&plain).unwrap_or_default())
}

/// Whether the documents that were looked at account for the whole difference of one currency.
fn accounted(tally: &Tally, currency: &str) -> bool {
    let of = |sums: &Sums| {
        let of_currency = sums.0.iter().filter(|(key, _)| key.split_once('|').is_some_and(|(_, own)| own == currency));
        of_currency
            .fold((0, Decimal::ZERO, Decimal::ZERO), |sum, (_, one)| (sum.0 + one.count, sum.1 + one.total, sum.2 + one.due))
    };
    let (xero, zoho) = (of(&tally.xero), of(&tally.zoho));
    let known = tally.known_difference.get(currency).copied().unwrap_or_default();
    xero.0 == zoho.0 && zoho.1 - xero.1 == known.0 && zoho.2 - xero.2 == known.1
}

/// Stores how far the flow is, in a transaction of its own.
async fn note(slice: &mut Slice, run: &run::Model, lane: Lane, tally: &Tally) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    store(transaction, slice, run, lane, tally).await
}

async fn store(
    transaction: DatabaseTransaction,
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    tally: &Tally,
) -> Result<(), Halt> {
    let plain = serde_json::to_vec(tally).map_err(|error| crate::context::Failure::Bug(error.to_string()))?;
    let sealed = slice.key.seal(tally::place(run.id, lane.flow.key()), &plain, slice.context.chance.as_ref());
    run_count::Entity::update_many()
        .col_expr(run_count::Column::Tally, Expr::value(Some(sealed)))
        .col_expr(run_count::Column::XeroCount, Expr::value(tally.xero.count()))
        .col_expr(run_count::Column::ZohoCount, Expr::value(tally.zoho.count()))
        .col_expr(run_count::Column::Findings, Expr::value(tally.findings))
        .filter(run_count::Column::TenantId.eq(slice.tenant))
        .filter(run_count::Column::RunId.eq(run.id))
        .filter(run_count::Column::Flow.eq(lane.flow.key()))
        .exec(&transaction)
        .await?;
    settle::flush_calls(&transaction, slice, run).await?;
    transaction.commit().await?;
    slice.calls.clear();
    Ok(())
}
