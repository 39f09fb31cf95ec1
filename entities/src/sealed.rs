//! Sealing: what must be kept but not read from a stolen database. XChaCha20-Poly1305, a key a tenant, wrapped by a master key,
//! every sealed value bound to its table, column, row and tenant.

use std::sync::{Arc, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::chance::Chance;
use crate::ids::TenantId;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// The master keys, newest first. New tenants are wrapped with the newest; older ones still open.
/// Clones are the same keys: where one of them is `replace`d, all are.
#[derive(Clone)]
pub struct MasterKeys(Arc<RwLock<Arc<Vec<MasterKey>>>>);

struct MasterKey {
    id: String,
    bytes: Zeroizing<[u8; KEY_BYTES]>,
}

/// One tenant's key, unwrapped. Everything of the tenant is sealed and printed with keys derived from it.
#[derive(Clone)]
pub struct TenantKey {
    tenant: TenantId,
    root: Zeroizing<[u8; KEY_BYTES]>,
}

/// Where a sealed value stands. It opens nowhere else.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub table: &'a str,
    pub column: &'a str,
    pub row: uuid::Uuid,
}

/// Why something sealed did not open, or a key was not one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealTrouble {
    #[error("MASTER_KEYS must be a list of id:base64 with 32 bytes each, newest first; make one with `cpconnect keys generate`")]
    NotKeys,
    #[error("the master key {0:?} that wraps this tenant is not in MASTER_KEYS")]
    UnknownKey(String),
    #[error("the master key {0:?} is another one than before under this id; give a new key a new id")]
    OtherKey(String),
    #[error("the sealed value does not open: it was changed, moved or sealed with another key")]
    DoesNotOpen,
}

impl MasterKeys {
    /// Reads `id:base64,id:base64`, newest first.
    pub fn parse(text: &str) -> Result<Self, SealTrouble> {
        // Of its full length at once: one that grows leaves copies of the keys behind, which nobody wipes.
        let mut keys: Vec<MasterKey> = Vec::with_capacity(text.split(',').count());
        for one in text.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            let (id, key) = one.split_once(':').ok_or(SealTrouble::NotKeys)?;
            let bytes = Zeroizing::new(BASE64.decode(key.trim()).map_err(|_| SealTrouble::NotKeys)?);
            let key: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| SealTrouble::NotKeys)?;
            if id.is_empty() || id.contains('.') || keys.iter().any(|known| known.id == id) {
                return Err(SealTrouble::NotKeys);
            }
            keys.push(MasterKey { id: id.to_owned(), bytes: Zeroizing::new(key) });
        }
        if keys.is_empty() { Err(SealTrouble::NotKeys) } else { Ok(Self(Arc::new(RwLock::new(Arc::new(keys))))) }
    }

    /// From now on these are the keys, for every clone. Says whether they are others than before. A key that has other bytes under the id of
    /// before opens nothing that was wrapped with that one: then nothing changes.
    pub fn replace(&self, by: &MasterKeys) -> Result<bool, SealTrouble> {
        let keys = by.all();
        let mut mine = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let other = |one: &&MasterKey| mine.iter().any(|known| known.id == one.id && known.bytes != one.bytes);
        if let Some(other) = keys.iter().find(other) {
            return Err(SealTrouble::OtherKey(other.id.clone()));
        }
        let same = mine.len() == keys.len() && mine.iter().zip(keys.iter()).all(|(a, b)| a.id == b.id);
        *mine = keys;
        Ok(!same)
    }

    /// The ids, newest first.
    pub fn ids(&self) -> Vec<String> {
        self.all().iter().map(|key| key.id.clone()).collect()
    }

    fn all(&self) -> Arc<Vec<MasterKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A new key in the form `parse` reads.
    pub fn generate(id: &str, chance: &dyn Chance) -> String {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        chance.fill(key.as_mut_slice());
        format!("{id}:{}", BASE64.encode(key.as_slice()))
    }

    /// The id of the newest key.
    pub fn newest(&self) -> String {
        self.all()[0].id.clone()
    }

    /// Whether the newest key wraps or seals this.
    pub fn is_newest(&self, wrapped: &[u8]) -> bool {
        Self::wrapped_with(wrapped) == Some(self.all()[0].id.as_str())
    }

    /// The id of the key that wraps this tenant.
    pub fn wrapped_with(wrapped: &[u8]) -> Option<&str> {
        let end = wrapped.iter().position(|byte| *byte == b'.')?;
        std::str::from_utf8(&wrapped[..end]).ok()
    }

    /// A new key for a tenant, and its wrapping with the newest master key.
    pub fn new_tenant(&self, tenant: TenantId, chance: &dyn Chance) -> (TenantKey, Vec<u8>) {
        let mut root = Zeroizing::new([0; KEY_BYTES]);
        chance.fill(root.as_mut_slice());
        let key = TenantKey { tenant, root };
        let wrapped = self.wrap(&key, chance);
        (key, wrapped)
    }

    /// Wraps a tenant's key with the newest master key: `id.` nonce ciphertext.
    pub fn wrap(&self, key: &TenantKey, chance: &dyn Chance) -> Vec<u8> {
        let newest = &self.all()[0];
        let mut wrapped = newest.id.clone().into_bytes();
        wrapped.push(b'.');
        wrapped.extend(seal(&newest.bytes, key.root.as_slice(), key.tenant.0.as_bytes(), chance));
        wrapped
    }

    /// Opens a tenant's key.
    pub fn unwrap_tenant(&self, tenant: TenantId, wrapped: &[u8]) -> Result<TenantKey, SealTrouble> {
        let id = Self::wrapped_with(wrapped).ok_or(SealTrouble::DoesNotOpen)?;
        let keys = self.all();
        let master = keys.iter().find(|known| known.id == id).ok_or_else(|| SealTrouble::UnknownKey(id.to_owned()))?;
        let root = open(&master.bytes, &wrapped[id.len() + 1..], tenant.0.as_bytes())?;
        let root: [u8; KEY_BYTES] = root.as_slice().try_into().map_err(|_| SealTrouble::DoesNotOpen)?;
        Ok(TenantKey { tenant, root: Zeroizing::new(root) })
    }

    /// A key for a purpose that is no tenant's, from the newest master key, and that one's id: of one moment, as the keys may be replaced
    /// at any.
    pub fn newest_derived(&self, purpose: &str) -> (String, Zeroizing<[u8; KEY_BYTES]>) {
        let newest = &self.all()[0];
        (newest.id.clone(), Zeroizing::new(blake3::derive_key(purpose, newest.bytes.as_slice())))
    }

    /// The same from the master key of this id, if we still have it.
    pub fn derived_of(&self, id: &str, purpose: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
        let keys = self.all();
        let master = keys.iter().find(|known| known.id == id)?;
        Some(Zeroizing::new(blake3::derive_key(purpose, master.bytes.as_slice())))
    }

    /// Seals what belongs to no tenant: `id.` nonce ciphertext. It opens for the same purpose and place only.
    pub fn seal(&self, purpose: &str, bound_to: &[u8], plain: &[u8], chance: &dyn Chance) -> Vec<u8> {
        let (id, key) = self.newest_derived(purpose);
        let mut sealed = id.into_bytes();
        sealed.push(b'.');
        sealed.extend(seal(&key, plain, bound_to, chance));
        sealed
    }

    /// Opens it, with whichever master key sealed it.
    pub fn open(&self, purpose: &str, bound_to: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealTrouble> {
        let id = Self::wrapped_with(sealed).ok_or(SealTrouble::DoesNotOpen)?;
        let key = self.derived_of(id, purpose).ok_or_else(|| SealTrouble::UnknownKey(id.to_owned()))?;
        open(&key, &sealed[id.len() + 1..], bound_to)
    }
}

impl TenantKey {
    pub fn seal(&self, place: Place<'_>, plain: &[u8], chance: &dyn Chance) -> Vec<u8> {
        seal(&self.derived("cpconnect 2026 seal"), plain, &self.bound_to(place), chance)
    }

    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealTrouble> {
        open(&self.derived("cpconnect 2026 seal"), sealed, &self.bound_to(place))
    }

    /// Opens what was sealed from a text.
    pub fn open_text(&self, place: Place<'_>, sealed: &[u8]) -> Result<String, SealTrouble> {
        let plain = self.open(place, sealed)?;
        String::from_utf8(plain.to_vec()).map_err(|_| SealTrouble::DoesNotOpen)
    }

    /// The key of this tenant's prints.
    pub fn print_key(&self) -> [u8; KEY_BYTES] {
        *self.derived("cpconnect 2026 print")
    }

    /// The key of this tenant's audit log: whoever has the database alone cannot write an entry that holds.
    pub fn audit_key(&self) -> [u8; KEY_BYTES] {
        *self.derived("cpconnect 2026 audit")
    }

    /// A secret text that is always the same for this tenant and purpose, so it need not be stored: the status page's token.
    pub fn token(&self, purpose: &str) -> String {
        let key = self.derived("cpconnect 2026 token");
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(blake3::keyed_hash(&key, purpose.as_bytes()).as_bytes())
    }

    fn derived(&self, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        Zeroizing::new(blake3::derive_key(purpose, self.root.as_slice()))
    }

    fn bound_to(&self, place: Place<'_>) -> Vec<u8> {
        format!("{}|{}|{}|{}", self.tenant, place.table, place.column, place.row).into_bytes()
    }
}

fn seal(key: &[u8; KEY_BYTES], plain: &[u8], bound_to: &[u8], chance: &dyn Chance) -> Vec<u8> {
    let mut sealed = vec![0; NONCE_BYTES];
    chance.fill(&mut sealed);
    let mut nonce = XNonce::default();
    nonce.copy_from_slice(&sealed);
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    #[expect(clippy::expect_used, reason = "sealing fails only for texts beyond 256 GiB")]
    sealed.extend(cipher.encrypt(&nonce, Payload { msg: plain, aad: bound_to }).expect("a text below 256 GiB"));
    sealed
}

fn open(key: &[u8; KEY_BYTES], sealed: &[u8], bound_to: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealTrouble> {
    if sealed.len() < NONCE_BYTES {
        return Err(SealTrouble::DoesNotOpen);
    }
    let (nonce_bytes, ciphertext) = sealed.split_at(NONCE_BYTES);
    let mut nonce = XNonce::default();
    nonce.copy_from_slice(nonce_bytes);
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    cipher.decrypt(&nonce, Payload { msg: ciphertext, aad: bound_to }).map(Zeroizing::new).map_err(|_| SealTrouble::DoesNotOpen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::SeededChance;
    use crate::clock::MovableClock;

    fn keys() -> (MasterKeys, SeededChance, TenantId, TenantId) {
        let chance = SeededChance::new(1);
        let clock = MovableClock::default();
        let keys = MasterKeys::parse(&MasterKeys::generate("k1", &chance)).unwrap();
        let (one, two) = (TenantId::new(&clock, &chance), TenantId::new(&clock, &chance));
        (keys, chance, one, two)
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_and_nowhere_else() {
        let (keys, chance, one, two) = keys();
        let (key, _) = keys.new_tenant(one, &chance);
        let (other, _) = keys.new_tenant(two, &chance);
        let place = Place { table: "grant", column: "refresh", row: one.0 };
        let sealed = key.seal(place, b"token", &chance);
        assert_eq!(key.open(place, &sealed).unwrap().as_slice(), b"token");
        assert!(!sealed.windows(5).any(|window| window == b"token"));
        for elsewhere in [Place { table: "pair", ..place }, Place { column: "access", ..place }, Place { row: two.0, ..place }] {
            assert_eq!(key.open(elsewhere, &sealed).unwrap_err(), SealTrouble::DoesNotOpen);
        }
        assert_eq!(other.open(place, &sealed).unwrap_err(), SealTrouble::DoesNotOpen);
    }

    #[test]
    fn a_tenants_key_survives_the_rotation_of_the_master_key() {
        let (keys, chance, one, _) = keys();
        let (key, wrapped) = keys.new_tenant(one, &chance);
        let rotated = MasterKeys::parse(&format!("{},{}", MasterKeys::generate("k2", &chance), regenerate(&keys))).unwrap();
        let reopened = rotated.unwrap_tenant(one, &wrapped).unwrap();
        let rewrapped = rotated.wrap(&reopened, &chance);
        assert_eq!(MasterKeys::wrapped_with(&rewrapped), Some("k2"));
        assert_eq!(reopened.print_key(), key.print_key());
        assert_eq!(keys.unwrap_tenant(one, &rewrapped).err(), Some(SealTrouble::UnknownKey("k2".into())));
    }

    #[test]
    fn keys_that_are_replaced_are_replaced_for_everybody_who_has_them() {
        let (keys, chance, one, _) = keys();
        let (_, wrapped) = keys.new_tenant(one, &chance);
        let elsewhere = keys.clone();
        let rotated = MasterKeys::parse(&format!("{},{}", MasterKeys::generate("k2", &chance), regenerate(&keys))).unwrap();
        assert_eq!(keys.replace(&rotated), Ok(true));
        assert_eq!(keys.replace(&rotated), Ok(false), "they are the same now");
        assert_eq!((elsewhere.ids(), elsewhere.newest()), (vec!["k2".to_owned(), "k1".to_owned()], "k2".to_owned()));
        assert!(elsewhere.unwrap_tenant(one, &wrapped).is_ok() && !elsewhere.is_newest(&wrapped));
        // The same id with other bytes is another key, which would open nothing of before.
        let mistaken = MasterKeys::parse(&MasterKeys::generate("k1", &chance)).unwrap();
        assert_eq!(keys.replace(&mistaken), Err(SealTrouble::OtherKey("k1".into())));
        assert_eq!(elsewhere.ids(), ["k2", "k1"]);
    }

    #[test]
    fn what_belongs_to_no_tenant_opens_for_its_purpose_and_after_a_rotation() {
        let (keys, chance, ..) = keys();
        let sealed = keys.seal("answers", b"place", b"body", &chance);
        assert!(!sealed.windows(4).any(|window| window == b"body"));
        let rotated = MasterKeys::parse(&format!("{},{}", MasterKeys::generate("k2", &chance), regenerate(&keys))).unwrap();
        assert_eq!(rotated.open("answers", b"place", &sealed).unwrap().as_slice(), b"body");
        assert_ne!(rotated.newest_derived("answers").1, keys.newest_derived("answers").1);
        assert_eq!(rotated.derived_of("k1", "answers"), Some(keys.newest_derived("answers").1));
        for (purpose, place) in [("tokens", b"place"), ("answers", b"plaza")] {
            assert_eq!(keys.open(purpose, place, &sealed).unwrap_err(), SealTrouble::DoesNotOpen);
        }
        let alone = MasterKeys::parse(&MasterKeys::generate("k2", &chance)).unwrap();
        assert_eq!(alone.open("answers", b"place", &sealed).unwrap_err(), SealTrouble::UnknownKey("k1".into()));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for text in ["", "k1", "k1:short", ":AAAA", "k1:AAAA,k1:AAAA"] {
            assert!(MasterKeys::parse(text).is_err(), "{text}");
        }
    }

    fn regenerate(keys: &MasterKeys) -> String {
        let newest = &keys.all()[0];
        format!("{}:{}", newest.id, BASE64.encode(newest.bytes.as_slice()))
    }
}
