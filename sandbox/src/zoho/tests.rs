//! Stories told to the Zoho side through its front door: real HTTP, real consent.

mod accounts;
mod accounts_server;
mod books;
mod buttons;
mod credits;
mod ledger;
mod money;
mod oauth;
mod papers;
mod platform;
mod products;
mod webhooks;
mod world;
