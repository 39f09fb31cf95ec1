//! The control plane's part for Xero: the registration, rotation, disconnecting, entering records as a person would, dumps.

use actix_web::web::{Bytes, Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::{self, Refused};
use super::kinds::Kind;
use super::records;
use super::sessions;
use super::{Rotation, access};
use crate::Shared;

/// A dump reads so many records at a time and lets others in between.
const STRETCH: i64 = 500;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/_sandbox/xero/app", web::post().to(register))
        .route("/_sandbox/xero/rotation", web::post().to(rotation))
        .route("/_sandbox/xero/disconnect", web::post().to(disconnect))
        .route("/_sandbox/xero/revoke", web::post().to(revoke))
        .route("/_sandbox/xero/expire", web::post().to(expire))
        .route("/_sandbox/xero/{tenant}/{list}", web::post().to(put))
        .route("/_sandbox/xero/{tenant}/{list}", web::get().to(dump));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registered {
    redirect_uris: Option<Vec<String>>,
    connection_limit: Option<u32>,
    created_before_2026: Option<bool>,
}

async fn register(shared: Data<Shared>, wanted: Json<Registered>) -> HttpResponse {
    let wanted = wanted.into_inner();
    let mut app = shared.xero.registration.write();
    app.redirect_uris = wanted.redirect_uris.unwrap_or_else(|| app.redirect_uris.clone());
    app.connection_limit = wanted.connection_limit.unwrap_or(app.connection_limit);
    app.created_before_2026 = wanted.created_before_2026.unwrap_or(app.created_before_2026);
    HttpResponse::Ok().json(json!({
        "redirect_uris": app.redirect_uris, "connection_limit": app.connection_limit, "created_before_2026": app.created_before_2026,
    }))
}

#[derive(Deserialize)]
struct Mode {
    mode: Rotation,
}

async fn rotation(shared: Data<Shared>, wanted: Json<Mode>) -> HttpResponse {
    shared.xero.registration.write().rotation = wanted.mode;
    HttpResponse::NoContent().finish()
}

#[derive(Deserialize)]
struct Tenant {
    #[serde(rename = "tenantId")]
    tenant: String,
}

async fn disconnect(shared: Data<Shared>, wanted: Json<Tenant>) -> HttpResponse {
    match shared.store.with(|connection| sessions::disconnect_tenant(connection, &wanted.tenant)) {
        Ok(true) => HttpResponse::NoContent().finish(),
        Ok(false) => HttpResponse::NotFound().json(json!({"error": "this organisation is not connected"})),
        Err(error) => access::broken(&error),
    }
}

async fn revoke(shared: Data<Shared>) -> HttpResponse {
    super::revoke_tokens(&shared);
    HttpResponse::NoContent().finish()
}

async fn expire(shared: Data<Shared>) -> HttpResponse {
    match shared.store.with(sessions::expire_access) {
        Ok(()) => HttpResponse::NoContent().finish(),
        Err(error) => access::broken(&error),
    }
}

#[derive(Deserialize)]
struct How {
    #[serde(default)]
    silent: bool,
}

async fn put(shared: Data<Shared>, path: Path<(String, String)>, how: Query<How>, entered: Json<Value>) -> HttpResponse {
    let (tenant, list) = path.into_inner();
    match desk::put(&shared, &tenant, &list, &entered, how.silent) {
        Ok(records) => HttpResponse::Ok().json(records),
        Err(error @ (Refused::NoOrganisation(_) | Refused::NoList(_))) => {
            HttpResponse::NotFound().json(json!({"error": error.to_string()}))
        }
        Err(error @ Refused::Wrong { .. }) => HttpResponse::BadRequest().json(json!({"error": error.to_string()})),
        Err(Refused::Store(error)) => access::broken(&error),
    }
}

/// Every record of a list, one JSON record a line.
async fn dump(shared: Data<Shared>, path: Path<(String, String)>) -> HttpResponse {
    let (tenant, list) = path.into_inner();
    let Some(kind) = Kind::of_path(&list) else {
        return HttpResponse::NotFound().json(json!({"error": format!("there is no list `{list}`")}));
    };
    let org = match shared.store.with(|connection| sessions::org(connection, &tenant)) {
        Ok(Some(org)) => org.n,
        Ok(None) => return HttpResponse::NotFound().json(json!({"error": format!("there is no organisation `{tenant}`")})),
        Err(error) => return access::broken(&error),
    };
    let lines = futures::stream::try_unfold(0_i64, move |after| {
        let shared = shared.clone();
        async move {
            let mut text = String::new();
            let last = shared
                .store
                .with(|connection| {
                    records::stretch(connection, org, kind, after, STRETCH, &mut |body| {
                        text.push_str(body);
                        text.push('\n');
                    })
                })
                .map_err(actix_web::error::ErrorInternalServerError)?;
            Ok::<_, actix_web::Error>(last.map(|last| (Bytes::from(text), last)))
        }
    });
    HttpResponse::Ok().content_type("application/x-ndjson").streaming(lines)
}
