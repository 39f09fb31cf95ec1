//! Zoho CRM's modules and records, with the custom links that stand on them.

use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};

use super::fields::{self, Links};
use super::list::{self, ROWS, Row};
use super::page::{self, Product, count, crumbs, escape, words};
use super::{Asked, addresses};
use crate::Shared;
use crate::zoho::crm::browse::{self, Organisation};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/zoho/{dc}/web/crm/org{org}/tab/{tab}/{id}", web::get().to(tab))
        .route("/people/crm/{org}", web::get().to(company))
        .route("/people/crm/{org}/{module}", web::get().to(records))
        .route("/people/crm/{org}/{module}/{id}", web::get().to(record));
}

/// Every organisation with its modules, for the first page.
pub fn companies(shared: &Shared) -> rusqlite::Result<String> {
    Ok(browse::organisations(shared)?.iter().map(|org| card(org, true)).collect())
}

fn card(org: &Organisation, with_name: bool) -> String {
    let modules: String = org
        .modules
        .iter()
        .map(|(module, number)| {
            let class = if *number == 0 { " class=\"none\"" } else { "" };
            format!(
                "<li{class}><a href=\"/people/crm/{}/{module}\">{}</a><b>{}</b></li>",
                org.zgid,
                words(module),
                count(*number)
            )
        })
        .collect();
    let name = match with_name {
        true => format!("<h3><a href=\"/people/crm/{}\">{}</a></h3>", org.zgid, escape(&org.name)),
        false => String::new(),
    };
    format!(
        "<article class=\"card company\">{name}<p class=\"about\"><span class=\"pill\">CRM</span> {} · {} · data centre {} · <code>{}</code></p><ul class=\"lists\">{modules}</ul></article>",
        escape(&org.currency),
        escape(org.edition),
        escape(&org.dc),
        org.zgid,
    )
}

/// `https://crm.zoho.eu/crm/org{number}/tab/Contacts/{id}`: the record's page.
async fn tab(shared: Data<Shared>, path: Path<(String, i64, String, i64)>) -> HttpResponse {
    let (dc, zgid, tab, id) = path.into_inner();
    let module = browse::of_tab(&tab);
    match (browse::organisation(&shared, zgid), module) {
        (Ok(Some(org)), Some(module)) if org.dc == dc && org.zgid == zgid => {
            HttpResponse::SeeOther().insert_header(("Location", format!("/people/crm/{zgid}/{module}/{id}"))).finish()
        }
        (Ok(_), _) => page::missing(Product::Crm),
        (Err(error), _) => page::broken(&error),
    }
}

async fn company(shared: Data<Shared>, org: Path<String>) -> HttpResponse {
    match organisation(&shared, &org) {
        Ok(Some(org)) => page::shown(Product::Crm, &org.name, &crumbs(&[("/".into(), "Both companies")]), &card(&org, false)),
        Ok(None) => page::missing(Product::Crm),
        Err(error) => page::broken(&error),
    }
}

fn organisation(shared: &Shared, org: &str) -> rusqlite::Result<Option<Organisation>> {
    org.parse().map_or(Ok(None), |zgid| browse::organisation(shared, zgid))
}

async fn records(shared: Data<Shared>, path: Path<(String, String)>, request: HttpRequest) -> HttpResponse {
    let (org, module) = path.into_inner();
    let org = match organisation(&shared, &org) {
        Ok(Some(org)) => org,
        Ok(None) => return page::missing(Product::Crm),
        Err(error) => return page::broken(&error),
    };
    let asked = Asked::of(&request);
    let found = browse::page(&shared, org.zgid, &module, &asked.words, asked.by_change, asked.page, ROWS);
    let Some(found) = found else { return page::missing(Product::Crm) };
    let address = format!("/people/crm/{}/{module}", org.zgid);
    let rows = found.rows.into_iter().map(|(id, name, record)| Row { address: format!("{address}/{id}"), name, record });
    let rows: Vec<_> = rows.collect();
    let trail = crumbs(&[("/".into(), "Both companies"), (format!("/people/crm/{}", org.zgid), &org.name)]);
    page::shown(Product::Crm, &words(&module), &trail, &list::shown(&address, &asked, &rows, found.more, &shared.base))
}

/// `any` in place of a module finds the record in whichever it is.
async fn record(shared: Data<Shared>, path: Path<(String, String, String)>) -> HttpResponse {
    let (org, module, id) = path.into_inner();
    let org = match organisation(&shared, &org) {
        Ok(Some(org)) => org,
        Ok(None) => return page::missing(Product::Crm),
        Err(error) => return page::broken(&error),
    };
    let Ok(id) = id.parse::<i64>() else { return page::missing(Product::Crm) };
    if module == "any" {
        return match browse::module_of(&shared, org.zgid, id) {
            Some(module) => {
                let address = format!("/people/crm/{}/{module}/{id}", org.zgid);
                HttpResponse::SeeOther().insert_header(("Location", address)).finish()
            }
            None => page::missing(Product::Crm),
        };
    }
    match browse::record(&shared, org.zgid, &module, id) {
        Some(found) => record_page(&shared, &org, &module, &found),
        None => page::missing(Product::Crm),
    }
}

fn record_page(shared: &Shared, org: &Organisation, module: &str, found: &browse::Record) -> HttpResponse {
    let to_record = |field: &str, of: &Map<String, Value>| {
        let own = of.get("id").and_then(Value::as_str).unwrap_or_default();
        let id = found.named.get(&(own.to_owned(), field.to_owned()))?;
        Some(format!("/people/crm/{}/any/{id}", org.zgid))
    };
    let links: String = found
        .links
        .iter()
        .filter_map(|(name, url)| {
            let address = addresses::here(&shared.base, url)?;
            Some(format!("<a class=\"button\" href=\"{}\">{}</a>", escape(&address), escape(name)))
        })
        .collect();
    let fields = fields::all(&found.fields, &[], &Links { base: &shared.base, record: &to_record });
    let body = format!("<div class=\"acts\">{links}</div>{fields}");
    let (address, list) = (format!("/people/crm/{}/{module}", org.zgid), words(module));
    let trail = crumbs(&[("/".into(), "Both companies"), (format!("/people/crm/{}", org.zgid), &org.name), (address, &list)]);
    page::shown(Product::Crm, &found.name, &trail, &body)
}
