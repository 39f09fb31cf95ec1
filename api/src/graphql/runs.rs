//! Runs, as staff see them.

use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use entities::ids::TenantId;
use entities::run;

use super::flows::Flow;
use super::links::Link;
use super::previews::Preview;
use super::progress::RunProgress;
use super::reports::Report;
use super::words::{DateTime, PausedBy, RunKind, RunState};
use super::{find, node_id, paging};
use crate::error::Error;

#[derive(Default)]
pub struct RunQuery;

#[Object]
impl RunQuery {
    /// One run.
    async fn run(&self, context: &Context<'_>, id: ID) -> Result<Run, Error> {
        Run::of(find::run(context, &id).await?)
    }

    /// What a reconciliation found unequal, the sums first. The sentences are kept for 30 days.
    #[graphql(complexity = "paging::cost(first, child_complexity)")]
    async fn findings(&self, context: &Context<'_>, run_id: ID, first: Option<i32>) -> Result<Vec<Finding>, Error> {
        let row = find::run(context, &run_id).await?;
        findings(context, &row, first).await
    }
}

/// A migration, a pass or a reconciliation.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Run {
    id: ID,
    kind: RunKind,
    state: RunState,
    /// Which flow or step it is at.
    stage: String,
    /// Why it is paused or failed, in a sentence.
    reason: Option<String>,
    paused_by: Option<PausedBy>,
    /// When it goes on by itself.
    resume_at: Option<DateTime>,
    /// For a reconciliation: whether both sides are equal to the cent.
    clean: Option<bool>,
    requested_by: String,
    created_at: DateTime,
    started_at: Option<DateTime>,
    ended_at: Option<DateTime>,
    #[graphql(skip)]
    row: run::Model,
}

/// One line of a reconciliation that is not equal.
#[derive(SimpleObject)]
pub struct Finding {
    flow: Flow,
    /// 1: counts and sums. 2: one document. 3: an account of the ledger.
    level: i32,
    cause: String,
    /// Whether the cause is known and announced; otherwise the books differ.
    explained: bool,
    sentence: String,
    /// The document's page in Xero, where it is about one that has a page.
    xero_url: Option<String>,
    /// The document's page in Zoho, where it is about one that has a page.
    zoho_url: Option<String>,
}

impl Run {
    pub fn of(row: run::Model) -> Result<Self, Error> {
        Ok(Self {
            id: node_id::run(row.tenant_id, row.id),
            kind: RunKind::read(&row.kind)?,
            state: RunState::read(&row.state)?,
            stage: row.stage.clone(),
            reason: row.reason.clone(),
            paused_by: row.pause.as_deref().map(PausedBy::read).transpose()?,
            resume_at: row.resume_at.map(DateTime),
            clean: row.clean,
            requested_by: row.requested_by.clone(),
            created_at: DateTime(row.created_at),
            started_at: row.started_at.map(DateTime),
            ended_at: row.ended_at.map(DateTime),
            row,
        })
    }

    /// The run as it is now.
    pub async fn read(context: &Context<'_>, tenant: TenantId, id: entities::ids::RunId) -> Result<Self, Error> {
        Self::of(find::run_of(context, tenant, id).await?)
    }
}

#[ComplexObject]
impl Run {
    async fn link(&self, context: &Context<'_>) -> Result<Link, Error> {
        Link::of(find::link_of(context, self.row.tenant_id, self.row.link_id).await?)
    }

    /// How far it is.
    async fn progress(&self, context: &Context<'_>) -> Result<RunProgress, Error> {
        RunProgress::read(find::state(context)?, self.row.tenant_id, self.row.id).await?.ok_or(Error::NotFound("run"))
    }

    /// Both general ledgers, account by account, and what is owed, contact by contact. Kept for 30 days; nothing of a run that did not
    /// compare.
    async fn report(&self, context: &Context<'_>) -> Result<Option<Report>, Error> {
        Report::read(context, &self.row).await
    }

    /// What a run of kind `PREVIEW` found, for 30 days.
    async fn preview(&self, context: &Context<'_>) -> Result<Option<Preview>, Error> {
        Preview::read(context, &self.row).await
    }

    /// What a reconciliation found unequal, the sums first.
    #[graphql(complexity = "paging::cost(first, child_complexity)")]
    async fn findings(&self, context: &Context<'_>, first: Option<i32>) -> Result<Vec<Finding>, Error> {
        findings(context, &self.row, first).await
    }
}

async fn findings(context: &Context<'_>, run: &run::Model, first: Option<i32>) -> Result<Vec<Finding>, Error> {
    let rows = paging::rows(first)?;
    let found = jobs::holds::findings(find::state(context)?, run.tenant_id, run.id, rows).await?;
    Ok(found
        .into_iter()
        .map(|finding| Finding {
            flow: Flow::of(&finding.flow),
            level: finding.level,
            cause: finding.cause,
            explained: finding.explained,
            sentence: finding.sentence,
            xero_url: finding.pages.xero.map(String::from),
            zoho_url: finding.pages.zoho.map(String::from),
        })
        .collect())
}
