//! The main job on one machine: sandbox, server and worker, and people who use them through the real interfaces.
//! `cpconnect demo` shows it; the tests stand on it.

pub mod browser;
pub mod calls;
pub mod customer;
pub mod staff;
pub mod stage;
pub mod summary;
pub mod watch;
