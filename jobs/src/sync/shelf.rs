//! The shelf: a page that was read but not yet carried, kept in memory between two slices. Bodies live here and nowhere else.
//!
//! Losing it costs one call: the cursor has not moved, so the page is read again and what was settled is recognised by its prints.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use connectors::flow::Record;
use entities::clock::At;
use entities::ids::{LaneId, LinkId, RunId};
use serde_json::Value;

use super::slice::Lane;

/// Pages kept at most, over all links of this process. A page is a few MiB.
const PAGES_MAX: usize = 4;

/// Links whose lists are kept at most.
const DIRECTORIES_MAX: usize = 32;

/// Names of records kept at most. A sentence without one says less, and that is all.
const LABELS_MAX: usize = 20_000;

/// One record still to be carried.
pub struct Todo {
    pub record: Box<dyn Record>,
    pub prints: Vec<u8>,
    /// The record's id in Zoho, when it was paired before.
    pub zoho_id: Option<String>,
    /// It was sent before, and nobody knows whether it arrived.
    pub is_doubtful: bool,
    /// Both sides were looked at: the fields that did not change in Xero are left alone.
    pub spared: Option<Spared>,
}

/// What an update knows of Zoho's side.
pub struct Spared {
    /// Zoho's record as it is.
    pub there: Value,
    /// The names of the fields that changed in Xero.
    pub changed: Vec<&'static str>,
}

impl Todo {
    /// One of which nothing is in doubt.
    pub fn known(record: Box<dyn Record>, prints: Vec<u8>, zoho_id: Option<String>) -> Self {
        Self { record, prints, zoho_id, is_doubtful: false, spared: None }
    }
}

/// One page, what each lane that shares it has to do, and where its lane goes on after it.
pub struct Shelf {
    pub run: RunId,
    pub anchor: Option<At>,
    pub page: i32,
    pub parts: Vec<Part>,
    pub after: After,
    /// Records that the next page will show again.
    pub boundary: Boundary,
}

/// One lane's share of a page.
pub struct Part {
    pub lane: Lane,
    pub todo: VecDeque<Todo>,
    pub counts: Counts,
    /// Every record of it is decided or still on it. A page that lost sight of one is not kept: it is read again.
    pub whole: bool,
}

impl Shelf {
    fn is_whole(&self) -> bool {
        self.parts.iter().all(|part| part.whole)
    }
}

/// The ids of the second in which a page ends.
#[derive(Debug, Clone, Default)]
pub struct Boundary {
    pub ids: HashSet<String>,
    /// The next page is of the same second: these ids come on top of the earlier ones.
    pub same_second: bool,
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

/// A lane has a place for the page at its cursor, and one for each way of reading that has no page: records that were read again by id,
/// lists of what hangs on records.
type Place = (LaneId, i32);

fn place(lane: LaneId, page: i32) -> Place {
    (lane, page.min(0))
}

/// All shelves of this process.
#[derive(Clone, Default)]
pub struct Shelves {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    pages: HashMap<Place, Shelf>,
    order: VecDeque<Place>,
    /// Records of the anchor's second that an earlier page of the same pull had: they are read twice but carried and counted once.
    boundary: HashMap<LaneId, (RunId, HashSet<String>)>,
    /// Zoho's lists of kinds without upsert, as one run knows them.
    directories: HashMap<LinkId, (RunId, i64, Directories)>,
    /// What people call the records on which something hangs, for sentences about that.
    labels: HashMap<String, String>,
}

/// Zoho's existing records by the path of their list.
pub type Directories = HashMap<&'static str, Vec<Value>>;

impl Shelves {
    /// Takes the lane's page, if it is the one its cursor stands at.
    pub fn take(&self, lane: LaneId, run: RunId, anchor: Option<At>, page: i32) -> Option<Shelf> {
        let mut inner = self.lock();
        let place = place(lane, page);
        inner.order.retain(|other| *other != place);
        inner.pages.remove(&place).filter(|shelf| shelf.run == run && shelf.anchor == anchor && shelf.page == page)
    }

    /// Keeps a page; the oldest makes room.
    pub fn put(&self, lane: LaneId, shelf: Shelf) {
        if !shelf.is_whole() {
            return;
        }
        let mut inner = self.lock();
        let place = place(lane, shelf.page);
        inner.order.retain(|other| *other != place);
        while inner.order.len() >= PAGES_MAX {
            if let Some(oldest) = inner.order.pop_front() {
                inner.pages.remove(&oldest);
            }
        }
        inner.order.push_back(place);
        inner.pages.insert(place, shelf);
    }

    /// Whether an earlier page of this pull, one whose cursor is committed, had the record.
    pub fn had(&self, lane: LaneId, run: RunId, id: &str) -> bool {
        self.lock().boundary.get(&lane).is_some_and(|(of, ids)| *of == run && ids.contains(id))
    }

    /// Notes the records that the next page will show again. Only after the cursor is committed: a page that is read again must not
    /// take its own records for those of the page before.
    pub fn remember(&self, lane: LaneId, run: RunId, boundary: Boundary) {
        let mut inner = self.lock();
        let entry = inner.boundary.entry(lane).or_insert_with(|| (run, HashSet::new()));
        if entry.0 != run || !boundary.same_second {
            *entry = (run, HashSet::new());
        }
        entry.1.extend(boundary.ids);
    }

    /// Forgets a lane whose pull has ended.
    pub fn forget(&self, lane: LaneId) {
        let mut inner = self.lock();
        inner.boundary.remove(&lane);
        inner.pages.remove(&place(lane, 1));
        inner.order.retain(|other| *other != place(lane, 1));
    }

    /// Takes the lists that the turn before made, if it was this process's and of the same run: to list again each turn would use up
    /// what a turn may call. If another worker had a turn in between, it may have created what these do not show.
    pub fn take_directories(&self, link: LinkId, run: RunId, fence: i64) -> Directories {
        let kept = self.lock().directories.remove(&link);
        kept.filter(|(of, at, _)| *of == run && at + 1 == fence).map(|(_, _, directories)| directories).unwrap_or_default()
    }

    /// Keeps them for the run's next turn.
    pub fn put_directories(&self, link: LinkId, run: RunId, fence: i64, directories: Directories) {
        let mut inner = self.lock();
        if inner.directories.len() >= DIRECTORIES_MAX {
            inner.directories.clear();
        }
        inner.directories.insert(link, (run, fence, directories));
    }

    /// What people call this record, if it was read by this process not too long ago.
    pub fn label(&self, id: &str) -> Option<String> {
        self.lock().labels.get(id).cloned()
    }

    pub fn name(&self, labels: impl IntoIterator<Item = (String, String)>) {
        let mut inner = self.lock();
        if inner.labels.len() >= LABELS_MAX {
            inner.labels.clear();
        }
        inner.labels.extend(labels);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use entities::chance::SeededChance;
    use entities::clock::MovableClock;

    use super::*;

    #[test]
    fn records_read_again_do_not_push_the_lanes_page_off_the_shelf() {
        let (clock, chance) = (MovableClock::default(), SeededChance::new(1));
        let (lane, run) = (LaneId::new(&clock, &chance), RunId::new(&clock, &chance));
        let shelf =
            |page| Shelf { run, anchor: None, page, parts: Vec::new(), after: After::Done, boundary: Boundary::default() };
        let shelves = Shelves::default();
        shelves.put(lane, shelf(3));
        assert!(shelves.take(lane, run, None, -1).is_none());
        shelves.put(lane, shelf(-1));
        assert!(shelves.take(lane, run, None, 3).is_some());
        assert!(shelves.take(lane, run, None, -1).is_some());
    }
}
