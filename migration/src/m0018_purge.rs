//! Customers that are being removed: what is left to do survives whoever does it. Answers that are kept for an `Idempotency-Key` say whose
//! they are.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Purge;

#[async_trait::async_trait]
impl MigrationTrait for Purge {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await
    }
}

const UP: &[&str] = &[
    "CREATE TABLE purge (\
     tenant_id {uuid} NOT NULL PRIMARY KEY,\
     asked_at bigint NOT NULL,\
     told_at bigint,\
     FOREIGN KEY (tenant_id) REFERENCES tenant (id)){clustered}",
    // No foreign key: the tenant may be one that is only asked for.
    "ALTER TABLE idempotency ADD COLUMN tenant_id {uuid}",
];

const DOWN: &[&str] = &["ALTER TABLE idempotency DROP COLUMN tenant_id", "DROP TABLE purge"];
