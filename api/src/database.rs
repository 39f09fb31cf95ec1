//! The database at the start: migrated on a connection of its own, then opened for everybody.

use entities::database;
use migration::{Migrator, MigratorTrait};
use sea_orm::{DatabaseConnection, DbErr};

/// SQLite needs few connections: one writes, the others read. PostgreSQL answers as many as there are handlers and jobs at once.
const CONNECTIONS_SQLITE: u32 = 4;
const CONNECTIONS_POSTGRES: u32 = 16;

/// How far a database's schema is.
pub struct Schema {
    pub applied: Vec<String>,
    pub pending: Vec<String>,
}

/// Why a database cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum NotReady {
    #[error("the database cannot be used")]
    Database(#[from] DbErr),
    #[error("the database lacks {0} migrations; run `cpconnect migrate up` first")]
    Pending(usize),
}

/// Opens the pool.
pub async fn open(url: &str) -> Result<DatabaseConnection, DbErr> {
    database::open(url, if is_sqlite(url) { CONNECTIONS_SQLITE } else { CONNECTIONS_POSTGRES }).await
}

/// Opens the pool on a schema that is current. A SQLite database is one process's own, so `migrate` brings it up to date first;
/// a PostgreSQL one is shared with processes that may still need the older schema, so that is an operator's step.
pub async fn open_current(url: &str, migrate: bool) -> Result<DatabaseConnection, NotReady> {
    if migrate && is_sqlite(url) {
        up(url, None).await?;
    }
    let pool = open(url).await?;
    match pending(&pool).await? {
        0 => Ok(pool),
        count => {
            pool.close().await?;
            Err(NotReady::Pending(count))
        }
    }
}

/// Applies migrations.
pub async fn up(url: &str, steps: Option<u32>) -> Result<(), DbErr> {
    let one = alone(url).await?;
    Migrator::up(&one, steps).await?;
    one.close().await
}

/// Takes migrations back, with what is in their tables.
pub async fn down(url: &str, steps: u32) -> Result<(), DbErr> {
    let one = alone(url).await?;
    Migrator::down(&one, Some(steps)).await?;
    one.close().await
}

pub async fn schema(pool: &DatabaseConnection) -> Result<Schema, DbErr> {
    let mut schema = Schema { applied: Vec::new(), pending: Vec::new() };
    for migration in Migrator::get_migration_with_status_read_only(pool).await? {
        let list = match migration.status() {
            migration::MigrationStatus::Applied => &mut schema.applied,
            migration::MigrationStatus::Pending => &mut schema.pending,
        };
        list.push(migration.name().to_owned());
    }
    Ok(schema)
}

/// How many migrations are still to be applied.
pub async fn pending(pool: &DatabaseConnection) -> Result<usize, DbErr> {
    Ok(schema(pool).await?.pending.len())
}

/// A connection that sees its own changes of the schema. Others opened before would not: so it is closed before the pool opens.
async fn alone(url: &str) -> Result<DatabaseConnection, DbErr> {
    database::open(url, 1).await
}

fn is_sqlite(url: &str) -> bool {
    url.starts_with("sqlite:")
}
