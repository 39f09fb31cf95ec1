//! Signatures of messages, as Standard Webhooks 1.0.0 wants them: HMAC-SHA256 over id, time and body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use entities::chance::Chance;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Bytes of a secret: the standard asks for 24 to 64.
pub const SECRET_BYTES: usize = 32;

/// A new secret.
pub fn new_secret(chance: &dyn Chance) -> Zeroizing<Vec<u8>> {
    let mut secret = Zeroizing::new(vec![0; SECRET_BYTES]);
    chance.fill(&mut secret);
    secret
}

/// A secret as it is told to whoever checks signatures with it.
pub fn told(secret: &[u8]) -> String {
    format!("whsec_{}", BASE64.encode(secret))
}

/// The signature's header: one signature for each secret that is good.
pub fn signature(secrets: &[Zeroizing<Vec<u8>>], id: &str, timestamp_s: i64, body: &str) -> String {
    let one = |secret: &Zeroizing<Vec<u8>>| {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
        mac.update(format!("{id}.{timestamp_s}.{body}").as_bytes());
        format!("v1,{}", BASE64.encode(mac.finalize().into_bytes()))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the standard's own libraries are tested with.
    #[test]
    fn the_standards_example_is_signed_as_the_standard_does() {
        let secret = Zeroizing::new(BASE64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signed = |secrets: &[Zeroizing<Vec<u8>>]| {
            signature(secrets, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, r#"{"test": 2432232314}"#)
        };
        let wanted = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signed(std::slice::from_ref(&secret)), wanted);
        let both = signed(&[Zeroizing::new(vec![7; 32]), secret]);
        assert_eq!(both.split(' ').nth(1), Some(wanted));
    }
}
