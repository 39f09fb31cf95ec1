//! One text of SQL for SQLite and PostgreSQL: `{uuid}`, `{bytes}` and `{clustered}` are all that differs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseBackend};

/// Runs each statement, with the dialect's words put in.
pub async fn run(manager: &SchemaManager<'_>, statements: &[&str]) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let (uuid, bytes, clustered) = match connection.get_database_backend() {
        DatabaseBackend::Postgres => ("uuid", "bytea", ""),
        _ => ("uuid_blob", "blob", " WITHOUT ROWID"),
    };
    for statement in statements {
        let text = statement.replace("{uuid}", uuid).replace("{bytes}", bytes).replace("{clustered}", clustered);
        connection.execute_unprepared(&text).await?;
    }
    Ok(())
}

/// The same, for statements that only one of the databases understands: on the other nothing happens.
pub async fn run_on(manager: &SchemaManager<'_>, backend: DatabaseBackend, statements: &[&str]) -> Result<(), DbErr> {
    if manager.get_connection().get_database_backend() == backend { run(manager, statements).await } else { Ok(()) }
}
