//! Meets records of which a side may have changed: both sides are read, held against what was last settled, and what is to be done goes its
//! way. What leads here: hints (webhooks, Zoho's lists, changes of what the other side owns) and records that are ready to go to Xero.

mod marks;
mod pairs;
mod reasons;
mod sides;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use connectors::flow::{Authority, Back, Coming, PART, Reading, Unmappable, Wanted};
use connectors::print::field;
use connectors::rules;
use connectors::xero::IDS_PER_CALL;
use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::{pair, run};
use sea_orm::ConnectionTrait;
use serde_json::Value;

use marks::marks;
use pairs::{Known, pairs, still_late, under_way};
pub use pairs::{noted, paired};
use reasons::{conflict, divided_anew, gone_from_xero, gone_from_zoho, not_read, not_shown};
use sides::{Here, There, bears_our_mark, there, xero, zoho};

use super::arrive::{self, Arrived, Fate, Way};
use super::carry::{self, Verdict};
use super::merge::{Meeting, Seen, merge};
use super::seek::LATE;
use super::send::{self, Going};
use super::shelf::{Counts, Part, Spared, Todo};
use super::slice::{Halt, Lane, Slice};
use super::{observe, poll, settle};
use crate::hints::{self, Hint, Side};

/// Records of one round: as many as one call of Xero's gives.
const ROUND: usize = IDS_PER_CALL;

/// After so much time a record is asked for again for which Zoho has had no usable answer.
const LATER: Duration = Duration::from_secs(900);

/// Removed records of one kind in one run that need no second look, and the part of all (one in so many) that does.
const GUARD_RECORDS: i64 = 20;
const GUARD_PART: i64 = 50;

/// Meets everything of the lane that waits for it.
pub async fn drain(slice: &mut Slice, run: &run::Model, lane: Lane) -> Result<(), Halt> {
    if lane.flow.hangs().is_some() {
        return Ok(());
    }
    loop {
        let mut hints = hints::take(&slice.context.database, slice.context.now(), slice.tenant, lane.id, ROUND as u64).await?;
        if is_in_doubt(slice, lane).await? {
            hints = of_known(slice, lane, hints).await?;
            let under_way = under_way(slice, lane).await?;
            hints.retain(|hint| !under_way.contains(&hint.record_id));
        }
        let ready = match lane.flow.back().filter(|_| !slice.link.one_way) {
            Some(_) => ready(slice, lane).await?,
            None => Vec::new(),
        };
        if hints.is_empty() && ready.is_empty() {
            break;
        }
        slice.go_on()?;
        round(slice, run, lane, hints, ready).await?;
    }
    if lane.flow.back().is_some() && !slice.link.one_way {
        marks(slice, run, lane).await?;
        late(slice, lane).await?;
    }
    Ok(())
}

/// Records that are ready to be written to Zoho once more, and that people may have changed there since: both sides are looked at first.
pub async fn instead(slice: &Slice, run: &run::Model, lane: Lane) -> Result<(), Halt> {
    if lane.flow.back().is_none() || slice.link.one_way {
        return Ok(());
    }
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    let backend = transaction.get_database_backend();
    let text = format!(
        "UPDATE pair SET toward = 'xero' WHERE tenant_id = $1 AND lane_id = $2 AND xero_id IN (SELECT xero_id FROM {} \
         WHERE tenant_id = $1 AND lane_id = $2 AND state = 'ready' AND state <> 'settled' AND toward IS NULL \
         AND zoho_id IS NOT NULL AND prints IS NOT NULL)",
        pair::open(backend)
    );
    transaction.execute_raw(sql(backend, text, vec![slice.tenant.0.into(), lane.id.0.into()])).await?;
    transaction.commit().await?;
    Ok(())
}

/// Zoho's ids of records that are ready to go to Xero. One whose answer is missing waits until the write cannot arrive any more.
async fn ready(slice: &Slice, lane: Lane) -> Result<Vec<String>, Halt> {
    let database = &slice.context.database;
    let text = format!(
        "SELECT DISTINCT zoho_id FROM {} WHERE tenant_id = $1 AND lane_id = $2 AND state = 'ready' AND state <> 'settled' AND toward = 'xero' \
         AND zoho_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM intent WHERE intent.tenant_id = pair.tenant_id AND intent.lane_id = pair.lane_id \
         AND intent.xero_id = pair.xero_id AND intent.sent_at > $3) ORDER BY zoho_id LIMIT $4",
        pair::open(database.get_database_backend())
    );
    let values = vec![slice.tenant.0.into(), lane.id.0.into(), still_late(slice).into(), (ROUND as i64).into()];
    let rows = database.query_all_raw(sql(database.get_database_backend(), text, values)).await?;
    Ok(rows.into_iter().map(|row| row.try_get("", "zoho_id")).collect::<Result<_, _>>()?)
}

/// Whether it is unknown of a write to Xero whether it has arrived.
pub async fn is_in_doubt(slice: &Slice, lane: Lane) -> Result<bool, Halt> {
    Ok(sent_at(slice, lane).await?.is_some())
}

pub(super) async fn sent_at(slice: &Slice, lane: Lane) -> Result<Option<i64>, Halt> {
    let database = &slice.context.database;
    let text = "SELECT MIN(sent_at) AS at FROM intent WHERE tenant_id = $1 AND lane_id = $2 AND toward = 'xero'";
    let values = vec![slice.tenant.0.into(), lane.id.0.into()];
    let row = database.query_one_raw(sql(database.get_database_backend(), text, values)).await?;
    Ok(row.map_or(Ok(None), |row| row.try_get("", "at"))?)
}

/// The hints but those of Xero's records that no pair knows: one of them may be what a write has made whose answer is missing, and
/// would be taken for a new one. They wait until that is known.
async fn of_known(slice: &Slice, lane: Lane, hints: Vec<Hint>) -> Result<Vec<Hint>, Halt> {
    let is_xero = |hint: &Hint| hint.side == Side::Xero.name();
    let ids: Vec<String> = hints.iter().filter(|hint| is_xero(hint)).map(|hint| hint.record_id.clone()).collect();
    let known = paired(slice, lane, &ids).await?;
    Ok(hints.into_iter().filter(|hint| !is_xero(hint) || known.contains(&hint.record_id)).collect())
}

/// While a write to Xero may still arrive, the lane's list in Xero must not be read: the record would be taken for a new one.
async fn late(slice: &Slice, lane: Lane) -> Result<(), Halt> {
    match sent_at(slice, lane).await? {
        Some(at) => Err(Halt::Resting { at: At(at).plus(LATE) }),
        None => Ok(()),
    }
}

async fn round(slice: &mut Slice, run: &run::Model, lane: Lane, mut hints: Vec<Hint>, ready: Vec<String>) -> Result<(), Halt> {
    let mut wanted: Vec<String> = ready;
    for hint in hints.iter().filter(|hint| hint.side == Side::Zoho.name()) {
        if !wanted.contains(&hint.record_id) {
            wanted.push(hint.record_id.clone());
        }
    }
    let mut in_xero: Vec<String> =
        hints.iter().filter(|hint| hint.side == Side::Xero.name()).map(|hint| hint.record_id.clone()).collect();
    let Some(back) = lane.flow.back().filter(|_| !slice.link.one_way) else {
        // What Zoho has changed is left alone.
        observed(slice, run, lane, &in_xero).await?;
        return arrive::fates(slice, run, lane, Vec::new(), &hints).await;
    };
    // A record that Xero changed and that may be merged field by field is met as a whole.
    if lane.flow.field_names().iter().any(|(_, authority)| *authority == Authority::Either) {
        for known in pairs(slice, lane, "xero_id", &in_xero).await? {
            if let Some(zoho_id) = known.zoho_id.filter(|id| !wanted.contains(id)) {
                wanted.push(zoho_id);
            }
        }
    }
    let here = zoho(slice, lane, &mut wanted).await?;
    // What there was no permit for stays.
    hints.retain(|hint| hint.side == Side::Xero.name() || here.contains_key(&hint.record_id));
    let known = pairs(slice, lane, "zoho_id", &wanted).await?;
    let is_gone =
        |one: &&Known| !one.is_coming() && one.zoho_id.as_ref().is_some_and(|id| matches!(here.get(id), Some(Here::Gone)));
    guard(slice, run, lane, known.iter().filter(is_gone).count() as i64).await?;
    for one in known.iter().filter(|one| !one.is_coming()) {
        in_xero.retain(|id| *id != one.key);
    }
    let asked: Vec<String> = known.iter().filter(|one| !one.is_coming()).map(|one| one.key.clone()).collect();
    let there = there(slice, lane, &asked).await?;
    let mut met = Met { there, going: Vec::new(), fates: Vec::new(), todo: VecDeque::new(), differing: Vec::new() };
    let keys: HashMap<&str, Vec<&Known>> = known.iter().fold(HashMap::new(), |mut keys, one| {
        keys.entry(one.zoho_id.as_deref().unwrap_or_default()).or_default().push(one);
        keys
    });
    let mut later = Vec::new();
    for zoho_id in &wanted {
        let pairs = keys.get(zoho_id.as_str()).map(Vec::as_slice).unwrap_or_default();
        match here.get(zoho_id) {
            Some(Here::Record(record)) => one(slice, lane, back, &mut met, zoho_id, record, pairs),
            Some(Here::Gone) => gone(lane, back, &mut met, zoho_id, pairs),
            Some(Here::Refused(refusal)) => odd(&mut met, zoho_id, pairs, &not_shown(lane, refusal)),
            Some(Here::Unclear) => {
                odd(&mut met, zoho_id, pairs, &not_read(lane));
                later.push((lane.id, Side::Zoho, zoho_id.clone()));
            }
            None => {}
        }
    }
    // These are looked at again by themselves, after all the others.
    hints::put(&slice.context.database, slice.context.in_a(LATER), slice.tenant, &later).await?;
    let differing = std::mem::take(&mut met.differing);
    if !differing.is_empty() {
        let ids = send::known(slice, lane, back, differing.iter().map(|(_, going)| &going.record)).await?;
        for (known, going) in differing {
            both(slice, lane, back, &mut met, &known, going, Some(&ids));
        }
    }
    let Met { going, fates, todo, .. } = met;
    let mut part = Part { lane, todo, counts: Counts::default(), whole: true };
    carry::all(slice, run, &mut part).await?;
    // Only Xero has changed these.
    observed(slice, run, lane, &in_xero).await?;
    send::send(slice, run, lane, back, going, fates, &hints).await
}

/// Records that were carried and are gone from Zoho now: a few are somebody's work, many look like a mistake. Beyond that nothing is
/// removed in Xero before a person has resumed the run.
async fn guard(slice: &mut Slice, run: &run::Model, lane: Lane, gone: i64) -> Result<(), Halt> {
    if gone == 0 {
        return Ok(());
    }
    let database = &slice.context.database;
    let text = "SELECT (SELECT COALESCE(MAX(removed), 0) FROM run_count WHERE tenant_id = $1 AND run_id = $2 AND flow = $3) AS removed, \
                (SELECT COUNT(*) FROM pair WHERE tenant_id = $1 AND lane_id = $4 AND zoho_id IS NOT NULL) AS pairs";
    let values = vec![slice.tenant.0.into(), run.id.0.into(), lane.flow.key().into(), lane.id.0.into()];
    let row = database.query_one_raw(sql(database.get_database_backend(), text, values)).await?;
    let (removed, pairs): (i64, i64) = match row {
        Some(row) => (row.try_get("", "removed")?, row.try_get("", "pairs")?),
        None => (0, 0),
    };
    let removed = removed + gone;
    if removed > GUARD_RECORDS && removed * GUARD_PART > pairs && !run.may_remove {
        return Err(Halt::Guard {
            sentence: format!(
                "{removed} of {pairs} {} are gone from Zoho Books at once. If that was meant, resume the run; otherwise bring them back first.",
                lane.flow.title().to_lowercase()
            ),
        });
    }
    let transaction = begin_write(database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    settle::count(&transaction, slice, run, lane, &[("removed", gone)]).await?;
    transaction.commit().await?;
    Ok(())
}

/// What a round has come to so far.
struct Met {
    there: There,
    going: Vec<Going>,
    fates: Vec<(Way, Fate)>,
    todo: VecDeque<Todo>,
    /// Both sides changed the same field: whether they have the same value now is looked into.
    differing: Vec<(Known, Going)>,
}

impl Going {
    /// A record of which it is only to be found out whether it has arrived: Zoho does not have it any more, or not like this.
    fn asked_for(known: &Known, zoho_id: &str, record: Value) -> Self {
        Going {
            way: known.way(zoho_id),
            record,
            zoho_prints: known.zoho_prints.clone().unwrap_or_default(),
            version: String::new(),
            there: None,
            changed: Vec::new(),
            kept: Default::default(),
            is_doubtful: true,
            sent_prints: known.zoho_prints.clone(),
            trace: known.trace.clone(),
            attempts: known.attempts,
            turns: known.turns,
            last: None,
            is_asked_for: true,
        }
    }
}

/// One record of Zoho's with all that is known of it.
fn one(slice: &Slice, lane: Lane, back: &'static Back, met: &mut Met, zoho_id: &str, record: &Value, pairs: &[&Known]) {
    let version = poll::version(slice, record);
    if pairs.is_empty() && ((back.wanted)(record) == Wanted::Skip || bears_our_mark(slice, lane, record)) {
        return;
    }
    let parts = (back.parts)(record);
    let is_part = |known: &Known| parts.iter().any(|part| part[PART].as_str() == known.part.as_deref());
    let others: Vec<&&Known> = pairs.iter().filter(|known| !is_part(known) && (parts.len(), pairs.len()) != (1, 1)).collect();
    let (doubtful, others): (Vec<&&Known>, Vec<&&Known>) =
        others.into_iter().partition(|known| known.is_coming() && known.is_doubtful);
    if !doubtful.is_empty() {
        // Whether these have arrived is asked before anything else is said of the record.
        met.going.extend(doubtful.into_iter().map(|known| Going::asked_for(known, zoho_id, record.clone())));
        return;
    }
    if others.iter().any(|known| !known.is_coming()) {
        // What arrived has other parts now. New ones beside it would say it twice.
        let label = (back.label)(record);
        met.fates.extend(others.into_iter().map(|known| (known.way(zoho_id), Fate::Held(divided_anew(&label)))));
        return;
    }
    met.fates.extend(others.into_iter().map(|known| (known.way(zoho_id), Fate::Dropped)));
    for part in &parts {
        let name = part[PART].as_str();
        let of_part = |known: &&&Known| known.part.as_deref() == name;
        let mut known = pairs.iter().filter(of_part).min_by_key(|known| known.is_coming());
        if known.is_some_and(|known| !known.is_coming()) {
            // It has come to Xero on another way: nothing is on its way any more.
            let others = pairs.iter().filter(of_part).filter(|known| known.is_coming());
            met.fates.extend(others.map(|known| (known.way(zoho_id), Fate::Dropped)));
        }
        if let (1, [only], None) = (parts.len(), pairs, known) {
            // A record that came from Xero knows of no parts.
            known = Some(only);
        }
        let part = &carry::after(part, known.map_or(&[], |known| &known.due));
        let zoho_prints = rules::zoho_prints(lane.flow.record(), back, part, &slice.rules, &slice.print);
        let going = |way: Way, there: Option<Value>| Going {
            way,
            record: part.clone(),
            zoho_prints: zoho_prints.clone(),
            version: version.clone(),
            there,
            changed: Vec::new(),
            kept: Default::default(),
            is_doubtful: known.is_some_and(|known| known.is_doubtful),
            sent_prints: known.and_then(|known| known.zoho_prints.clone()),
            trace: known.and_then(|known| known.trace.clone()),
            attempts: known.map_or(0, |known| known.attempts),
            turns: known.map_or(0, |known| known.turns),
            last: None,
            is_asked_for: false,
        };
        match known {
            None => met.going.push(going(Way::coming(zoho_id, name), None)),
            Some(known) if known.is_coming() && !known.is_doubtful && (back.wanted)(record) == Wanted::Skip => {
                // It was deleted or void before it ever went.
                met.fates.push((known.way(zoho_id), Fate::Dropped));
            }
            Some(known) if known.is_coming() => met.going.push(going(known.way(zoho_id), None)),
            Some(known) => match met.there.get(&known.key.to_ascii_lowercase()) {
                Some((record, _)) if known.prints.is_none() => {
                    // It was never settled: Xero's record goes its ordinary way.
                    let prints = lane.flow.prints(record.as_ref(), &slice.print);
                    let Some((record, _)) = met.there.remove(&known.key.to_ascii_lowercase()) else { continue };
                    met.todo.push_back(Todo::known(record, prints, Some(zoho_id.to_owned())));
                }
                Some(_) => both(slice, lane, back, met, known, going(known.way(zoho_id), None), None),
                None => met.fates.push((known.way(zoho_id), Fate::Held(gone_from_xero(&(back.label)(record))))),
            },
        }
    }
}

/// A pair with both its records. `ids`: what is needed to tell whether two changes came to the same.
fn both(
    slice: &Slice,
    lane: Lane,
    back: &'static Back,
    met: &mut Met,
    known: &Known,
    mut going: Going,
    ids: Option<&connectors::flow::Known>,
) {
    let place = known.key.to_ascii_lowercase();
    let Some((record, raw)) = met.there.get(&place) else { return };
    let prints = lane.flow.prints(record.as_ref(), &slice.print);
    let base = known.prints.clone().unwrap_or_default();
    let names = rules::fields_of(lane.flow);
    let authorities: Vec<Authority> = names.iter().map(|(_, authority)| *authority).collect();
    let winner = match known.winner.as_deref() {
        Some("xero") => Some(Side::Xero),
        Some("zoho") => Some(Side::Zoho),
        _ => rule(slice),
    };
    let zoho_side = Seen { settled: known.zoho_prints.as_deref(), now: &going.zoho_prints };
    let view = std::cell::OnceCell::new();
    let equal = |n: usize| {
        let view = view.get_or_init(|| as_xero(slice, lane, back, &going.record, raw, ids?));
        view.as_ref().and_then(|view| field(view, n)).is_some_and(|view| Some(view) == field(&prints, n))
    };
    match merge(
        Seen { settled: Some(&base), now: &prints },
        zoho_side,
        &authorities,
        known.owner(),
        winner,
        known.in_doubt,
        equal,
    ) {
        Meeting::Nothing => met.fates.push((going.way.clone(), Fate::Settled(as_they_are(known, &going, prints)))),
        Meeting::Conflict(_) if ids.is_none() => met.differing.push((known.clone(), going)),
        Meeting::Conflict(fields) => {
            let fields: Vec<&str> = fields.iter().filter_map(|n| names.get(*n).map(|(name, _)| *name)).collect();
            let reason = conflict(&(back.label)(&going.record), &fields, known.owner());
            met.fates.push((going.way.clone(), Fate::Conflict(reason)));
        }
        Meeting::Write { to_zoho, to_xero } if to_xero.is_empty() => {
            let Some((record, _)) = met.there.remove(&place) else { return };
            let changed = to_zoho.iter().filter_map(|n| names.get(*n).map(|(name, _)| *name)).collect();
            let mut todo = Todo::known(record, prints, Some(going.way.zoho_id.clone()));
            todo.spared = Some(Spared { there: going.record, changed });
            met.todo.push_back(todo);
        }
        Meeting::Write { to_zoho, to_xero } => {
            going.there = Some(raw.clone());
            going.changed = to_xero;
            going.kept = (to_zoho, base);
            met.going.push(going);
        }
    }
}

/// Who is right where both sides changed the same, if the tenant has said so once for all.
fn rule(slice: &Slice) -> Option<Side> {
    match slice.link.on_conflict.as_deref() {
        Some("xero") => Some(Side::Xero),
        Some("zoho") => Some(Side::Zoho),
        _ => None,
    }
}

/// Both sides as they are now are what was settled.
fn as_they_are(known: &Known, going: &Going, prints: Vec<u8>) -> Arrived {
    Arrived {
        xero_id: known.key.clone(),
        alias: None,
        prints,
        zoho_prints: going.zoho_prints.clone(),
        version: going.version.clone(),
        written: None,
        goes_on: false,
        ended: false,
        changed_since: false,
        marks: false,
    }
}

/// Both sides of a pair that is in conflict: Xero's record, and what it would be told of Zoho's, both in Xero's own JSON. Nothing is written.
pub async fn views(slice: &mut Slice, lane: Lane, xero_id: &str) -> Result<Option<Result<(Value, Value), Unmappable>>, Halt> {
    let Some(back) = lane.flow.back() else { return Ok(None) };
    let known = pairs(slice, lane, "xero_id", &[xero_id.to_owned()]).await?;
    let Some(known) = known.into_iter().find(|known| known.state == "conflict") else { return Ok(None) };
    let mut ids: Vec<String> = known.zoho_id.iter().cloned().collect();
    let here = zoho(slice, lane, &mut ids).await?;
    let there = there(slice, lane, &[xero_id.to_owned()]).await?;
    let Some((_, raw)) = there.get(&xero_id.to_ascii_lowercase()) else { return Ok(None) };
    let Some(Here::Record(record)) = ids.first().and_then(|id| here.get(id)) else { return Ok(None) };
    let part = (back.parts)(record).into_iter().find(|part| part[PART].as_str() == known.part.as_deref());
    let record = part.as_ref().unwrap_or(record);
    let ids = send::known(slice, lane, back, std::iter::once(record)).await?;
    let names: Vec<&'static str> = rules::fields_of(lane.flow).into_iter().map(|(name, _)| name).collect();
    let told = rules::to_xero(lane.flow.record(), back, &Coming { record, there: Some(raw), changed: &names }, &ids);
    Ok(Some(told.map(|sending| (raw.clone(), sending.body))))
}

/// Zoho's record in Xero's words, printed: what Xero's would look like if it were written.
fn as_xero(
    slice: &Slice,
    lane: Lane,
    back: &'static Back,
    record: &Value,
    there: &Value,
    known: &connectors::flow::Known,
) -> Option<Vec<u8>> {
    let names: Vec<&'static str> = rules::fields_of(lane.flow).into_iter().map(|(name, _)| name).collect();
    let coming = Coming { record, there: Some(there), changed: &names };
    let sending = rules::to_xero(lane.flow.record(), back, &coming, known).ok()?;
    send::overlaid(slice, lane, there, &sending.body)
}

/// Zoho does not show it: the record is held, and the others go on.
fn odd(met: &mut Met, zoho_id: &str, pairs: &[&Known], reason: &Unmappable) {
    if pairs.is_empty() {
        met.fates.push((Way::coming(zoho_id, None), Fate::Held(reason.clone())));
    }
    for known in pairs {
        match known.is_coming() && known.is_doubtful {
            // Whether it has arrived can be found out without Zoho.
            true => met.going.push(Going::asked_for(known, zoho_id, Value::Null)),
            false => met.fates.push((known.way(zoho_id), Fate::Held(reason.clone()))),
        }
    }
}

/// Zoho does not have it any more.
fn gone(lane: Lane, back: &'static Back, met: &mut Met, zoho_id: &str, pairs: &[&Known]) {
    for known in pairs {
        let way = known.way(zoho_id);
        if known.is_coming() {
            match known.is_doubtful {
                true => met.going.push(Going::asked_for(known, zoho_id, Value::Null)),
                false => met.fates.push((way, Fate::Dropped)),
            }
            continue;
        }
        let raw = met.there.get(&known.key.to_ascii_lowercase()).map(|(_, raw)| raw);
        let last = raw.filter(|_| known.owner() == Side::Zoho).and_then(|raw| back.gone.and_then(|gone| gone(raw)));
        match (last, raw) {
            (Some(last), Some(raw)) => met.going.push(Going {
                way,
                record: Value::Null,
                zoho_prints: known.zoho_prints.clone().unwrap_or_default(),
                version: String::new(),
                there: Some(raw.clone()),
                changed: Vec::new(),
                kept: Default::default(),
                is_doubtful: false,
                sent_prints: None,
                trace: None,
                attempts: 0,
                turns: 0,
                last: Some(last),
                is_asked_for: false,
            }),
            _ => {
                let label = met.there.get(&known.key.to_ascii_lowercase()).map(|(record, _)| record.label());
                let label = label.unwrap_or_else(|| format!("One of the {}", lane.flow.title().to_lowercase()));
                met.fates.push((way, Fate::Held(gone_from_zoho(&label))));
            }
        }
    }
}

/// Records that Xero alone has changed go their ordinary way.
async fn observed(slice: &mut Slice, run: &run::Model, lane: Lane, ids: &[String]) -> Result<(), Halt> {
    // What lives inside another record is asked for by that one's id.
    let outer = |id: &str| id.split_once(':').map_or(id, |(outer, _)| outer).to_owned();
    let asked = |id: &str| ids.iter().any(|asked| asked.eq_ignore_ascii_case(id) || asked.eq_ignore_ascii_case(&outer(id)));
    let (mut records, mut verdicts, mut counts) = (Vec::new(), Vec::new(), Counts::default());
    for one in xero(slice, lane, ids).await?.into_iter().flat_map(|(_, read)| read) {
        match one {
            Reading::Record(record) if asked(record.id()) => records.push(record),
            Reading::Odd(odd) if asked(&odd.id) => verdicts.push(Verdict::odd(odd, lane.flow.title())),
            // A list that was read whole.
            Reading::Record(_) | Reading::Odd(_) => {}
        }
    }
    if records.is_empty() && verdicts.is_empty() {
        return Ok(());
    }
    counts.seen += verdicts.len() as i64;
    let todo = observe::plan_all(slice, run, lane, records, &mut counts, &mut verdicts).await?;
    settle::verdicts(slice, run, lane, verdicts).await?;
    let mut part = Part { lane, todo, counts, whole: true };
    carry::all(slice, run, &mut part).await?;
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    let counted = [("seen", counts.seen), ("unchanged", counts.unchanged), ("skipped", counts.skipped)];
    settle::count(&transaction, slice, run, lane, &counted).await?;
    transaction.commit().await?;
    Ok(())
}
