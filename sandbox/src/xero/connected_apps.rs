//! Settings › Connected apps, as the user sees it in Xero: which apps each organisation is connected to, and the button that ends it.

use actix_web::web::{Data, Form, Json, ServiceConfig};
use actix_web::{HttpResponse, web};
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::login::{escape, page};
use super::sessions::{self, Org};
use super::{access, app};
use crate::Shared;

const PAGE: &str = "/xero/login/connected-apps";
/// An organisation may be connected to so many apps that Xero has not certified.
pub const UNCERTIFIED_MAX: usize = 2;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route(PAGE, web::get().to(show))
        .route("/xero/login/connected-apps/disconnect", web::post().to(disconnect))
        .route("/_sandbox/xero/other-apps", web::post().to(set_others));
}

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_other_app (tenant TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (tenant, name)) WITHOUT ROWID;",
    )
}

/// Other apps that an organisation is connected to; Xero has certified none of them.
pub fn others(connection: &Connection, tenant: Uuid) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare_cached("SELECT name FROM xero_other_app WHERE tenant = ?1 ORDER BY name")?
        .query_map([tenant.to_string()], |row| row.get(0))?
        .collect()
}

/// What the page shows of one organisation.
struct Shown {
    org: Org,
    /// The connection to our app.
    ours: Option<String>,
    others: Vec<String>,
}

async fn show(shared: Data<Shared>) -> HttpResponse {
    let shown = shared.store.with(|connection| {
        let connected = sessions::connections(connection)?;
        let mut shown = Vec::new();
        for org in sessions::orgs(connection)? {
            let tenant = org.tenant.to_string();
            let ours = connected.iter().find(|known| known.tenant == tenant).map(|known| known.id.clone());
            shown.push(Shown { others: others(connection, org.tenant)?, ours, org });
        }
        Ok::<_, rusqlite::Error>(shown)
    });
    match shown {
        Ok(shown) => page("Connected apps", &body(&shown)),
        Err(error) => access::broken(&error),
    }
}

fn body(shown: &[Shown]) -> String {
    let mut body = String::from("<h1>Connected apps</h1>");
    for Shown { org, ours, others } in shown {
        body.push_str(&format!("<section><h2>{}</h2>", escape(&org.name)));
        if ours.is_none() && others.is_empty() {
            body.push_str("<p>No apps are connected.</p>");
        }
        let apps = ours.iter().map(|id| (app::APP_NAME, ("connection", id.as_str())));
        for (name, (field, value)) in apps.chain(others.iter().map(|name| (name.as_str(), ("other", name.as_str())))) {
            body.push_str(&format!(
                "<form method=\"post\" action=\"{PAGE}/disconnect\"><span>{}</span>\
                 <input type=\"hidden\" name=\"tenant\" value=\"{}\"><input type=\"hidden\" name=\"{field}\" value=\"{}\">\
                 <button type=\"submit\">Disconnect</button></form>",
                escape(name),
                org.tenant,
                escape(value)
            ));
        }
        body.push_str("</section>");
    }
    body
}

#[derive(Deserialize)]
struct Ended {
    tenant: String,
    connection: Option<String>,
    other: Option<String>,
}

/// Ends one connection and shows the page again. Tokens stay alive: the next call to the organisation is forbidden.
async fn disconnect(shared: Data<Shared>, ended: Form<Ended>) -> HttpResponse {
    let done = shared.store.with(|connection| match (&ended.connection, &ended.other) {
        (Some(id), _) => sessions::disconnect(connection, id),
        (None, Some(name)) => connection
            .execute("DELETE FROM xero_other_app WHERE tenant = ?1 AND name = ?2", params![ended.tenant, name])
            .map(|ended| ended > 0),
        (None, None) => Ok(false),
    });
    match done {
        Ok(true) => HttpResponse::SeeOther().insert_header(("Location", format!("{}{PAGE}", shared.base))).finish(),
        Ok(false) => HttpResponse::NotFound().finish(),
        Err(error) => access::broken(&error),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Others {
    #[serde(rename = "tenantId")]
    tenant: String,
    names: Vec<String>,
}

/// Replaces the other apps that an organisation is connected to.
async fn set_others(shared: Data<Shared>, wanted: Json<Others>) -> HttpResponse {
    let done = shared.store.atomically(|connection| {
        let Some(org) = sessions::org(connection, &wanted.tenant)? else { return Ok::<_, rusqlite::Error>(false) };
        let tenant = org.tenant.to_string();
        connection.execute("DELETE FROM xero_other_app WHERE tenant = ?1", [&tenant])?;
        for name in &wanted.names {
            connection.execute("INSERT OR IGNORE INTO xero_other_app VALUES (?1, ?2)", params![tenant, name])?;
        }
        Ok(true)
    });
    match done {
        Ok(true) => HttpResponse::NoContent().finish(),
        Ok(false) => HttpResponse::NotFound().json(json!({"error": format!("there is no organisation `{}`", wanted.tenant)})),
        Err(error) => access::broken(&error),
    }
}
