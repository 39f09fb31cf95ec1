//! Notes down what was decided: pairs, holds, intents and counts of a batch in one transaction. Dependants wake.

use std::collections::HashSet;
use std::time::Duration;

use connectors::flow::{By, Hanging, Need, Unmappable};
use connectors::zoho::Action;
use entities::database::{begin_write, nameless_rows, sql};
use entities::{pair, run};
use sea_orm::{ConnectionTrait, DatabaseTransaction, Value};

use super::arrive;
use super::carry::{Settled, Verdict, needed_as};
use super::known::{alias_print, need_print};
use super::points;
use super::slice::{Halt, Lane, Slice};
use super::version;
use crate::events::{self, Event};
use crate::hints::Side;
use crate::holds;
use crate::runs::Kind;

/// Unclear answers for one record, with the provider otherwise well, before a person must look.
const UNCLEAR_MAX: i32 = 8;
/// How long a hold's sentence can be read. A hold that still stands is renewed by the next run.
const SENTENCE_LIVES: Duration = Duration::from_secs(30 * 24 * 3600);

/// Records that these writes are about to be sent. Fails if another worker has the link or the run no longer works.
pub async fn intend(slice: &Slice, run: &run::Model, lane: Lane, ids: impl Iterator<Item = &str>) -> Result<(), Halt> {
    let ids: Vec<&str> = ids.collect();
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    let now = slice.context.now();
    let mut values: Vec<Value> = Vec::with_capacity(ids.len() * 7);
    for id in &ids {
        values.extend([
            slice.tenant.0.into(),
            lane.id.0.into(),
            Value::from(*id),
            run.id.0.into(),
            slice.fence.into(),
            1i32.into(),
            now.0.into(),
        ]);
    }
    let text = format!(
        "INSERT INTO intent (tenant_id, lane_id, xero_id, run_id, fence, attempts, created_at) VALUES {} \
         ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET fence = excluded.fence, run_id = excluded.run_id, attempts = intent.attempts + 1",
        nameless_rows(transaction.get_database_backend(), ids.len(), 7)
    );
    transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    transaction.commit().await?;
    Ok(())
}

/// Settles, holds or parks each record.
pub async fn verdicts(slice: &mut Slice, run: &run::Model, lane: Lane, verdicts: Vec<Verdict>) -> Result<(), Halt> {
    if verdicts.is_empty() && slice.calls.is_empty() {
        return Ok(());
    }
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    let (mut settled, mut held, mut waiting, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut closed, mut dropped, mut out, mut passed) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for verdict in verdicts {
        match verdict {
            Verdict::Settled(one) => {
                closed.push(one.xero_id.clone());
                settled.push(one);
            }
            Verdict::Held { xero_id, reason } => {
                closed.push(xero_id.clone());
                held.push((xero_id, reason));
            }
            Verdict::Waiting { xero_id, need } => {
                closed.push(xero_id.clone());
                waiting.push((xero_id, need));
            }
            Verdict::Unknown { xero_id } => unknown.push(xero_id),
            Verdict::Later { xero_id } => closed.push(xero_id),
            Verdict::Out { xero_id } => {
                closed.push(xero_id.clone());
                out.push(xero_id);
            }
            Verdict::Passed { xero_id } => {
                closed.push(xero_id.clone());
                passed.push(xero_id);
            }
            Verdict::Dropped { xero_id } => dropped.push(xero_id),
        }
    }
    give_up(&transaction, slice, lane, &mut unknown, &mut held, &mut closed).await?;
    store_settled(&transaction, slice, run, lane, &settled).await?;
    park(&transaction, slice, run, lane, held.iter().map(|(id, _)| (id.clone(), None)).collect(), "held").await?;
    park(&transaction, slice, run, lane, waiting.into_iter().map(|(id, need)| (id, Some(need))).collect(), "waiting").await?;
    park(&transaction, slice, run, lane, unknown.into_iter().map(|id| (id, None)).collect(), "ready").await?;
    hold(&transaction, slice, run, lane, &held).await?;
    // What was held before and is outside the scope now is no longer anybody's trouble.
    for gone in [&out, &passed] {
        forget(&transaction, slice, lane, "hold", gone).await?;
    }
    park(&transaction, slice, run, lane, passed.iter().map(|id| (id.clone(), None)).collect(), "passed").await?;
    park(&transaction, slice, run, lane, out.iter().map(|id| (id.clone(), None)).collect(), "out").await?;
    forget(&transaction, slice, lane, "intent", &closed).await?;
    for table in ["intent", "hold", "pair"] {
        forget(&transaction, slice, lane, table, &dropped).await?;
    }
    let arrived: Vec<String> = settled.iter().map(|one| one.xero_id.clone()).collect();
    forget(&transaction, slice, lane, "hold", &arrived).await?;
    let needs: Vec<Vec<u8>> =
        settled.iter().filter(|one| one.due.is_none()).flat_map(|one| needed_as(slice, lane, one)).collect();
    wake(&transaction, slice, needs).await?;
    let created = settled.iter().filter(|one| one.created).count() as i64;
    let adopted = settled.iter().filter(|one| !one.created && one.origin == "adopted").count() as i64;
    let updated = settled.len() as i64 - created - adopted;
    let counted = [("created", created), ("updated", updated), ("unchanged", adopted), ("skipped", out.len() as i64)];
    // What another flow carries is counted there.
    let counted = counted.into_iter().chain([("seen", -(passed.len() as i64))]).collect::<Vec<_>>();
    count(&transaction, slice, run, lane, &counted).await?;
    flush_calls(&transaction, slice, run).await?;
    points::reached("before_settle_commit");
    transaction.commit().await?;
    slice.calls.clear();
    Ok(())
}

/// Records that another one refers to and that their own flow knows nothing of, because it skipped them: they are carried now.
pub async fn call(slice: &Slice, run: &run::Model, needs: &[Need]) -> Result<(), Halt> {
    let lane = |need: &Need| slice.lanes.iter().find(|lane| lane.on && lane.flow.record() == need.flow && lane.flow.on_call());
    let called: Vec<(&Need, &Lane)> = needs.iter().filter_map(|need| Some((need, lane(need)?))).collect();
    if called.is_empty() {
        return Ok(());
    }
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    for (need, lane) in called {
        transaction
            .execute_raw(sql(
                transaction.get_database_backend(),
                "INSERT INTO pair (tenant_id, lane_id, xero_id, state, run_id) VALUES ($1, $2, $3, 'ready', $4) \
                 ON CONFLICT (tenant_id, lane_id, xero_id) DO NOTHING",
                vec![slice.tenant.0.into(), lane.id.0.into(), need.key.clone().into(), run.id.0.into()],
            ))
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// At the end of a run: what still waits is said like what is held. It goes on by itself when what it waits for arrives.
pub async fn hold_waiting(slice: &Slice, run: &run::Model, lane: Lane) -> Result<(), Halt> {
    let title = lane.flow.title().to_lowercase();
    let mut after = String::new();
    let announced = announced(slice).await?;
    loop {
        let transaction = begin_write(&slice.context.database).await?;
        slice.fenced(&transaction, Some(run)).await?;
        let backend = transaction.get_database_backend();
        let text = format!(
            "SELECT xero_id, need FROM {} WHERE tenant_id = $1 AND lane_id = $2 AND state = 'waiting' AND state <> 'settled' AND xero_id > $3 ORDER BY xero_id LIMIT 500",
            pair::open(backend)
        );
        let values = vec![slice.tenant.0.into(), lane.id.0.into(), after.clone().into()];
        let mut held = Vec::new();
        for row in transaction.query_all_raw(sql(backend, text, values)).await? {
            let need: Option<Vec<u8>> = row.try_get("", "need")?;
            let expected = need.is_some_and(|need| announced.contains(&need));
            let reason = Unmappable {
                code: "WAITS_FOR",
                sentence: format!(
                    "One of the {title} waits for a record that is held; it goes on by itself as soon as that one does."
                ),
                expected,
            };
            held.push((row.try_get::<String>("", "xero_id")?, reason));
        }
        hold(&transaction, slice, run, lane, &held).await?;
        transaction.commit().await?;
        match held.pop() {
            Some((last, _)) => after = last,
            None => return Ok(()),
        }
    }
}

/// How many records are held, or wait, for a reason that was not announced.
pub async fn unexpected(slice: &Slice) -> Result<i64, Halt> {
    let database = &slice.context.database;
    let places: Vec<String> = (0..slice.lanes.len()).map(|n| format!("${}", n + 3)).collect();
    let mut values: Vec<Value> = vec![slice.tenant.0.into(), false.into()];
    values.extend(slice.lanes.iter().map(|lane| Value::from(lane.id.0)));
    let text =
        format!("SELECT COUNT(*) AS n FROM hold WHERE tenant_id = $1 AND expected = $2 AND lane_id IN ({})", places.join(", "));
    let row = database.query_one_raw(sql(database.get_database_backend(), text, values)).await?;
    Ok(row.map_or(Ok(0), |row| row.try_get("", "n"))?)
}

/// Adds to the run's counters of a lane.
pub async fn count(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    add: &[(&str, i64)],
) -> Result<(), Halt> {
    let add: Vec<&(&str, i64)> = add.iter().filter(|(_, n)| *n != 0).collect();
    if add.is_empty() {
        return Ok(());
    }
    let sets: Vec<String> = add.iter().enumerate().map(|(n, (column, _))| format!("{column} = {column} + ${}", n + 4)).collect();
    let mut values: Vec<Value> = vec![slice.tenant.0.into(), run.id.0.into(), lane.flow.key().into()];
    values.extend(add.iter().map(|(_, n)| Value::from(*n)));
    let text = format!("UPDATE run_count SET {} WHERE tenant_id = $1 AND run_id = $2 AND flow = $3", sets.join(", "));
    transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    Ok(())
}

/// Adds the calls made since the last time.
pub async fn flush_calls(transaction: &DatabaseTransaction, slice: &Slice, run: &run::Model) -> Result<(), Halt> {
    for (id, (xero, zoho)) in &slice.calls {
        if let Some(lane) = slice.lanes.iter().find(|lane| lane.id == *id) {
            count(transaction, slice, run, *lane, &[("xero_calls", *xero), ("zoho_calls", *zoho)]).await?;
        }
    }
    Ok(())
}

/// Lets records go on that waited for one of these.
pub async fn wake(transaction: &DatabaseTransaction, slice: &Slice, needs: Vec<Vec<u8>>) -> Result<(), Halt> {
    for chunk in needs.chunks(500) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 2)).collect();
        let mut values: Vec<Value> = vec![slice.tenant.0.into()];
        values.extend(chunk.iter().map(|need| Value::from(need.clone())));
        let text =
            format!("UPDATE pair SET state = 'ready', need = NULL WHERE tenant_id = $1 AND need IN ({})", places.join(", "));
        transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    }
    Ok(())
}

/// The words of the `due` column, or `None` when nothing is.
pub fn due(then: &[Action]) -> Option<String> {
    let words: Vec<String> = then.iter().map(|action| format!("{}#{}", action.path, action.bulk.unwrap_or_default())).collect();
    (!words.is_empty()).then(|| words.join(","))
}

/// The actions of the `due` column.
pub fn actions(words: &str) -> Vec<Action> {
    let of = |word: &str| Action::ALL.iter().find(|action| due(&[**action]).as_deref() == Some(word)).copied();
    words.split(',').filter_map(of).collect()
}

async fn store_settled(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    settled: &[Settled],
) -> Result<(), Halt> {
    store_also(transaction, slice, run, lane, settled).await?;
    // One row after the other in key order: the table is clustered by it.
    let mut sorted: Vec<&Settled> = settled.iter().collect();
    sorted.sort_by(|one, other| one.xero_id.cmp(&other.xero_id));
    for chunk in sorted.chunks(500) {
        let mut values: Vec<Value> = Vec::with_capacity(chunk.len() * 13);
        for one in chunk {
            values.extend([
                slice.tenant.0.into(),
                lane.id.0.into(),
                one.xero_id.clone().into(),
                one.zoho_id.clone().into(),
                one.alias.as_ref().map(|alias| alias_print(slice, lane.flow.record(), alias)).into(),
                one.prints.clone().into(),
                one.zoho_prints.clone().into(),
                one.answer.clone().into(),
                // People edit what a migration makes later, mostly; in step each second counts.
                if run.kind == Kind::Migration.name() { one.version.clone() } else { version::written(&one.version) }.into(),
                if one.due.is_some() { "due" } else { "settled" }.into(),
                one.due.clone().into(),
                one.origin.into(),
                run.id.0.into(),
            ]);
        }
        let text = format!(
            "INSERT INTO pair (tenant_id, lane_id, xero_id, zoho_id, alias, prints, zoho_prints, answer, version, state, due, origin, run_id) VALUES {} \
             ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET zoho_id = excluded.zoho_id, alias = excluded.alias, prints = excluded.prints, \
             zoho_prints = COALESCE(excluded.zoho_prints, pair.zoho_prints), toward = NULL, winner = NULL, \
             answer = excluded.answer, version = excluded.version, state = excluded.state, due = excluded.due, need = NULL, \
             origin = COALESCE(pair.origin, excluded.origin), run_id = excluded.run_id",
            nameless_rows(transaction.get_database_backend(), chunk.len(), 13)
        );
        transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    }
    if lane.flow.back().is_some() {
        let changed: Vec<&str> = sorted.iter().filter(|one| !one.created).map(|one| one.xero_id.as_str()).collect();
        arrive::turn(transaction, slice, lane, &changed, Side::Zoho).await?;
    }
    Ok(())
}

/// Notes what got an id together with a record. Known by its id and its other name, never compared.
async fn store_also(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    settled: &[Settled],
) -> Result<(), Halt> {
    for one in settled.iter().flat_map(|one| &one.also) {
        let alias = one.alias.as_ref().map(|alias| alias_print(slice, lane.flow.record(), alias));
        transaction
            .execute_raw(sql(
                transaction.get_database_backend(),
                "INSERT INTO pair (tenant_id, lane_id, xero_id, zoho_id, alias, state, origin, run_id) VALUES ($1, $2, $3, $4, $5, 'settled', 'also', $6) \
                 ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET zoho_id = excluded.zoho_id, alias = excluded.alias, run_id = excluded.run_id",
                vec![
                    slice.tenant.0.into(),
                    lane.id.0.into(),
                    one.xero_id.clone().into(),
                    one.zoho_id.clone().into(),
                    alias.into(),
                    run.id.0.into(),
                ],
            ))
            .await?;
    }
    Ok(())
}

/// Notes records that did not arrive. What was settled of them before stays known.
async fn park(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    parked: Vec<(String, Option<Vec<u8>>)>,
    state: &str,
) -> Result<(), Halt> {
    for chunk in parked.chunks(500) {
        let mut values: Vec<Value> = Vec::with_capacity(chunk.len() * 6);
        for (xero_id, need) in chunk {
            values.extend([
                slice.tenant.0.into(),
                lane.id.0.into(),
                xero_id.clone().into(),
                state.into(),
                need.clone().into(),
                run.id.0.into(),
            ]);
        }
        let text = format!(
            "INSERT INTO pair (tenant_id, lane_id, xero_id, state, need, run_id) VALUES {} \
             ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET state = excluded.state, need = excluded.need, toward = NULL, due = NULL, run_id = excluded.run_id",
            nameless_rows(transaction.get_database_backend(), chunk.len(), 6)
        );
        transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    }
    Ok(())
}

/// The prints under which others wait for what is held for reasons that our documents announce.
async fn announced(slice: &Slice) -> Result<HashSet<Vec<u8>>, Halt> {
    let text = "SELECT hold.lane_id AS lane_id, hold.xero_id AS xero_id FROM hold JOIN lane ON lane.tenant_id = hold.tenant_id \
                AND lane.id = hold.lane_id WHERE lane.tenant_id = $1 AND lane.link_id = $2 AND hold.expected";
    let database = &slice.context.database;
    let values = vec![slice.tenant.0.into(), slice.link.id.0.into()];
    let mut prints = HashSet::new();
    for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
        let id: uuid::Uuid = row.try_get("", "lane_id")?;
        let xero_id: String = row.try_get("", "xero_id")?;
        if let Some(lane) = slice.lanes.iter().find(|lane| lane.id.0 == id) {
            prints.insert(need_print(slice, lane.flow.record(), By::Id, &xero_id));
        }
    }
    Ok(prints)
}

pub(super) async fn hold(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    run: &run::Model,
    lane: Lane,
    held: &[(String, Unmappable)],
) -> Result<(), Halt> {
    let now = slice.context.now();
    let mut opened = false;
    for (xero_id, reason) in held {
        let sentence = slice.of_product(&reason.sentence);
        let sentence = slice.key.seal(holds::place(lane.id, xero_id), sentence.as_bytes(), slice.context.chance.as_ref());
        let row = transaction
            .query_one_raw(sql(
                transaction.get_database_backend(),
                "INSERT INTO hold (tenant_id, lane_id, xero_id, run_id, code, expected, sentence, held_at, expires_at, attempts) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1) ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET run_id = excluded.run_id, \
                 code = excluded.code, expected = excluded.expected, sentence = excluded.sentence, expires_at = excluded.expires_at, attempts = hold.attempts + 1 RETURNING attempts",
                vec![
                    slice.tenant.0.into(),
                    lane.id.0.into(),
                    xero_id.clone().into(),
                    run.id.0.into(),
                    reason.code.into(),
                    reason.expected.into(),
                    sentence.into(),
                    now.0.into(),
                    now.plus(SENTENCE_LIVES).0.into(),
                ],
            ))
            .await?;
        opened |= row.map_or(Ok(0), |row| row.try_get::<i32>("", "attempts"))? == 1;
    }
    // What is only held once more is no news.
    if opened {
        events::tell(transaction, &slice.context, slice.tenant, Event::HoldOpened { link: slice.link.id }, now).await?;
    }
    Ok(())
}

pub(super) async fn forget(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    lane: Lane,
    table: &str,
    ids: &[String],
) -> Result<(), Halt> {
    for chunk in ids.chunks(500) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 3)).collect();
        let mut values: Vec<Value> = vec![slice.tenant.0.into(), lane.id.0.into()];
        values.extend(chunk.iter().map(|id| Value::from(id.clone())));
        let text = format!("DELETE FROM {table} WHERE tenant_id = $1 AND lane_id = $2 AND xero_id IN ({})", places.join(", "));
        transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    }
    Ok(())
}

/// A record whose writes never get a clear answer, while others do, is held: it must not keep the run from ending.
async fn give_up(
    transaction: &DatabaseTransaction,
    slice: &Slice,
    lane: Lane,
    unknown: &mut Vec<String>,
    held: &mut Vec<(String, Unmappable)>,
    closed: &mut Vec<String>,
) -> Result<(), Halt> {
    let mut still = Vec::new();
    for xero_id in std::mem::take(unknown) {
        let attempts: i32 = transaction
            .query_one_raw(sql(
                transaction.get_database_backend(),
                "SELECT attempts FROM intent WHERE tenant_id = $1 AND lane_id = $2 AND xero_id = $3",
                vec![slice.tenant.0.into(), lane.id.0.into(), xero_id.clone().into()],
            ))
            .await?
            .map_or(Ok(0), |row| row.try_get("", "attempts"))?;
        if attempts < UNCLEAR_MAX {
            still.push(xero_id);
            continue;
        }
        let reason = Unmappable {
            code: "NO_CLEAR_ANSWER",
            sentence: format!(
                "{} each time one of the {} is written, while others go through. Retry later, or ask CloudPerfect to look at it.",
                if lane.flow.hangs() == Some(Hanging::Files) { "Xero or Zoho fails" } else { "Zoho fails" },
                lane.flow.title().to_lowercase()
            ),
            expected: false,
        };
        closed.push(xero_id.clone());
        held.push((xero_id, reason));
    }
    *unknown = still;
    Ok(())
}
