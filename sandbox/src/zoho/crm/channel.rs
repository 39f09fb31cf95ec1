//! Channels in the store, and what they care about.

use rusqlite::{Connection, Row};
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::desk::Desk;
use super::module::Module;
use super::orgs::Org;

/// One event that one channel watches.
pub struct Channel {
    pub channel: String,
    pub module: Module,
    pub event: String,
    pub notify_url: String,
    pub token: Option<String>,
    pub expiry: i64,
    pub with_values: bool,
    pub related: bool,
    pub condition: Value,
}

/// Whether any channel of the organisation might still be open.
pub fn is_watched(connection: &Connection, org: &Org) -> Result<bool, Refusal> {
    let watched = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM zoho_crm_channel WHERE org = ?1)")?
        .query_row([org.id], |row| row.get(0))?;
    Ok(watched)
}

/// The open channels that watch this event of this module.
pub fn of_event(desk: &Desk, module: Module, event: &str) -> Result<Vec<Channel>, Refusal> {
    let mut statement = desk.connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM zoho_crm_channel WHERE org = ?1 AND module = ?2 AND event IN (?3, 'all') AND expiry > ?4 ORDER BY channel"
    ))?;
    let rows = statement.query_map((desk.org.id, module as i64, event, desk.now.timestamp()), from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

const COLUMNS: &str = "channel, module, event, notify_url, token, expiry, with_values, related, condition";

fn from_row(row: &Row) -> rusqlite::Result<Channel> {
    let condition: String = row.get(8)?;
    Ok(Channel {
        channel: row.get(0)?,
        module: Module::numbered(row.get(1)?).unwrap_or(Module::Leads),
        event: row.get(2)?,
        notify_url: row.get(3)?,
        token: row.get(4)?,
        expiry: row.get(5)?,
        with_values: row.get(6)?,
        related: row.get(7)?,
        condition: serde_json::from_str(&condition).unwrap_or_default(),
    })
}

/// Open channels: all of them, or those of one id or module.
pub fn of_channel(desk: &Desk, channel: Option<&str>, module: Option<Module>) -> Result<Vec<Channel>, Refusal> {
    let mut statement = desk.connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM zoho_crm_channel WHERE org = ?1 AND (?2 IS NULL OR channel = ?2) AND (?3 IS NULL OR module = ?3) AND expiry > ?4
         ORDER BY channel, module, event"
    ))?;
    let rows = statement.query_map((desk.org.id, channel, module.map(|module| module as i64), desk.now.timestamp()), from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The fields of a selection: one, or a group of them.
pub fn selected(selection: &Value) -> Vec<&str> {
    match selection["group"].as_array() {
        Some(group) => group.iter().flat_map(selected_one).collect(),
        None => selected_one(selection).into_iter().collect(),
    }
}

fn selected_one(one: &Value) -> Option<&str> {
    one["field"]["api_name"].as_str().or_else(|| one["api_name"].as_str())
}

impl Channel {
    /// Whether a change of these fields is of interest.
    pub fn cares(&self, changed: &Map<String, Value>) -> bool {
        let Some(list) = self.condition.as_array() else { return true };
        let Some(condition) = list.iter().find(|condition| condition["module"]["api_name"] == self.module.api_name()) else {
            return true;
        };
        let selection = &condition["field_selection"];
        let mut names = selected(selection).into_iter();
        match selection["group_operator"].as_str().map(str::to_lowercase).as_deref() {
            Some("and") => names.all(|name| changed.contains_key(name)),
            _ => names.any(|name| changed.contains_key(name)),
        }
    }
}
