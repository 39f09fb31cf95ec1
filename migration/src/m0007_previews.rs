//! What a migration would do, what people decided about accounts and taxes, and the locked periods that a run found.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Previews;

#[async_trait::async_trait]
impl MigrationTrait for Previews {
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
    "CREATE TABLE preview (\
     tenant_id {uuid} NOT NULL,\
     run_id {uuid} NOT NULL,\
     content {bytes} NOT NULL,\
     expires_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, run_id),\
     FOREIGN KEY (tenant_id, run_id) REFERENCES run (tenant_id, id))",
    "CREATE TABLE reference (\
     tenant_id {uuid} NOT NULL,\
     lane_id {uuid} NOT NULL,\
     xero_id text NOT NULL,\
     zoho_id text,\
     set_by text NOT NULL,\
     set_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, lane_id, xero_id),\
     FOREIGN KEY (tenant_id, lane_id) REFERENCES lane (tenant_id, id))",
    "ALTER TABLE run ADD COLUMN locks text",
];

const DOWN: &[&str] = &["ALTER TABLE run DROP COLUMN locks", "DROP TABLE reference", "DROP TABLE preview"];
