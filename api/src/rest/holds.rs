//! Records that could not be carried, and trying them again.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use jobs::holds::HoldView;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::body::{self, Arrived, Asked};
use super::paging::{self, Query};
use super::{find, only, words};
use crate::caller::Scope;
use crate::error::Error;
use crate::graphql::codes_of;
use crate::graphql::words::DateTime;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config
        .service(
            web::resource("/tenants/{tenant}/links/{link}/holds").route(web::get().to(list_holds)).default_service(only("GET")),
        )
        .service(
            web::resource("/tenants/{tenant}/links/{link}/holds/retry")
                .route(web::post().to(retry_holds))
                .default_service(only("POST")),
        );
}

/// A record that could not be carried, and why.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// `books.invoices`.
    flow: String,
    xero_id: String,
    /// Stable, to group by and to retry by.
    code: String,
    /// Whether it is one that a clean migration may contain.
    expected: bool,
    /// Why, for a bookkeeper.
    sentence: String,
    held_at: DateTime,
    attempts: i32,
    xero_url: Option<String>,
    zoho_url: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HoldPage {
    items: Vec<Hold>,
    total_count: u64,
    /// For `after`; null on the last page.
    next: Option<String>,
}

/// Which held records are tried again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RetryHolds {
    /// Those with these codes; all where absent.
    #[schema(schema_with = words::codes_or_null)]
    codes: Option<Vec<String>>,
}

impl Asked for RetryHolds {
    const FIELDS: &'static [&'static str] = &["codes"];
}

#[derive(Debug, Serialize, ToSchema)]
pub struct RetriedHolds {
    /// How many are tried again.
    retried: u64,
}

/// What could not be carried over this link, the oldest first.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/links/{link}/holds", tag = "holds",
    params(("tenant" = Uuid, Path), ("link" = Uuid, Path), ("limit" = Option<u64>, Query, description = "20 where absent", minimum = 1, maximum = 100),
           ("after" = Option<String>, Query, description = "`next` of the page before", pattern = "^[0-9]{1,9}$")),
    responses((status = 200, body = HoldPage)), security(("partner" = ["tenants:read"])))]
pub async fn list_holds(state: Data<State>, ids: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsRead)?;
    let link = find::link(&state, &asker, &ids.0, &ids.1).await?;
    let query = Query::read(&request, &["limit", "after"])?;
    let (rows, after) = (query.rows()?, query.after_rows()?);
    let (mut found, total_count) = jobs::holds::list(&state, link.tenant_id, link.id, after, rows + 1).await?;
    let next = paging::cut(&mut found, rows, |_| (after + rows).to_string());
    Ok(HttpResponse::Ok().json(HoldPage { items: found.into_iter().map(Hold::of).collect(), total_count, next }))
}

/// Tries held records again. A run is started for it if none is at work.
#[utoipa::path(post, path = "/api/v1/tenants/{tenant}/links/{link}/holds/retry", tag = "holds", request_body = Option<RetryHolds>,
    params(("tenant" = Uuid, Path), ("link" = Uuid, Path)),
    responses((status = 200, body = RetriedHolds)), security(("partner" = ["runs:write"])))]
pub async fn retry_holds(
    state: Data<State>,
    ids: Path<(String, String)>,
    request: HttpRequest,
    body: Arrived,
) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::RunsWrite)?;
    let link = find::link(&state, &asker, &ids.0, &ids.1).await?;
    Query::read(&request, &[])?;
    let asked: RetryHolds = body::read_or_empty(&request, body)?;
    let retried = jobs::holds::retry(&state, link.tenant_id, link.id, codes_of(asked.codes)?.as_deref(), &asker.author()).await?;
    Ok(HttpResponse::Ok().json(RetriedHolds { retried }))
}

impl Hold {
    fn of(hold: HoldView) -> Self {
        Self {
            flow: hold.flow,
            xero_id: hold.xero_id,
            code: hold.code,
            expected: hold.expected,
            sentence: hold.sentence,
            held_at: DateTime(hold.held_at),
            attempts: hold.attempts,
            xero_url: hold.pages.xero.map(String::from),
            zoho_url: hold.pages.zoho.map(String::from),
        }
    }
}
