//! The queue: alarms that name a row. One live job a key; back-off and attempts are columns.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Jobs;

#[async_trait::async_trait]
impl MigrationTrait for Jobs {
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
    "CREATE TABLE job (\
     id text NOT NULL,\
     queue text NOT NULL,\
     name text NOT NULL,\
     tenant_id {uuid},\
     payload text NOT NULL,\
     status text NOT NULL,\
     attempts integer NOT NULL,\
     max_attempts integer NOT NULL,\
     priority integer NOT NULL,\
     run_at bigint NOT NULL,\
     again bigint,\
     dedup text,\
     lock_by text,\
     lock_at bigint,\
     done_at bigint,\
     error text,\
     created_at bigint NOT NULL,\
     PRIMARY KEY (id))",
    "CREATE INDEX ix_job_claim ON job (queue, priority DESC, run_at, id) WHERE status = 'pending'",
    "CREATE INDEX ix_job_running ON job (queue, tenant_id) WHERE status = 'running'",
    "CREATE INDEX ix_job_done ON job (done_at) WHERE done_at IS NOT NULL",
    "CREATE UNIQUE INDEX ux_job_live ON job (queue, dedup) WHERE status IN ('pending', 'running')",
    "CREATE TABLE job_worker (\
     id text NOT NULL,\
     queue text NOT NULL,\
     last_seen bigint NOT NULL,\
     PRIMARY KEY (id))",
];

const DOWN: &[&str] = &["DROP TABLE job_worker", "DROP TABLE job"];
