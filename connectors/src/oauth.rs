//! OAuth with both providers: where a consent starts, the exchange of its code, refreshing, revoking.

mod bridge;
pub mod scopes;
pub mod xero;
pub mod zoho;

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use secrecy::{ExposeSecret, SecretString};

pub use scopes::{xero_scopes, zoho_scopes};
pub use xero::{Claims, Xero};
pub use zoho::Zoho;

/// What a token endpoint gave.
#[derive(Debug, Clone)]
pub struct Tokens {
    pub access: SecretString,
    /// Xero gives a new one each time, and the old one dies; Zoho gives one at the consent only.
    pub refresh: Option<SecretString>,
    pub expires_in_s: u64,
    /// What was granted, which may be less than what was asked. Empty where the provider does not say.
    pub scopes: Vec<String>,
    /// Zoho's API host for this user. Check it against the table of data centres.
    pub api_domain: Option<String>,
    pub id_token: Option<SecretString>,
}

/// Why a token endpoint gave nothing, named for what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GrantTrouble {
    /// The customer's consent is over: ask to reconnect.
    #[error("the consent is no longer valid")]
    Dead,
    /// Our own credentials or settings are refused: tell the operator, leave the customer's grant alone.
    #[error("the provider refuses our credentials: {0}")]
    BadClient(String),
    #[error("the provider asks us to wait {} s", .0.as_secs())]
    Throttled(Duration),
    /// No usable answer. The token may have been rotated: try the same one again soon.
    #[error("no clear answer: {0}")]
    Unclear(String),
    /// The code was used, has expired, or was not for us: start the consent again.
    #[error("the code is not accepted")]
    BadCode,
}

/// The secret half of PKCE, kept between the start of a consent and its callback.
#[derive(Debug, Clone)]
pub struct Pkce {
    pub verifier: SecretString,
}

impl Pkce {
    /// From 32 random bytes.
    pub fn new(random: [u8; 32]) -> Self {
        Self { verifier: URL_SAFE_NO_PAD.encode(random).into() }
    }

    pub fn from_verifier(verifier: SecretString) -> Self {
        Self { verifier }
    }

    fn challenge(&self) -> PkceCodeChallenge {
        PkceCodeChallenge::from_code_verifier_sha256(&self.code_verifier())
    }

    fn code_verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.verifier.expose_secret().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(Pkce::from_verifier(verifier.into()).challenge().as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(Pkce::new([7; 32]).verifier.expose_secret().len(), 43);
    }
}
