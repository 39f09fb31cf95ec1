//! A closer look at what differs: the document itself is fetched, and every amount that is not equal becomes a finding.

use std::collections::HashMap;

use connectors::flow::{Judgement, Known, Line, PART, Posting, Reading, Record};
use connectors::side::Trouble;
use entities::run;
use rust_decimal::Decimal;
use serde_json::Value;

use super::super::known::look_up;
use super::super::read;
use super::super::slice::{Halt, Lane, Provider, Slice};
use super::super::tally::{Phase, Tally};
use super::rows::{Found, Pair, find, note, pairs};
use super::xero_side::{self, Knowing};
use super::{owed, sums};
use crate::hints::{self, Side};
use crate::runs::Kind;

/// Documents that are looked at before the sums are stored again.
const LOOKS_AT_ONCE: usize = 5;

/// A rate of Xero's own, as its list told it: the flow, the record, and the rate. What differs is held against them, not against what
/// somebody made of them in Zoho.
pub type Rate = (&'static str, String, Decimal);

/// What a look needs beside the record.
pub struct With<'a> {
    pub rates: &'a [Rate],
    pub knowing: &'a Knowing,
}

/// A few of the records that differ, read again and looked at. The last of them ends the flow's reconciliation.
pub async fn look(slice: &mut Slice, run: &run::Model, lane: Lane, tally: &mut Tally, with: &With<'_>) -> Result<(), Halt> {
    if tally.differing.is_empty() {
        tally.phase = Phase::Done;
        sums::compare(slice, run, lane, tally).await?;
        return note(slice, run, lane, tally).await;
    }
    let most = if lane.flow.xero().by_ids.is_some() { LOOKS_AT_ONCE } else { 1 };
    let ids: Vec<String> = tally.differing.drain(..tally.differing.len().min(most)).collect();
    slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
    let (_, read) = read::by_ids(slice, lane, &ids).await?;
    let records: Vec<Box<dyn Record>> =
        read.into_iter().filter_map(|one| if let Reading::Record(record) = one { Some(record) } else { None }).collect();
    let pairs = pairs(slice, run, lane, &records).await?;
    for record in records.iter().filter(|record| ids.iter().any(|id| id == record.id())) {
        if let Some(pair) = pairs.get(record.id()) {
            closer(slice, run, lane, tally, record.as_ref(), pair, with).await?;
        }
    }
    note(slice, run, lane, tally).await
}

/// One record, fetched from Zoho.
async fn closer(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    tally: &mut Tally,
    record: &dyn Record,
    pair: &Pair,
    with: &With<'_>,
) -> Result<(), Halt> {
    let Some(zoho_id) = &pair.zoho_id else { return Ok(()) };
    let line = lane.flow.xero_line(record);
    slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
    let of = *lane.flow.zoho();
    let detail = match slice.zoho.client.get(&of, zoho_id).await {
        Ok(detail) => detail,
        Err(Trouble::Refused(_)) => {
            let known = look_up(slice, &[lane.flow.needs(record)]).await?;
            let when = with.knowing.when(lane, record);
            tally.miss("MISSING_IN_ZOHO", when, lane.flow.postings(record, &known));
            if let Some(owed) = lane.flow.owed(record) {
                tally.xero_owed.explain(owed, "MISSING_IN_ZOHO");
            }
            let sentence = format!("{} is no longer in {}, or was deleted there.", record.label(), slice.product.name);
            return find(slice, run, lane, tally, Found::of_document(record.id(), "MISSING_IN_ZOHO", false, sentence)).await;
        }
        Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
    };
    let detail = part_of(lane, detail, pair.part.as_deref());
    let Some(theirs) = lane.flow.zoho_line(&detail) else {
        let sentence = format!("{} has become a record of another kind in {}.", record.label(), slice.product.name);
        return find(slice, run, lane, tally, Found::of_document(record.id(), "OTHER_KIND", false, sentence)).await;
    };
    if pair.seen.is_none() {
        // It moved past us while the pages were read.
        tally.zoho.add(&theirs);
        if let Some(owed) = lane.flow.zoho_owed(&detail) {
            tally.zoho_owed.add(owed, owed::day(run));
        }
    }
    let off = tally.known_difference.entry(line.currency.clone()).or_default();
    off.0 += theirs.total.unwrap_or_default() - line.total.unwrap_or_default();
    off.1 += theirs.due.unwrap_or_default() - line.due.unwrap_or_default();
    let mut known = look_up(slice, &[lane.flow.needs(record)]).await?;
    for (flow, key, rate) in with.rates {
        known.learn_rate(flow, key.clone(), *rate);
    }
    let causes: HashMap<&'static str, &'static str> = match lane.flow.judge(record, &known, &detail) {
        Judgement::Differs(differences) => differences.into_iter().map(|one| (one.what, one.cause)).collect(),
        _ => HashMap::new(),
    };
    let sweeps = run.kind == Kind::Reconciliation.name() && lane.flow.back().is_some() && !slice.link.one_way;
    if sweeps && causes.values().any(|cause| *cause == "UNEXPLAINED") {
        // It may have been changed in Zoho without a trace in the list: both sides are met.
        hints::put(&slice.context.database, slice.context.now(), slice.tenant, &[(lane.id, Side::Zoho, zoho_id.clone())]).await?;
    }
    let compared = Compared { record, line: &line, theirs: &theirs, causes: &causes };
    book(tally, lane, &compared, &detail, &known, with.knowing);
    findings(slice, run, lane, tally, &compared).await
}

/// The part that this pair is, where Zoho's record is several of Xero's.
fn part_of(lane: Lane, detail: Value, part: Option<&str>) -> Value {
    let parts = part.and_then(|part| Some((part, (lane.flow.back()?.parts)(&detail))));
    let found = parts.and_then(|(part, parts)| parts.into_iter().find(|one| one[PART] == part));
    found.unwrap_or(detail)
}

/// A record on both sides, and the named causes of what differs.
struct Compared<'a> {
    record: &'a dyn Record,
    line: &'a Line,
    theirs: &'a Line,
    causes: &'a HashMap<&'static str, &'static str>,
}

/// By how much Zoho's ledger differs from Xero's because of this record.
fn book(tally: &mut Tally, lane: Lane, compared: &Compared<'_>, detail: &Value, known: &Known, knowing: &Knowing) {
    let Compared { record, causes, line, theirs } = *compared;
    let cause = causes.get("due").copied().filter(|cause| *cause != "UNEXPLAINED").unwrap_or("DOCUMENT_DIFFERS");
    if let Some(owed) = lane.flow.owed(record) {
        tally.xero_owed.touch(owed, cause);
    }
    // It may be owed there and not here, or in another currency.
    if let Some(owed) = lane.flow.zoho_owed(detail) {
        tally.zoho_owed.touch(owed, cause);
    }
    let live = |line: &Line| !matches!(line.status, "draft" | "void");
    let is_same = line.total == theirs.total && (line.tax == theirs.tax || theirs.tax.is_none()) && live(line) == live(theirs);
    let Some(booked) = lane.flow.booked(detail).filter(|_| !is_same) else {
        xero_side::shift(tally, lane, record, knowing);
        return;
    };
    let named = ["total", "tax"].iter().filter_map(|what| causes.get(what)).find(|cause| **cause != "UNEXPLAINED");
    let postings = lane.flow.postings(record, known);
    let cause = match named {
        Some(cause) => cause,
        None if live(line) != live(theirs) => "STATUS",
        None => "DOCUMENT_DIFFERS",
    };
    let minus = |posting: Posting| (posting.ledger, -posting.amount);
    for (ledger, amount) in booked.into_iter().map(|one| (one.ledger, one.amount)).chain(postings.into_iter().map(minus)) {
        tally.add(cause, ledger, knowing.when(lane, record), amount);
    }
}

async fn findings(slice: &Slice, run: &run::Model, lane: Lane, tally: &mut Tally, compared: &Compared<'_>) -> Result<(), Halt> {
    let Compared { record, line, theirs, causes } = *compared;
    // A document is paid or not by what is owed: where that is explained, its status is.
    let mut owed = false;
    let amounts = [("total", line.total, theirs.total), ("tax", line.tax, theirs.tax), ("due", line.due, theirs.due)];
    for (what, ours, theirs) in amounts {
        let (Some(ours), Some(theirs)): (Option<Decimal>, Option<Decimal>) = (ours, theirs) else { continue };
        if ours != theirs {
            let cause = causes.get(what).copied().unwrap_or("UNEXPLAINED");
            owed |= what == "due" && cause != "UNEXPLAINED";
            let sentence = format!(
                "{}: {what} {ours} in Xero, {theirs} in {}, difference {}.",
                record.label(),
                slice.product.name,
                theirs - ours
            );
            find(slice, run, lane, tally, Found::of_document(record.id(), cause, cause != "UNEXPLAINED", sentence)).await?;
        }
    }
    if line.status != theirs.status {
        let sentence = format!("{} is {} in Xero and {} in {}.", record.label(), line.status, theirs.status, slice.product.name);
        let by_what_is_owed = [line.status, theirs.status].iter().all(|status| matches!(*status, "open" | "paid"));
        find(slice, run, lane, tally, Found::of_document(record.id(), "STATUS", owed && by_what_is_owed, sentence)).await?;
    }
    if line.currency != theirs.currency {
        let sentence =
            format!("{} is in {} in Xero and in {} in {}.", record.label(), line.currency, theirs.currency, slice.product.name);
        find(slice, run, lane, tally, Found::of_document(record.id(), "CURRENCY", false, sentence)).await?;
    }
    Ok(())
}
