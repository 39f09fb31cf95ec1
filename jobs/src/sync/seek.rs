//! Looks in Xero for records that were sent and not answered: by what was written into them and survives, by their natural key, or not at
//! all where a person has to look.

use std::collections::HashSet;
use std::time::Duration;

use connectors::flow::{self, Back, Coming, Known, Reading, Unmappable};
use connectors::rules;
use connectors::side::Trouble;
use connectors::xero::{Since, raw};
use entities::clock::At;
use serde_json::Value;

use super::arrive::{Fate, Way, Written};
use super::observe::{OVERLAP_US, after};
use super::send::{Going, settled};
use super::shelf::After;
use super::slice::{Halt, Lane, Provider, Slice};
use super::{meet, read};
use crate::hints::{self, Side};

/// A write whose answer was lost may still be under way: so long nothing is concluded from its absence.
pub const LATE: Duration = Duration::from_secs(60);

/// Pages of what changed in Xero since the write. In more a person has to look: the link rested for long.
const PAGES_MAX: u32 = 20;

/// Bytes of one half of a trace.
const HALF: usize = 16;

/// By what a record is recognised in Xero, printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    of: [u8; HALF],
    /// Whose it is, where people may have changed the first.
    whose: Option<[u8; HALF]>,
}

impl Trace {
    /// Of a body that is sent, or of a record that Xero shows.
    pub fn of(slice: &Slice, back: &Back, xero: &Value) -> Self {
        let flow::Trace { of, whose } = (back.trace)(xero);
        Self { of: slice.print.of(&of), whose: whose.map(|whose| slice.print.of(&whose)) }
    }

    /// As the `trace` column keeps it.
    pub fn bytes(&self) -> Vec<u8> {
        [&self.of[..], self.whose.as_ref().map_or(&[][..], |whose| &whose[..])].concat()
    }

    pub fn of_bytes(bytes: Vec<u8>) -> Option<Self> {
        let of = bytes.get(..HALF)?.try_into().ok()?;
        Some(Self { of, whose: bytes.get(HALF..2 * HALF).and_then(|whose| whose.try_into().ok()) })
    }
}

/// One record of Xero's that changed since something was sent, and that no pair knows.
struct Recent {
    id: String,
    trace: Trace,
    record: Value,
}

/// What a look has come to.
enum Found {
    It(Value),
    /// Xero may have it: only a person can tell.
    Perhaps,
    Nothing,
}

/// Of those that may have been created already: looks for each. Gives those that are not there.
pub async fn seek(
    slice: &mut Slice,
    lane: Lane,
    back: &'static Back,
    known: &Known,
    going: Vec<Going>,
    fates: &mut Vec<(Way, Fate)>,
    halt: &mut Option<Halt>,
) -> Vec<Going> {
    let (sought, mut still): (Vec<Going>, Vec<Going>) =
        going.into_iter().partition(|one| one.is_doubtful && one.there.is_none() && one.last.is_none());
    if sought.is_empty() {
        return still;
    }
    let recent = match recent(slice, lane, back).await {
        Ok(recent) => recent,
        Err(error) => {
            fates.extend(sought.into_iter().map(|one| (one.way, Fate::Unknown)));
            *halt = Some(error);
            return still;
        }
    };
    let traces: Vec<Trace> = sought.iter().filter_map(|one| one.trace.clone()).collect();
    // Two that look alike are two: what one has found is not the other's.
    let mut taken = Vec::new();
    for mut one in sought {
        if halt.is_some() {
            fates.push((one.way, Fate::Unknown));
            continue;
        }
        let found = match find(slice, lane, back, known, &one, recent.as_deref(), &traces, &taken).await {
            Ok(found) => found,
            Err(error) => {
                fates.push((one.way, Fate::Unknown));
                *halt = Some(error);
                continue;
            }
        };
        match found {
            Found::It(found) => {
                taken.extend(found[lane.flow.xero().id].as_str().map(str::to_owned));
                // It arrived as it was then.
                let now = std::mem::take(&mut one.zoho_prints);
                one.zoho_prints = one.sent_prints.take().unwrap_or_else(|| now.clone());
                let is_behind = one.is_asked_for || one.zoho_prints != now;
                let coming = Coming { record: &one.record, there: None, changed: &[] };
                let sent = match one.is_asked_for {
                    true => None,
                    false => rules::to_xero(lane.flow.record(), back, &coming, known).ok(),
                };
                let (way, mut fate) = settled(slice, lane, one, found, Some(Written::Created), sent.as_ref());
                match &mut fate {
                    Fate::Settled(arrived) => arrived.changed_since |= is_behind,
                    // Nothing was sent, so that looking again gives the same.
                    _ => fate = Fate::Held(unreadable(lane)),
                }
                fates.push((way, fate));
            }
            Found::Perhaps => {
                let label = if one.record.is_null() { None } else { Some((back.label)(&one.record)) };
                fates.push((one.way, Fate::Held(perhaps(lane, label))));
            }
            Found::Nothing if one.is_asked_for => {
                // It never arrived. Whatever Zoho has instead of it is looked at next.
                let hint = (lane.id, Side::Zoho, one.way.zoho_id.clone());
                if let Err(error) = hints::put(&slice.context.database, slice.context.now(), slice.tenant, &[hint]).await {
                    *halt = Some(error.into());
                    fates.push((one.way, Fate::Unknown));
                    continue;
                }
                fates.push((one.way, Fate::Dropped));
            }
            Found::Nothing => still.push(one),
        }
    }
    still
}

/// Where one record is. `recent`: what changed in Xero since something was sent; None: too much to look through. `traces`: of all that are
/// sought, this one included. `taken`: what was found to be another's.
#[expect(clippy::too_many_arguments, reason = "one record, and what is known of all that are sought with it")]
async fn find(
    slice: &mut Slice,
    lane: Lane,
    back: &'static Back,
    known: &Known,
    one: &Going,
    recent: Option<&[Recent]>,
    traces: &[Trace],
    taken: &[String],
) -> Result<Found, Halt> {
    let free = || recent.into_iter().flatten().filter(|row| !taken.contains(&row.id));
    if let Some(trace) = &one.trace
        && let Some(row) = free().find(|row| row.trace.of == trace.of)
    {
        return Ok(Found::It(row.record.clone()));
    }
    if !one.is_asked_for
        && let Some(record) = look(slice, lane, back, known, &one.record, taken).await?
    {
        return Ok(Found::It(record));
    }
    let is_edited = one.is_asked_for || one.sent_prints.as_ref().is_some_and(|sent| *sent != one.zoho_prints);
    let (Some(trace), Some(_)) = (&one.trace, recent) else {
        return Ok(if is_edited { Found::Perhaps } else { Found::Nothing });
    };
    // Somebody may have changed in Xero what it would be recognised by.
    let is_anothers = |row: &Recent| traces.iter().any(|other| other.of == row.trace.of);
    let may_be_it = |row: &Recent| trace.whose.is_some() && row.trace.whose == trace.whose && !is_anothers(row);
    Ok(if free().any(may_be_it) { Found::Perhaps } else { Found::Nothing })
}

/// What changed in Xero since the first of the lane's writes whose answer is missing, as far as no pair knows it.
async fn recent(slice: &mut Slice, lane: Lane, back: &'static Back) -> Result<Option<Vec<Recent>>, Halt> {
    let Some(sent_at) = meet::sent_at(slice, lane).await? else { return Ok(Some(Vec::new())) };
    let (mut anchor, mut number) = (Some(At(sent_at - OVERLAP_US)), 1);
    let mut recent: Vec<Recent> = Vec::new();
    for _ in 0..PAGES_MAX {
        slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
        let since = Since { anchor_us: anchor.map(|at| at.0), page: number as u32 };
        let (page, records) = read::changed(slice, lane, since).await?;
        let newest = records.iter().map(|one| if let Reading::Record(one) = one { one.updated_us() } else { 0 }).max();
        let id = lane.flow.xero().id;
        let rows = raw(lane.flow.xero(), &page.body).unwrap_or_default();
        let ids: Vec<String> = rows.iter().filter_map(|row| row[id].as_str().map(str::to_owned)).collect();
        let noted: HashSet<String> = meet::noted(slice, lane, &ids).await?;
        recent.extend(rows.into_iter().filter_map(|record| {
            let id = record[id].as_str().filter(|id| !noted.contains(*id))?.to_owned();
            Some(Recent { id, trace: Trace::of(slice, back, &record), record })
        }));
        match after(anchor, number, page.is_full(records.len()), newest.unwrap_or_default()) {
            After::Done => {
                let mut once = HashSet::new();
                recent.retain(|row| once.insert(row.id.clone()));
                return Ok(Some(recent));
            }
            After::Next { anchor: next, page } => (anchor, number) = (next, page),
        }
    }
    Ok(None)
}

/// Asks Xero whether it has the record, as one that is no other's: neither a pair's nor of those that were found before.
pub async fn look(
    slice: &mut Slice,
    lane: Lane,
    back: &'static Back,
    known: &Known,
    record: &Value,
    taken: &[String],
) -> Result<Option<Value>, Halt> {
    let seek = (back.seek)(record, known);
    if seek.query.is_empty() {
        return Ok(None);
    }
    slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
    match slice.xero.client.seek(lane.flow.xero(), &seek.query).await {
        Ok((rows, remaining)) => {
            slice.xero.gate.lower(&slice.context, remaining).await?;
            let id = |row: &Value| row[lane.flow.xero().id].as_str().unwrap_or_default().to_owned();
            let alike: Vec<Value> = rows.into_iter().filter(|row| (back.is_it)(record, row, known)).collect();
            let paired = meet::paired(slice, lane, &alike.iter().map(id).collect::<Vec<_>>()).await?;
            Ok(alike.into_iter().find(|row| !taken.contains(&id(row)) && !paired.contains(&id(row))))
        }
        Err(Trouble::Refused(refusal)) if refusal.status == 404 => Ok(None),
        Err(trouble) => Err(slice.halt(Provider::Xero, trouble).await),
    }
}

fn unreadable(lane: Lane) -> Unmappable {
    Unmappable {
        code: "UNKNOWN_SHAPE",
        sentence: format!(
            "One of the {} was made in Xero and has a form there that this version does not know. CloudPerfect has to extend the sync.",
            lane.flow.title().to_lowercase()
        ),
        expected: false,
    }
}

fn perhaps(lane: Lane, label: Option<String>) -> Unmappable {
    let label = label.unwrap_or_else(|| format!("One of the {}", lane.flow.title().to_lowercase()));
    Unmappable {
        code: "MAY_BE_IN_XERO",
        sentence: format!(
            "{label} was on its way to Xero when the connection broke, and was changed before we could look for it there. Look for it in Xero: \
             if it is there, delete it there; then retry."
        ),
        expected: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_kept_whole_or_not_at_all() {
        let (of, whose) = ([1; HALF], [2; HALF]);
        for trace in [Trace { of, whose: None }, Trace { of, whose: Some(whose) }] {
            assert_eq!(Trace::of_bytes(trace.bytes()), Some(trace));
        }
        assert_eq!(Trace::of_bytes(vec![1; HALF - 1]), None);
    }
}
