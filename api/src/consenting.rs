//! Consenting: from the link in the letter over the provider's own pages to a stored connection.
//! A link is used up by success only; whatever fails leaves nothing behind but a hash and a word.

mod begin;
mod choose;
mod finish;
mod forget;
mod organisations;
mod problem;
mod settle;
mod shown;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entities::sealed::Place;
use entities::{ids::SignInId, sign_in};
use jobs::connections::hash;
use jobs::context::Context;
use subtle::ConstantTimeEq;

pub use begin::{Begun, Invitation, begin, invitation};
pub use choose::{Choices, choices, choose};
pub use finish::{Callback, finish};
pub use problem::Problem;
pub use shown::{Connected, Shown, shown};

const SECRET_BYTES: usize = 32;

/// The two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    Xero,
    Zoho,
}

impl Provider {
    pub const BOTH: [Provider; 2] = [Provider::Xero, Provider::Zoho];

    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "xero" => Some(Self::Xero),
            "zoho" => Some(Self::Zoho),
            _ => None,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Xero => "xero",
            Self::Zoho => "zoho",
        }
    }

    /// As people write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Xero => "Xero",
            Self::Zoho => "Zoho",
        }
    }

    pub fn other(self) -> Self {
        match self {
            Self::Xero => Self::Zoho,
            Self::Zoho => Self::Xero,
        }
    }
}

/// What a sign-in came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Connected,
    /// Several organisations are reached: the customer picks one.
    Choose,
    Problem(Problem),
}

impl Outcome {
    /// How it is written down.
    pub fn code(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Choose => "choose",
            Self::Problem(problem) => problem.code(),
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "connected" => Some(Self::Connected),
            "choose" => Some(Self::Choose),
            code => Problem::parse(code).map(Self::Problem),
        }
    }

    /// The page that shows it. `state` is the sign-in's own, spent by now; the pages want the cookie too.
    pub fn page(self, provider: Provider, state: &str) -> String {
        let state: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
        match self {
            Self::Connected => format!("/connect/done?s={state}"),
            Self::Choose => format!("/connect/choose?s={state}"),
            Self::Problem(problem) => {
                format!("/connect/problem/{}?p={}", problem.code(), provider.name())
            }
        }
    }
}

/// 32 random bytes as text: a state, a cookie.
fn secret(context: &Context) -> String {
    let mut bytes = [0; SECRET_BYTES];
    context.chance.fill(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whether this browser is the one that started the sign-in. Takes the same time whatever the cookie is.
fn is_same_browser(sign_in: &sign_in::Model, cookie: Option<&str>) -> bool {
    let shown = hash(cookie.unwrap_or_default());
    let equal = shown.as_slice().ct_eq(sign_in.cookie_hash.as_slice());
    cookie.is_some() && bool::from(equal)
}

/// Where the PKCE verifier is sealed.
fn verifier_place(sign_in: SignInId) -> Place<'static> {
    Place { table: "sign_in", column: "verifier", row: sign_in.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_read_back_as_it_was_written() {
        for outcome in Problem::ALL.iter().map(|problem| Outcome::Problem(*problem)).chain([Outcome::Connected, Outcome::Choose])
        {
            assert_eq!(Outcome::parse(outcome.code()), Some(outcome));
        }
        assert_eq!(Outcome::parse("https://evil.example"), None);
    }

    #[test]
    fn a_page_is_always_ours_whatever_the_state_says() {
        for state in ["//evil.example", "x\r\nLocation: y", "a&p=b#c"] {
            for outcome in [Outcome::Connected, Outcome::Choose] {
                let page = outcome.page(Provider::Xero, state);
                assert!(page.starts_with("/connect/") && !page.contains(['\r', '\n', '#', '&']));
            }
        }
    }
}
