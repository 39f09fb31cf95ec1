//! Xero's lists, page by page: each record is held against its pair. What is not in Zoho is noted with what it moves in the ledger.

use std::borrow::Cow;
use std::collections::HashSet;

use chrono::NaiveDate;
use connectors::flow::{Age, Known, Ledger, Posting, Reading, Record, Wanted};
use connectors::xero::Since;
use entities::clock::At;
use entities::run;
use rust_decimal::Decimal;

use super::super::known::{self, look_up};
use super::super::lanes::lane_row;
use super::super::observe;
use super::super::read;
use super::super::shelf::After;
use super::super::slice::{Halt, Lane, Provider, Slice};
use super::super::tally::{self, OUT_OF_SCOPE, Phase, Place, Tally, When};
use super::rows::{Found, Pair, find, note_all, pairs};
use super::{Tallies, of, owed, tally};

const SECOND_US: i64 = 1_000_000;
/// Documents of one flow that are fetched for a closer look: where more differ, something is wrong that no list of them explains.
const LOOKS_MAX: i64 = 100;
/// How far rounding may take one record's entry on one account apart where it is in another currency: a few cents, and what is cut off
/// the rate.
const ROUNDING: Decimal = Decimal::from_parts(2, 0, 0, false, 2);
const ROUNDING_OF_RATE: Decimal = Decimal::from_parts(5, 0, 0, false, 6);

/// One page of the list that `leader` reads, for all that share it.
pub async fn page(
    slice: &mut Slice,
    run: &run::Model,
    leader: Lane,
    members: &[Lane],
    tallies: &mut Tallies,
    known: &Knowing,
) -> Result<(), Halt> {
    let Some(first) = members.first().copied() else { return Ok(()) };
    let cursor = of(tallies, first);
    let (anchor, number, had) = (cursor.anchor, cursor.page.max(1), cursor.boundary.clone());
    slice.permit(Provider::Xero, Some(first.id), 1).await?;
    let since = Since { anchor_us: anchor.map(|at| at.0), page: number };
    let (page, outer) = read::changed(slice, leader, since).await?;
    slice.moved = true;
    let full = page.is_full(leader.flow.rows(&page.body, outer.len()));
    let outer = records(outer);
    // Those outside the scope are read too, since the page is here: what they would have moved explains the ledger.
    let mut told = HashSet::new();
    for lane in sharing(slice, leader) {
        let read = if lane.id == leader.id { None } else { Some(read::again(slice, lane, &page).await?) };
        let read = read.map(records);
        let records = read.as_deref().unwrap_or(&outer);
        if !lane.on {
            let tally = tally(tallies, first);
            for record in records.iter().filter(|record| !is_had(&had, record.id())) {
                let known = knowing_of(slice, lane, record.as_ref(), known).await?;
                leave_out(tally, lane, record.as_ref(), &known, &mut told);
            }
            continue;
        }
        if !members.iter().any(|member| member.id == lane.id) {
            continue;
        }
        let pairs = pairs(slice, run, lane, records).await?;
        let read_until = lane_row(slice, lane).await?.watermark;
        let tally = tally(tallies, lane);
        for record in records.iter().filter(|record| !is_had(&had, record.id())) {
            let seen = Seen { record: record.as_ref(), pair: pairs.get(record.id()), read_until, known };
            check(slice, run, lane, tally, seen, &mut told).await?;
        }
    }
    let after = observe::after(anchor, number as i32, full, newest(&outer));
    for lane in members {
        let tally = tally(tallies, *lane);
        match after {
            After::Next { anchor, page } => (tally.anchor, tally.page) = (anchor, page as u32),
            After::Done => {
                tally.phase = if lane.flow.has_list() { Phase::Look } else { Phase::Done };
                tally.boundary = HashSet::new();
            }
        }
    }
    if let After::Next { anchor: next, .. } = after {
        tally(tallies, first).boundary = boundary(had, &outer, anchor, next);
    }
    note_all(slice, run, members, tallies).await
}

/// One page of a list that no lane reads, because all that share it are outside the scope: read for what its records would have moved.
/// The caller notes the tally after it, where the next turn goes on.
pub async fn outside(slice: &mut Slice, leader: Lane, counted: Lane, tally: &mut Tally, known: &Knowing) -> Result<(), Halt> {
    let place = tally.outside_at.take().filter(|place| place.list == leader.flow.key()).unwrap_or_default();
    let since = Since { anchor_us: place.anchor.map(|at| at.0), page: place.page.max(1) };
    slice.permit(Provider::Xero, Some(counted.id), 1).await?;
    let (page, outer) = read::changed(slice, leader, since).await?;
    slice.moved = true;
    let full = page.is_full(leader.flow.rows(&page.body, outer.len()));
    let outer = records(outer);
    let mut told = HashSet::new();
    for lane in sharing(slice, leader) {
        let read = if lane.id == leader.id { None } else { Some(records(read::again(slice, lane, &page).await?)) };
        for record in read.as_deref().unwrap_or(&outer).iter().filter(|record| !is_had(&place.boundary, record.id())) {
            let known = knowing_of(slice, lane, record.as_ref(), known).await?;
            leave_out(tally, lane, record.as_ref(), &known, &mut told);
        }
    }
    let list = leader.flow.key().to_owned();
    match observe::after(place.anchor, since.page as i32, full, newest(&outer)) {
        After::Next { anchor, page } => {
            let boundary = boundary(place.boundary, &outer, place.anchor, anchor);
            tally.outside_at = Some(Place { list, anchor, page: page as u32, boundary });
        }
        After::Done => {
            tally.outside.insert(list);
        }
    }
    Ok(())
}

fn newest(records: &[Box<dyn Record>]) -> i64 {
    records.iter().map(|record| record.updated_us()).max().unwrap_or(0)
}

/// The ids that the next page will show again. As long as the second is the same, those of the pages before it too.
fn boundary(had: HashSet<String>, outer: &[Box<dyn Record>], anchor: Option<At>, next: Option<At>) -> HashSet<String> {
    let from = next.map_or(0, |at| at.0);
    let ids = outer.iter().filter(|record| record.updated_us() >= from).map(|record| record.id().to_owned());
    if next == anchor { had.into_iter().chain(ids).collect() } else { ids.collect() }
}

/// All that read this list, itself first, whether the scope includes them or not.
fn sharing(slice: &Slice, leader: Lane) -> Vec<Lane> {
    let shares = |lane: &&Lane| lane.id == leader.id || lane.flow.read_with() == Some(leader.flow.key());
    slice.lanes.iter().filter(shares).copied().collect()
}

/// What flows may know when they are asked what records move, and the days that tell what stands where: when the present financial year
/// began and ends, the last day of the opening balances, and when the financial year began that it is in.
#[derive(Clone)]
pub struct Knowing {
    known: Known,
    start: NaiveDate,
    /// The last day on which the ledgers may be compared: with the next year income and expenses begin at nothing.
    pub end: NaiveDate,
    pub cut: Option<Cut>,
}

/// The day of the opening balances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    pub day: NaiveDate,
    pub year_start: NaiveDate,
}

impl Knowing {
    pub fn new(slice: &Slice, (start, end): (NaiveDate, NaiveDate), cut: Option<Cut>) -> Self {
        let (xero, zoho) = slice.organisations();
        let mut known = Known::new(xero, zoho);
        known::switch_off(slice, &mut known);
        Self { known, start, end, cut }
    }

    /// When it was booked.
    pub fn when(&self, lane: Lane, record: &dyn Record) -> When {
        let day = match lane.flow.age(record) {
            Age::Of { date, .. } => Some(date),
            Age::Timeless | Age::Follows => lane.flow.day(record),
        };
        self.when_of(day)
    }

    pub fn when_of(&self, day: Option<NaiveDate>) -> When {
        let Some(day) = day else { return When::default() };
        let at_cut = self.cut.filter(|cut| day <= cut.day).map(|cut| day < cut.year_start);
        When { is_before: day < self.start, is_ahead: day > self.end, at_cut }
    }
}

/// The same with the ids of what a record refers to, for kinds whose entries need them. Only records that are missing are asked about.
async fn knowing_of<'k>(
    slice: &mut Slice,
    lane: Lane,
    record: &dyn Record,
    known: &'k Knowing,
) -> Result<Cow<'k, Knowing>, Halt> {
    Ok(match lane.flow.posts_by_ids() {
        true => Cow::Owned(Knowing { known: look_up(slice, &[lane.flow.needs(record)]).await?, ..known.clone() }),
        false => Cow::Borrowed(known),
    })
}

fn records(read: Vec<Reading>) -> Vec<Box<dyn Record>> {
    read.into_iter().filter_map(|one| if let Reading::Record(record) = one { Some(record) } else { None }).collect()
}

/// A kind that lives inside another is as new as that one.
fn is_had(had: &HashSet<String>, id: &str) -> bool {
    had.contains(id) || id.split_once(':').is_some_and(|(outer, _)| had.contains(outer))
}

/// A record of a kind that is not carried.
fn leave_out(tally: &mut Tally, lane: Lane, record: &dyn Record, known: &Knowing, told: &mut HashSet<String>) {
    if lane.flow.wanted(record) == Wanted::Carry {
        miss_postings(tally, lane, record, OUT_OF_SCOPE, known, told);
    }
}

/// What a record moves is missing once, also where two flows could have carried it and none of them came to know which.
fn miss_postings(tally: &mut Tally, lane: Lane, record: &dyn Record, cause: &str, known: &Knowing, told: &mut HashSet<String>) {
    let postings = lane.flow.postings(record, &known.known);
    if !postings.is_empty() && told.insert(record.id().to_owned()) {
        let when = known.when(lane, record);
        if let Some(is_before) = when.at_cut.filter(|_| cause == OUT_OF_SCOPE && is_foreign(lane, record, known)) {
            let rounded = roundings(&postings);
            rounded.for_each(|(ledger, square)| tally.at_cut.roundings.add("", ledger, is_before, square));
        }
        tally.miss(cause, when, postings);
    }
}

/// One record and what is known of it.
struct Seen<'a> {
    record: &'a dyn Record,
    pair: Option<&'a Pair>,
    read_until: Option<At>,
    known: &'a Knowing,
}

/// Holds one record against its pair.
async fn check(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    tally: &mut Tally,
    seen: Seen<'_>,
    told: &mut HashSet<String>,
) -> Result<(), Halt> {
    let Seen { record, pair, read_until, known } = seen;
    let line = lane.flow.xero_line(record);
    tally.chart.extend(lane.flow.account(record));
    tally.rates.extend(lane.flow.rate(record).map(|rate| (record.id().to_owned(), rate)));
    let is_booked = lane.flow.wanted(record) == Wanted::Carry && !matches!(line.status, "draft" | "void");
    if let Age::Of { date, .. } = lane.flow.age(record)
        && is_booked
    {
        tally.latest = tally.latest.max(Some(date));
        tally.earliest = Some(tally.earliest.map_or(date, |earliest| earliest.min(date)));
    }
    let Some(pair) = pair else {
        if lane.flow.wanted(record) != Wanted::Carry {
            return Ok(());
        }
        if read_until.is_some_and(|until| record.updated_us() >= until.0 - SECOND_US) {
            tally.changed += 1;
            miss(tally, lane, run, record, "CHANGED_SINCE", knowing_of(slice, lane, record, known).await?.as_ref(), told);
            let sentence = format!("{} appeared in Xero after it was read; the next run carries it.", record.label());
            return find(slice, run, lane, tally, Found::of_document(record.id(), "CHANGED_SINCE", true, sentence)).await;
        }
        miss(tally, lane, run, record, "NOT_CARRIED", knowing_of(slice, lane, record, known).await?.as_ref(), told);
        if lane.flow.has_list() {
            tally.xero.add(&line);
        }
        let sentence = format!("{} is in Xero and was never carried.", record.label());
        return find(slice, run, lane, tally, Found::of_document(record.id(), "NOT_CARRIED", false, sentence)).await;
    };
    // What was deleted in Zoho has its end in Xero, and nothing there to be compared with.
    if pair.state == "passed" || pair.state == "gone" {
        return Ok(());
    }
    if pair.zoho_id.is_none() || pair.state != "settled" {
        // Held or waiting: counted at the end, and explained by its hold.
        let cause = match (pair.state.as_str(), pair.code.as_deref()) {
            ("out", _) => OUT_OF_SCOPE,
            (_, Some("LOCKED_PERIOD")) => "LOCKED_PERIOD",
            _ => "HELD",
        };
        if pair.zoho_id.is_none() {
            miss(tally, lane, run, record, cause, knowing_of(slice, lane, record, known).await?.as_ref(), told);
        } else {
            // It is in Zoho as it was before.
            touch(tally, lane, record, cause, known);
        }
        return Ok(());
    }
    if let Some(owed) = lane.flow.owed(record) {
        tally.xero_owed.add(owed, owed::day(run));
    }
    if is_foreign(lane, record, known) {
        round(tally, lane, record, known);
    }
    if !lane.flow.has_list() {
        shift(tally, lane, record, known);
        return Ok(());
    }
    let expected = slice.print.of(&tally::text(&line));
    let tax = line.tax.map(|tax| slice.print.of(&tax.normalize().to_string()).to_vec());
    let tax_equal = tax.is_none() || pair.answer.is_none() || tax == pair.answer;
    tally.xero.add(&line);
    if pair.seen.as_deref() == Some(expected.as_slice()) && tax_equal {
        shift(tally, lane, record, known);
        return Ok(());
    }
    if pair.prints.as_deref() != Some(lane.flow.prints(record, &slice.print).as_slice()) && is_overwritten(lane) {
        tally.changed += 1;
        touch(tally, lane, record, "CHANGED_SINCE", known);
        let sentence = format!("{} changed in Xero after it was carried; the next run carries the change.", record.label());
        return find(slice, run, lane, tally, Found::of_document(record.id(), "CHANGED_SINCE", true, sentence)).await;
    }
    // A part is not told by Zoho's list: it is looked at whether it differs or not.
    tally.looked += i64::from(pair.part.is_none());
    if tally.looked > LOOKS_MAX {
        touch(tally, lane, record, "NOT_LOOKED_AT", known);
        let sentence = format!("{} differs too; so many do that this one was not looked at.", record.label());
        return find(slice, run, lane, tally, Found::of_document(record.id(), "NOT_LOOKED_AT", false, sentence)).await;
    }
    tally.differing.push(record.id().to_owned());
    Ok(())
}

fn is_overwritten(lane: Lane) -> bool {
    lane.flow.zoho().unique != connectors::zoho::Unique::Search
}

/// It is not in Zoho: what it moves in Xero's ledger and what is owed by it are missing there.
fn miss(
    tally: &mut Tally,
    lane: Lane,
    run: &run::Model,
    record: &dyn Record,
    cause: &str,
    known: &Knowing,
    told: &mut HashSet<String>,
) {
    miss_postings(tally, lane, record, cause, known, told);
    if let Some(owed) = lane.flow.owed(record) {
        tally.xero_owed.add_missing(owed, owed::day(run), cause);
    }
}

fn touch(tally: &mut Tally, lane: Lane, record: &dyn Record, cause: &str, known: &Knowing) {
    let postings = lane.flow.postings(record, &known.known);
    let when = known.when(lane, record);
    postings.into_iter().for_each(|posting| tally.touch(cause, posting.ledger, when));
    if let Some(owed) = lane.flow.owed(record) {
        tally.xero_owed.touch(owed, cause);
    }
}

/// It arrived whole, and stands on other accounts by design.
pub fn shift(tally: &mut Tally, lane: Lane, record: &dyn Record, known: &Knowing) {
    for shift in lane.flow.shifts(record, &known.known) {
        let when = shift.day.map_or_else(|| known.when(lane, record), |day| known.when_of(Some(day)));
        tally.add(shift.cause, shift.by.ledger, when, shift.by.amount);
    }
}

fn is_foreign(lane: Lane, record: &dyn Record, known: &Knowing) -> bool {
    let currency = lane.flow.xero_line(record).currency;
    !currency.is_empty() && currency != known.known.xero.base_currency
}

fn round(tally: &mut Tally, lane: Lane, record: &dyn Record, known: &Knowing) {
    let postings = lane.flow.postings(record, &known.known);
    let when = known.when(lane, record);
    roundings(&postings).for_each(|(ledger, square)| tally.round(ledger, when, square));
}

/// How far rounding may take one record apart: squares, by account. None where it moves nothing.
fn roundings(postings: &[Posting]) -> impl Iterator<Item = (Ledger, Decimal)> {
    let of_amounts = postings.iter().map(|posting| {
        let of_rate = posting.amount.abs().checked_mul(ROUNDING_OF_RATE).unwrap_or_default();
        let most = ROUNDING + of_rate;
        (posting.ledger.clone(), most.checked_mul(most).unwrap_or_default())
    });
    // Where both sides put what is left over.
    let places = if postings.is_empty() { Vec::new() } else { vec![Ledger::Rounding, Ledger::Exchange, Ledger::OtherCharges] };
    of_amounts.chain(places.into_iter().map(|ledger| (ledger, ROUNDING * ROUNDING)))
}
