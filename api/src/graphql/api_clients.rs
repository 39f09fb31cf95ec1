//! The programs that partners ask with, as admins make and end them.

use async_graphql::connection::{Connection as Page, Edge, EmptyFields};
use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use entities::ids::{ApiClientId, PartnerId};
use entities::{api_client, partner, partner_tenant};
use sea_orm::{QueryOrder, QuerySelect};
use secrecy::ExposeSecret;

use super::words::DateTime;
use super::{find, node_id, paging};
use crate::clients::{self, Wish};
use crate::error::Error;

/// How many tenants are shown of a partner: the newest ones.
const TENANTS_MAX: u64 = 100;

/// A new program of a partner's.
#[derive(InputObject)]
struct CreateApiClientInput {
    /// 1 to 100 characters; the partner's name too, where it is its first.
    name: String,
    /// The partner that it belongs to. Null: a new one, of the same name.
    partner_id: Option<ID>,
    /// Tenants that the partner sees from now on. Those that it onboards are its own anyway.
    #[graphql(default)]
    tenant_ids: Vec<ID>,
    /// `tenants:read`, `tenants:write`, `runs:write`, `webhooks:write`.
    scopes: Vec<String>,
}

/// A program of a partner's. Its id is the `client_id` that it signs in with.
#[derive(SimpleObject)]
#[graphql(complex)]
struct ApiClient {
    id: ID,
    name: String,
    scopes: Vec<String>,
    created_by: String,
    created_at: DateTime,
    rotated_at: Option<DateTime>,
    /// The secret before works until then.
    previous_secret_until: Option<DateTime>,
    revoked_at: Option<DateTime>,
    /// When it last got a token.
    used_at: Option<DateTime>,
    #[graphql(skip)]
    partner_id: PartnerId,
    #[graphql(skip)]
    partner_name: String,
}

/// Somebody who onboards tenants of their own.
#[derive(SimpleObject)]
#[graphql(complex)]
struct Partner {
    id: ID,
    name: String,
    #[graphql(skip)]
    row: PartnerId,
}

#[derive(SimpleObject)]
struct SharedTenantsPayload {
    partner: Partner,
}

#[derive(SimpleObject)]
struct ApiClientPayload {
    api_client: ApiClient,
}

#[derive(SimpleObject)]
struct ApiClientSecretPayload {
    api_client: ApiClient,
    /// Told here and never again: only a hash of it is kept.
    secret: String,
}

impl ApiClient {
    fn of(row: api_client::Model, partner_name: String) -> Self {
        Self {
            id: ID(row.id.to_string()),
            name: row.name,
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            created_by: row.created_by,
            created_at: DateTime(row.created_at),
            rotated_at: row.rotated_at.map(DateTime),
            previous_secret_until: row.previous_until.map(DateTime),
            revoked_at: row.revoked_at.map(DateTime),
            used_at: row.used_at.map(DateTime),
            partner_id: row.partner_id,
            partner_name,
        }
    }

    async fn read(context: &Context<'_>, row: api_client::Model) -> Result<Self, Error> {
        let partner = partner::Entity::of(row.partner_id).one(&find::state(context)?.database).await?;
        Ok(Self::of(row, partner.map(|partner| partner.name).unwrap_or_default()))
    }
}

#[ComplexObject]
impl ApiClient {
    async fn partner(&self) -> Partner {
        Partner { id: ID(self.partner_id.to_string()), name: self.partner_name.clone(), row: self.partner_id }
    }
}

#[ComplexObject]
impl Partner {
    /// The tenants that the partner sees, the newest first, a hundred at most.
    async fn tenant_ids(&self, context: &Context<'_>) -> Result<Vec<ID>, Error> {
        let own = partner_tenant::Entity::of_partner(self.row)
            .order_by_desc(partner_tenant::Column::TenantId)
            .limit(TENANTS_MAX)
            .all(&find::state(context)?.database)
            .await?;
        Ok(own.into_iter().map(|own| ID(own.tenant_id.to_string())).collect())
    }
}

#[derive(Default)]
pub struct ApiClientQuery;

#[Object]
impl ApiClientQuery {
    /// The programs of all partners, the newest first. For admins.
    #[graphql(complexity = "paging::cost(first, child_complexity)")]
    async fn api_clients(
        &self,
        context: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Page<String, ApiClient, EmptyFields, EmptyFields>, Error> {
        find::administrator(context)?;
        let rows = paging::rows(first)?;
        let after: Option<ApiClientId> = paging::cursor(after.as_deref())?;
        let mut found = clients::page(find::state(context)?, after, rows + 1).await?;
        let more = found.len() as u64 > rows;
        found.truncate(rows as usize);
        let mut page = Page::new(after.is_some(), more);
        page.edges = found.into_iter().map(|(row, name)| Edge::new(row.id.to_string(), ApiClient::of(row, name))).collect();
        Ok(page)
    }
}

#[derive(Default)]
pub struct ApiClientMutation;

#[Object]
impl ApiClientMutation {
    /// Makes a program of a partner's. For admins.
    async fn create_api_client(
        &self,
        context: &Context<'_>,
        input: CreateApiClientInput,
    ) -> Result<ApiClientSecretPayload, Error> {
        find::administrator(context)?;
        let by = find::author(context)?;
        let partner = input.partner_id.map(|id| id.parse().map(PartnerId).map_err(|_| Error::NotFound("partner"))).transpose()?;
        let tenants = input.tenant_ids.iter().map(node_id::read_tenant).collect::<Result<Vec<_>, _>>()?;
        let wish = Wish::parse(&input.name, partner, tenants, &input.scopes)?;
        let (row, secret) = clients::create(find::state(context)?, wish, &by).await?;
        Ok(ApiClientSecretPayload { api_client: ApiClient::read(context, row).await?, secret: secret.expose_secret().to_owned() })
    }

    /// Gives tenants to a partner and takes tenants away; it sees them from now on, or no more. For admins.
    async fn share_tenants(
        &self,
        context: &Context<'_>,
        partner_id: ID,
        #[graphql(default)] give: Vec<ID>,
        #[graphql(default)] take: Vec<ID>,
    ) -> Result<SharedTenantsPayload, Error> {
        find::administrator(context)?;
        let by = find::author(context)?;
        let id = partner_id.parse().map(PartnerId).map_err(|_| Error::NotFound("partner"))?;
        if give.len() + take.len() > clients::TENANTS_MAX {
            return Err(Error::bad_input("give", format!("name {} tenants at most", clients::TENANTS_MAX)));
        }
        let read = |ids: &[ID]| ids.iter().map(node_id::read_tenant).collect::<Result<Vec<_>, _>>();
        let row = clients::share(find::state(context)?, id, &read(&give)?, &read(&take)?, &by).await?;
        Ok(SharedTenantsPayload { partner: Partner { id: ID(row.id.to_string()), name: row.name, row: row.id } })
    }

    /// Gives a program another secret. The one before works for another 24 hours. For admins.
    async fn rotate_api_client(&self, context: &Context<'_>, id: ID) -> Result<ApiClientSecretPayload, Error> {
        find::administrator(context)?;
        let by = find::author(context)?;
        let (row, secret) = clients::rotate(find::state(context)?, read(&id)?, &by).await?;
        Ok(ApiClientSecretPayload { api_client: ApiClient::read(context, row).await?, secret: secret.expose_secret().to_owned() })
    }

    /// Ends a program: its secrets and its tokens are good for nothing from now on. For admins.
    async fn revoke_api_client(&self, context: &Context<'_>, id: ID) -> Result<ApiClientPayload, Error> {
        find::administrator(context)?;
        let by = find::author(context)?;
        let row = clients::revoke(find::state(context)?, read(&id)?, &by).await?;
        Ok(ApiClientPayload { api_client: ApiClient::read(context, row).await? })
    }
}

fn read(id: &ID) -> Result<ApiClientId, Error> {
    id.parse().map(ApiClientId).map_err(|_| Error::NotFound("API client"))
}
