//! What a test may do at Zoho that no API offers: revoke, move the user, found organisations, change their settings.

use actix_web::web::{Data, Json, ServiceConfig};
use actix_web::{HttpResponse, web};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::consent::DATA_CENTRES;
use super::module::Module;
use super::organisations::{self, Org};
use super::products::Product;
use super::records::{self, Desk};
use super::{seed, settings as desk_settings, tokens};
use crate::Shared;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/_sandbox/zoho/revoke", web::post().to(revoke))
        .route("/_sandbox/zoho/user", web::post().to(user))
        .route("/_sandbox/zoho/organization", web::post().to(organisation));
}

/// As the customer does under Connected Apps: every refresh token dies with its access tokens.
async fn revoke(shared: Data<Shared>) -> HttpResponse {
    answer(shared.store.atomically(|connection| tokens::revoke_all(connection, true).map(|()| json!({"revoked": true}))))
}

#[derive(Deserialize)]
struct User {
    dc: Option<String>,
    organizations: Option<Vec<Named>>,
}

/// An organisation by name alone, or with settings.
#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Name(String),
    Settings(Settings),
}

#[derive(Default, Deserialize)]
struct Settings {
    organization_id: Option<String>,
    name: Option<String>,
    plan_name: Option<String>,
    currency_code: Option<String>,
    price_precision: Option<u32>,
    tax_rounding: Option<String>,
    time_zone: Option<String>,
    /// The products that share the organisation.
    apps: Option<Vec<String>>,
    /// Taxes that somebody has set up: name and per cent. What is there stays as it is.
    taxes: Option<Vec<(String, Value)>>,
}

/// Where the demo user lives and which organisations he belongs to; unknown ones are founded.
async fn user(shared: Data<Shared>, user: Json<User>) -> HttpResponse {
    let User { dc, organizations } = user.into_inner();
    answer(shared.store.atomically(|connection| {
        let dc = match dc {
            Some(dc) if !DATA_CENTRES.contains(&dc.as_str()) => return Err(Refusal::invalid("dc")),
            Some(dc) => dc,
            None => super::consent::users_data_centre(connection)?,
        };
        connection.execute("UPDATE zoho_user SET dc = ?1 WHERE id = 1", [&dc])?;
        if let Some(organizations) = organizations {
            connection.execute("UPDATE zoho_org SET member = 0", [])?;
            for named in organizations {
                let settings = match named {
                    Named::Name(name) => Settings { name: Some(name), ..Settings::default() },
                    Named::Settings(settings) => settings,
                };
                join(&shared, connection, &dc, settings)?;
            }
        }
        let all = organisations::of_user(connection, &dc)?;
        Ok(json!({"dc": dc, "organizations": all.iter().map(shown).collect::<Vec<_>>()}))
    }))
}

/// Changes the settings of one organisation, by id or by name.
async fn organisation(shared: Data<Shared>, settings: Json<Settings>) -> HttpResponse {
    let settings = settings.into_inner();
    answer(shared.store.atomically(|connection| {
        let id = find(connection, None, &settings)?.ok_or_else(|| Refusal::absent("Organization"))?;
        change(connection, id, &settings)?;
        Ok(organisations::by_id(connection, id)?.as_ref().map_or(Value::Null, shown))
    }))
}

fn join(shared: &Shared, connection: &Connection, dc: &str, settings: Settings) -> Result<(), Refusal> {
    let id = match find(connection, Some(dc), &settings)? {
        Some(id) => id,
        None => {
            let usual = seed::Plan::default();
            let plan = seed::Plan {
                dc: dc.to_owned(),
                name: settings.name.clone().ok_or_else(|| Refusal::missing("name"))?,
                currency: settings.currency_code.clone().unwrap_or(usual.currency),
                time_zone: settings.time_zone.clone().unwrap_or(usual.time_zone),
                ..seed::Plan::default()
            };
            seed::organisation(shared, connection, &plan, true)?.id
        }
    };
    connection.execute("UPDATE zoho_org SET member = 1 WHERE id = ?1", [id])?;
    taxes(shared, connection, id, settings.taxes.as_deref().unwrap_or_default())?;
    change(connection, id, &settings)
}

fn taxes(shared: &Shared, connection: &Connection, id: i64, taxes: &[(String, Value)]) -> Result<(), Refusal> {
    let Some(org) = organisations::by_id(connection, id)? else { return Ok(()) };
    let desk = Desk { connection, shared, org: &org, now: shared.clock.now(), own_number: false };
    for (name, percentage) in taxes {
        if records::named(&desk, Module::Taxes, name, 0)?.is_empty() {
            let body = json!({"tax_name": name, "tax_percentage": percentage});
            desk_settings::write_tax(&desk, None, body.as_object().unwrap_or(&serde_json::Map::new()))?;
        }
    }
    Ok(())
}

fn find(connection: &Connection, dc: Option<&str>, settings: &Settings) -> Result<Option<i64>, Refusal> {
    let id = settings.organization_id.as_deref().and_then(|id| id.parse::<i64>().ok());
    let mut statement = connection
        .prepare_cached("SELECT id FROM zoho_org WHERE (id = ?1 OR name = ?2) AND (?3 IS NULL OR dc = ?3) ORDER BY id LIMIT 1")?;
    let mut rows = statement.query((id, &settings.name, dc))?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

fn change(connection: &Connection, id: i64, settings: &Settings) -> Result<(), Refusal> {
    if settings.price_precision.is_some_and(|decimals| decimals > 6) {
        return Err(Refusal::invalid("price_precision"));
    }
    if settings.tax_rounding.as_deref().is_some_and(|rounding| !matches!(rounding, "item_level" | "entity_level")) {
        return Err(Refusal::invalid("tax_rounding"));
    }
    if let Some(apps) = &settings.apps {
        if apps.iter().any(|app| !Product::ALL.iter().any(|product| product.app() == app)) {
            return Err(Refusal::invalid("apps"));
        }
        connection.execute("UPDATE zoho_org SET apps = ?2 WHERE id = ?1", (id, apps.join(",")))?;
    }
    connection.execute(
        "UPDATE zoho_org SET price_precision = coalesce(?2, price_precision), tax_rounding = coalesce(?3, tax_rounding), plan = coalesce(?4, plan),
         time_zone = coalesce(?5, time_zone) WHERE id = ?1",
        (id, settings.price_precision, &settings.tax_rounding, &settings.plan_name, &settings.time_zone),
    )?;
    Ok(())
}

fn shown(org: &Org) -> Value {
    json!({"organization_id": org.id.to_string(), "name": org.name, "dc": org.dc, "plan_name": org.plan, "price_precision": org.price_precision,
           "tax_rounding": organisations::rounding_name(org.tax_rounding), "currency_code": org.currency, "time_zone": org.time_zone})
}

fn answer(outcome: Result<Value, Refusal>) -> HttpResponse {
    match outcome {
        Ok(value) => HttpResponse::Ok().json(value),
        Err(refusal) => HttpResponse::BadRequest().content_type("application/json").body(refusal.answer().body),
    }
}
