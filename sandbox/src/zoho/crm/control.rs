//! What a test may do at CRM that no API offers: change the organisation's edition, trouble its notifications, read everything.

use actix_web::HttpResponse;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::deals::{self, OutOfDeal};
use super::desk::Desk;
use super::edition::Edition;
use super::module::Module;
use super::native;
use super::notify::{self, Tally};
use super::orgs::{self, Org};
use super::record::{self, COLUMNS};
use super::show::Shower;
use crate::Shared;
use crate::delivery::Order;
use crate::zoho::consent::DATA_CENTRES;
use crate::zoho::organisations;

/// How many records a dump reads at a time, so that it holds the store only briefly.
const DUMP_ROWS: i64 = 500;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/_sandbox/zoho/crm/channels", web::post().to(channels))
        .route("/_sandbox/zoho/crm/org", web::post().to(organisation))
        .route("/_sandbox/zoho/crm/native", web::post().to(native))
        .route("/_sandbox/zoho/crm/deal", web::post().to(deal))
        .route("/_sandbox/zoho/crm/orgs", web::get().to(organisations_of_all))
        .route("/_sandbox/zoho/crm/{org}/{module}", web::get().to(dump));
}

/// What happens to notifications on their way; `deliver` sends what is held and answers when it is sent.
async fn channels(shared: Data<Shared>, order: Json<Order>) -> HttpResponse {
    if let Err(says) = order.check() {
        return HttpResponse::BadRequest().json(json!({"error": says}));
    }
    shared.zoho.notices.manner().follow(&order);
    let sent = if order.deliver {
        notify::flush(&shared).await.map(Some)
    } else {
        if notify::begins(&shared) {
            actix_web::rt::spawn(notify::deliver(shared.get_ref().clone()));
        }
        Ok(None)
    };
    let shown = sent.and_then(|sent| {
        let mut shown = shared.store.with(|connection| deliveries(&shared, connection))?;
        if let Some(sent) = sent {
            shown["delivered_now"] = sent.into();
        }
        Ok(shown)
    });
    answer(shown.map_err(Refusal::from))
}

fn deliveries(shared: &Shared, connection: &Connection) -> rusqlite::Result<Value> {
    let waiting: i64 = connection.query_row("SELECT count(*) FROM zoho_crm_notice", [], |row| row.get(0))?;
    let mut shown = shared.zoho.notices.manner().shown();
    let Tally { sent, lost, failed } = *shared.zoho.notices.tally();
    for (name, figure) in [("sent", sent.into()), ("lost", lost.into()), ("failed", failed.into()), ("waiting", waiting.into())] {
        shown.insert(name.into(), figure);
    }
    Ok(shown.into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The id or zgid; without one, the organisation of the user's data centre.
    org: Option<String>,
    edition: Option<String>,
    users: Option<u32>,
    multi_currency: Option<bool>,
    /// Currencies that somebody adds, at a rate of 1.
    #[serde(default)]
    currencies: Vec<String>,
}

/// Changes one organisation.
async fn organisation(shared: Data<Shared>, settings: Json<Settings>) -> HttpResponse {
    answer(shared.store.atomically(|connection| {
        let edition = settings.edition.as_deref().map(|name| Edition::named(name).ok_or_else(|| Refusal::param_invalid("edition"))).transpose()?;
        found_all(&shared, connection)?;
        let id = match &settings.org {
            Some(id) => id.parse().ok(),
            None => {
                let dc = crate::zoho::consent::users_data_centre(connection);
                let dc = dc.map_err(|refusal| Refusal::new("INTERNAL_ERROR", refusal.message, json!({})).at(500))?;
                Some(orgs::of_token(&shared, connection, &dc, "")?.id)
            }
        };
        let org = id.map(|id| orgs::by_id(&shared, connection, id)).transpose()?.flatten().ok_or_else(|| Refusal::param_invalid("org"))?;
        connection.execute(
            "UPDATE zoho_crm_org SET edition = coalesce(?2, edition), users = coalesce(?3, users), multi_currency = coalesce(?4, multi_currency) WHERE id = ?1",
            (org.id, edition.map(Edition::paid_type), settings.users, settings.multi_currency),
        )?;
        let known = org.currencies(connection)?;
        for code in settings.currencies.iter().filter(|code| !known.contains(code)) {
            super::currencies::insert(connection, &org, code)?;
        }
        Ok(orgs::by_id(&shared, connection, org.id)?.as_ref().map_or(Value::Null, shown))
    }))
}

/// Zoho's own integration of Books and CRM runs once.
async fn native(shared: Data<Shared>) -> HttpResponse {
    answer(shared.store.atomically(|connection| {
        found_all(&shared, connection)?;
        native::run(&shared, connection)
    }))
}

/// A person makes a document of Books out of a deal.
async fn deal(shared: Data<Shared>, order: Json<OutOfDeal>) -> HttpResponse {
    answer(shared.store.atomically(|connection| {
        found_all(&shared, connection)?;
        deals::join(&shared, connection, &order)
    }))
}

/// Every CRM organisation there is.
async fn organisations_of_all(shared: Data<Shared>) -> HttpResponse {
    answer(shared.store.atomically(|connection| {
        found_all(&shared, connection)?;
        Ok(orgs::all(&shared, connection)?.iter().map(shown).collect())
    }))
}

fn found_all(shared: &Shared, connection: &Connection) -> Result<(), Refusal> {
    for dc in DATA_CENTRES {
        let homes = organisations::of_user(connection, dc);
        for home in homes.map_err(|refusal| Refusal::new("INTERNAL_ERROR", refusal.message, json!({})).at(500))? {
            orgs::found(shared, connection, &home)?;
        }
    }
    Ok(())
}

fn shown(org: &Org) -> Value {
    json!({
        "id": org.id.to_string(), "zgid": org.zgid.to_string(), "dc": org.dc, "company_name": org.name, "edition": org.edition.paid_type(),
        "users": org.users, "multi_currency": org.multi_currency, "currency": org.currency,
    })
}

fn answer(outcome: Result<Value, Refusal>) -> HttpResponse {
    match outcome {
        Ok(value) => HttpResponse::Ok().json(value),
        Err(refusal) => HttpResponse::BadRequest().json(refusal.json()),
    }
}

/// `GET /_sandbox/zoho/crm/{org}/{module}`: every record as GET by id shows it, one a line; `org` is the id or the zgid.
async fn dump(shared: Data<Shared>, path: Path<(String, String)>) -> HttpResponse {
    let (org, module) = path.into_inner();
    let org = org.parse().ok().map(|id| shared.store.with(|connection| orgs::by_id(&shared, connection, id)));
    let (Some(Ok(Some(org))), Some(module)) = (org, Module::named(&module)) else { return HttpResponse::NotFound().finish() };
    let (fill, drain) = tokio::sync::mpsc::channel::<String>(4);
    let reading = web::block(move || {
        let mut after = 0;
        loop {
            match shared.store.with(|connection| some(&shared, connection, &org, module, after)) {
                Ok((_, lines)) if lines.is_empty() => return,
                Ok((last, lines)) => {
                    after = last;
                    // Nobody listens any more when this fails.
                    if fill.blocking_send(lines).is_err() {
                        return;
                    }
                }
                Err(refusal) => return tracing::error!(message = refusal.message, "records could not be read"),
            }
        }
    });
    actix_web::rt::spawn(reading);
    let lines = futures::stream::unfold(drain, |mut drain| async move {
        let chunk = drain.recv().await?;
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(chunk)), drain))
    });
    HttpResponse::Ok().content_type("application/x-ndjson").streaming(lines)
}

fn some(shared: &Shared, connection: &Connection, org: &Org, module: Module, after: i64) -> Result<(i64, String), Refusal> {
    let desk = Desk::open(shared, connection, org, "");
    let fields = desk.fields(module)?;
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM zoho_crm_record WHERE org = ?1 AND module = ?2 AND id > ?3 ORDER BY id LIMIT ?4"
    ))?;
    let rows = statement.query_map((org.id, module as i64, after, DUMP_ROWS), record::from_row)?;
    let mut shower = Shower::new(&desk);
    let (mut last, mut lines) = (after, String::new());
    for row in rows {
        let row = row?;
        last = row.id;
        lines.push_str(&Value::Object(shower.whole(&row, &fields)?).to_string());
        lines.push('\n');
    }
    Ok((last, lines))
}

/// Counts by organisation and module, and what became of notifications.
pub fn state(shared: &Shared, connection: &Connection) -> rusqlite::Result<Value> {
    let mut statement = connection.prepare_cached(
        "SELECT o.id, o.zgid, o.name, r.module, count(r.id) FROM zoho_crm_org o LEFT JOIN zoho_crm_record r ON r.org = o.id
         GROUP BY o.id, r.module ORDER BY o.id, r.module",
    )?;
    let mut rows = statement.query([])?;
    let mut all: Map<String, Value> = Map::new();
    while let Some(row) = rows.next()? {
        let (id, zgid, name): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let org = all.entry(id.to_string()).or_insert_with(|| json!({"name": name, "zgid": zgid.to_string(), "modules": {}}));
        if let Some(module) = row.get::<_, Option<i64>>(3)?.and_then(Module::numbered) {
            org["modules"][module.api_name()] = row.get::<_, i64>(4)?.into();
        }
    }
    Ok(json!({"organizations": all, "notifications": deliveries(shared, connection)?}))
}
