//! The audit log: one chain of entries a tenant, and a head for each that says where it ends. The database itself lets nobody change
//! an entry, and delete one only under a permit for its tenant.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DatabaseBackend;

use crate::dialect::{run, run_on};

#[derive(DeriveMigrationName)]
pub struct Audit;

#[async_trait::async_trait]
impl MigrationTrait for Audit {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, UP).await?;
        run_on(manager, DatabaseBackend::Sqlite, SQLITE).await?;
        run_on(manager, DatabaseBackend::Postgres, POSTGRES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, DOWN).await?;
        run_on(manager, DatabaseBackend::Postgres, &["DROP FUNCTION audit_entry_stays()"]).await
    }
}

/// No foreign key to the tenant: the installation's own acts are the chain of the nil tenant.
const UP: &[&str] = &[
    "CREATE TABLE audit_entry (
        tenant_id {uuid} NOT NULL,
        seq bigint NOT NULL,
        at bigint NOT NULL,
        who text NOT NULL,
        source text NOT NULL,
        act text NOT NULL,
        target text NOT NULL,
        outcome text NOT NULL,
        detail text NOT NULL,
        prev {bytes} NOT NULL,
        hash {bytes} NOT NULL,
        PRIMARY KEY (tenant_id, seq)
    ){clustered}",
    "CREATE TABLE audit_head (
        tenant_id {uuid} NOT NULL PRIMARY KEY,
        seq bigint NOT NULL,
        hash {bytes} NOT NULL,
        seal {bytes} NOT NULL,
        wrapped_key {bytes}
    ){clustered}",
    // A tenant named here may have its entries deleted: a purge writes it, deletes, and takes it away, in one transaction.
    "CREATE TABLE audit_permit (tenant_id {uuid} NOT NULL PRIMARY KEY){clustered}",
];

const SQLITE: &[&str] = &[
    "CREATE TRIGGER audit_entry_update BEFORE UPDATE ON audit_entry
     BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
    "CREATE TRIGGER audit_entry_delete BEFORE DELETE ON audit_entry
     WHEN NOT EXISTS (SELECT 1 FROM audit_permit WHERE audit_permit.tenant_id = OLD.tenant_id)
     BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END",
];

const POSTGRES: &[&str] = &[
    "CREATE FUNCTION audit_entry_stays() RETURNS trigger LANGUAGE plpgsql AS $body$
     BEGIN
        IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM audit_permit WHERE audit_permit.tenant_id = OLD.tenant_id) THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the audit log is append-only';
     END $body$",
    "CREATE TRIGGER audit_entry_change BEFORE UPDATE OR DELETE ON audit_entry
     FOR EACH ROW EXECUTE FUNCTION audit_entry_stays()",
    "CREATE TRIGGER audit_entry_truncate BEFORE TRUNCATE ON audit_entry
     FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_stays()",
];

const DOWN: &[&str] = &["DROP TABLE audit_permit", "DROP TABLE audit_head", "DROP TABLE audit_entry"];
