//! Whether Zoho's own integration joins Books with the CRM that a link leads to.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Native;

#[async_trait::async_trait]
impl MigrationTrait for Native {
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
    "ALTER TABLE link ADD COLUMN native_wish text",
    "ALTER TABLE link ADD COLUMN native_found boolean",
    "ALTER TABLE link ADD COLUMN native_at bigint",
];

const DOWN: &[&str] = &[
    "ALTER TABLE link DROP COLUMN native_at",
    "ALTER TABLE link DROP COLUMN native_found",
    "ALTER TABLE link DROP COLUMN native_wish",
];
