//! Connections, links, and the lanes that run on them.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Links;

#[async_trait::async_trait]
impl MigrationTrait for Links {
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
    "CREATE TABLE connection (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     grant_id {uuid} NOT NULL,\
     provider text NOT NULL,\
     organisation_id text NOT NULL,\
     name text NOT NULL,\
     api_base text NOT NULL,\
     web_base text NOT NULL,\
     currency text NOT NULL,\
     country text NOT NULL,\
     short_code text NOT NULL,\
     price_precision integer NOT NULL,\
     currency_id text NOT NULL,\
     plan text NOT NULL,\
     state text NOT NULL,\
     connected_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, id),\
     FOREIGN KEY (tenant_id, grant_id) REFERENCES oauth_grant (tenant_id, id))",
    "CREATE UNIQUE INDEX ux_connection_organisation ON connection (provider, organisation_id) WHERE state <> 'removed'",
    "CREATE TABLE link (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     key text NOT NULL,\
     xero_connection_id {uuid} NOT NULL,\
     zoho_connection_id {uuid} NOT NULL,\
     product text NOT NULL,\
     state text NOT NULL,\
     rest_reason text,\
     create_missing boolean NOT NULL,\
     fence bigint NOT NULL,\
     slice_owner text,\
     slice_until bigint,\
     misses integer NOT NULL,\
     next_at bigint NOT NULL,\
     created_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, id),\
     FOREIGN KEY (tenant_id, xero_connection_id) REFERENCES connection (tenant_id, id),\
     FOREIGN KEY (tenant_id, zoho_connection_id) REFERENCES connection (tenant_id, id))",
    "CREATE UNIQUE INDEX ux_link_key ON link (key)",
    "CREATE INDEX ix_link_next ON link (next_at)",
    "CREATE UNIQUE INDEX ux_link_product ON link (tenant_id, xero_connection_id, zoho_connection_id, product)",
    "CREATE TABLE unique_field (\
     tenant_id {uuid} NOT NULL,\
     link_id {uuid} NOT NULL,\
     module text NOT NULL,\
     label text NOT NULL,\
     api_name text NOT NULL,\
     field_id text NOT NULL,\
     PRIMARY KEY (tenant_id, link_id, module, label),\
     FOREIGN KEY (tenant_id, link_id) REFERENCES link (tenant_id, id))",
    "CREATE TABLE lane (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     link_id {uuid} NOT NULL,\
     flow text NOT NULL,\
     position integer NOT NULL,\
     watermark bigint,\
     anchor bigint,\
     page integer NOT NULL,\
     pull_started bigint,\
     pull_run {uuid},\
     state text NOT NULL,\
     PRIMARY KEY (tenant_id, id),\
     FOREIGN KEY (tenant_id, link_id) REFERENCES link (tenant_id, id))",
    "CREATE UNIQUE INDEX ux_lane_flow ON lane (tenant_id, link_id, flow)",
    "CREATE TABLE run (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     link_id {uuid} NOT NULL,\
     kind text NOT NULL,\
     state text NOT NULL,\
     stage text NOT NULL,\
     reason text,\
     pause text,\
     resume_at bigint,\
     passes integer NOT NULL,\
     clean boolean,\
     requested_by text NOT NULL,\
     created_at bigint NOT NULL,\
     started_at bigint,\
     ended_at bigint,\
     PRIMARY KEY (tenant_id, id),\
     FOREIGN KEY (tenant_id, link_id) REFERENCES link (tenant_id, id))",
    "CREATE UNIQUE INDEX ux_run_active ON run (tenant_id, link_id) WHERE state IN ('working', 'paused')",
    "CREATE TABLE run_count (\
     tenant_id {uuid} NOT NULL,\
     run_id {uuid} NOT NULL,\
     flow text NOT NULL,\
     expected bigint NOT NULL,\
     seen bigint NOT NULL,\
     created bigint NOT NULL,\
     updated bigint NOT NULL,\
     unchanged bigint NOT NULL,\
     held bigint NOT NULL,\
     waiting bigint NOT NULL,\
     skipped bigint NOT NULL,\
     xero_calls bigint NOT NULL,\
     zoho_calls bigint NOT NULL,\
     xero_count bigint NOT NULL,\
     zoho_count bigint NOT NULL,\
     findings bigint NOT NULL,\
     tally {bytes},\
     PRIMARY KEY (tenant_id, run_id, flow),\
     FOREIGN KEY (tenant_id, run_id) REFERENCES run (tenant_id, id))",
    "CREATE TABLE quota (\
     tenant_id {uuid} NOT NULL,\
     key text NOT NULL,\
     tat bigint NOT NULL,\
     day bigint NOT NULL,\
     used bigint NOT NULL,\
     paused_until bigint,\
     paused_for text,\
     PRIMARY KEY (tenant_id, key),\
     FOREIGN KEY (tenant_id) REFERENCES tenant (id))",
    "CREATE TABLE slot (\
     tenant_id {uuid} NOT NULL,\
     key text NOT NULL,\
     owner text NOT NULL,\
     slots integer NOT NULL,\
     until bigint NOT NULL,\
     PRIMARY KEY (tenant_id, key, owner),\
     FOREIGN KEY (tenant_id) REFERENCES tenant (id))",
];

const DOWN: &[&str] = &[
    "DROP TABLE slot",
    "DROP TABLE quota",
    "DROP TABLE run_count",
    "DROP TABLE run",
    "DROP TABLE lane",
    "DROP TABLE unique_field",
    "DROP TABLE link",
    "DROP TABLE connection",
];
