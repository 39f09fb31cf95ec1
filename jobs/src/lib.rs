//! What happens without anyone waiting: letters, sign-in upkeep, and the engine that carries records.
//! `queue` is the only file that knows apalis.

pub mod addresses;
pub mod alarms;
pub mod audit;
pub mod buttons;
pub mod conflicts;
pub mod connections;
pub mod context;
pub mod events;
pub mod hints;
pub mod holds;
pub mod in_step;
pub mod job;
pub mod letters;
pub mod limits;
pub mod links;
pub mod postgres;
pub mod purge;
pub mod queue;
pub mod report;
pub mod rules;
pub mod runs;
pub mod spans;
pub mod sync;
pub mod tasks;
pub mod tokens;
pub mod visit;
pub mod webhooks;
pub mod worker;
