//! What SQLite's planner is told of pairs: that an organisation has many of a kind. Without figures it takes a walk through a whole lane,
//! in the order of the primary key, for cheaper than the small index of the id in Zoho or of what a record waits for, and a migration grows
//! with the square of the company. The figures are fixed, so that plans are the same in every installation
//! ("Fixed Results Of ANALYZE", SQLite's documentation of ANALYZE). `ANALYZE pair` is nobody's business: it would take samples of the records
//! (`sqlite_stat4`), which come before these figures and hold ids of customers that no purge takes along.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

use crate::dialect::run_on;

#[derive(DeriveMigrationName)]
pub struct Plans;

#[async_trait::async_trait]
impl MigrationTrait for Plans {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_on(manager, DatabaseBackend::Sqlite, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run_on(manager, DatabaseBackend::Sqlite, DOWN).await
    }
}

/// The first statement makes the two tables of figures where they are not yet. Rows altogether, then rows that agree in the first column, in the first two, and so on.
const UP: &[&str] = &[
    "ANALYZE sqlite_schema",
    "DELETE FROM sqlite_stat1 WHERE tbl = 'pair'",
    "DELETE FROM sqlite_stat4 WHERE tbl = 'pair'",
    "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES \
     ('pair', 'pair', '1000000 100000 10000 1'), \
     ('pair', 'ix_pair_zoho', '1000000 100000 10000 1'), \
     ('pair', 'ux_pair_created', '1000000 100000 10000 1'), \
     ('pair', 'ix_pair_alias', '500000 50000 5000 1'), \
     ('pair', 'ix_pair_need', '1000 500 2'), \
     ('pair', 'ix_pair_open', '10000 2000 500 250')",
    "ANALYZE sqlite_schema",
];

const DOWN: &[&str] = &["DELETE FROM sqlite_stat1 WHERE tbl = 'pair'", "ANALYZE sqlite_schema"];
