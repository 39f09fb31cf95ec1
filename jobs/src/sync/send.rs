//! Sends records to Xero, a batch at a time: needs looked up, bodies mapped, intents committed, one call for up to fifty, answers settled.
//! Records that cannot go are held or wait; they never stop the others.

use std::sync::Arc;

use chrono::NaiveDate;
use connectors::flow::{Back, By, Coming, Known, Need, Reading, Record, Sending, Unmappable};
use connectors::flows;
use connectors::rules;
use connectors::side::{Refusal, Trouble};
use connectors::xero::{BATCH_MAX, Element, Verb};
use entities::clock::At;
use entities::run;
use serde_json::{Map, Value};

use super::arrive::{self, Arrived, Fate, LOOP_TURNS, UNCLEAR_MAX, Way, Written};
use super::known::look_up;
use super::merge::{but, changed_beside};
use super::points;
use super::seek::{self, Trace, look};
use super::slice::{Halt, Lane, Provider, Slice};
use crate::hints::{self, Side};
use crate::rules::ready;

/// A record on its way.
pub struct Going {
    pub way: Way,
    /// Zoho's record, or the part of it.
    pub record: Value,
    pub zoho_prints: Vec<u8>,
    pub version: String,
    /// Xero's record as it is, where there is one.
    pub there: Option<Value>,
    /// The fields that are written; not looked at where it is new.
    pub changed: Vec<usize>,
    /// Fields that go the other way afterwards, and Xero's prints as last settled.
    pub kept: (Vec<usize>, Vec<u8>),
    /// It was sent before, and nobody knows whether it arrived.
    pub is_doubtful: bool,
    /// Zoho's prints when it was sent, for one that is doubtful.
    pub sent_prints: Option<Vec<u8>>,
    /// By what it is recognised, for one that is doubtful.
    pub trace: Option<Trace>,
    /// How often it was sent without a clear answer.
    pub attempts: i32,
    pub turns: i32,
    /// What Xero is told because the record is gone from Zoho.
    pub last: Option<Sending>,
    /// Nothing is sent of it: only whether it has arrived is to be found out.
    pub is_asked_for: bool,
}

impl Going {
    /// Zoho's record is to be mapped and sent.
    fn is_said(&self) -> bool {
        self.last.is_none() && !self.is_asked_for
    }
}

struct Ready {
    going: Going,
    sending: Sending,
}

/// Sends all of them, or ends the turn with what is left parked. `looked_at`: the hints that led here.
pub async fn send(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    back: &'static Back,
    going: Vec<Going>,
    mut fates: Vec<(Way, Fate)>,
    looked_at: &[hints::Hint],
) -> Result<(), Halt> {
    let known = known(slice, lane, back, going.iter().filter(|one| one.is_said()).map(|one| &one.record)).await?;
    let names: Vec<&'static str> = rules::fields_of(lane.flow).into_iter().map(|(name, _)| name).collect();
    let lock = match going.iter().any(|one| one.is_said() && (back.day)(&one.record).is_some()) {
        true => lock(slice).await?,
        false => None,
    };
    let mut halt = None;
    // Before anything is said of a record whose write may have arrived: whether it did.
    let going = seek::seek(slice, lane, back, &known, going, &mut fates, &mut halt).await;
    let mut ready = Vec::new();
    let mut called = Vec::new();
    for one in going {
        let is_new = one.way.is_new();
        if one.attempts >= UNCLEAR_MAX {
            // The last look found nothing.
            fates.push((one.way, Fate::Held(arrive::unclear(lane))));
            continue;
        }
        if is_new && !(back.creates)(&known) {
            fates.push((one.way, Fate::Dropped));
            continue;
        }
        if one.turns / 2 >= LOOP_TURNS {
            let reason = looping(&(back.label)(&one.record));
            fates.push((one.way, Fate::Held(reason)));
            continue;
        }
        let needs = (back.needs)(&one.record);
        let missing: Vec<Need> =
            needs.into_iter().filter(|need| known.is_on(need.flow) && known.xero_id(need.flow, &need.key).is_none()).collect();
        if let Some(first) = missing.first().filter(|_| one.last.is_none()).cloned() {
            called.extend(missing);
            fates.push((one.way, Fate::Waiting(first)));
            continue;
        }
        if let Some(reason) =
            (back.day)(&one.record).filter(|_| one.last.is_none()).and_then(|day| locked(lock, back, &one.record, day))
        {
            fates.push((one.way, Fate::Held(reason)));
            continue;
        }
        let changed: Vec<&'static str> = one.changed.iter().filter_map(|n| names.get(*n).copied()).collect();
        let coming = Coming { record: &one.record, there: one.there.as_ref(), changed: &changed };
        match one.last.clone().map_or_else(|| rules::to_xero(lane.flow.record(), back, &coming, &known), Ok) {
            Ok(sending) => ready.push(Ready { going: one, sending }),
            Err(reason) => fates.push((one.way, Fate::Held(reason))),
        }
    }
    call(slice, run, &called).await?;
    let (alone, batched): (Vec<Ready>, Vec<Ready>) = ready.into_iter().partition(|one| one.sending.at.is_some());
    let (new, known_ones): (Vec<Ready>, Vec<Ready>) = batched.into_iter().partition(|one| one.going.there.is_none());
    let mut taken = Vec::new();
    for (verb, mut some) in [(Verb::Create, new), (Verb::Update, known_ones)] {
        while !some.is_empty() {
            let rest = some.split_off(some.len().min(BATCH_MAX));
            batch(slice, run, lane, verb, some, &mut fates, &mut taken, &mut halt).await?;
            some = rest;
        }
    }
    for one in alone {
        batch(slice, run, lane, Verb::Update, vec![one], &mut fates, &mut taken, &mut halt).await?;
    }
    for (going, refusal) in taken {
        fates.push(adopt(slice, lane, back, &known, going, &refusal, &mut halt).await);
    }
    points::reached("before_arrive");
    arrive::fates(slice, run, lane, fates, looked_at).await?;
    halt.map_or(Ok(()), Err)
}

/// What the mappings look up: ids by Zoho's ids, and the lists of Xero's that they name.
pub async fn known<'a>(
    slice: &mut Slice,
    lane: Lane,
    back: &'static Back,
    records: impl Iterator<Item = &'a Value>,
) -> Result<Known, Halt> {
    let records: Vec<&Value> = records.collect();
    let needs: Vec<Vec<Need>> =
        records.iter().map(|record| (back.needs)(record).into_iter().chain((back.hints)(record)).collect()).collect();
    debug_assert!(needs.iter().flatten().all(|need| need.by == By::Zoho));
    let mut known = look_up(slice, &needs).await?;
    if !needs.is_empty() {
        for flow in back.lists {
            known.learn_list(flow, list(slice, flow).await?);
        }
    }
    ready::ready(slice, lane, &records, &mut known).await?;
    known.default_account = slice.link.default_account.clone();
    known.creates_items = slice.link.creates_items;
    known.address = format!("{}/x/{}", slice.context.public_url.as_str().trim_end_matches('/'), slice.link.key);
    Ok(known)
}

/// Up to when Xero's books are locked, asked once a turn.
async fn lock(slice: &mut Slice) -> Result<Option<NaiveDate>, Halt> {
    if let Some(lock) = slice.xero_lock {
        return Ok(lock);
    }
    slice.permit_soon(Provider::Xero, None).await?;
    let lock = match slice.xero.client.organisation().await {
        Ok(organisation) => organisation.period_lock_date.max(organisation.end_of_year_lock_date),
        Err(trouble) => return Err(slice.halt(Provider::Xero, trouble).await),
    };
    slice.xero_lock = Some(lock);
    Ok(lock)
}

/// Why a record cannot be written whose day lies in a locked period: no call is wasted on it.
fn locked(lock: Option<NaiveDate>, back: &'static Back, record: &Value, day: NaiveDate) -> Option<Unmappable> {
    let until = lock.filter(|until| day <= *until)?;
    Some(Unmappable {
        code: "LOCKED_PERIOD",
        sentence: format!(
            "{} is dated {day}, and Xero is locked up to {until}. Unlock the period in Xero (Financial settings), then retry.",
            (back.label)(record)
        ),
        expected: false,
    })
}

/// Xero's whole list of a flow, read once a run.
pub async fn list(slice: &mut Slice, flow: &'static str) -> Result<Arc<Vec<Value>>, Halt> {
    if let Some(list) = slice.lists.get(flow) {
        return Ok(list.clone());
    }
    let Some(of) = flows::ALL.iter().find(|other| other.key() == flow).map(|other| other.xero()) else {
        return Ok(Arc::default());
    };
    slice.permit_soon(Provider::Xero, None).await?;
    let (rows, remaining) = match slice.xero.client.seek(of, &[]).await {
        Ok(found) => found,
        Err(trouble) => return Err(slice.halt(Provider::Xero, trouble).await),
    };
    slice.xero.gate.lower(&slice.context, remaining).await?;
    let rows = Arc::new(rows);
    slice.lists.insert(flow, rows.clone());
    Ok(rows)
}

/// Records that another one refers to and that Xero does not have: they are looked at now.
async fn call(slice: &Slice, run: &run::Model, needs: &[Need]) -> Result<(), Halt> {
    let lane =
        |need: &Need| slice.lanes.iter().find(|lane| lane.on && lane.flow.record() == need.flow && lane.flow.back().is_some());
    let mut hints: Vec<_> = needs.iter().filter_map(|need| Some((lane(need)?.id, Side::Zoho, need.key.clone()))).collect();
    hints.dedup();
    if hints.is_empty() {
        return Ok(());
    }
    let transaction = entities::database::begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    hints::put(&transaction, slice.context.now(), slice.tenant, &hints).await?;
    transaction.commit().await?;
    Ok(())
}

/// Xero has a record of this name or number already: where it is this one, the two are a pair from now on. Nothing is written; what
/// differs stays until somebody changes it.
async fn adopt(
    slice: &mut Slice,
    lane: Lane,
    back: &'static Back,
    known: &Known,
    going: Going,
    refusal: &Refusal,
    halt: &mut Option<Halt>,
) -> (Way, Fate) {
    if halt.is_some() {
        return (going.way, Fate::Later);
    }
    match look(slice, lane, back, known, &going.record, &[]).await {
        Ok(Some(found)) => settled(slice, lane, going, found, None, None),
        Ok(None) => {
            let reason = refused(lane, &going, refusal);
            (going.way, Fate::Held(reason))
        }
        Err(error) => {
            *halt = Some(error);
            (going.way, Fate::Later)
        }
    }
}

/// Whether Xero says that it has a record of this name or number.
fn is_taken(refusal: &Refusal) -> bool {
    let said = refusal.message.to_lowercase();
    ["already assigned", "already exists", "must be unique"].iter().any(|words| said.contains(words))
}

/// One call for all of them. `taken`: those that Xero has already under this name or number, it says.
#[expect(clippy::too_many_arguments, reason = "what becomes of the records, in three ways")]
async fn batch(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    verb: Verb,
    ready: Vec<Ready>,
    fates: &mut Vec<(Way, Fate)>,
    taken: &mut Vec<(Going, Refusal)>,
    halt: &mut Option<Halt>,
) -> Result<(), Halt> {
    let later = |ready: Vec<Ready>, fates: &mut Vec<(Way, Fate)>| {
        fates.extend(ready.into_iter().map(|one| (one.going.way, Fate::Later)));
    };
    if halt.is_some() {
        later(ready, fates);
        return Ok(());
    }
    if let Err(error) = slice.permit(Provider::Xero, Some(lane.id), 1).await {
        later(ready, fates);
        *halt = Some(error);
        return Ok(());
    }
    let ways: Vec<Way> = ready.iter().map(|one| one.going.way.clone()).collect();
    let sent = ready.iter().map(|one| {
        let trace = lane.flow.back().filter(|_| one.going.way.is_new()).map(|back| Trace::of(slice, back, &one.sending.body));
        (&one.going.way, one.going.zoho_prints.as_slice(), trace.map(|trace| trace.bytes()))
    });
    if let Err(error) = arrive::intend(slice, run, lane, sent).await {
        // A pause, or another worker: nothing was sent.
        later(ready, fates);
        *halt = Some(error);
        return Ok(());
    }
    let bodies: Vec<Value> = ready.iter().map(|one| one.sending.body.clone()).collect();
    let key = idempotency_key(slice, lane, &ways, &bodies, slice.context.now());
    points::reached("before_send_xero");
    let of = lane.flow.xero();
    let answer = match ready.as_slice() {
        [Ready { sending: Sending { at: Some(path), body, .. }, .. }] => slice.xero.client.write_at(of, path, &key, body).await,
        _ => slice.xero.client.write(of, verb, &key, &bodies).await,
    };
    points::reached("answered_by_xero");
    match answer {
        Ok(answer) => {
            slice.moved = true;
            slice.xero.gate.lower(&slice.context, answer.remaining).await?;
            for (one, element) in ready.into_iter().zip(answer.elements) {
                let written = if verb == Verb::Create { Written::Created } else { Written::Changed };
                fates.push(match element {
                    Element::Done(record) => settled(slice, lane, one.going, record, Some(written), Some(&one.sending)),
                    Element::Refused(refusal) if verb == Verb::Create && is_taken(&refusal) => {
                        taken.push((one.going, refusal));
                        continue;
                    }
                    Element::Refused(refusal) => {
                        let reason = refused(lane, &one.going, &refusal);
                        (one.going.way, Fate::Held(reason))
                    }
                });
            }
        }
        // The call as a whole is refused, and nothing of it was done. Whose fault it is shows one by one.
        Err(Trouble::Refused(_)) if ready.len() > 1 => {
            for one in ready {
                Box::pin(batch(slice, run, lane, verb, vec![one], fates, taken, halt)).await?;
            }
        }
        Err(Trouble::Refused(refusal)) if verb == Verb::Create && is_taken(&refusal) => {
            taken.extend(ready.into_iter().map(|one| (one.going, refusal.clone())));
        }
        Err(Trouble::Refused(refusal)) => {
            for one in ready {
                let reason = refused(lane, &one.going, &refusal);
                fates.push((one.going.way, Fate::Held(reason)));
            }
        }
        Err(trouble) => {
            let is_unclear = matches!(trouble, Trouble::Unreachable(_));
            for one in ready {
                fates.push((one.going.way, if is_unclear { Fate::Unknown } else { Fate::Later }));
            }
            *halt = Some(slice.halt(Provider::Xero, trouble).await);
        }
    }
    Ok(())
}

/// The same batch within the same call is one; a batch that is made anew has another key. Keys are the app's, so the tenant is in it.
fn idempotency_key(slice: &Slice, lane: Lane, ways: &[Way], bodies: &[Value], now: At) -> String {
    let mut said = format!("{}|{}|{}", slice.tenant, lane.id, now.0);
    for (way, body) in ways.iter().zip(bodies) {
        said.push_str(&format!("|{}|{body}", way.key));
    }
    slice.print.of(&said).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What Xero answered to what was sent, as a pair. An answer that cannot be read leaves the record unknown: it is looked up. Of fields that
/// take one more write Zoho's side counts as not yet seen.
pub fn settled(
    slice: &Slice,
    lane: Lane,
    going: Going,
    record: Value,
    written: Option<Written>,
    sent: Option<&Sending>,
) -> (Way, Fate) {
    let Some(read) = read(lane, record) else { return (going.way, Fate::Unknown) };
    let prints = lane.flow.prints(read.as_ref(), &slice.print);
    let (kept, base) = &going.kept;
    let names = lane.flow.field_names();
    // What somebody changed in Xero between our look and our write is not seen yet.
    let meanwhile = match (&going.there, sent) {
        (Some(there), Some(sent)) if going.last.is_none() => meanwhile(slice, lane, there, sent, &prints, &going.changed),
        _ => Vec::new(),
    };
    let unseen_there: Vec<usize> = kept.iter().chain(&meanwhile).copied().collect();
    let unsaid = sent.map_or(&[][..], |sent| &sent.unsaid);
    let later: Vec<usize> = (0..names.len()).filter(|n| unsaid.contains(&names[*n].0)).collect();
    let unseen = vec![0; going.zoho_prints.len()];
    let ended = going.last.is_some();
    let arrived = Arrived {
        ended,
        xero_id: read.id().to_owned(),
        alias: read.alias().map(str::to_owned),
        prints: but(&prints, base, &unseen_there),
        zoho_prints: but(&going.zoho_prints, &unseen, &later),
        version: going.version,
        written,
        goes_on: !unseen_there.is_empty(),
        changed_since: !later.is_empty(),
        marks: slice.mark_of(lane).is_some() && going.way.part.is_none(),
    };
    (going.way, Fate::Settled(arrived))
}

/// The fields in which Xero's answer differs from what was read, and that what was sent had nothing to do with.
fn meanwhile(slice: &Slice, lane: Lane, there: &Value, sent: &Sending, answer: &[u8], changed: &[usize]) -> Vec<usize> {
    let (Some(before), Some(meant)) = (prints(slice, lane, there.clone()), overlaid(slice, lane, there, &sent.body)) else {
        return Vec::new();
    };
    let mut written = changed_beside(&meant, &before, &[]);
    written.extend(changed);
    changed_beside(answer, &before, &written)
}

/// What Xero's record would look like with this body written over it, printed.
pub fn overlaid(slice: &Slice, lane: Lane, there: &Value, body: &Value) -> Option<Vec<u8>> {
    let mut merged = there.clone();
    merged.as_object_mut()?.extend(body.as_object()?.clone());
    prints(slice, lane, merged)
}

fn prints(slice: &Slice, lane: Lane, record: Value) -> Option<Vec<u8>> {
    Some(lane.flow.prints(read(lane, record)?.as_ref(), &slice.print))
}

/// One record of Xero's own JSON, typed.
fn read(lane: Lane, record: Value) -> Option<Box<dyn Record>> {
    let body = Value::Object(Map::from_iter([(lane.flow.xero().many.to_owned(), vec![record].into())])).to_string();
    match lane.flow.read(body.as_bytes()).ok()?.into_iter().next()? {
        Reading::Record(record) => Some(record),
        Reading::Odd(_) => None,
    }
}

fn refused(lane: Lane, going: &Going, refusal: &Refusal) -> Unmappable {
    let label = lane.flow.back().map(|back| (back.label)(&going.record)).unwrap_or_default();
    Unmappable {
        code: "XERO_REFUSES",
        sentence: format!("{label} is not taken by Xero: {} Put it right in Zoho Books or in Xero, then retry.", refusal.message),
        expected: false,
    }
}

fn looping(label: &str) -> Unmappable {
    Unmappable {
        code: "LOOP_SUSPECTED",
        sentence: format!(
            "{label} was changed to and fro between Zoho Books and Xero several times within an hour, so that we stopped. Look whether another program changes it, then retry."
        ),
        expected: false,
    }
}
