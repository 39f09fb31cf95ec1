//! Both ways: what is known of Zoho's side of a pair, and where Zoho's lists were read up to.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct TwoWays;

#[async_trait::async_trait]
impl MigrationTrait for TwoWays {
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
    "ALTER TABLE link ADD COLUMN one_way boolean NOT NULL DEFAULT false",
    "ALTER TABLE lane ADD COLUMN zoho_watermark bigint",
    "ALTER TABLE lane ADD COLUMN zoho_run {uuid}",
    "ALTER TABLE pair ADD COLUMN zoho_prints {bytes}",
    "ALTER TABLE pair ADD COLUMN part text",
    "ALTER TABLE pair ADD COLUMN toward text",
    "ALTER TABLE pair ADD COLUMN winner text",
    "ALTER TABLE pair ADD COLUMN turns integer NOT NULL DEFAULT 0",
    "ALTER TABLE pair ADD COLUMN turns_since bigint",
    "ALTER TABLE intent ADD COLUMN toward text",
    "ALTER TABLE intent ADD COLUMN sent_at bigint",
];

const DOWN: &[&str] = &[
    "ALTER TABLE intent DROP COLUMN sent_at",
    "ALTER TABLE intent DROP COLUMN toward",
    "ALTER TABLE pair DROP COLUMN turns_since",
    "ALTER TABLE pair DROP COLUMN turns",
    "ALTER TABLE pair DROP COLUMN winner",
    "ALTER TABLE pair DROP COLUMN toward",
    "ALTER TABLE pair DROP COLUMN part",
    "ALTER TABLE pair DROP COLUMN zoho_prints",
    "ALTER TABLE lane DROP COLUMN zoho_run",
    "ALTER TABLE lane DROP COLUMN zoho_watermark",
    "ALTER TABLE link DROP COLUMN one_way",
];
