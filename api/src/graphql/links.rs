//! Links and their lanes, as staff see them.

use async_graphql::connection::{Connection as Page, Edge, EmptyFields};
use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use entities::ids::RunId;
use entities::{lane, link, run, tenant};
use jobs::context::Failure;
use jobs::sync::scope::Scope;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};

use super::buttons::Buttons;
use super::connections::Connection;
use super::flows::Flow;
use super::in_step::InStep;
use super::native::NativeIntegration;
use super::progress::RunProgress;
use super::rules::{self, FieldRule, TrackingRule};
use super::runs::Run;
use super::scopes::ScopeView;
use super::tenants::Tenant;
use super::words::{DateTime, LaneState, LinkState};
use super::{find, node_id, paging};
use crate::error::Error;

#[derive(Default)]
pub struct LinkQuery;

#[Object]
impl LinkQuery {
    /// One link.
    async fn link(&self, context: &Context<'_>, id: ID) -> Result<Link, Error> {
        Link::of(find::link(context, &id).await?)
    }
}

/// One Xero organisation joined to one product of one Zoho organisation.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Link {
    id: ID,
    /// Names the link in the addresses that lead from one side to the other.
    key: String,
    product: String,
    state: LinkState,
    /// Why work rests, in a sentence.
    rest_reason: Option<String>,
    /// Whether accounts, taxes and currencies that Zoho lacks are created; otherwise records that need them are held.
    create_missing: bool,
    created_at: DateTime,
    #[graphql(skip)]
    row: link::Model,
}

/// A flow switched on for a link.
#[derive(SimpleObject)]
struct Lane {
    flow: Flow,
    state: LaneState,
    /// All changes up to here were read.
    watermark: Option<DateTime>,
}

impl Link {
    pub fn of(row: link::Model) -> Result<Self, Error> {
        Ok(Self {
            id: node_id::link(row.tenant_id, row.id),
            key: row.key.clone(),
            product: row.product.clone(),
            state: LinkState::read(&row.state)?,
            rest_reason: row.rest_reason.clone(),
            create_missing: row.create_missing,
            created_at: DateTime(row.created_at),
            row,
        })
    }

    fn runs_of_this(&self) -> sea_orm::Select<run::Entity> {
        run::Entity::of(self.row.tenant_id).filter(run::Column::LinkId.eq(self.row.id)).order_by_desc(run::Column::Id)
    }
}

#[ComplexObject]
impl Link {
    async fn tenant(&self, context: &Context<'_>) -> Result<Tenant, Error> {
        let row = tenant::Entity::of(self.row.tenant_id)
            .one(&find::state(context)?.database)
            .await?
            .ok_or(Error::NotFound("tenant"))?;
        Ok(Tenant::of(row))
    }

    async fn xero(&self, context: &Context<'_>) -> Result<Connection, Error> {
        let row = find::connection_of(context, self.row.tenant_id, self.row.xero_connection_id).await?;
        Connection::of(context, row).await
    }

    async fn zoho(&self, context: &Context<'_>) -> Result<Connection, Error> {
        let row = find::connection_of(context, self.row.tenant_id, self.row.zoho_connection_id).await?;
        Connection::of(context, row).await
    }

    /// What of the company is carried.
    async fn scope(&self) -> Result<ScopeView, Error> {
        let scope = Scope::parse(self.row.scope.as_deref());
        let scope = scope.map_err(|error| Error::Internal(Failure::Bug(format!("the stored scope: {error}"))))?;
        Ok(ScopeView::from(&scope))
    }

    /// Zoho's own integration of Books and CRM, for a link to CRM.
    async fn native_integration(&self) -> Option<NativeIntegration> {
        NativeIntegration::of(&self.row)
    }

    /// How it is kept in step by itself.
    async fn in_step(&self, context: &Context<'_>) -> Result<InStep, Error> {
        InStep::of(context, &self.row).await
    }

    /// How people get from its contacts in Zoho to Xero.
    async fn buttons(&self, context: &Context<'_>) -> Result<Buttons, Error> {
        Ok(Buttons::of(jobs::buttons::standing(find::state(context)?, &self.row).await?))
    }

    /// What sets tracking in Xero, in the order in which it is asked.
    async fn tracking_rules(&self, context: &Context<'_>) -> Result<Vec<TrackingRule>, Error> {
        Ok(rules::of(context, &self.row).await?.0)
    }

    /// Which custom fields of Zoho's stand for which places in Xero.
    async fn field_rules(&self, context: &Context<'_>) -> Result<Vec<FieldRule>, Error> {
        Ok(rules::of(context, &self.row).await?.1)
    }

    /// What is kept in step, in the order of carrying.
    async fn lanes(&self, context: &Context<'_>) -> Result<Vec<Lane>, Error> {
        let rows = lane::Entity::of(self.row.tenant_id)
            .filter(lane::Column::LinkId.eq(self.row.id))
            .order_by_asc(lane::Column::Position)
            .all(&find::state(context)?.database)
            .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Lane {
                    flow: Flow::of(&row.flow),
                    state: LaneState::read(&row.state)?,
                    watermark: row.watermark.map(DateTime),
                })
            })
            .collect()
    }

    /// The link's runs, the newest first.
    #[graphql(complexity = "paging::cost(first, child_complexity)")]
    async fn runs(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<String, Run, EmptyFields, EmptyFields>, Error> {
        let rows = paging::rows(first)?;
        let after: Option<RunId> = paging::cursor(after.as_deref())?;
        let (tenant, link) = (self.row.tenant_id, self.row.id);
        let mut found = jobs::runs::page(&find::state(context)?.database, tenant, link, after, rows + 1).await?;
        let more = found.len() as u64 > rows;
        found.truncate(rows as usize);
        let mut page = Page::new(after.is_some(), more);
        for row in found {
            page.edges.push(Edge::new(row.id.to_string(), Run::of(row)?));
        }
        Ok(page)
    }

    /// How far the newest run is.
    async fn progress(&self, context: &Context<'_>) -> Result<Option<RunProgress>, Error> {
        let state = find::state(context)?;
        let Some(newest) = self.runs_of_this().one(&state.database).await? else {
            return Ok(None);
        };
        RunProgress::read(state, newest.tenant_id, newest.id).await
    }
}
