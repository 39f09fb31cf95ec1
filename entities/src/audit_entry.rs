//! One act in a tenant's audit log. Each entry holds the hash of the one before: none can be changed, left out or moved unseen.
//! Ids and codes only, never a record's value, an address or a token.

use sea_orm::entity::prelude::*;

use crate::clock::At;
use crate::ids::TenantId;

/// The installation's own acts, which are no tenant's.
pub const SYSTEM: TenantId = TenantId(Uuid::nil());
/// What the first entry has in the place of the hash before it.
pub const ORIGIN: [u8; 32] = [0; 32];

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_entry")]
pub struct Model {
    /// `SYSTEM` for acts of no tenant.
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: TenantId,
    /// 1, 2, 3, … without a gap.
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub at: At,
    /// The subject of a staff token, or `customer`, `worker`, `timetable`, `webhook`, `operator`.
    pub who: String,
    /// By which door: `graphql`, `rest`, `webhook`, `customer`, `timetable`, `worker` or `cli`.
    pub source: String,
    /// What was done: `run.started`.
    pub act: String,
    /// What it was done to: `run:<id>`. Empty where that is the tenant.
    pub target: String,
    /// `done`, `nothing`: there was nothing to do, `refused` or `failed`.
    pub outcome: String,
    /// A code that says more: which kind of run, why it was refused.
    pub detail: String,
    pub prev: Vec<u8>,
    pub hash: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

crate::owned!();

impl Model {
    /// What `hash` must be: over every other column, each with its length, so that no two entries read alike.
    pub fn sealed_with(&self, key: &[u8; 32]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(key);
        hasher.update(b"cpconnect audit entry 1");
        hasher.update(self.tenant_id.0.as_bytes());
        hasher.update(&self.seq.to_be_bytes());
        hasher.update(&self.at.0.to_be_bytes());
        let texts = [&self.who, &self.source, &self.act, &self.target, &self.outcome, &self.detail];
        for part in texts.into_iter().map(|text| text.as_bytes()).chain([self.prev.as_slice()]) {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part);
        }
        *hasher.finalize().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Model {
        Model {
            tenant_id: TenantId(Uuid::from_u128(1)),
            seq: 1,
            at: At(5),
            who: "ann".to_owned(),
            source: "graphql".to_owned(),
            act: "run.started".to_owned(),
            target: "run:7".to_owned(),
            outcome: "done".to_owned(),
            detail: "migration".to_owned(),
            prev: ORIGIN.to_vec(),
            hash: Vec::new(),
        }
    }

    #[test]
    fn every_column_counts_and_no_text_runs_into_the_next() {
        let hash = entry().sealed_with(&[1; 32]);
        assert_eq!(entry().sealed_with(&[1; 32]), hash, "the same entry has the same hash");
        assert_ne!(entry().sealed_with(&[2; 32]), hash, "nobody without the key writes it");
        let changes: [fn(&mut Model); 11] = [
            |entry| entry.tenant_id = TenantId(Uuid::from_u128(2)),
            |entry| entry.seq = 2,
            |entry| entry.at = At(6),
            |entry| entry.who.push('e'),
            |entry| entry.source.push('e'),
            |entry| entry.act.push('e'),
            |entry| entry.target.push('e'),
            |entry| entry.outcome.push('e'),
            |entry| entry.detail.push('e'),
            |entry| entry.prev[31] = 1,
            |entry| {
                // The same letters, another border.
                entry.who = "an".to_owned();
                entry.source = "ngraphql".to_owned();
            },
        ];
        for (n, change) in changes.into_iter().enumerate() {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(changed.sealed_with(&[1; 32]), hash, "{n}");
        }
    }

    proptest::proptest! {
        /// Whatever stands in the columns, and wherever one ends and the next begins.
        #[test]
        fn entries_that_differ_have_hashes_that_differ(text in "[a-c|]{0,8}", one in 0_usize..9, two in 0_usize..9, seq in 1_i64..3) {
            let cut = |at: usize| text.split_at(at.min(text.len()));
            let divided = |at: usize, seq: i64| Model { who: cut(at).0.to_owned(), source: cut(at).1.to_owned(), seq, ..entry() };
            let (left, right) = (divided(one, 1), divided(two, seq));
            proptest::prop_assert_eq!(left == right, left.sealed_with(&[1; 32]) == right.sealed_with(&[1; 32]));
        }
    }
}
