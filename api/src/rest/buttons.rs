//! The way from Zoho to Xero, set up, looked at, removed.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use entities::clock::At;
use entities::{link, tenant};
use jobs::buttons::{self, Asked, FIELD, Standing, State as Stands, Way};
use sea_orm::QueryOrder;
use serde::Serialize;
use utoipa::ToSchema;

use super::paging::Query;
use super::{find, only};
use crate::caller::Scope;
use crate::error::Error;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/tenants/{tenant}/zoho/custom-button")
            .route(web::get().to(show_button))
            .route(web::post().to(provision_button))
            .route(web::delete().to(remove_button))
            .default_service(only("GET, POST, DELETE")),
    );
}

/// The answer: one entry for each product that is linked.
#[derive(Serialize, ToSchema)]
#[schema(as = CustomButton)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    tenant_id: String,
    products: Vec<Product>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CustomButtonProduct)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    link_id: String,
    product: String,
    /// `BUTTON`, `URL_FIELD` or `MANUAL`.
    way: &'static str,
    /// `WORKING`, `MADE`, `REFUSED`, `OFF` or `RESTING`.
    state: &'static str,
    /// What a person still has to do; nothing where that is nothing.
    to_do: Option<String>,
    /// The page with the script to copy.
    guide: String,
    ways: Vec<OneWay>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = CustomButtonWay)]
#[serde(rename_all = "camelCase")]
pub struct OneWay {
    /// `customer` or `vendor`: a button there; `field`: the address in a field.
    kind: String,
    state: String,
    wanted: bool,
    zoho_id: Option<String>,
    version: Option<String>,
    sentence: Option<String>,
    /// What was mended last, and when.
    mended: Option<String>,
    mended_at: Option<String>,
    checked_at: Option<String>,
}

/// How the way from Zoho's contacts to Xero stands.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/zoho/custom-button", tag = "custom button", params(("tenant" = Uuid, Path)),
    responses((status = 200, body = Answer)), security(("partner" = ["tenants:read"])))]
pub async fn show_button(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsRead)?;
    let tenant = find::tenant(&state, &asker, &id).await?;
    Query::read(&request, &[])?;
    let mut products = Vec::new();
    for link in links(&state, &tenant).await? {
        let standing = buttons::standing(&state, &link).await?;
        products.push(Product::of(&link, standing));
    }
    Ok(HttpResponse::Ok().json(Answer { tenant_id: tenant.id.to_string(), products }))
}

/// Sets the button up in Zoho. 202 while that is being done: asking again tells.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/zoho/custom-button", tag = "custom button", params(("tenant" = Uuid, Path)),
    responses((status = 200, body = Answer), (status = 202, body = Answer)), security(("partner" = ["tenants:write"])))]
pub async fn provision_button(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    wish(&state, &id, &request, true).await
}

/// Takes the button away again.
#[utoipa::path(delete, path = "/api/v1/tenants/{tenant}/zoho/custom-button", tag = "custom button", params(("tenant" = Uuid, Path)),
    responses((status = 200, body = Answer), (status = 202, body = Answer)), security(("partner" = ["tenants:write"])))]
pub async fn remove_button(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    wish(&state, &id, &request, false).await
}

/// 200 when it is done, 202 while it is being done: asking again tells.
async fn wish(state: &State, id: &str, request: &HttpRequest, wanted: bool) -> Result<HttpResponse, Error> {
    let asker = find::asker(request, Scope::TenantsWrite)?;
    let tenant = find::tenant(state, &asker, id).await?;
    Query::read(request, &[])?;
    let by = asker.author();
    let links = links(state, &tenant).await?;
    if links.is_empty() {
        return Err(Error::Conflict(
            "Xero and Zoho are not both connected yet; the button is made as soon as they are".to_owned(),
        ));
    }
    let (mut products, mut refusals) = (Vec::new(), Vec::new());
    for link in &links {
        match buttons::wish(state, link, wanted, &by).await? {
            Asked::Standing(standing) => products.push(Product::of(link, *standing)),
            Asked::NotNow(why) => refusals.push(why),
        }
    }
    if products.is_empty() {
        return Err(Error::Conflict(refusals.swap_remove(0)));
    }
    tracing::info!(tenant.id = %tenant.id, by = asker.subject(), wanted, "the button in Zoho was asked for");
    let is_working = products.iter().any(|product| product.state == "WORKING");
    let mut answer = if is_working { HttpResponse::Accepted() } else { HttpResponse::Ok() };
    Ok(answer.json(Answer { tenant_id: tenant.id.to_string(), products }))
}

async fn links(state: &State, tenant: &tenant::Model) -> Result<Vec<link::Model>, Error> {
    Ok(link::Entity::of(tenant.id).order_by_asc(link::Column::Id).all(&state.database).await?)
}

impl Product {
    fn of(link: &link::Model, standing: Standing) -> Self {
        let way = match standing.way {
            Way::Button => "BUTTON",
            Way::UrlField => "URL_FIELD",
            Way::Manual => "MANUAL",
        };
        let state = match standing.state {
            Stands::Working => "WORKING",
            Stands::Made => "MADE",
            Stands::Refused => "REFUSED",
            Stands::Off => "OFF",
            Stands::Resting => "RESTING",
        };
        let ways = standing.ways.into_iter().map(|row| OneWay {
            wanted: row.wanted || row.kind == FIELD,
            kind: row.kind,
            state: row.state.to_uppercase(),
            zoho_id: row.zoho_id,
            version: row.version,
            sentence: row.sentence,
            mended: row.mended,
            mended_at: row.mended_at.map(At::to_rfc3339),
            checked_at: row.checked_at.map(At::to_rfc3339),
        });
        Self {
            link_id: link.id.to_string(),
            product: link.product.clone(),
            way,
            state,
            to_do: standing.to_do,
            guide: standing.guide.to_string(),
            ways: ways.collect(),
        }
    }
}
