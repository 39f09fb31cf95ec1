//! What a tenant wants of tracking and of custom fields: sealed, because staff type a customer's own words into tables.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Rules;

#[async_trait::async_trait]
impl MigrationTrait for Rules {
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

const UP: &[&str] = &["CREATE TABLE rule (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     link_id {uuid} NOT NULL,\
     kind text NOT NULL CHECK (kind IN ('tracking', 'field')),\
     position integer NOT NULL,\
     body {bytes} NOT NULL,\
     set_by text NOT NULL,\
     set_at bigint NOT NULL,\
     PRIMARY KEY (tenant_id, id),\
     UNIQUE (tenant_id, link_id, kind, position),\
     FOREIGN KEY (tenant_id, link_id) REFERENCES link (tenant_id, id))"];

const DOWN: &[&str] = &["DROP TABLE rule"];
