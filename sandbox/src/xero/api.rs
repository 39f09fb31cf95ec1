//! The Accounting API, as far as it is read: lists and single records in Xero's envelope.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, IF_MODIFIED_SINCE};
use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::access::{self, Caller};
use super::json::{Record, decimal_of, number};
use super::kinds::Kind;
use super::query::{self, Query, Refusal};
use super::records;
use super::{app, documents, lists, money};
use crate::Shared;

/// Xero refuses lists without pages of organisations with very many documents ("not filtering efficiently"); where exactly is
/// not documented. The sandbox stops where an answer would be larger than anybody should hold.
const UNPAGED_MAX: u64 = 20_000;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/xero/api/api.xro/2.0/{kind}", web::get().to(list))
        .route("/xero/api/api.xro/2.0/{kind}/{id}", web::get().to(single));
}

async fn list(shared: Data<Shared>, request: HttpRequest, path: Path<String>) -> HttpResponse {
    let Some(kind) = Kind::of_path(&path) else { return not_found() };
    let caller = match access::enter(&shared, &request, kind) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    if !wants_json(&request) {
        return xml(&caller);
    }
    let parameters: Vec<(String, String)> = form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let since = request.headers().get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    let query = match query::read(kind, &parameters, since) {
        Ok(query) => query,
        Err(refusal) => return refuse(&caller, &refusal),
    };
    match page(&shared, &caller, kind, &query) {
        Ok(answer) => answer,
        Err(error) => access::broken(&error),
    }
}

fn page(shared: &Shared, caller: &Caller, kind: Kind, query: &Query) -> rusqlite::Result<HttpResponse> {
    let mut records = String::with_capacity(if query.page.is_some() { 2 << 20 } else { 64 << 10 });
    let shortened = query.page.is_none() && matches!(kind, Kind::Invoices | Kind::Overpayments | Kind::Contacts);
    let as_stored = !shortened && !query.summary_only && (query.four_decimals || !has_unit_prices(kind));
    let mut shown = 0_u64;
    let mut each = |body: &str| {
        shown += 1;
        if shown > 1 {
            records.push(',');
        }
        if as_stored { records.push_str(body) } else { records.push_str(&reshaped(kind, query, shortened, body)) }
    };
    let count = shared.store.with(|connection| {
        let count = lists::count_of(connection, &shared.xero.memo, caller.org.n, kind, &query.filter)?;
        if query.page.is_none() && count > UNPAGED_MAX {
            return Ok(count);
        }
        lists::list(connection, &shared.xero.memo, caller.org.n, kind, &query.filter, query.page, &mut each)
    })?;
    if query.page.is_none() && count > UNPAGED_MAX {
        let says = format!(
            "Your request is not filtering {} efficiently, given the extremely high volume for this organisation.",
            kind.collection()
        );
        return Ok(refuse(caller, &Refusal::Unreadable(says)));
    }
    if count == 0 && query.filter.since_ms.is_some() && shared.switches.on("xero.not_modified_304") {
        let mut answer = HttpResponse::NotModified();
        return Ok(access::with_remaining(&mut answer, caller.permit.remaining()).finish());
    }
    let pagination = query.page.map(|(page, size)| {
        let pages = count.div_ceil(u64::from(size));
        format!("\"pagination\":{{\"page\":{page},\"pageSize\":{size},\"pageCount\":{pages},\"itemCount\":{count}}},")
    });
    Ok(answer(shared, caller, kind, &pagination.unwrap_or_default(), &records))
}

async fn single(shared: Data<Shared>, request: HttpRequest, path: Path<(String, String)>) -> HttpResponse {
    let (kind, id) = path.into_inner();
    let Some(kind) = Kind::of_path(&kind) else { return not_found() };
    let caller = match access::enter(&shared, &request, kind) {
        Ok(caller) => caller,
        Err(refused) => return *refused,
    };
    if !wants_json(&request) {
        return xml(&caller);
    }
    let four_decimals =
        form_urlencoded::parse(request.query_string().as_bytes()).any(|(name, value)| name == "unitdp" && value == "4");
    let found = shared.store.with(|connection| match Uuid::parse_str(&id) {
        Ok(id) => records::by_id(connection, caller.org.n, kind, id).map(|found| found.map(|(body, _)| body)),
        Err(_) if has_names(kind) => {
            records::by_name(connection, caller.org.n, kind, &id).map(|found| found.into_iter().next().map(|(body, _)| body))
        }
        Err(_) => Ok(None),
    });
    match found {
        Ok(Some(body)) if four_decimals || !has_unit_prices(kind) => answer(&shared, &caller, kind, "", &body),
        Ok(Some(body)) => answer(&shared, &caller, kind, "", &reshaped(kind, &Query::default(), false, &body)),
        Ok(None) => {
            let mut answer = HttpResponse::NotFound();
            access::with_remaining(&mut answer, caller.permit.remaining())
                .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
                .body("The resource you're looking for cannot be found")
        }
        Err(error) => access::broken(&error),
    }
}

/// Records that are also found by number, name or code in the path.
fn has_names(kind: Kind) -> bool {
    matches!(kind, Kind::Invoices | Kind::Items | Kind::TaxRates)
}

fn has_unit_prices(kind: Kind) -> bool {
    matches!(kind, Kind::Invoices | Kind::Items | Kind::Overpayments)
}

fn answer(shared: &Shared, caller: &Caller, kind: Kind, pagination: &str, records: &str) -> HttpResponse {
    let mut body = String::with_capacity(records.len() + 256);
    body.push_str(&format!(
        "{{\"Id\":\"{}\",\"Status\":\"OK\",\"ProviderName\":\"{}\",\"DateTimeUTC\":\"/Date({})/\",{pagination}\"{}\":[",
        Uuid::new_v4(),
        app::APP_NAME,
        shared.clock.now().timestamp_millis(),
        kind.collection(),
    ));
    body.push_str(records);
    body.push_str("]}");
    let mut answer = HttpResponse::Ok();
    access::with_remaining(&mut answer, caller.permit.remaining())
        .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
        .body(body)
}

/// The slow way, for callers who do not ask for pages, for four decimals, or for everything.
fn reshaped(kind: Kind, query: &Query, shortened: bool, body: &str) -> String {
    let Ok(Value::Object(mut record)) = serde_json::from_str(body) else { return body.to_owned() };
    if shortened {
        documents::shorten(kind, &mut record);
    }
    if !query.four_decimals {
        for part in ["SalesDetails", "PurchaseDetails"] {
            if let Some(Value::Object(details)) = record.get_mut(part) {
                round(details, "UnitPrice");
            }
        }
        if let Some(Value::Array(lines)) = record.get_mut("LineItems") {
            for line in lines.iter_mut().filter_map(Value::as_object_mut) {
                round(line, "UnitAmount");
            }
        }
    }
    if query.summary_only {
        let computed: &[&str] = match kind {
            Kind::Contacts => &["IsCustomer", "IsSupplier", "Balances", "ContactPersons", "ContactGroups"],
            Kind::Invoices => &["LineItems", "Payments", "CreditNotes", "Prepayments", "Overpayments"],
            _ => &[],
        };
        for name in computed {
            record.remove(*name);
        }
    }
    Value::Object(record).to_string()
}

fn round(record: &mut Record, name: &str) {
    if let Some(amount) = decimal_of(record, name) {
        record.insert(name.into(), number(money::cents(amount)));
    }
}

fn wants_json(request: &HttpRequest) -> bool {
    request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("application/json"))
}

/// Who does not ask for JSON gets XML. The sandbox gives its head only: nobody here reads it.
fn xml(caller: &Caller) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    access::with_remaining(&mut answer, caller.permit.remaining()).insert_header((CONTENT_TYPE, "text/xml; charset=utf-8")).body(
        format!(
            "<Response xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"><Id>{}</Id><Status>OK</Status><ProviderName>{}</ProviderName></Response>",
            Uuid::new_v4(),
            app::APP_NAME
        ),
    )
}

fn refuse(caller: &Caller, refusal: &Refusal) -> HttpResponse {
    let (mut answer, body) = match refusal {
        Refusal::Unreadable(says) => {
            (HttpResponse::BadRequest(), json!({"ErrorNumber": 16, "Type": "QueryParseException", "Message": says}))
        }
        Refusal::Lacking(_) => (
            HttpResponse::NotImplemented(),
            json!({"ErrorNumber": 501, "Type": "NotImplementedException", "Message": refusal.to_string()}),
        ),
    };
    access::with_remaining(&mut answer, caller.permit.remaining())
        .insert_header((CONTENT_TYPE, "application/json; charset=utf-8"))
        .body(body.to_string())
}

fn not_found() -> HttpResponse {
    HttpResponse::NotFound()
        .insert_header((CONTENT_TYPE, "text/plain; charset=utf-8"))
        .body("The resource you're looking for cannot be found")
}
