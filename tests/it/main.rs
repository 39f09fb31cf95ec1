//! One test binary; one file a story.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

mod advances;
mod back_contacts;
mod back_documents;
mod back_payments;
mod bank;
mod both_ways;
mod canary;
#[path = "../../sandbox/tests/it/chromium.rs"]
mod chromium;
mod click;
mod commands;
mod contacts;
mod contracts;
mod credits;
mod crm;
mod drift;
mod engine;
mod examples;
mod files;
mod flows;
mod hints;
mod kills;
mod kills_back;
mod kills_links;
mod late_edits;
mod ledger;
mod limits;
mod limits_shared;
mod links;
mod lost;
mod migration;
mod offers;
mod onboarding;
mod one_edit;
mod opening;
mod products;
mod proof;
mod reconciliation;
mod rules;
mod scope;
mod storm;
mod strangers;
mod tokens;
mod tracking;
mod trouble;
