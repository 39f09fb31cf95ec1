//! Opening balances. What a scope leaves out of the past stands in Zoho as one amount an account at the end of the day before it, so
//! that both ledgers agree. Worked out anew by every migration from where the accounts stand on that day: a second run finds nothing
//! to write, an interrupted one goes on, and a wider scope takes back what has arrived as records.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use connectors::balance::Balance;
use connectors::flow::Ledger;
use connectors::side::Trouble;
use connectors::xero::Organisation;
use connectors::zoho::opening::{OpeningBalance, OpeningLine};
use connectors::zoho::reports::{eve, within_year};
use entities::database::begin_write;
use entities::{link, run};
use rust_decimal::Decimal;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::super::slice::{Halt, Lane, Provider, Slice};
use super::super::tally::{Moves, Opening};
use super::accounts::{self, Books, NOT_WRITTEN, ToOpen};
use super::ledger::{account_pairs, chart_lane, own_of_zoho, read_outside, retained, xero, zoho};
use super::rows::{Found, find, note};
use super::xero_side::{Cut, Knowing};
use super::{Tallies, tally};
use crate::context::Failure;
use crate::runs::Kind;

/// Calls of a migration that leaves history out: where Xero's accounts stand on the day.
pub const XERO_CALLS: u64 = 1;
/// Where Zoho's stand, and stood at the end of the year before; the opening balance that is there, and the one that is written.
pub const ZOHO_CALLS: u64 = 4;

/// The day of the opening balances: for a migration that of its scope, for a comparison that of those that were written.
pub fn cut(slice: &Slice, run: &run::Model, organisation: &Organisation) -> Option<Cut> {
    let day = if is_migration(run) { slice.scope.cut() } else { slice.scope.opening }?;
    Some(Cut { day, year_start: organisation.year_start(day) })
}

fn is_migration(run: &run::Model) -> bool {
    run.kind == Kind::Migration.name()
}

/// Brings Zoho's opening balances to where they have to be, once a run, and notes how they stand.
pub async fn settle(slice: &mut Slice, run: &run::Model, tallies: &mut Tallies, knowing: &Knowing) -> Result<(), Halt> {
    let (Some(cut), Some(lane)) = (knowing.cut, chart_lane(slice, tallies)) else { return Ok(()) };
    if tally(tallies, lane).opening.is_some() {
        return Ok(());
    }
    let opening = match is_migration(run) {
        true => {
            slice.go_on()?;
            // What else explains differences has to be known first: it is no history.
            own_of_zoho(slice, run, tallies, knowing).await?;
            read_outside(slice, run, lane, tallies, knowing).await?;
            slice.go_on()?;
            match bring(slice, run, lane, tallies, cut).await? {
                Ok(brought) => {
                    if brought.accounts > 0 {
                        let sentence = format!(
                            "What is dated up to {} and was settled then is not carried: it stands in Zoho Books as opening balances of {} accounts.",
                            cut.day, brought.accounts
                        );
                        let found = Found { level: 3, cause: "OPENING_BALANCE", explained: true, sentence, xero_id: None };
                        find(slice, run, lane, tally(tallies, lane), found).await?;
                    }
                    Opening { stands: true, left: left(&brought.left, cut, knowing) }
                }
                Err(reason) => {
                    let sentence = format!("The opening balances at the end of {} were not written: {reason}", cut.day);
                    let found = Found { level: 3, cause: NOT_WRITTEN, explained: false, sentence, xero_id: None };
                    find(slice, run, lane, tally(tallies, lane), found).await?;
                    Opening::default()
                }
            }
        }
        false => Opening { stands: true, left: Moves::default() },
    };
    tally(tallies, lane).opening = Some(opening);
    note(slice, run, lane, tally(tallies, lane)).await
}

/// What came of it.
struct Brought {
    /// Accounts with an opening balance.
    accounts: usize,
    /// What could not be written, and why; debits are positive.
    left: Vec<(Ledger, Decimal, &'static str)>,
}

/// By how much Zoho has less because something was not written.
fn left(not_written: &[(Ledger, Decimal, &str)], cut: Cut, knowing: &Knowing) -> Moves {
    let mut moves = Moves::default();
    let is_before = knowing.when_of(Some(cut.day)).is_before;
    for (ledger, amount, cause) in not_written {
        moves.add(cause, ledger.clone(), is_before, -amount);
    }
    moves
}

/// Asks both sides, and writes what differs. `Err`: nothing was written, and why.
async fn bring(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    tallies: &Tallies,
    cut: Cut,
) -> Result<Result<Brought, String>, Halt> {
    if tallies.values().any(|tally| tally.own_is_cut) {
        let reason = "there are many records in Zoho Books that did not come from Xero, and they cannot be told apart from history. \
                      Enter the opening balances by hand.";
        return Ok(Err(reason.to_owned()));
    }
    let pairs = account_pairs(slice, lane).await?;
    let of_xero = xero(slice, lane, Some(cut.day)).await?.1;
    let (until_then, before) = (zoho(slice, lane, cut.day).await?, zoho(slice, lane, eve(cut.year_start)).await?);
    let (Some(until_then), Some(before)) = (until_then, before) else {
        let reason = "Zoho Books does not tell where its accounts stood on that day. Its trial balance did not answer; start the \
                      migration again when it does, or enter the opening balances by hand.";
        return Ok(Err(reason.to_owned()));
    };
    slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
    let present = match slice.zoho.client.opening_balance(&slice.zoho.connection.currency_id).await {
        Ok(present) => present,
        Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
    };
    let is_ours = slice.scope.opening.is_some();
    if slice.scope.from.is_none() && present.is_none() {
        // The whole history is in Zoho, and nothing stands there in its place.
        keep_day(slice, run, None).await?;
        return Ok(Ok(Brought { accounts: 0, left: Vec::new() }));
    }
    let present = Present::of(present, is_ours, &pairs);
    let Some(day) = present.day(cut) else {
        let reason = "Zoho Books has opening balances of another day, which somebody entered there. Delete them or set their date, then \
                      start the migration again.";
        return Ok(Err(reason.to_owned()));
    };
    let of_result: HashSet<&String> = tallies
        .values()
        .flat_map(|tally| &tally.chart)
        .filter(|account| account.is_of_result)
        .filter_map(|account| pairs.get(&account.id))
        .collect();
    let until_then = present.taken_off(until_then, cut.day, &of_result);
    let before = present.taken_off(before, eve(cut.year_start), &of_result);
    let retained = retained(tallies).and_then(|id| pairs.get(id)).map_or("", String::as_str);
    let of_zoho = within_year(until_then, &before, retained);
    let mut books = Books { pairs: pairs.clone(), xero: &of_xero, zoho: &of_zoho, ..Books::default() };
    for tally in tallies.values() {
        books.chart.extend(tally.chart.iter().cloned());
        books.moves.join(&tally.at_cut.moves);
        books.roundings.join(&tally.at_cut.roundings);
        books.touched.extend(tally.at_cut.touched.iter().cloned());
    }
    let ToOpen { lines, left } = accounts::to_open(&books);
    let wanted = present.with(lines);
    let accounts = wanted.len();
    if let Some(refused) = write(slice, run, lane, &present, day, cut, wanted).await? {
        return Ok(Err(refused));
    }
    Ok(Ok(Brought { accounts, left }))
}

/// Writes the lines unless they are there. Gives the reason of a refusal.
async fn write(
    slice: &mut Slice,
    run: &run::Model,
    lane: Lane,
    present: &Present,
    day: NaiveDate,
    cut: Cut,
    wanted: Vec<OpeningLine>,
) -> Result<Option<String>, Halt> {
    let was = slice.scope.opening;
    if present.is(day, &wanted) {
        keep_day(slice, run, present.id.is_some().then_some(cut.day)).await?;
        return Ok(None);
    }
    slice.permit_soon(Provider::Zoho, Some(lane.id)).await?;
    // Before it is sent: a turn that ends here knows in the next one whose they are. Proves the fence too.
    keep_day(slice, run, Some(cut.day)).await?;
    let client = &slice.zoho.client;
    let sent = match (&present.id, wanted.is_empty()) {
        (Some(_), true) => client.remove_opening_balance().await,
        (id, _) => client.write_opening_balance(id.as_deref(), day, &wanted).await,
    };
    slice.moved = true;
    match sent {
        Ok(()) if wanted.is_empty() => keep_day(slice, run, None).await?,
        Ok(()) => {}
        Err(Trouble::Refused(refusal)) => {
            keep_day(slice, run, was).await?;
            return Ok(Some(format!("Zoho Books refused them: {}", refusal.message)));
        }
        Err(trouble) => return Err(slice.halt(Provider::Zoho, trouble).await),
    }
    tracing::info!(tenant.id = %slice.tenant, link.id = %slice.link.id, run.id = %run.id, accounts = wanted.len(), "opening balances were written");
    Ok(None)
}

/// Notes with the scope that opening balances of this day stand in Zoho.
async fn keep_day(slice: &mut Slice, run: &run::Model, day: Option<NaiveDate>) -> Result<(), Halt> {
    slice.scope.opening = day;
    let text = serde_json::to_string(&slice.scope).map_err(|error| Failure::Bug(error.to_string()))?;
    let transaction = begin_write(&slice.context.database).await?;
    slice.fenced(&transaction, Some(run)).await?;
    link::Entity::update_many()
        .col_expr(link::Column::Scope, Expr::value(Some(text)))
        .filter(link::Column::TenantId.eq(slice.tenant))
        .filter(link::Column::Id.eq(slice.link.id))
        .exec(&transaction)
        .await?;
    transaction.commit().await?;
    Ok(())
}

/// The opening balance that is in Zoho.
struct Present {
    id: Option<String>,
    day: Option<NaiveDate>,
    /// What stays as it is: what a person entered before us, and accounts that have none in Xero.
    kept: Vec<OpeningLine>,
    /// What is worked out anew.
    ours: Vec<OpeningLine>,
    is_ours: bool,
}

impl Present {
    fn of(found: Option<OpeningBalance>, is_ours: bool, pairs: &HashMap<String, String>) -> Self {
        let Some(OpeningBalance { id, day, lines }) = found else {
            return Self { id: None, day: None, kept: Vec::new(), ours: Vec::new(), is_ours };
        };
        let is_paired = |line: &OpeningLine| pairs.values().any(|account| *account == line.account);
        let (ours, kept) = lines.into_iter().partition(|line| is_ours && is_paired(line));
        Self { id: Some(id), day: Some(day), kept, ours, is_ours }
    }

    /// The day to write. One within the same financial year stays: the amounts are the same at its end. `None`: it is a person's, and
    /// amounts of another year cannot be added to it.
    fn day(&self, cut: Cut) -> Option<NaiveDate> {
        match self.day {
            Some(day) if (cut.year_start..=cut.day).contains(&day) => Some(day),
            Some(_) if !self.is_ours => None,
            _ => Some(cut.day),
        }
    }

    /// Where the accounts would stand at the end of a day without what is worked out anew.
    fn taken_off(&self, mut balances: Vec<Balance>, at: NaiveDate, of_result: &HashSet<&String>) -> Vec<Balance> {
        for line in self.ours.iter().filter(|_| self.day.is_some_and(|day| day <= at)) {
            match balances.iter_mut().find(|one| one.account == line.account) {
                Some(one) => one.amount -= line.amount,
                None => balances.push(Balance {
                    account: line.account.clone(),
                    name: String::new(),
                    amount: -line.amount,
                    is_of_result: of_result.contains(&line.account),
                }),
            }
        }
        balances
    }

    /// All lines to write: what stays, and these.
    fn with(&self, lines: BTreeMap<String, Decimal>) -> Vec<OpeningLine> {
        let mut all = self.kept.clone();
        for (account, amount) in lines {
            match all.iter_mut().find(|line| line.account == account && line.foreign.is_none()) {
                Some(line) => line.amount += amount,
                None => all.push(OpeningLine { account, amount, foreign: None }),
            }
        }
        all.retain(|line| !line.amount.is_zero());
        all
    }

    /// Whether these lines are there already.
    fn is(&self, day: NaiveDate, wanted: &[OpeningLine]) -> bool {
        let sums = |lines: &mut dyn Iterator<Item = &OpeningLine>| {
            let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
            lines.for_each(|line| *sums.entry(line.account.clone()).or_default() += line.amount);
            sums.retain(|_, sum| !sum.is_zero());
            sums
        };
        let there = sums(&mut self.kept.iter().chain(&self.ours));
        there == sums(&mut wanted.iter()) && (there.is_empty() || self.day == Some(day))
    }
}
