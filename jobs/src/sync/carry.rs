//! Carries records to Zoho, a batch at a time: needs looked up, bodies mapped, intents committed, calls sent side by side, answers
//! settled. Records that cannot go are held or wait; they never stop the others.

use std::collections::VecDeque;
use std::sync::Mutex;

use connectors::flow::{Age, Also, By, Carry, Hanging, Known, MADE_HERE, Need, PASSED_ON, Record, Unmappable};
use connectors::rules;
use connectors::side::Trouble;
use connectors::xero::{self, Odd};
use connectors::zoho::crm::{self, LINK_LABEL};
use connectors::zoho::{Action, Unique};
use entities::run;
use futures::StreamExt;
use serde_json::Value;

use super::buttons::Shown;
use super::known::{look_up, need_print, outside};
use super::meanwhile;
use super::points;
use super::references::{self, Chosen};
use super::resolve;
use super::rows;
use super::settle;
use super::shelf::{Part, Todo};
use super::slice::{Halt, Lane, Provider, Slice};
use super::writes::{Before, Desk, Outcome, Sent, send};

/// Records of one batch: two transactions serve them all.
const BATCH: usize = 100;
/// The same under a limit a minute: more would be looked up and mapped, and not sent.
const BATCH_LIMITED: usize = 10;

/// Files that are passed on side by side: Xero allows five calls at once, and others may have some of them.
const FILES_AT_ONCE: usize = 3;

/// What was decided about one record.
pub enum Verdict {
    /// Nothing more to do but to note it down.
    Settled(Settled),
    Held {
        xero_id: String,
        reason: Unmappable,
    },
    /// It refers to a record that is not there yet.
    Waiting {
        xero_id: String,
        need: Vec<u8>,
    },
    /// Sent, and no clear answer: carried again, found by its unique field.
    Unknown {
        xero_id: String,
    },
    /// Not sent.
    Later {
        xero_id: String,
    },
    /// Outside the scope of what is carried.
    Out {
        xero_id: String,
    },
    /// Another flow of the same list carries it.
    Passed {
        xero_id: String,
    },
    /// No longer wanted, and it never arrived: nothing is known of it any more.
    Dropped {
        xero_id: String,
    },
}

/// A record that arrived.
pub struct Settled {
    pub xero_id: String,
    pub zoho_id: String,
    pub alias: Option<String>,
    pub prints: Vec<u8>,
    pub answer: Option<Vec<u8>>,
    pub version: String,
    /// Prints of Zoho's own fields, for kinds that people change there too.
    pub zoho_prints: Option<Vec<u8>>,
    /// Status calls that are still due.
    pub due: Option<String>,
    pub origin: &'static str,
    /// Counts as created; otherwise as updated.
    pub created: bool,
    /// What else got an id with it.
    pub also: Vec<Also>,
}

impl Verdict {
    /// A record whose shape we do not know.
    pub fn odd(odd: Odd, title: &str) -> Self {
        let name = if odd.name.is_empty() { String::new() } else { format!(", {:?},", odd.name) };
        Verdict::Held {
            xero_id: odd.id,
            reason: Unmappable {
                code: "UNKNOWN_SHAPE",
                sentence: format!(
                    "One of the {}{name} has a form in Xero that this version does not know. CloudPerfect has to extend the sync; the other records are not affected. (What was found: {}.)",
                    title.to_lowercase(),
                    odd.why
                ),
                expected: false,
            },
        }
    }
}

struct Ready {
    todo: Todo,
    carry: Carry,
}

/// Carries a part to its end, as far as the turn lasts.
pub async fn all(slice: &mut Slice, run: &run::Model, part: &mut Part) -> Result<(), Halt> {
    while !part.todo.is_empty() {
        slice.go_on()?;
        batch(slice, run, part).await?;
    }
    Ok(())
}

/// Carries up to one batch from the front of a shelf's part. What could not be sent goes back to the front; the part stays whole unless
/// what was decided could not be noted down.
pub async fn batch(slice: &mut Slice, run: &run::Model, part: &mut Part) -> Result<(), Halt> {
    let (lane, todo) = (part.lane, &mut part.todo);
    let size = if slice.zoho.gate.limits.per_minute > 0 { BATCH_LIMITED } else { BATCH };
    let taken: Vec<Todo> = todo.drain(..todo.len().min(size)).collect();
    // A product without a chart of accounts is not asked for accounts; nothing waits for them, and nothing is left out for want of them.
    let is_there = |need: &Need| slice.lanes.iter().any(|lane| lane.flow.record() == need.flow);
    let needs = taken.iter().map(|one| lane.flow.needs(one.record.as_ref()).into_iter().filter(is_there).collect());
    let needs: Vec<Vec<Need>> = needs.collect();
    let hints = taken.iter().map(|one| lane.flow.hints(one.record.as_ref()));
    let asked: Vec<Vec<Need>> = needs.iter().zip(hints).map(|(needs, hints)| [needs.as_slice(), &hints].concat()).collect();
    let known = match look_up(slice, &asked).await {
        Ok(known) => known,
        Err(halt) => {
            taken.into_iter().rev().for_each(|one| todo.push_front(one));
            return Err(halt);
        }
    };
    let missing = |needs: &[Need]| -> Vec<Need> {
        needs.iter().filter(|need| known.is_on(need.flow) && known.id(need.flow, &need.key).is_none()).cloned().collect()
    };
    let follows = |one: &Todo| lane.flow.age(one.record.as_ref()) == Age::Follows;
    // What follows a document that is outside the scope is outside too.
    let lacking = taken.iter().zip(&needs).filter(|(one, _)| lane.flow.goes_without_outside() || follows(one));
    let lacking: Vec<Need> = lacking.flat_map(|(_, needs)| missing(needs)).collect();
    let outside = match outside(slice, &lacking).await {
        Ok(outside) => outside,
        Err(halt) => {
            taken.into_iter().rev().for_each(|one| todo.push_front(one));
            return Err(halt);
        }
    };
    part.whole = false;
    let mut verdicts = Vec::new();
    let mut called = Vec::new();
    let mut ready = VecDeque::new();
    for (one, needs) in taken.into_iter().zip(needs) {
        // What follows a kind that is not carried is not carried either.
        let is_off = needs.iter().any(|need| !known.is_on(need.flow));
        let mut missing = missing(&needs);
        if follows(&one) && (is_off || missing.iter().any(|need| outside.contains(need))) {
            verdicts.push(Verdict::Out { xero_id: one.record.id().to_owned() });
            continue;
        }
        if lane.flow.goes_without_outside() {
            missing.retain(|need| !outside.contains(need));
        }
        called.extend(missing.iter().filter(|need| need.by == By::Id).cloned());
        if let Some(missing) = missing.first() {
            let need = need_print(slice, missing.flow, missing.by, &missing.key);
            verdicts.push(Verdict::Waiting { xero_id: one.record.id().to_owned(), need });
            continue;
        }
        if let Some(reason) = locked(slice, lane, one.record.as_ref()) {
            verdicts.push(Verdict::Held { xero_id: one.record.id().to_owned(), reason });
            continue;
        }
        match lane.flow.to_zoho(one.record.as_ref(), &known) {
            Ok(Carry { body: Value::Null, file: None, id: Some(zoho_id), .. }) => {
                verdicts.push(Verdict::Settled(paired(one, zoho_id)))
            }
            Ok(mut carry) => {
                if let Some(spared) = &one.spared {
                    meanwhile::spare(lane.flow, &known.rules, spared, &mut carry.body);
                }
                ready.push_back(Ready { todo: one, carry });
            }
            Err(reason) if reason.code == PASSED_ON && one.zoho_id.is_none() => {
                verdicts.push(Verdict::Passed { xero_id: one.record.id().to_owned() });
            }
            Err(reason) => verdicts.push(Verdict::Held { xero_id: one.record.id().to_owned(), reason }),
        }
    }
    settle::call(slice, run, &called).await?;
    if lane.flow.zoho().unique == Unique::Search {
        let chosen = match choices(slice, lane, &ready).await {
            Ok(chosen) => chosen,
            Err(halt) => {
                todo_back(todo, ready);
                settle::verdicts(slice, run, lane, verdicts).await?;
                part.whole = true;
                return Err(halt);
            }
        };
        mapped(slice, lane, &chosen, &mut ready, &mut verdicts);
    }
    let halt = write(slice, run, lane, &known, &mut ready, &mut verdicts).await;
    todo_back(todo, ready);
    points::reached("before_settle");
    settle::verdicts(slice, run, lane, verdicts).await?;
    part.whole = true;
    points::reached("after_settle");
    halt
}

/// A record that is one of Zoho's already; nothing is written.
fn paired(todo: Todo, zoho_id: String) -> Settled {
    Settled {
        xero_id: todo.record.id().to_owned(),
        zoho_id,
        alias: todo.record.alias().map(str::to_owned),
        prints: todo.prints,
        answer: None,
        version: String::new(),
        zoho_prints: None,
        due: None,
        origin: "adopted",
        created: false,
        also: Vec::new(),
    }
}

/// Why a record cannot be written whose date lies in a locked period: no call is wasted on it.
fn locked(slice: &Slice, lane: Lane, record: &dyn Record) -> Option<Unmappable> {
    let Age::Of { date, .. } = lane.flow.age(record) else { return None };
    let lock = slice.locks.iter().find(|lock| lock.closes(lane.flow.zoho().path, date))?;
    Some(Unmappable {
        code: "LOCKED_PERIOD",
        sentence: format!(
            "{} is dated {date}, and Zoho Books is locked up to {}. Unlock the period in Zoho Books (Accountant, Transaction Locking), then retry.",
            record.label(),
            lock.until
        ),
        expected: false,
    })
}

fn todo_back(todo: &mut VecDeque<Todo>, ready: VecDeque<Ready>) {
    for one in ready.into_iter().rev() {
        todo.push_front(one.todo);
    }
}

/// What there is to choose from in Zoho, listed, and what people have chosen.
async fn choices(slice: &mut Slice, lane: Lane, ready: &VecDeque<Ready>) -> Result<Chosen, Halt> {
    resolve::directory(slice, lane).await?;
    references::chosen(slice, lane, ready.iter().map(|one| one.todo.record.id())).await
}

/// Kinds without upsert: what Zoho already has is paired; the rest is created only if that was asked for.
fn mapped(slice: &Slice, lane: Lane, chosen: &Chosen, ready: &mut VecDeque<Ready>, verdicts: &mut Vec<Verdict>) {
    let existing = slice.directories.get(lane.flow.zoho().path).map(Vec::as_slice).unwrap_or_default();
    for one in std::mem::take(ready) {
        let record = one.todo.record.as_ref();
        let choice = chosen.get(record.id());
        let found = match choice {
            Some(Some(zoho_id)) => {
                let id = lane.flow.zoho().id;
                if !existing.iter().any(|row| row[id] == zoho_id.as_str()) {
                    verdicts.push(Verdict::Held { xero_id: record.id().to_owned(), reason: references::gone(record) });
                    continue;
                }
                Some(zoho_id.clone())
            }
            _ => lane.flow.find_in(record, existing),
        };
        match found {
            Some(zoho_id) => {
                let also = lane.flow.also(record, &row_of(lane, existing, &zoho_id), &[]);
                verdicts.push(Verdict::Settled(Settled { also, ..paired(one.todo, zoho_id) }));
            }
            None if slice.link.create_missing || choice.is_some() => ready.push_back(one),
            None => verdicts.push(Verdict::Held {
                xero_id: record.id().to_owned(),
                reason: Unmappable {
                    code: "NOT_IN_ZOHO",
                    sentence: format!(
                        "{} has no counterpart in Zoho Books. Create it there, or start again and allow missing accounts, taxes and currencies to be created.",
                        record.label()
                    ),
                    expected: false,
                },
            }),
        }
    }
}

/// The row of Zoho's list that was found.
fn row_of(lane: Lane, existing: &[Value], zoho_id: &str) -> Value {
    existing.iter().find(|row| row[lane.flow.zoho().id] == zoho_id).cloned().unwrap_or_default()
}

/// Sends what is ready, as far as permits reach. What was not sent stays in `ready`.
async fn write(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    known: &Known,
    ready: &mut VecDeque<Ready>,
    verdicts: &mut Vec<Verdict>,
) -> Result<(), Halt> {
    if ready.is_empty() {
        return Ok(());
    }
    let field = slice.mark_of(lane).map(str::to_owned);
    if let (Unique::Field { label, .. }, None) = (lane.flow.zoho().unique, &field) {
        return Err(Halt::Refused {
            provider: Provider::Zoho,
            sentence: format!(
                "The field {label:?} is missing in {}; it is made again when the connection is checked.",
                slice.product.name
            ),
        });
    }
    let looks = matches!(lane.flow.zoho().unique, Unique::Reference | Unique::Mark { .. });
    let another = looks && slice.has_found().await?;
    let granted = permits(slice, lane, ready).await?;
    // Only what is intended is taken off: a pause, or another worker, is noticed here.
    settle::intend(slice, run, lane, ready.iter().take(granted).map(|one| one.todo.record.id())).await?;
    let sending: Vec<Ready> = ready.drain(..granted).collect();
    points::reached("before_send");
    let shown = Shown::of(slice, lane.flow.zoho());
    let written = Mutex::new(Vec::new());
    let insists = slice.insists.entry(lane.id).or_default().clone();
    let desk = Desk {
        context: &slice.context,
        client: &slice.zoho.client,
        gate: &slice.zoho.gate,
        xero: &slice.xero.client,
        xero_gate: &slice.xero.gate,
        flow: lane.flow,
        lane: lane.id,
        written: &written,
        known,
        field: field.as_deref(),
        shown: shown.as_ref(),
        insists: &insists,
    };
    let at_once = match (lane.flow.zoho().unique, lane.flow.hangs()) {
        (Unique::Search, _) => 1,
        // Two alike that bear no mark are told apart only one after the other.
        (Unique::Mark { .. }, _) if field.is_none() => 1,
        (_, Some(Hanging::Files)) => FILES_AT_ONCE.min(slice.slots as usize),
        _ => slice.slots as usize,
    };
    let sent: Vec<(Todo, Sent)> = if rows::takes_many(&desk) {
        together(slice, lane, &desk, sending).await
    } else {
        futures::stream::iter(sending)
            .map(|one| {
                let desk = &desk;
                async move {
                    let before = match (one.todo.is_doubtful, another) {
                        (true, _) => Before::Doubtful,
                        (false, true) => Before::Another,
                        (false, false) => Before::Never,
                    };
                    // What is only mapped is never overwritten, whatever an older pair says.
                    let known_id = one.todo.zoho_id.as_deref().filter(|_| desk.flow.zoho().unique != Unique::Search);
                    let sent = send(desk, one.todo.record.as_ref(), one.carry, known_id, before, one.todo.spared.as_ref()).await;
                    points::reached("answered");
                    (one.todo, sent)
                }
            })
            .buffer_unordered(at_once.max(1))
            .collect()
            .await
    };
    let mut worst: Option<(Provider, Trouble)> = None;
    let mut later = Vec::new();
    let mut extra_calls = 0;
    for (todo, sent) in sent {
        extra_calls += sent.extra_calls;
        if let Some(trouble) = sent.trouble
            && worst.as_ref().is_none_or(|worst| weight(&trouble.1) > weight(&worst.1))
        {
            worst = Some(trouble);
        }
        let xero_id = todo.record.id().to_owned();
        match sent.outcome {
            Outcome::Written { id, created, adopted, found, record, mut version, then, also, said } => {
                slice.moved = true;
                if lane.flow.zoho().unique == Unique::Search
                    && let Some(list) = slice.directories.get_mut(lane.flow.zoho().path)
                {
                    let mut made = record.clone();
                    made[MADE_HERE] = true.into();
                    list.push(made);
                }
                let mut zoho_prints = lane.flow.back().map(|back| {
                    let record = after(&record, &then);
                    rules::zoho_prints(lane.flow.record(), back, &record, &slice.rules, &slice.print)
                });
                if let (Some(spared), Some(prints)) = (&todo.spared, &mut zoho_prints)
                    && meanwhile::leave_unseen(slice, lane, spared, &said, prints)
                {
                    // The next look at what changed in Zoho reads it.
                    version.clear();
                }
                verdicts.push(Verdict::Settled(Settled {
                    xero_id,
                    zoho_id: id,
                    alias: todo.record.alias().map(str::to_owned),
                    answer: lane
                        .flow
                        .zoho_line(&record)
                        .and_then(|line| line.tax)
                        .map(|tax| slice.print.of(&tax.normalize().to_string()).to_vec()),
                    zoho_prints,
                    prints: todo.prints,
                    version,
                    due: settle::due(&then),
                    origin: match (adopted, found) {
                        (true, _) => "adopted",
                        (false, true) => "found",
                        (false, false) => "created",
                    },
                    created: created && todo.zoho_id.is_none(),
                    also,
                }));
            }
            Outcome::Held(reason) => verdicts.push(Verdict::Held { xero_id, reason }),
            Outcome::Unknown => {
                // It may have arrived: the list is made again before anything of its kind is created.
                slice.directories.remove(lane.flow.zoho().path);
                verdicts.push(Verdict::Unknown { xero_id });
            }
            Outcome::Later => {
                verdicts.push(Verdict::Later { xero_id });
                later.push(todo);
            }
        }
    }
    slice.count(Provider::Zoho, Some(lane.id), extra_calls);
    for todo in later.into_iter().rev() {
        // Mapped again when its turn comes: what it needs may have changed by then.
        ready.push_front(Ready { todo, carry: Carry::default() });
    }
    match worst {
        Some((provider, trouble)) => Err(slice.halt(provider, trouble).await),
        // What had no permit is asked for again by the next batch.
        None => Ok(()),
    }
}

/// All of them with as few calls as the product allows.
async fn together(slice: &Slice, lane: Lane, desk: &Desk<'_>, sending: Vec<Ready>) -> Vec<(Todo, Sent)> {
    let link_field = match lane.flow.zoho().unique {
        Unique::Field { module, .. } => slice.fields.get(&(module.to_owned(), LINK_LABEL.to_owned())).map(String::as_str),
        Unique::Mark { .. } | Unique::Search | Unique::Reference => None,
    };
    let (go, short_code) = (&slice.context.providers.xero_go, slice.xero.connection.short_code.as_str());
    let (todo, carries): (Vec<Todo>, Vec<Carry>) = sending.into_iter().map(|one| (one.todo, one.carry)).unzip();
    let asked = todo.iter().zip(carries).map(|(todo, carry)| rows::Asked {
        record: todo.record.as_ref(),
        carry,
        known_id: todo.zoho_id.as_deref(),
        is_doubtful: todo.is_doubtful,
        link: xero::links::record(go, short_code, lane.flow.key(), todo.record.id()).map(String::from),
    });
    let how = if slice.link.is_beside_native() { rows::How::MarksOnly } else { rows::How::Whole };
    let sent = rows::send(desk, link_field, how, asked.collect()).await;
    points::reached("answered");
    if let Err(failure) = slice.zoho.gate.lower(&slice.context, slice.zoho.client.remaining()).await {
        tracing::warn!(%failure, "what is left of the day could not be noted");
    }
    todo.into_iter().zip(sent).collect()
}

/// Zoho's record as it will be once the status calls that are due have been made.
pub fn after(record: &Value, then: &[Action]) -> Value {
    let mut record = record.clone();
    for action in then {
        let status = match action.path.strip_prefix("status/") {
            Some(status) => status,
            None if action.path == Action::ACTIVE.path || action.path == Action::INACTIVE.path => action.path,
            None => continue,
        };
        record["status"] = status.into();
    }
    record
}

/// How many of what is ready may be sent: for a file there are two calls, one to fetch it and one to attach it.
async fn permits(slice: &mut Slice, lane: Lane, ready: &VecDeque<Ready>) -> Result<usize, Halt> {
    let want = ready.len() as u32;
    if slice.zoho.client.rows_per_call() > 1 && matches!(lane.flow.zoho().unique, Unique::Field { .. }) {
        // The call itself, and what its rows cost.
        let credits = slice.permit(Provider::Zoho, Some(lane.id), crm::credits(ready.len())).await?;
        let rows = crm::rows_for(credits).min(ready.len());
        if rows == 0 {
            // The last credit of a day pays for no row: the next day is told.
            slice.permit(Provider::Zoho, Some(lane.id), 1).await?;
        }
        return Ok(rows);
    }
    if ready.iter().all(|one| one.carry.file.is_none()) {
        return Ok(slice.permit(Provider::Zoho, Some(lane.id), want).await? as usize);
    }
    let fetched = slice.permit(Provider::Xero, Some(lane.id), want).await?;
    let attached = slice.permit(Provider::Zoho, Some(lane.id), fetched).await?;
    slice.count(Provider::Xero, Some(lane.id), i64::from(attached) - i64::from(fetched));
    Ok(attached as usize)
}

/// The trouble that decides about the turn when several calls failed differently.
fn weight(trouble: &Trouble) -> u8 {
    match trouble {
        Trouble::Refused(_) => 0,
        Trouble::Unreachable(_) => 1,
        Trouble::Busy { .. } => 2,
        Trouble::Unauthorised => 3,
        Trouble::Forbidden(_) => 4,
    }
}

/// The prints under which waiting records may be waiting for a settled one.
pub fn needed_as(slice: &Slice, lane: Lane, settled: &Settled) -> Vec<Vec<u8>> {
    let flow = lane.flow.record();
    let mut prints = vec![need_print(slice, flow, By::Id, &settled.xero_id), need_print(slice, flow, By::Zoho, &settled.zoho_id)];
    prints.extend(settled.also.iter().map(|one| need_print(slice, flow, By::Id, &one.xero_id)));
    let aliases = settled.alias.iter().chain(settled.also.iter().filter_map(|one| one.alias.as_ref()));
    prints.extend(aliases.map(|alias| need_print(slice, flow, By::Alias, alias)));
    prints
}
