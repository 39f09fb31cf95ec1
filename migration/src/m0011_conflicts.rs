//! What a link does where both sides changed the same, and how much of a run was removed.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Conflicts;

#[async_trait::async_trait]
impl MigrationTrait for Conflicts {
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
    "ALTER TABLE link ADD COLUMN on_conflict text",
    "ALTER TABLE link ADD COLUMN default_account text",
    "ALTER TABLE link ADD COLUMN creates_items boolean NOT NULL DEFAULT false",
    "ALTER TABLE run_count ADD COLUMN removed bigint NOT NULL DEFAULT 0",
    "ALTER TABLE run ADD COLUMN may_remove boolean NOT NULL DEFAULT false",
];

const DOWN: &[&str] = &[
    "ALTER TABLE run DROP COLUMN may_remove",
    "ALTER TABLE run_count DROP COLUMN removed",
    "ALTER TABLE link DROP COLUMN creates_items",
    "ALTER TABLE link DROP COLUMN default_account",
    "ALTER TABLE link DROP COLUMN on_conflict",
];
