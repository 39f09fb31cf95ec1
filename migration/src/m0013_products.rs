//! Which of Zoho's products a connected organisation has.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Products;

#[async_trait::async_trait]
impl MigrationTrait for Products {
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

const UP: &[&str] = &["ALTER TABLE connection ADD COLUMN products text NOT NULL DEFAULT 'books'"];

const DOWN: &[&str] = &["ALTER TABLE connection DROP COLUMN products"];
