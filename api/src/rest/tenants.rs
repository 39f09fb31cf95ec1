//! Customers: taken in, listed, looked at.

use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use entities::ids::TenantId;
use entities::{link, tenant};
use sea_orm::QueryOrder;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{self, Arrived, Asked};
use super::links::Link;
use super::once::Planned;
use super::paging::{self, Query};
use super::{find, only, words};
use crate::caller::{Asker, Scope};
use crate::checklist::{self, Item, Step};
use crate::error::Error;
use crate::graphql::words::DateTime;
use crate::onboarding::{self, Newcomer};
use crate::state::State;
use crate::tenants::{self, Seen};

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/tenants")
                .route(web::get().to(list_tenants))
                .route(web::post().to(onboard_tenant))
                .default_service(only("GET, POST")),
        )
        .service(web::resource("/tenants/{tenant}").route(web::get().to(read_tenant)).default_service(only("GET")));
}

/// A new customer. A letter with two consent links goes to their address.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTenant {
    /// One line of 1 to 200 characters.
    #[schema(
        example = "Kowhai Bakery Ltd",
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// Where the letter goes: one plain address.
    #[schema(example = "ann@kowhai.example", max_length = 254, pattern = r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$")]
    contact_email: String,
    /// Where their books are kept.
    #[schema(schema_with = words::region)]
    region: String,
    /// The Zoho products they use.
    #[schema(schema_with = words::products)]
    products: Vec<String>,
}

impl Asked for NewTenant {
    const FIELDS: &'static [&'static str] = &["name", "contactEmail", "region", "products"];
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tenant {
    id: String,
    name: String,
    contact_email: String,
    region: String,
    products: Vec<String>,
    created_at: DateTime,
}

/// A customer with how far they have come.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TenantDetail {
    #[serde(flatten)]
    tenant: Tenant,
    checklist: Vec<ChecklistStep>,
    links: Vec<Link>,
}

/// One line of the checklist.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChecklistStep {
    item: ChecklistItem,
    title: &'static str,
    done: bool,
    /// When, where that is known.
    at: Option<DateTime>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ChecklistItem {
    LetterSent,
    XeroAllowed,
    ZohoAllowed,
    FieldsProvisioned,
    MigrationRun,
    Reconciled,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TenantPage {
    items: Vec<Tenant>,
    /// For `after`; null on the last page.
    next: Option<String>,
}

/// The customers that you may see, the newest first. `search` looks into names and e-mail addresses.
#[utoipa::path(get, path = "/api/v1/tenants", tag = "tenants",
    params(("limit" = Option<u64>, Query, description = "20 where absent", minimum = 1, maximum = 100), ("after" = Option<Uuid>, Query, description = "`next` of the page before"),
           ("search" = Option<String>, Query, description = "A part of a name or an e-mail address", pattern = r"^[^\x00]*$")),
    responses((status = 200, body = TenantPage)), security(("partner" = ["tenants:read"])))]
pub async fn list_tenants(state: Data<State>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsRead)?;
    let query = Query::read(&request, &["limit", "after", "search"])?;
    let (rows, after) = (query.rows()?, query.after::<TenantId>()?);
    let seen = match &asker {
        Asker::Staff(caller) => Seen::by_staff(caller),
        Asker::Partner(partner) => Seen::Partners(partner.id),
    };
    let mut found = tenants::page(&state.database, &seen, after, query.one("search"), rows + 1).await?;
    let next = paging::cut(&mut found, rows, |tenant| tenant.id.to_string());
    Ok(HttpResponse::Ok().json(TenantPage { items: found.into_iter().map(Tenant::of).collect(), next }))
}

/// Takes a customer in and sends the letter with the two consent links. The customer is yours: nobody but you and CloudPerfect sees it.
#[utoipa::path(post, path = "/api/v1/tenants", tag = "tenants", request_body = NewTenant,
    responses((status = 201, body = Tenant, headers(("Location" = String, description = "The customer's address")))),
    security(("partner" = ["tenants:write"])))]
pub async fn onboard_tenant(state: Data<State>, request: HttpRequest, body: Arrived) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsWrite)?;
    asker.may_onboard()?;
    Query::read(&request, &[])?;
    let new: NewTenant = body::read(&request, body)?;
    let newcomer = Newcomer::parse(&new.name, &new.contact_email, &new.region, &new.products)?;
    let owner = match &asker {
        Asker::Staff(_) => None,
        Asker::Partner(partner) => Some(partner.id),
    };
    let planned = request.extensions().get::<Planned>().map(|planned| TenantId(planned.0));
    let tenant = match planned {
        Some(id) => onboarding::onboard_as(&state, id, newcomer, owner, &asker.author()).await?,
        None => onboarding::onboard_as(&state, onboarding::new_id(&state), newcomer, owner, &asker.author()).await?,
    };
    tracing::info!(tenant.id = %tenant.id, by = asker.subject(), "a tenant was onboarded over REST");
    let place = format!("/api/v1/tenants/{}", tenant.id);
    Ok(HttpResponse::Created().insert_header((LOCATION, place)).json(Tenant::of(tenant)))
}

/// One customer, with the checklist and the links between their organisations.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}", tag = "tenants", params(("tenant" = Uuid, Path)),
    responses((status = 200, body = TenantDetail)), security(("partner" = ["tenants:read"])))]
pub async fn read_tenant(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsRead)?;
    let tenant = find::tenant(&state, &asker, &id).await?;
    Query::read(&request, &[])?;
    let steps = checklist::of(&state.database, tenant.id).await?;
    let links = link::Entity::of(tenant.id).order_by_asc(link::Column::Id).all(&state.database).await?;
    let links = links.into_iter().map(Link::of).collect::<Result<_, _>>()?;
    let checklist = steps.into_iter().map(ChecklistStep::of).collect();
    Ok(HttpResponse::Ok().json(TenantDetail { tenant: Tenant::of(tenant), checklist, links }))
}

impl Tenant {
    pub fn of(row: tenant::Model) -> Self {
        Self {
            id: row.id.to_string(),
            products: onboarding::products(&row),
            name: row.name,
            contact_email: row.contact_email,
            region: row.region,
            created_at: DateTime(row.created_at),
        }
    }
}

impl ChecklistStep {
    fn of(step: Step) -> Self {
        let item = match step.item {
            Item::LetterSent => ChecklistItem::LetterSent,
            Item::XeroAllowed => ChecklistItem::XeroAllowed,
            Item::ZohoAllowed => ChecklistItem::ZohoAllowed,
            Item::FieldsProvisioned => ChecklistItem::FieldsProvisioned,
            Item::MigrationRun => ChecklistItem::MigrationRun,
            Item::Reconciled => ChecklistItem::Reconciled,
        };
        Self { item, title: step.item.title(), done: step.done, at: step.at.map(DateTime) }
    }
}
