//! What a reconciliation found unequal.

use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use jobs::holds::FindingView;
use serde::Serialize;
use utoipa::ToSchema;

use super::paging::{self, Query};
use super::{find, only};
use crate::caller::Scope;
use crate::error::Error;
use crate::state::State;

pub fn configure(config: &mut ServiceConfig) {
    config.service(
        web::resource("/tenants/{tenant}/runs/{run}/findings").route(web::get().to(list_findings)).default_service(only("GET")),
    );
}

/// One line of a reconciliation that is not equal.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    flow: String,
    /// 1: counts and sums. 2: one document. 3: an account of the ledger.
    level: i32,
    cause: String,
    /// Whether the cause is known and announced; otherwise the books differ.
    explained: bool,
    sentence: String,
    xero_url: Option<String>,
    zoho_url: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct FindingPage {
    items: Vec<Finding>,
    /// For `after`; null on the last page.
    next: Option<String>,
}

/// What a reconciliation found unequal, the sums first. The sentences are kept for 30 days.
#[utoipa::path(get, path = "/api/v1/tenants/{tenant}/runs/{run}/findings", tag = "runs",
    params(("tenant" = Uuid, Path), ("run" = Uuid, Path), ("limit" = Option<u64>, Query, description = "20 where absent", minimum = 1, maximum = 100),
           ("after" = Option<String>, Query, description = "`next` of the page before", pattern = "^[0-9]{1,9}$")),
    responses((status = 200, body = FindingPage)), security(("partner" = ["tenants:read"])))]
pub async fn list_findings(state: Data<State>, ids: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let asker = find::asker(&request, Scope::TenantsRead)?;
    let run = find::run(&state, &asker, &ids.0, &ids.1).await?;
    let query = Query::read(&request, &["limit", "after"])?;
    let (rows, after) = (query.rows()?, query.after_rows()?);
    let mut found = jobs::holds::findings_after(&state, run.tenant_id, run.id, after, rows + 1).await?;
    let next = paging::cut(&mut found, rows, |_| (after + rows).to_string());
    Ok(HttpResponse::Ok().json(FindingPage { items: found.into_iter().map(Finding::of).collect(), next }))
}

impl Finding {
    fn of(finding: FindingView) -> Self {
        Self {
            flow: finding.flow,
            level: finding.level,
            cause: finding.cause,
            explained: finding.explained,
            sentence: finding.sentence,
            xero_url: finding.pages.xero.map(String::from),
            zoho_url: finding.pages.zoho.map(String::from),
        }
    }
}
