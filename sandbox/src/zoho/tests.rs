//! Stories told to the Zoho side through its front door: real HTTP, real consent.

mod books;
mod buttons;
mod money;
mod oauth;
mod world;
