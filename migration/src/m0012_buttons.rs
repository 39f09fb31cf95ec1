//! The ways that lead from Zoho's contacts to Xero's: what stands there, and how. And which document a finding is about.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Buttons;

#[async_trait::async_trait]
impl MigrationTrait for Buttons {
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
    "CREATE TABLE button (\
     tenant_id {uuid} NOT NULL,\
     link_id {uuid} NOT NULL,\
     kind text NOT NULL CHECK (kind IN ('customer', 'vendor', 'field')),\
     wanted boolean NOT NULL,\
     zoho_id text,\
     version text,\
     state text NOT NULL,\
     sentence text,\
     mended text,\
     mended_at bigint,\
     checked_at bigint,\
     next_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, link_id, kind),\
     FOREIGN KEY (tenant_id, link_id) REFERENCES link (tenant_id, id))",
    "ALTER TABLE finding ADD COLUMN xero_id text",
];

const DOWN: &[&str] = &["ALTER TABLE finding DROP COLUMN xero_id", "DROP TABLE button"];
