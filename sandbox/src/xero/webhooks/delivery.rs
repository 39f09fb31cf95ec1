//! Delivery: the intent to receive, signing, batches, retries with decreasing frequency, and giving up.

use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};
use reqwest::Client;
use reqwest::header::{CONTENT_TYPE, SET_COOKIE};
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::events::{self, Waiting};
use super::{Failing, Payload, State, Status};
use crate::xero::sessions;
use crate::{Shared, XERO_WEBHOOK_KEY, delivery};

/// An answer has to come in this time.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// One delivery holds so many events.
const EVENTS_MAX: usize = 100;
/// Changes that follow one another closely go out together.
const GATHER: Duration = Duration::from_millis(15);
/// How often it is looked whether the sandbox's clock, which can be moved, has reached the next attempt.
const LOOK: Duration = Duration::from_millis(50);
/// Waits between attempts, in seconds; the last one repeats. How Xero's frequency decreases is not documented.
const WAITS_S: [i64; 8] = [10, 60, 300, 900, 1800, 3600, 7200, 14_400];
/// After so long the webhook is disabled.
const GIVE_UP_MS: i64 = 24 * 3600 * 1000;

/// How an address answered.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: Option<u16>,
    /// What is wrong with the answer, whatever its status.
    pub flaw: Option<String>,
}

impl Answered {
    fn accepts(&self) -> bool {
        self.status == Some(200) && self.flaw.is_none()
    }

    fn refuses(&self) -> bool {
        self.status == Some(401) && self.flaw.is_none()
    }
}

/// base64 of HMAC-SHA256 over the bytes of the body.
pub fn signature(key: &str, body: &str) -> String {
    // A key of any length is taken; this never fails.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_bytes()) else { return String::new() };
    mac.update(body.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

pub fn client() -> reqwest::Result<Client> {
    delivery::client(ANSWER_WITHIN)
}

/// Several empty deliveries, half of them with a wrong signature. True when each was answered as it should be.
pub async fn intent_to_receive(shared: &Shared, client: &Client, url: &Url) -> bool {
    let mut order = [true, false, true, false];
    let body =
        json!({"events": [], "firstEventSequence": 0, "lastEventSequence": 0, "entropy": entropy(&mut rand::rng())}).to_string();
    order.shuffle(&mut rand::rng());
    let mut passed = true;
    for right in order {
        let key = if right { XERO_WEBHOOK_KEY } else { "not-the-key-of-this-app" };
        let answered = post(client, url, &body, &signature(key, &body)).await;
        let good = if right { answered.accepts() } else { answered.refuses() };
        passed &= good;
        let entry = json!({
            "at": shared.clock.now(), "kind": "intent to receive", "signature": if right { "right" } else { "wrong" },
            "status": answered.status, "flaw": answered.flaw, "good": good,
        });
        shared.xero.webhooks.state().note(entry);
    }
    passed
}

async fn post(client: &Client, url: &Url, body: &str, signature: &str) -> Answered {
    let call = client.post(url.clone()).header(CONTENT_TYPE, "application/json").header("x-xero-signature", signature);
    let answer = match call.body(body.to_owned()).send().await {
        Ok(answer) => answer,
        Err(error) => {
            let flaw = if error.is_timeout() { "no answer within 5 seconds" } else { "the address could not be reached" };
            return Answered { status: None, flaw: Some(flaw.into()) };
        }
    };
    let status = answer.status().as_u16();
    let cookies = answer.headers().contains_key(SET_COOKIE);
    let flaw = match answer.bytes().await {
        Ok(bytes) if !bytes.is_empty() => Some("the answer has a body"),
        Ok(_) if cookies => Some("the answer sets cookies"),
        Ok(_) => None,
        Err(_) => Some("the answer broke off"),
    };
    Answered { status: Some(status), flaw: flaw.map(str::to_owned) }
}

/// Delivers until the address changes.
pub async fn run(shared: Shared, client: Client, url: Url, generation: u64) {
    let webhooks = shared.xero.webhooks.clone();
    loop {
        let waits_for_the_clock = webhooks.state().failing.is_some();
        if waits_for_the_clock {
            tokio::time::sleep(LOOK).await;
        } else {
            webhooks.inner.wake.notified().await;
            tokio::time::sleep(GATHER).await;
        }
        if webhooks.inner.generation.load(Ordering::Acquire) != generation {
            // The task of the new address may have been meant.
            webhooks.wake();
            return;
        }
        while let Some(payload) = next(&shared) {
            let answered = post(&client, &url, &payload.body, &signature(XERO_WEBHOOK_KEY, &payload.body)).await;
            if webhooks.inner.generation.load(Ordering::Acquire) != generation {
                return;
            }
            settle(&shared, &payload, &answered);
        }
    }
}

/// What goes out now. None: nothing waits, or not yet.
fn next(shared: &Shared) -> Option<Payload> {
    let now_ms = shared.clock.now().timestamp_millis();
    let mut state = shared.xero.webhooks.state();
    if state.status != Status::Ok || state.failing.is_some_and(|failing| now_ms < failing.next_ms) {
        return None;
    }
    // What is lost or nobody's leaves nothing to deliver; then there may be more.
    while state.queue.is_empty() {
        let up_to = if state.manner.hold { state.release } else { i64::MAX };
        let taken = shared.store.atomically(|connection| {
            let taken = events::take(connection, now_ms, up_to, EVENTS_MAX)?;
            let connected: Vec<String> = sessions::connections(connection)?.into_iter().map(|known| known.tenant).collect();
            Ok::<_, rusqlite::Error>((taken, connected))
        });
        match taken {
            Ok((taken, _)) if taken.is_empty() => return None,
            Ok((taken, connected)) => pack(&mut state, taken, &connected),
            Err(error) => {
                tracing::error!(%error, "events could not be read");
                return None;
            }
        }
    }
    state.queue.front().cloned()
}

/// Makes payloads of events, in whatever manner is ordered.
fn pack(state: &mut State, taken: Vec<Waiting>, connected: &[String]) {
    let text = |event: &Value, name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut events = Vec::with_capacity(taken.len());
    for waiting in taken {
        let wanted = state.categories.contains(&text(&waiting.event, "eventCategory"))
            && connected.contains(&text(&waiting.event, "tenantId"));
        if !wanted && !waiting.forced {
            continue;
        }
        if state.manner.loses() {
            state.lost += 1;
            continue;
        }
        events.push((waiting.seq, waiting.event));
    }
    let mut batches = vec![events];
    if state.manner.reorder {
        batches[0].shuffle(&mut state.manner.dice);
        // Two deliveries, the later one first.
        let half = batches[0].len() / 2;
        let late = batches[0].split_off(half);
        batches.insert(0, late);
    }
    for batch in batches.into_iter().filter(|batch| !batch.is_empty()) {
        let first = batch.iter().map(|(seq, _)| *seq).min().unwrap_or_default();
        let last = batch.iter().map(|(seq, _)| *seq).max().unwrap_or_default();
        let events: Vec<Value> = batch.into_iter().map(|(_, event)| event).collect();
        let count = events.len();
        let body = json!({
            "events": events, "firstEventSequence": first, "lastEventSequence": last, "entropy": entropy(&mut state.manner.dice),
        });
        let payload = Payload { first, last, events: count, body: body.to_string() };
        if state.manner.duplicate {
            state.queue.push_back(payload.clone());
        }
        state.queue.push_back(payload);
    }
}

/// Notes a delivery, and decides when it is tried again.
fn settle(shared: &Shared, payload: &Payload, answered: &Answered) {
    let now = shared.clock.now();
    let now_ms = now.timestamp_millis();
    let mut state = shared.xero.webhooks.state();
    let good = answered.accepts();
    let mut entry = json!({
        "at": now, "kind": "events", "events": payload.events, "first": payload.first, "last": payload.last,
        "status": answered.status, "flaw": answered.flaw, "good": good,
    });
    if good {
        state.queue.pop_front();
        state.failing = None;
        state.delivered += payload.events as u64;
    } else {
        let was = state.failing.unwrap_or(Failing { since_ms: now_ms, attempts: 0, next_ms: 0 });
        let wait_s = WAITS_S.get(was.attempts).or(WAITS_S.last()).copied().unwrap_or_default();
        let failing = Failing { attempts: was.attempts + 1, next_ms: now_ms + wait_s * 1000, ..was };
        entry["attempt"] = failing.attempts.into();
        if now_ms - failing.since_ms >= GIVE_UP_MS {
            state.status = Status::Disabled;
            state.failing = None;
            entry["disabled"] = true.into();
        } else {
            state.failing = Some(failing);
            entry["next_attempt_in_s"] = wait_s.into();
        }
    }
    state.note(entry);
}

/// Twenty letters, as Xero's are.
fn entropy(dice: &mut impl Rng) -> String {
    (0..20).map(|_| char::from(b'A' + dice.random_range(0..26_u8))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_raw_bytes() {
        // RFC 4231, test case 2.
        let expected: Vec<u8> = (0..64)
            .step_by(2)
            .map(|at| {
                u8::from_str_radix(&"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"[at..at + 2], 16).unwrap()
            })
            .collect();
        assert_eq!(signature("Jefe", "what do ya want for nothing?"), STANDARD.encode(expected));
        assert_ne!(signature("Jefe", "{}"), signature("Jefe", "{ }"));
    }

    #[test]
    fn waits_grow_and_entropy_is_twenty_letters() {
        assert!(WAITS_S.is_sorted());
        let text = entropy(&mut rand::rng());
        assert!(text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_uppercase()));
    }
}
