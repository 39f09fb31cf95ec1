//! What a call to a provider can come to.

use std::time::Duration;

/// Why a call did not give what was asked, named for what the caller does next.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Trouble {
    /// Come back later: the provider counts our calls. Never the record's fault.
    #[error("the provider asks us to wait {} s ({limit:?} limit)", after.as_secs())]
    Busy { limit: Limit, after: Duration },
    /// The access token is not accepted: refresh it once, then ask the customer to reconnect.
    #[error("the provider does not accept the access token")]
    Unauthorised,
    /// The customer's consent no longer covers this: disconnected, a scope is missing, or the role is too low.
    #[error("the connection must be authorised again: {0}")]
    Forbidden(String),
    /// The provider understood the request and refuses it. Trying again changes nothing.
    #[error("the provider refused: {0}")]
    Refused(Refusal),
    /// No usable answer: time-out, reset, 5xx, HTML, cut-off JSON. A write may or may not have happened.
    #[error("the provider is out of reach: {0}")]
    Unreachable(String),
}

/// Which of the provider's limits was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Minute,
    Day,
    Concurrent,
    App,
}

/// A provider's "no" to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status, for example 400.
    pub status: u16,
    /// The provider's own code: Zoho's `code` ("3062"), Xero's `ErrorNumber` ("10"), or "".
    pub code: String,
    /// The provider's own sentence. It may quote the record: never log it, never store it unsealed.
    pub message: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The message may quote the customer's record, so it stays out of logs.
        write!(f, "HTTP {} code {:?}", self.status, self.code)
    }
}

/// What the provider's headers say is left. Our own count is lowered to it, never raised.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Remaining {
    pub minute: Option<u32>,
    pub day: Option<u32>,
}
