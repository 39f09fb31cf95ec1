//! How often each asker may ask. Counted in each process for itself: it keeps one program from taking the others' turn, and what the
//! providers are asked is counted elsewhere, in the database.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::Clock as Ticks;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

const MINUTE: Duration = Duration::from_secs(60);
/// Askers that are remembered before those who have been silent are forgotten.
const ASKERS_MAX: usize = 10_000;
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// Our clock, as the counter reads it.
#[derive(Clone)]
struct Clock(Arc<dyn entities::clock::Clock>);

impl Ticks for Clock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(Duration::from_micros(self.0.now().0.max(0) as u64))
    }
}

type Counter = RateLimiter<String, DashMapStateStore<String>, Clock, StateInformationMiddleware>;

/// The counters of all askers.
pub struct Limits {
    per_minute: NonZeroU32,
    counter: Counter,
    clock: Clock,
}

/// How an asker stands.
pub struct Left {
    limit: u32,
    remaining: u32,
    /// Until everything is free again.
    reset: Duration,
    /// How long to wait, where there is nothing left.
    pub wait: Option<Duration>,
}

impl Limits {
    pub fn new(per_minute: NonZeroU32, clock: Arc<dyn entities::clock::Clock>) -> Self {
        let clock = Clock(clock);
        let quota = Quota::per_minute(per_minute);
        Self { per_minute, counter: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()), clock }
    }

    /// Counts one request.
    pub fn ask(&self, asker: String) -> Left {
        if self.counter.len() > ASKERS_MAX {
            self.counter.retain_recent();
        }
        let limit = self.per_minute.get();
        match self.counter.check_key(&asker) {
            Ok(stands) => {
                let remaining = stands.remaining_burst_capacity();
                Left { limit, remaining, reset: MINUTE / limit * (limit - remaining.min(limit)), wait: None }
            }
            Err(too_soon) => Left { limit, remaining: 0, reset: MINUTE, wait: Some(too_soon.wait_time_from(self.clock.now())) },
        }
    }
}

impl Left {
    /// Says so in the answer.
    pub fn tell(&self, headers: &mut HeaderMap) {
        headers.insert(LIMIT, HeaderValue::from(self.limit));
        headers.insert(REMAINING, HeaderValue::from(self.remaining));
        headers.insert(RESET, HeaderValue::from(self.reset.as_secs_f64().ceil() as u64));
    }
}

#[cfg(test)]
mod tests {
    use entities::clock::MovableClock;

    use super::*;

    #[test]
    fn each_asker_has_a_minutes_worth_and_gets_it_back_with_time() {
        let clock = Arc::new(MovableClock::default());
        let limits = Limits::new(NonZeroU32::new(3).unwrap(), clock.clone());
        for left in [2, 1, 0] {
            let stands = limits.ask("ann".to_owned());
            assert_eq!((stands.limit, stands.remaining, stands.wait.is_none()), (3, left, true));
        }
        let wait = limits.ask("ann".to_owned()).wait.unwrap();
        assert!(wait > Duration::from_secs(15) && wait <= Duration::from_secs(20), "{wait:?}");
        assert!(limits.ask("bob".to_owned()).wait.is_none());
        clock.advance(wait);
        assert!(limits.ask("ann".to_owned()).wait.is_none());
    }
}
