//! Secrets of clients: 256 random bits, told once, kept as Argon2id hashes. Looking whether one fits takes as long for a client that does not
//! exist as for one that does.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, PasswordHash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entities::api_client;
use entities::chance::Chance;
use entities::clock::Clock;
use entities::ids::ApiClientId;
use jobs::context::{Context, Failure};
use sea_orm::ActiveModelTrait;
use sea_orm::ActiveValue::Set;
use secrecy::SecretString;
use tokio::sync::Semaphore;

use crate::error::Error;
use crate::rest::limits::Limits;

/// What is told once.
pub type Secret = SecretString;

/// Tells people and scanners of repositories what it is.
const PREFIX: &str = "cps_";
const SECRET_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
/// Longer is no secret of ours, and is not hashed.
const SECRET_CHARS_MAX: usize = 100;
/// Each holds 19 MiB and a processor for as long as it takes. Who names no client of ours waits at a seat of their own: a flood of them
/// keeps nobody else from theirs.
const AT_ONCE: usize = 2;
const STRANGERS_AT_ONCE: usize = 1;
/// A token is good for a quarter of an hour: a program that asks for more of them goes in circles, or is not the program.
const TRIES_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
/// Whoever waits longer is told to come again.
const WAIT_MAX: Duration = Duration::from_secs(5);
const COME_AGAIN: Duration = Duration::from_secs(2);

/// A new secret and its hash.
pub(super) async fn new(context: &Context) -> Result<(Secret, String), Error> {
    let text = random(context.chance.as_ref());
    let mut salt = [0; SALT_BYTES];
    context.chance.fill(&mut salt);
    let plain = text.clone();
    let hashed = tokio::task::spawn_blocking(move || hash(&plain, &salt)).await;
    let hash = hashed.map_err(|error| Failure::Bug(error.to_string()))??;
    Ok((text.into(), hash))
}

/// Knows clients by their secrets.
#[derive(Clone)]
pub struct Verifier {
    seats: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    /// How often an id is tried, whether there is such a client or not.
    tries: Arc<Limits>,
    /// The hash of a secret that nobody has.
    nobodys: Arc<str>,
}

impl Verifier {
    #[expect(clippy::expect_used, reason = "hashing a text and a salt of these lengths cannot fail")]
    pub fn new(chance: &dyn Chance, clock: Arc<dyn Clock>) -> Self {
        let mut salt = [0; SALT_BYTES];
        chance.fill(&mut salt);
        let nobodys = hash(&random(chance), &salt).expect("a hash");
        let seats = |many| Arc::new(Semaphore::new(many));
        Self {
            seats: seats(AT_ONCE),
            strangers: seats(STRANGERS_AT_ONCE),
            tries: Arc::new(Limits::new(TRIES_PER_MINUTE, clock)),
            nobodys: nobodys.into(),
        }
    }

    /// The client of this id whose secret this is. Nothing for every reason to refuse.
    pub async fn client(&self, context: &Context, id: &str, secret: &str) -> Result<Option<api_client::Model>, Error> {
        let found = match id.parse::<ApiClientId>() {
            Ok(id) => {
                if let Some(after) = self.tries.ask(id.to_string()).wait {
                    return Err(Error::RateLimited { after });
                }
                api_client::Entity::of(id).one(&context.database).await?
            }
            Err(_) => None,
        };
        let living = found.filter(|client| client.revoked_at.is_none());
        let now = context.now();
        let previous = living
            .as_ref()
            .filter(|client| client.previous_until.is_some_and(|until| now < until))
            .and_then(|client| client.previous_hash.clone());
        let nobodys = || self.nobodys.to_string();
        // Always two looks: neither who exists nor who was given another secret shows in the time that it takes.
        let hashes =
            [living.as_ref().map_or_else(nobodys, |client| client.secret_hash.clone()), previous.unwrap_or_else(nobodys)];
        let seats = if living.is_some() { &self.seats } else { &self.strangers };
        let fits = self.fits(seats, secret, hashes).await?;
        let Some(client) = living.filter(|_| fits) else { return Ok(None) };
        let used = api_client::ActiveModel { id: Set(client.id), used_at: Set(Some(now)), ..Default::default() };
        used.update(&context.database).await?;
        Ok(Some(client))
    }

    async fn fits(&self, seats: &Arc<Semaphore>, secret: &str, hashes: [String; 2]) -> Result<bool, Error> {
        let waited = tokio::time::timeout(WAIT_MAX, seats.clone().acquire_owned()).await;
        let Ok(Ok(seat)) = waited else { return Err(Error::RateLimited { after: COME_AGAIN }) };
        // One that is too long is none; hashing another in its place takes the usual time.
        let secret = if secret.len() <= SECRET_CHARS_MAX { secret.to_owned() } else { String::new() };
        let looked = tokio::task::spawn_blocking(move || {
            let _seat = seat;
            hashes.map(|hash| Argon2::default().verify_password(secret.as_bytes(), hash.as_str()).is_ok())
        });
        let fits = looked.await.map_err(|error| Failure::Bug(error.to_string()))?;
        Ok(fits.contains(&true))
    }
}

fn random(chance: &dyn Chance) -> String {
    let mut bytes = [0; SECRET_BYTES];
    chance.fill(&mut bytes);
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

fn hash(secret: &str, salt: &[u8]) -> Result<String, Failure> {
    let hashed: Result<PasswordHash, _> = Argon2::default().hash_password_with_salt(secret.as_bytes(), salt);
    hashed.map(|hash| hash.to_string()).map_err(|error| Failure::Bug(format!("a secret could not be hashed: {error}")))
}

#[cfg(test)]
mod tests {
    use entities::chance::SeededChance;

    use super::*;

    #[test]
    fn a_secret_is_random_and_its_hash_says_how_it_was_made_and_nothing_of_it() {
        let chance = SeededChance::new(1);
        let (one, two) = (random(&chance), random(&chance));
        assert_ne!(one, two);
        assert_eq!(one.len(), PREFIX.len() + 43);
        let kept = hash(&one, &[7; SALT_BYTES]).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(Argon2::default().verify_password(one.as_bytes(), kept.as_str()).is_ok());
        assert!(Argon2::default().verify_password(two.as_bytes(), kept.as_str()).is_err());
    }
}
