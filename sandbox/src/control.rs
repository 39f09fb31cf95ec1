//! The control plane under `/_sandbox/`: what a test may do that no provider offers.

use actix_web::http::header::ACCEPT;
use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::limits::Rule;
use crate::{Shared, seed, switches, xero, zoho};

/// Mounts it by full paths, so that the providers can add theirs beside them.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/_sandbox/seed", web::post().to(plant))
        .route("/_sandbox/state", web::get().to(state))
        .route("/_sandbox/requests", web::get().to(requests))
        .route("/_sandbox/requests", web::delete().to(forget_requests))
        .route("/_sandbox/faults", web::post().to(set_faults))
        .route("/_sandbox/faults", web::get().to(struck))
        .route("/_sandbox/limits", web::post().to(limits))
        .route("/_sandbox/switches", web::post().to(turn))
        .route("/_sandbox/switches", web::get().to(show_switches))
        .route("/_sandbox/clock", web::post().to(advance))
        .route("/_sandbox/clock", web::get().to(time))
        .route("/_sandbox/mail", web::get().to(mail))
        .route("/_sandbox/mail", web::delete().to(burn_mail))
        .route("/_sandbox/zoho/{org}/{resource}", web::get().to(dump_zoho));
}

async fn plant(shared: Data<Shared>, plan: Json<Value>) -> HttpResponse {
    let plan = match seed::Plan::parse(&plan) {
        Ok(plan) => plan,
        Err(says) => return wrong(&says),
    };
    match web::block(move || seed::plant(&shared, &plan)).await {
        Ok(Ok(planted)) => HttpResponse::Ok().json(planted),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

async fn state(shared: Data<Shared>) -> HttpResponse {
    match xero::state(&shared) {
        Ok(xero) => HttpResponse::Ok().json(json!({
            "xero": xero, "zoho": zoho::state(&shared), "letters": shared.mail.letters().len(),
        })),
        Err(error) => failed(&error),
    }
}

#[derive(Deserialize)]
struct Tail {
    #[serde(default = "hundred")]
    tail: usize,
    /// How many minutes are counted apart.
    #[serde(default)]
    windows: usize,
}

fn hundred() -> usize {
    100
}

async fn requests(shared: Data<Shared>, tail: Query<Tail>) -> HttpResponse {
    HttpResponse::Ok().json(shared.requests.report(tail.tail, tail.windows))
}

async fn forget_requests(shared: Data<Shared>) -> HttpResponse {
    shared.requests.clear();
    HttpResponse::NoContent().finish()
}

async fn set_faults(shared: Data<Shared>, rules: Json<Value>) -> HttpResponse {
    match shared.faults.set(&rules) {
        Ok(count) => HttpResponse::Ok().json(json!({"rules": count})),
        Err(error) => wrong(&error.to_string()),
    }
}

async fn struck(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(json!({"struck": shared.faults.struck()}))
}

/// `{"on": true}`, `{"xero": {"per_minute": 60, "per_day": 1000, "in_flight": 5}, "zoho": null}`; null takes a rule away.
async fn limits(shared: Data<Shared>, wanted: Json<Map<String, Value>>) -> HttpResponse {
    let mut rules = Vec::new();
    for (name, value) in wanted.iter() {
        match (name.as_str(), value) {
            ("on", Value::Bool(_)) => {}
            ("xero" | "zoho", Value::Null) => rules.push((name, None)),
            ("xero" | "zoho", Value::Object(rule)) => {
                let figure = |name: &str| rule.get(name).and_then(Value::as_u64).and_then(|figure| u32::try_from(figure).ok());
                match (figure("per_minute"), figure("per_day"), figure("in_flight")) {
                    (Some(per_minute), Some(per_day), Some(in_flight)) => {
                        rules.push((name, Some(Rule { per_minute, per_day, in_flight })));
                    }
                    _ => return wrong(&format!("{name} needs per_minute, per_day and in_flight")),
                }
            }
            _ => return wrong(&format!("limits know `on`, `xero` and `zoho`, not `{name}`")),
        }
    }
    for (provider, rule) in rules {
        shared.limits.set_rule(provider, rule);
    }
    if let Some(on) = wanted.get("on").and_then(Value::as_bool) {
        shared.limits.switch(on);
    }
    HttpResponse::NoContent().finish()
}

async fn turn(shared: Data<Shared>, wanted: Json<Map<String, Value>>) -> HttpResponse {
    for (name, value) in wanted.iter() {
        let Some(on) = value.as_bool() else { return wrong(&format!("`{name}` is true or false")) };
        if let Err(error) = shared.switches.set(name, on) {
            return wrong(&error.to_string());
        }
    }
    HttpResponse::NoContent().finish()
}

async fn show_switches(shared: Data<Shared>) -> HttpResponse {
    let shown: Vec<_> = switches::all()
        .map(|switch| {
            json!({"name": switch.name, "on": shared.switches.on(switch.name), "default": switch.default, "says": switch.says})
        })
        .collect();
    HttpResponse::Ok().json(shown)
}

async fn advance(shared: Data<Shared>, by: Json<Value>) -> HttpResponse {
    let ms = by.get("advance_ms").and_then(Value::as_i64);
    let seconds = by.get("advance_s").and_then(Value::as_i64).and_then(|seconds| seconds.checked_mul(1000));
    match ms.or(seconds) {
        Some(ms) if ms.unsigned_abs() < 100 * 365 * 86_400_000 => shared.clock.advance_ms(ms),
        _ => return wrong("advance_ms or advance_s is wanted, within a hundred years"),
    }
    time(shared).await
}

async fn time(shared: Data<Shared>) -> HttpResponse {
    HttpResponse::Ok().json(json!({"now": shared.clock.now()}))
}

async fn mail(shared: Data<Shared>, request: HttpRequest) -> HttpResponse {
    let letters = shared.mail.letters();
    let accepts = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !accepts.contains("text/html") {
        return HttpResponse::Ok().json(letters);
    }
    let mut page = String::from("<h1>Caught letters</h1>");
    for letter in letters.iter().rev() {
        let text = xero::escape(letter.text.as_deref().unwrap_or_default());
        let frame = letter.html.as_deref().map_or_else(String::new, |html| {
            format!("<iframe sandbox=\"allow-popups\" width=\"100%\" height=\"480\" srcdoc=\"{}\"></iframe>", xero::escape(html))
        });
        page.push_str(&format!(
            "<article><h2>{}</h2><p>{} — from {} to {}</p>{frame}<pre>{}</pre></article><hr>",
            xero::escape(&letter.subject),
            letter.at.format("%Y-%m-%d %H:%M:%S"),
            xero::escape(&letter.from),
            xero::escape(&letter.to.join(", ")),
            linked(&text),
        ));
    }
    html(&page)
}

/// Addresses in plain text become links. The text is escaped already.
fn linked(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|word| {
            let address = word.trim_end();
            if address.starts_with("http://") || address.starts_with("https://") {
                word.replace(address, &format!("<a href=\"{address}\">{address}</a>"))
            } else {
                word.to_owned()
            }
        })
        .collect()
}

async fn burn_mail(shared: Data<Shared>) -> HttpResponse {
    shared.mail.clear();
    HttpResponse::NoContent().finish()
}

/// Every record of a resource, one JSON record a line. A thread of its own fills a short queue, so that it is never held whole;
/// `zoho::dump` lets the store go before it hands records out, so a slow client holds nobody up.
async fn dump_zoho(shared: Data<Shared>, path: Path<(String, String)>) -> HttpResponse {
    const CHUNK_BYTES: usize = 64 * 1024;
    let (org, resource) = path.into_inner();
    let (fill, drain) = tokio::sync::mpsc::channel::<String>(4);
    let reading = web::block(move || {
        let mut chunk = String::new();
        zoho::dump(&shared, &org, &resource, &mut |record| {
            chunk.push_str(record);
            chunk.push('\n');
            if chunk.len() >= CHUNK_BYTES {
                // Nobody listens any more when this fails; the rest is then read for nothing.
                let _ = fill.blocking_send(std::mem::take(&mut chunk));
            }
        });
        let _ = fill.blocking_send(chunk);
    });
    actix_web::rt::spawn(reading);
    let lines = futures::stream::unfold(drain, |mut drain| async move {
        let chunk = drain.recv().await?;
        Some((Ok::<_, actix_web::Error>(web::Bytes::from(chunk)), drain))
    });
    HttpResponse::Ok().content_type("application/x-ndjson").streaming(lines)
}

fn html(body: &str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sandbox</title></head><body>{body}</body></html>"
    ))
}

fn wrong(says: &str) -> HttpResponse {
    HttpResponse::BadRequest().json(json!({"error": says}))
}

fn failed(error: &impl std::error::Error) -> HttpResponse {
    tracing::error!(%error, "the control plane failed");
    HttpResponse::InternalServerError().json(json!({"error": error.to_string()}))
}
