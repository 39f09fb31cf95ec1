//! Customers, as staff see them.

use async_graphql::connection::{Connection as Page, Edge, EmptyFields};
use async_graphql::{ComplexObject, Context, ID, Object, SimpleObject};
use entities::ids::TenantId;
use entities::{connection, consent, letter, link, tenant};
use sea_orm::{QueryOrder, QuerySelect};

use super::checklist::ChecklistStep;
use super::connections::Connection;
use super::consents::Consent;
use super::find;
use super::letters::Letter;
use super::links::Link;
use super::paging;
use super::words::DateTime;
use crate::error::Error;
use crate::tenants::{self, Seen};
use crate::{checklist, onboarding};

/// How many letters are shown of a tenant: the last ones.
const LETTERS_MAX: u64 = 50;
/// How many invitations are shown of a tenant: the last ones.
const CONSENTS_MAX: u64 = 20;

#[derive(Default)]
pub struct TenantQuery;

#[Object]
impl TenantQuery {
    /// The customers that the caller may see, the newest first. `search` looks into names and e-mail addresses.
    #[graphql(complexity = "paging::cost(first, child_complexity)")]
    async fn tenants(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
        search: Option<String>,
    ) -> Result<Page<String, Tenant, EmptyFields, EmptyFields>, Error> {
        let caller = find::caller(context)?;
        let rows = paging::rows(first)?;
        let after: Option<TenantId> = paging::cursor(after.as_deref())?;
        let seen = Seen::by_staff(caller);
        let mut found = tenants::page(&find::state(context)?.database, &seen, after, search.as_deref(), rows + 1).await?;
        let more = found.len() as u64 > rows;
        found.truncate(rows as usize);
        let mut page = Page::new(after.is_some(), more);
        page.edges = found.into_iter().map(|row| Edge::new(row.id.to_string(), Tenant::of(row))).collect();
        Ok(page)
    }

    /// One customer.
    async fn tenant(&self, context: &Context<'_>, id: ID) -> Result<Tenant, Error> {
        Ok(Tenant::of(find::tenant(context, &id).await?))
    }
}

/// A customer of CloudPerfect.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct Tenant {
    id: ID,
    name: String,
    contact_email: String,
    /// Where their books are kept: `nz`, `au`, `uk`, ….
    region: String,
    /// The Zoho products they use.
    products: Vec<String>,
    created_at: DateTime,
    #[graphql(skip)]
    tenant: TenantId,
}

impl Tenant {
    pub fn of(row: tenant::Model) -> Self {
        Self {
            id: ID(row.id.to_string()),
            products: onboarding::products(&row),
            name: row.name,
            contact_email: row.contact_email,
            region: row.region,
            created_at: DateTime(row.created_at),
            tenant: row.id,
        }
    }
}

#[ComplexObject]
impl Tenant {
    /// The invitations to consent, the newest first.
    async fn consents(&self, context: &Context<'_>) -> Result<Vec<Consent>, Error> {
        let state = find::state(context)?;
        let rows =
            consent::Entity::of(self.tenant).order_by_desc(consent::Column::Id).limit(CONSENTS_MAX).all(&state.database).await?;
        rows.iter().map(|row| Consent::of(row, state.now())).collect()
    }

    /// How far they have come, from the letter to the reconciled books.
    async fn checklist(&self, context: &Context<'_>) -> Result<Vec<ChecklistStep>, Error> {
        let steps = checklist::of(&find::state(context)?.database, self.tenant).await?;
        Ok(steps.into_iter().map(ChecklistStep::from).collect())
    }

    /// The organisations that they let us into.
    async fn connections(&self, context: &Context<'_>) -> Result<Vec<Connection>, Error> {
        let rows =
            connection::Entity::of(self.tenant).order_by_asc(connection::Column::Id).all(&find::state(context)?.database).await?;
        let mut connections = Vec::with_capacity(rows.len());
        for row in rows {
            connections.push(Connection::of(context, row).await?);
        }
        Ok(connections)
    }

    /// Which Xero organisation is joined to which Zoho organisation.
    async fn links(&self, context: &Context<'_>) -> Result<Vec<Link>, Error> {
        let rows = link::Entity::of(self.tenant).order_by_asc(link::Column::Id).all(&find::state(context)?.database).await?;
        rows.into_iter().map(Link::of).collect()
    }

    /// The last e-mails to them, the newest first.
    async fn letters(&self, context: &Context<'_>) -> Result<Vec<Letter>, Error> {
        let rows = letter::Entity::of(self.tenant)
            .order_by_desc(letter::Column::Id)
            .limit(LETTERS_MAX)
            .all(&find::state(context)?.database)
            .await?;
        rows.into_iter().map(Letter::of).collect()
    }
}
