//! The last level: where the accounts of both ledgers stand, and what is owed. Three calls for the trial balances of a company in step;
//! more only where something is left to explain.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use connectors::balance::Balance;
use connectors::flow::Ledger;
use connectors::flows;
use connectors::xero::Organisation;
use connectors::zoho::reports::{eve, within_year};
use entities::database::{begin_write, sql};
use entities::{report, run};
use rust_decimal::Decimal;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Value};

use super::super::slice::{Halt, Lane, Provider, Slice};
use super::super::tally::Moves;
use super::accounts::{self, Books};
use super::rows::{Found, SENTENCE_LIVES, find, note};
use super::xero_side::{self, Knowing};
use super::{Tallies, owed, tally};
use crate::context::Failure;
use crate::report::{Ageing, Report, Source, is_explained, place};

/// Years that Xero is asked for where Zoho tells only what its accounts ever had.
const YEARS_MAX: usize = 12;
/// Both ledgers as they were told.
struct Told {
    day: NaiveDate,
    xero: Vec<Balance>,
    zoho: Vec<Balance>,
    source: Source,
}

/// Compares the ledgers once, and keeps the report. Gives whether every difference has a name.
pub async fn compare(
    slice: &mut Slice,
    run: &run::Model,
    tallies: &mut Tallies,
    organisation: &Organisation,
    knowing: &Knowing,
) -> Result<bool, Halt> {
    let kept = report::Entity::of(slice.tenant).filter(report::Column::RunId.eq(run.id)).one(&slice.context.database).await?;
    if let Some(kept) = kept {
        return Ok(kept.agrees);
    }
    let Some(lane) = chart_lane(slice, tallies) else { return Ok(true) };
    let pairs = account_pairs(slice, lane).await?;
    if tally(tallies, lane).needs_outside {
        read_outside(slice, run, lane, tallies, knowing).await?;
    }
    slice.go_on()?;
    let mut told = ask(slice, lane, tallies, &pairs, organisation, knowing.end).await?;
    let mut rows = accounts::compare(&books(tallies, &told, &pairs, &[]));
    if has_unnamed(&rows) && read_outside(slice, run, lane, tallies, knowing).await? {
        rows = accounts::compare(&books(tallies, &told, &pairs, &[]));
    }
    if has_unnamed(&rows) && own_of_zoho(slice, run, tallies, knowing).await? {
        rows = accounts::compare(&books(tallies, &told, &pairs, &[]));
    }
    if has_unnamed(&rows)
        && let Some(first) = tallies.values().filter_map(|tally| tally.earliest).min()
    {
        let opening = xero(slice, lane, Some(eve(first))).await?.1;
        rows = accounts::compare(&books(tallies, &told, &pairs, &opening));
    }
    told.xero.clear();
    let (receivable, payable) = ageing(slice, tallies).await?;
    let owing = receivable.rows.iter().chain(&payable.rows).flat_map(|row| &row.parts);
    let agrees = rows.iter().flat_map(|row| &row.parts).chain(owing).all(|part| is_explained(&part.cause));
    let report = Report {
        day: told.day,
        currency: slice.xero.connection.currency.clone(),
        source: told.source,
        accounts: rows,
        owed_day: owed::day(run),
        receivable,
        payable,
    };
    findings(slice, run, lane, tallies, &report).await?;
    keep(slice, run, &report, agrees).await?;
    note(slice, run, lane, tally(tallies, lane)).await?;
    Ok(agrees)
}

/// The lane whose records are the accounts of the ledger.
pub fn chart_lane(slice: &Slice, tallies: &Tallies) -> Option<Lane> {
    let has_chart = |lane: &&Lane| tallies.get(lane.flow.key()).is_some_and(|tally| !tally.chart.is_empty());
    slice.lanes.iter().find(has_chart).copied()
}

fn has_unnamed(rows: &[crate::report::AccountRow]) -> bool {
    rows.iter().flat_map(|row| &row.parts).any(|part| part.cause == "UNEXPLAINED")
}

fn books<'a>(tallies: &Tallies, told: &'a Told, pairs: &HashMap<String, String>, opening: &'a [Balance]) -> Books<'a> {
    let (mut moves, mut roundings, mut touched) = (Moves::default(), Moves::default(), BTreeSet::new());
    let mut chart = Vec::new();
    let stand = tallies.values().find_map(|tally| tally.opening.as_ref());
    for tally in tallies.values() {
        moves.join(&tally.moves);
        if !stand.is_some_and(|opening| opening.stands) {
            moves.join(&tally.older);
        }
        roundings.join(&tally.roundings);
        touched.extend(tally.touched.iter().cloned());
        chart.extend(tally.chart.iter().cloned());
    }
    if let Some(opening) = stand {
        moves.join(&opening.left);
    }
    Books {
        chart,
        pairs: pairs.clone(),
        xero: &told.xero,
        zoho: &told.zoho,
        opening,
        moves,
        roundings,
        touched,
        is_ever: told.source == Source::Chart,
    }
}

/// Zoho's accounts by the ids of Xero's.
pub async fn account_pairs(slice: &Slice, lane: Lane) -> Result<HashMap<String, String>, Halt> {
    let database = &slice.context.database;
    let text = "SELECT xero_id, zoho_id FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND zoho_id IS NOT NULL";
    let values = vec![slice.tenant.0.into(), lane.id.0.into()];
    let found = database.query_all_raw(sql(database.get_database_backend(), text, values)).await?;
    Ok(found
        .into_iter()
        .map(|row| Ok((row.try_get("", "xero_id")?, row.try_get("", "zoho_id")?)))
        .collect::<Result<_, sea_orm::DbErr>>()?)
}

/// Asks both sides, as at the organisation's today, or at the day of the latest record where that lies ahead in the same year.
async fn ask(
    slice: &mut Slice,
    lane: Lane,
    tallies: &Tallies,
    pairs: &HashMap<String, String>,
    organisation: &Organisation,
    end: NaiveDate,
) -> Result<Told, Halt> {
    let (today, mut balances) = xero(slice, lane, None).await?;
    let utc = slice.context.now().to_utc().date_naive();
    let latest = tallies.values().filter_map(|tally| tally.latest).max();
    let day = today.unwrap_or(utc).max(latest.map_or(NaiveDate::MIN, |latest| latest.min(end)));
    if today != Some(day) {
        balances = xero(slice, lane, Some(day)).await?.1;
    }
    let start = organisation.year_start(day);
    let retained = retained(tallies);
    let zohos_retained = retained.and_then(|id| pairs.get(id)).map_or("", String::as_str);
    if let Some(until_now) = zoho(slice, lane, day).await? {
        // A report that came once comes twice; without the second nothing can be said of a year.
        if let Some(before) = zoho(slice, lane, eve(start)).await? {
            let zoho = within_year(until_now, &before, zohos_retained);
            return Ok(Told { day, xero: balances, zoho, source: Source::TrialBalance });
        }
    }
    let zoho = chart_balances(slice, lane).await?;
    ever(slice, lane, &mut balances, organisation, start, retained.unwrap_or_default()).await?;
    Ok(Told { day, xero: balances, zoho, source: Source::Chart })
}

/// Xero's account of what was earned in earlier years.
pub fn retained(tallies: &Tallies) -> Option<&str> {
    let mut chart = tallies.values().flat_map(|tally| &tally.chart);
    chart.find(|account| account.role == Some(Ledger::RetainedEarnings)).map(|account| account.id.as_str())
}

pub async fn xero(slice: &mut Slice, lane: Lane, day: Option<NaiveDate>) -> Result<(Option<NaiveDate>, Vec<Balance>), Halt> {
    slice.permit_soon(Provider::Xero, Some(lane.id)).await?;
    let told = match slice.xero.client.trial_balance(day).await {
        Ok(told) => told,
        Err(trouble) => return Err(slice.halt(Provider::Xero, trouble).await),
    };
    slice.xero.gate.lower(&slice.context, told.remaining).await?;
    slice.moved = true;
    Ok((told.day.or(day), told.balances))
}

pub async fn zoho(slice: &mut Slice, lane: Lane, day: NaiveDate) -> Result<Option<Vec<Balance>>, Halt> {
    slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
    match slice.zoho.client.trial_balance(day).await {
        Ok(told) => Ok(told),
        Err(trouble) => Err(slice.halt(Provider::Zoho, trouble).await),
    }
}

async fn chart_balances(slice: &mut Slice, lane: Lane) -> Result<Vec<Balance>, Halt> {
    let (mut balances, mut page) = (Vec::new(), 1);
    loop {
        slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
        match slice.zoho.client.chart_balances(page).await {
            Ok((mut rows, more)) => {
                balances.append(&mut rows);
                if !more {
                    return Ok(balances);
                }
                page += 1;
            }
            Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
        }
    }
}

/// Zoho's chart tells what income and expenses ever were: Xero's earlier years are added, and taken from the retained earnings.
async fn ever(
    slice: &mut Slice,
    lane: Lane,
    balances: &mut Vec<Balance>,
    organisation: &Organisation,
    start: NaiveDate,
    retained: &str,
) -> Result<(), Halt> {
    let mut end = eve(start);
    for _ in 0..YEARS_MAX {
        let year = xero(slice, lane, Some(end)).await?.1;
        let mut earned = Decimal::ZERO;
        for one in year.into_iter().filter(|one| one.is_of_result) {
            earned += one.amount;
            match balances.iter_mut().find(|known| known.account == one.account) {
                Some(known) => known.amount += one.amount,
                None => balances.push(one),
            }
        }
        if let Some(known) = balances.iter_mut().find(|known| known.account == retained) {
            known.amount -= earned;
        }
        if earned.is_zero() {
            return Ok(());
        }
        end = eve(organisation.year_start(end));
    }
    Ok(())
}

/// Lists that no lane within the scope reads: what their records would have moved. Gives whether there was any.
pub async fn read_outside(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    tallies: &mut Tallies,
    knowing: &Knowing,
) -> Result<bool, Halt> {
    let mut any = false;
    for leader in slice.lanes.clone() {
        let is_off = slice.readers(leader).is_empty() && leader.flow.read_with().is_none() && leader.flow.hangs().is_none();
        let key = leader.flow.key();
        if !is_off || !leader.flow.has_list() || tally(tallies, lane).outside.contains(key) {
            continue;
        }
        if !tally(tallies, lane).needs_outside {
            tally(tallies, lane).needs_outside = true;
            note(slice, run, lane, tally(tallies, lane)).await?;
        }
        while !tally(tallies, lane).outside.contains(key) {
            slice.go_on()?;
            xero_side::outside(slice, leader, lane, tally(tallies, lane), knowing).await?;
            note(slice, run, lane, tally(tallies, lane)).await?;
        }
        any = true;
    }
    Ok(any)
}

/// Records that were made in Zoho itself: what they move there. Gives whether there was any.
pub async fn own_of_zoho(slice: &mut Slice, run: &run::Model, tallies: &mut Tallies, knowing: &Knowing) -> Result<bool, Halt> {
    let mut any = false;
    for lane in slice.lanes.clone().into_iter().filter(|lane| lane.on) {
        let listed = std::mem::take(&mut tally(tallies, lane).own);
        tally(tallies, lane).own = strangers(slice, &listed).await?;
        while let Some(id) = tally(tallies, lane).own.pop() {
            slice.go_on()?;
            slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
            match slice.zoho.client.get(lane.flow.zoho(), &id).await {
                Ok(detail) => {
                    let day = detail["date"].as_str().and_then(|day| day.parse::<NaiveDate>().ok());
                    for posting in lane.flow.booked(&detail).unwrap_or_default() {
                        tally(tallies, lane).add("ZOHO_OWN", posting.ledger, knowing.when_of(day), posting.amount);
                        any = true;
                    }
                }
                Err(connectors::side::Trouble::Refused(_)) => {}
                Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
            }
            note(slice, run, lane, tally(tallies, lane)).await?;
        }
        if !listed.is_empty() {
            note(slice, run, lane, tally(tallies, lane)).await?;
        }
    }
    Ok(any)
}

/// Those of Zoho's records that are no record of ours in any lane: two flows may meet in one list that is asked for in two ways.
async fn strangers(slice: &Slice, ids: &[String]) -> Result<Vec<String>, Halt> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let database = &slice.context.database;
    let places: Vec<String> = (0..ids.len()).map(|n| format!("${}", n + 3)).collect();
    let mut values: Vec<Value> = vec![slice.tenant.0.into(), slice.link.id.0.into()];
    values.extend(ids.iter().map(|id| Value::from(id.clone())));
    let text = format!(
        "SELECT zoho_id FROM pair JOIN lane ON lane.tenant_id = pair.tenant_id AND lane.id = pair.lane_id \
         WHERE pair.tenant_id = $1 AND lane.link_id = $2 AND zoho_id IN ({})",
        places.join(", ")
    );
    let found = database.query_all_raw(sql(database.get_database_backend(), text, values)).await?;
    let ours: Vec<String> = found.into_iter().map(|row| row.try_get("", "zoho_id")).collect::<Result<_, _>>()?;
    Ok(ids.iter().filter(|id| !ours.contains(id)).cloned().collect())
}

/// Receivables by customer and payables by vendor.
async fn ageing(slice: &mut Slice, tallies: &Tallies) -> Result<(Ageing, Ageing), Halt> {
    let named: BTreeSet<(String, String)> = tallies
        .values()
        .flat_map(|tally| tally.xero_owed.contacts())
        .map(|(flow, contact)| (flow.to_owned(), contact.to_owned()))
        .collect();
    let mut ids = HashMap::with_capacity(named.len());
    let lanes = slice.lanes.clone();
    for lane in &lanes {
        let of_lane: Vec<&str> =
            named.iter().filter(|(flow, _)| flow == lane.flow.key()).map(|(_, contact)| contact.as_str()).collect();
        for (xero_id, zoho_id) in zoho_ids(slice, *lane, &of_lane).await? {
            ids.insert((lane.flow.key().to_owned(), xero_id), zoho_id);
        }
    }
    let currency = &slice.xero.connection.currency;
    let of = |flow: &str| {
        let (xero, zoho) = (tallies.values().map(|tally| &tally.xero_owed), tallies.values().map(|tally| &tally.zoho_owed));
        owed::compare(flow, xero, zoho, &ids, currency)
    };
    Ok((of(flows::books::customers::KEY), of(flows::books::vendors::KEY)))
}

async fn zoho_ids(slice: &Slice, lane: Lane, xero_ids: &[&str]) -> Result<Vec<(String, String)>, Halt> {
    let database = &slice.context.database;
    let mut found = Vec::with_capacity(xero_ids.len());
    for chunk in xero_ids.chunks(500) {
        let places: Vec<String> = (0..chunk.len()).map(|n| format!("${}", n + 3)).collect();
        let mut values: Vec<Value> = vec![slice.tenant.0.into(), lane.id.0.into()];
        values.extend(chunk.iter().map(|id| Value::from(*id)));
        let text = format!(
            "SELECT xero_id, zoho_id FROM pair WHERE tenant_id = $1 AND lane_id = $2 AND zoho_id IS NOT NULL AND xero_id IN ({})",
            places.join(", ")
        );
        for row in database.query_all_raw(sql(database.get_database_backend(), text, values)).await? {
            found.push((row.try_get("", "xero_id")?, row.try_get("", "zoho_id")?));
        }
    }
    Ok(found)
}

/// One finding for each cause on each account, and for each contact that owes, or is owed, another amount without a reason that is
/// as it should be.
async fn findings(slice: &Slice, run: &run::Model, lane: Lane, tallies: &mut Tallies, report: &Report) -> Result<(), Halt> {
    for row in &report.accounts {
        for part in &row.parts {
            let sentence = format!(
                "Account {}{}{}: {} in Xero, {} in Zoho Books; {} of the difference: {}",
                row.code,
                if row.code.is_empty() { "" } else { " " },
                row.name,
                row.xero,
                row.zoho,
                part.amount,
                crate::report::meaning(&part.cause)
            );
            let found = Found { level: 3, cause: &part.cause, explained: is_explained(&part.cause), sentence, xero_id: None };
            find(slice, run, lane, tally(tallies, lane), found).await?;
        }
    }
    for (ageing, owes) in [(&report.receivable, "owes"), (&report.payable, "is owed")] {
        for row in &ageing.rows {
            for part in row.parts.iter().filter(|part| !is_explained(&part.cause)) {
                let sentence = format!(
                    "{} {owes} {} {} in Xero, {} in Zoho Books; {} of the difference: {}",
                    row.contact,
                    row.currency,
                    row.xero.sum(),
                    row.zoho.sum(),
                    part.amount,
                    crate::report::meaning(&part.cause)
                );
                find(
                    slice,
                    run,
                    lane,
                    tally(tallies, lane),
                    Found { level: 3, cause: &part.cause, explained: false, sentence, xero_id: None },
                )
                .await?;
            }
        }
    }
    Ok(())
}

async fn keep(slice: &Slice, run: &run::Model, report: &Report, agrees: bool) -> Result<(), Halt> {
    let plain = serde_json::to_vec(report).map_err(|error| Failure::Bug(error.to_string()))?;
    let row = report::ActiveModel {
        tenant_id: Set(slice.tenant),
        run_id: Set(run.id),
        agrees: Set(agrees),
        body: Set(slice.key.seal(place(run.id), &plain, slice.context.chance.as_ref())),
        expires_at: Set(slice.context.in_a(SENTENCE_LIVES)),
    };
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    report::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}
