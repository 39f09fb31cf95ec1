//! Where pages of long lists ended, so that the store need not count up to the next one. Any change in the store makes them worthless:
//! then a page is counted up to as ever, and shows what a list by number shows when records came or went meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::types::Value as Sql;

/// So many lists can be read at the same time.
const KEPT_MAX: usize = 64;

/// Shared.
#[derive(Clone, Default)]
pub struct Bookmarks {
    all: Arc<Mutex<VecDeque<Bookmark>>>,
}

/// The last row of a page.
#[derive(Clone, Debug)]
struct Bookmark {
    /// The statement and its values, without the page.
    list: String,
    /// What the store had seen of changes.
    changes: u64,
    /// Rows of the list up to here.
    rows: i64,
    end: End,
}

/// What the list is sorted by, and the id.
pub type End = (Sql, i64);

impl Bookmarks {
    /// The row after which the page begins that has so many before it.
    pub fn find(&self, list: &str, changes: u64, rows: i64) -> Option<End> {
        let all = self.all();
        let mut fitting = all.iter().filter(|one| one.changes == changes && one.rows == rows && one.list == list);
        fitting.next().map(|one| one.end.clone())
    }

    pub fn put(&self, list: String, changes: u64, rows: i64, end: End) {
        let mut all = self.all();
        all.retain(|one| one.changes == changes && (one.rows != rows || one.list != list));
        if all.len() == KEPT_MAX {
            all.pop_front();
        }
        all.push_back(Bookmark { list, changes, rows, end });
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<Bookmark>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bookmark_is_for_one_list_one_place_and_until_the_next_change() {
        let marks = Bookmarks::default();
        let end = |id: i64| (Sql::Integer(id), id);
        marks.put("a".into(), 1, 200, end(7));
        assert_eq!(marks.find("a", 1, 200), Some(end(7)));
        for (list, changes, rows) in [("b", 1, 200), ("a", 2, 200), ("a", 1, 400)] {
            assert_eq!(marks.find(list, changes, rows), None);
        }
        for rows in 0..100 {
            marks.put("a".into(), 2, rows, end(rows));
        }
        let kept = marks.all().len();
        assert_eq!((kept, marks.find("a", 2, 99), marks.find("a", 2, 0)), (KEPT_MAX, Some(end(99)), None));
    }
}
