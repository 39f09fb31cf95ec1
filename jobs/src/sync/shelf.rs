//! The shelf: a page that was read but not yet carried, kept in memory between two slices. Bodies live here and nowhere else.
//!
//! Losing it costs one call: the cursor has not moved, so the page is read again and what was settled is recognised by its prints.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use connectors::flow::Record;
use entities::clock::At;
use entities::ids::{LaneId, RunId};

/// Pages kept at most, over all links of this process. A page is a few MiB.
const PAGES_MAX: usize = 4;

/// One record still to be carried.
pub struct Todo {
    pub record: Box<dyn Record>,
    pub prints: Vec<u8>,
    /// The record's id in Zoho, when it was paired before.
    pub zoho_id: Option<String>,
}

/// One page and where its lane goes on after it.
pub struct Shelf {
    pub run: RunId,
    pub anchor: Option<At>,
    pub page: i32,
    pub todo: VecDeque<Todo>,
    pub after: After,
    pub counts: Counts,
}

/// The lane's cursor once the page is carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    Next {
        anchor: Option<At>,
        page: i32,
    },
    /// The list has no more.
    Done,
}

/// What the page adds to the run's counters when its cursor is committed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub seen: i64,
    pub unchanged: i64,
    pub skipped: i64,
    pub expected: Option<i64>,
}

/// All shelves of this process.
#[derive(Clone, Default)]
pub struct Shelves {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    pages: HashMap<LaneId, Shelf>,
    order: VecDeque<LaneId>,
    /// Records of the anchor's second that an earlier page of the same pull had: they are read twice but counted once.
    boundary: HashMap<LaneId, (RunId, HashSet<String>)>,
}

impl Shelves {
    /// Takes the lane's page, if it is the one its cursor stands at.
    pub fn take(&self, lane: LaneId, run: RunId, anchor: Option<At>, page: i32) -> Option<Shelf> {
        let mut inner = self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        inner.order.retain(|other| *other != lane);
        inner.pages.remove(&lane).filter(|shelf| shelf.run == run && shelf.anchor == anchor && shelf.page == page)
    }

    /// Keeps a page; the oldest makes room.
    pub fn put(&self, lane: LaneId, shelf: Shelf) {
        let mut inner = self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        inner.order.retain(|other| *other != lane);
        while inner.order.len() >= PAGES_MAX {
            if let Some(oldest) = inner.order.pop_front() {
                inner.pages.remove(&oldest);
            }
        }
        inner.order.push_back(lane);
        inner.pages.insert(lane, shelf);
    }

    /// Whether an earlier page of this pull had the record.
    pub fn had(&self, lane: LaneId, run: RunId, id: &str) -> bool {
        let inner = self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        inner.boundary.get(&lane).is_some_and(|(of, ids)| *of == run && ids.contains(id))
    }

    /// Notes the records that the next page will show again.
    pub fn remember(&self, lane: LaneId, run: RunId, ids: HashSet<String>, same_second: bool) {
        let mut inner = self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let entry = inner.boundary.entry(lane).or_insert_with(|| (run, HashSet::new()));
        if entry.0 != run || !same_second {
            *entry = (run, HashSet::new());
        }
        entry.1.extend(ids);
    }

    /// Forgets a lane whose pull has ended.
    pub fn forget(&self, lane: LaneId) {
        let mut inner = self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        inner.boundary.remove(&lane);
        inner.pages.remove(&lane);
        inner.order.retain(|other| *other != lane);
    }
}
