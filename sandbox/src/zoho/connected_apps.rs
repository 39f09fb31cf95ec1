//! Where the customer sees which applications hold keys to his account, and takes them back.

use std::fmt::Write as _;

use actix_web::web::{Data, Form, Path, ServiceConfig};
use actix_web::{HttpResponse, web};
use rusqlite::Connection;
use serde::Deserialize;

use super::answer::Refusal;
use super::consent::{DATA_CENTRES, USER_EMAIL};
use super::pages::{broken, error_page, escape, page};
use super::{organisations, time};
use crate::Shared;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/zoho/{dc}/accounts/sessions/connectedapps", web::get().to(show))
        .route("/zoho/{dc}/accounts/sessions/connectedapps/revoke", web::post().to(revoke));
}

/// One application of one organisation: revoking is specific to the organisation that was chosen.
struct App {
    client: String,
    crm_org: Option<i64>,
    connections: i64,
    since_ms: i64,
    scopes: String,
}

async fn show(shared: Data<Shared>, dc: Path<String>) -> HttpResponse {
    if !DATA_CENTRES.contains(&dc.as_str()) {
        return HttpResponse::NotFound().finish();
    }
    match shared.store.with(|connection| rows(connection, &dc)) {
        Ok(rows) => page(
            "Zoho Accounts: Connected Apps",
            &format!("<h1>Connected Apps</h1><p>Applications that {USER_EMAIL} has given access to.</p>{rows}"),
        ),
        Err(refusal) => broken(refusal),
    }
}

fn rows(connection: &Connection, dc: &str) -> Result<String, Refusal> {
    let mut statement = connection.prepare_cached(
        "SELECT client, crm_org, count(*), min(issued_ms), group_concat(scope) FROM zoho_refresh WHERE dc = ?1 GROUP BY client, crm_org
         ORDER BY min(number)",
    )?;
    let apps = statement.query_map([dc], |row| {
        Ok(App {
            client: row.get(0)?,
            crm_org: row.get(1)?,
            connections: row.get(2)?,
            since_ms: row.get(3)?,
            scopes: row.get(4)?,
        })
    })?;
    let mut html = String::new();
    for app in apps {
        let app = app?;
        let org = app.crm_org.map(|id| organisations::by_id(connection, id)).transpose()?.flatten();
        let mut scopes: Vec<&str> = app.scopes.split(',').map(str::trim).collect();
        scopes.sort_unstable();
        scopes.dedup();
        let name = if app.client == crate::ZOHO_CLIENT_ID { "CP Connect" } else { &app.client };
        let title = org.map_or_else(|| name.to_owned(), |org| format!("{name} ({})", org.name));
        let plural = if app.connections == 1 { "connection" } else { "connections" };
        _ = write!(
            html,
            "<h2>{}</h2><p>{} {plural} since {}</p><p>{}</p><form method=\"post\" action=\"/zoho/{dc}/accounts/sessions/connectedapps/revoke\">\
             <input type=\"hidden\" name=\"client\" value=\"{}\"><input type=\"hidden\" name=\"organization\" value=\"{}\">\
             <button type=\"submit\" name=\"action\" value=\"revoke\">Revoke Access</button></form>",
            escape(&title),
            app.connections,
            time::stamp(app.since_ms / 1000, "UTC"),
            escape(&scopes.join(", ")),
            escape(&app.client),
            app.crm_org.map(|id| id.to_string()).unwrap_or_default(),
        );
    }
    if html.is_empty() {
        html.push_str("<p>No application has access to your account.</p>");
    }
    Ok(html)
}

#[derive(Deserialize)]
struct Revoke {
    client: String,
    #[serde(default)]
    organization: String,
}

/// Every refresh token that the application holds for this organisation ends, with its access tokens.
async fn revoke(shared: Data<Shared>, dc: Path<String>, revoke: Form<Revoke>) -> HttpResponse {
    let Revoke { client, organization } = revoke.into_inner();
    let org: Option<i64> = match organization.as_str() {
        "" => None,
        text => match text.parse() {
            Ok(org) => Some(org),
            Err(_) => return error_page("invalid_organization"),
        },
    };
    let ended = shared.store.atomically(|connection| {
        let of = (&client, &*dc, org);
        let doomed = "SELECT number FROM zoho_refresh WHERE client = ?1 AND dc = ?2 AND crm_org IS ?3";
        connection.execute(&format!("DELETE FROM zoho_access WHERE refresh IN ({doomed})"), of)?;
        // Tokens of a sign-in that gave no refresh token belong to the application as well.
        connection.execute("DELETE FROM zoho_access WHERE refresh IS NULL AND client = ?1 AND dc = ?2 AND crm_org IS ?3", of)?;
        connection.execute("DELETE FROM zoho_refresh WHERE client = ?1 AND dc = ?2 AND crm_org IS ?3", of)
    });
    match ended {
        Ok(_) => {
            HttpResponse::SeeOther().insert_header(("Location", format!("/zoho/{dc}/accounts/sessions/connectedapps"))).finish()
        }
        Err(error) => broken(Refusal::from(error)),
    }
}
