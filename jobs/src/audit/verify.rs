//! Does every chain still hold? Each entry is held against its hash, its place and the one before it, and the end against the head.

use std::collections::BTreeSet;

use entities::audit_entry::{self, Column, ORIGIN, SYSTEM};
use entities::database::sql;
use entities::ids::TenantId;
use entities::sealed::MasterKeys;
use entities::{audit_head, tenant};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::key;
use crate::context::Failure;

/// Entries read at once; none is kept.
const ENTRIES_AT_ONCE: u64 = 500;

/// What was looked at, and the first place where it does not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    pub chains: u64,
    pub entries: u64,
    pub broken: Option<Broken>,
}

/// Where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// `SYSTEM` for the installation's own chain.
    pub tenant: TenantId,
    pub seq: i64,
    pub why: &'static str,
}

/// Verifies every chain, until the first that is broken. Others may append meanwhile.
pub async fn verify(connection: &impl ConnectionTrait, keys: &MasterKeys) -> Result<Verified, DbErr> {
    let mut verified = Verified::default();
    for id in chains(connection).await? {
        verified.chains += 1;
        verified.broken = chain(connection, keys, id, &mut verified.entries).await?;
        if verified.broken.is_some() {
            break;
        }
    }
    Ok(verified)
}

/// Whoever has a head or an entry: either may have been taken away.
async fn chains(connection: &impl ConnectionTrait) -> Result<BTreeSet<TenantId>, DbErr> {
    let text = "SELECT tenant_id FROM audit_head UNION SELECT tenant_id FROM audit_entry";
    let rows = connection.query_all_raw(sql(connection.get_database_backend(), text, vec![])).await?;
    rows.iter().map(|row| Ok(TenantId(row.try_get("", "tenant_id")?))).collect()
}

async fn chain(
    connection: &impl ConnectionTrait,
    keys: &MasterKeys,
    id: TenantId,
    entries: &mut u64,
) -> Result<Option<Broken>, DbErr> {
    let broken = |seq, why| Ok(Some(Broken { tenant: id, seq, why }));
    let Some(head) = audit_head::Entity::of(id).one(connection).await? else {
        return broken(1, "the head of its chain is gone");
    };
    if id != SYSTEM && tenant::Entity::of(id).one(connection).await?.is_none() {
        return broken(1, "its tenant is gone");
    }
    let key = match key(connection, keys, id, head.wrapped_key.as_deref()).await {
        Ok(key) => key.audit_key(),
        Err(Failure::Database(error)) => return Err(error),
        Err(_) => return broken(1, "the key of its chain does not open"),
    };
    let (mut last, mut prev) = (0, ORIGIN.to_vec());
    loop {
        let page = audit_entry::Entity::of(id)
            .filter(Column::Seq.gt(last))
            .filter(Column::Seq.lte(head.seq))
            .order_by_asc(Column::Seq)
            .limit(ENTRIES_AT_ONCE)
            .all(connection)
            .await?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            if entry.seq != last + 1 {
                return broken(last + 1, "an entry is missing");
            }
            if entry.prev != prev || entry.hash != entry.sealed_with(&key) {
                return broken(entry.seq, "an entry is not what was written");
            }
            *entries += 1;
            (last, prev) = (entry.seq, entry.hash);
        }
    }
    if head.seal != head.sealed_with(&key) {
        return broken(head.seq, "the head of its chain is not what was written");
    }
    if head.seq != last || head.hash != prev {
        return broken(last + 1, "entries are missing at its end");
    }
    beyond(connection, id).await
}

/// An entry after the head was not appended by us. The head is read last: it may have gone on meanwhile.
async fn beyond(connection: &impl ConnectionTrait, id: TenantId) -> Result<Option<Broken>, DbErr> {
    let newest = audit_entry::Entity::of(id).order_by_desc(Column::Seq).one(connection).await?.map_or(0, |entry| entry.seq);
    let head = audit_head::Entity::of(id).one(connection).await?.map_or(0, |head| head.seq);
    Ok((newest > head).then_some(Broken { tenant: id, seq: head + 1, why: "an entry stands after the end" }))
}
