//! What a migration would do, before it does anything: records and calls for each choice of scope, hours and days under the customer's
//! limits, what accounts and taxes would become, and locked periods. Reads only; what it found is kept sealed for a while.

use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDate;
use connectors::flow::{Reading, Record, Wanted};
use connectors::xero::Since;
use connectors::xero::census::{Choice, is_asked, is_cut_off, is_estimate, is_timeless};
use connectors::zoho::{BULK_IDS, Lock, Unique};
use entities::database::begin_write;
use entities::ids::{RunId, TenantId};
use entities::sealed::Place;
use entities::{pair, preview, run};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};

use super::lanes::{read_locks, stage, started};
use super::reconcile::opening;
use super::references;
use super::slice::{Halt, Lane, Provider, Slice};
use super::{read, resolve};
use crate::context::{Context, Failure};
use crate::limits::LimitSettings;

/// How long a preview can be read: after that the company has changed anyway.
const LIVES: Duration = Duration::from_secs(30 * 24 * 3600);
/// Calls that every run makes: the organisations and the locked periods.
const FIXED_CALLS: u64 = 3;
const XERO_PAGE: u64 = connectors::xero::PAGE_SIZE as u64;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub choices: Vec<Offer>,
    pub references: Vec<Reference>,
    /// What Zoho has that a person may choose instead.
    pub options: Vec<Candidate>,
    pub zoho_locks: Vec<Lock>,
    pub xero_locked_until: Option<NaiveDate>,
}

/// One choice of scope and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Neither: everything.
    pub from: Option<NaiveDate>,
    pub open_only: bool,
    pub flows: Vec<Count>,
    pub xero_calls: u64,
    pub zoho_calls: u64,
    /// At the pace that the limits a minute allow.
    pub minutes: u64,
    /// Whole days, where the limit a day does not allow it in one.
    pub days: u64,
}

/// One kind of record in a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub flow: String,
    pub records: u64,
    pub zoho_calls: u64,
    /// Xero cannot count it exactly; there may be fewer or more.
    pub is_estimate: bool,
}

/// What an account, a tax or a currency of Xero becomes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    pub flow: String,
    pub xero_id: String,
    pub name: String,
    pub zoho_id: Option<String>,
    pub zoho_name: Option<String>,
    /// `paired`, `chosen`, `proposed`, `create` or `missing`.
    pub state: String,
}

/// A record of Zoho that may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub flow: String,
    pub zoho_id: String,
    pub name: String,
}

/// Looks at both sides and keeps what it found. Begins anew after an interruption: it costs a few dozen calls.
pub async fn preview(slice: &mut Slice, run: &run::Model) -> Result<(), Halt> {
    stage(slice, run, "previewing").await?;
    started(slice, run).await?;
    let mut content = Content::default();
    let lanes: Vec<Lane> = slice.lanes.iter().copied().filter(|lane| lane.on).collect();
    let mut small = Vec::new();
    for lane in lanes.iter().filter(|lane| lane.flow.zoho().unique == Unique::Search) {
        let missing = refer(slice, *lane, &mut content).await?;
        small.push(Count { flow: lane.flow.key().to_owned(), records: missing, zoho_calls: missing, is_estimate: false });
    }
    content.zoho_locks = read_locks(slice).await?;
    slice.permit_soon(Provider::Xero, None).await?;
    content.xero_locked_until = match slice.xero.client.organisation().await {
        Ok(organisation) => organisation.period_lock_date.max(organisation.end_of_year_lock_date),
        Err(trouble) => return Err(slice.halt(Provider::Xero, trouble).await),
    };
    let mut choices = vec![Choice::Everything];
    choices.extend(slice.scope.from.filter(|_| !slice.scope.open_only).map(Choice::From));
    choices.push(Choice::Open);
    let mut timeless = HashMap::new();
    for choice in choices {
        content.choices.push(offer(slice, &lanes, choice, &small, &mut timeless).await?);
    }
    keep(slice, run, &content).await
}

/// Counts every kind for one choice.
async fn offer(
    slice: &mut Slice,
    lanes: &[Lane],
    choice: Choice,
    small: &[Count],
    timeless: &mut HashMap<&'static str, u64>,
) -> Result<Offer, Halt> {
    // It takes longer than a claim holds: the link is still ours, and stays so.
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, None).await?;
    transaction.commit().await?;
    let mut flows = small.to_vec();
    let mut xero_calls = FIXED_CALLS;
    for lane in lanes.iter().filter(|lane| lane.flow.zoho().unique != Unique::Search) {
        let key = lane.flow.key();
        let records = match timeless.get(key) {
            Some(records) => *records,
            None => match count(slice, *lane, choice).await? {
                Some(records) => records,
                // Not asked for: small, or inside other records.
                None => continue,
            },
        };
        if is_timeless(key) {
            timeless.insert(key, records);
        }
        // The list is read whole, whatever of it is within the scope.
        xero_calls += if lane.flow.read_with().is_none() { records.div_ceil(XERO_PAGE).max(1) } else { 0 };
        let flow = lane.flow.key().to_owned();
        let zoho_calls = match slice.zoho.client.rows_per_call() {
            1 => writes(&flow, records),
            rows => credits(records, rows as u64),
        };
        flows.push(Count { zoho_calls, records, is_estimate: is_estimate(&flow, choice) || is_cut_off(&flow, records), flow });
    }
    let mut zoho_calls = flows.iter().map(|count| count.zoho_calls).sum();
    if choice != Choice::Everything {
        xero_calls += opening::XERO_CALLS;
        zoho_calls += opening::ZOHO_CALLS;
    }
    let limits = LimitSettings { xero: slice.xero.gate.limits, zoho: slice.zoho.gate.limits };
    let (minutes, days) = time(&limits, xero_calls, zoho_calls);
    let (from, open_only) = match choice {
        Choice::Everything => (None, false),
        Choice::From(from) => (Some(from), false),
        Choice::Open => (None, true),
    };
    Ok(Offer { from, open_only, flows, xero_calls, zoho_calls, minutes, days })
}

/// One call, where Xero can tell.
async fn count(slice: &mut Slice, lane: Lane, choice: Choice) -> Result<Option<u64>, Halt> {
    if is_asked(lane.flow.key(), choice) {
        slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
        slice.moved = true;
    }
    match slice.xero.client.census(lane.flow.key(), choice).await {
        Ok(Some((records, remaining))) => {
            slice.xero.gate.lower(&slice.context, remaining).await?;
            Ok(Some(records))
        }
        Ok(None) => Ok(None),
        Err(trouble) => Err(slice.halt(Provider::Xero, trouble).await),
    }
}

/// Calls to Zoho for so many records: one each, and the status calls that mark many at once.
fn writes(flow: &str, records: u64) -> u64 {
    match flow {
        "books.invoices" => records + records.div_ceil(BULK_IDS as u64),
        // Reminders of payments are switched off, so that Zoho chases nobody for old invoices.
        "books.customers" | "books.recurring_invoices" | "books.recurring_bills" => 2 * records,
        _ => records,
    }
}

/// Credits for so many records where one call takes many rows: the calls, what their rows cost, and one that looks whether they are there.
fn credits(records: u64, rows: u64) -> u64 {
    2 * records.div_ceil(rows) + records.div_ceil(10)
}

/// Minutes and whole days that so many calls take at least.
fn time(limits: &LimitSettings, xero: u64, zoho: u64) -> (u64, u64) {
    let of = |calls: u64, limit: u32| if limit == 0 { 0 } else { calls.div_ceil(u64::from(limit)) };
    let minutes = of(xero, limits.xero.per_minute).max(of(zoho, limits.zoho.per_minute));
    let days = of(xero, limits.xero.per_day).max(of(zoho, limits.zoho.per_day));
    (minutes, days.max(1))
}

/// What each record of a kind that is only mapped becomes. Gives how many would have to be created.
async fn refer(slice: &mut Slice, lane: Lane, content: &mut Content) -> Result<u64, Halt> {
    slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
    let (_, read) = read::changed(slice, lane, Since { anchor_us: None, page: 1 }).await?;
    let wanted = |one| match one {
        Reading::Record(record) if lane.flow.wanted(record.as_ref()) == Wanted::Carry => Some(record),
        _ => None,
    };
    let records: Vec<Box<dyn Record>> = read.into_iter().filter_map(wanted).collect();
    resolve::directory(slice, lane).await?;
    let of = lane.flow.zoho();
    let existing = slice.directories.get(of.path).cloned().unwrap_or_default();
    let chosen = references::chosen(slice, lane, records.iter().map(|record| record.id())).await?;
    let ids: Vec<&str> = records.iter().map(|record| record.id()).collect();
    let paired: HashMap<String, String> = pair::Entity::of(slice.tenant)
        .filter(pair::Column::LaneId.eq(lane.id))
        .filter(pair::Column::State.eq("settled"))
        .filter(pair::Column::XeroId.is_in(ids))
        .all(&slice.context.database)
        .await?
        .into_iter()
        .filter_map(|pair| Some((pair.xero_id, pair.zoho_id?)))
        .collect();
    let name = |id: &str| existing.iter().find(|row| row[of.id] == id).map(name_of);
    let mut missing = 0;
    for record in &records {
        let (state, zoho_id) = match (chosen.get(record.id()), paired.get(record.id())) {
            (Some(Some(id)), _) => ("chosen", Some(id.clone())),
            (_, Some(id)) => ("paired", Some(id.clone())),
            (choice, None) => match lane.flow.find_in(record.as_ref(), &existing) {
                Some(id) => ("proposed", Some(id)),
                None if choice.is_some() || slice.link.create_missing => ("create", None),
                None => ("missing", None),
            },
        };
        missing += u64::from(state == "create" || state == "missing");
        content.references.push(Reference {
            flow: lane.flow.key().to_owned(),
            xero_id: record.id().to_owned(),
            name: record.label(),
            zoho_name: zoho_id.as_deref().and_then(name),
            zoho_id,
            state: state.to_owned(),
        });
    }
    content.options.extend(existing.iter().filter_map(|row| {
        Some(Candidate { flow: lane.flow.key().to_owned(), zoho_id: row[of.id].as_str()?.to_owned(), name: name_of(row) })
    }));
    Ok(missing)
}

/// What people call a row of Zoho's lists of accounts, taxes and currencies.
fn name_of(row: &serde_json::Value) -> String {
    let text = |key: &str| row[key].as_str().filter(|text| !text.is_empty());
    let name = ["account_name", "tax_name", "currency_code"].iter().find_map(|key| text(key)).unwrap_or_default();
    text("account_code").map_or_else(|| name.to_owned(), |code| format!("{code} {name}"))
}

async fn keep(slice: &Slice, run: &run::Model, content: &Content) -> Result<(), Halt> {
    let plain = serde_json::to_vec(content).map_err(|error| Failure::Bug(error.to_string()))?;
    let row = preview::ActiveModel {
        tenant_id: Set(slice.tenant),
        run_id: Set(run.id),
        content: Set(slice.key.seal(place(run.id), &plain, slice.context.chance.as_ref())),
        expires_at: Set(slice.context.in_a(LIVES)),
    };
    let key = [preview::Column::TenantId, preview::Column::RunId];
    // Whoever took the link over keeps one of its own.
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    preview::Entity::insert(row)
        .on_conflict(OnConflict::columns(key).update_column(preview::Column::Content).to_owned())
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// Where a preview is sealed.
fn place(run: RunId) -> Place<'static> {
    Place { table: "preview", column: "content", row: run.0 }
}

/// What a run of kind preview found; nothing before its end, and after its time.
pub async fn find(context: &Context, tenant: TenantId, run: RunId) -> Result<Option<Content>, Failure> {
    let row = preview::Entity::of(tenant).filter(preview::Column::RunId.eq(run)).one(&context.database).await?;
    let Some(row) = row else { return Ok(None) };
    let plain = context.tenant_key(tenant).await?.open(place(run), &row.content)?;
    serde_json::from_slice(&plain).map(Some).map_err(|error| Failure::Bug(format!("the stored preview: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    #[test]
    fn minutes_and_days_are_those_of_the_slower_side() {
        let limits = |per_minute, per_day| Limits { per_minute, per_day, in_flight: 5 };
        let settings = LimitSettings { xero: limits(60, 1_000), zoho: limits(100, 2_000) };
        assert_eq!(time(&settings, 13, 3_300), (33, 2));
        assert_eq!(time(&settings, 1_500, 10), (25, 2));
        assert_eq!(time(&settings, 1, 1), (1, 1));
        assert_eq!(time(&LimitSettings { xero: limits(0, 0), zoho: limits(0, 0) }, 10, 10), (0, 1));
    }

    #[test]
    fn an_invoice_costs_a_call_and_a_share_of_one() {
        assert_eq!(writes("books.invoices", 1_000), 1_040);
        assert_eq!(writes("books.bills", 1_000), 1_000);
        assert_eq!(writes("books.invoices", 0), 0);
        assert_eq!((credits(1_000, 100), credits(1, 100), credits(0, 100)), (120, 3, 0));
    }
}
