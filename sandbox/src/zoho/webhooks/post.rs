//! The carrier: sends what has been written down, in order and at once, or as unkindly as the control plane has ordered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand::seq::SliceRandom;
use reqwest::{Client, Method};
use tokio::sync::{Notify, oneshot};
use url::Url;

use super::signature;
use crate::Shared;
use crate::delivery::{self, Manner, Order};

/// A receiver must answer within this.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// A refused firing is tried again so long after, on the sandbox's clock, and then no more.
const RETRY_AFTER_MS: [i64; 3] = [60_000, 300_000, 1_800_000];
/// So many are read at once.
const BATCH: i64 = 1000;
/// How often the clock is looked at while something waits for its time.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// With `reorder`, firings gather for so long before they are shuffled.
const GATHER: Duration = Duration::from_millis(150);

/// Shared between those who fire, the control plane, and the carrier.
#[derive(Clone, Default)]
pub struct Post {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    written: AtomicBool,
    wake: Notify,
    manner: Mutex<Manner>,
    flushes: Mutex<Vec<oneshot::Sender<usize>>>,
}

impl Post {
    /// A firing has been written and its transaction is still open.
    pub fn expect_more(&self) {
        self.inner.written.store(true, Ordering::Relaxed);
    }

    /// A transaction is over: wakes the carrier when it wrote a firing.
    pub fn committed(&self) {
        if self.inner.written.swap(false, Ordering::Relaxed) {
            self.inner.wake.notify_one();
        }
    }

    pub fn manner(&self) -> Manner {
        lock(&self.inner.manner).clone()
    }

    pub fn follow(&self, order: &Order) {
        lock(&self.inner.manner).follow(order);
        self.inner.wake.notify_one();
    }

    /// Sends everything that waits, held or not yet due, once; answers how many firings that were.
    pub async fn flush(&self) -> usize {
        let (done, count) = oneshot::channel();
        lock(&self.inner.flushes).push(done);
        self.inner.wake.notify_one();
        count.await.unwrap_or_default()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries until the sandbox ends.
pub async fn run(shared: Shared) {
    let post = shared.zoho.post.clone();
    let http = match delivery::client(ANSWER_WITHIN) {
        Ok(http) => http,
        Err(error) => return tracing::error!(%error, "webhooks cannot be sent"),
    };
    loop {
        let flushes = std::mem::take(&mut *lock(&post.inner.flushes));
        let (hold, reorder) = {
            let manner = lock(&post.inner.manner);
            (manner.hold, manner.reorder)
        };
        if reorder && flushes.is_empty() && !hold {
            tokio::time::sleep(GATHER).await;
        }
        let flushed = !flushes.is_empty();
        let until = if flushed { i64::MAX } else { shared.clock.now().timestamp_millis() };
        let (mut count, mut after) = (0, 0);
        loop {
            let mut ready = if flushed || !hold { waiting(&shared, until, after) } else { Vec::new() };
            let Some(last) = ready.last() else { break };
            after = last.id;
            count += ready.len();
            if reorder {
                ready.shuffle(&mut lock(&post.inner.manner).dice);
            }
            for firing in ready {
                carry(&shared, &http, firing).await;
            }
            // A flush ends with the last that waits; else orders are looked at between batches.
            if !flushed {
                break;
            }
        }
        flushes.into_iter().for_each(|done| _ = done.send(count));
        if count == 0 && !flushed {
            sleep(&shared, &post, hold).await;
        }
    }
}

async fn sleep(shared: &Shared, post: &Post, hold: bool) {
    let waits = !hold && next_due(shared).is_some();
    let pause = if waits { LOOK_AGAIN } else { Duration::MAX };
    let _ = tokio::time::timeout(pause, post.inner.wake.notified()).await;
}

fn next_due(shared: &Shared) -> Option<i64> {
    let due = shared.store.with(|connection| {
        connection
            .prepare_cached("SELECT min(due_ms) FROM zoho_firing WHERE state = 'queued'")?
            .query_row([], |row| row.get::<_, Option<i64>>(0))
    });
    due.unwrap_or_else(|error| {
        tracing::error!(%error, "firings could not be read");
        None
    })
}

struct Firing {
    id: i64,
    attempts: u32,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    form: Option<Vec<(String, String)>>,
    body: String,
    secret: String,
}

/// The oldest that wait, of those behind an id.
fn waiting(shared: &Shared, until_ms: i64, after: i64) -> Vec<Firing> {
    let read = |connection: &rusqlite::Connection| -> rusqlite::Result<Vec<Firing>> {
        let mut statement = connection.prepare_cached(
            "SELECT id, attempts, method, url, headers, form, body, secret FROM zoho_firing WHERE state = 'queued' AND due_ms <= ?1 AND id > ?3 ORDER BY id LIMIT ?2",
        )?;
        let rows = statement.query_map((until_ms, BATCH, after), |row| {
            let (headers, form): (String, Option<String>) = (row.get(4)?, row.get(5)?);
            Ok(Firing {
                id: row.get(0)?,
                attempts: row.get(1)?,
                method: row.get(2)?,
                url: row.get(3)?,
                headers: serde_json::from_str(&headers).unwrap_or_default(),
                form: form.and_then(|form| serde_json::from_str(&form).ok()),
                body: row.get(6)?,
                secret: row.get(7)?,
            })
        })?;
        rows.collect()
    };
    shared.store.with(read).unwrap_or_else(|error| {
        tracing::error!(%error, "firings could not be read");
        Vec::new()
    })
}

/// How one attempt ended.
struct Outcome {
    state: &'static str,
    code: Option<u16>,
    says: String,
}

/// Sends one firing and writes down what came of it.
async fn carry(shared: &Shared, http: &Client, firing: Firing) {
    let (lost, twice) = {
        let mut manner = lock(&shared.zoho.post.inner.manner);
        (manner.loses(), manner.duplicate)
    };
    let outcome = match (lost, Url::parse(&firing.url).is_ok_and(|url| delivery::is_here(&url))) {
        (true, _) => Outcome { state: "lost", code: None, says: "lost by order of the control plane".into() },
        (_, false) => Outcome { state: "failure", code: None, says: "the sandbox sends to this machine only".into() },
        (false, true) => {
            let outcome = send(shared, http, &firing).await;
            if twice {
                send(shared, http, &firing).await;
            }
            outcome
        }
    };
    let attempts = firing.attempts + 1;
    let refused = outcome.state == "refused";
    let again = refused && shared.switches.on("zoho.webhooks_are_tried_again");
    let (state, due) = match RETRY_AFTER_MS.get(firing.attempts as usize).filter(|_| again) {
        Some(wait) => ("queued", shared.clock.now().timestamp_millis() + wait),
        None if refused => ("failure", 0),
        None => (outcome.state, 0),
    };
    let written = shared.store.with(|connection| {
        connection
            .prepare_cached("UPDATE zoho_firing SET state = ?2, due_ms = ?3, attempts = ?4, code = ?5, says = ?6 WHERE id = ?1")?
            .execute((firing.id, state, due, attempts, outcome.code, outcome.says))
    });
    if let Err(error) = written {
        tracing::error!(%error, "a firing could not be written down");
    }
}

async fn send(shared: &Shared, http: &Client, firing: &Firing) -> Outcome {
    let method = Method::from_bytes(firing.method.as_bytes()).unwrap_or(Method::POST);
    let kind = if firing.form.is_some() { "application/x-www-form-urlencoded" } else { "application/json" };
    let mut request = http.request(method, &firing.url).body(firing.body.clone());
    if !firing.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        request = request.header("Content-Type", kind);
    }
    for (name, value) in &firing.headers {
        request = request.header(name, value);
    }
    if let Some(signature) = signature(shared, firing) {
        request = request.header(signature::HEADER, signature);
    }
    match request.send().await {
        Ok(answer) if answer.status().is_success() => {
            Outcome { state: "success", code: Some(answer.status().as_u16()), says: String::new() }
        }
        Ok(answer) => Outcome { state: "refused", code: Some(answer.status().as_u16()), says: "The receiver refused it.".into() },
        Err(error) => Outcome { state: "refused", code: None, says: error.without_url().to_string() },
    }
}

fn signature(shared: &Shared, firing: &Firing) -> Option<String> {
    if firing.secret.is_empty() {
        return None;
    }
    if shared.switches.on("zoho.webhook_signature_is_timed") {
        return Some(signature::timed(&firing.secret, shared.clock.now().timestamp_millis(), &firing.body));
    }
    if !shared.switches.on("zoho.webhook_signature_covers_parameters") {
        return Some(signature::hex(&firing.secret, &firing.body));
    }
    let query = Url::parse(&firing.url).ok()?;
    let mut parameters: Vec<(String, String)> = query.query_pairs().into_owned().collect();
    let body = match &firing.form {
        Some(form) => {
            parameters.extend(form.iter().cloned());
            ""
        }
        None => &firing.body,
    };
    Some(signature::of_parameters(&firing.secret, &mut parameters, body))
}
