//! Stories told to the Zoho side through its front door: real HTTP, real consent.

mod accounts_server;
mod books;
mod buttons;
mod money;
mod oauth;
mod platform;
mod products;
mod webhooks;
mod world;
