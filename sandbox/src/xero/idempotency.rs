//! Idempotency-Key: who asks the same thing twice within six minutes gets the first answer again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};

use super::api::Rendered;

/// A key is remembered for so long from its first call.
const LIFE_MS: i64 = 6 * 60 * 1000;
pub const KEY_CHARS_MAX: usize = 128;
/// Never so many keys, nor so many bytes of answers; the oldest go first.
const KEYS_MAX: usize = 10_000;
const BYTES_MAX: usize = 32 << 20;

/// Shared by all organisations: a key belongs to the app, and the app has to keep its customers apart.
#[derive(Clone, Default)]
pub struct Idempotency {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    known: HashMap<String, Known>,
    /// Keys and the time of their first call, the oldest first.
    order: VecDeque<(i64, String)>,
    bytes: usize,
}

struct Known {
    at_ms: i64,
    asked: [u8; 32],
    answer: Rendered,
}

/// What is known of a key.
pub enum Seen {
    No,
    /// The same call: its answer.
    Same(Rendered),
    /// Another call.
    Other,
}

/// What makes a call the same: its method, its address, its body.
pub fn asked(method: &str, address: &str, body: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [method.as_bytes(), address.as_bytes()] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update(body);
    hash.finalize().into()
}

impl Idempotency {
    pub fn seen(&self, key: &str, asked: &[u8; 32], now_ms: i64) -> Seen {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.forget(now_ms);
        match state.known.get(key) {
            Some(known) if known.asked == *asked => Seen::Same(known.answer.clone()),
            Some(_) => Seen::Other,
            None => Seen::No,
        }
    }

    pub fn keep(&self, key: &str, asked: [u8; 32], answer: Rendered, now_ms: i64) {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.bytes += answer.body.len();
        state.order.push_back((now_ms, key.to_owned()));
        if let Some(before) = state.known.insert(key.to_owned(), Known { at_ms: now_ms, asked, answer }) {
            state.bytes -= before.answer.body.len();
        }
        state.forget(now_ms);
    }
}

impl State {
    fn forget(&mut self, now_ms: i64) {
        while let Some((at_ms, key)) = self.order.front() {
            let room = self.order.len() <= KEYS_MAX && self.bytes <= BYTES_MAX;
            if room && now_ms < at_ms + LIFE_MS {
                return;
            }
            if self.known.get(key).is_some_and(|known| known.at_ms == *at_ms)
                && let Some(known) = self.known.remove(key)
            {
                self.bytes -= known.answer.body.len();
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::web::Bytes;

    use super::*;

    fn answer(bytes: usize) -> Rendered {
        Rendered { status: 200, kind: None, body: Bytes::from(vec![0; bytes]) }
    }

    #[test]
    fn a_key_lives_six_minutes_from_its_first_call() {
        let keys = Idempotency::default();
        let (one, other) = (asked("PUT", "/a", b"1"), asked("PUT", "/a", b"2"));
        assert!(matches!(keys.seen("k", &one, 0), Seen::No));
        keys.keep("k", one, answer(3), 0);
        assert!(matches!(keys.seen("k", &one, LIFE_MS - 1), Seen::Same(found) if found.body.len() == 3));
        assert!(matches!(keys.seen("k", &other, LIFE_MS - 1), Seen::Other));
        assert!(matches!(keys.seen("k", &one, LIFE_MS), Seen::No));
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let keys = Idempotency::default();
        for number in 0..40 {
            keys.keep(&number.to_string(), asked("PUT", "/", b""), answer(1 << 20), 0);
        }
        let state = keys.state.lock().unwrap();
        assert!(state.bytes <= BYTES_MAX && state.known.len() == state.order.len() && state.known.len() == 32);
        assert!(!state.known.contains_key("0") && state.known.contains_key("39"));
    }
}
