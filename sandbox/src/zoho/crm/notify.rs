//! Telling channels: what is to be said is written down with the change itself and sent after it, one at a time and in order.
//!
//! The control plane can have notifications doubled, turned round, lost or held. Nothing leaves this machine: only loopback is told.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use super::answer::Refusal;
use super::channel::{self, Channel};
use super::desk::{Desk, Event, Happened};
use super::module::Module;
use crate::Shared;

/// A receiver that is slower is not waited for.
const ANSWER_S_MAX: u64 = 5;
/// A sender that died in the middle is taken to be dead after so long.
const BUSY_MS: i64 = 30_000;
/// With `reorder`, so much time for others to arrive and be sent first.
const REORDER_MS: u64 = 100;

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
    if is_loopback(url) {
        connection.prepare_cached("INSERT INTO zoho_crm_notice (url, body) VALUES (?1, ?2)")?.execute((url, body.to_string()))?;
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

fn is_loopback(url: &str) -> bool {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let loopback = matches!(host.as_deref(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if !loopback {
        tracing::warn!("a channel's address is not on this machine, so it is not told");
    }
    loopback
}

/// Whether there is something to send and nobody is sending: then the caller must call `deliver`.
pub fn begins(shared: &Shared) -> bool {
    let now = shared.clock.now().timestamp_millis();
    let begin = |connection: &Connection| -> rusqlite::Result<bool> {
        let waiting: bool =
            connection.prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_crm_notice)")?.query_row([], |row| row.get(0))?;
        if !waiting {
            return Ok(false);
        }
        let taken = connection.execute(
            "UPDATE zoho_crm_delivery SET busy_until = ?1 + ?2 WHERE hold = 0 AND (busy_until <= ?1 OR busy_until > ?1 + ?2)",
            (now, BUSY_MS),
        )?;
        Ok(taken == 1)
    };
    shared.store.with(begin).unwrap_or(false)
}

/// Sends until nothing waits.
pub async fn deliver(shared: Shared) {
    if let Err(error) = send_all(&shared, false).await {
        tracing::error!(%error, "notifications could not be read");
    }
}

/// Sends what waits, held or not; how many were sent.
pub async fn flush(shared: &Shared) -> rusqlite::Result<u32> {
    send_all(shared, true).await
}

async fn send_all(shared: &Shared, even_held: bool) -> rusqlite::Result<u32> {
    let client =
        reqwest::Client::builder().timeout(Duration::from_secs(ANSWER_S_MAX)).redirect(reqwest::redirect::Policy::none()).build();
    let Ok(client) = client else { return Ok(0) };
    let mut sent = 0;
    if !even_held
        && shared.store.with(|connection| connection.query_row("SELECT reorder FROM zoho_crm_delivery", [], |row| row.get(0)))?
    {
        actix_web::rt::time::sleep(Duration::from_millis(REORDER_MS)).await;
    }
    while let Some(notice) = shared.store.atomically(|connection| next(shared, connection, even_held))? {
        for _ in 0..notice.copies {
            let request =
                client.post(&notice.url).header("Content-Type", "application/json;charset=UTF-8").body(notice.body.clone());
            let arrived = request.send().await.is_ok_and(|answer| answer.status().is_success());
            let column = if arrived { "sent" } else { "failed" };
            shared
                .store
                .with(|connection| connection.execute(&format!("UPDATE zoho_crm_delivery SET {column} = {column} + 1"), []))?;
            sent += u32::from(arrived);
        }
    }
    Ok(sent)
}

struct Notice {
    url: String,
    body: String,
    /// None when it is lost on the way.
    copies: u32,
}

/// Takes the next notification off the pile; nothing left, or a hold, ends the sending.
fn next(shared: &Shared, connection: &Connection, even_held: bool) -> rusqlite::Result<Option<Notice>> {
    let (duplicate, reorder, lose, seed, hold, drawn) =
        connection.query_row("SELECT duplicate, reorder, lose, seed, hold, drawn FROM zoho_crm_delivery", [], |row| {
            Ok((
                row.get::<_, bool>(0)?,
                row.get::<_, bool>(1)?,
                row.get::<_, f64>(2)?,
                row.get::<_, i64>(3)?,
                row.get::<_, bool>(4)?,
                row.get::<_, i64>(5)?,
            ))
        })?;
    let order = if reorder { "DESC" } else { "ASC" };
    let found = if hold && !even_held {
        None
    } else {
        let mut statement = connection.prepare_cached(&format!(
            "DELETE FROM zoho_crm_notice WHERE id = (SELECT id FROM zoho_crm_notice ORDER BY id {order} LIMIT 1) RETURNING url, body"
        ))?;
        let mut rows = statement.query([])?;
        let found = match rows.next()? {
            Some(row) => Some((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
            None => None,
        };
        // Only a statement that was read to its end has done its work.
        while rows.next()?.is_some() {}
        found
    };
    let Some((url, body)) = found else {
        connection.execute("UPDATE zoho_crm_delivery SET busy_until = 0", [])?;
        return Ok(None);
    };
    let lost = draw(seed, drawn) < lose;
    connection.execute(
        "UPDATE zoho_crm_delivery SET drawn = drawn + 1, lost = lost + ?1, busy_until = ?2",
        (lost, shared.clock.now().timestamp_millis() + BUSY_MS),
    )?;
    let copies = match (lost, duplicate) {
        (true, _) => 0,
        (false, true) => 2,
        (false, false) => 1,
    };
    Ok(Some(Notice { url, body, copies }))
}

/// The same seed loses the same notifications.
fn draw(seed: i64, drawn: i64) -> f64 {
    let digest = Sha256::digest(format!("{seed} {drawn}"));
    f64::from(u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_spread_and_the_same_for_a_seed() {
        let low = (0..1000).filter(|drawn| draw(7, *drawn) < 0.5).count();
        assert!((400..600).contains(&low), "{low}");
        assert!((0..100).all(|drawn| draw(7, drawn).to_bits() == draw(7, drawn).to_bits()));
        assert!((0..100).any(|drawn| draw(7, drawn).to_bits() != draw(8, drawn).to_bits()));
    }

    #[test]
    fn only_this_machine_is_told() {
        assert!(is_loopback("http://127.0.0.1:9/x?y=1"));
        assert!(is_loopback("http://[::1]:9/x"));
        assert!(!is_loopback("https://example.com/127.0.0.1"));
        assert!(!is_loopback("http://127.0.0.1.example.com/"));
    }
}
