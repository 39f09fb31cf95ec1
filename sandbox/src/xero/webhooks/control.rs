//! The developer portal's page for webhooks, and what may be done to the stream.

use std::sync::atomic::Ordering;

use actix_web::web::{Data, Json, ServiceConfig};
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use url::Url;
use uuid::Uuid;

use super::{CATEGORIES, Status, delivery, events};
use crate::Shared;
use crate::delivery::{Order, is_here};
use crate::xero::{DEMO_COMPANY, access};

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.route("/_sandbox/xero/webhooks", web::post().to(change)).route("/_sandbox/xero/webhooks", web::get().to(show));
}

/// All may be left out; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// An address of this machine, or null for none.
    #[serde(default, deserialize_with = "given")]
    url: Option<Option<String>>,
    categories: Option<Vec<String>>,
    /// The intent to receive is tried again; a webhook that was disabled is enabled by it.
    enable: Option<bool>,
    duplicate: Option<bool>,
    reorder: Option<bool>,
    lose: Option<f64>,
    seed: Option<u64>,
    hold: Option<bool>,
    /// What waits goes out now, held or not.
    deliver: Option<bool>,
    /// An event of any category.
    send: Option<Map<String, Value>>,
}

impl Wanted {
    fn order(&self) -> Order {
        let Self { duplicate, reorder, lose, seed, hold, .. } = *self;
        Order { duplicate, reorder, lose, seed, hold, deliver: self.deliver == Some(true) }
    }
}

/// Tells null from nothing.
fn given<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(value).map(Some)
}

async fn change(shared: Data<Shared>, wanted: Json<Wanted>) -> HttpResponse {
    let wanted = wanted.into_inner();
    let url = match checked(&wanted) {
        Ok(url) => url,
        Err(says) => return HttpResponse::BadRequest().json(json!({"error": says})),
    };
    set(&shared, &wanted);
    match url {
        Some(Some(url)) => {
            if let Err(answer) = point_at(&shared, url).await {
                return answer;
            }
        }
        Some(None) => {
            if let Err(error) = turn_off(&shared) {
                return access::broken(&error);
            }
        }
        None => {}
    }
    if wanted.enable == Some(true) {
        let url = shared.xero.webhooks.state().url.clone();
        let Some(url) = url else { return HttpResponse::BadRequest().json(json!({"error": "there is no address to enable"})) };
        if let Err(answer) = enable(&shared, url).await {
            return answer;
        }
    }
    if let Err(error) = push(&shared, &wanted) {
        return access::broken(&error);
    }
    show(shared).await
}

/// The address, when one is given; or what is wrong.
fn checked(wanted: &Wanted) -> Result<Option<Option<Url>>, String> {
    if let Some(unknown) = wanted.categories.iter().flatten().find(|name| !CATEGORIES.contains(&name.as_str())) {
        return Err(format!("categories are {}, not `{unknown}`", CATEGORIES.join(", ")));
    }
    wanted.order().check()?;
    if wanted.send.as_ref().is_some_and(|event| !event.get("eventCategory").is_some_and(Value::is_string)) {
        return Err("an event that is sent has an eventCategory".into());
    }
    let Some(given) = &wanted.url else { return Ok(None) };
    let Some(given) = given else { return Ok(Some(None)) };
    let url = Url::parse(given).map_err(|_| format!("`{given}` is not an address"))?;
    if !is_here(&url) {
        return Err("webhooks are delivered on this machine only".into());
    }
    Ok(Some(Some(url)))
}

fn set(shared: &Shared, wanted: &Wanted) {
    let mut state = shared.xero.webhooks.state();
    if let Some(categories) = &wanted.categories {
        state.categories = categories.clone();
    } else if wanted.url.is_some() && state.categories.is_empty() {
        state.categories = CATEGORIES.map(str::to_owned).to_vec();
    }
    state.manner.follow(&wanted.order());
    if wanted.hold == Some(true) {
        state.release = 0;
    }
}

async fn point_at(shared: &Shared, url: Url) -> Result<(), HttpResponse> {
    turn_off(shared).map_err(|error| access::broken(&error))?;
    shared.xero.webhooks.state().url = Some(url.clone());
    shared.xero.webhooks.state().status = Status::IntentToReceiveRequired;
    enable(shared, url).await
}

/// Events are recorded from the moment the address has shown its intent to receive.
async fn enable(shared: &Shared, url: Url) -> Result<(), HttpResponse> {
    let webhooks = &shared.xero.webhooks;
    let client = delivery::client().map_err(|error| {
        tracing::error!(%error, "no client for webhooks");
        HttpResponse::InternalServerError().finish()
    })?;
    let passed = delivery::intent_to_receive(shared, &client, &url).await;
    let mut state = webhooks.state();
    if !passed || state.url.as_ref() != Some(&url) {
        return Ok(());
    }
    state.status = Status::Ok;
    state.failing = None;
    drop(state);
    webhooks.inner.listens.store(true, Ordering::Release);
    let generation = webhooks.inner.generation.fetch_add(1, Ordering::AcqRel) + 1;
    actix_web::rt::spawn(delivery::run(shared.clone(), client, url, generation));
    webhooks.wake();
    Ok(())
}

fn turn_off(shared: &Shared) -> rusqlite::Result<()> {
    let webhooks = &shared.xero.webhooks;
    webhooks.inner.listens.store(false, Ordering::Release);
    webhooks.inner.generation.fetch_add(1, Ordering::AcqRel);
    webhooks.wake();
    let mut state = webhooks.state();
    state.url = None;
    state.status = Status::Off;
    state.failing = None;
    state.queue.clear();
    drop(state);
    shared.store.with(events::clear)
}

/// Sends an event of its own, and lets out what waits.
fn push(shared: &Shared, wanted: &Wanted) -> rusqlite::Result<()> {
    let webhooks = &shared.xero.webhooks;
    let now_ms = shared.clock.now().timestamp_millis();
    if let Some(sent) = &wanted.send {
        let id = Uuid::new_v4();
        let mut event = json!({
            "resourceUrl": format!("{}/xero/api/api.xro/2.0/Unknown/{id}", shared.base), "resourceId": id,
            "eventDateUtc": events::time(now_ms), "eventType": "UPDATE", "tenantId": DEMO_COMPANY, "tenantType": "ORGANISATION",
        });
        if let Value::Object(event) = &mut event {
            event.extend(sent.clone());
        }
        shared.store.with(|connection| events::force(connection, now_ms, &event))?;
    }
    if wanted.deliver == Some(true) {
        let (_, newest) = shared.store.with(events::waiting)?;
        let mut state = webhooks.state();
        state.release = newest;
        if let Some(failing) = &mut state.failing {
            failing.next_ms = now_ms;
        }
    }
    webhooks.wake();
    Ok(())
}

async fn show(shared: Data<Shared>) -> HttpResponse {
    let waiting = match shared.store.with(events::waiting) {
        Ok((waiting, _)) => waiting,
        Err(error) => return access::broken(&error),
    };
    let state = shared.xero.webhooks.state();
    let queued: usize = state.queue.iter().map(|payload| payload.events).sum();
    let failing = state.failing.map(|failing| {
        json!({"since": events::time(failing.since_ms), "attempts": failing.attempts, "next": events::time(failing.next_ms)})
    });
    let mut shown = state.manner.shown();
    let rest = json!({
        "url": state.url.as_ref().map(Url::as_str), "categories": state.categories, "status": state.status.shown(),
        "waiting": waiting + i64::try_from(queued).unwrap_or_default(), "delivered": state.delivered, "lost": state.lost,
        "failing": failing, "log": state.log,
    });
    if let Value::Object(rest) = rest {
        shown.extend(rest);
    }
    HttpResponse::Ok().json(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wanted: Value) -> Result<Option<Option<Url>>, String> {
        checked(&serde_json::from_value(wanted).unwrap())
    }

    #[test]
    fn only_addresses_of_this_machine_are_called() {
        for url in ["http://127.0.0.1:8080/webhooks/xero", "http://localhost:1/", "http://[::1]:2/x", "http://127.9.9.9/"] {
            assert!(matches!(check(json!({"url": url})), Ok(Some(Some(_)))), "{url}");
        }
        for url in ["http://example.org/", "http://127.0.0.1.example.org/", "ftp://127.0.0.1/", "http://10.0.0.1/", "nowhere"] {
            assert!(check(json!({"url": url})).is_err(), "{url}");
        }
        assert_eq!(check(json!({"url": null})), Ok(Some(None)));
        assert_eq!(check(json!({"hold": true})), Ok(None));
    }

    #[test]
    fn a_mistake_in_an_order_is_said() {
        assert!(check(json!({"categories": ["QUOTE"]})).is_err());
        assert!(check(json!({"lose": 1.5})).is_err());
        assert!(check(json!({"send": {"tenantId": "x"}})).is_err());
        assert!(serde_json::from_value::<Wanted>(json!({"loose": true})).is_err());
    }
}
