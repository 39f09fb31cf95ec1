//! Both sides' records, read by their ids.

use std::collections::HashMap;

use connectors::flow::{Reading, Record};
use connectors::side::Trouble;
use connectors::xero::{IDS_PER_CALL, Page, raw};
use futures::StreamExt;
use serde_json::Value;

use super::super::read;
use super::super::slice::{Halt, Lane, Provider, Slice};

/// Xero's records that were read, by id: typed, and in Xero's own JSON.
pub(super) type There = HashMap<String, (Box<dyn Record>, Value)>;

/// Zoho's record, or that it is gone.
pub(super) enum Here {
    Record(Value),
    Gone,
}

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
    let mut here = HashMap::with_capacity(answers.len());
    for (id, answer) in answers {
        match answer {
            Ok(record) => here.insert(id, Here::Record(record)),
            Err(Trouble::Refused(refusal)) if refusal.status == 404 || ["1002", "2", "5"].contains(&refusal.code.as_str()) => {
                here.insert(id, Here::Gone)
            }
            Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
        };
    }
    slice.moved = true;
    Ok(here)
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
