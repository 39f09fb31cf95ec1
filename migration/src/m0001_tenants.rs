//! Who our customers are, how they were invited, what they consented to.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub struct Tenants;

#[async_trait::async_trait]
impl MigrationTrait for Tenants {
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
    "CREATE TABLE tenant (\
     id {uuid} NOT NULL,\
     name text NOT NULL,\
     contact_email text NOT NULL,\
     region text NOT NULL,\
     products text NOT NULL,\
     wrapped_key {bytes} NOT NULL,\
     status_hash {bytes} NOT NULL,\
     created_at bigint NOT NULL,\
     PRIMARY KEY (id))",
    "CREATE UNIQUE INDEX ux_tenant_status ON tenant (status_hash)",
    "CREATE TABLE consent (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     provider text NOT NULL,\
     token_hash {bytes} NOT NULL,\
     state text NOT NULL,\
     created_at bigint NOT NULL,\
     expires_at bigint NOT NULL,\
     used_at bigint,\
     PRIMARY KEY (tenant_id, id),\
     FOREIGN KEY (tenant_id) REFERENCES tenant (id))",
    "CREATE UNIQUE INDEX ux_consent_token ON consent (token_hash)",
    "CREATE UNIQUE INDEX ux_consent_open ON consent (tenant_id, provider) WHERE state = 'open'",
    "CREATE TABLE oauth_grant (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     provider text NOT NULL,\
     data_centre text NOT NULL,\
     subject text NOT NULL,\
     event text NOT NULL,\
     scopes text NOT NULL,\
     api_base text NOT NULL,\
     refresh {bytes} NOT NULL,\
     previous {bytes},\
     previous_until bigint,\
     access {bytes} NOT NULL,\
     access_until bigint NOT NULL,\
     generation bigint NOT NULL,\
     lease_owner text,\
     lease_until bigint,\
     lease_epoch bigint NOT NULL,\
     state text NOT NULL,\
     created_at bigint NOT NULL,\
     refreshed_at bigint NOT NULL,\
     told_at bigint,\
     PRIMARY KEY (tenant_id, id),\
     FOREIGN KEY (tenant_id) REFERENCES tenant (id))",
    "CREATE TABLE sign_in (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     consent_id {uuid} NOT NULL,\
     provider text NOT NULL,\
     state_hash {bytes} NOT NULL,\
     cookie_hash {bytes} NOT NULL,\
     verifier {bytes} NOT NULL,\
     expires_at bigint NOT NULL,\
     used_at bigint,\
     grant_id {uuid},\
     outcome text,\
     PRIMARY KEY (tenant_id, id),\
     FOREIGN KEY (tenant_id, consent_id) REFERENCES consent (tenant_id, id))",
    "CREATE UNIQUE INDEX ux_sign_in_state ON sign_in (state_hash)",
    "CREATE TABLE letter (\
     tenant_id {uuid} NOT NULL,\
     id {uuid} NOT NULL,\
     kind text NOT NULL,\
     state text NOT NULL,\
     words {bytes},\
     message_id text,\
     attempts integer NOT NULL,\
     queued_at bigint NOT NULL,\
     sent_at bigint,\
     error text,\
     PRIMARY KEY (tenant_id, id),\
     FOREIGN KEY (tenant_id) REFERENCES tenant (id))",
];

const DOWN: &[&str] =
    &["DROP TABLE letter", "DROP TABLE sign_in", "DROP TABLE oauth_grant", "DROP TABLE consent", "DROP TABLE tenant"];
