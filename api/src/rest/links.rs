//! Links: which Xero organisation is joined to which of Zoho's.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use entities::link;
use serde::Serialize;
use utoipa::ToSchema;

use super::paging::Query;
use super::{find, only};
use crate::caller::Scope;
use crate::error::Error;
use crate::graphql::words::{DateTime, LinkState};
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config.service(web::resource("/tenants/{tenant}/links/{link}").route(web::get().to(read_link)).default_service(only("GET")));
}

/// One Xero organisation joined to one product of one Zoho organisation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    id: String,
    tenant_id: String,
    /// Names the link in the addresses that lead from one side to the other.
    key: String,
    product: String,
    state: LinkState,
    /// Why work rests, in a sentence.
    rest_reason: Option<String>,
    /// Whether accounts, taxes and currencies that Zoho lacks are created.
    create_missing: bool,
    created_at: DateTime,
}

impl Link {
    pub fn of(row: link::Model) -> Result<Self, Error> {
        Ok(Self {
            id: row.id.to_string(),
            tenant_id: row.tenant_id.to_string(),
            state: LinkState::read(&row.state)?,
            key: row.key,
            product: row.product,
            rest_reason: row.rest_reason,
            create_missing: row.create_missing,
            created_at: DateTime(row.created_at),
        })
    }
}

/// One link.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/links/{link}", tag = "links",
    params(("tenant" = Uuid, Path), ("link" = Uuid, Path)),
    responses((status = 200, body = Link)), security(("partner" = ["tenants:read"])))]
pub async fn read_link(state: Data<State>, ids: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsRead)?;
    let link = find::link(&state, &asker, &ids.0, &ids.1).await?;
    Query::read(&request, &[])?;
    Ok(HttpResponse::Ok().json(Link::of(link)?))
}
