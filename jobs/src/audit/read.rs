//! The log as people read it, the newest entry first.

use entities::audit_entry::{self, Column};
use entities::clock::At;
use entities::ids::TenantId;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

/// Which entries are wanted. Nothing: all.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// An act, or what acts begin with: `run` for `run.started` and the others.
    pub what: Option<String>,
    pub who: Option<String>,
    pub from: Option<At>,
    /// Up to here, and not this moment itself.
    pub to: Option<At>,
}

/// The newest entries before `before`.
pub async fn newest(
    connection: &impl ConnectionTrait,
    tenant: TenantId,
    wanted: &Wanted,
    before: Option<i64>,
    first: u64,
) -> Result<Vec<audit_entry::Model>, DbErr> {
    let mut query = audit_entry::Entity::of(tenant);
    if let Some(what) = &wanted.what {
        query = query.filter(Condition::any().add(Column::Act.eq(what)).add(Column::Act.starts_with(format!("{what}."))));
    }
    if let Some(who) = &wanted.who {
        query = query.filter(Column::Who.eq(who));
    }
    if let Some(from) = wanted.from {
        query = query.filter(Column::At.gte(from));
    }
    if let Some(to) = wanted.to {
        query = query.filter(Column::At.lt(to));
    }
    if let Some(before) = before {
        query = query.filter(Column::Seq.lt(before));
    }
    query.order_by_desc(Column::Seq).limit(first).all(connection).await
}
