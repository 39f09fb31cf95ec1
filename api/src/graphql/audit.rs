//! The audit log as staff read it, and a tenant's settings with its log as one document.

use async_graphql::connection::{Connection as Page, Edge, EmptyFields};
use async_graphql::{Context, ID, Object, SimpleObject};
use entities::audit_entry;
use entities::database::begin_write;
use jobs::audit::{self, Deed, Wanted};

use super::words::DateTime;
use super::{find, paging};
use crate::error::Error;
use crate::export;

#[derive(Default)]
pub struct AuditQuery;

/// One act. No entry can be changed or taken away unseen: each holds the hash of the one before it.
#[derive(SimpleObject)]
struct AuditEntry {
    /// 1, 2, 3, … without a gap.
    seq: i64,
    at: DateTime,
    /// The subject of a staff token, or `customer`, `worker`, `timetable`, `webhook`, `operator`.
    who: String,
    /// By which door: `graphql`, `rest`, `webhook`, `customer`, `timetable`, `worker` or `cli`.
    source: String,
    /// What was done: `run.started`.
    act: String,
    /// What it was done to: `run:<id>`. Empty where that is the tenant.
    target: String,
    /// `done`, `nothing`: there was nothing to do, `refused` or `failed`.
    outcome: String,
    /// A code that says more: which kind of run, why it was refused.
    detail: String,
    /// Of this entry and, through it, of all before.
    hash: String,
}

impl AuditEntry {
    fn of(row: audit_entry::Model) -> Self {
        Self {
            seq: row.seq,
            at: DateTime(row.at),
            who: row.who,
            source: row.source,
            act: row.act,
            target: row.target,
            outcome: row.outcome,
            detail: row.detail,
            hash: export::hex(&row.hash),
        }
    }
}

#[Object]
impl AuditQuery {
    /// Who did what for this customer, the newest first. `what`: an act, or what acts begin with (`run`). `to` is not in it.
    #[graphql(complexity = "paging::cost(first, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "each is a filter of its own")]
    async fn audit_log(
        &self,
        context: &Context<'_>,
        tenant_id: ID,
        first: Option<i32>,
        after: Option<String>,
        what: Option<String>,
        who: Option<String>,
        from: Option<DateTime>,
        to: Option<DateTime>,
    ) -> Result<Page<i64, AuditEntry, EmptyFields, EmptyFields>, Error> {
        let tenant = find::tenant(context, &tenant_id).await?;
        let rows = paging::rows(first)?;
        let after: Option<i64> = paging::cursor(after.as_deref())?;
        let wanted = Wanted { what, who, from: from.map(|moment| moment.0), to: to.map(|moment| moment.0) };
        let mut found = audit::newest(&find::state(context)?.database, tenant.id, &wanted, after, rows + 1).await?;
        let more = found.len() as u64 > rows;
        found.truncate(rows as usize);
        let mut page = Page::new(after.is_some(), more);
        page.edges = found.into_iter().map(|row| Edge::new(row.seq, AuditEntry::of(row))).collect();
        Ok(page)
    }
}

#[derive(Default)]
pub struct AuditMutation;

/// What we keep about a customer, for themselves or for another house.
#[derive(SimpleObject)]
struct ExportTenantPayload {
    /// JSON: settings, rules, references, checklist, and the whole audit log.
    document: String,
}

#[Object]
impl AuditMutation {
    /// Hands out a tenant's settings and its whole audit log as JSON. For admins. No record of its books is in it: we keep none.
    async fn export_tenant(&self, context: &Context<'_>, tenant_id: ID) -> Result<ExportTenantPayload, Error> {
        find::caller(context)?.may_administer()?;
        let by = find::author(context)?;
        let tenant = find::tenant(context, &tenant_id).await?;
        let state = find::state(context)?;
        let transaction = begin_write(&state.database).await?;
        audit::note(&transaction, state, tenant.id, &by, Deed::done("tenant.exported", "", "")).await?;
        transaction.commit().await?;
        Ok(ExportTenantPayload { document: export::document(state, &tenant).await?.to_string() })
    }
}
