//! Which lists a run that nobody asked for looks through: those in which most happens each time, of the others a few in turn. So a
//! cycle without a change costs the same few calls, whatever the size of the company.

use std::collections::HashSet;

use connectors::flow::Pace;
use entities::clock::At;
use entities::ids::LaneId;
use entities::{lane, run};
use sea_orm::{ColumnTrait, QueryFilter};

use super::slice::{Halt, Lane, Slice};
use crate::hints::Side;
use crate::in_step::BY_TIME;

/// Lists of the slower kinds in one run.
const SLOW_A_RUN: usize = 2;

/// What a run leaves out.
pub struct Thrift {
    left_out: HashSet<(LaneId, bool)>,
}

impl Thrift {
    /// Whether the lane's list on this side is looked through.
    pub fn looks(&self, lane: &Lane, side: Side) -> bool {
        !self.left_out.contains(&(lane.id, side == Side::Xero))
    }
}

/// A list of a slower kind.
struct List {
    lane: LaneId,
    is_xero: bool,
    /// Up to when it was looked through; the longest ago comes first.
    at: Option<At>,
    /// This run has looked through it, or is at it.
    is_this_run: bool,
    pace: Pace,
}

/// What this run looks through. The same in each of its turns.
pub async fn of(slice: &Slice, run: &run::Model) -> Result<Thrift, Halt> {
    // A record that waits may wait for one of a list that is left out.
    if run.requested_by != BY_TIME || run.passes > 0 {
        return Ok(Thrift { left_out: HashSet::new() });
    }
    let rows = lane::Entity::of(slice.tenant).filter(lane::Column::LinkId.eq(slice.link.id)).all(&slice.context.database).await?;
    let mut lists = Vec::new();
    for lane in slice.lanes.iter().filter(|lane| lane.flow.pace() != Pace::Each) {
        let Some(row) = rows.iter().find(|row| row.id == lane.id) else { continue };
        let (lane, pace) = (lane.id, lane.flow.pace());
        lists.push(List { lane, is_xero: true, at: row.watermark, is_this_run: row.pull_run == Some(run.id), pace });
        lists.push(List { lane, is_xero: false, at: row.zoho_watermark, is_this_run: row.zoho_run == Some(run.id), pace });
    }
    // Lanes that read with another one cost nothing of their own in Xero, and one without a way back has nothing to look for in Zoho.
    lists.retain(|list| {
        let Some(lane) = slice.lanes.iter().find(|lane| lane.id == list.lane) else { return false };
        if list.is_xero { lane.flow.read_with().is_none() } else { lane.flow.back().is_some() }
    });
    Ok(Thrift { left_out: leave_out(lists, slice.context.now()) })
}

fn leave_out(lists: Vec<List>, now: At) -> HashSet<(LaneId, bool)> {
    let begun = lists.iter().filter(|list| list.is_this_run).count();
    let (mut due, mut rest): (Vec<List>, Vec<List>) = lists
        .into_iter()
        .filter(|list| !list.is_this_run)
        .partition(|list| list.at.is_none_or(|at| now.since(at).as_secs() >= list.pace.seconds()));
    due.sort_by_key(|list| (list.at, list.lane));
    rest.extend(due.split_off(due.len().min(SLOW_A_RUN.saturating_sub(begun))));
    rest.into_iter().map(|list| (list.lane, list.is_xero)).collect()
}

#[cfg(test)]
mod tests {
    use entities::chance::SeededChance;
    use entities::clock::MovableClock;

    use super::*;

    #[test]
    fn slower_kinds_take_turns_and_none_is_forgotten() {
        let (clock, chance) = (MovableClock::default(), SeededChance::new(1));
        let lanes: Vec<LaneId> = (0..5).map(|_| LaneId::new(&clock, &chance)).collect();
        let mut looked: Vec<Option<At>> = vec![None; 5];
        let mut now = At(1_800_000_000_000_000);
        let mut counts = [0; 5];
        for _ in 0..40 {
            let list = |(n, lane): (usize, &LaneId)| List {
                lane: *lane,
                is_xero: true,
                at: looked[n],
                is_this_run: false,
                pace: Pace::Hourly,
            };
            let left_out = leave_out(lanes.iter().enumerate().map(list).collect(), now);
            let read: Vec<usize> = (0..5).filter(|n| !left_out.contains(&(lanes[*n], true))).collect();
            assert!(read.len() <= SLOW_A_RUN);
            for n in read {
                looked[n] = Some(now);
                counts[n] += 1;
            }
            now = At(now.0 + 900_000_000);
        }
        // Forty quarters of an hour are ten hours: each was looked through about once an hour, as two at a time allow.
        assert!(counts.iter().all(|count| (8..=10).contains(count)), "{counts:?}");
    }

    #[test]
    fn what_this_run_has_begun_is_counted() {
        let (clock, chance) = (MovableClock::default(), SeededChance::new(1));
        let list =
            |is_this_run| List { lane: LaneId::new(&clock, &chance), is_xero: true, at: None, is_this_run, pace: Pace::Daily };
        assert_eq!(leave_out(vec![list(true), list(true), list(false)], At(0)).len(), 1);
        assert_eq!(leave_out(vec![list(true), list(false), list(false)], At(0)).len(), 1);
    }
}
