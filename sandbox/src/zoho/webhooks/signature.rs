//! How a webhook with a secret proves where it comes from. No document of Books says it, so each part is a switch.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt::Write as _;

/// The header it comes in.
pub const HEADER: &str = "X-Zoho-Webhook-Signature";

/// The parameters of address and form in the order of their names, each followed by its value, and then the body unless it is that form.
pub fn of_parameters(secret: &str, parameters: &mut [(String, String)], body: &str) -> String {
    parameters.sort();
    let mut signed = String::with_capacity(body.len() + 64);
    for (name, value) in parameters {
        signed.push_str(name);
        signed.push_str(value);
    }
    signed.push_str(body);
    hex(secret, &signed)
}

/// As Zoho Payments documents it: `t=<ms>,v=<hex>` over the time, a dot and the body.
pub fn timed(secret: &str, at_ms: i64, body: &str) -> String {
    format!("t={at_ms},v={}", hex(secret, &format!("{at_ms}.{body}")))
}

/// HMAC-SHA256 in hexadecimal digits.
pub fn hex(secret: &str, signed: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(signed.as_bytes());
    mac.finalize().into_bytes().iter().fold(String::with_capacity(64), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_hmac_sha256() {
        // The second case of RFC 4231.
        let known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hex("Jefe", "what do ya want for nothing?"), known);
        let mut parameters = [("z".to_owned(), "t do ya ".to_owned()), ("a".to_owned(), "b".to_owned())];
        assert_eq!(of_parameters("Jefe", &mut parameters, "want"), hex("Jefe", "abzt do ya want"));
        assert_eq!(timed("Jefe", 5, "x"), format!("t=5,v={}", hex("Jefe", "5.x")));
    }
}
