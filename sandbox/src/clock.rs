//! The sandbox's own time: the machine's clock plus an offset that the control plane moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Shared and movable. All lifetimes, windows and timestamps of the sandbox are read from it.
#[derive(Clone, Default)]
pub struct Clock {
    offset_us: Arc<AtomicI64>,
}

impl Clock {
    /// Now, as both companies see it.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + TimeDelta::microseconds(self.offset_us.load(Ordering::Relaxed))
    }

    /// Moves time forward (or back) by so many milliseconds.
    pub fn advance_ms(&self, by: i64) {
        self.offset_us.fetch_add(by * 1000, Ordering::Relaxed);
    }
}
