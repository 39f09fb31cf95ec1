//! One firing of one rule: the request it will send, written down while the record's transaction is still open.

use rusqlite::OptionalExtension;
use serde_json::{Map, Value, json};
use url::Url;

use super::Event;
use super::definitions::{self, Webhook};
use crate::zoho::answer::Refusal;
use crate::zoho::module::Module;
use crate::zoho::records::{self, Desk, Record};
use crate::zoho::{lists, shape, tables, time};

/// Firings of an organisation's calendar day; what is more is not sent.
const FIRINGS_PER_DAY_MAX: i64 = 1000;

/// The sequence that counts firings beyond the day's number.
pub fn beyond_the_day(org: i64) -> String {
    format!("webhook firings beyond the day {org}")
}

/// Queues the request. Several saves of one record in one call fire once, with what was true at the end.
pub fn fire(desk: &Desk, module: Module, record: &Record, event: Event, workflow: i64, webhook: i64) -> Result<(), Refusal> {
    let Some(webhook) = definitions::read(desk, webhook)? else { return Ok(()) };
    let request = Request::of(desk, module, record, event, &webhook)?;
    let at_us = desk.now.timestamp_micros();
    desk.shared.zoho.post.expect_more();
    let same: Option<i64> = desk
        .connection
        .prepare_cached(
            "SELECT id FROM zoho_firing WHERE org = ?1 AND at_us = ?2 AND workflow = ?3 AND record = ?4 AND state = 'queued'",
        )?
        .query_row((desk.org.id, at_us, workflow, record.id), |row| row.get(0))
        .optional()?;
    if let Some(id) = same {
        desk.connection.prepare_cached("UPDATE zoho_firing SET url = ?2, form = ?3, body = ?4 WHERE id = ?1")?.execute((
            id,
            request.url,
            request.form,
            request.body,
        ))?;
        return Ok(());
    }
    if today(desk)? >= FIRINGS_PER_DAY_MAX {
        tables::take(desk.connection, &beyond_the_day(desk.org.id), 1)?;
        return Ok(());
    }
    desk.connection
        .prepare_cached(
            "INSERT INTO zoho_firing (id, org, workflow, webhook, module, record, event, at_us, due_ms, attempts, state, says, method, url, headers, form, body, secret)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 'queued', '', ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(rusqlite::params![
            records::new_ids(desk, 1)?, desk.org.id, workflow, webhook.id, module as i64, record.id, event.word(), at_us, desk.now.timestamp_millis(),
            request.method, request.url, request.headers, request.form, request.body, request.secret
        ])?;
    Ok(())
}

/// How many firings this calendar day of the organisation has seen.
fn today(desk: &Desk) -> Result<i64, Refusal> {
    let midnight =
        time::parse_stamp(&format!("{}T00:00:00{}", desk.today(), &time::stamp(desk.now.timestamp(), &desk.org.time_zone)[19..]));
    let since = midnight.unwrap_or_default() * 1_000_000;
    Ok(desk
        .connection
        .prepare_cached("SELECT count(*) FROM zoho_firing WHERE org = ?1 AND at_us >= ?2")?
        .query_row((desk.org.id, since), |row| row.get(0))?)
}

struct Request {
    method: String,
    url: String,
    /// JSON: a list of name and value.
    headers: String,
    /// The pairs of a form, as JSON; None when the body is something else. The signature is made of them.
    form: Option<String>,
    body: String,
    secret: String,
}

impl Request {
    fn of(desk: &Desk, module: Module, record: &Record, event: Event, webhook: &Webhook) -> Result<Self, Refusal> {
        let text = match event {
            Event::Deleted => Value::Object(record.detail.clone()).to_string(),
            Event::Created | Event::Edited => lists::shown(desk, module, record)?,
        };
        let given = &webhook.detail;
        let filled = |name: &str| -> Vec<(String, String)> {
            pairs(given, name).map(|(key, value)| (key.to_owned(), fill(value, &record.detail))).collect()
        };
        let mut url = Url::parse(shape::text(given, "url").unwrap_or_default()).map_err(|_| Refusal::invalid("url"))?;
        let query: Vec<_> = ["query_parameters", "additional_parameters"]
            .into_iter()
            .flat_map(filled)
            .chain(pairs(given, "entity_parameters").map(|(key, value)| (key.to_owned(), of_the_record(value, &record.detail))))
            .collect();
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(&query);
        }
        let form: Option<Vec<(String, String)>> =
            match (shape::text(given, "body_type"), shape::text(given, "user_defined_format_value")) {
                (Some("form-data"), _) => Some(filled("form_data")),
                (None, Some(value)) => {
                    let name = shape::text(given, "user_defined_format_name").unwrap_or("JSONString");
                    Some(vec![(name.to_owned(), fill(value, &record.detail))])
                }
                _ => None,
            };
        let body = match (&form, shape::text(given, "body_type")) {
            (Some(form), _) => url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish(),
            (None, Some("raw")) => fill(shape::text(given, "raw_data").unwrap_or_default(), &record.detail),
            (None, _) => format!("{{\"{}\":{text}}}", module.key()),
        };
        Ok(Self {
            method: shape::text(given, "method").unwrap_or("POST").to_owned(),
            url: url.into(),
            headers: json!(filled("headers")).to_string(),
            form: form.map(|form| json!(form).to_string()),
            body,
            secret: shape::text(given, "secret").unwrap_or_default().to_owned(),
        })
    }
}

fn pairs<'a>(given: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let list = given.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|pair| Some((pair["param_name"].as_str()?, pair["param_value"].as_str()?)))
}

/// An entity parameter names a member of the record, or holds placeholders.
fn of_the_record(value: &str, detail: &Map<String, Value>) -> String {
    match detail.get(value) {
        Some(found) => plain(found),
        None => fill(value, detail),
    }
}

/// Replaces `${INVOICE.INVOICE_ID}` and `${invoice_id}` by the record's member; an unknown one becomes empty.
fn fill(template: &str, detail: &Map<String, Value>) -> String {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, tail)) = after.split_once('}') else {
            out.push_str("${");
            rest = after;
            continue;
        };
        let member = name.rsplit('.').next().unwrap_or_default().trim().to_lowercase();
        out.push_str(&detail.get(&member).map(plain).unwrap_or_default());
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_from_the_record() {
        let detail: Map<String, Value> = serde_json::from_str(r#"{"invoice_id":"46","total":12.50,"note":null}"#).unwrap();
        for (template, filled) in [
            ("id=${INVOICE.INVOICE_ID}&t=${total}", "id=46&t=12.50"),
            ("${note}${nothing}|", "|"),
            ("no end ${total", "no end ${total"),
            ("${${total}", ""),
            ("", ""),
        ] {
            assert_eq!(fill(template, &detail), filled, "{template}");
        }
        assert_eq!(of_the_record("invoice_id", &detail), "46");
        assert_eq!(of_the_record("constant", &detail), "constant");
    }
}
