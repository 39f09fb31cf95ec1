//! The list of flows: every kind of record we keep in step, in the order in which it is carried.

use crate::flow::AnyFlow;

pub mod books;

/// Whoever is referred to comes before whoever refers.
pub static ALL: &[&dyn AnyFlow] = &[];

/// The flow of this name.
pub fn flow(key: &str) -> Option<&'static dyn AnyFlow> {
    ALL.iter().copied().find(|flow| flow.key() == key)
}
