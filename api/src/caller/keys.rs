//! The keys that staff tokens are checked with: a shared secret, or a JWKS that is read again now and then, and when a token names a
//! key we do not know.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use entities::clock::{At, Clock};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use super::{Audience, Caller, Claims, LEEWAY};
use crate::error::Error;
use crate::settings::JwtKeys;

/// A token with an unknown key makes us read the JWKS again, but strangers must not make us do it all the time.
const REREAD_AFTER: Duration = Duration::from_secs(60);
/// So long is a JWKS good: a key that its issuer took out opens nothing after that.
const GOOD_FOR: Duration = Duration::from_secs(600);
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
const JWKS_BYTES_MAX: usize = 1024 * 1024;
/// A token with a role and a list of tenants is far below this.
const TOKEN_BYTES_MAX: usize = 16 * 1024;

/// Knows the staff by their tokens. Cheap to clone.
#[derive(Clone)]
pub struct Staff(Arc<Inner>);

struct Inner {
    issuer: String,
    audience: String,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

enum Keys {
    Shared(DecodingKey),
    Set(Set),
}

/// A JWKS, and where it is read from.
struct Set {
    source: JwtKeys,
    loaded: RwLock<Loaded>,
    /// Whose turn it is to read it.
    reading: Mutex<()>,
}

#[derive(Clone)]
struct Loaded {
    set: Arc<JwkSet>,
    /// When it was read.
    at: At,
    /// When somebody last tried to.
    tried: At,
}

/// Why there are no keys to check tokens with.
#[derive(Debug, thiserror::Error)]
pub enum NoKeys {
    #[error("JWT_KEYS: the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    #[error("JWT_KEYS: the address gives no JWKS: {0}")]
    Url(#[from] reqwest::Error),
    #[error("JWT_KEYS: the address answers {0}")]
    Status(u16),
    #[error("JWT_KEYS: the JWKS is longer than {JWKS_BYTES_MAX} bytes")]
    TooLong,
    #[error("JWT_KEYS: not a JWKS: {0}")]
    NotASet(#[from] serde_json::Error),
    #[error("JWT_KEYS: the JWKS has no RS256, ES256 or EdDSA key with a `kid`")]
    NoneFit,
}

impl Staff {
    /// Reads the keys once, so that a wrong setting is told at the start and not at the first sign-in.
    pub async fn load(issuer: String, audience: String, source: &JwtKeys, clock: Arc<dyn Clock>) -> Result<Self, NoKeys> {
        let keys = match source {
            JwtKeys::Secret(secret) => Keys::Shared(DecodingKey::from_secret(secret.expose_secret().as_bytes())),
            JwtKeys::File(_) | JwtKeys::Url(_) => {
                let (set, now) = (Arc::new(read(source).await?), clock.now());
                let loaded = RwLock::new(Loaded { set, at: now, tried: now });
                Keys::Set(Set { source: source.clone(), loaded, reading: Mutex::default() })
            }
        };
        Ok(Self(Arc::new(Inner { issuer, audience, keys, clock })))
    }

    /// Who sends this `Authorization`. Every reason to refuse gets the same answer; the log has the reason.
    pub async fn caller(&self, authorization: Option<&str>) -> Result<Caller, Error> {
        let token = authorization
            .and_then(|value| {
                let (scheme, token) = value.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
            })
            .ok_or(Error::Unauthenticated)?;
        self.caller_of(token).await.map_err(|reason| {
            tracing::info!(%reason, "a staff token was refused");
            Error::Unauthenticated
        })
    }

    async fn caller_of(&self, token: &str) -> Result<Caller, Refused> {
        let inner = &self.0;
        if token.len() > TOKEN_BYTES_MAX {
            return Err(Refused::Wrong("it is too long"));
        }
        let (key, algorithm) = inner.key(token).await?;
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&inner.issuer]);
        validation.set_audience(&[&inner.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The end of a token is judged below, by the clock that everything else goes by.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)?.claims;
        inner.judge(claims)
    }
}

/// Why a token is refused: for the log only.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    #[error("{0}")]
    Wrong(&'static str),
}

impl Inner {
    /// The key for this token and the one algorithm that key is for: what the token claims is only compared, never believed.
    async fn key(&self, token: &str) -> Result<(DecodingKey, Algorithm), Refused> {
        let set = match &self.keys {
            Keys::Shared(key) => return Ok((key.clone(), Algorithm::HS256)),
            Keys::Set(set) => set,
        };
        let kid = jsonwebtoken::decode_header(token)?.kid.ok_or(Refused::Wrong("it names no key"))?;
        let set = set.with(&kid, self.clock.as_ref()).await;
        let jwk = set.find(&kid).ok_or(Refused::Wrong("it names an unknown key"))?;
        let algorithm = algorithm(jwk).ok_or(Refused::Wrong("its key is of another kind"))?;
        Ok((DecodingKey::from_jwk(jwk)?, algorithm))
    }

    fn judge(&self, claims: Claims) -> Result<Caller, Refused> {
        let now = self.clock.now();
        let until = At(claims.exp.saturating_mul(1_000_000));
        if until.plus(LEEWAY) <= now {
            return Err(Refused::Wrong("it has expired"));
        }
        if claims.nbf.is_some_and(|from| At(from.saturating_mul(1_000_000)) > now.plus(LEEWAY)) {
            return Err(Refused::Wrong("it is not valid yet"));
        }
        let audiences = match &claims.aud {
            Audience::One(one) => std::slice::from_ref(one),
            Audience::Several(several) => several.as_slice(),
        };
        if claims.iss != self.issuer || !audiences.contains(&self.audience) {
            return Err(Refused::Wrong("it is not meant for us"));
        }
        if claims.sub.is_empty() {
            return Err(Refused::Wrong("it names nobody"));
        }
        if claims.sub.starts_with("client:") {
            return Err(Refused::Wrong("it names a program of a partner"));
        }
        Ok(Caller { subject: claims.sub, role: claims.role, tenants: claims.tenants, until })
    }
}

impl Set {
    /// The JWKS, in which this key is if it is known anywhere.
    async fn with(&self, kid: &str, clock: &dyn Clock) -> Arc<JwkSet> {
        let is_settled = |loaded: &Loaded| loaded.set.find(kid).is_some() && clock.now().since(loaded.at) < GOOD_FOR;
        let before = self.loaded();
        if is_settled(&before) {
            return before.set;
        }
        // Whoever has a key that is known goes on with it while another reads: a source that is slow holds up nobody but one.
        let _turn = match self.reading.try_lock() {
            Ok(turn) => turn,
            Err(_) if before.set.find(kid).is_some() => return before.set,
            Err(_) => self.reading.lock().await,
        };
        let loaded = self.loaded();
        let now = clock.now();
        if is_settled(&loaded) || now.since(loaded.tried) < REREAD_AFTER {
            return loaded.set;
        }
        // Noted before it is tried: who hangs up meanwhile has had this minute's try.
        self.keep(Loaded { tried: now, ..loaded.clone() });
        let read = match read(&self.source).await {
            // It answers, and has taken out all its keys: nobody is let in until it has one again.
            Err(error @ NoKeys::NoneFit) => {
                tracing::error!(%error, "no staff token can be checked");
                Ok(JwkSet { keys: Vec::new() })
            }
            read => read,
        };
        match read {
            Ok(set) => {
                let set = Arc::new(set);
                self.keep(Loaded { set: set.clone(), at: now, tried: now });
                set
            }
            Err(error) => {
                // An issuer that is away for a while locks nobody out.
                tracing::warn!(%error, "the JWKS could not be read again; the keys we have go on counting");
                loaded.set
            }
        }
    }

    fn keep(&self, loaded: Loaded) {
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = loaded;
    }

    fn loaded(&self) -> Loaded {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The algorithm that a key is for. Only signatures that nobody but the issuer can make.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let fits =
        |wanted: Algorithm| jwk.common.key_algorithm.is_none_or(|declared| Algorithm::try_from(declared).ok() == Some(wanted));
    match &jwk.algorithm {
        AlgorithmParameters::RSA(_) if fits(Algorithm::RS256) => Some(Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 && fits(Algorithm::ES256) => {
            Some(Algorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 && fits(Algorithm::EdDSA) => {
            Some(Algorithm::EdDSA)
        }
        _ => None,
    }
}

async fn read(source: &JwtKeys) -> Result<JwkSet, NoKeys> {
    let text = match source {
        JwtKeys::File(path) => tokio::fs::read(path).await?,
        JwtKeys::Url(url) => fetch(url.as_str()).await?,
        JwtKeys::Secret(_) => Vec::new(),
    };
    let set: JwkSet = serde_json::from_slice(&text)?;
    let any = set.keys.iter().any(|jwk| jwk.common.key_id.is_some() && algorithm(jwk).is_some());
    if any { Ok(set) } else { Err(NoKeys::NoneFit) }
}

async fn fetch(url: &str) -> Result<Vec<u8>, NoKeys> {
    let client = reqwest::Client::builder().timeout(FETCH_TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?;
    let mut answer = client.get(url).send().await?;
    if !answer.status().is_success() {
        return Err(NoKeys::Status(answer.status().as_u16()));
    }
    let mut text = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if text.len() + chunk.len() > JWKS_BYTES_MAX {
            return Err(NoKeys::TooLong);
        }
        text.extend_from_slice(&chunk);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use entities::clock::MovableClock;
    use jsonwebtoken::{EncodingKey, Header};
    use serde_json::{Value, json};

    use super::*;
    use crate::caller::{Role, mint};

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    async fn staff(source: JwtKeys, clock: Arc<MovableClock>) -> Staff {
        Staff::load("us".to_owned(), "here".to_owned(), &source, clock).await.unwrap()
    }

    fn claims(clock: &MovableClock) -> Value {
        json!({
            "iss": "us", "aud": "here", "sub": "ann", "role": "operator",
            "exp": clock.now().0 / 1_000_000 + 3600,
        })
    }

    fn signed(algorithm: Algorithm, key: &EncodingKey, claims: &Value) -> String {
        let mut header = Header::new(algorithm);
        header.kid = Some("k".to_owned());
        jsonwebtoken::encode(&header, claims, key).unwrap()
    }

    async fn ask(staff: &Staff, token: &str) -> Option<Caller> {
        staff.caller(Some(&format!("Bearer {token}"))).await.ok()
    }

    #[tokio::test]
    async fn a_minted_token_is_known_until_it_ends() {
        let clock = Arc::new(MovableClock::default());
        let staff = staff(JwtKeys::Secret(SECRET.into()), clock.clone()).await;
        let caller = Caller {
            subject: "ann".to_owned(),
            role: Role::Viewer,
            tenants: None,
            until: At((clock.now().0 / 1_000_000 + 3600) * 1_000_000),
        };
        let token = mint(SECRET.as_bytes(), "us", "here", &caller).unwrap();
        assert_eq!(ask(&staff, &token).await, Some(caller));
        clock.advance(Duration::from_secs(3600) + LEEWAY);
        assert_eq!(ask(&staff, &token).await, None);
    }

    #[tokio::test]
    async fn a_token_with_anything_wrong_is_nobodys() {
        let clock = Arc::new(MovableClock::default());
        let staff = staff(JwtKeys::Secret(SECRET.into()), clock.clone()).await;
        let key = EncodingKey::from_secret(SECRET.as_bytes());
        let good = claims(&clock);
        assert!(ask(&staff, &signed(Algorithm::HS256, &key, &good)).await.is_some());
        for (name, value) in [
            ("iss", json!("them")),
            ("aud", json!("there")),
            ("aud", json!([])),
            ("exp", json!(clock.now().0 / 1_000_000 - 31)),
            ("exp", Value::Null),
            ("nbf", json!(clock.now().0 / 1_000_000 + 60)),
            ("sub", json!("")),
            ("role", json!("owner")),
            ("role", Value::Null),
            ("tenants", json!(["not an id"])),
        ] {
            let mut bad = good.clone();
            bad[name] = value.clone();
            if value.is_null() {
                bad.as_object_mut().unwrap().remove(name);
            }
            let token = signed(Algorithm::HS256, &key, &bad);
            assert_eq!(ask(&staff, &token).await, None, "{name} = {value}");
        }
        let other = EncodingKey::from_secret(b"another secret of thirty-two bytes");
        assert_eq!(ask(&staff, &signed(Algorithm::HS256, &other, &good)).await, None);
        assert_eq!(ask(&staff, &signed(Algorithm::HS512, &key, &good)).await, None);
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let unsigned = format!("{}.{}.", encode(json!({"alg": "none"})), encode(good));
        assert_eq!(ask(&staff, &unsigned).await, None);
        assert_eq!(ask(&staff, "").await, None);
        assert!(staff.caller(None).await.is_err());
        assert!(staff.caller(Some("Basic YTpi")).await.is_err());
    }

    /// A pair of keys, and the JWK of the public one.
    fn pair(kid: &str) -> (EncodingKey, Value, Vec<u8>) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let public = pair.public_key().as_ref().to_vec();
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": kid,
            "x": URL_SAFE_NO_PAD.encode(&public[1..33]),
            "y": URL_SAFE_NO_PAD.encode(&public[33..65]),
        });
        let private = pair.to_pkcs8v1().unwrap();
        (EncodingKey::from_ec_der(private.as_ref()), jwk, public)
    }

    #[tokio::test]
    async fn a_jwks_takes_its_own_algorithm_and_no_shared_secret() {
        let clock = Arc::new(MovableClock::default());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let (key, jwk, public) = pair("k");
        std::fs::write(&path, json!({ "keys": [jwk] }).to_string()).unwrap();
        let staff = staff(JwtKeys::File(path.clone()), clock.clone()).await;
        let good = claims(&clock);
        let token = signed(Algorithm::ES256, &key, &good);
        assert!(ask(&staff, &token).await.is_some());
        // The classic mix-up: the public key taken for a shared secret.
        let forged = signed(Algorithm::HS256, &EncodingKey::from_secret(&public), &claims(&clock));
        assert_eq!(ask(&staff, &forged).await, None);

        let (new_key, new_jwk, _) = pair("k");
        std::fs::write(&path, json!({ "keys": [new_jwk] }).to_string()).unwrap();
        let rotated = signed(Algorithm::ES256, &new_key, &good);
        assert_eq!(ask(&staff, &rotated).await, None, "the same kid is not read again");
    }

    #[tokio::test]
    async fn a_new_key_in_the_jwks_is_found_after_a_minute() {
        let clock = Arc::new(MovableClock::default());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let (_, old, _) = pair("old");
        std::fs::write(&path, json!({ "keys": [old] }).to_string()).unwrap();
        let staff = staff(JwtKeys::File(path.clone()), clock.clone()).await;
        let (key, new, _) = pair("k");
        std::fs::write(&path, json!({ "keys": [old, new] }).to_string()).unwrap();
        let token = signed(Algorithm::ES256, &key, &claims(&clock));
        assert_eq!(ask(&staff, &token).await, None);
        clock.advance(REREAD_AFTER);
        assert!(ask(&staff, &token).await.is_some());
    }

    #[tokio::test]
    async fn a_key_that_was_taken_out_of_the_jwks_opens_nothing_after_ten_minutes() {
        let clock = Arc::new(MovableClock::default());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let (key, old, _) = pair("k");
        std::fs::write(&path, json!({ "keys": [old] }).to_string()).unwrap();
        let staff = staff(JwtKeys::File(path.clone()), clock.clone()).await;
        let token = signed(Algorithm::ES256, &key, &claims(&clock));
        // A source that is away for a while locks nobody out.
        std::fs::remove_file(&path).unwrap();
        clock.advance(GOOD_FOR);
        assert!(ask(&staff, &token).await.is_some());
        let (_, other, _) = pair("other");
        std::fs::write(&path, json!({ "keys": [other] }).to_string()).unwrap();
        assert!(ask(&staff, &token).await.is_some(), "it was tried this very minute");
        clock.advance(REREAD_AFTER);
        assert_eq!(ask(&staff, &token).await, None);
    }

    #[tokio::test]
    async fn where_the_issuer_took_out_all_its_keys_nobody_is_let_in() {
        let clock = Arc::new(MovableClock::default());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let (key, only, _) = pair("k");
        std::fs::write(&path, json!({ "keys": [only] }).to_string()).unwrap();
        let staff = staff(JwtKeys::File(path.clone()), clock.clone()).await;
        let token = signed(Algorithm::ES256, &key, &claims(&clock));
        std::fs::write(&path, json!({ "keys": [] }).to_string()).unwrap();
        clock.advance(GOOD_FOR);
        assert_eq!(ask(&staff, &token).await, None);
        std::fs::write(&path, json!({ "keys": [only] }).to_string()).unwrap();
        clock.advance(REREAD_AFTER);
        assert!(ask(&staff, &token).await.is_some());
    }

    #[tokio::test]
    async fn a_source_that_is_slow_holds_up_one_request_and_no_other() {
        let clock = Arc::new(MovableClock::default());
        let (key, jwk, _) = pair("k");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let body = json!({ "keys": [jwk] }).to_string();
        let (asked, mut hangs) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            // It answers once; who asks again waits.
            let (mut stream, _) = listener.accept().await.unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            assert!(tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await.unwrap() > 0);
            tokio::io::AsyncWriteExt::write_all(&mut stream, format!("{head}{body}").as_bytes()).await.unwrap();
            drop(stream);
            let held = listener.accept().await.unwrap();
            asked.send(held).await.unwrap();
        });
        let staff = staff(JwtKeys::Url(url.parse().unwrap()), clock.clone()).await;
        let token = signed(Algorithm::ES256, &key, &claims(&clock));
        clock.advance(GOOD_FOR);
        let first = tokio::spawn({
            let (staff, token) = (staff.clone(), token.clone());
            async move { ask(&staff, &token).await.is_some() }
        });
        let held = hangs.recv().await.unwrap();
        assert!(ask(&staff, &token).await.is_some());
        assert!(!first.is_finished(), "the one that reads waits for it");
        drop(held);
        assert!(first.await.unwrap());
    }

    #[tokio::test]
    async fn an_edwards_key_signs_with_its_own_algorithm() {
        let clock = Arc::new(MovableClock::default());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k", "x": x });
        std::fs::write(&path, json!({ "keys": [jwk] }).to_string()).unwrap();
        let staff = staff(JwtKeys::File(path), clock.clone()).await;
        let key = EncodingKey::from_ed_der(pair.to_pkcs8().unwrap().as_ref());
        assert!(ask(&staff, &signed(Algorithm::EdDSA, &key, &claims(&clock))).await.is_some());
        let other = EncodingKey::from_ed_der(Ed25519KeyPair::generate().unwrap().to_pkcs8().unwrap().as_ref());
        assert_eq!(ask(&staff, &signed(Algorithm::EdDSA, &other, &claims(&clock))).await, None);
    }

    #[tokio::test]
    async fn a_jwks_without_a_usable_key_is_told_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        let symmetric = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0", "kid": "k" }] });
        std::fs::write(&path, symmetric.to_string()).unwrap();
        let loaded =
            Staff::load("us".to_owned(), "here".to_owned(), &JwtKeys::File(path), Arc::new(MovableClock::default())).await;
        assert!(matches!(loaded, Err(NoKeys::NoneFit)));
    }
}
