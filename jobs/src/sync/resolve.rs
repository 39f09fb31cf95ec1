//! Resolves what is open before anything else is written: writes without a known outcome, records that may go on, status calls
//! that are still due.

use std::collections::{HashSet, VecDeque};

use connectors::flow::{Reading, Unmappable, Wanted};
use connectors::side::Trouble;
use connectors::xero::IDS_PER_CALL;
use connectors::zoho::{self, Action, BULK_IDS};
use entities::database::{begin_write, sql};
use entities::{pair, run};
use sea_orm::{ConnectionTrait, Value};

use super::arrive::MARK;
use super::carry::{self, Verdict};
use super::known::{alias_need, need_print};
use super::points;
use super::shelf::{After, Boundary, Counts, Part, Shelf, Todo};
use super::slice::{Halt, Lane, Provider, Slice};
use super::{meet, poll, read, settle, version};
use connectors::flow::By;

/// The page number under which re-read records lie on the shelf.
const READY_PAGE: i32 = -1;
/// Writes of earlier turns whose outcome nobody knows are carried again: by its unique field a record that arrived is found, and
/// kinds without one are looked up in Zoho's list first.
pub async fn unknown(slice: &Slice) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    let backend = transaction.get_database_backend();
    let lanes: Vec<String> = (0..slice.lanes.len()).map(|n| format!("${}", n + 3)).collect();
    let mut values: Vec<Value> = vec![slice.tenant.0.into(), slice.fence.into()];
    values.extend(slice.lanes.iter().map(|lane| Value::from(lane.id.0)));
    let open = format!("FROM intent WHERE tenant_id = $1 AND fence < $2 AND lane_id IN ({})", lanes.join(", "));
    let marked = transaction
        .execute_raw(sql(
            backend,
            format!(
                "INSERT INTO pair (tenant_id, lane_id, xero_id, state, run_id, toward, turns) SELECT tenant_id, lane_id, xero_id, 'ready', run_id, toward, 0 {open} \
                 ON CONFLICT (tenant_id, lane_id, xero_id) DO UPDATE SET state = 'ready', need = NULL, run_id = excluded.run_id, toward = excluded.toward"
            ),
            values.clone(),
        ))
        .await?;
    if marked.rows_affected() > 0 {
        let text =
            format!("UPDATE intent SET fence = $2 WHERE tenant_id = $1 AND fence < $2 AND lane_id IN ({})", lanes.join(", "));
        transaction.execute_raw(sql(backend, text, values)).await?;
        tracing::info!(tenant.id = %slice.tenant, link.id = %slice.link.id, intents = marked.rows_affected(), "writes without a known outcome are resolved");
    }
    transaction.commit().await?;
    Ok(())
}

/// Carries the lane's records that may go on: re-read by id, for no body was kept.
pub async fn ready(slice: &mut Slice, run: &run::Model, lane: Lane) -> Result<(), Halt> {
    meet::instead(slice, run, lane).await?;
    loop {
        slice.go_on()?;
        let mut shelf = match slice.context.shelves.take(lane.id, run.id, None, READY_PAGE) {
            Some(shelf) => shelf,
            None => match read_again(slice, run, lane).await? {
                Some(shelf) => shelf,
                None => return Ok(()),
            },
        };
        while let Some(part) = shelf.parts.iter_mut().find(|part| !part.todo.is_empty()) {
            if let Err(halt) = carry::batch(slice, run, part).await {
                slice.context.shelves.put(lane.id, shelf);
                return Err(halt);
            }
        }
    }
}

async fn read_again(slice: &mut Slice, run: &run::Model, lane: Lane) -> Result<Option<Shelf>, Halt> {
    let most = if lane.flow.xero().by_ids.is_some() { IDS_PER_CALL } else { 1 };
    let database = &slice.context.database;
    let found = database
        .query_all_raw(sql(
            database.get_database_backend(),
            format!("SELECT xero_id, zoho_id FROM {} WHERE tenant_id = $1 AND lane_id = $2 AND state = 'ready' AND state <> 'settled' AND toward IS NULL ORDER BY xero_id LIMIT $3", pair::open(database.get_database_backend())),
            vec![slice.tenant.0.into(), lane.id.0.into(), (most as i64).into()],
        ))
        .await?;
    let mut ids: Vec<(String, Option<String>)> = Vec::with_capacity(found.len());
    for row in found {
        ids.push((row.try_get("", "xero_id")?, row.try_get("", "zoho_id")?));
    }
    if ids.is_empty() {
        return Ok(None);
    }
    let sent = intended(slice, lane).await?;
    // They may have been made in Zoho meanwhile, by an earlier write of ours or by a person.
    slice.directories.remove(lane.flow.zoho().path);
    slice.permit(Provider::Xero, Some(lane.id), 1).await?;
    // What lives inside another record is read with that one.
    let outer = |id: &String| id.split_once(':').map_or(id.as_str(), |(outer, _)| outer).to_owned();
    let mut asked: Vec<String> = ids.iter().map(|(id, _)| outer(id)).collect();
    asked.dedup();
    let read = match (lane.flow.hangs(), asked.first()) {
        (Some(_), Some(on)) => read::on(slice, lane, on).await?,
        _ => read::by_ids(slice, lane, &asked).await?.1,
    };
    let mut todo = VecDeque::new();
    let mut verdicts = Vec::new();
    for one in read {
        match one {
            Reading::Record(record) => {
                let Some(place) = ids.iter().position(|(id, _)| id.eq_ignore_ascii_case(record.id())) else { continue };
                let (xero_id, zoho_id) = ids.swap_remove(place);
                let is_skipped = lane.flow.wanted(record.as_ref()) == Wanted::Skip && !lane.flow.on_call();
                if zoho_id.is_none() && !sent.contains(&xero_id) && is_skipped {
                    // Deleted in Xero before it ever arrived: there is nothing to carry any more.
                    verdicts.push(Verdict::Dropped { xero_id });
                    continue;
                }
                let (prints, is_doubtful) = (lane.flow.prints(record.as_ref(), &slice.print), sent.contains(&xero_id));
                todo.push_back(Todo { is_doubtful, ..Todo::known(record, prints, zoho_id) });
            }
            Reading::Odd(odd) => {
                ids.retain(|(asked, _)| !asked.eq_ignore_ascii_case(&odd.id));
                verdicts.push(Verdict::odd(odd, lane.flow.title()));
            }
        }
    }
    verdicts.extend(ids.into_iter().map(
        |(xero_id, zoho_id)| match lane.flow.removed("a credit").filter(|_| zoho_id.is_some()) {
            Some(reason) => Verdict::Held { xero_id, reason },
            None => gone(xero_id, lane),
        },
    ));
    settle::verdicts(slice, run, lane, verdicts).await?;
    let parts = vec![Part { lane, todo, counts: Counts::default(), whole: true }];
    Ok(Some(Shelf { run: run.id, anchor: None, page: READY_PAGE, parts, after: After::Done, boundary: Boundary::default() }))
}

/// Records whose write may have arrived.
async fn intended(slice: &Slice, lane: Lane) -> Result<HashSet<String>, Halt> {
    let database = &slice.context.database;
    let text = "SELECT xero_id FROM intent WHERE tenant_id = $1 AND lane_id = $2";
    let rows =
        database.query_all_raw(sql(database.get_database_backend(), text, vec![slice.tenant.0.into(), lane.id.0.into()])).await?;
    Ok(rows.into_iter().map(|row| row.try_get("", "xero_id")).collect::<Result<_, _>>()?)
}

fn gone(xero_id: String, lane: Lane) -> Verdict {
    Verdict::Held {
        xero_id,
        reason: Unmappable {
            code: "GONE_FROM_XERO",
            sentence: format!("One of the {} can no longer be found in Xero.", lane.flow.title().to_lowercase()),
            expected: true,
        },
    }
}

/// Zoho's existing records of a kind without upsert, all pages, once a turn.
pub async fn directory(slice: &mut Slice, lane: Lane) -> Result<(), Halt> {
    let of = *lane.flow.zoho();
    if slice.directories.contains_key(of.path) {
        return Ok(());
    }
    let mut rows = Vec::new();
    for page in 1.. {
        // Half a directory is none: the further pages are waited for.
        slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
        match slice.zoho.client.list(&of, page, &[]).await {
            Ok(mut listed) => {
                rows.append(&mut listed.rows);
                if !listed.more {
                    break;
                }
            }
            Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
        }
    }
    slice.directories.insert(of.path, rows);
    Ok(())
}

/// Makes the status calls that are due, many records with one call where Zoho allows it. Waits until `at_least` are due. Records
/// become inactive only at the end: Zoho takes no document of an inactive contact.
pub async fn acts(slice: &mut Slice, run: &run::Model, lane: Lane, at_least: usize, at_the_end: bool) -> Result<(), Halt> {
    loop {
        let due = next_due(slice, lane, at_the_end).await?;
        if due.len() < at_least.max(1) {
            return Ok(());
        }
        let Some(words) = due.first().map(|one| one.words.clone()) else { return Ok(()) };
        let (first, rest) = words.split_once(',').map_or((words.as_str(), None), |(first, rest)| (first, Some(rest.to_owned())));
        let action = Action::ALL.iter().find(|action| settle::due(&[**action]).as_deref() == Some(first));
        let Some(action) = action else {
            return Err(crate::context::Failure::Bug(format!("no status call is called {first:?}")).into());
        };
        let together = if zoho::action(lane.flow.zoho(), action).bulk.is_some() { BULK_IDS } else { 1 };
        let due: Vec<Due> = due.into_iter().filter(|one| one.words == words).take(together).collect();
        act(slice, run, lane, action, due, rest).await?;
    }
}

struct Due {
    xero_id: String,
    zoho_id: String,
    alias: Option<Vec<u8>>,
    words: String,
}

async fn next_due(slice: &Slice, lane: Lane, at_the_end: bool) -> Result<Vec<Due>, Halt> {
    let last = settle::due(&[Action::INACTIVE]).filter(|_| !at_the_end);
    let database = &slice.context.database;
    let found = database
        .query_all_raw(sql(
            database.get_database_backend(),
            format!("SELECT xero_id, zoho_id, alias, due FROM {} WHERE tenant_id = $1 AND lane_id = $2 AND state = 'due' AND state <> 'settled' AND due <> $4 AND due <> '{MARK}' ORDER BY due, xero_id LIMIT $3", pair::open(database.get_database_backend())),
            vec![slice.tenant.0.into(), lane.id.0.into(), (BULK_IDS as i64).into(), last.unwrap_or_default().into()],
        ))
        .await?;
    found
        .into_iter()
        .map(|row| {
            Ok(Due {
                xero_id: row.try_get("", "xero_id")?,
                zoho_id: row.try_get("", "zoho_id")?,
                alias: row.try_get("", "alias")?,
                words: row.try_get("", "due")?,
            })
        })
        .collect()
}

async fn act(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    action: &Action,
    due: Vec<Due>,
    rest: Option<String>,
) -> Result<(), Halt> {
    slice.permit(Provider::Zoho, Some(lane.id), 1).await?;
    let ids: Vec<String> = due.iter().map(|one| one.zoho_id.clone()).collect();
    let answer = slice.zoho.client.act(lane.flow.zoho(), action, &ids).await;
    points::reached("acted");
    match answer {
        Ok(()) => {
            slice.moved = true;
            acted(slice, run, lane, due, rest).await
        }
        Err(Trouble::Refused(refusal)) if due.len() == 1 => {
            if !is_needed_still(slice, lane, action, &due[0].zoho_id).await? {
                return acted(slice, run, lane, due, rest).await;
            }
            let reason = Unmappable {
                code: "STATUS_REFUSED",
                sentence: format!(
                    "One of the {} is in Zoho Books, but Zoho refuses to mark it as {}: {}",
                    lane.flow.title().to_lowercase(),
                    action.name,
                    refusal.message
                ),
                expected: false,
            };
            let held = due.into_iter().map(|one| Verdict::Held { xero_id: one.xero_id, reason: reason.clone() }).collect();
            settle::verdicts(slice, run, lane, held).await
        }
        Err(Trouble::Refused(_)) => {
            // One of them is refused and the answer does not say which: one by one.
            for one in due {
                Box::pin(act(slice, run, lane, action, vec![one], rest.clone())).await?;
            }
            Ok(())
        }
        Err(trouble) => Err(slice.halt(Provider::Zoho, trouble).await),
    }
}

/// A refused status call may be one that was made before and whose answer nobody heard: the record's own status decides.
async fn is_needed_still(slice: &mut Slice, lane: Lane, action: &Action, zoho_id: &str) -> Result<bool, Halt> {
    slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
    match slice.zoho.client.get(lane.flow.zoho(), zoho_id).await {
        Ok(record) => Ok(action.is_needed(&record)),
        Err(Trouble::Refused(_)) => Ok(true),
        Err(trouble) => Err(slice.halt(Provider::Zoho, trouble).await),
    }
}

async fn acted(slice: &mut Slice, run: &run::Model, lane: Lane, due: Vec<Due>, rest: Option<String>) -> Result<(), Halt> {
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    let places: Vec<String> = (0..due.len()).map(|n| format!("${}", n + 6)).collect();
    let state = if rest.is_some() { "due" } else { "settled" };
    let version = version::acted(poll::clock(slice));
    let mut values: Vec<Value> = vec![slice.tenant.0.into(), lane.id.0.into(), state.into(), rest.clone().into(), version.into()];
    values.extend(due.iter().map(|one| Value::from(one.xero_id.clone())));
    let text = format!(
        // One without a version is still to be read: somebody changed it beside our write.
        "UPDATE pair SET state = $3, due = $4, version = CASE WHEN version = '' THEN '' ELSE $5 END WHERE tenant_id = $1 AND lane_id = $2 AND xero_id IN ({})",
        places.join(", ")
    );
    transaction.execute_raw(sql(transaction.get_database_backend(), text, values)).await?;
    if rest.is_none() {
        let flow = lane.flow.record();
        let needs = due
            .iter()
            .flat_map(|one| {
                [
                    Some(need_print(slice, flow, By::Id, &one.xero_id)),
                    one.alias.as_ref().map(|alias| alias_need(slice, flow, alias)),
                ]
            })
            .flatten()
            .collect();
        settle::wake(&transaction, slice, needs).await?;
    }
    settle::flush_calls(&transaction, slice, run).await?;
    transaction.commit().await?;
    slice.calls.clear();
    Ok(())
}
