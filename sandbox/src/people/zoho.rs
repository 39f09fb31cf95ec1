//! Zoho's lists and records, and the custom buttons that stand on them.

use actix_web::http::header::ACCEPT;
use actix_web::web::{Data, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::fields::{self, Links};
use super::list::{self, ROWS, Row};
use super::page::{self, Product, count, crumbs, escape, words};
use super::{Asked, addresses};
use crate::Shared;
use crate::zoho::browse::{self, Organisation};

/// Sends the part of the address after `#`, which browsers keep to themselves, to the sandbox.
const FOLLOW_FRAGMENT: &str = include_str!("fragment.js");
/// Presses a button without leaving the page.
const PRESS: &str = include_str!("press.js");

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/zoho/{dc}/web/app/{org}", web::get().to(app))
        .route("/zoho/{dc}/web/app/{org}/go", web::get().to(follow))
        .route("/people/zoho/{org}", web::get().to(company))
        .route("/people/zoho/{org}/{list}", web::get().to(records))
        .route("/people/zoho/{org}/{list}/{id}", web::get().to(record))
        .route("/people/zoho/{org}/{list}/{id}/buttons/{button}", web::post().to(press));
}

/// Every organisation with its modules, for the first page.
pub fn companies(shared: &Shared) -> rusqlite::Result<String> {
    let all = shared.store.with(browse::organisations)?;
    all.iter().map(|org| card(shared, org, true)).collect()
}

fn card(shared: &Shared, org: &Organisation, with_name: bool) -> rusqlite::Result<String> {
    let counts = shared.store.with(|connection| browse::counts(connection, org.id))?;
    let lists: String = counts
        .iter()
        .map(|(list, number)| {
            let class = if *number == 0 { " class=\"none\"" } else { "" };
            format!("<li{class}><a href=\"/people/zoho/{}/{list}\">{}</a><b>{}</b></li>", org.id, title(list), count(*number))
        })
        .collect();
    let name = match with_name {
        true => format!("<h3><a href=\"/people/zoho/{}\">{}</a></h3>", org.id, escape(&org.name)),
        false => String::new(),
    };
    let state = if org.member { "" } else { "<span class=\"pill\">not the user's</span> " };
    Ok(format!(
        "<article class=\"card company\">{name}<p class=\"about\">{state}{} · plan {} · data centre {} · <code>{}</code></p><ul class=\"lists\">{lists}</ul></article>",
        escape(&org.currency),
        escape(&org.plan),
        escape(&org.dc),
        org.id,
    ))
}

/// `https://books.zoho.eu/app/{organisation}`: the organisation; a fragment leads on from there.
async fn app(shared: Data<Shared>, path: Path<(String, String)>) -> HttpResponse {
    let (dc, id) = path.into_inner();
    match shared.store.with(|connection| browse::organisation(connection, &id)) {
        Ok(Some(org)) if org.dc == dc && org.member => company_page(&shared, &org, FOLLOW_FRAGMENT),
        Ok(_) => page::missing(Product::Zoho),
        Err(error) => page::broken(&error),
    }
}

#[derive(Deserialize)]
struct To {
    to: String,
}

/// `?to=/contacts/46…`, which was a fragment.
async fn follow(shared: Data<Shared>, path: Path<(String, String)>, to: Query<To>) -> HttpResponse {
    let (dc, id) = path.into_inner();
    match shared.store.with(|connection| browse::organisation(connection, &id)) {
        Ok(Some(org)) if org.dc == dc && org.member => match browse::place(&to.to) {
            Some((list, Some(record))) => seen(&format!("/people/zoho/{}/{list}/{record}", org.id)),
            Some((list, None)) => seen(&format!("/people/zoho/{}/{list}", org.id)),
            None => page::missing(Product::Zoho),
        },
        Ok(_) => page::missing(Product::Zoho),
        Err(error) => page::broken(&error),
    }
}

fn seen(address: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("Location", address)).finish()
}

async fn company(shared: Data<Shared>, org: Path<String>) -> HttpResponse {
    match shared.store.with(|connection| browse::organisation(connection, &org)) {
        Ok(Some(org)) => company_page(&shared, &org, ""),
        Ok(None) => page::missing(Product::Zoho),
        Err(error) => page::broken(&error),
    }
}

fn company_page(shared: &Shared, org: &Organisation, script: &str) -> HttpResponse {
    let card = match card(shared, org, false) {
        Ok(card) => card,
        Err(error) => return page::broken(&error),
    };
    let buttons = browse::buttons(shared, org.id);
    let rows: String = buttons
        .iter()
        .map(|button| {
            format!(
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td><pre>{}</pre></td></tr>",
                escape(&button.name),
                escape(&button.entity_type),
                escape(&button.page_view),
                escape(&button.script)
            )
        })
        .collect();
    let buttons = match rows.is_empty() {
        true => "<p class=\"empty\">Nobody has made a custom button in this organisation yet.</p>".to_owned(),
        false => format!(
            "<table class=\"lines\"><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Entity type</th><th scope=\"col\">Page view</th>\
             <th scope=\"col\">Script</th></tr></thead><tbody>{rows}</tbody></table>"
        ),
    };
    let script = if script.is_empty() { String::new() } else { format!("<script>{script}</script>") };
    let body = format!("{script}{card}<section class=\"card\"><h2>Custom buttons</h2>{buttons}</section>");
    page::shown(Product::Zoho, &org.name, &crumbs(&[("/".into(), "Both companies")]), &body)
}

async fn records(shared: Data<Shared>, path: Path<(String, String)>, request: HttpRequest) -> HttpResponse {
    let (org, list) = path.into_inner();
    let org = match shared.store.with(|connection| browse::organisation(connection, &org)) {
        Ok(Some(org)) => org,
        Ok(None) => return page::missing(Product::Zoho),
        Err(error) => return page::broken(&error),
    };
    let asked = Asked::of(&request);
    let found = browse::page(&shared, org.id, &list, &asked.words, asked.by_change, asked.page, ROWS);
    let Some(found) = found else { return page::missing(Product::Zoho) };
    let address = format!("/people/zoho/{}/{list}", org.id);
    let rows: Vec<_> =
        found.rows.into_iter().map(|(id, name, record)| Row { address: format!("{address}/{id}"), name, record }).collect();
    let trail = crumbs(&[("/".into(), "Both companies"), (format!("/people/zoho/{}", org.id), &org.name)]);
    page::shown(Product::Zoho, &title(&list), &trail, &list::shown(&address, &asked, &rows, found.more, &shared.base))
}

/// `any` in place of a list finds the record in whichever it is.
async fn record(shared: Data<Shared>, path: Path<(String, String, String)>) -> HttpResponse {
    let (org, list, id) = path.into_inner();
    let Ok(number) = id.parse::<i64>() else { return page::missing(Product::Zoho) };
    let org = match shared.store.with(|connection| browse::organisation(connection, &org)) {
        Ok(Some(org)) => org,
        Ok(None) => return page::missing(Product::Zoho),
        Err(error) => return page::broken(&error),
    };
    if list == "any" {
        return match shared.store.with(|connection| browse::list_of(connection, org.id, number)) {
            Ok(Some(list)) => seen(&format!("/people/zoho/{}/{list}/{number}", org.id)),
            Ok(None) => page::missing(Product::Zoho),
            Err(error) => page::broken(&error),
        };
    }
    match browse::record(&shared, org.id, &list, number) {
        Some(found) => record_page(&shared, &org, &list, &id, &found),
        None => page::missing(Product::Zoho),
    }
}

fn record_page(shared: &Shared, org: &Organisation, list: &str, id: &str, found: &browse::Record) -> HttpResponse {
    let to_record = |key: &str, of: &Map<String, Value>| {
        let stem = ["_id", "_name", "_number"].into_iter().find_map(|end| key.strip_suffix(end))?;
        let named = format!("{stem}_id");
        let other = of.get(&named).filter(|_| browse::is_reference(&named))?.as_str()?;
        let is_id = !other.is_empty() && other.bytes().all(|byte| byte.is_ascii_digit());
        (is_id && other != id).then(|| format!("/people/zoho/{}/any/{other}", org.id))
    };
    let links = Links { base: &shared.base, record: &to_record };
    let said = |name: &str| found.detail.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let pills: String = ["contact_type", "status"]
        .into_iter()
        .filter_map(said)
        .map(|word| format!("<span class=\"pill\">{}</span> ", escape(&word.replace('_', " "))))
        .collect();
    let buttons: String = found
        .buttons
        .iter()
        .map(|button| {
            format!(
                "<form method=\"post\" target=\"_blank\" data-custom-button action=\"/people/zoho/{}/{list}/{id}/buttons/{}\">\
                 <button type=\"submit\" class=\"button\">{}</button></form>",
                org.id,
                button.id,
                escape(&button.name)
            )
        })
        .collect();
    let script = if buttons.is_empty() { String::new() } else { format!("<script>{PRESS}</script>") };
    // The hash says again what the list of custom fields says.
    let fields = fields::all(&found.detail, &["custom_field_hash"], &links);
    let body = format!(
        "<div class=\"acts\">{pills}{buttons}</div><p id=\"said\" role=\"status\" aria-live=\"polite\" hidden></p>{fields}{script}"
    );
    let (address, list) = (format!("/people/zoho/{}/{list}", org.id), title(list));
    let trail = crumbs(&[("/".into(), "Both companies"), (format!("/people/zoho/{}", org.id), &org.name), (address, &list)]);
    page::shown(Product::Zoho, &found.name, &trail, &body)
}

/// To a script: what to open and what to say. To a browser without one: the place itself, or a page that says it.
async fn press(shared: Data<Shared>, path: Path<(i64, String, i64, String)>, request: HttpRequest) -> HttpResponse {
    let (org, list, id, button) = path.into_inner();
    let Some(pressed) = browse::press(&shared, org, &list, id, &button) else { return page::missing(Product::Zoho) };
    let (mut opens, mut failed, mut message) = (Vec::new(), pressed.failed, pressed.message);
    for opened in pressed.opens {
        match addresses::here(&shared.base, &opened.url) {
            Some(url) => opens.push(json!({"url": url, "asked": opened.url, "window": opened.window})),
            None => {
                failed = true;
                message = Some(format!("“{}” is no web address.", opened.url));
            }
        }
    }
    let wants_page =
        request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|kind| kind.contains("text/html"));
    if !wants_page {
        return HttpResponse::Ok().json(json!({"opens": opens, "message": message, "failed": failed, "info": pressed.info}));
    }
    let addresses: Vec<&str> = opens.iter().filter_map(|one| one["url"].as_str()).collect();
    match addresses.as_slice() {
        [address] if !failed => seen(address),
        addresses => {
            let links: String =
                addresses.iter().map(|address| format!("<li><a href=\"{0}\">{0}</a></li>", escape(address))).collect();
            let message = message.unwrap_or_else(|| "The function has ended.".to_owned());
            page::shown(
                Product::Zoho,
                "Custom button",
                "",
                &format!("<p role=\"status\">{}</p><ul>{links}</ul>", escape(&message)),
            )
        }
    }
}

/// As Zoho's own menu calls the module, where that is not the name of its list.
fn title(list: &str) -> String {
    let known = match list {
        "chartofaccounts" => "Chart of accounts",
        "customerpayments" => "Payments received",
        "vendorpayments" => "Payments made",
        "creditnotes" => "Credit notes",
        "vendorcredits" => "Vendor credits",
        "salesorders" => "Sales orders",
        "purchaseorders" => "Purchase orders",
        "estimates" => "Quotes",
        "bankaccounts" => "Bank accounts",
        "banktransactions" => "Bank transactions",
        "journals" => "Manual journals",
        other => return escape(&words(other)),
    };
    known.to_owned()
}
