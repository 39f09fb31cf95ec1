//! What Xero and Zoho are: how to reach them, what their records look like, and how one becomes the other.
//! Nothing here knows a database, a job or a web page.

pub mod balance;
pub mod flow;
pub mod flows;
pub mod http;
pub mod oauth;
pub mod print;
pub mod rules;
pub mod side;
#[cfg(test)]
mod trials;
pub mod xero;
pub mod zoho;
