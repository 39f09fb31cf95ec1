//! `/settings/custom_links?module=`: links on a record's page, with merge fields in their addresses.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, rows};
use super::call::Call;
use super::desk::{Desk, id_of};
use super::module::Module;
use super::scopes::Operation;
use crate::zoho::tables;

const NAME_LENGTH_MAX: u32 = 100;
const URL_LENGTH_MAX: u32 = 3000;
const PROFILES_MAX: usize = 200;
const DELETED_MAX: usize = 100;

/// The routes below `/settings/custom_links`.
pub fn answer(call: &Call, desk: &Desk, id: Option<&str>) -> Result<Answer, Refusal> {
    let may = |operation| desk.permitted("settings.custom_links", operation);
    let module = || Module::of_records(call.need("module")?).ok_or_else(Refusal::invalid_module);
    match (call.method.as_str(), id) {
        ("GET", id) => {
            may(Operation::Read)?;
            show(desk, module()?, id)
        }
        ("POST", None) => {
            may(Operation::Create)?;
            write(desk, module()?, None, &call.json()?, true)
        }
        ("PUT", id) => {
            may(Operation::Update)?;
            write(desk, module()?, id, &call.json()?, false)
        }
        ("DELETE", id) => {
            may(Operation::Delete)?;
            let ids = match id {
                Some(id) => id,
                None => call.need("ids")?,
            };
            delete(desk, module()?, ids)
        }
        _ => Err(Refusal::wrong_method()),
    }
}

fn show(desk: &Desk, module: Module, id: Option<&str>) -> Result<Answer, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT id, name, description, url, url_encoding, profiles, user_types, modified FROM zoho_crm_link WHERE org = ?1 AND module = ?2 ORDER BY id",
    )?;
    let parsed = |text: String| serde_json::from_str::<Value>(&text).unwrap_or_default();
    let links = statement
        .query_map((desk.org.id, module as i64), |row| {
            Ok(json!({
                "id": row.get::<_, i64>(0)?.to_string(), "name": row.get::<_, String>(1)?, "description": row.get::<_, Option<String>>(2)?,
                "url": row.get::<_, String>(3)?, "url_encoding": row.get::<_, String>(4)?, "profiles": parsed(row.get(5)?),
                "user_types": parsed(row.get(6)?), "modified_time": desk.org.stamp(row.get(7)?), "modified_by": desk.org.me().json(),
            }))
        })?
        .collect::<Result<Vec<Value>, _>>()?;
    let links: Vec<Value> = links.into_iter().filter(|link| id.is_none_or(|id| link["id"] == id)).collect();
    match (links.is_empty(), id) {
        (true, Some(id)) => Err(Refusal::unknown_id(id)),
        (true, None) => Ok(Answer::nothing()),
        (false, _) => {
            let info = json!({"per_page": 200, "count": links.len(), "page": 1, "more_records": false});
            Ok(Answer::json(200, &json!({"custom_links": links, "info": info})))
        }
    }
}

/// The links on a record's page: name and address, its merge fields filled in.
pub fn of_record(desk: &Desk, module: Module, fields: &Map<String, Value>) -> Result<Vec<(String, String)>, Refusal> {
    let mut statement =
        desk.connection.prepare_cached("SELECT name, url FROM zoho_crm_link WHERE org = ?1 AND module = ?2 ORDER BY id")?;
    let links = statement.query_map((desk.org.id, module as i64), |row| {
        let url: String = row.get(1)?;
        Ok((row.get(0)?, filled(&url, fields)))
    })?;
    Ok(links.collect::<Result<_, _>>()?)
}

/// `${Accounts.Id}`, `${!Leads.Email}` and `{Lead.Full_Name}`: the sources disagree, so all three are filled. A field that is not there
/// is empty.
fn filled(url: &str, fields: &Map<String, Value>) -> String {
    let mut out = String::with_capacity(url.len());
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, tail)) = after.split_once('}') else { break };
        out.push_str(before.strip_suffix('$').unwrap_or(before));
        let field = name.rsplit('.').next().unwrap_or_default().trim_start_matches('!');
        let field = if field.eq_ignore_ascii_case("id") { "id" } else { field };
        let text = match fields.get(field) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        out.extend(url::form_urlencoded::byte_serialize(text.as_bytes()).map(|part| part.replace('+', "%20")));
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn write(desk: &Desk, module: Module, id: Option<&str>, body: &Map<String, Value>, new: bool) -> Result<Answer, Refusal> {
    let given = body.get("custom_links").and_then(Value::as_array).filter(|links| !links.is_empty());
    let given = given.ok_or_else(|| Refusal::mandatory("custom_links", "$.custom_links"))?;
    let mut answers = Vec::with_capacity(given.len());
    for (at, link) in given.iter().enumerate() {
        let path = format!("$.custom_links[{at}]");
        let outcome = match (link.as_object(), new) {
            (None, _) => Err(Refusal::expected("jsonobject", "custom_links", &path)),
            (Some(link), true) => add(desk, module, link, &path),
            (Some(link), false) => change(desk, module, id, link, &path),
        };
        answers.push(match outcome {
            Ok(id) if new => done("custom link created successfully", json!({"id": id.to_string()})),
            Ok(id) => done("custom link updated successfully", json!({"id": id.to_string()})),
            Err(refusal) if refusal.status == 500 => return Err(refusal),
            Err(refusal) => refusal.json(),
        });
    }
    Ok(rows("custom_links", answers, if new { 201 } else { 200 }, 400))
}

fn add(desk: &Desk, module: Module, link: &Map<String, Value>, path: &str) -> Result<i64, Refusal> {
    let need = |name: &str| link.get(name).ok_or_else(|| Refusal::mandatory(name, &format!("{path}.{name}")));
    for name in ["name", "url", "profiles"] {
        need(name)?;
    }
    let link = Checked::read(desk, link, path)?;
    name_is_free(desk, module, &link.name, None, path)?;
    let id = tables::take(desk.connection, tables::IDS, 1)?;
    desk.connection.execute(
        "INSERT INTO zoho_crm_link (id, org, module, name, description, url, url_encoding, profiles, user_types, modified)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, coalesce(?7, 'UTF-8'), ?8, coalesce(?9, '[]'), ?10)",
        rusqlite::params![
            id,
            desk.org.id,
            module as i64,
            link.name,
            link.description,
            link.url,
            link.url_encoding,
            link.profiles,
            link.user_types,
            desk.now.timestamp()
        ],
    )?;
    Ok(id)
}

fn change(desk: &Desk, module: Module, id: Option<&str>, link: &Map<String, Value>, path: &str) -> Result<i64, Refusal> {
    let id = match id {
        Some(id) => id.parse().ok(),
        None => Some(link.get("id").and_then(id_of).ok_or_else(|| Refusal::mandatory("id", &format!("{path}.id")))?),
    };
    let link = Checked::read(desk, link, path)?;
    name_is_free(desk, module, &link.name, id, path)?;
    let changed = desk.connection.execute(
        "UPDATE zoho_crm_link SET name = coalesce(?4, name), description = coalesce(?5, description), url = coalesce(?6, url),
         url_encoding = coalesce(?7, url_encoding), profiles = coalesce(?8, profiles), user_types = coalesce(?9, user_types), modified = ?10
         WHERE id = ?1 AND org = ?2 AND module = ?3",
        rusqlite::params![
            id, desk.org.id, module as i64, link.name, link.description, link.url, link.url_encoding, link.profiles, link.user_types,
            desk.now.timestamp()
        ],
    )?;
    match id {
        Some(id) if changed == 1 => Ok(id),
        _ => Err(Refusal::invalid("id", &format!("{path}.id"))),
    }
}

fn name_is_free(desk: &Desk, module: Module, name: &Option<String>, except: Option<i64>, path: &str) -> Result<(), Refusal> {
    let taken: bool = desk.connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM zoho_crm_link WHERE org = ?1 AND module = ?2 AND name = ?3 AND id IS NOT ?4)",
        (desk.org.id, module as i64, name, except),
        |row| row.get(0),
    )?;
    match taken {
        true => Err(Refusal::new(
            "DUPLICATE_DATA",
            "duplicate data",
            json!({"api_name": "name", "json_path": format!("{path}.name")}),
        )),
        false => Ok(()),
    }
}

/// What was sent, each part checked.
struct Checked {
    name: Option<String>,
    description: Option<String>,
    url: Option<String>,
    url_encoding: Option<String>,
    profiles: Option<String>,
    user_types: Option<String>,
}

impl Checked {
    fn read(desk: &Desk, link: &Map<String, Value>, path: &str) -> Result<Self, Refusal> {
        let text = |name: &str, most: u32| -> Result<Option<String>, Refusal> {
            let path = format!("{path}.{name}");
            let Some(value) = link.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
            let text = value.as_str().ok_or_else(|| Refusal::expected("text", name, &path))?;
            match text.chars().count() {
                0 => Err(Refusal::mandatory(name, &path)),
                length if length > most as usize => Err(Refusal::too_long(most, name, &path)),
                _ => Ok(Some(text.to_owned())),
            }
        };
        let url = text("url", URL_LENGTH_MAX)?;
        if url.as_ref().is_some_and(|url| !url.starts_with("https://") && !url.starts_with("http://")) {
            return Err(Refusal::invalid("url", &format!("{path}.url")));
        }
        Ok(Self {
            name: text("name", NAME_LENGTH_MAX)?,
            description: text("description", 1000)?,
            url,
            url_encoding: text("url_encoding", 20)?,
            profiles: link.get("profiles").map(|profiles| profiles_of(desk, profiles, path)).transpose()?,
            user_types: link.get("user_types").filter(|types| types.is_array()).map(Value::to_string),
        })
    }
}

/// Mandatory, and every one of them a profile of the organisation.
fn profiles_of(desk: &Desk, given: &Value, path: &str) -> Result<String, Refusal> {
    let path = format!("{path}.profiles");
    let given = given.as_array().ok_or_else(|| Refusal::expected("jsonarray", "profiles", &path))?;
    if given.is_empty() {
        return Err(Refusal::mandatory("profiles", &path));
    }
    if given.len() > PROFILES_MAX {
        return Err(Refusal::too_long(PROFILES_MAX as u32, "profiles", &path));
    }
    let mut profiles = Vec::with_capacity(given.len());
    for (at, profile) in given.iter().enumerate() {
        let id = id_of(&profile["id"]);
        let known = desk.org.profiles().into_iter().find(|known| Some(known.id) == id);
        let known = known.ok_or_else(|| Refusal::invalid("id", &format!("{path}[{at}].id")))?;
        profiles.push(json!({"id": known.id.to_string(), "name": known.name}));
    }
    Ok(Value::from(profiles).to_string())
}

fn delete(desk: &Desk, module: Module, ids: &str) -> Result<Answer, Refusal> {
    let ids: Vec<&str> = ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    if ids.len() > DELETED_MAX {
        return Err(Refusal::new("LIMIT_EXCEEDED", "limit exceeded", json!({"limit": DELETED_MAX, "param_name": "ids"})));
    }
    let mut answers = Vec::with_capacity(ids.len());
    for id in ids {
        let gone = desk.connection.execute(
            "DELETE FROM zoho_crm_link WHERE id = ?1 AND org = ?2 AND module = ?3",
            (id.parse::<i64>().ok(), desk.org.id, module as i64),
        )?;
        answers.push(if gone == 1 {
            done("custom link deleted successfully", json!({"id": id}))
        } else {
            Refusal::unknown_id(id).json()
        });
    }
    Ok(rows("custom_links", answers, 200, 400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_fields_are_filled_in_every_known_spelling() {
        let fields = json!({"id": "46", "Full_Name": "Ada & Bo/é", "Amount": 12.5, "Email": null});
        let fields = fields.as_object().unwrap();
        for (url, is) in [
            ("https://a/{Lead.Full_Name}", "https://a/Ada%20%26%20Bo%2F%C3%A9"),
            ("https://a/${Accounts.Id}?x=${!Deals.Amount}", "https://a/46?x=12.5"),
            ("https://a/{Account.ID}{Leads.Email}{Leads.Nothing}", "https://a/46"),
            ("https://a/{open", "https://a/{open"),
            ("https://a/$5", "https://a/$5"),
        ] {
            assert_eq!(filled(url, fields), is, "{url}");
        }
    }
}
