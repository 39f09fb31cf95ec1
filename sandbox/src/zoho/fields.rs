//! The definitions of custom fields: `/settings/fields`.

use rusqlite::Row as SqlRow;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::module::Module;
use super::records::{self, Desk};
use super::shape;

/// One definition.
#[derive(Clone, Debug)]
pub struct Field {
    pub id: i64,
    pub label: String,
    pub api_name: String,
    pub data_type: String,
    pub value_length: u32,
    pub is_unique: bool,
    pub is_mandatory: bool,
    pub is_active: bool,
    pub position: i64,
    /// What else was said of it and is only repeated: show_on_pdf, help_text …
    pub more: String,
}

const TYPES: &[&str] = &[
    "string",
    "multiline",
    "email",
    "phone",
    "url",
    "number",
    "decimal",
    "amount",
    "percent",
    "date",
    "date_time",
    "check_box",
    "dropdown",
    "multiselect",
    "lookup",
    "autonumber",
    "attachment",
    "formula",
];

impl Field {
    /// Whether this is a choice that can be made. A field without choices takes any text.
    pub fn offers(&self, choice: &str) -> bool {
        let more: Map<String, Value> = serde_json::from_str(&self.more).unwrap_or_default();
        let choices = more.get("values").and_then(Value::as_array);
        choices.is_none_or(|choices| choices.iter().any(|one| one["name"] == choice && one["is_active"] == true))
    }
}

/// All definitions of a module, in the order they were made.
pub fn of_module(desk: &Desk, module: Module) -> Result<Vec<Field>, Refusal> {
    let mut statement = desk.connection.prepare_cached(
        "SELECT id, label, api_name, data_type, value_length, is_unique, is_mandatory, is_active, position, more FROM zoho_field
         WHERE org = ?1 AND module = ?2 ORDER BY position",
    )?;
    let rows = statement.query_map((desk.org.id, module as i64), from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `GET /settings/fields?entity=`.
pub fn list(desk: &Desk, module: Module, skip_inactive: bool) -> Result<Answer, Refusal> {
    let rows: Vec<_> = of_module(desk, module)?
        .iter()
        .filter(|field| field.is_active || !skip_inactive)
        .map(|field| definition(module, field))
        .collect();
    Ok(Answer::found("fields", &Value::from(rows).to_string()))
}

/// `GET /settings/fields/{id}`.
pub fn one(desk: &Desk, id: &str) -> Result<Answer, Refusal> {
    let (module, field) = by_id(desk, id)?;
    Ok(Answer::found("field", &definition(module, &field).to_string()))
}

/// `POST /settings/fields`.
pub fn create(desk: &Desk, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let entity = shape::text(body, "entity").ok_or_else(|| Refusal::missing("entity"))?;
    let module = Module::of_entity(entity, desk.on("zoho.entity_spellings_lenient")).ok_or_else(|| Refusal::invalid("entity"))?;
    let label = shape::text(body, "label").ok_or_else(|| Refusal::missing("label"))?;
    shape::length("label", label, 100)?;
    let data_type = shape::text(body, "data_type").unwrap_or("string");
    if !TYPES.contains(&data_type) {
        return Err(Refusal::invalid("data_type"));
    }
    let known = of_module(desk, module)?;
    if known.iter().any(|field| field.label.eq_ignore_ascii_case(label)) {
        return Err(Refusal::new(4, format!("The field label \"{label}\" already exists.")));
    }
    let field = Field {
        id: records::new_ids(desk, 1)?,
        label: label.to_owned(),
        api_name: api_name(label, &known),
        data_type: data_type.to_owned(),
        value_length: value_length(body)?,
        is_unique: shape::flag(body, "is_unique"),
        is_mandatory: shape::flag(body, "is_mandatory"),
        is_active: true,
        position: known.iter().map(|field| field.position).max().unwrap_or(0) + 1,
        more: kept(body, Map::new(), data_type)?.to_string(),
    };
    store(desk, module, &field)?;
    Ok(Answer::with(201, "The custom field has been created.", "field", &definition(module, &field).to_string()))
}

/// `PUT /settings/fields/{id}`: a field may become unique as long as no two records share a value, and its choices are told as a whole.
pub fn update(desk: &Desk, id: &str, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let (module, mut field) = by_id(desk, id)?;
    if let Some(label) = shape::text(body, "label") {
        field.label = label.to_owned();
    }
    let becomes = |name: &str, was: bool| if body.contains_key(name) { shape::flag(body, name) } else { was };
    field.is_mandatory = becomes("is_mandatory", field.is_mandatory);
    field.is_active = becomes("is_active", field.is_active);
    let unique = becomes("is_unique", field.is_unique);
    if unique && !field.is_unique {
        claim_all(desk, module, &field)?;
    }
    field.is_unique = unique;
    field.more = kept(body, serde_json::from_str(&field.more).unwrap_or_default(), &field.data_type)?.to_string();
    store(desk, module, &field)?;
    Ok(Answer::with(200, "The custom field has been updated.", "field", &definition(module, &field).to_string()))
}

/// Generated from the label: `cf_` and the label in lower snake case; a number is added when another field has it.
fn api_name(label: &str, known: &[Field]) -> String {
    let mut plain = String::from("cf");
    for word in label.to_lowercase().split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        plain.push('_');
        plain.push_str(word);
    }
    if plain == "cf" {
        plain.push_str("_field");
    }
    let taken = |name: &str| known.iter().any(|field| field.api_name == name);
    if !taken(&plain) {
        return plain;
    }
    (1..).map(|suffix| format!("{plain}_{suffix}")).find(|name| !taken(name)).unwrap_or(plain)
}

fn value_length(body: &Map<String, Value>) -> Result<u32, Refusal> {
    let asked = shape::amount(body, "value_length")?;
    let asked =
        asked.map(|length| length.to_string().parse::<u32>().map_err(|_| Refusal::invalid("value_length"))).transpose()?;
    match asked {
        None => Ok(255),
        Some(length) if (1..=255).contains(&length) => Ok(length),
        Some(_) => Err(Refusal::invalid("value_length")),
    }
}

/// What is only repeated, over what was said before. A drop-down's choices are `[{name, order, is_active}]`, as its own screen sends them.
fn kept(body: &Map<String, Value>, was: Map<String, Value>, data_type: &str) -> Result<Value, Refusal> {
    let mut more = was;
    let names = ["show_on_pdf", "help_text", "edit_on_portal", "show_on_portal"];
    more.extend(names.iter().filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.clone()))));
    if let Some(values) = body.get("values").filter(|values| !values.is_null()) {
        let sent = values.as_array().ok_or_else(|| Refusal::invalid("values"))?;
        let mut choices: Vec<Value> = Vec::with_capacity(sent.len());
        for one in sent {
            let one = one.as_object().ok_or_else(|| Refusal::invalid("values"))?;
            let name = shape::text(one, "name").filter(|name| !name.trim().is_empty()).ok_or_else(|| Refusal::missing("name"))?;
            if choices.iter().any(|other| other["name"] == name) {
                return Err(Refusal::new(4, format!("The option \"{name}\" is given twice.")));
            }
            let is_active = one.get("is_active") != Some(&Value::Bool(false));
            choices.push(json!({"name": name, "order": choices.len() + 1, "is_active": is_active}));
        }
        more.insert("values".to_owned(), choices.into());
    }
    let has_choices = more.get("values").and_then(Value::as_array).is_some_and(|choices| !choices.is_empty());
    match matches!(data_type, "dropdown" | "multiselect") && !has_choices {
        true => Err(Refusal::missing("values")),
        false => Ok(more.into()),
    }
}

fn definition(module: Module, field: &Field) -> Value {
    let mut all: Map<String, Value> = serde_json::from_str(&field.more).unwrap_or_default();
    let id = field.id.to_string();
    let own = json!({
        "field_id": id, "customfield_id": id, "label": field.label, "field_name": field.api_name, "api_name": field.api_name, "placeholder": field.api_name,
        "data_type": field.data_type, "value_length": field.value_length, "is_unique": field.is_unique, "is_mandatory": field.is_mandatory, "is_active": field.is_active,
        "is_custom_field": true, "index": field.position, "entity": module.entity(),
    });
    if let Value::Object(own) = own {
        all.extend(own);
    }
    Value::Object(all)
}

fn by_id(desk: &Desk, id: &str) -> Result<(Module, Field), Refusal> {
    for module in Module::ALL {
        if let Some(field) = of_module(desk, module)?.into_iter().find(|field| field.id.to_string() == id) {
            return Ok((module, field));
        }
    }
    Err(Refusal::absent("Custom field"))
}

fn claim_all(desk: &Desk, module: Module, field: &Field) -> Result<(), Refusal> {
    // What was claimed when the field was unique before may have changed since.
    desk.connection.prepare_cached("DELETE FROM zoho_unique WHERE org = ?1 AND module = ?2 AND field = ?3")?.execute((
        desk.org.id,
        module as i64,
        &field.api_name,
    ))?;
    let path = format!("$.custom_field_hash.{}", field.api_name);
    let mut statement = desk.connection.prepare_cached(
        "SELECT id, json_extract(detail, ?3) FROM zoho_record WHERE org = ?1 AND module = ?2 AND json_extract(detail, ?3) IS NOT NULL",
    )?;
    let rows =
        statement.query_map((desk.org.id, module as i64, path), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    for row in rows {
        let (id, value) = row?;
        if !records::claim(desk, module, &field.api_name, "", &value, id)? {
            return Err(Refusal::new(
                4,
                format!("The field \"{}\" has duplicate values and cannot be made unique.", field.label),
            ));
        }
    }
    Ok(())
}

fn store(desk: &Desk, module: Module, field: &Field) -> Result<(), Refusal> {
    desk.connection
        .prepare_cached(
            "INSERT OR REPLACE INTO zoho_field (id, org, module, label, api_name, data_type, value_length, is_unique, is_mandatory, is_active, position, more)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(rusqlite::params![
            field.id, desk.org.id, module as i64, field.label, field.api_name, field.data_type, field.value_length, field.is_unique, field.is_mandatory,
            field.is_active, field.position, field.more
        ])?;
    Ok(())
}

fn from_row(row: &SqlRow) -> rusqlite::Result<Field> {
    Ok(Field {
        id: row.get(0)?,
        label: row.get(1)?,
        api_name: row.get(2)?,
        data_type: row.get(3)?,
        value_length: row.get(4)?,
        is_unique: row.get(5)?,
        is_mandatory: row.get(6)?,
        is_active: row.get(7)?,
        position: row.get(8)?,
        more: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn api_names_come_from_labels_and_never_collide() {
        assert_eq!(api_name("Xero Acct ID", &[]), "cf_xero_acct_id");
        assert_eq!(api_name(" Xero — link! ", &[]), "cf_xero_link");
        assert_eq!(api_name("日本", &[]), "cf_field");
        let known = |name: &str| Field {
            id: 1,
            label: name.into(),
            api_name: name.into(),
            data_type: "string".into(),
            value_length: 255,
            is_unique: true,
            is_mandatory: false,
            is_active: true,
            position: 1,
            more: "{}".into(),
        };
        assert_eq!(api_name("Xero-Acct ID", &[known("cf_xero_acct_id")]), "cf_xero_acct_id_1");
    }
}
