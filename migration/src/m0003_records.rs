//! Pairs, intents, holds and findings: what is known of records, without a value of theirs.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Records;

#[async_trait::async_trait]
impl MigrationTrait for Records {
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
    "CREATE TABLE pair (\
     tenant_id {uuid} NOT NULL,\
     lane_id {uuid} NOT NULL,\
     xero_id text NOT NULL,\
     zoho_id text,\
     alias {bytes},\
     prints {bytes},\
     answer {bytes},\
     version text,\
     state text NOT NULL,\
     need {bytes},\
     due text,\
     origin text,\
     run_id {uuid},\
     seen {bytes},\
     seen_run {uuid},\
     PRIMARY KEY (tenant_id, lane_id, xero_id),\
     FOREIGN KEY (tenant_id, lane_id) REFERENCES lane (tenant_id, id)){clustered}",
    "CREATE INDEX ix_pair_zoho ON pair (tenant_id, lane_id, zoho_id) WHERE zoho_id IS NOT NULL",
    "CREATE UNIQUE INDEX ux_pair_created ON pair (tenant_id, lane_id, zoho_id) WHERE zoho_id IS NOT NULL AND origin = 'created'",
    "CREATE INDEX ix_pair_alias ON pair (tenant_id, lane_id, alias) WHERE alias IS NOT NULL",
    "CREATE INDEX ix_pair_need ON pair (tenant_id, need) WHERE need IS NOT NULL",
    "CREATE INDEX ix_pair_open ON pair (tenant_id, lane_id, state) WHERE state <> 'settled'",
    "CREATE TABLE intent (\
     tenant_id {uuid} NOT NULL,\
     lane_id {uuid} NOT NULL,\
     xero_id text NOT NULL,\
     run_id {uuid} NOT NULL,\
     fence bigint NOT NULL,\
     attempts integer NOT NULL,\
     created_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, lane_id, xero_id),\
     FOREIGN KEY (tenant_id, lane_id) REFERENCES lane (tenant_id, id))",
    "CREATE TABLE hold (\
     tenant_id {uuid} NOT NULL,\
     lane_id {uuid} NOT NULL,\
     xero_id text NOT NULL,\
     run_id {uuid} NOT NULL,\
     code text NOT NULL,\
     expected boolean NOT NULL,\
     sentence {bytes} NOT NULL,\
     held_at bigint NOT NULL,\
     expires_at bigint NOT NULL,\
     attempts integer NOT NULL,\
     PRIMARY KEY (tenant_id, lane_id, xero_id),\
     FOREIGN KEY (tenant_id, lane_id) REFERENCES lane (tenant_id, id))",
    "CREATE TABLE finding (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     run_id {uuid} NOT NULL,\
     flow text NOT NULL,\
     level integer NOT NULL,\
     cause text NOT NULL,\
     explained boolean NOT NULL,\
     detail {bytes} NOT NULL,\
     expires_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, id),\
     FOREIGN KEY (tenant_id, run_id) REFERENCES run (tenant_id, id))",
    "CREATE INDEX ix_finding_run ON finding (tenant_id, run_id)",
];

const DOWN: &[&str] = &["DROP TABLE finding", "DROP TABLE hold", "DROP TABLE intent", "DROP TABLE pair"];
