//! Xero's own pages, as far as links lead there: the login hop that picks an organisation, contacts, invoices, bills.

use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::Value;
use url::form_urlencoded;
use uuid::Uuid;

use super::json::{Record, text_of};
use super::kinds::Kind;
use super::login::escape;
use super::{access, records, sessions};
use crate::Shared;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/xero/go/organisationlogin/default.aspx", web::get().to(choose))
        .route("/xero/go/app/{short_code}/contacts/contact/{id}", web::get().to(contact))
        .route("/xero/go/app/{short_code}/invoicing/view/{id}", web::get().to(invoice))
        .route("/xero/go/Contacts/View/{id}", web::get().to(classic_contact))
        .route("/xero/go/AccountsReceivable/View.aspx", web::get().to(classic_invoice))
        .route("/xero/go/AccountsPayable/Edit.aspx", web::get().to(classic_invoice));
}

#[derive(Deserialize)]
struct Choice {
    shortcode: String,
    redirecturl: String,
}

/// `/organisationlogin/default.aspx?shortcode=!cLp42&redirecturl=/Contacts/View/…`: the only classic link that names its organisation.
async fn choose(shared: Data<Shared>, choice: Query<Choice>) -> HttpResponse {
    let is_path = choice.redirecturl.starts_with('/') && !choice.redirecturl.starts_with("//");
    match shared.store.with(|connection| by_short_code(connection, &choice.shortcode)) {
        Ok(Some(_)) if is_path => {
            let place = format!("{}/xero/go{}", shared.base, choice.redirecturl);
            HttpResponse::Found().insert_header(("Location", place)).finish()
        }
        Ok(_) => missing(),
        Err(error) => access::broken(&error),
    }
}

async fn contact(shared: Data<Shared>, path: Path<(String, String)>) -> HttpResponse {
    show(&shared, Kind::Contacts, Some(&path.0), &path.1)
}

async fn invoice(shared: Data<Shared>, path: Path<(String, String)>) -> HttpResponse {
    show(&shared, Kind::Invoices, Some(&path.0), &path.1)
}

async fn classic_contact(shared: Data<Shared>, id: Path<String>) -> HttpResponse {
    show(&shared, Kind::Contacts, None, &id)
}

async fn classic_invoice(shared: Data<Shared>, request: HttpRequest) -> HttpResponse {
    let id = form_urlencoded::parse(request.query_string().as_bytes())
        .find(|(name, _)| name.eq_ignore_ascii_case("InvoiceID"))
        .map(|(_, id)| id.into_owned());
    show(&shared, Kind::Invoices, None, &id.unwrap_or_default())
}

/// Without a short code every organisation of the user is searched: the sandbox does not know which one he has open.
fn show(shared: &Shared, kind: Kind, short_code: Option<&str>, id: &str) -> HttpResponse {
    let Ok(id) = Uuid::parse_str(id) else { return missing() };
    let found = shared.store.with(|connection| {
        for org in sessions::orgs(connection)? {
            let meant = match short_code {
                Some(code) => by_short_code(connection, code)?.is_some_and(|known| known.n == org.n),
                None => true,
            };
            if meant && let Some((body, _)) = records::by_id(connection, org.n, kind, id)? {
                return Ok::<_, rusqlite::Error>(Some((org.name, body)));
            }
        }
        Ok(None)
    });
    match found {
        Ok(Some((org, body))) => match serde_json::from_str(&body) {
            Ok(Value::Object(record)) => page(&org, kind, &record),
            _ => missing(),
        },
        Ok(None) => missing(),
        Err(error) => access::broken(&error),
    }
}

fn by_short_code(connection: &rusqlite::Connection, code: &str) -> rusqlite::Result<Option<sessions::Org>> {
    for org in sessions::orgs(connection)? {
        let settings = records::by_id(connection, org.n, Kind::Organisations, org.tenant)?;
        let settings: Option<Value> = settings.and_then(|(body, _)| serde_json::from_str(&body).ok());
        if settings.is_some_and(|settings| settings.get("ShortCode").and_then(Value::as_str) == Some(code)) {
            return Ok(Some(org));
        }
    }
    Ok(None)
}

fn page(org: &str, kind: Kind, record: &Record) -> HttpResponse {
    let shown: &[&str] = match kind {
        Kind::Contacts => &["Name", "FirstName", "LastName", "EmailAddress", "AccountNumber", "TaxNumber", "ContactStatus"],
        _ => &["InvoiceNumber", "Reference", "Type", "Status", "CurrencyCode", "DateString", "DueDateString", "Url"],
    };
    let mut rows: String = shown
        .iter()
        .filter_map(|name| text_of(record, name).map(|text| format!("<tr><th>{name}</th><td>{}</td></tr>", escape(text))))
        .collect();
    for name in ["Total", "AmountPaid", "AmountDue"] {
        if let Some(amount) = record.get(name) {
            rows.push_str(&format!("<tr><th>{name}</th><td>{amount}</td></tr>"));
        }
    }
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Xero (sandbox)</title></head><body>\
         <p>{}</p><table>{rows}</table></body></html>",
        escape(org)
    ))
}

fn missing() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/html; charset=utf-8").body(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Xero (sandbox)</title></head><body><p>The page you're looking for can't be found.</p></body></html>",
    )
}
