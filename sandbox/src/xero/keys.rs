//! The key that signs Xero's tokens: made when first asked for, one for the life of the process.

use std::sync::OnceLock;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

struct Key {
    id: String,
    signing: EncodingKey,
    modulus: String,
    exponent: String,
}

/// A failure of the cryptographic library; it has no cause a caller could cure.
#[derive(Debug, thiserror::Error)]
#[error("tokens cannot be signed: {0}")]
pub struct CannotSign(String);

/// A signed RS256 token.
pub fn sign(claims: &impl Serialize) -> Result<String, CannotSign> {
    let key = key()?;
    let header = Header { kid: Some(key.id.clone()), ..Header::new(Algorithm::RS256) };
    jsonwebtoken::encode(&header, claims, &key.signing).map_err(|error| CannotSign(error.to_string()))
}

/// The key set document.
pub fn jwks() -> Result<Value, CannotSign> {
    let key = key()?;
    Ok(json!({"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.id, "n": key.modulus, "e": key.exponent}]}))
}

fn key() -> Result<&'static Key, CannotSign> {
    static KEY: OnceLock<Result<Key, String>> = OnceLock::new();
    KEY.get_or_init(make).as_ref().map_err(|says| CannotSign(says.clone()))
}

fn make() -> Result<Key, String> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|error| error.to_string())?;
    let public = pair.public_key();
    let modulus = public.modulus().big_endian_without_leading_zero().to_vec();
    let exponent = public.exponent().big_endian_without_leading_zero().to_vec();
    let pkcs8 = pair.as_der().map_err(|error: aws_lc_rs::error::Unspecified| error.to_string())?;
    let pem = pem_of(pkcs8.as_ref());
    Ok(Key {
        id: URL_SAFE_NO_PAD.encode(&Sha256::digest(&modulus)[..20]),
        signing: EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|error| error.to_string())?,
        modulus: URL_SAFE_NO_PAD.encode(&modulus),
        exponent: URL_SAFE_NO_PAD.encode(&exponent),
    })
}

fn pem_of(pkcs8: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(pkcs8);
    let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    #[test]
    fn what_we_sign_is_verified_with_the_published_key() {
        let token = sign(&json!({"sub": "a", "exp": 4_102_444_800_u64})).unwrap();
        let keys = jwks().unwrap();
        let text = |name: &str| keys["keys"][0][name].as_str().unwrap().to_owned();
        let public = DecodingKey::from_rsa_components(&text("n"), &text("e")).unwrap();
        let checked = jsonwebtoken::decode::<Value>(&token, &public, &Validation::new(Algorithm::RS256)).unwrap();
        assert_eq!(checked.claims["sub"], "a");
        assert_eq!(checked.header.kid.as_deref(), keys["keys"][0]["kid"].as_str());
    }
}
