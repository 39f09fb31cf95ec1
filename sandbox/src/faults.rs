//! Faults on order: which request they strike, how often, by what chance.

mod kind;
pub mod refusals;
pub mod tamper;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::http::Method;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

pub use kind::Kind;

/// The rules of the moment.
#[derive(Clone, Default)]
pub struct Faults {
    any: Arc<AtomicBool>,
    rules: Arc<Mutex<Vec<Rule>>>,
}

/// When a fault strikes, and which.
struct Rule {
    provider: Option<String>,
    method: Option<String>,
    path_contains: Option<String>,
    query_contains: Option<String>,
    kind: Kind,
    /// So many matching requests pass unharmed first.
    after: u64,
    /// It strikes so many times at most.
    times: u64,
    /// It strikes a matching request with this chance.
    probability: f64,
    random: SmallRng,
    struck: u64,
}

/// A rule that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("faults[{index}]: {says}")]
pub struct BadRule {
    index: usize,
    says: String,
}

impl Faults {
    /// Replaces all rules: `[{"match":{"provider","method","path_contains","query_contains"},"kind":"latency","ms":50,"times":3,"after":1}, …]`.
    pub fn set(&self, rules: &Value) -> Result<usize, BadRule> {
        let list = rules.as_array().ok_or(BadRule { index: 0, says: "a list of rules is wanted".into() })?;
        let parsed: Result<Vec<_>, _> =
            list.iter().enumerate().map(|(index, rule)| Rule::parse(rule).map_err(|says| BadRule { index, says })).collect();
        let parsed = parsed?;
        let count = parsed.len();
        self.any.store(count > 0, Ordering::Release);
        *self.lock() = parsed;
        Ok(count)
    }

    /// How often each rule has struck, in the order they were given.
    pub fn struck(&self) -> Vec<u64> {
        self.lock().iter().map(|rule| rule.struck).collect()
    }

    /// The fault that strikes this request, if one does.
    pub fn strike(&self, provider: &str, method: &Method, path: &str, query: &str) -> Option<Kind> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        self.lock().iter_mut().find_map(|rule| rule.strike(provider, method.as_str(), path, query))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Rule {
    fn parse(rule: &Value) -> Result<Self, String> {
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let number = |name: &str| rule.get(name).and_then(Value::as_u64);
        let matching = rule.get("match").unwrap_or(&Value::Null);
        for name in matching.as_object().into_iter().flat_map(serde_json::Map::keys) {
            if !matches!(name.as_str(), "provider" | "method" | "path_contains" | "query_contains") {
                return Err(format!("`match` has provider, method, path_contains and query_contains, not `{name}`"));
            }
        }
        let kind = Kind::parse(rule)?;
        let probability = match rule.get("probability") {
            None => 1.0,
            Some(value) => value.as_f64().filter(|chance| (0.0..=1.0).contains(chance)).ok_or("`probability` is 0 to 1")?,
        };
        Ok(Self {
            provider: text(matching, "provider"),
            method: text(matching, "method"),
            path_contains: text(matching, "path_contains"),
            query_contains: text(matching, "query_contains"),
            kind,
            after: number("after").unwrap_or(0),
            times: number("times").unwrap_or(u64::MAX),
            probability,
            random: SmallRng::seed_from_u64(number("seed").unwrap_or(0)),
            struck: 0,
        })
    }

    fn strike(&mut self, provider: &str, method: &str, path: &str, query: &str) -> Option<Kind> {
        let fits = self.provider.as_deref().is_none_or(|wanted| wanted == provider)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path_contains.as_deref().is_none_or(|wanted| path.contains(wanted))
            && self.query_contains.as_deref().is_none_or(|wanted| query.contains(wanted));
        if !fits || self.times == 0 {
            return None;
        }
        if self.after > 0 {
            self.after -= 1;
            return None;
        }
        if self.probability < 1.0 && self.random.random::<f64>() >= self.probability {
            return None;
        }
        self.times -= 1;
        self.struck += 1;
        Some(self.kind.clone())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_strikes_after_so_many_and_so_many_times() {
        let faults = Faults::default();
        faults
            .set(&json!([{"match": {"provider": "zoho", "method": "PUT", "path_contains": "/invoices"},
                          "kind": "reset_after", "after": 1, "times": 2}]))
            .unwrap();
        let strikes = |provider: &str, method: Method, path: &str| faults.strike(provider, &method, path, "").is_some();
        assert!(!strikes("xero", Method::PUT, "/invoices"));
        assert!(!strikes("zoho", Method::GET, "/invoices"));
        let answers: Vec<_> = (0..5).map(|_| strikes("zoho", Method::PUT, "/books/v3/invoices/1")).collect();
        assert_eq!(answers, [false, true, true, false, false]);
        assert_eq!(faults.struck(), [2]);
    }

    #[test]
    fn chance_is_repeatable() {
        let play = || {
            let faults = Faults::default();
            faults.set(&json!([{"kind": "html", "probability": 0.3, "seed": 7}])).unwrap();
            (0..100).map(|_| faults.strike("xero", &Method::GET, "/x", "").is_some()).collect::<Vec<_>>()
        };
        assert_eq!(play(), play());
        assert!((10..60).contains(&play().iter().filter(|struck| **struck).count()));
    }

    #[test]
    fn a_bad_rule_names_itself_and_changes_nothing() {
        let faults = Faults::default();
        faults.set(&json!([{"kind": "html"}])).unwrap();
        let says = |rules| faults.set(&rules).unwrap_err().to_string();
        assert_eq!(says(json!([{"kind": "html"}, {"kind": "fire"}])), "faults[1]: there is no kind `fire`");
        assert_eq!(says(json!([{"kind": "latency"}])), "faults[0]: latency needs `ms`");
        assert!(says(json!([{"kind": "status", "code": 99}])).contains("200 to 599"));
        assert!(says(json!([{"kind": "html", "probability": 2}])).contains("0 to 1"));
        assert!(says(json!([{"kind": "too_many", "limit": "week"}])).contains("minute, day, concurrent or appminute"));
        assert!(says(json!([{"kind": "normalise", "how": ["iron"]}])).contains("trim, upper, lower, round"));
        assert!(says(json!([{"kind": "unknown_enum"}])).contains("needs `field`"));
        assert!(says(json!([{"kind": "html", "match": {"path": "/x"}}])).contains("not `path`"));
        assert_eq!(faults.struck().len(), 1);
    }
}
