//! One test binary; one file a story.

mod canary;
mod contracts;
mod engine;
mod flows;
mod kills;
mod limits;
mod migration;
mod reconciliation;
mod tokens;
mod trouble;
mod limits_shared;
