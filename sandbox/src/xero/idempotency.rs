//! Idempotency-Key: who asks the same thing twice within six minutes gets the first answer again.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

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
    /// Some call with a key has ended.
    ended: Arc<Condvar>,
}

#[derive(Default)]
struct State {
    known: HashMap<String, Known>,
    /// Keys of calls that are not answered yet.
    begun: HashSet<String>,
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
pub enum Seen<'a> {
    /// Nothing: the call is to be answered.
    No(Begun<'a>),
    /// The same call: its answer.
    Same(Rendered),
    /// Another call.
    Other,
}

/// A call with a key that is being answered; another one with this key waits until it ends, however that is.
pub struct Begun<'a> {
    keys: &'a Idempotency,
    key: &'a str,
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
    /// What is known of a key once nobody else is answering a call with it. Answers are worked out without waiting for anything but
    /// the store, so that who waits here waits no longer than for one of them.
    pub fn begin<'a>(&'a self, key: &'a str, asked: &[u8; 32], now_ms: i64) -> Seen<'a> {
        let mut state = self.lock();
        while state.begun.contains(key) {
            state = self.ended.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        state.forget(now_ms);
        match state.known.get(key) {
            Some(known) if known.asked == *asked => Seen::Same(known.answer.clone()),
            Some(_) => Seen::Other,
            None => {
                state.begun.insert(key.to_owned());
                Seen::No(Begun { keys: self, key })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Begun<'_> {
    pub fn keep(self, asked: [u8; 32], answer: Rendered, now_ms: i64) {
        let mut state = self.keys.lock();
        state.bytes += answer.body.len();
        state.order.push_back((now_ms, self.key.to_owned()));
        if let Some(before) = state.known.insert(self.key.to_owned(), Known { at_ms: now_ms, asked, answer }) {
            state.bytes -= before.answer.body.len();
        }
        state.forget(now_ms);
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.keys.lock().begun.remove(self.key);
        self.keys.ended.notify_all();
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

    fn keep(keys: &Idempotency, key: &str, asked: [u8; 32], bytes: usize) {
        let Seen::No(begun) = keys.begin(key, &asked, 0) else { panic!("{key} is known") };
        begun.keep(asked, Rendered { status: 200, kind: None, body: Bytes::from(vec![0; bytes]) }, 0);
    }

    #[test]
    fn a_key_lives_six_minutes_from_its_first_call() {
        let keys = Idempotency::default();
        let (one, other) = (asked("PUT", "/a", b"1"), asked("PUT", "/a", b"2"));
        keep(&keys, "k", one, 3);
        assert!(matches!(keys.begin("k", &one, LIFE_MS - 1), Seen::Same(found) if found.body.len() == 3));
        assert!(matches!(keys.begin("k", &other, LIFE_MS - 1), Seen::Other));
        assert!(matches!(keys.begin("k", &one, LIFE_MS), Seen::No(_)));
    }

    #[test]
    fn what_is_remembered_has_a_bound() {
        let keys = Idempotency::default();
        for number in 0..40 {
            keep(&keys, &number.to_string(), asked("PUT", "/", b""), 1 << 20);
        }
        let state = keys.state.lock().unwrap();
        assert!(state.bytes <= BYTES_MAX && state.known.len() == state.order.len() && state.known.len() == 32);
        assert!(!state.known.contains_key("0") && state.known.contains_key("39"));
    }

    #[test]
    fn who_asks_while_the_first_call_is_being_answered_waits_for_it() {
        let keys = Idempotency::default();
        let one = asked("PUT", "/a", b"1");
        let Seen::No(begun) = keys.begin("k", &one, 0) else { panic!("the first call is new") };
        std::thread::scope(|scope| {
            let second = scope.spawn(|| matches!(keys.begin("k", &one, 0), Seen::Same(_)));
            std::thread::sleep(std::time::Duration::from_millis(20));
            begun.keep(one, Rendered { status: 200, kind: None, body: Bytes::new() }, 0);
            assert!(second.join().unwrap());
        });
        // A call that fails leaves nothing behind, and the next one is new.
        let Seen::No(failed) = keys.begin("other", &one, 0) else { panic!("it is new") };
        drop(failed);
        assert!(matches!(keys.begin("other", &one, 0), Seen::No(_)));
    }
}
