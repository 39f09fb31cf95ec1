//! Faults on order: which request they strike, how often, by what chance.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;

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

/// What happens to a request that is struck.
#[derive(Clone, Debug)]
pub enum Kind {
    /// The provider does it, and its answer comes late.
    Latency { ms: u64 },
    /// Something else answers; the provider does nothing.
    Status { code: u16, body: String, headers: Vec<(String, String)> },
    /// A login page with 200, as a proxy or an expired session gives.
    Html,
    /// The provider does it, and its answer is cut in the middle.
    TruncatedJson,
    /// The connection ends before anything is committed.
    ResetBefore,
    /// The provider does it, and the answer is lost.
    ResetAfter,
    /// All tokens die before the request is looked at.
    RevokeToken,
    /// After the answer somebody edits a Xero record in a way that does not move UpdatedDateUTC.
    SilentEdit { tenant: String, resource: String, record: Value },
}

/// A rule that cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("faults[{index}]: {says}")]
pub struct BadRule {
    index: usize,
    says: String,
}

impl Faults {
    /// Replaces all rules: `[{"match":{"provider","method","path_contains"},"kind":"latency","ms":50,"times":3,"after":1}, …]`.
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
    pub fn strike(&self, provider: &str, method: &Method, path: &str) -> Option<Kind> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        self.lock().iter_mut().find_map(|rule| rule.strike(provider, method.as_str(), path))
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
        let kind = match text(rule, "kind").as_deref() {
            Some("latency") => Kind::Latency { ms: number("ms").ok_or("latency needs `ms`")? },
            Some("status") => Kind::Status {
                code: number("code")
                    .and_then(|code| u16::try_from(code).ok())
                    .filter(|code| (200..600).contains(code))
                    .ok_or("status needs `code`, 200 to 599")?,
                body: match rule.get("body") {
                    Some(Value::String(text)) => text.clone(),
                    Some(other) => other.to_string(),
                    None => String::new(),
                },
                headers: headers(rule.get("headers"))?,
            },
            Some("html") => Kind::Html,
            Some("truncated_json") => Kind::TruncatedJson,
            Some("reset_before") => Kind::ResetBefore,
            Some("reset_after") => Kind::ResetAfter,
            Some("revoke_token") => Kind::RevokeToken,
            Some("silent_edit") => Kind::SilentEdit {
                tenant: text(rule, "tenant").ok_or("silent_edit needs `tenant`")?,
                resource: text(rule, "resource").ok_or("silent_edit needs `resource`")?,
                record: rule.get("record").cloned().ok_or("silent_edit needs `record`")?,
            },
            Some(other) => return Err(format!("there is no kind `{other}`")),
            None => return Err("`kind` is missing".into()),
        };
        let probability = match rule.get("probability") {
            None => 1.0,
            Some(value) => value.as_f64().filter(|chance| (0.0..=1.0).contains(chance)).ok_or("`probability` is 0 to 1")?,
        };
        Ok(Self {
            provider: text(matching, "provider"),
            method: text(matching, "method"),
            path_contains: text(matching, "path_contains"),
            kind,
            after: number("after").unwrap_or(0),
            times: number("times").unwrap_or(u64::MAX),
            probability,
            random: SmallRng::seed_from_u64(number("seed").unwrap_or(0)),
            struck: 0,
        })
    }

    fn strike(&mut self, provider: &str, method: &str, path: &str) -> Option<Kind> {
        let fits = self.provider.as_deref().is_none_or(|wanted| wanted == provider)
            && self.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path_contains.as_deref().is_none_or(|wanted| path.contains(wanted));
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

fn headers(value: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let Some(value) = value else {
        return Ok(Vec::new());
    };
    let map = value.as_object().ok_or("`headers` is an object")?;
    map.iter()
        .map(|(name, value)| {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            HeaderName::try_from(name.as_str()).map_err(|_| format!("`{name}` is no header name"))?;
            HeaderValue::from_str(&value).map_err(|_| format!("`{value}` is no header value"))?;
            Ok((name.clone(), value))
        })
        .collect()
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
        let strikes = |provider: &str, method: Method, path: &str| faults.strike(provider, &method, path).is_some();
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
            (0..100).map(|_| faults.strike("xero", &Method::GET, "/x").is_some()).collect::<Vec<_>>()
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
        assert_eq!(faults.struck().len(), 1);
    }
}
