//! `/settings/fields`: an organisation's own fields, made by label; the name they are written by is Zoho's and only GET tells it.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, rows};
use super::call::Call;
use super::desk::Desk;
use super::field::{Field, Fields, Kind, Unique};
use super::module::Module;
use super::{record, settings};
use crate::zoho::tables;

/// Fields of one call.
const FIELDS_MAX: usize = 5;
/// The stricter of two documented figures.
const LABEL_LENGTH_MAX: u32 = 25;
const TOOLTIP_LENGTH_MAX: u32 = 255;
/// Names that records have of their own.
const RESERVED: [&str; 8] = ["id", "Id", "ID", "Tag", "Layout", "Owner_Id", "Record_Image", "Territories"];

/// `GET /settings/fields?module=` and `/settings/fields/{id}?module=`.
pub fn show(call: &Call, desk: &Desk, module: Module, id: Option<&str>) -> Result<Answer, Refusal> {
    let fields = desk.fields(module)?;
    let kinds: Option<Vec<&str>> = call.param("data_type").map(|kinds| kinds.split(',').collect());
    let shown: Vec<Value> = fields
        .all()
        .filter(|(_, field)| kinds.as_ref().is_none_or(|kinds| kinds.contains(&field.kind.data_type())))
        .map(|(place, field)| field.json(desk.org, module, place))
        .filter(|field| id.is_none_or(|id| field["id"] == id))
        .collect();
    match id {
        Some(id) if shown.is_empty() => Err(Refusal::unknown_id(id)),
        _ => Ok(Answer::json(200, &json!({"fields": shown}))),
    }
}

/// `POST /settings/fields?module=`.
pub fn create(desk: &Desk, module: Module, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let given = body.get("fields").ok_or_else(|| Refusal::mandatory("fields", "$.fields"))?;
    let given = given
        .as_array()
        .filter(|fields| !fields.is_empty())
        .ok_or_else(|| Refusal::expected("jsonarray", "fields", "$.fields"))?;
    if given.len() > FIELDS_MAX {
        return Err(Refusal::too_long(FIELDS_MAX as u32, "fields", "$.fields"));
    }
    let mut answers = Vec::with_capacity(given.len());
    for (at, field) in given.iter().enumerate() {
        let path = format!("$.fields[{at}]");
        answers.push(match desk.row(|| one(desk, module, field, &path)) {
            Ok(id) => done("field created", json!({"id": id.to_string()})),
            Err(refusal) if refusal.status == 500 => return Err(refusal),
            Err(refusal) => refusal.json(),
        });
    }
    Ok(rows("fields", answers, 201, 400))
}

fn one(desk: &Desk, module: Module, given: &Value, path: &str) -> Result<i64, Refusal> {
    let given = given.as_object().ok_or_else(|| Refusal::expected("jsonobject", "fields", path))?;
    let fields = desk.fields(module)?;
    let label = label_of(given, path)?.ok_or_else(|| Refusal::mandatory("field_label", &format!("{path}.field_label")))?;
    let data_type = given.get("data_type").and_then(Value::as_str);
    let data_type = data_type.ok_or_else(|| Refusal::mandatory("data_type", &format!("{path}.data_type")))?;
    let kind = Kind::named(data_type).filter(|kind| can_be_made(*kind));
    let kind = kind.ok_or_else(|| Refusal::invalid("data_type", &format!("{path}.data_type")))?;
    let limit = desk.org.edition.custom_fields();
    if fields.custom.len() as i64 >= limit {
        let details =
            json!({"limit": limit, "limit_due_to": [{"api_name": "module", "json_path": "$.module"}], "json_path": path});
        return Err(Refusal::new("LIMIT_EXCEEDED", "limit exceeded", details));
    }
    free(&fields, label, 0, path)?;
    let api_name = api_name_of(&fields, label);
    if RESERVED.contains(&api_name.as_str()) {
        let details = json!({"api_name": "field_label", "json_path": format!("{path}.field_label"), "reserved_keyword": label});
        return Err(Refusal::new("RESERVED_KEYWORD_NOT_ALLOWED", "reserved keyword not allowed", details));
    }
    let mut field = Field::standard(&api_name, kind);
    field.label = Cow::Owned(label.to_owned());
    field.custom = true;
    options(&mut field, given, path)?;
    field.id = tables::take(desk.connection, tables::IDS, 1)?;
    save(desk, module, &field, true)?;
    Ok(field.id)
}

/// Kinds that the API makes. (Files, rollups and many-to-many lookups it makes too, but the sandbox has none.)
fn can_be_made(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::OwnerLookup | Kind::Subform | Kind::LineTax | Kind::ProductTax | Kind::Discount | Kind::Tags | Kind::Parent
    )
}

fn label_of<'a>(given: &'a Map<String, Value>, path: &str) -> Result<Option<&'a str>, Refusal> {
    let path = format!("{path}.field_label");
    let Some(label) = given.get("field_label") else { return Ok(None) };
    let label = label.as_str().map(str::trim).ok_or_else(|| Refusal::expected("text", "field_label", &path))?;
    if label.is_empty() || !label.chars().any(char::is_alphanumeric) {
        return Err(Refusal::invalid("field_label", &path));
    }
    if label.chars().count() > LABEL_LENGTH_MAX as usize {
        return Err(Refusal::too_long(LABEL_LENGTH_MAX, "field_label", &path));
    }
    Ok(Some(label))
}

fn free(fields: &Fields, label: &str, except: i64, path: &str) -> Result<(), Refusal> {
    let taken = |field: &Field| field.label.eq_ignore_ascii_case(label) && (except == 0 || field.id != except);
    if fields.all().any(|(_, field)| taken(field)) {
        let details = json!({"api_name": "field_label", "json_path": format!("{path}.field_label")});
        return Err(Refusal::new("DUPLICATE_DATA", "duplicate data", details));
    }
    Ok(())
}

/// The label with underscores for what a name cannot have; a number when the name is taken.
fn api_name_of(fields: &Fields, label: &str) -> String {
    let mut name = String::with_capacity(label.len());
    for letter in label.chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() => name.push(letter),
            _ if name.ends_with('_') || name.is_empty() => {}
            _ => name.push('_'),
        }
    }
    let name = name.trim_end_matches('_');
    let name = if name.is_empty() || name.starts_with(|letter: char| letter.is_ascii_digit()) {
        format!("Field_{name}")
    } else {
        name.to_owned()
    };
    let taken = |name: &str| fields.named(name).is_some();
    (0..)
        .map(|number| if number == 0 { name.clone() } else { format!("{name}{number}") })
        .find(|name| !taken(name))
        .unwrap_or(name.clone())
}

/// Everything beside label and data type.
fn options(field: &mut Field, given: &Map<String, Value>, path: &str) -> Result<(), Refusal> {
    if let Some(length) = given.get("length") {
        let length = length.as_u64().and_then(|length| u32::try_from(length).ok());
        let most = if field.kind == Kind::TextArea { 50_000 } else { field.kind.length() };
        let length = length.filter(|length| (1..=most).contains(length));
        field.length = length.ok_or_else(|| Refusal::invalid("length", &format!("{path}.length")))?;
    }
    if field.kind == Kind::TextArea {
        let kind = given.get("textarea").and_then(|textarea| textarea["type"].as_str()).unwrap_or("small");
        field.length = match kind {
            "small" => 2_000,
            "large" => 32_000,
            "rich_text" => 50_000,
            _ => return Err(Refusal::invalid("type", &format!("{path}.textarea.type"))),
        };
        field.more.insert("textarea".into(), json!({"type": kind}));
    }
    if let Some(unique) = given.get("unique").filter(|unique| unique.as_object().is_some_and(|unique| !unique.is_empty())) {
        if !matches!(field.kind, Kind::Text | Kind::Email | Kind::Phone | Kind::Integer | Kind::BigInt | Kind::Website) {
            return Err(Refusal::invalid("unique", &format!("{path}.unique")));
        }
        let sensitive = &unique["case_sensitive"];
        field.unique = Some(Unique { case_sensitive: sensitive.as_bool() == Some(true) || sensitive == "true" });
    }
    if let Some(external) = given.get("external").filter(|external| !external.is_null()) {
        let path = format!("{path}.external");
        if field.kind != Kind::Text {
            return Err(Refusal::invalid("external", &path));
        }
        let kind = external["type"].as_str().ok_or_else(|| Refusal::mandatory("type", &format!("{path}.type")))?;
        if !matches!(kind, "org" | "user") {
            return Err(Refusal::invalid("type", &format!("{path}.type")));
        }
        field.external = Some((kind.to_owned(), external["show"].as_bool().unwrap_or(false)));
    }
    if matches!(field.kind, Kind::Picklist | Kind::MultiPicklist) {
        let values = given.get("pick_list_values").and_then(Value::as_array).filter(|values| !values.is_empty());
        let values = values.ok_or_else(|| Refusal::mandatory("pick_list_values", &format!("{path}.pick_list_values")))?;
        field.values = values.iter().filter_map(|value| value["display_value"].as_str()).map(str::to_owned).collect();
        if field.values.len() != values.len() {
            return Err(Refusal::mandatory("display_value", &format!("{path}.pick_list_values")));
        }
    }
    if field.kind == Kind::Lookup {
        let to = given.get("lookup").and_then(|lookup| lookup["module"]["api_name"].as_str()).and_then(Module::of_records);
        field.to = Some(to.ok_or_else(|| Refusal::mandatory("lookup", &format!("{path}.lookup")))?);
    }
    if field.kind == Kind::Formula {
        let formula =
            given.get("formula").filter(|formula| formula["expression"].is_string() && formula["return_type"].is_string());
        let formula = formula.ok_or_else(|| Refusal::mandatory("formula", &format!("{path}.formula")))?;
        if formula["expression"].as_str().is_some_and(|text| text.chars().count() > 255) {
            return Err(Refusal::too_long(255, "expression", &format!("{path}.formula.expression")));
        }
        field.more.insert("formula".into(), formula.clone());
    }
    if let Some(tooltip) = given.get("tooltip").filter(|tooltip| !tooltip.is_null()) {
        let path = format!("{path}.tooltip");
        let value = tooltip["value"].as_str().ok_or_else(|| Refusal::mandatory("value", &format!("{path}.value")))?;
        if !matches!(tooltip["name"].as_str(), Some("static_text" | "info_icon")) {
            return Err(Refusal::invalid("name", &format!("{path}.name")));
        }
        if value.chars().count() > TOOLTIP_LENGTH_MAX as usize {
            return Err(Refusal::too_long(TOOLTIP_LENGTH_MAX, "value", &format!("{path}.value")));
        }
        field.more.insert("tooltip".into(), tooltip.clone());
    }
    for name in ["profiles", "currency", "crypt", "private", "filterable"] {
        if let Some(value) = given.get(name).filter(|value| !value.is_null()) {
            field.more.insert(name.into(), value.clone());
        }
    }
    Ok(())
}

fn save(desk: &Desk, module: Module, field: &Field, new: bool) -> Result<(), Refusal> {
    settings::touch(desk, module)?;
    let choices = json!(field.values).to_string();
    let (kind, show) = field.external.as_ref().map_or((None, true), |(kind, show)| (Some(kind.as_str()), *show));
    let text = if new {
        "INSERT INTO zoho_crm_field (id, org, module, api_name, label, data_type, length, is_unique, case_sensitive, external, shown, choices, target, more)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    } else {
        "UPDATE zoho_crm_field SET api_name = ?4, label = ?5, data_type = ?6, length = ?7, is_unique = ?8, case_sensitive = ?9, external = ?10,
         shown = ?11, choices = ?12, target = ?13, more = ?14 WHERE id = ?1 AND org = ?2 AND module = ?3"
    };
    desk.connection.prepare_cached(text)?.execute(rusqlite::params![
        field.id,
        desk.org.id,
        module as i64,
        field.api_name,
        field.label,
        field.kind.data_type(),
        field.length,
        field.unique.is_some(),
        field.unique.is_some_and(|unique| unique.case_sensitive),
        kind,
        show,
        choices,
        field.to.map(|to| to as i64),
        Value::Object(field.more.clone()).to_string()
    ])?;
    Ok(())
}

fn custom<'a>(fields: &'a Fields, id: &str) -> Result<&'a Field, Refusal> {
    fields.custom.iter().find(|field| field.id.to_string() == id).ok_or_else(|| Refusal::unknown_id(id))
}

/// `PATCH /settings/fields/{id}?module=`, and without an id, of many.
pub fn update(desk: &Desk, module: Module, id: Option<&str>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let given = body.get("fields").and_then(Value::as_array).ok_or_else(|| Refusal::mandatory("fields", "$.fields"))?;
    if given.len() > FIELDS_MAX || id.is_some() && given.len() != 1 {
        return Err(Refusal::too_long(if id.is_some() { 1 } else { FIELDS_MAX as u32 }, "fields", "$.fields"));
    }
    let mut answers = Vec::with_capacity(given.len());
    for (at, sent) in given.iter().enumerate() {
        let path = format!("$.fields[{at}]");
        answers.push(match desk.row(|| change(desk, module, id, sent, &path)) {
            Ok(id) => done("field updated", json!({"id": id.to_string()})),
            Err(refusal) if refusal.status == 500 => return Err(refusal),
            Err(refusal) => refusal.json(),
        });
    }
    Ok(rows("fields", answers, 200, 400))
}

fn change(desk: &Desk, module: Module, id: Option<&str>, sent: &Value, path: &str) -> Result<i64, Refusal> {
    let sent = sent.as_object().ok_or_else(|| Refusal::expected("jsonobject", "fields", path))?;
    let id = match id {
        Some(id) => id,
        None => sent.get("id").and_then(Value::as_str).ok_or_else(|| Refusal::mandatory("id", &format!("{path}.id")))?,
    };
    let fields = desk.fields(module)?;
    let was = custom(&fields, id)?;
    let mut field = was.clone();
    if let Some(label) = label_of(sent, path)? {
        free(&fields, label, field.id, path)?;
        field.label = Cow::Owned(label.to_owned());
    }
    if sent.get("data_type").and_then(Value::as_str).is_some_and(|kind| kind != field.kind.data_type()) {
        return Err(Refusal::invalid("data_type", &format!("{path}.data_type")));
    }
    // What is not sent stays as it is, so it is put beside what is sent.
    let mut whole = field.more.clone();
    if matches!(field.kind, Kind::Picklist | Kind::MultiPicklist) {
        whole.insert("pick_list_values".into(), field.values.iter().map(|value| json!({"display_value": value})).collect());
    }
    if let Some(to) = field.to {
        whole.insert("lookup".into(), json!({"module": {"api_name": to.api_name()}}));
    }
    whole.extend(sent.iter().map(|(name, value)| (name.clone(), value.clone())));
    options(&mut field, &whole, path)?;
    if field.length < was.length {
        return Err(Refusal::invalid("length", &format!("{path}.length")));
    }
    save(desk, module, &field, false)?;
    if was.unique.is_none() && was.external.is_none() && field.is_indexed(module) && !record::index_field(desk, module, &field)? {
        let details = json!({"api_name": "unique", "json_path": format!("{path}.unique")});
        return Err(Refusal::new("DUPLICATE_DATA", "duplicate data", details));
    }
    Ok(field.id)
}

/// `DELETE /settings/fields/{id}?module=`: values go with the field.
pub fn delete(desk: &Desk, module: Module, id: &str) -> Result<Answer, Refusal> {
    let fields = desk.fields(module)?;
    let field = custom(&fields, id)?;
    let path = format!("$.\"{}\"", field.api_name);
    let used: bool = desk.connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM zoho_crm_record WHERE org = ?1 AND module = ?2 AND json_extract(data, ?3) IS NOT NULL)",
        (desk.org.id, module as i64, path),
        |row| row.get(0),
    )?;
    if used {
        return Err(Refusal::new("NOT_ALLOWED", "the field is in use", json!({"id": id})));
    }
    settings::touch(desk, module)?;
    desk.connection.execute("DELETE FROM zoho_crm_field WHERE id = ?1", [field.id])?;
    desk.connection.execute(
        "DELETE FROM zoho_crm_value WHERE org = ?1 AND module = ?2 AND field = ?3",
        (desk.org.id, module as i64, &*field.api_name),
    )?;
    Ok(Answer::json(200, &json!({"fields": [done("field deleted", json!({"id": id}))]})))
}
