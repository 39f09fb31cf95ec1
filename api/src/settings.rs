//! The settings: one list of names, where they are read from, and what a wrong one is told.

mod check;
mod list;

pub use check::{JwtKeys, Problem, Problems, Settings};
pub use list::{Raw, SETTINGS, Setting};
