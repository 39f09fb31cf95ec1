//! From a record on one side to its page on the other.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use jobs::addresses::{self, Place, Why};
use jobs::hints::Side;
use serde::Serialize;
use utoipa::ToSchema;

use super::paging::Query;
use super::{find, only};
use crate::caller::Scope;
use crate::error::Error;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/tenants/{tenant}/links/{link}/addresses/{side}/{kind}/{id}")
            .route(web::get().to(read_address))
            .default_service(only("GET")),
    );
}

/// Where a record is on the other side.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Its page there. Null: there is none, for `why`.
    url: Option<String>,
    why: Option<WhyNot>,
    /// Where a person can look for it there.
    search_url: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum WhyNot {
    /// It was not carried, or not yet.
    NotCarried,
    /// It is there, and has no page of its own.
    NoPage,
    /// It was deleted there.
    Gone,
}

/// Where a record of one side is on the other one.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/links/{link}/addresses/{side}/{kind}/{id}", tag = "links",
    params(("tenant" = Uuid, Path), ("link" = Uuid, Path),
           ("side" = String, Path, description = "Whose record it is: `xero` or `zoho`", pattern = "^(xero|zoho)$"),
           ("kind" = String, Path, description = "`contacts`, `invoices`, `bills`, `credit-notes`, `items`, `quotes`, …"),
           ("id" = String, Path, description = "The record's id on that side")),
    responses((status = 200, body = Address)), security(("partner" = ["tenants:read"])))]
pub async fn read_address(
    state: Data<State>,
    parts: Path<(String, String, String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let (tenant, link, side, kind, id) = parts.into_inner();
    let asker = find::asker(&request, Scope::TenantsRead)?;
    let link = find::link(&state, &asker, &tenant, &link).await?;
    Query::read(&request, &[])?;
    let side = match side.as_str() {
        "xero" => Side::Xero,
        "zoho" => Side::Zoho,
        _ => return Err(Error::bad_input("side", "side must be xero or zoho")),
    };
    let address = addresses::Address::read(side, &kind, &id).ok_or(Error::NotFound("kind of record with such an id"))?;
    let found = match addresses::find(&state, &link.key, &address).await? {
        Place::Nowhere => return Err(Error::NotFound("link")),
        Place::To(url) => Address { url: Some(url.into()), why: None, search_url: None },
        Place::Unlinked(unlinked) => {
            let why = match unlinked.why {
                Why::NotCarried => WhyNot::NotCarried,
                Why::NoPage => WhyNot::NoPage,
                Why::Gone => WhyNot::Gone,
            };
            Address { url: None, why: Some(why), search_url: Some(unlinked.search.into()) }
        }
    };
    Ok(HttpResponse::Ok().json(found))
}
