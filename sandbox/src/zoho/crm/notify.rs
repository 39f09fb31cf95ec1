//! Telling channels: what is to be said is written down with the change itself and sent after it, one at a time and in order.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Map, Value, json};
use url::Url;

use super::answer::Refusal;
use super::channel::{self, Channel};
use super::desk::{Desk, Event, Happened};
use super::module::Module;
use crate::Shared;
use crate::delivery::{self, Manner};

/// A receiver that is slower is not waited for.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// With `reorder`, so much time for others to arrive and be sent first.
const GATHER: Duration = Duration::from_millis(100);

/// Shared between those who write notifications down, the control plane, and whoever sends.
#[derive(Clone, Default)]
pub struct Notices {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    manner: Mutex<Manner>,
    tally: Mutex<Tally>,
    /// Somebody is about to look what waits, so nobody else need.
    looks: AtomicBool,
    /// One sends at a time; that keeps the order.
    turn: tokio::sync::Mutex<()>,
}

/// What became of notifications.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    pub sent: u64,
    pub lost: u64,
    pub failed: u64,
}

impl Notices {
    pub fn manner(&self) -> MutexGuard<'_, Manner> {
        self.inner.manner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn tally(&self) -> MutexGuard<'_, Tally> {
        self.inner.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes down what the open channels must be told of this call's events: one notification for all records of one operation.
pub fn post(desk: &Desk) -> Result<(), Refusal> {
    let events = desk.events.take();
    let mut groups: Vec<(Module, Happened, Vec<&Event>)> = Vec::new();
    for event in &events {
        match groups.iter_mut().find(|(module, happened, _)| *module == event.module && *happened == event.happened) {
            Some((_, _, group)) => group.push(event),
            None => groups.push((event.module, event.happened, vec![event])),
        }
    }
    for (module, happened, group) in groups {
        for channel in channel::of_event(desk, module, happened.event())? {
            let wanted = |event: &&&Event| happened != Happened::Update || channel.cares(&event.values);
            let told: Vec<&Event> = group.iter().filter(wanted).copied().collect();
            if told.is_empty() {
                continue;
            }
            let body = payload(desk, &channel, happened, &told);
            post_to(desk.connection, &channel.notify_url, &body)?;
        }
    }
    Ok(())
}

/// Writes down one message for one address on this machine; others are not told.
pub fn post_to(connection: &Connection, url: &str, body: &Value) -> Result<(), Refusal> {
    if Url::parse(url).is_ok_and(|url| delivery::is_here(&url)) {
        connection.prepare_cached("INSERT INTO zoho_crm_notice (url, body) VALUES (?1, ?2)")?.execute((url, body.to_string()))?;
    } else {
        tracing::warn!("a channel's address is not on this machine, so it is not told");
    }
    Ok(())
}

fn payload(desk: &Desk, channel: &Channel, happened: Happened, events: &[&Event]) -> Value {
    let ids: Vec<String> = events.iter().map(|event| event.id.to_string()).collect();
    let fields = |event: &&Event| -> Value {
        let names: Vec<&String> = event.values.keys().collect();
        Value::Object(Map::from_iter([(event.id.to_string(), json!(names))]))
    };
    let values = |event: &&Event| json!({"record_id": event.id.to_string(), "values": event.values});
    let query: Map<String, Value> = Url::parse(&channel.notify_url)
        .map(|url| url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect())
        .unwrap_or_default();
    json!({
        "server_time": desk.now.timestamp_millis(), "module": channel.module.api_name(), "operation": happened.operation(), "ids": ids,
        // The version in this address is 2 whatever was subscribed with, as captured.
        "resource_uri": format!("{}/crm/v2/{}", desk.api_domain(), channel.module.api_name()),
        "channel_id": channel.channel, "token": channel.token, "query_params": query,
        "affected_fields": events.iter().map(fields).collect::<Vec<_>>(),
        "affected_values": if channel.with_values { events.iter().map(values).collect::<Vec<_>>() } else { Vec::new() },
    })
}

/// Whether something waits that nobody is about to look at: then the caller must call `deliver`.
pub fn begins(shared: &Shared) -> bool {
    let notices = &shared.zoho.notices;
    if notices.manner().hold {
        return false;
    }
    let waits = shared.store.with(|connection| {
        connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_crm_notice)")?.query_row([], |row| row.get(0))
    });
    waits.unwrap_or(false) && !notices.inner.looks.swap(true, Ordering::AcqRel)
}

/// Sends until nothing waits.
pub async fn deliver(shared: Shared) {
    if let Err(error) = send_all(&shared, false).await {
        tracing::error!(%error, "notifications could not be read");
    }
}

/// Sends what waits, held or not; how many arrived.
pub async fn flush(shared: &Shared) -> rusqlite::Result<u32> {
    send_all(shared, true).await
}

async fn send_all(shared: &Shared, even_held: bool) -> rusqlite::Result<u32> {
    let notices = &shared.zoho.notices;
    let _turn = notices.inner.turn.lock().await;
    if !even_held {
        notices.inner.looks.store(false, Ordering::Release);
    }
    let client = match delivery::client(ANSWER_WITHIN) {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "notifications cannot be sent");
            return Ok(0);
        }
    };
    let reorder = notices.manner().reorder;
    if reorder && !even_held {
        tokio::time::sleep(GATHER).await;
    }
    let mut arrived = 0;
    while let Some((url, body)) = next(shared, even_held)? {
        let (lost, copies) = {
            let mut manner = notices.manner();
            (manner.loses(), if manner.duplicate { 2 } else { 1 })
        };
        if lost {
            notices.tally().lost += 1;
            continue;
        }
        for _ in 0..copies {
            let request = client.post(&url).header("Content-Type", "application/json;charset=UTF-8").body(body.clone());
            match request.send().await {
                Ok(answer) if answer.status().is_success() => {
                    notices.tally().sent += 1;
                    arrived += 1;
                }
                _ => notices.tally().failed += 1,
            }
        }
    }
    Ok(arrived)
}

/// Takes the next notification off the pile, the newest first when they are turned round; nothing left, or a hold, ends the sending.
fn next(shared: &Shared, even_held: bool) -> rusqlite::Result<Option<(String, String)>> {
    let (hold, reorder) = {
        let manner = shared.zoho.notices.manner();
        (manner.hold, manner.reorder)
    };
    if hold && !even_held {
        return Ok(None);
    }
    let order = if reorder { "DESC" } else { "ASC" };
    shared.store.with(|connection| {
        let mut statement = connection.prepare_cached(&format!(
            "DELETE FROM zoho_crm_notice WHERE id = (SELECT id FROM zoho_crm_notice ORDER BY id {order} LIMIT 1) RETURNING url, body"
        ))?;
        let mut rows = statement.query([])?;
        let found = match rows.next()? {
            Some(row) => Some((row.get(0)?, row.get(1)?)),
            None => None,
        };
        // Only a statement that was read to its end has done its work.
        while rows.next()?.is_some() {}
        Ok(found)
    })
}
