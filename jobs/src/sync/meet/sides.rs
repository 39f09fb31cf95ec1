//! Both sides' records, read by their ids.

use std::collections::HashMap;

use connectors::flow::{Reading, Record};
use connectors::side::{Refusal, Trouble};
use connectors::xero::{IDS_PER_CALL, Page, raw};
use futures::StreamExt;
use serde_json::Value;

use super::super::read;
use super::super::slice::{Halt, Lane, Provider, Slice};

/// Xero's records that were read, by id: typed, and in Xero's own JSON.
pub(super) type There = HashMap<String, (Box<dyn Record>, Value)>;

/// Zoho's record, or why there is none.
pub(super) enum Here {
    Record(Value),
    Gone,
    /// Zoho does not show this one.
    Refused(Refusal),
    /// Zoho fails each time it is asked for this one, and answers otherwise.
    Unclear,
}

/// Records of one round without a usable answer that are looked at one by one. When there are more it is Zoho that fails.
const ODD_MAX: usize = 3;
/// How often one is asked for before it is said.
const TRIES: usize = 3;

/// Reads records of Xero's by their ids: each answer with what it holds of them.
pub(super) async fn xero(slice: &mut Slice, lane: Lane, ids: &[String]) -> Result<Vec<(Page, Vec<Reading>)>, Halt> {
    let at_once = if lane.flow.xero().by_ids.is_some() { IDS_PER_CALL } else { 1 };
    // A short list without addresses of its own is read once, whatever is asked for.
    let chunks: Vec<&[String]> = match lane.flow.xero().by_list && !ids.is_empty() {
        true => vec![&ids[..1]],
        false => ids.chunks(at_once).collect(),
    };
    let mut answers = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
        answers.push(read::by_ids(slice, lane, chunk).await?);
    }
    Ok(answers)
}

/// Xero's records by their ids, typed and in Xero's own JSON.
pub(super) async fn there(slice: &mut Slice, lane: Lane, ids: &[String]) -> Result<There, Halt> {
    let (id, mut there) = (lane.flow.xero().id, There::new());
    for (page, read) in xero(slice, lane, ids).await? {
        let raws = raw(lane.flow.xero(), &page.body).unwrap_or_default();
        for one in read {
            let Reading::Record(record) = one else { continue };
            let same = |raw: &&Value| raw[id].as_str().is_some_and(|raw| raw.eq_ignore_ascii_case(record.id()));
            let raw = raws.iter().find(same).cloned().unwrap_or_default();
            there.insert(record.id().to_ascii_lowercase(), (record, raw));
        }
    }
    Ok(there)
}

/// Reads Zoho's records, as many as there are permits for. `ids` is left with those that were read.
pub(super) async fn zoho(slice: &mut Slice, lane: Lane, ids: &mut Vec<String>) -> Result<HashMap<String, Here>, Halt> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let granted = slice.permit(Provider::Zoho, Some(lane.id), ids.len() as u32).await?;
    ids.truncate(granted as usize);
    let (client, of, at_once) = (&slice.zoho.client, lane.flow.zoho(), slice.slots.max(1) as usize);
    let answers: Vec<(String, Result<Value, Trouble>)> = futures::stream::iter(ids.clone())
        .map(|id| async move {
            let answer = client.get(of, &id).await;
            (id, answer)
        })
        .buffer_unordered(at_once)
        .collect()
        .await;
    let (mut here, mut unclear) = (HashMap::with_capacity(answers.len()), Vec::new());
    for (id, answer) in answers {
        match answer {
            Err(Trouble::Unreachable(why)) => unclear.push((id, why)),
            answer => _ = here.insert(id, told(slice, answer).await?),
        }
    }
    if unclear.len() > ODD_MAX {
        let (_, why) = unclear.swap_remove(0);
        return Err(slice.halt(Provider::Zoho, Trouble::Unreachable(why)).await);
    }
    for (id, _) in unclear {
        let one = persistent(slice, lane, &id).await?;
        here.insert(id, one);
    }
    // What Zoho refuses of all alike is no record's fault.
    let refused = || here.values().filter_map(|one| if let Here::Refused(refusal) = one { Some(refusal) } else { None });
    if here.len() > ODD_MAX
        && refused().count() == here.len()
        && let Some(first) = refused().next().cloned()
    {
        return Err(slice.halt(Provider::Zoho, Trouble::Refused(first)).await);
    }
    slice.moved = true;
    Ok(here)
}

/// Asks once more for a record without a usable answer, while Zoho gives some otherwise.
async fn persistent(slice: &mut Slice, lane: Lane, id: &str) -> Result<Here, Halt> {
    for _ in 1..TRIES {
        slice.probe().await?;
        slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
        match slice.zoho.client.get(lane.flow.zoho(), id).await {
            Err(Trouble::Unreachable(_)) => {}
            answer => return told(slice, answer).await,
        }
    }
    Ok(Here::Unclear)
}

/// What an answer says of the record that was asked for.
async fn told(slice: &Slice, answer: Result<Value, Trouble>) -> Result<Here, Halt> {
    match answer {
        Ok(record) => Ok(Here::Record(record)),
        Err(Trouble::Refused(refusal)) if refusal.status == 404 || ["1002", "2", "5"].contains(&refusal.code.as_str()) => {
            Ok(Here::Gone)
        }
        Err(Trouble::Refused(refusal)) => Ok(Here::Refused(refusal)),
        Err(trouble) => Err(slice.halt(Provider::Zoho, trouble).await),
    }
}

/// Whether the record bears an id of Xero's although no pair knows it: a write of ours that is still to be resolved, or another link's.
pub(super) fn bears_our_mark(slice: &Slice, lane: Lane, record: &Value) -> bool {
    let Some(field) = slice.mark_of(lane) else { return false };
    let filled = |value: &Value| value.as_str().is_some_and(|value| !value.is_empty());
    filled(&record[field])
        || filled(&record["custom_field_hash"][field])
        || record["custom_fields"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|one| (one["api_name"] == field || one["placeholder"] == field) && filled(&one["value"]))
}
