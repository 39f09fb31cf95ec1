//! `/actions/watch`: channels that are told what happens to records, until they expire.

use chrono::DateTime;
use serde_json::{Map, Value, json};
use url::Url;

use super::answer::{Answer, Refusal, done, rows};
use super::call::Call;
use super::channel::{of_channel, selected};
use super::desk::{Desk, id_of};
use super::module::Module;
use super::scopes::Operation;

/// A channel that names no expiry, or (with the switch) one too far away, ends after an hour.
const USUAL_S: i64 = 3600;
/// The longest that a channel may be asked for.
const EXPIRY_S_MAX: i64 = 7 * 24 * 3600;
/// The stricter of two documented figures.
const TOKEN_LENGTH_MAX: u32 = 50;
const CONDITIONS_MAX: usize = 2;
const CONDITION_FIELDS_MAX: usize = 10;

/// The routes below `/actions/watch`.
pub fn answer(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    match call.method.as_str() {
        "GET" => {
            desk.permitted("notifications", Operation::Read)?;
            list(call, desk)
        }
        "POST" => {
            desk.permitted("notifications", Operation::Create)?;
            each(desk, &call.json()?, 201, |desk, watch, path| {
                let asked = Asked::read(desk, watch, path)?;
                asked.replace(desk)?;
                Ok(done("Successfully subscribed for actions-watch of the given module", asked.details(desk)))
            })
        }
        "PUT" => {
            desk.permitted("notifications", Operation::Update)?;
            each(desk, &call.json()?, 200, |desk, watch, path| {
                let asked = Asked::read(desk, watch, path)?;
                known(desk, &asked.channel)?;
                asked.replace(desk)?;
                Ok(done("Successfully updated the subscribe details", asked.details(desk)))
            })
        }
        "PATCH" => {
            desk.permitted("notifications", Operation::Update)?;
            each(desk, &call.json()?, 200, patch)
        }
        "DELETE" => {
            desk.permitted("notifications", Operation::Delete)?;
            delete(desk, call.need("channel_ids")?)
        }
        _ => Err(Refusal::wrong_method()),
    }
}

fn each(
    desk: &Desk,
    body: &Map<String, Value>,
    good: u16,
    work: impl Fn(&Desk, &Map<String, Value>, &str) -> Result<Value, Refusal>,
) -> Result<Answer, Refusal> {
    let watches = body.get("watch").ok_or_else(|| Refusal::mandatory("watch", "$.watch"))?;
    let watches = watches.as_array().ok_or_else(|| Refusal::expected("jsonarray", "watch", "$.watch"))?;
    let mut answers = Vec::with_capacity(watches.len());
    for (at, watch) in watches.iter().enumerate() {
        let path = format!("$.watch[{at}]");
        let outcome = match watch.as_object() {
            Some(watch) => desk.row(|| work(desk, watch, &path)),
            None => Err(Refusal::expected("jsonobject", "watch", &path)),
        };
        answers.push(match outcome {
            Err(refusal) if refusal.status == 500 => return Err(refusal),
            outcome => outcome.unwrap_or_else(|refusal| refusal.json()),
        });
    }
    Ok(rows("watch", answers, good, 202))
}

/// What a subscription asks for.
struct Asked {
    channel: String,
    events: Vec<(Module, String)>,
    notify_url: String,
    token: Option<String>,
    expiry: i64,
    with_values: bool,
    related: bool,
    condition: Value,
}

impl Asked {
    fn read(desk: &Desk, watch: &Map<String, Value>, path: &str) -> Result<Self, Refusal> {
        let channel = channel_of(watch, path)?;
        let at = format!("{path}.events");
        let given = watch.get("events").ok_or_else(|| Refusal::mandatory("events", &at))?;
        let given =
            given.as_array().filter(|events| !events.is_empty()).ok_or_else(|| Refusal::expected("jsonarray", "events", &at))?;
        let events = given.iter().map(|event| event_of(desk, event, &at)).collect::<Result<Vec<_>, _>>()?;
        let at = format!("{path}.notify_url");
        let notify_url = watch.get("notify_url").and_then(Value::as_str).ok_or_else(|| Refusal::mandatory("notify_url", &at))?;
        if !Url::parse(notify_url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
            return Err(Refusal::invalid("notify_url", &at));
        }
        let token = match watch.get("token") {
            None | Some(Value::Null) => None,
            Some(token) => {
                let token = token.as_str().ok_or_else(|| Refusal::expected("text", "token", &format!("{path}.token")))?;
                if token.chars().count() > TOKEN_LENGTH_MAX as usize {
                    return Err(Refusal::too_long(TOKEN_LENGTH_MAX, "token", &format!("{path}.token")));
                }
                Some(token.to_owned())
            }
        };
        let flag = |name: &str| watch.get(name).and_then(Value::as_bool).unwrap_or(false);
        Ok(Self {
            channel,
            events,
            notify_url: notify_url.to_owned(),
            token,
            expiry: expiry_of(desk, watch.get("channel_expiry"), path)?,
            with_values: flag("return_affected_field_values"),
            related: flag("notify_on_related_action"),
            condition: condition_of(desk, watch.get("notification_condition"), path)?,
        })
    }

    fn replace(&self, desk: &Desk) -> Result<(), Refusal> {
        desk.connection.execute("DELETE FROM zoho_crm_channel WHERE org = ?1 AND channel = ?2", (desk.org.id, &self.channel))?;
        for (module, event) in &self.events {
            desk.connection
                .prepare_cached("INSERT OR REPLACE INTO zoho_crm_channel VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
                .execute(rusqlite::params![
                    desk.org.id,
                    self.channel,
                    *module as i64,
                    event,
                    self.notify_url,
                    self.token,
                    self.expiry,
                    self.with_values,
                    self.related,
                    self.condition.to_string()
                ])?;
        }
        Ok(())
    }

    fn details(&self, desk: &Desk) -> Value {
        let mut modules: Vec<Module> = self.events.iter().map(|(module, _)| *module).collect();
        modules.dedup();
        json!({"events": modules.into_iter().map(|module| resource(desk, module, &self.channel, self.expiry)).collect::<Vec<_>>()})
    }
}

fn resource(desk: &Desk, module: Module, channel: &str, expiry: i64) -> Value {
    json!({
        "channel_expiry": desk.org.stamp(expiry), "resource_uri": format!("{}/crm/v8/{}", desk.api_domain(), module.api_name()),
        "resource_id": desk.org.module_id(module).to_string(), "resource_name": module.api_name(), "channel_id": channel,
    })
}

fn channel_of(watch: &Map<String, Value>, path: &str) -> Result<String, Refusal> {
    let at = format!("{path}.channel_id");
    let given = watch.get("channel_id").ok_or_else(|| Refusal::mandatory("channel_id", &at))?;
    let channel = id_of(given).ok_or_else(|| Refusal::expected("bigint", "channel_id", &at))?;
    Ok(channel.to_string())
}

/// `Contacts.create`.
fn event_of(desk: &Desk, event: &Value, path: &str) -> Result<(Module, String), Refusal> {
    let wrong = || Refusal::invalid("events", path);
    let (module, event) = event.as_str().and_then(|text| text.split_once('.')).ok_or_else(wrong)?;
    let module = Module::of_records(module).ok_or_else(wrong)?;
    if !matches!(event, "create" | "edit" | "delete" | "all") {
        return Err(wrong());
    }
    desk.may(module, Operation::Read)?;
    Ok((module, event.to_owned()))
}

fn expiry_of(desk: &Desk, given: Option<&Value>, path: &str) -> Result<i64, Refusal> {
    let now = desk.now.timestamp();
    let at = format!("{path}.channel_expiry");
    let Some(given) = given.filter(|given| !given.is_null()) else { return Ok(now + USUAL_S) };
    let expiry = given.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let expiry = expiry.ok_or_else(|| Refusal::expected("datetime", "channel_expiry", &at))?.timestamp();
    match expiry - now {
        ..=0 => Err(Refusal::invalid("channel_expiry", &at)),
        1..=EXPIRY_S_MAX => Ok(expiry),
        _ if desk.on("zoho.crm_long_expiry_becomes_an_hour") => Ok(now + USUAL_S),
        _ => Err(Refusal::invalid("channel_expiry", &at)),
    }
}

fn condition_of(desk: &Desk, given: Option<&Value>, path: &str) -> Result<Value, Refusal> {
    let at = format!("{path}.notification_condition");
    let Some(given) = given.filter(|given| !given.is_null()) else { return Ok(Value::Null) };
    let list = given.as_array().ok_or_else(|| Refusal::expected("jsonarray", "notification_condition", &at))?;
    if list.len() > CONDITIONS_MAX {
        return Err(Refusal::too_long(CONDITIONS_MAX as u32, "notification_condition", &at));
    }
    for condition in list {
        let module = condition["module"]["api_name"].as_str().and_then(Module::of_records);
        let module = module.ok_or_else(|| Refusal::mandatory("module", &at))?;
        if condition["type"] != "field_selection" {
            return Err(Refusal::invalid("type", &at));
        }
        let fields = desk.fields(module)?;
        let names = selected(&condition["field_selection"]);
        if names.len() > CONDITION_FIELDS_MAX {
            return Err(Refusal::too_long(CONDITION_FIELDS_MAX as u32, "group", &at));
        }
        if names.is_empty() || names.iter().any(|name| fields.named(name).is_none()) {
            return Err(Refusal::invalid("field_selection", &at));
        }
    }
    Ok(given.clone())
}

fn known(desk: &Desk, channel: &str) -> Result<(), Refusal> {
    let known: bool = desk.connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM zoho_crm_channel WHERE org = ?1 AND channel = ?2)",
        (desk.org.id, channel),
        |row| row.get(0),
    )?;
    if known { Ok(()) } else { Err(not_subscribed(channel)) }
}

fn not_subscribed(channel: &str) -> Refusal {
    Refusal::new("NOT_SUBSCRIBED", "Un-subscribe failed as the given channel is not subscribed", json!({"channel_id": channel}))
}

/// Adds events, takes some away, or moves the expiry; what is not named stays.
fn patch(desk: &Desk, watch: &Map<String, Value>, path: &str) -> Result<Value, Refusal> {
    let channel = channel_of(watch, path)?;
    known(desk, &channel)?;
    let at = format!("{path}.events");
    let none = Vec::new();
    let given = watch.get("events").and_then(Value::as_array).unwrap_or(&none);
    let events = given.iter().map(|event| event_of(desk, event, &at)).collect::<Result<Vec<_>, _>>()?;
    if watch.get("_delete_events") == Some(&Value::Bool(true)) {
        for (module, event) in &events {
            desk.connection.execute(
                "DELETE FROM zoho_crm_channel WHERE org = ?1 AND channel = ?2 AND module = ?3 AND event = ?4",
                (desk.org.id, &channel, *module as i64, event),
            )?;
        }
        return Ok(done("Successfully removed the subscribe details", json!({"channel_id": channel})));
    }
    for (module, event) in &events {
        desk.connection.execute(
            "INSERT OR IGNORE INTO zoho_crm_channel SELECT org, channel, ?3, ?4, notify_url, token, expiry, with_values, related, condition
             FROM zoho_crm_channel WHERE org = ?1 AND channel = ?2 LIMIT 1",
            (desk.org.id, &channel, *module as i64, event),
        )?;
    }
    if watch.contains_key("channel_expiry") {
        let expiry = expiry_of(desk, watch.get("channel_expiry"), path)?;
        desk.connection.execute(
            "UPDATE zoho_crm_channel SET expiry = ?3 WHERE org = ?1 AND channel = ?2",
            (desk.org.id, &channel, expiry),
        )?;
    }
    for (name, column) in [("token", "token"), ("notify_url", "notify_url")] {
        if let Some(text) = watch.get(name).and_then(Value::as_str) {
            let set = format!("UPDATE zoho_crm_channel SET {column} = ?3 WHERE org = ?1 AND channel = ?2");
            desk.connection.execute(&set, (desk.org.id, &channel, text))?;
        }
    }
    let shown: Vec<Value> =
        of_channel(desk, Some(&channel), None)?.iter().map(|one| resource(desk, one.module, &channel, one.expiry)).collect();
    Ok(done("Successfully updated the subscribe details", json!({"events": shown})))
}

/// Open channels, one row for each module of each.
fn list(call: &Call, desk: &Desk) -> Result<Answer, Refusal> {
    let module = call.param("module").map(|name| Module::of_records(name).ok_or_else(Refusal::invalid_module)).transpose()?;
    let (page, per_page) = (call.figure("page", 1, u32::MAX)?, call.figure("per_page", 200, 200)?);
    let channels = of_channel(desk, call.param("channel_id"), module)?;
    let mut shown: Vec<Value> = Vec::new();
    for channel in &channels {
        let event = format!("{}.{}", channel.module.api_name(), channel.event);
        if let Some(last) = shown.last_mut()
            && last["channel_id"] == channel.channel
            && last["resource_name"] == channel.module.api_name()
            && let Some(events) = last["events"].as_array_mut()
        {
            events.push(event.into());
            continue;
        }
        let mut row = resource(desk, channel.module, &channel.channel, channel.expiry);
        row["events"] = json!([event]);
        row["notify_url"] = channel.notify_url.clone().into();
        row["token"] = channel.token.clone().into();
        row["return_affected_field_values"] = channel.with_values.into();
        row["notify_on_related_action"] = channel.related.into();
        row["notification_condition"] = channel.condition.clone();
        row["fields"] = Value::Null;
        shown.push(row);
    }
    let skipped = (page as usize - 1).saturating_mul(per_page as usize);
    let more = shown.len() > skipped.saturating_add(per_page as usize);
    let shown: Vec<Value> = shown.into_iter().skip(skipped).take(per_page as usize).collect();
    if shown.is_empty() {
        return Ok(Answer::nothing());
    }
    let info = json!({"per_page": per_page, "count": shown.len(), "page": page, "more_records": more});
    Ok(Answer::json(200, &json!({"watch": shown, "info": info})))
}

fn delete(desk: &Desk, channels: &str) -> Result<Answer, Refusal> {
    let mut answers = Vec::new();
    for channel in channels.split(',').map(str::trim).filter(|channel| !channel.is_empty()) {
        let open = of_channel(desk, Some(channel), None)?;
        let gone =
            desk.connection.execute("DELETE FROM zoho_crm_channel WHERE org = ?1 AND channel = ?2", (desk.org.id, channel))?;
        answers.push(match open.first() {
            Some(one) if gone > 0 => {
                let details = json!({
                    "resource_uri": format!("{}/crm/v8/{}", desk.api_domain(), one.module.api_name()),
                    "resource_id": desk.org.module_id(one.module).to_string(), "resource_name": one.module.api_name(), "channel_id": channel,
                });
                done("Successfully un-subscribed from actions-watch", details)
            }
            _ => not_subscribed(channel).json(),
        });
    }
    Ok(rows("watch", answers, 200, 400))
}
