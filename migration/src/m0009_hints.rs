//! What a webhook said may have changed, until it was looked at; the webhooks we make; how often a link is synced by itself.

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

const UP: &[&str] = &[
    "CREATE TABLE hint (\
     tenant_id {uuid} NOT NULL,\
     lane_id {uuid} NOT NULL,\
     side text NOT NULL,\
     record_id text NOT NULL,\
     seen_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, lane_id, side, record_id),\
     FOREIGN KEY (tenant_id, lane_id) REFERENCES lane (tenant_id, id)){clustered}",
    "CREATE TABLE webhook (\
     tenant_id {uuid} NOT NULL,\
     link_id {uuid} NOT NULL,\
     path_hash {bytes} NOT NULL,\
     state text NOT NULL,\
     sentence text,\
     next_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, link_id),\
     FOREIGN KEY (tenant_id, link_id) REFERENCES link (tenant_id, id))",
    "CREATE UNIQUE INDEX ux_webhook_path ON webhook (path_hash)",
    "ALTER TABLE link ADD COLUMN sync_every_minutes integer",
];

const DOWN: &[&str] = &["ALTER TABLE link DROP COLUMN sync_every_minutes", "DROP TABLE webhook", "DROP TABLE hint"];
