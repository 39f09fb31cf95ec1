//! Inviting a customer again, where the letter was lost or its links are over.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use entities::ids::LetterId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::{self, Arrived, Asked};
use super::once::Planned;
use super::paging::Query;
use super::tenants::Tenant;
use super::{find, only};
use crate::caller::Scope;
use crate::consenting::Provider;
use crate::error::Error;
use crate::onboarding;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(web::resource("/tenants/{tenant}/consents").route(web::post().to(resend_consent)).default_service(only("POST")));
}

/// Which side is asked for again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewConsent {
    /// Every side that is not connected where absent.
    provider: Option<Side>,
}

impl Asked for NewConsent {
    const FIELDS: &'static [&'static str] = &["provider"];
}

#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[schema(as = Provider)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Side {
    Xero,
    Zoho,
}

/// Sends a letter with new consent links; the ones before stop working. Five an hour at most.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/consents", tag = "tenants", request_body = Option<NewConsent>,
    params(("tenant" = Uuid, Path)), responses((status = 200, body = Tenant)), security(("partner" = ["tenants:write"])))]
pub async fn resend_consent(
    state: Data<State>,
    id: Path<String>,
    request: HttpRequest,
    body: Arrived,
) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsWrite)?;
    let tenant = find::tenant(&state, &asker, &id).await?;
    Query::read(&request, &[])?;
    let asked: NewConsent = body::read_or_empty(&request, body)?;
    let provider = asked.provider.map(|side| match side {
        Side::Xero => Provider::Xero,
        Side::Zoho => Provider::Zoho,
    });
    let planned = request.extensions().get::<Planned>().map(|planned| LetterId(planned.0));
    let letter = planned.unwrap_or_else(|| onboarding::new_letter(&state));
    let tenant = onboarding::resend(&state, tenant.id, provider, letter, &asker.author()).await?;
    Ok(HttpResponse::Ok().json(Tenant::of(tenant)))
}
