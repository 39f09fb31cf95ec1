//! Partners, the programs they ask with, the tenants that are theirs, and which requests must not be done twice.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Partners;

#[async_trait::async_trait]
impl MigrationTrait for Partners {
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
    "CREATE TABLE partner (\
     id {uuid} NOT NULL,\
     name text NOT NULL,\
     created_at bigint NOT NULL,\
     PRIMARY KEY (id))",
    "CREATE TABLE api_client (\
     id {uuid} NOT NULL,\
     partner_id {uuid} NOT NULL,\
     name text NOT NULL,\
     scopes text NOT NULL,\
     secret_hash text NOT NULL,\
     previous_hash text,\
     previous_until bigint,\
     created_by text NOT NULL,\
     created_at bigint NOT NULL,\
     rotated_at bigint,\
     revoked_at bigint,\
     used_at bigint,\
     PRIMARY KEY (id),\
     FOREIGN KEY (partner_id) REFERENCES partner (id))",
    "CREATE TABLE partner_tenant (\
     tenant_id {uuid} NOT NULL,\
     partner_id {uuid} NOT NULL,\
     since bigint NOT NULL,\
     PRIMARY KEY (tenant_id, partner_id),\
     FOREIGN KEY (tenant_id) REFERENCES tenant (id),\
     FOREIGN KEY (partner_id) REFERENCES partner (id)){clustered}",
    "CREATE UNIQUE INDEX ux_partner_tenant_partner ON partner_tenant (partner_id, tenant_id)",
    "CREATE TABLE idempotency (\
     owner {bytes} NOT NULL,\
     key_hash {bytes} NOT NULL,\
     print {bytes} NOT NULL,\
     planned_id {uuid} NOT NULL,\
     claimed_at bigint NOT NULL,\
     expires_at bigint NOT NULL,\
     status integer,\
     answer {bytes},\
     PRIMARY KEY (owner, key_hash)){clustered}",
    "CREATE INDEX ix_idempotency_expires ON idempotency (expires_at)",
];

const DOWN: &[&str] = &["DROP TABLE idempotency", "DROP TABLE partner_tenant", "DROP TABLE api_client", "DROP TABLE partner"];
