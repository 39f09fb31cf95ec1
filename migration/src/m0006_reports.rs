//! What a reconciliation found of the two ledgers, sealed until it expires.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Reports;

#[async_trait::async_trait]
impl MigrationTrait for Reports {
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

const UP: &[&str] = &["CREATE TABLE report (\
     tenant_id {uuid} NOT NULL,\
     run_id {uuid} NOT NULL,\
     agrees boolean NOT NULL,\
     body {bytes} NOT NULL,\
     expires_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, run_id),\
     FOREIGN KEY (tenant_id, run_id) REFERENCES run (tenant_id, id))"];

const DOWN: &[&str] = &["DROP TABLE report"];
