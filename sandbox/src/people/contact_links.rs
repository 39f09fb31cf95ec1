//! Settings › General settings › Custom Contact Links of Xero: addresses that stand on every contact, with the contact's own fields put in.
//! Only people set them up. The help page names the fields Contact ID and Contact Code; how they are written is known of the code alone
//! (`{!CONTACTCODE}`), and the id is taken to be written alike.

use actix_web::web::{Data, Form, Path, ServiceConfig};
use actix_web::{HttpResponse, web};
use rusqlite::{Connection, params};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::addresses;
use super::page::{self, Product, crumbs, escape};
use crate::Shared;
use crate::xero::sessions::{self, Org};

/// How fields are written in a definition, and where their values are.
const FIELDS: [(&str, &str, &str); 3] = [
    ("Contact ID", "{!CONTACTID}", "ContactID"),
    ("Contact Code", "{!CONTACTCODE}", "ContactNumber"),
    ("Email", "{!EMAIL}", "EmailAddress"),
];
const NAME_CHARS_MAX: usize = 50;
const DEFINITION_CHARS_MAX: usize = 1000;
const LINKS_MAX: i64 = 20;

pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(
        web::resource("/people/xero/{tenant}/settings/contact-links").route(web::get().to(show)).route(web::post().to(change)),
    );
}

pub fn create_tables(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE TABLE xero_contact_link (id INTEGER PRIMARY KEY, org INTEGER NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL);
         CREATE INDEX xero_contact_link_by_org ON xero_contact_link (org);",
    )
}

struct Link {
    id: i64,
    name: String,
    definition: String,
}

fn of_organisation(connection: &Connection, org: &Org) -> rusqlite::Result<Vec<Link>> {
    let mut statement =
        connection.prepare_cached("SELECT id, name, definition FROM xero_contact_link WHERE org = ?1 ORDER BY id")?;
    let rows = statement.query_map([org.n], |row| Ok(Link { id: row.get(0)?, name: row.get(1)?, definition: row.get(2)? }))?;
    rows.collect()
}

/// The links on the page of one contact, as HTML.
pub fn on(shared: &Shared, org: &Org, contact: &Map<String, Value>) -> rusqlite::Result<String> {
    let links = shared.store.with(|connection| of_organisation(connection, org))?;
    let shown = links.iter().filter_map(|link| {
        let address = addresses::here(&shared.base, &filled(&link.definition, contact))?;
        Some(format!("<a class=\"button\" href=\"{}\">{}</a>", escape(&address), escape(&link.name)))
    });
    Ok(shown.collect())
}

/// The definition with the contact's values, in the letters that an address may have.
fn filled(definition: &str, contact: &Map<String, Value>) -> String {
    FIELDS.iter().fold(definition.to_owned(), |address, (_, written, key)| {
        let value = contact.get(*key).and_then(Value::as_str).unwrap_or_default();
        let value: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
        address.replace(written, &value)
    })
}

async fn show(shared: Data<Shared>, tenant: Path<String>) -> HttpResponse {
    settings(&shared, &tenant, "")
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    name: String,
    #[serde(default)]
    definition: String,
    /// A link to be removed.
    remove: Option<i64>,
}

/// Adds a link, or removes one, and shows the page again.
async fn change(shared: Data<Shared>, tenant: Path<String>, wish: Form<Wish>) -> HttpResponse {
    let (name, definition) = (wish.name.trim(), wish.definition.trim());
    let is_address = addresses::here(&shared.base, definition).is_some() && definition.chars().count() <= DEFINITION_CHARS_MAX;
    if wish.remove.is_none() && (name.is_empty() || name.chars().count() > NAME_CHARS_MAX || !is_address) {
        return settings(&shared, &tenant, "Enter a name and a web address.");
    }
    let done = shared.store.atomically(|connection| {
        let Some(org) = sessions::org(connection, &tenant)? else { return Ok(()) };
        match wish.remove {
            Some(id) => {
                connection.execute("DELETE FROM xero_contact_link WHERE id = ?1 AND org = ?2", params![id, org.n])?;
            }
            None => {
                connection.execute(
                    "INSERT INTO xero_contact_link (org, name, definition) SELECT ?1, ?2, ?3
                     WHERE (SELECT COUNT(*) FROM xero_contact_link WHERE org = ?1) < ?4",
                    params![org.n, name, definition, LINKS_MAX],
                )?;
            }
        }
        Ok::<_, rusqlite::Error>(())
    });
    match done {
        Ok(()) => settings(&shared, &tenant, ""),
        Err(error) => page::broken(&error),
    }
}

fn settings(shared: &Shared, tenant: &str, said: &str) -> HttpResponse {
    let found = shared.store.with(|connection| {
        let Some(org) = sessions::org(connection, tenant)? else { return Ok(None) };
        let links = of_organisation(connection, &org)?;
        Ok::<_, rusqlite::Error>(Some((org, links)))
    });
    let (org, links) = match found {
        Ok(Some(found)) => found,
        Ok(None) => return page::missing(Product::Xero),
        Err(error) => return page::broken(&error),
    };
    let rows: String = links
        .iter()
        .map(|link| {
            format!(
                "<article class=\"card\"><h3>{}</h3><p class=\"about\"><code>{}</code></p><form method=\"post\">\
                 <input type=\"hidden\" name=\"remove\" value=\"{}\"><button class=\"button\" type=\"submit\">Delete</button></form></article>",
                escape(&link.name),
                escape(&link.definition),
                link.id
            )
        })
        .collect();
    let fields: String = FIELDS.iter().map(|(name, written, _)| format!("<li>{name} <code>{written}</code></li>")).collect();
    let said = if said.is_empty() { String::new() } else { format!("<p id=\"said\" class=\"failed\">{said}</p>") };
    let body = format!(
        "{said}{rows}<form class=\"card\" method=\"post\"><h2>Add a Custom Link</h2>\
         <p><label>Name <input name=\"name\" maxlength=\"{NAME_CHARS_MAX}\" required></label></p>\
         <p><label>Link Definition <input name=\"definition\" size=\"90\" maxlength=\"{DEFINITION_CHARS_MAX}\" required></label></p>\
         <p>Contact Fields</p><ul>{fields}</ul><button class=\"button\" type=\"submit\">Save</button></form>"
    );
    let trail = crumbs(&[("/".into(), "Both companies"), (format!("/people/xero/{}", org.tenant), &org.name)]);
    page::shown(Product::Xero, "Custom Contact Links", &trail, &body)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_contacts_own_fields_are_put_in() {
        let contact = json!({"ContactID": "bd22", "ContactNumber": "A 1&2"});
        let filled = |definition| filled(definition, contact.as_object().unwrap());
        assert_eq!(filled("https://crm.example/x/{!CONTACTID}?code={!CONTACTCODE}"), "https://crm.example/x/bd22?code=A+1%262");
        assert_eq!(filled("https://crm.example/{!EMAIL}/{!OTHER}"), "https://crm.example//{!OTHER}");
    }
}
