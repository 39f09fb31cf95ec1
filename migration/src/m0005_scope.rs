//! What of a company is carried: the scope of a link.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Scope;

#[async_trait::async_trait]
impl MigrationTrait for Scope {
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

const UP: &[&str] = &["ALTER TABLE link ADD COLUMN scope text"];

const DOWN: &[&str] = &["ALTER TABLE link DROP COLUMN scope"];
