//! Compares both sides to the cent. Lists only: Zoho's rows leave a print on their pair, then Xero's records are held against it.
//! Only a record that differs costs a call of its own. What differs becomes a finding with its named cause. In the end the ledgers
//! are held against each other, account by account.
//!
//! A list that several flows share is read once, for all of them.

mod accounts;
mod ledger;
mod look;
pub mod opening;
pub mod owed;
mod rows;
mod sums;
mod xero_side;
mod zoho_side;

use std::collections::HashMap;

use connectors::xero;
use entities::run;

use self::xero_side::Knowing;
use super::lanes::stage;
use super::slice::{Halt, Lane, Provider, Slice};
use super::tally::{Phase, Tally};

/// How far each flow is, by its key.
pub type Tallies = HashMap<&'static str, Tally>;

/// Reconciles all flows. `Ok(clean)`: done, and whether the books agree to the cent.
pub async fn reconcile(slice: &mut Slice, run: &run::Model) -> Result<bool, Halt> {
    stage(slice, run, "reconciling").await?;
    let on: Vec<Lane> = slice.lanes.iter().filter(|lane| lane.on && lane.flow.hangs().is_none()).copied().collect();
    let mut tallies = rows::load(slice, run, &on).await?;
    let organisation = year_end(slice, run, &on, &mut tallies).await?;
    let day = owed::day(run);
    let year = (organisation.year_start(day), organisation.year_end(day));
    let knowing = Knowing::new(slice, year, opening::cut(slice, run, &organisation));
    for lane in &on {
        let members = zoho_side::sharing(&on, *lane, &tallies);
        while of(&tallies, *lane).phase == Phase::Zoho {
            slice.go_on()?;
            zoho_side::page(slice, run, &members, &mut tallies).await?;
        }
    }
    for leader in slice.lanes.clone().into_iter().filter(|lane| lane.flow.hangs().is_none()) {
        let members: Vec<Lane> = slice.readers(leader);
        let members: Vec<Lane> = members.into_iter().filter(|lane| of(&tallies, *lane).phase == Phase::Xero).collect();
        while members.first().is_some_and(|first| of(&tallies, *first).phase == Phase::Xero) {
            slice.go_on()?;
            xero_side::page(slice, run, leader, &members, &mut tallies, &knowing).await?;
        }
    }
    let rates = rates(&on, &tallies);
    let with = look::With { rates: &rates, knowing: &knowing };
    for lane in &on {
        while of(&tallies, *lane).phase == Phase::Look {
            slice.go_on()?;
            look::look(slice, run, *lane, tally(&mut tallies, *lane), &with).await?;
        }
    }
    opening::settle(slice, run, &mut tallies, &knowing).await?;
    let unexplained: i64 = tallies.values().map(|tally| tally.unexplained).sum();
    let agrees = ledger::compare(slice, run, &mut tallies, &organisation, &knowing).await?;
    Ok(unexplained == 0 && agrees)
}

/// When the organisation's financial year ends: asked once a reconciliation.
async fn year_end(slice: &mut Slice, run: &run::Model, on: &[Lane], tallies: &mut Tallies) -> Result<xero::Organisation, Halt> {
    let Some(first) = on.first().copied() else { return Ok(xero::Organisation::default()) };
    if of(tallies, first).year_end.is_none() {
        slice.permit(Provider::Xero, Some(first.id), 1).await?;
        let told = match slice.xero.client.organisation().await {
            Ok(told) => told,
            Err(trouble) => return Err(slice.halt(Provider::Xero, trouble).await),
        };
        tally(tallies, first).year_end = Some((told.financial_year_end_day, told.financial_year_end_month));
        rows::note(slice, run, first, of(tallies, first)).await?;
    }
    let (day, month) = of(tallies, first).year_end.clone().unwrap_or_default();
    Ok(xero::Organisation { financial_year_end_day: day, financial_year_end_month: month, ..Default::default() })
}

/// Xero's own rates, as the lists have told them.
fn rates(lanes: &[Lane], tallies: &Tallies) -> Vec<look::Rate> {
    let of = |lane: &Lane| {
        let flow = lane.flow.record();
        of(tallies, *lane).rates.iter().map(move |(id, rate)| (flow, id.clone(), *rate)).collect::<Vec<_>>()
    };
    lanes.iter().filter(|lane| lane.flow.has_rates()).flat_map(of).collect()
}

fn of(tallies: &Tallies, lane: Lane) -> &Tally {
    tallies.get(lane.flow.key()).expect("every lane that is on was loaded")
}

fn tally(tallies: &mut Tallies, lane: Lane) -> &mut Tally {
    tallies.entry(lane.flow.key()).or_default()
}
