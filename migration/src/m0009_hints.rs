//! What a webhook said may have changed, until it was looked at.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Hints;

#[async_trait::async_trait]
impl MigrationTrait for Hints {
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

const UP: &[&str] = &["CREATE TABLE hint (\
     tenant_id {uuid} NOT NULL,\
     lane_id {uuid} NOT NULL,\
     side text NOT NULL,\
     record_id text NOT NULL,\
     seen_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, lane_id, side, record_id),\
     FOREIGN KEY (tenant_id, lane_id) REFERENCES lane (tenant_id, id)){clustered}"];

const DOWN: &[&str] = &["DROP TABLE hint"];
