//! The providers' limits, counted in the database and shared by all workers. Nobody sleeps for a limit: the answer is a moment.
//!
//! Minutes are GCRA with the corrected interval `60 s / (limit − margin − burst + 1)`: so no sliding window ever holds more than
//! `limit − margin` calls. What a provider says itself (429, headers) wins over our count.

use std::time::Duration;

use connectors::side::{Limit, Remaining};
use connectors::zoho;
use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::TenantId;
use sea_orm::{ConnectionTrait, DatabaseBackend};

use crate::context::{Context, Failure};

/// Calls kept back from a minute's limit: the network may squeeze two of ours closer together than we sent them.
const MARGIN: u32 = 1;
/// Calls that may follow each other at once: what a slice that starts late catches up with.
const BURST: u32 = 2;
const MINUTE: Duration = Duration::from_secs(60);
const DAY_US: i64 = 86_400_000_000;
/// What is soon: a few calls' distance at the slowest pace there is.
const SOON: Duration = Duration::from_secs(3);
const SOON_TRIES: usize = 5;
/// How long a provider rests that says nothing is left of its minute.
const EMPTY_MINUTE: Duration = Duration::from_secs(15);

/// One provider's limits for one organisation. 0: no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub per_minute: u32,
    pub per_day: u32,
    /// Calls at once.
    pub in_flight: u32,
}

/// Both providers'.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    pub xero: Limits,
    pub zoho: Limits,
}

impl Limits {
    /// Xero: 60 a minute, 5,000 a day (1,000 for an app of the Starter tier), 5 at once.
    pub const XERO: Limits = Limits { per_minute: 60, per_day: 5_000, in_flight: 5 };
    /// Zoho: 100 a minute, 10 at once; the day depends on the plan, 2,000 is Standard.
    pub const ZOHO: Limits = Limits { per_minute: 100, per_day: 2_000, in_flight: 10 };
    /// For a sandbox that does not count.
    pub const OFF: Limits = Limits { per_minute: 0, per_day: 0, in_flight: 16 };

    /// The same for a CRM organisation of this edition, unless nothing is counted: credits a day, of which a call costs one and every ten
    /// rows that it writes one more.
    pub fn of_crm(self, plan: &str) -> Limits {
        if self.per_minute == 0 && self.per_day == 0 {
            return self;
        }
        let allowance = zoho::crm::edition::allowance(plan);
        Limits { per_minute: 0, per_day: allowance.credits, in_flight: allowance.in_flight }
    }

    fn interval_us(&self) -> i64 {
        let usable = self.per_minute.saturating_sub(MARGIN + self.burst() - 1).max(1);
        (MINUTE.as_micros() as i64 + i64::from(usable) - 1) / i64::from(usable)
    }

    fn burst(&self) -> u32 {
        BURST.min(self.per_minute.saturating_sub(MARGIN).max(1))
    }
}

/// One organisation's gate.
#[derive(Debug, Clone)]
pub struct Gate {
    pub tenant: TenantId,
    /// `xero:<organisation>` or `zoho:<organisation>`.
    pub key: String,
    pub limits: Limits,
}

/// What the gate answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// So many calls, at least one, may be made now.
    Granted(u32),
    /// None before this moment.
    NotBefore { at: At, limit: Limit },
}

impl Gate {
    /// Asks for up to `want` calls.
    pub async fn take(&self, context: &Context, want: u32) -> Result<Permit, Failure> {
        if self.limits.per_minute == 0 && self.limits.per_day == 0 {
            return Ok(Permit::Granted(want));
        }
        let transaction = begin_write(&context.database).await?;
        let now = context.now();
        let row = Row::locked(&transaction, self, now).await?;
        let (permit, row) = row.take(self.limits, want, now);
        if matches!(permit, Permit::Granted(_)) {
            row.store(&transaction, self).await?;
        }
        transaction.commit().await?;
        Ok(permit)
    }

    /// Asks for one call that belongs to work begun already, and waits for it if it comes soon: to stop in the middle of one record
    /// would mean to begin it again, with all its calls. Nothing else ever waits for a limit.
    pub async fn take_soon(&self, context: &Context) -> Result<Permit, Failure> {
        for _ in 0..SOON_TRIES {
            match self.take(context, 1).await? {
                Permit::NotBefore { at, .. } if at.since(context.now()) <= SOON => {
                    tokio::time::sleep(at.since(context.now()).max(Duration::from_millis(1))).await;
                }
                answer => return Ok(answer),
            }
        }
        self.take(context, 1).await
    }

    /// The provider said 429: nobody calls before `after` has passed.
    pub async fn pause(&self, context: &Context, limit: Limit, after: Duration) -> Result<At, Failure> {
        let transaction = begin_write(&context.database).await?;
        let now = context.now();
        let mut row = Row::locked(&transaction, self, now).await?;
        let until = now.plus(after).max(row.paused_until.unwrap_or_default());
        row.paused_until = Some(until);
        row.paused_for = Some(name(limit).to_owned());
        row.store(&transaction, self).await?;
        transaction.commit().await?;
        Ok(until)
    }

    /// The provider's headers: they lower what we think is left, never raise it.
    pub async fn lower(&self, context: &Context, remaining: Remaining) -> Result<(), Failure> {
        let day_left = remaining.day.filter(|_| self.limits.per_day > 0);
        if remaining.minute != Some(0) && day_left.is_none_or(|left| left > self.limits.per_day / 2) {
            return Ok(());
        }
        let transaction = begin_write(&context.database).await?;
        let now = context.now();
        let mut row = Row::locked(&transaction, self, now).await?;
        if let Some(left) = day_left {
            row.used = row.used.max(i64::from(self.limits.per_day.saturating_sub(left)));
        }
        if remaining.minute == Some(0) {
            row.paused_until = Some(now.plus(EMPTY_MINUTE).max(row.paused_until.unwrap_or_default()));
            row.paused_for = Some(name(Limit::Minute).to_owned());
        }
        row.store(&transaction, self).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Reserves up to `want` calls at once for `owner`, until a moment. 0: none are free.
    pub async fn reserve(&self, context: &Context, owner: &str, want: u32, until: At) -> Result<u32, Failure> {
        let transaction = begin_write(&context.database).await?;
        let backend = transaction.get_database_backend();
        let now = context.now();
        Row::locked(&transaction, self, now).await?;
        let taken = transaction
            .query_one_raw(sql(
                backend,
                "SELECT COALESCE(SUM(slots), 0) AS n FROM slot WHERE tenant_id = $1 AND key = $2 AND until > $3 AND owner <> $4",
                vec![self.tenant.0.into(), self.key.clone().into(), now.0.into(), owner.into()],
            ))
            .await?
            .map_or(Ok(0i64), |row| row.try_get("", "n"))?;
        let granted = i64::from(want).min(i64::from(self.limits.in_flight) - taken).max(0);
        if granted > 0 {
            transaction
                .execute_raw(sql(
                    backend,
                    "INSERT INTO slot (tenant_id, key, owner, slots, until) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (tenant_id, key, owner) DO UPDATE SET slots = excluded.slots, until = excluded.until",
                    vec![self.tenant.0.into(), self.key.clone().into(), owner.into(), (granted as i32).into(), until.0.into()],
                ))
                .await?;
        }
        transaction.commit().await?;
        Ok(granted as u32)
    }

    /// Gives the reserved calls back.
    pub async fn release(&self, context: &Context, owner: &str) -> Result<(), Failure> {
        context
            .database
            .execute_raw(sql(
                context.database.get_database_backend(),
                "DELETE FROM slot WHERE tenant_id = $1 AND key = $2 AND owner = $3",
                vec![self.tenant.0.into(), self.key.clone().into(), owner.into()],
            ))
            .await?;
        Ok(())
    }
}

/// The words of the `paused_for` column.
pub fn name(limit: Limit) -> &'static str {
    match limit {
        Limit::Minute => "minute",
        Limit::Day => "day",
        Limit::Concurrent => "concurrent",
        Limit::App => "app",
    }
}

/// One organisation's counters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Row {
    tat: i64,
    day: i64,
    used: i64,
    paused_until: Option<At>,
    paused_for: Option<String>,
}

impl Row {
    /// Reads the row and keeps it from everyone else until the transaction ends.
    async fn locked(transaction: &impl ConnectionTrait, gate: &Gate, now: At) -> Result<Self, Failure> {
        let backend = transaction.get_database_backend();
        let lock = if backend == DatabaseBackend::Postgres { " FOR UPDATE" } else { "" };
        let read = || {
            sql(
                backend,
                format!("SELECT tat, day, used, paused_until, paused_for FROM quota WHERE tenant_id = $1 AND key = $2{lock}"),
                vec![gate.tenant.0.into(), gate.key.clone().into()],
            )
        };
        let mut found = transaction.query_one_raw(read()).await?;
        if found.is_none() {
            transaction
                .execute_raw(sql(
                    backend,
                    "INSERT INTO quota (tenant_id, key, tat, day, used) VALUES ($1, $2, 0, 0, 0) ON CONFLICT (tenant_id, key) DO NOTHING",
                    vec![gate.tenant.0.into(), gate.key.clone().into()],
                ))
                .await?;
            found = transaction.query_one_raw(read()).await?;
        }
        let found = found.ok_or_else(|| Failure::Bug("a quota row that was just written is not there".to_owned()))?;
        let mut row = Row {
            tat: found.try_get("", "tat")?,
            day: found.try_get("", "day")?,
            used: found.try_get("", "used")?,
            paused_until: found.try_get("", "paused_until")?,
            paused_for: found.try_get("", "paused_for")?,
        };
        let today = now.0.div_euclid(DAY_US);
        if row.day != today {
            row.day = today;
            row.used = 0;
        }
        Ok(row)
    }

    /// Pure: what may be called now, and the counters after it.
    fn take(mut self, limits: Limits, want: u32, now: At) -> (Permit, Row) {
        if let Some(until) = self.paused_until {
            if until > now {
                let limit = match self.paused_for.as_deref() {
                    Some("day") => Limit::Day,
                    Some("concurrent") => Limit::Concurrent,
                    Some("app") => Limit::App,
                    _ => Limit::Minute,
                };
                return (Permit::NotBefore { at: until, limit }, self);
            }
            self.paused_until = None;
            self.paused_for = None;
        }
        let mut granted = want;
        if limits.per_day > 0 {
            let left = i64::from(limits.per_day) - self.used;
            if left <= 0 {
                return (Permit::NotBefore { at: At((self.day + 1) * DAY_US), limit: Limit::Day }, self);
            }
            granted = granted.min(left as u32);
        }
        if limits.per_minute > 0 {
            let interval = limits.interval_us();
            let tolerance = i64::from(limits.burst() - 1) * interval;
            let tat = self.tat.max(now.0);
            let room = now.0 + tolerance - tat;
            if room < 0 {
                return (Permit::NotBefore { at: At(tat - tolerance), limit: Limit::Minute }, self);
            }
            granted = granted.min((room / interval + 1) as u32);
            self.tat = tat + i64::from(granted) * interval;
        }
        self.used += i64::from(granted);
        (Permit::Granted(granted), self)
    }

    async fn store(&self, transaction: &impl ConnectionTrait, gate: &Gate) -> Result<(), Failure> {
        transaction
            .execute_raw(sql(
                transaction.get_database_backend(),
                "UPDATE quota SET tat = $3, day = $4, used = $5, paused_until = $6, paused_for = $7 WHERE tenant_id = $1 AND key = $2",
                vec![
                    gate.tenant.0.into(),
                    gate.key.clone().into(),
                    self.tat.into(),
                    self.day.into(),
                    self.used.into(),
                    self.paused_until.map(|at| at.0).into(),
                    self.paused_for.clone().into(),
                ],
            ))
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Calls greedily, coming back at the moment it is told plus some lateness, and gives the moments of all calls.
    fn calls(limits: Limits, wants: &[(u32, u64)], until_s: u64) -> Vec<i64> {
        let (mut now, mut row, mut made, mut turn) = (At(0), Row::default(), Vec::new(), 0);
        while now.0 < until_s as i64 * 1_000_000 {
            let (want, late_us) = wants[turn % wants.len()];
            turn += 1;
            let (permit, next) = row.take(limits, want.max(1), now);
            row = next;
            match permit {
                Permit::Granted(n) => made.extend(std::iter::repeat_n(now.0, n as usize)),
                Permit::NotBefore { at, .. } => now = At(at.0.max(now.0 + 1) + late_us as i64),
            }
        }
        made
    }

    fn worst_minute(made: &[i64]) -> usize {
        let mut first = 0;
        (0..made.len())
            .map(|last| {
                while made[last] - made[first] >= 60_000_000 {
                    first += 1;
                }
                last - first + 1
            })
            .max()
            .unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_window_of_a_minute_ever_holds_more_than_the_limit(
            per_minute in 1u32..200,
            wants in prop::collection::vec((1u32..20, 0u64..3_000_000), 1..20),
        ) {
            let limits = Limits { per_minute, per_day: 0, in_flight: 5 };
            prop_assert!(worst_minute(&calls(limits, &wants, 300)) <= per_minute as usize);
        }
    }

    #[test]
    fn a_greedy_caller_uses_ninety_five_percent_of_the_rate() {
        for limits in [Limits::XERO, Limits::ZOHO] {
            let limits = Limits { per_day: 0, ..limits };
            // A slice that starts up to 30 ms late each time.
            let made = calls(limits, &[(10, 5_000), (10, 30_000), (1, 1_000)], 600);
            assert!(
                made.len() as f64 >= 0.95 * f64::from(limits.per_minute) * 10.0,
                "{} of {}",
                made.len(),
                limits.per_minute * 10
            );
            assert!(worst_minute(&made) <= (limits.per_minute - MARGIN) as usize);
        }
    }

    #[test]
    fn crm_counts_its_editions_credits_and_no_minutes() {
        let limits = Limits::ZOHO.of_crm("free, 1 users");
        assert_eq!(limits, Limits { per_minute: 0, per_day: 5_000, in_flight: 5 });
        assert_eq!(Limits::OFF.of_crm("free, 1 users"), Limits::OFF);
    }

    #[test]
    fn a_day_that_is_used_up_goes_on_at_midnight() {
        let limits = Limits { per_minute: 0, per_day: 3, in_flight: 5 };
        let (permit, row) = Row::default().take(limits, 10, At(5));
        assert_eq!(permit, Permit::Granted(3));
        let (permit, _) = row.take(limits, 1, At(6));
        assert_eq!(permit, Permit::NotBefore { at: At(DAY_US), limit: Limit::Day });
    }

    #[test]
    fn what_the_provider_says_wins_over_our_count() {
        let row = Row { paused_until: Some(At(1_000)), paused_for: Some("day".to_owned()), ..Row::default() };
        let (permit, row) = row.take(Limits::XERO, 1, At(999));
        assert_eq!(permit, Permit::NotBefore { at: At(1_000), limit: Limit::Day });
        assert!(matches!(row.take(Limits::XERO, 1, At(1_000)).0, Permit::Granted(1)));
    }
}
