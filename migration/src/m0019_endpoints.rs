//! Where partners want to be told of what happens, and each message on its way there.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Endpoints;

#[async_trait::async_trait]
impl MigrationTrait for Endpoints {
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
    "CREATE TABLE endpoint (\
     id {uuid} NOT NULL,\
     partner_id {uuid} NOT NULL,\
     url text NOT NULL,\
     events text NOT NULL,\
     secret {bytes} NOT NULL,\
     previous {bytes},\
     previous_until bigint,\
     state text NOT NULL,\
     reason text,\
     failures integer NOT NULL,\
     failing_since bigint,\
     rest_until bigint,\
     created_by text NOT NULL,\
     created_at bigint NOT NULL,\
     PRIMARY KEY (id),\
     FOREIGN KEY (partner_id) REFERENCES partner (id))",
    "CREATE INDEX ix_endpoint_partner ON endpoint (partner_id, id)",
    // No foreign keys: a message is written in the transactions of others' work, which must wait for nobody who changes an endpoint.
    "CREATE TABLE message (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     endpoint_id {uuid} NOT NULL,\
     event text NOT NULL,\
     about {uuid} NOT NULL,\
     body text NOT NULL,\
     state text NOT NULL,\
     attempts integer NOT NULL,\
     made_at bigint NOT NULL,\
     begun_at bigint NOT NULL,\
     due_at bigint NOT NULL,\
     settled_at bigint,\
     status integer,\
     error text,\
     PRIMARY KEY (tenant_id, id)){clustered}",
    // What is being gathered is gathered once.
    "CREATE UNIQUE INDEX ux_message_gathering ON message (tenant_id, endpoint_id, event, about) WHERE state = 'gathering'",
    "CREATE INDEX ix_message_endpoint ON message (endpoint_id, id)",
    "CREATE INDEX ix_message_due ON message (due_at) WHERE state IN ('gathering', 'waiting')",
    "CREATE INDEX ix_message_settled ON message (settled_at)",
];

const DOWN: &[&str] = &["DROP TABLE message", "DROP TABLE endpoint"];
