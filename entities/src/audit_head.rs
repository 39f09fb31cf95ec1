//! Where a tenant's audit log ends. Without it, an entry taken away from the end would leave a chain that looks whole.

use sea_orm::entity::prelude::*;

use crate::ids::TenantId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_head")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// The newest entry's. Counting it up is also the lock under which an entry is appended.
    pub seq: i64,
    /// The newest entry's.
    pub hash: Vec<u8>,
    /// Proves that it was us who wrote the two above.
    pub seal: Vec<u8>,
    /// The key of the installation's own chain, wrapped by a master key. A tenant's chain has the tenant's.
    pub wrapped_key: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

impl Entity {
    /// The heads of all chains, for who verifies them all.
    #[expect(clippy::disallowed_methods, reason = "verifying is for all tenants")]
    pub fn all() -> Select<Self> {
        Self::find()
    }
}

impl Model {
    /// What `seal` must be.
    pub fn sealed_with(&self, key: &[u8; 32]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(b"cpconnect audit head 1");
        hasher.update(self.tenant_id.0.as_bytes());
        hasher.update(&self.seq.to_be_bytes());
        hasher.update(&self.hash);
        *hasher.finalize().as_bytes()
    }
}
