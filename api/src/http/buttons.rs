//! `/api/v1/tenants/{id}/zoho/custom-button`: the way from Zoho to Xero, set up, looked at, removed. For staff, with their token.

use actix_web::http::header::AUTHORIZATION;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use entities::audit_entry::SYSTEM;
use entities::database::begin_write;
use entities::{link, tenant};
use jobs::audit::{self, Author, Deed, Outcome, Source};
use jobs::buttons::{self, Asked, FIELD, Standing, State as Stands, Way};
use sea_orm::QueryOrder;
use serde::Serialize;

use crate::caller::Caller;
use crate::error::Error;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/api/v1/tenants/{id}/zoho/custom-button")
            .route(web::get().to(show))
            .route(web::post().to(provision))
            .route(web::delete().to(remove)),
    );
}

/// The answer: one entry for each product that is linked.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    tenant_id: String,
    products: Vec<Product>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Product {
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OneWay {
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

async fn show(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let caller = caller(&state, &request).await?;
    let tenant = tenant(&state, &caller, &id).await?;
    let mut products = Vec::new();
    for link in links(&state, &tenant).await? {
        let standing = buttons::standing(&state, &link).await?;
        products.push(Product::of(&link, standing));
    }
    Ok(HttpResponse::Ok().json(Answer { tenant_id: tenant.id.to_string(), products }))
}

async fn provision(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    noted(&state, &id, &request, true).await
}

async fn remove(state: Data<State>, id: Path<String>, request: HttpRequest) -> Result<HttpResponse, Error> {
    noted(&state, &id, &request, false).await
}

/// A wish that was refused is in the audit log too; one that was granted is noted where it is.
async fn noted(state: &State, id: &str, request: &HttpRequest, wanted: bool) -> Result<HttpResponse, Error> {
    let answer = wish(state, id, request, wanted).await;
    let (Err(error), Ok(caller)) = (&answer, caller(state, request).await) else { return answer };
    let known = match id.parse() {
        Ok(id) => tenant::Entity::of(id).one(&state.database).await?.map_or(SYSTEM, |tenant| tenant.id),
        Err(_) => SYSTEM,
    };
    let deed = Deed {
        act: if wanted { "button.wished" } else { "button.removed" }.to_owned(),
        target: String::new(),
        outcome: if matches!(error, Error::Internal(_)) { Outcome::Failed } else { Outcome::Refused },
        detail: error.code().to_owned(),
    };
    let transaction = begin_write(&state.database).await?;
    audit::note(&transaction, state, known, &Author::staff(&caller.subject, Source::Rest), deed).await?;
    transaction.commit().await?;
    answer
}

/// 200 when it is done, 202 while it is being done: asking again tells.
async fn wish(state: &State, id: &str, request: &HttpRequest, wanted: bool) -> Result<HttpResponse, Error> {
    let caller = caller(state, request).await?;
    let tenant = tenant(state, &caller, id).await?;
    caller.may_act()?;
    let by = Author::staff(&caller.subject, Source::Rest);
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
    tracing::info!(tenant.id = %tenant.id, by = caller.subject, wanted, "the button in Zoho was asked for");
    let is_working = products.iter().any(|product| product.state == "WORKING");
    let mut answer = if is_working { HttpResponse::Accepted() } else { HttpResponse::Ok() };
    Ok(answer.json(Answer { tenant_id: tenant.id.to_string(), products }))
}

async fn caller(state: &State, request: &HttpRequest) -> Result<Caller, Error> {
    state.staff.caller(request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok())).await
}

/// A tenant that the caller sees; an id that is none is an unknown one.
async fn tenant(state: &State, caller: &Caller, id: &str) -> Result<tenant::Model, Error> {
    let id = id.parse().map_err(|_| Error::NotFound("tenant"))?;
    if !caller.sees(id) {
        return Err(Error::NotFound("tenant"));
    }
    tenant::Entity::of(id).one(&state.database).await?.ok_or(Error::NotFound("tenant"))
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
        let moment = |at: entities::clock::At| at.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let ways = standing.ways.into_iter().map(|row| OneWay {
            wanted: row.wanted || row.kind == FIELD,
            kind: row.kind,
            state: row.state.to_uppercase(),
            zoho_id: row.zoho_id,
            version: row.version,
            sentence: row.sentence,
            mended: row.mended,
            mended_at: row.mended_at.map(moment),
            checked_at: row.checked_at.map(moment),
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
