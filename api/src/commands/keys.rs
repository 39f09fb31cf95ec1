//! `cpconnect keys`: master keys, and their rotation.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use entities::audit_entry::SYSTEM;
use entities::chance::SystemChance;
use entities::clock::SystemClock;
use entities::database::begin_write;
use entities::ids::TenantId;
use entities::sealed::{MasterKeys, SealTrouble};
use entities::tenant;
use jobs::audit::{self, Author, Deed};
use jobs::context::Failure;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseConnection, QueryFilter, QueryOrder, QuerySelect};
use secrecy::ExposeSecret;

use super::Outcome;
use crate::settings::Raw;
use crate::{database, endpoints};

/// Tenants in one transaction: a server that runs meanwhile must not wait long for its own.
const TENANTS_AT_ONCE: u64 = 100;

#[derive(Subcommand)]
pub enum Keys {
    /// Print a new master key in the form that MASTER_KEYS takes
    ///
    /// Keep it apart from the database and its backups: whoever has both can read the customers' tokens, and without it
    /// nobody can. To rotate, put the new one in front of the old one, let every process read it (a restart, or SIGHUP where the
    /// keys are in a file), and run `cpconnect keys rotate`.
    Generate(Generate),
    /// Wrap every tenant's key with the newest master key
    ///
    /// Afterwards the older keys may leave MASTER_KEYS. Running it twice does no harm.
    Rotate(Rotate),
}

#[derive(Args)]
pub struct Generate {
    /// The key's name; from the day where absent
    #[arg(long)]
    id: Option<String>,
}

#[derive(Args)]
pub struct Rotate {
    #[command(flatten)]
    raw: Raw,
}

impl Keys {
    pub async fn run(self) -> Outcome {
        match self {
            Self::Generate(generate) => generate.run(),
            Self::Rotate(rotate) => rotate.run().await,
        }
    }
}

impl Generate {
    fn run(self) -> Outcome {
        let day = || SystemClock::machine().to_utc().format("k%Y%m%d").to_string();
        let id = self.id.unwrap_or_else(day);
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err("the id must be of letters, digits and hyphens".into());
        }
        println!("{}", MasterKeys::generate(&id, &SystemChance));
        Ok(ExitCode::SUCCESS)
    }
}

impl Rotate {
    async fn run(self) -> Outcome {
        let keys = self.raw.master_keys()?;
        let url = self.raw.database_url()?;
        let pool = database::open_current(url.expose_secret(), false).await?;
        let mut counts = rotate(&pool, &keys).await?;
        let (webhooks, closed) = reseal(&pool, &keys).await?;
        counts.closed += closed;
        println!(
            "wrapped with {:?} now: {}; were already: {}; do not open: {}",
            keys.newest(),
            counts.rewrapped,
            counts.newest_already,
            counts.closed
        );
        println!("secrets of partners' webhooks sealed anew: {webhooks}");
        remember(&pool, &keys, &counts).await?;
        pool.close().await?;
        if counts.closed > 0 {
            println!("put the master keys that wrapped the last ones back into MASTER_KEYS and run this again");
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    rewrapped: u64,
    newest_already: u64,
    /// Wrapped with a key that we do not have, or damaged.
    closed: u64,
}

async fn rotate(pool: &DatabaseConnection, keys: &MasterKeys) -> Result<Counts, sea_orm::DbErr> {
    let mut counts = Counts::default();
    let mut after: Option<TenantId> = None;
    loop {
        let transaction = begin_write(pool).await?;
        let mut query = tenant::Entity::all().order_by_asc(tenant::Column::Id).limit(TENANTS_AT_ONCE);
        if let Some(after) = after {
            query = query.filter(tenant::Column::Id.gt(after));
        }
        let tenants = query.lock_exclusive().all(&transaction).await?;
        let Some(last) = tenants.last() else {
            return Ok(counts);
        };
        after = Some(last.id);
        for tenant in tenants {
            if keys.is_newest(&tenant.wrapped_key) {
                counts.newest_already += 1;
                continue;
            }
            match rewrapped(keys, &tenant) {
                Ok(wrapped_key) => {
                    let mut tenant: tenant::ActiveModel = tenant.into();
                    tenant.wrapped_key = Set(wrapped_key);
                    tenant.update(&transaction).await?;
                    counts.rewrapped += 1;
                }
                Err(error) => {
                    eprintln!("tenant {}: {error}", tenant.id);
                    counts.closed += 1;
                }
            }
        }
        transaction.commit().await?;
    }
}

/// What partners' webhooks are signed with is sealed with a master key itself.
async fn reseal(pool: &DatabaseConnection, keys: &MasterKeys) -> Result<(u64, u64), sea_orm::DbErr> {
    let transaction = begin_write(pool).await?;
    let counts = endpoints::reseal(&transaction, keys, &SystemChance).await?;
    transaction.commit().await?;
    Ok(counts)
}

/// In the installation's own audit log, whose key is wrapped anew with the others.
async fn remember(pool: &DatabaseConnection, keys: &MasterKeys, counts: &Counts) -> Result<(), Failure> {
    let deed = Deed::done("keys.rotated", format!("key:{}", keys.newest()), format!("{} wrapped", counts.rewrapped));
    let transaction = begin_write(pool).await?;
    audit::append(&transaction, keys, &SystemChance, SystemClock::machine(), SYSTEM, &Author::operator(), deed).await?;
    transaction.commit().await?;
    Ok(())
}

fn rewrapped(keys: &MasterKeys, tenant: &tenant::Model) -> Result<Vec<u8>, SealTrouble> {
    let key = keys.unwrap_tenant(tenant.id, &tenant.wrapped_key)?;
    Ok(keys.wrap(&key, &SystemChance))
}

#[cfg(test)]
mod tests {
    use entities::clock::At;
    use entities::ids::{EndpointId, PartnerId};
    use jobs::events::{open_secret, seal_secret};
    use uuid::Uuid;

    use super::*;

    async fn take_in(pool: &DatabaseConnection, keys: &MasterKeys, n: u128) -> TenantId {
        let id = TenantId(Uuid::from_u128(n));
        let (_, wrapped_key) = keys.new_tenant(id, &SystemChance);
        let row = tenant::ActiveModel {
            id: Set(id),
            name: Set("A".to_owned()),
            contact_email: Set("a@b.cd".to_owned()),
            region: Set("nz".to_owned()),
            products: Set("[]".to_owned()),
            wrapped_key: Set(wrapped_key),
            status_hash: Set(n.to_be_bytes().to_vec()),
            created_at: Set(At(0)),
        };
        row.insert(pool).await.unwrap();
        id
    }

    async fn endpoint(pool: &DatabaseConnection, keys: &MasterKeys, n: u128) -> EndpointId {
        let (partner, id) = (PartnerId(Uuid::from_u128(n)), EndpointId(Uuid::from_u128(n)));
        let of = entities::partner::ActiveModel { id: Set(partner), name: Set("Kea".to_owned()), created_at: Set(At(0)) };
        of.insert(pool).await.unwrap();
        let row = entities::endpoint::ActiveModel {
            id: Set(id),
            partner_id: Set(partner),
            url: Set("https://hooks.kea.example/".to_owned()),
            events: Set("run.finished".to_owned()),
            secret: Set(seal_secret(keys, id, b"secret", &SystemChance)),
            previous: Set(Some(seal_secret(keys, id, b"before", &SystemChance))),
            previous_until: Set(Some(At(1))),
            state: Set("on".to_owned()),
            reason: Set(None),
            failures: Set(0),
            failing_since: Set(None),
            rest_until: Set(None),
            created_by: Set("ann".to_owned()),
            created_at: Set(At(0)),
        };
        row.insert(pool).await.unwrap();
        id
    }

    #[tokio::test]
    async fn the_installations_audit_log_follows_the_newest_key_with_its_next_entry() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("x.db").display());
        let pool = database::open_current(&url, true).await.unwrap();
        let (old, new) = (MasterKeys::generate("old", &SystemChance), MasterKeys::generate("new", &SystemChance));
        for list in [old.clone(), format!("{new},{old}"), new] {
            let keys = MasterKeys::parse(&list).unwrap();
            let deed = Deed::done("keys.rotated", "key:x", "");
            audit::append(&pool, &keys, &SystemChance, At(0), SYSTEM, &Author::operator(), deed).await.unwrap();
            let verified = audit::verify(&pool, &keys).await.unwrap();
            assert!(verified.broken.is_none(), "{list}");
        }
    }

    #[tokio::test]
    async fn after_a_rotation_the_new_key_alone_opens_everything() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("x.db").display());
        let pool = database::open_current(&url, true).await.unwrap();
        let (old, new) = (MasterKeys::generate("old", &SystemChance), MasterKeys::generate("new", &SystemChance));
        let lost = MasterKeys::parse(&MasterKeys::generate("lost", &SystemChance)).unwrap();
        for n in 0..150 {
            take_in(&pool, &MasterKeys::parse(&old).unwrap(), n).await;
        }
        take_in(&pool, &lost, 1000).await;
        let both = MasterKeys::parse(&format!("{new},{old}")).unwrap();
        let secrets = [endpoint(&pool, &MasterKeys::parse(&old).unwrap(), 1).await, endpoint(&pool, &lost, 2).await];
        let counts = rotate(&pool, &both).await.unwrap();
        assert_eq!((counts.rewrapped, counts.newest_already, counts.closed), (150, 0, 1));
        assert_eq!(reseal(&pool, &both).await.unwrap(), (1, 1));
        assert_eq!(reseal(&pool, &both).await.unwrap(), (0, 1));
        let counts = rotate(&pool, &both).await.unwrap();
        assert_eq!((counts.rewrapped, counts.newest_already, counts.closed), (0, 150, 1));
        let alone = MasterKeys::parse(&new).unwrap();
        let first = TenantId(Uuid::from_u128(0));
        let row = tenant::Entity::of(first).one(&pool).await.unwrap().unwrap();
        assert!(alone.unwrap_tenant(first, &row.wrapped_key).is_ok());
        let [webhook, _] = secrets;
        let row = entities::endpoint::Entity::by_id(webhook).one(&pool).await.unwrap().unwrap();
        assert_eq!(open_secret(&alone, webhook, &row.secret).unwrap().as_slice(), b"secret");
        assert_eq!(open_secret(&alone, webhook, row.previous.as_deref().unwrap()).unwrap().as_slice(), b"before");
    }
}
