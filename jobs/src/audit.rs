//! The audit log: who did what, when, through which door, and what came of it. An entry is appended in the transaction of the act itself,
//! so that there is no act without its entry and no entry without its act.

mod read;
mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use entities::audit_entry::{self, ORIGIN, SYSTEM};
use entities::chance::Chance;
use entities::clock::At;
use entities::database::{begin_write, sql};
use entities::ids::TenantId;
use entities::sealed::{MasterKeys, TenantKey};
use entities::{audit_head, tenant};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter};

use crate::context::{Context, Failure};
pub use read::{Wanted, newest};
pub use verify::{Broken, Verified, verify};

/// Characters kept of a text that is somebody else's: a token's subject may have any length.
const CHARS_MAX: usize = 200;

/// Through which door an act came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    GraphQl,
    Rest,
    /// A provider told us something.
    Webhook,
    /// Somebody who has a customer's link.
    Customer,
    /// The clock.
    Timetable,
    /// The work itself: a run that comes to its end, a letter that is sent.
    Worker,
    Cli,
}

impl Source {
    pub fn name(self) -> &'static str {
        match self {
            Source::GraphQl => "graphql",
            Source::Rest => "rest",
            Source::Webhook => "webhook",
            Source::Customer => "customer",
            Source::Timetable => "timetable",
            Source::Worker => "worker",
            Source::Cli => "cli",
        }
    }
}

/// Who acts, and whether that was noted already.
#[derive(Debug, Clone)]
pub struct Author {
    who: String,
    source: Source,
    noted: Arc<AtomicBool>,
}

impl Author {
    /// Somebody with a token: staff, or a partner's program.
    pub fn bearer(subject: &str, source: Source) -> Self {
        Self { who: clipped(subject), source, noted: Arc::default() }
    }

    /// The same, telling `noted` when an entry is written.
    pub fn watched(subject: &str, source: Source, noted: Arc<AtomicBool>) -> Self {
        Self { noted, ..Self::bearer(subject, source) }
    }

    /// Who has no token, and is called by what they are.
    fn without_token(who: &str, source: Source) -> Self {
        Self { who: who.to_owned(), source, noted: Arc::default() }
    }

    pub fn customer() -> Self {
        Self::without_token("customer", Source::Customer)
    }

    pub fn worker() -> Self {
        Self::without_token("worker", Source::Worker)
    }

    pub fn timetable() -> Self {
        Self::without_token("timetable", Source::Timetable)
    }

    pub fn webhook() -> Self {
        Self::without_token("webhook", Source::Webhook)
    }

    /// Whoever runs the binary.
    pub fn operator() -> Self {
        Self::without_token("operator", Source::Cli)
    }

    pub fn who(&self) -> &str {
        &self.who
    }

    /// Whether nobody asked: what a clock or a webhook starts every few minutes is noted only where something comes of it.
    pub fn is_nobody(&self) -> bool {
        matches!(self.source, Source::Timetable | Source::Webhook)
    }
}

/// What came of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// There was nothing to do, or the present state does not allow it.
    Nothing,
    Refused,
    /// Our own fault.
    Failed,
}

impl Outcome {
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Nothing => "nothing",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
        }
    }
}

/// What was done. Ids and codes only: never a record's value, an address or a token.
#[derive(Debug, Clone)]
pub struct Deed {
    pub act: String,
    /// `run:<id>`; empty where it is the tenant itself.
    pub target: String,
    pub outcome: Outcome,
    pub detail: String,
}

impl Deed {
    pub fn done(act: &str, target: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { act: act.to_owned(), target: target.into(), outcome: Outcome::Done, detail: detail.into() }
    }
}

/// Appends an entry to the tenant's log, in the act's own transaction, as its last statement: the head of the chain is locked from here
/// to the commit, and whoever locked it before other rows could wait for somebody who waits for it.
pub async fn note(
    transaction: &impl ConnectionTrait,
    context: &Context,
    tenant: TenantId,
    by: &Author,
    deed: Deed,
) -> Result<(), Failure> {
    append(transaction, &context.keys, context.chance.as_ref(), context.now(), tenant, by, deed).await
}

/// Notes what was refused, failed, or found nothing to do: it has no transaction of its own. In the log of the tenant that it was about,
/// where there is such a tenant; otherwise in the installation's.
pub async fn note_aside(context: &Context, about: Option<TenantId>, by: &Author, deed: Deed) -> Result<(), Failure> {
    let transaction = begin_write(&context.database).await?;
    let known = match about {
        Some(id) => tenant::Entity::of(id).one(&transaction).await?.map(|tenant| tenant.id),
        None => None,
    };
    // A row is named only in its own tenant's log.
    let target = if known.is_some() { deed.target } else { String::new() };
    note(&transaction, context, known.unwrap_or(SYSTEM), by, Deed { target, ..deed }).await?;
    transaction.commit().await?;
    Ok(())
}

/// The same, for the command line, which has no context. `SYSTEM` is the installation's own log.
pub async fn append(
    transaction: &impl ConnectionTrait,
    keys: &MasterKeys,
    chance: &dyn Chance,
    now: At,
    tenant: TenantId,
    by: &Author,
    deed: Deed,
) -> Result<(), Failure> {
    // A key that is only for the case that this is the first entry of the installation's chain.
    let fresh = (tenant == SYSTEM).then(|| keys.new_tenant(SYSTEM, chance).1);
    let text = "INSERT INTO audit_head (tenant_id, seq, hash, seal, wrapped_key) VALUES ($1, 1, $2, $3, $4) \
                ON CONFLICT (tenant_id) DO UPDATE SET seq = audit_head.seq + 1 RETURNING seq, hash, seal, wrapped_key";
    let values = vec![tenant.0.into(), ORIGIN.to_vec().into(), Vec::<u8>::new().into(), fresh.into()];
    let row = transaction.query_one_raw(sql(transaction.get_database_backend(), text, values)).await?;
    let row = row.ok_or_else(|| Failure::Bug("the head of an audit log is not there".to_owned()))?;
    let mut head = audit_head::Model {
        tenant_id: tenant,
        seq: row.try_get("", "seq")?,
        hash: row.try_get("", "hash")?,
        seal: row.try_get("", "seal")?,
        wrapped_key: row.try_get("", "wrapped_key")?,
    };
    let root = key(transaction, keys, tenant, head.wrapped_key.as_deref()).await?;
    let key = root.audit_key();
    // Somebody changed the head: it must not look whole again because an entry comes after.
    let before = audit_head::Model { seq: head.seq - 1, ..head.clone() };
    let is_whole = if before.seq == 0 { before.seal.is_empty() } else { before.seal == before.sealed_with(&key) };
    let mut entry = audit_entry::Model {
        tenant_id: tenant,
        seq: head.seq,
        at: now,
        who: by.who.clone(),
        source: by.source.name().to_owned(),
        act: clipped(&deed.act),
        target: clipped(&deed.target),
        outcome: deed.outcome.name().to_owned(),
        detail: clipped(&deed.detail),
        prev: head.hash.clone(),
        hash: Vec::new(),
    };
    entry.hash = entry.sealed_with(&key).to_vec();
    head.hash = entry.hash.clone();
    head.seal = if is_whole { head.sealed_with(&key).to_vec() } else { vec![0] };
    entry.into_active_model().insert(transaction).await?;
    let mut update = audit_head::Entity::update_many()
        .col_expr(audit_head::Column::Hash, Expr::value(head.hash))
        .col_expr(audit_head::Column::Seal, Expr::value(head.seal));
    // The row is locked anyway: the installation's own key is wrapped with the newest master key on the way, as tenants' are.
    if head.wrapped_key.as_deref().is_some_and(|wrapped| tenant == SYSTEM && !keys.is_newest(wrapped)) {
        update = update.col_expr(audit_head::Column::WrappedKey, Expr::value(Some(keys.wrap(&root, chance))));
    }
    update.filter(audit_head::Column::TenantId.eq(tenant)).exec(transaction).await?;
    by.noted.store(true, Ordering::Relaxed);
    Ok(())
}

/// The key of a chain: the tenant's, or the one that the installation's chain has at its head.
async fn key(
    connection: &impl ConnectionTrait,
    keys: &MasterKeys,
    id: TenantId,
    wrapped: Option<&[u8]>,
) -> Result<TenantKey, Failure> {
    if id == SYSTEM {
        let wrapped = wrapped.ok_or_else(|| Failure::Bug("the installation's audit log has no key".to_owned()))?;
        return Ok(keys.unwrap_tenant(id, wrapped)?);
    }
    let found = tenant::Entity::of(id).one(connection).await?;
    let found = found.ok_or_else(|| Failure::Bug(format!("tenant {id} is not there")))?;
    Ok(keys.unwrap_tenant(id, &found.wrapped_key)?)
}

fn clipped(text: &str) -> String {
    text.chars().take(CHARS_MAX).collect()
}
