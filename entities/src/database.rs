//! Opening the database, and the one way to begin a transaction that writes.

use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr, SqliteTransactionMode,
    Statement, TransactionOptions, TransactionTrait, Value,
};

/// How long a writer waits for another writer on SQLite.
const BUSY_TIMEOUT_S: u64 = 10;
/// Page cache of each SQLite connection, in KiB. Four connections stay far below the worker's memory budget.
const SQLITE_CACHE_KIB: i64 = 2048;
/// Prepared statements kept by each connection. Those with many rows are large and seldom have the same number of rows twice: a
/// hundred of them on each connection, as is usual, would be most of a worker's memory.
const STATEMENTS_KEPT: usize = 16;

/// Opens a pool. `connections` matters for PostgreSQL; SQLite needs few.
pub async fn open(url: &str, connections: u32) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url.to_owned());
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(Duration::from_secs(30))
        .connect_timeout(Duration::from_secs(10))
        .sqlx_logging(false);
    options.map_sqlx_sqlite_opts(|sqlite| {
        create_private(sqlite.get_filename());
        sqlite
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL: a rotated refresh token that we were given must survive a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(BUSY_TIMEOUT_S))
            .foreign_keys(true)
            .statement_cache_capacity(STATEMENTS_KEPT)
            .pragma("cache_size", (-SQLITE_CACHE_KIB).to_string())
            // A deleted row must not linger in free pages: sealed things that expired are gone.
            .pragma("secure_delete", "fast")
    });
    options.map_sqlx_postgres_opts(|postgres| postgres.statement_cache_capacity(STATEMENTS_KEPT));
    Database::connect(options).await
}

/// A new SQLite file is its owner's only; the files beside it inherit that. Whether it could be made is seen when it is opened.
fn create_private(path: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        if !path.as_os_str().is_empty() && !path.to_string_lossy().contains(":memory:") {
            let _ = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

/// Begins a transaction that will write. On SQLite it takes the write lock at once: a read that turns into a write later fails with "database is locked".
pub async fn begin_write(database: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    database
        .begin_with_options(TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        })
        .await
}

/// Whether PostgreSQL ended this transaction in favour of another that waited for it in turn (`deadlock_detected`). Nothing of it was
/// done: it may be tried again.
pub fn is_deadlock(error: &DbErr) -> bool {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error else { return false };
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "40P01")
}

/// A statement of our own SQL. Both databases take `$1`, `$2`, ….
pub fn sql(backend: DatabaseBackend, text: impl Into<String>, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(backend, text, values)
}

/// `($1, $2), ($3, $4), …`: the rows of a multi-row `VALUES` that other parameters may follow, with the casts that PostgreSQL wants
/// (`""` for none).
pub fn rows(count: usize, casts: &[&str]) -> String {
    let mut text = String::with_capacity(count * casts.len() * 8);
    let mut n = 0;
    for row in 0..count {
        text.push_str(if row == 0 { "(" } else { ", (" });
        for (column, cast) in casts.iter().enumerate() {
            n += 1;
            if column > 0 {
                text.push_str(", ");
            }
            match *cast {
                "" => text.push_str(&format!("${n}")),
                cast => text.push_str(&format!("CAST(${n} AS {cast})")),
            }
        }
        text.push(')');
    }
    text
}

/// The rows of a multi-row `VALUES` whose parameters are all the statement has. SQLite looks every named parameter up in a list, which
/// takes long with a thousand of them; nameless ones it only counts.
pub fn nameless_rows(backend: DatabaseBackend, count: usize, columns: usize) -> String {
    if backend != DatabaseBackend::Sqlite {
        return rows(count, &vec![""; columns]);
    }
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row; count].join(", ")
}
