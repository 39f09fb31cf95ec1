//! What was asked of the providers: a bounded log, exact counters, and the busiest minute of every organisation.
//!
//! The wrapper in `wrapper.rs` notes every request of both providers once; handlers need not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// The newest so many entries are kept.
const LOG_LINES_MAX: usize = 10_000;
/// The newest so many minutes are counted apart: a day.
const WINDOWS_MAX: usize = 1_440;
const MINUTE_MS: i64 = 60_000;

/// One answered request.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When it came.
    pub at: DateTime<Utc>,
    /// `xero` or `zoho`.
    pub provider: &'static str,
    /// The organisation it was for; empty for sign-in and the like.
    pub org: String,
    /// Method and path with ids replaced: `PUT /invoices/{id}`.
    pub endpoint: String,
    /// 0 when the connection was dropped instead of an answer.
    pub status: u16,
    pub bytes: u64,
    pub write: bool,
}

/// Shared.
#[derive(Clone, Default)]
pub struct Requests {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    log: VecDeque<Entry>,
    total: u64,
    /// (provider, endpoint, status) → count, bytes.
    counts: BTreeMap<(&'static str, String, u16), (u64, u64)>,
    orgs: BTreeMap<(&'static str, String), Org>,
    /// By the minute of the sandbox's clock, then by provider, organisation and endpoint: calls, and refusals among them.
    windows: BTreeMap<i64, BTreeMap<(&'static str, String, String), (u64, u64)>>,
}

#[derive(Default)]
struct Org {
    calls: u64,
    writes: u64,
    refused: u64,
    last_minute: VecDeque<i64>,
    minute_max: usize,
    in_flight: u32,
    in_flight_max: u32,
    first_ms: Option<i64>,
    last_ms: i64,
}

/// A request being answered; counted as in flight until dropped.
pub struct InFlight {
    requests: Requests,
    key: (&'static str, String),
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(org) = self.requests.lock().orgs.get_mut(&self.key) {
            org.in_flight = org.in_flight.saturating_sub(1);
        }
    }
}

impl Requests {
    /// A request for an organisation begins.
    pub fn begin(&self, provider: &'static str, org: &str) -> InFlight {
        let key = (provider, org.to_owned());
        let mut state = self.lock();
        let entry = state.orgs.entry(key.clone()).or_default();
        entry.in_flight += 1;
        entry.in_flight_max = entry.in_flight_max.max(entry.in_flight);
        drop(state);
        InFlight { requests: self.clone(), key }
    }

    /// A request was answered. Refusals for limits (429) are counted apart and are not part of the busiest minute.
    pub fn note(&self, entry: Entry) {
        let mut state = self.lock();
        state.total += 1;
        let count = state.counts.entry((entry.provider, entry.endpoint.clone(), entry.status)).or_default();
        count.0 += 1;
        count.1 += entry.bytes;
        if !entry.org.is_empty() {
            state.orgs.entry((entry.provider, entry.org.clone())).or_default().note(&entry);
        }
        let window = state.windows.entry(entry.at.timestamp_millis().div_euclid(MINUTE_MS)).or_default();
        let count = window.entry((entry.provider, entry.org.clone(), entry.endpoint.clone())).or_default();
        count.0 += 1;
        count.1 += u64::from(entry.status == 429);
        if state.windows.len() > WINDOWS_MAX {
            state.windows.pop_first();
        }
        if state.log.len() == LOG_LINES_MAX {
            state.log.pop_front();
        }
        state.log.push_back(entry);
    }

    /// Forgets everything; the busiest minute too.
    pub fn clear(&self) {
        *self.lock() = State::default();
    }

    /// Everything but the log, the newest `tail` lines of it, and the newest `windows` minutes in which there were calls.
    pub fn report(&self, tail: usize, windows: usize) -> Value {
        let state = self.lock();
        let counts: Vec<_> = state
            .counts
            .iter()
            .map(|((provider, endpoint, status), (count, bytes))| {
                json!({"provider": provider, "endpoint": endpoint, "status": status, "count": count, "bytes": bytes})
            })
            .collect();
        let orgs: Vec<_> = state.orgs.iter().filter(|((_, org), _)| !org.is_empty()).map(Org::report).collect();
        let log: Vec<_> = state.log.iter().rev().take(tail).rev().map(Entry::report).collect();
        let windows: Vec<_> = state.windows.iter().rev().take(windows).rev().map(window).collect();
        let refused: u64 = state.counts.iter().filter(|((_, _, status), _)| *status == 429).map(|(_, (count, _))| count).sum();
        json!({"total": state.total, "refused_429": refused, "counts": counts, "organisations": orgs, "windows": windows, "log": log})
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// One minute, as the control plane shows it.
fn window((minute, counts): (&i64, &BTreeMap<(&'static str, String, String), (u64, u64)>)) -> Value {
    let endpoints: Vec<_> = counts
        .iter()
        .map(|((provider, org, endpoint), (calls, refused))| {
            json!({"provider": provider, "org": org, "endpoint": endpoint, "calls": calls, "refused_429": refused})
        })
        .collect();
    json!({"from": DateTime::<Utc>::from_timestamp_millis(minute * MINUTE_MS), "calls": counts.values().map(|(calls, _)| calls).sum::<u64>(),
           "endpoints": endpoints})
}

impl Entry {
    fn report(&self) -> Value {
        json!({"at": self.at, "provider": self.provider, "org": self.org, "endpoint": self.endpoint,
               "status": self.status, "bytes": self.bytes, "write": self.write})
    }
}

impl Org {
    fn note(&mut self, entry: &Entry) {
        self.calls += 1;
        self.writes += u64::from(entry.write);
        if entry.status == 429 {
            self.refused += 1;
            return;
        }
        let at = entry.at.timestamp_millis();
        self.first_ms.get_or_insert(at);
        self.last_ms = self.last_ms.max(at);
        // Answers may be noted in another order than the requests came.
        let index = self.last_minute.partition_point(|earlier| *earlier <= at);
        self.last_minute.insert(index, at);
        while self.last_minute.front().is_some_and(|earlier| *earlier <= self.last_ms - MINUTE_MS) {
            self.last_minute.pop_front();
        }
        self.minute_max = self.minute_max.max(self.last_minute.len());
    }

    fn report(((provider, name), org): (&(&'static str, String), &Self)) -> Value {
        let span_ms = org.first_ms.map_or(0, |first| org.last_ms - first);
        json!({"provider": provider, "org": name, "calls": org.calls, "writes": org.writes, "refused_429": org.refused,
               "busiest_minute": org.minute_max, "in_flight_max": org.in_flight_max, "span_ms": span_ms})
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn entry(at_s: i64, status: u16) -> Entry {
        Entry {
            at: DateTime::UNIX_EPOCH + TimeDelta::seconds(at_s),
            provider: "xero",
            org: "a".into(),
            endpoint: "GET /Invoices".into(),
            status,
            bytes: 10,
            write: false,
        }
    }

    #[test]
    fn the_busiest_minute_is_found_wherever_it_begins() {
        let requests = Requests::default();
        for at in [0, 30, 59, 61, 62, 63, 200] {
            requests.note(entry(at, 200));
        }
        requests.note(entry(201, 429));
        let report = requests.report(2, 0);
        let org = &report["organisations"][0];
        assert_eq!(org["busiest_minute"], 5);
        assert_eq!(org["calls"], 8);
        assert_eq!(org["refused_429"], 1);
        assert_eq!(report["log"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn every_minute_is_counted_apart_by_endpoint() {
        let requests = Requests::default();
        for (at, status) in [(0, 200), (59, 429), (60, 200), (200, 200)] {
            requests.note(entry(at, status));
        }
        let windows = requests.report(0, 2)["windows"].clone();
        assert_eq!(windows.as_array().unwrap().len(), 2);
        assert_eq!((&windows[0]["from"], &windows[0]["calls"]), (&json!("1970-01-01T00:01:00Z"), &json!(1)));
        let first = requests.report(0, usize::MAX)["windows"][0]["endpoints"][0].clone();
        assert_eq!((&first["endpoint"], &first["calls"], &first["refused_429"]), (&json!("GET /Invoices"), &json!(2), &json!(1)));
    }

    #[test]
    fn the_log_is_bounded_and_the_counters_are_not() {
        let requests = Requests::default();
        for at in 0..(LOG_LINES_MAX as i64 + 50) {
            requests.note(entry(at, 200));
        }
        let report = requests.report(usize::MAX, usize::MAX);
        assert_eq!(report["log"].as_array().unwrap().len(), LOG_LINES_MAX);
        assert_eq!(report["counts"][0]["count"], LOG_LINES_MAX as u64 + 50);
    }
}
