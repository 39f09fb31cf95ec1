//! Call limits as both providers enforce them: so many a minute, a day, at once, per organisation.
//!
//! The documents do not say whether a minute is a sliding or a fixed window, so both are enforced and the stricter one wins.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use crate::clock::Clock;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// What a provider allows one organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub per_minute: u32,
    pub per_day: u32,
    pub in_flight: u32,
}

/// Shared counters of every organisation.
#[derive(Clone)]
pub struct Limits {
    clock: Clock,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    on: bool,
    /// Rules set by the control plane, by provider; they count even when `on` is false.
    overrides: BTreeMap<String, Rule>,
    keys: HashMap<String, Usage>,
    /// What an app called in the last minute over all organisations, by provider.
    apps: HashMap<&'static str, App>,
}

#[derive(Default)]
struct App {
    /// Set by the control plane, in place of the published figure.
    per_minute: Option<u32>,
    calls: VecDeque<i64>,
    minute: Window,
}

#[derive(Default)]
struct Usage {
    /// When each admitted call of the last day came, oldest first.
    calls: VecDeque<i64>,
    in_flight: u32,
    minute: Window,
    day: Window,
}

#[derive(Default)]
struct Window {
    number: i64,
    count: u32,
}

/// What is left after this call; for the providers' headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remaining {
    pub minute: u32,
    pub day: u32,
}

/// Which limit refused a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Minute,
    Day,
    Concurrent,
}

/// A refused call. It is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    pub kind: Kind,
    /// After so many seconds the same call would be admitted, if nobody else called. 1 when too many run at once.
    pub retry_after_s: u32,
    pub remaining: Remaining,
    pub rule: Rule,
}

/// An admitted call; it is in flight until this is dropped.
pub struct Permit {
    remaining: Remaining,
    held: Option<(Limits, String)>,
}

impl Permit {
    pub fn remaining(&self) -> Remaining {
        self.remaining
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let Some((limits, key)) = self.held.take() else { return };
        let mut kept = Some((limits, key));
        // Inside a request the call stays in flight until its answer goes out.
        let _ = IN_THIS_REQUEST.try_with(|list| list.0.borrow_mut().extend(kept.take()));
        if let Some((limits, key)) = kept {
            limits.leave(&key);
        }
    }
}

/// The calls of one request, in flight until it is answered.
struct Held(RefCell<Vec<(Limits, String)>>);

impl Drop for Held {
    fn drop(&mut self) {
        for (limits, key) in self.0.take() {
            limits.leave(&key);
        }
    }
}

tokio::task_local! {
    static IN_THIS_REQUEST: Held;
}

/// Runs a request; what it entered counts as in flight until it ends, however early the handler lets its permit go.
pub async fn in_flight_until_answered<T>(request: impl Future<Output = T>) -> T {
    IN_THIS_REQUEST.scope(Held(RefCell::default()), request).await
}

impl Limits {
    pub fn new(clock: Clock, on: bool) -> Self {
        Self { clock, state: Arc::new(Mutex::new(State { on, ..State::default() })) }
    }

    /// Admits one call of `key` (`"xero:<organisation>"`) or refuses it. Off: everything is admitted and nothing is counted.
    pub fn enter(&self, key: &str, rule: &Rule) -> Result<Permit, Exceeded> {
        let now = self.clock.now().timestamp_millis();
        let mut state = self.lock();
        let provider = key.split(':').next().unwrap_or(key);
        let rule = match state.overrides.get(provider) {
            Some(rule) => *rule,
            None if state.on => *rule,
            None => {
                return Ok(Permit { remaining: Remaining { minute: rule.per_minute, day: rule.per_day }, held: None });
            }
        };
        let phase = phase_ms(key);
        let usage = state.keys.entry(key.to_owned()).or_default();
        usage.roll(now, phase);
        usage.admit(now, phase, &rule)?;
        let remaining = usage.remaining(now, &rule);
        Ok(Permit { remaining, held: Some((self.clone(), key.to_owned())) })
    }

    /// Whether the app may call once more in this minute, whatever the organisation: how often after this call, or how many seconds
    /// it has to wait. Nothing is counted yet: another limit may refuse the call.
    pub fn app_room(&self, provider: &'static str, per_minute: u32) -> Result<u32, u32> {
        let now = self.clock.now().timestamp_millis();
        let mut state = self.lock();
        let counts = state.on || state.overrides.contains_key(provider);
        let app = state.apps.entry(provider).or_default();
        if !counts && app.per_minute.is_none() {
            return Ok(per_minute);
        }
        let per_minute = app.per_minute.unwrap_or(per_minute);
        let phase = phase_ms(provider);
        app.roll(now, phase);
        let called = app.calls.len().max(app.minute.count as usize);
        if called < per_minute as usize {
            return Ok(per_minute - 1 - u32::try_from(called).unwrap_or(u32::MAX));
        }
        let sliding = app.calls.front().map_or(MINUTE_MS, |first| first + MINUTE_MS - now);
        let fixed = if app.minute.count >= per_minute { until_next(now, phase, MINUTE_MS) } else { 0 };
        Err(u32::try_from((sliding.max(fixed).max(1) + 999) / 1000).unwrap_or(u32::MAX))
    }

    /// Counts a call of the app that was admitted.
    pub fn app_called(&self, provider: &'static str) {
        let now = self.clock.now().timestamp_millis();
        let mut state = self.lock();
        if !state.on
            && !state.overrides.contains_key(provider)
            && state.apps.get(provider).is_none_or(|app| app.per_minute.is_none())
        {
            return;
        }
        let app = state.apps.entry(provider).or_default();
        app.roll(now, phase_ms(provider));
        app.calls.push_back(now);
        app.minute.count += 1;
    }

    /// Sets or clears what an app may call a minute over all organisations.
    pub fn set_app_rule(&self, provider: &'static str, per_minute: Option<u32>) {
        self.lock().apps.entry(provider).or_default().per_minute = per_minute;
    }

    /// What is left to `key`, without a call of it.
    pub fn remaining(&self, key: &str, rule: &Rule) -> Remaining {
        let now = self.clock.now().timestamp_millis();
        let mut state = self.lock();
        let provider = key.split(':').next().unwrap_or(key);
        let rule = state.overrides.get(provider).copied().unwrap_or(*rule);
        match state.keys.get_mut(key) {
            Some(usage) => {
                usage.roll(now, phase_ms(key));
                usage.remaining(now, &rule)
            }
            None => Remaining { minute: rule.per_minute, day: rule.per_day },
        }
    }

    fn leave(&self, key: &str) {
        if let Some(usage) = self.lock().keys.get_mut(key) {
            usage.in_flight = usage.in_flight.saturating_sub(1);
        }
    }

    /// Turns the published limits on or off for both providers.
    pub fn switch(&self, on: bool) {
        self.lock().on = on;
    }

    /// Sets or clears the rule of one provider (`"xero"`, `"zoho"`), whatever its handlers say.
    pub fn set_rule(&self, provider: &str, rule: Option<Rule>) {
        let mut state = self.lock();
        match rule {
            Some(rule) => state.overrides.insert(provider.to_owned(), rule),
            None => state.overrides.remove(provider),
        };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Usage {
    fn roll(&mut self, now: i64, phase: i64) {
        while self.calls.front().is_some_and(|at| *at <= now - DAY_MS) {
            self.calls.pop_front();
        }
        self.minute.roll((now + phase).div_euclid(MINUTE_MS));
        self.day.roll((now + phase).div_euclid(DAY_MS));
    }

    fn admit(&mut self, now: i64, phase: i64, rule: &Rule) -> Result<(), Exceeded> {
        let refuse = |kind, wait_ms: i64, usage: &Self| {
            let retry_after_s = u32::try_from((wait_ms.max(1) + 999) / 1000).unwrap_or(u32::MAX);
            Err(Exceeded { kind, retry_after_s, remaining: usage.remaining(now, rule), rule: *rule })
        };
        if self.calls.len() >= rule.per_day as usize || self.day.count >= rule.per_day {
            let sliding = self.leaves_in(self.calls.len(), rule.per_day, now, DAY_MS);
            let fixed = if self.day.count >= rule.per_day { until_next(now, phase, DAY_MS) } else { 0 };
            return refuse(Kind::Day, sliding.max(fixed), self);
        }
        let last_minute = self.last_minute(now);
        if last_minute >= rule.per_minute as usize || self.minute.count >= rule.per_minute {
            let sliding = self.leaves_in(last_minute, rule.per_minute, now, MINUTE_MS);
            let fixed = if self.minute.count >= rule.per_minute { until_next(now, phase, MINUTE_MS) } else { 0 };
            return refuse(Kind::Minute, sliding.max(fixed), self);
        }
        if self.in_flight >= rule.in_flight {
            return refuse(Kind::Concurrent, 1000, self);
        }
        self.calls.push_back(now);
        self.minute.count += 1;
        self.day.count += 1;
        self.in_flight += 1;
        Ok(())
    }

    /// How long until fewer than `allowed` of the newest `held` calls are inside the window.
    fn leaves_in(&self, held: usize, allowed: u32, now: i64, window_ms: i64) -> i64 {
        if held < allowed as usize || allowed == 0 {
            return if allowed == 0 { window_ms } else { 0 };
        }
        let index = self.calls.len() - allowed as usize;
        self.calls.get(index).map_or(0, |at| at + window_ms - now)
    }

    fn last_minute(&self, now: i64) -> usize {
        self.calls.len() - self.calls.partition_point(|at| *at <= now - MINUTE_MS)
    }

    fn remaining(&self, now: i64, rule: &Rule) -> Remaining {
        let last_minute = u32::try_from(self.last_minute(now)).unwrap_or(u32::MAX).max(self.minute.count);
        let last_day = u32::try_from(self.calls.len()).unwrap_or(u32::MAX).max(self.day.count);
        Remaining { minute: rule.per_minute.saturating_sub(last_minute), day: rule.per_day.saturating_sub(last_day) }
    }
}

impl App {
    fn roll(&mut self, now: i64, phase: i64) {
        while self.calls.front().is_some_and(|at| *at <= now - MINUTE_MS) {
            self.calls.pop_front();
        }
        self.minute.roll((now + phase).div_euclid(MINUTE_MS));
    }
}

impl Window {
    fn roll(&mut self, number: i64) {
        if self.number != number {
            *self = Self { number, count: 0 };
        }
    }
}

fn until_next(now: i64, phase: i64, window_ms: i64) -> i64 {
    window_ms - (now + phase).rem_euclid(window_ms)
}

/// Windows reset at a different time for each organisation.
fn phase_ms(key: &str) -> i64 {
    key.bytes().fold(7_i64, |sum, byte| (sum * 31 + i64::from(byte)) % DAY_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule { per_minute: 60, per_day: 100, in_flight: 5 };

    #[test]
    fn off_admits_everything() {
        let limits = Limits::new(Clock::default(), false);
        let held: Vec<_> = (0..1000).map(|_| limits.enter("xero:a", &RULE)).collect();
        assert!(held.iter().all(Result::is_ok));
    }

    #[test]
    fn the_sixty_first_call_of_a_minute_is_refused_and_admitted_after_the_time_it_names() {
        let clock = Clock::default();
        let limits = Limits::new(clock.clone(), true);
        for _ in 0..60 {
            assert!(limits.enter("xero:a", &RULE).is_ok());
        }
        let refused = limits.enter("xero:a", &RULE).err().unwrap();
        assert_eq!((refused.kind, refused.remaining.minute), (Kind::Minute, 0));
        assert!(limits.enter("xero:b", &RULE).is_ok(), "another organisation has its own count");
        clock.advance_ms(i64::from(refused.retry_after_s) * 1000);
        assert!(limits.enter("xero:a", &RULE).is_ok());
    }

    #[test]
    fn the_day_is_refused_with_its_own_name() {
        let clock = Clock::default();
        let limits = Limits::new(clock.clone(), true);
        let mut admitted = 0;
        let refused = loop {
            match limits.enter("xero:a", &RULE) {
                Ok(_) => admitted += 1,
                Err(exceeded) if exceeded.kind == Kind::Day => break exceeded,
                Err(exceeded) => clock.advance_ms(i64::from(exceeded.retry_after_s) * 1000),
            }
        };
        assert_eq!(admitted, 100);
        clock.advance_ms(i64::from(refused.retry_after_s) * 1000);
        assert!(limits.enter("xero:a", &RULE).is_ok());
    }

    #[test]
    fn a_sixth_call_at_once_is_refused_until_one_ends() {
        let limits = Limits::new(Clock::default(), true);
        let mut held: Vec<_> = (0..5).map(|_| limits.enter("xero:a", &RULE).unwrap()).collect();
        assert_eq!(limits.enter("xero:a", &RULE).err().unwrap().kind, Kind::Concurrent);
        held.pop();
        assert!(limits.enter("xero:a", &RULE).is_ok());
    }

    #[test]
    fn an_app_is_refused_for_what_it_calls_over_all_organisations() {
        let clock = Clock::default();
        let limits = Limits::new(clock.clone(), false);
        assert_eq!(limits.app_room("xero", 3), Ok(3), "off: nothing is counted");
        limits.set_app_rule("xero", Some(3));
        for left in [2, 1, 0] {
            assert_eq!(limits.app_room("xero", 10_000), Ok(left));
            limits.app_called("xero");
        }
        let wait = limits.app_room("xero", 10_000).unwrap_err();
        clock.advance_ms(i64::from(wait) * 1000);
        assert_eq!(limits.app_room("xero", 10_000), Ok(2));
    }

    #[test]
    fn no_sixty_seconds_hold_more_than_the_rule_wherever_they_begin() {
        let clock = Clock::default();
        let limits = Limits::new(clock.clone(), true);
        let rule = Rule { per_minute: 10, per_day: 100_000, in_flight: 5 };
        let start = clock.now().timestamp_millis();
        let mut admitted = Vec::new();
        for step in 0..3000_i64 {
            if limits.enter("zoho:a", &rule).is_ok() {
                admitted.push(step * 137);
            }
            clock.advance_ms(137);
        }
        // The machine's own clock runs on too while we count, so the true distances are never shorter than these.
        assert!(clock.now().timestamp_millis() >= start + 3000 * 137);
        for (index, at) in admitted.iter().enumerate().skip(10) {
            let tenth_before = admitted[index - 10];
            assert!(at - tenth_before + 2_000 >= MINUTE_MS, "{} ms", at - tenth_before);
        }
        assert!(admitted.len() >= 30);
    }
}
