//! The front door: commands, GraphQL for staff, pages for customers. Everything a stranger can reach is in this crate.

mod body;
pub mod caller;
pub mod checklist;
pub mod clients;
pub mod commands;
pub mod consenting;
mod coverage;
pub mod database;
#[cfg(feature = "demo")]
pub mod demo;
pub mod endpoints;
pub mod error;
mod export;
pub mod graphql;
pub mod http;
pub mod onboarding;
pub mod pages;
pub mod report;
pub mod rest;
mod scopes;
pub mod server;
pub mod settings;
pub mod state;
mod tenants;
