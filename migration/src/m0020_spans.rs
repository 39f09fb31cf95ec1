//! The trace that a job is part of: that of whoever asked for it last.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Spans;

#[async_trait::async_trait]
impl MigrationTrait for Spans {
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

const UP: &[&str] = &["ALTER TABLE job ADD COLUMN traceparent text"];

const DOWN: &[&str] = &["ALTER TABLE job DROP COLUMN traceparent"];
