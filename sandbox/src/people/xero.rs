//! Xero's lists and records.

use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::fields::{self, Links};
use super::list::{self, ROWS, Row};
use super::page::{self, Product, count, crumbs, escape, words};
use super::{Asked, addresses, contact_links};
use crate::Shared;
use crate::xero::browse;
use crate::xero::kinds::{KINDS, Kind};
use crate::xero::sessions::{self, Org};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/people/xero/{tenant}", web::get().to(company))
        .route("/people/xero/{tenant}/{list}", web::get().to(records))
        .route("/people/xero/{tenant}/{list}/{id}", web::get().to(record));
}

/// Every organisation with its lists, for the first page.
pub fn companies(shared: &Shared) -> rusqlite::Result<String> {
    let mut html = String::new();
    for org in shared.store.with(sessions::orgs)? {
        html.push_str(&card(shared, &org, true)?);
    }
    Ok(html)
}

fn card(shared: &Shared, org: &Org, with_name: bool) -> rusqlite::Result<String> {
    let (counts, connected, settings) = shared.store.with(|connection| {
        Ok::<_, rusqlite::Error>((
            browse::counts(connection, org)?,
            sessions::is_connected(connection, &org.tenant.to_string())?,
            browse::record(connection, org, Kind::Organisations, org.tenant)?.unwrap_or_default(),
        ))
    })?;
    let said = |name: &str| settings.get(name).and_then(Value::as_str).map(escape).unwrap_or_default();
    let state =
        if connected { "<span class=\"pill good\">connected</span>" } else { "<span class=\"pill\">not connected</span>" };
    let lists: String = counts
        .iter()
        .filter(|(kind, _)| *kind != Kind::Organisations)
        .map(|(kind, number)| {
            let address = format!("/people/xero/{}/{}", org.tenant, kind.collection());
            let class = if *number == 0 { " class=\"none\"" } else { "" };
            format!("<li{class}><a href=\"{address}\">{}</a><b>{}</b></li>", words(kind.collection()), count(*number))
        })
        .collect();
    let name = match with_name {
        true => format!("<h3><a href=\"/people/xero/{}\">{}</a></h3>", org.tenant, escape(&org.name)),
        false => String::new(),
    };
    Ok(format!(
        "<article class=\"card company\">{name}<p class=\"about\">{state} {} · short code <code>{}</code></p><ul class=\"lists\">{lists}</ul></article>",
        said("BaseCurrency"),
        said("ShortCode"),
    ))
}

/// One organisation, with its settings.
async fn company(shared: Data<Shared>, tenant: Path<String>) -> HttpResponse {
    let org = match shared.store.with(|connection| sessions::org(connection, &tenant)) {
        Ok(Some(org)) => org,
        Ok(None) => return page::missing(Product::Xero),
        Err(error) => return page::broken(&error),
    };
    company_page(&shared, &org)
}

pub fn company_page(shared: &Shared, org: &Org) -> HttpResponse {
    let settings = shared.store.with(|connection| browse::record(connection, org, Kind::Organisations, org.tenant));
    match (card(shared, org, false), settings) {
        (Ok(card), Ok(settings)) => {
            let nowhere = |_: &str, _: &Map<String, Value>| None;
            let links = Links { base: &shared.base, record: &nowhere };
            let settings = settings.map(|settings| fields::all(&settings, &[], &links)).unwrap_or_default();
            let address = format!("/people/xero/{}/settings/contact-links", org.tenant);
            let settings = format!("<p><a href=\"{address}\">Custom Contact Links</a></p>{settings}");
            page::shown(Product::Xero, &org.name, &crumbs(&[("/".into(), "Both companies")]), &format!("{card}{settings}"))
        }
        (Err(error), _) | (_, Err(error)) => page::broken(&error),
    }
}

async fn records(shared: Data<Shared>, path: Path<(String, String)>, request: HttpRequest) -> HttpResponse {
    let (tenant, list) = path.into_inner();
    let Some(kind) = kind_of(&list) else { return page::missing(Product::Xero) };
    let asked = Asked::of(&request);
    let found = shared.store.with(|connection| {
        let Some(org) = sessions::org(connection, &tenant)? else { return Ok(None) };
        let wanted =
            browse::Asked { words: &asked.words, by_change: asked.by_change, skip: (asked.page - 1) * ROWS, take: ROWS + 1 };
        let rows = browse::page(connection, &org, kind, &wanted)?;
        Ok::<_, rusqlite::Error>(Some((org, rows)))
    });
    let (org, mut found) = match found {
        Ok(Some(found)) => found,
        Ok(None) => return page::missing(Product::Xero),
        Err(error) => return page::broken(&error),
    };
    let more = found.len() as i64 > ROWS;
    found.truncate(ROWS as usize);
    let address = format!("/people/xero/{}/{}", org.tenant, kind.collection());
    let rows: Vec<_> = found
        .into_iter()
        .map(|(id, record)| Row { address: format!("{address}/{id}"), name: name(kind, &record, id), record })
        .collect();
    let trail = crumbs(&[("/".into(), "Both companies"), (format!("/people/xero/{}", org.tenant), &org.name)]);
    let body = list::shown(&address, &asked, &rows, more, &shared.base);
    page::shown(Product::Xero, &words(kind.collection()), &trail, &body)
}

async fn record(shared: Data<Shared>, path: Path<(String, String, String)>) -> HttpResponse {
    let (tenant, list, id) = path.into_inner();
    let (Some(kind), Ok(id)) = (kind_of(&list), Uuid::parse_str(&id)) else { return page::missing(Product::Xero) };
    let found = shared.store.with(|connection| {
        let Some(org) = sessions::org(connection, &tenant)? else { return Ok(None) };
        Ok::<_, rusqlite::Error>(browse::record(connection, &org, kind, id)?.map(|record| (org, record)))
    });
    match found {
        Ok(Some((org, found))) => record_page(&shared, &org, kind, id, &found),
        Ok(None) => page::missing(Product::Xero),
        Err(error) => page::broken(&error),
    }
}

/// The page of one record, whichever address led to it.
pub fn record_page(shared: &Shared, org: &Org, kind: Kind, id: Uuid, record: &Map<String, Value>) -> HttpResponse {
    let to_record = |key: &str, of: &Map<String, Value>| {
        let (other, named) = named_by(key, of)?;
        (named != id).then(|| format!("/people/xero/{}/{}/{named}", org.tenant, other.collection()))
    };
    let links = Links { base: &shared.base, record: &to_record };
    let said = |name: &str| record.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let pills: String = ["Type", "Status", "ContactStatus"]
        .into_iter()
        .filter_map(said)
        .map(|word| format!("<span class=\"pill\">{}</span> ", escape(word)))
        .collect();
    // Xero shows the address in Url by the name of the application that wrote it.
    let back = said("Url")
        .and_then(|address| addresses::here(&shared.base, address))
        .map(|address| format!("<a class=\"button\" href=\"{}\">Go to {}</a>", escape(&address), escape(crate::xero::APP_NAME)));
    let back = back.unwrap_or_default();
    let custom = match kind {
        Kind::Contacts => contact_links::on(shared, org, record),
        _ => Ok(String::new()),
    };
    let custom = match custom {
        Ok(custom) => custom,
        Err(error) => return page::broken(&error),
    };
    let fields = fields::all(record, &[], &links);
    let list = format!("/people/xero/{}/{}", org.tenant, kind.collection());
    let list_name = words(kind.collection());
    let trail =
        crumbs(&[("/".into(), "Both companies"), (format!("/people/xero/{}", org.tenant), &org.name), (list, &list_name)]);
    page::shown(
        Product::Xero,
        &name(kind, record, id),
        &trail,
        &format!("<div class=\"acts\">{pills}{back}{custom}</div>{fields}"),
    )
}

fn kind_of(list: &str) -> Option<Kind> {
    KINDS.into_iter().find(|kind| kind.collection() == list)
}

/// `ContactID`, and beside it `Name`; `InvoiceID`, and beside it `InvoiceNumber`.
fn named_by(key: &str, of: &Map<String, Value>) -> Option<(Kind, Uuid)> {
    KINDS.into_iter().find_map(|kind| {
        let field = kind.id_field();
        let stem = field.strip_suffix("ID")?;
        let means_it = key == field || key == "Name" || key.strip_suffix("Number") == Some(stem);
        let id = of.get(field).filter(|_| means_it)?.as_str()?;
        Some((kind, Uuid::parse_str(id).ok()?))
    })
}

/// What people call the record.
fn name(kind: Kind, record: &Map<String, Value>, id: Uuid) -> String {
    let stem = kind.id_field().strip_suffix("ID").unwrap_or_default();
    let number = format!("{stem}Number");
    let known = ["Name", &number, "Code", "Description", "Narration", "Reference", "EmailAddress"];
    let said = known.into_iter().filter_map(|key| record.get(key)).map(fields::text).find(|text| !text.is_empty());
    let contact = || record.get("Contact").and_then(|contact| contact.get("Name")).map(fields::text);
    let day = || record.get("Date").map(fields::text);
    said.or_else(|| Some([day()?, contact()?].join(" · "))).or_else(day).unwrap_or_else(|| id.to_string())
}
