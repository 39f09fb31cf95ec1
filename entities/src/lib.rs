//! The tables, one a file, and what every row rests on: ids, time, chance, sealing.
//! Knows nothing of providers, jobs or web pages.

pub mod chance;
pub mod clock;
pub mod database;
pub mod ids;
pub mod owned;
pub mod sealed;

pub mod api_client;
pub mod audit_entry;
pub mod audit_head;
pub mod button;
pub mod connection;
pub mod consent;
pub mod endpoint;
pub mod finding;
pub mod grant;
pub mod hint;
pub mod hold;
pub mod idempotency;
pub mod intent;
pub mod job;
pub mod lane;
pub mod letter;
pub mod link;
pub mod message;
pub mod pair;
pub mod partner;
pub mod partner_tenant;
pub mod preview;
pub mod purge;
pub mod quota;
pub mod reference;
pub mod report;
pub mod rule;
pub mod run;
pub mod run_count;
pub mod sign_in;
pub mod slot;
pub mod tenant;
pub mod unique_field;
pub mod webhook;
