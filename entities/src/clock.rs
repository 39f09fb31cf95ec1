//! Time as a parameter: the machine's in production, a movable one in tests.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

/// A moment: microseconds since 1970, UTC. Stored as an integer, so both databases keep it alike.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    sea_orm::DeriveValueType,
)]
#[serde(transparent)]
pub struct At(pub i64);

impl At {
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by.as_micros().min(i64::MAX as u128) as i64))
    }

    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(by.as_micros().min(i64::MAX as u128) as i64))
    }

    /// How long from `earlier` to here; zero where it is later.
    pub fn since(self, earlier: At) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).max(0) as u64)
    }

    /// For people and documents: `2026-11-23T10:11:12Z`.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0).unwrap_or_default()
    }

    /// As our interfaces write it, to the millisecond: `2026-11-23T10:11:12.000Z`.
    pub fn to_rfc3339(self) -> String {
        self.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

/// What time it is.
pub trait Clock: Send + Sync {
    fn now(&self) -> At;

    /// The database, whose time is the common one, said `at` when this clock said `here`. A test's clock is the test's own and stays.
    fn agree(&self, _here: At, _at: At) {}
}

/// The machine's clock, corrected by what the database's clock said last: with several machines the database's time is the common one.
#[derive(Default)]
pub struct SystemClock {
    offset_us: AtomicI64,
}

impl SystemClock {
    /// The machine's time without the correction.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn machine() -> At {
        At(Utc::now().timestamp_micros())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> At {
        At(Self::machine().0 + self.offset_us.load(Ordering::Relaxed))
    }

    fn agree(&self, here: At, at: At) {
        self.offset_us.fetch_add(at.0 - here.0, Ordering::Relaxed);
    }
}

/// A clock that runs with the machine's but can be moved.
#[derive(Default)]
pub struct MovableClock {
    offset_us: AtomicI64,
}

impl MovableClock {
    pub fn advance(&self, by: Duration) {
        self.offset_us.fetch_add(by.as_micros() as i64, Ordering::Relaxed);
    }
}

impl Clock for MovableClock {
    fn now(&self) -> At {
        At(SystemClock::machine().0 + self.offset_us.load(Ordering::Relaxed))
    }
}
