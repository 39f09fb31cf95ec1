//! A request that must not be done twice: whose, under which key, and what was answered. Key and request are there as hashes only; the
//! answer is sealed.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::TenantId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    /// SHA-256 of who asks.
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner: Vec<u8>,
    /// SHA-256 of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_hash: Vec<u8>,
    /// A keyed hash of method, path and body.
    pub print: Vec<u8>,
    /// The id of whatever the request makes: who takes it up after a crash finds what was made.
    pub planned_id: Uuid,
    pub claimed_at: At,
    pub expires_at: At,
    /// What was answered; nothing while it is being done.
    pub status: Option<i32>,
    /// Place and body of the answer, sealed.
    pub answer: Option<Vec<u8>>,
    /// The customer that it is about.
    pub tenant_id: Option<TenantId>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// What this asker did under this key.
    #[expect(clippy::disallowed_methods, reason = "this is the door: whoever asks finds only their own")]
    pub fn of(owner: &[u8], key_hash: &[u8]) -> Select<Entity> {
        Entity::find().filter(Column::Owner.eq(owner.to_vec())).filter(Column::KeyHash.eq(key_hash.to_vec()))
    }
}
