//! One test binary; one file a story.

mod canary;
mod commands;
mod contracts;
mod engine;
mod flows;
mod kills;
mod limits;
mod limits_shared;
mod migration;
mod onboarding;
mod reconciliation;
mod strangers;
mod tokens;
mod trouble;
