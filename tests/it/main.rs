//! One test binary; one file a story.

mod engine;
mod flows;
mod limits;
mod contracts;
mod migration;
mod reconciliation;
mod tokens;
mod trouble;
mod kills;
