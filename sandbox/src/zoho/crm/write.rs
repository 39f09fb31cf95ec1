//! Insert, update, upsert, delete: up to a hundred rows, each answered for itself.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal, done, rows};
use super::call::Call;
use super::desk::{Desk, Event, Happened, id_of};
use super::field::{Field, Fields, Kind};
use super::module::Module;
use super::record::{self, Record};
use super::show::Shower;
use super::{external, lines, value};
use crate::zoho::tables;

/// Rows of one call.
pub const ROWS_MAX: usize = 100;
/// Fields that an upsert may be told to look for.
const CHECK_FIELDS_MAX: usize = 10;
const TRIGGERS: [&str; 5] = ["workflow", "approval", "blueprint", "pathfinder", "orchestration"];

/// What was sent, and what holds for every row of it.
pub struct Batch<'a> {
    pub rows: &'a [Value],
    check: Vec<String>,
    /// The customer's workflows run: `trigger` was left out or names them.
    workflows: bool,
}

impl<'a> Batch<'a> {
    pub fn read(body: &'a Map<String, Value>) -> Result<Self, Refusal> {
        let data = body.get("data").ok_or_else(|| Refusal::mandatory("data", "$.data"))?;
        let rows = data.as_array().ok_or_else(|| Refusal::expected("jsonarray", "data", "$.data"))?;
        if rows.is_empty() {
            return Err(Refusal::mandatory("data", "$.data"));
        }
        if rows.len() > ROWS_MAX {
            return Err(Refusal::too_long(ROWS_MAX as u32, "data", "$.data"));
        }
        let workflows = match body.get("trigger") {
            None | Some(Value::Null) => true,
            Some(Value::Array(names)) => {
                if names.iter().any(|name| !name.as_str().is_some_and(|name| TRIGGERS.contains(&name))) {
                    return Err(Refusal::invalid("trigger", "$.trigger"));
                }
                names.iter().any(|name| name == "workflow")
            }
            Some(_) => return Err(Refusal::expected("jsonarray", "trigger", "$.trigger")),
        };
        let check = match body.get("duplicate_check_fields") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(names)) if names.len() > CHECK_FIELDS_MAX => {
                return Err(Refusal::too_long(CHECK_FIELDS_MAX as u32, "duplicate_check_fields", "$.duplicate_check_fields"));
            }
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(_) => return Err(Refusal::expected("jsonarray", "duplicate_check_fields", "$.duplicate_check_fields")),
        };
        Ok(Self { rows, check, workflows })
    }
}

/// One call's writer.
struct Writer<'a> {
    desk: &'a Desk<'a>,
    module: Module,
    fields: &'a Fields,
    workflows: bool,
}

/// `POST /{module}`.
pub fn insert(desk: &Desk, module: Module, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let batch = Batch::read(body)?;
    let fields = desk.fields(module)?;
    let writer = Writer { desk, module, fields: &fields, workflows: batch.workflows };
    let answers = batch
        .rows
        .iter()
        .enumerate()
        .map(|(at, row)| writer.row(row, at, |row, path| Ok(done("record added", writer.store(None, row, path)?))));
    Ok(rows("data", answers.collect::<Result<_, _>>()?, 201, desk.all_refused()))
}

/// `PUT /{module}` and, with an id, `PUT /{module}/{id}`.
pub fn update(call: &Call, desk: &Desk, module: Module, id: Option<&str>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let batch = Batch::read(body)?;
    let fields = desk.fields(module)?;
    let writer = Writer { desk, module, fields: &fields, workflows: batch.workflows };
    let since = unmodified_since(call, desk)?;
    if id.is_some() && batch.rows.len() > 1 {
        return Err(Refusal::too_long(1, "data", "$.data"));
    }
    let mut stale = false;
    let mut answers = Vec::with_capacity(batch.rows.len());
    for (at, row) in batch.rows.iter().enumerate() {
        answers.push(writer.row(row, at, |row, path| {
            let was = writer.named(id, row, path)?;
            if since.is_some_and(|since| was.modified > since) {
                stale = true;
                return Err(writer.already_modified(&was));
            }
            Ok(done("record updated", writer.store(Some(was), row, path)?))
        })?);
    }
    let refused = if stale { 412 } else { desk.all_refused() };
    Ok(rows("data", answers, 200, refused))
}

/// `POST /{module}/upsert`.
pub fn upsert(desk: &Desk, module: Module, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let batch = Batch::read(body)?;
    let fields = desk.fields(module)?;
    let writer = Writer { desk, module, fields: &fields, workflows: batch.workflows };
    let check = writer.checked(&batch.check)?;
    let answers = batch.rows.iter().enumerate().map(|(at, row)| {
        writer.row(row, at, |row, path| {
            let (was, by) = writer.matching(&check, row, path)?;
            let (message, action) = if was.is_some() { ("record updated", "update") } else { ("record added", "insert") };
            let mut answer = done(message, writer.store(was, row, path)?);
            answer["action"] = action.into();
            answer["duplicate_field"] = by.into();
            Ok(answer)
        })
    });
    Ok(rows("data", answers.collect::<Result<_, _>>()?, 200, desk.all_refused()))
}

/// One row of a bulk write, which wakes no workflow; whether it was added, and its id.
pub fn one_of_many(
    desk: &Desk,
    module: Module,
    fields: &Fields,
    row: &Map<String, Value>,
    operation: &str,
    find_by: Option<&str>,
) -> Result<(bool, String), Refusal> {
    let writer = Writer { desk, module, fields, workflows: false };
    let was = match (operation, find_by) {
        ("insert", _) => None,
        (_, Some("id")) if row.contains_key("id") => Some(writer.named(None, row, "$")?),
        (_, Some(name)) => {
            let field = fields.named(name).ok_or_else(|| Refusal::invalid(name, "$"))?;
            writer.matching(&[field], row, "$")?.0
        }
        (_, None) => None,
    };
    if was.is_none() && operation == "update" {
        return Err(Refusal::unknown_id(""));
    }
    let added = was.is_none();
    let details = writer.store(was, row, "$")?;
    Ok((added, details["id"].as_str().unwrap_or_default().to_owned()))
}

/// `DELETE /{module}?ids=` and `DELETE /{module}/{id}`.
pub fn delete(desk: &Desk, module: Module, ids: &[&str]) -> Result<Answer, Refusal> {
    if ids.len() > ROWS_MAX {
        return Err(Refusal::new("LIMIT_EXCEEDED", "limit exceeded", json!({"limit": ROWS_MAX, "param_name": "ids"})));
    }
    let mut answers = Vec::with_capacity(ids.len());
    for named in ids {
        let id = external::id(desk, module, named)?;
        let gone = match id {
            Some(id) => record::remove(desk, module, id)?,
            None => false,
        };
        answers.push(match id {
            Some(id) if gone => {
                let values = json!({"Modified_By": desk.org.me().json(), "Record_Status__s": 0});
                note(desk, module, Happened::Delete, id, values);
                done("record deleted", json!({"id": id.to_string()}))
            }
            _ => Refusal::unknown_id(named).json(),
        });
    }
    Ok(rows("data", answers, 200, desk.all_refused()))
}

fn note(desk: &Desk, module: Module, happened: Happened, id: i64, values: Value) {
    let Value::Object(values) = values else { return };
    if !desk.watched {
        return;
    }
    desk.events.borrow_mut().push(Event { module, happened, id, values });
}

/// The hour after which a change by somebody else makes this write stale.
fn unmodified_since(call: &Call, desk: &Desk) -> Result<Option<i64>, Refusal> {
    let mut headers = vec!["if-unmodified-since"];
    if desk.on("zoho.crm_if_modified_since_guards_writes") {
        headers.push("if-modified-since");
    }
    match headers.into_iter().find_map(|name| call.header(name)) {
        Some(text) => {
            Ok(Some(crate::zoho::time::parse_stamp(text).ok_or_else(|| Refusal::param_invalid("If-Unmodified-Since"))?))
        }
        None => Ok(None),
    }
}

impl Writer<'_> {
    /// Runs one row; its refusal is its answer, unless the store itself failed.
    fn row(
        &self,
        row: &Value,
        at: usize,
        work: impl FnOnce(&Map<String, Value>, &str) -> Result<Value, Refusal>,
    ) -> Result<Value, Refusal> {
        let path = format!("$.data[{at}]");
        let outcome = match row.as_object() {
            Some(row) => self.desk.row(|| work(row, &path)),
            None => Err(Refusal::expected("jsonobject", "data", &path)),
        };
        match outcome {
            Err(refusal) if refusal.status == 500 => Err(refusal),
            Err(refusal) => Ok(refusal.json()),
            Ok(answer) => Ok(answer),
        }
    }

    /// The record that an update is about.
    fn named(&self, id: Option<&str>, row: &Map<String, Value>, path: &str) -> Result<Record, Refusal> {
        let desk = self.desk;
        let unknown = |given: &str| {
            Refusal::new(
                "INVALID_DATA",
                "the id given seems to be invalid",
                json!({"id": given, "api_name": "id", "json_path": format!("{path}.id")}),
            )
        };
        let (id, given) = match (id, desk.external.of_records(self.module)) {
            (Some(id), _) => (external::id(desk, self.module, id)?, id.to_owned()),
            (None, Some(field)) if row.contains_key(field) && !row.contains_key("id") => {
                let text = row[field].as_str().unwrap_or_default().to_owned();
                let found = external::need(desk, self.module, field, &text, &format!("{path}.{field}"))?;
                (Some(found), text)
            }
            (None, _) => {
                let given = row.get("id").ok_or_else(|| Refusal::mandatory("id", &format!("{path}.id")))?;
                (id_of(given), given.as_str().map_or_else(|| given.to_string(), str::to_owned))
            }
        };
        let id = id.ok_or_else(|| unknown(&given))?;
        record::read(desk, self.module, id)?.ok_or_else(|| unknown(&given))
    }

    fn already_modified(&self, record: &Record) -> Refusal {
        let by = self.desk.org.person(record.modified_by).map_or(Value::Null, |user| user.json());
        let details =
            json!({"id": record.id.to_string(), "Modified_Time": self.desk.org.stamp(record.modified), "Modified_By": by});
        Refusal::new("ALREADY_MODIFIED", "the record has been modified already", details).at(412)
    }

    /// The fields that an upsert looks for, in their order.
    fn checked(&self, names: &[String]) -> Result<Vec<&Field>, Refusal> {
        if names.is_empty() {
            let system = self.module.duplicate_check_field();
            let unique = self
                .fields
                .all()
                .map(|(_, field)| field)
                .filter(|field| (field.unique.is_some() || field.external.is_some()) && field.api_name != system);
            let by_header = self.desk.external.of_records(self.module).and_then(|name| self.fields.named(name));
            return Ok(by_header.into_iter().chain(unique).chain(self.fields.named(system)).collect());
        }
        names
            .iter()
            .enumerate()
            .map(|(at, name)| {
                let path = format!("$.duplicate_check_fields[{at}]");
                self.fields.named(name).filter(|field| field.is_indexed(self.module)).ok_or_else(|| Refusal::invalid(name, &path))
            })
            .collect()
    }

    /// The record that an upsert updates, and the field that found it.
    fn matching(
        &self,
        check: &[&Field],
        row: &Map<String, Value>,
        path: &str,
    ) -> Result<(Option<Record>, Option<String>), Refusal> {
        if row.contains_key("id") {
            return Ok((Some(self.named(None, row, path)?), None));
        }
        for field in check {
            let Some(text) = row.get(&*field.api_name).and_then(text_of).filter(|text| !text.is_empty()) else { continue };
            let found = self.found(field, &text)?;
            match found.as_slice() {
                [] => {}
                [id] => return Ok((record::read(self.desk, self.module, *id)?, Some(field.api_name.clone().into_owned()))),
                [id, ..] => return Err(self.duplicate(field, *id, path)?),
            }
        }
        Ok((None, None))
    }

    fn found(&self, field: &Field, text: &str) -> Result<Vec<i64>, Refusal> {
        record::find(self.desk, self.module, field, text)
    }

    /// Writes one row; answers `details`.
    fn store(&self, was: Option<Record>, row: &Map<String, Value>, path: &str) -> Result<Value, Refusal> {
        let (desk, module) = (self.desk, self.module);
        let new = was.is_none();
        let mut record = match was {
            Some(record) => record,
            None => Record::new(desk)?,
        };
        let mut changed = self.take_values(&mut record, row, path)?;
        if new {
            self.complete(&mut record, path)?;
        }
        if module.lines().is_some_and(|(_, rows)| rows != Module::PricingDetails) {
            lines::totals(&mut record);
        }
        self.refuse_duplicates(&record, new, row, path)?;
        record.modified = desk.now.timestamp();
        record.modified_by = desk.org.me().id;
        if self.workflows && desk.on("zoho.crm_customer_workflow") && self.fields.named("Description").is_some() {
            record.data.insert("Description".into(), "Set by a workflow of the customer".into());
            changed.push("Description".into());
        }
        record::save(desk, module, self.fields, &mut record, new)?;
        self.tags(&record)?;
        self.tell(&record, new, &changed)?;
        let mut details = json!({
            "id": record.id.to_string(), "Created_Time": desk.org.stamp(record.created), "Modified_Time": desk.org.stamp(record.modified),
            "Created_By": by(desk, record.created_by), "Modified_By": by(desk, record.modified_by), "$approval_state": "approved",
        });
        if let Some(field) = desk.external.of_records(module) {
            details[field] = record.data.get(field).cloned().unwrap_or_default();
        }
        Ok(details)
    }

    /// Takes what was sent into the record; the names of what changed.
    fn take_values(&self, record: &mut Record, row: &Map<String, Value>, path: &str) -> Result<Vec<String>, Refusal> {
        let (desk, module) = (self.desk, self.module);
        let mut changed = Vec::new();
        for (name, sent) in row {
            if name == "id" || name.starts_with('$') || name == "Layout" {
                continue;
            }
            let path = format!("{path}.{name}");
            let Some(field) = self.fields.named(name) else {
                if desk.on("zoho.crm_unknown_fields_are_ignored") {
                    continue;
                }
                return Err(Refusal::invalid(name, &path));
            };
            if field.read_only {
                continue;
            }
            match field.kind {
                Kind::Subform => {
                    let rows = field.to.ok_or_else(|| Refusal::invalid(name, &path))?;
                    record.lines = Some(lines::apply(desk, module, rows, record.lines.as_deref(), sent, &path)?);
                    if field.mandatory && record.lines.as_ref().is_some_and(Vec::is_empty) {
                        return Err(Refusal::mandatory(name, &path));
                    }
                }
                Kind::Parent => record.parent = Some(value::parent(desk, sent, &path)?),
                _ => {
                    let good = value::check(desk, field, sent, &[module.api_name(), name], &path)?;
                    if good.is_null() && field.mandatory {
                        return Err(Refusal::mandatory(name, &path));
                    }
                    if name == "Owner" {
                        record.owner = id_of(&good["id"]).unwrap_or(record.owner);
                    } else if good.is_null() {
                        record.data.remove(name);
                    } else {
                        record.data.insert(name.clone(), good);
                    }
                }
            }
            changed.push(name.clone());
        }
        Ok(changed)
    }

    /// Mandatory fields, numbers and defaults of a new record.
    fn complete(&self, record: &mut Record, path: &str) -> Result<(), Refusal> {
        for (_, field) in self.fields.all().filter(|(_, field)| field.mandatory) {
            let there = match field.kind {
                Kind::Subform => record.lines.is_some(),
                Kind::Parent => record.parent.is_some(),
                _ => record.data.contains_key(&*field.api_name),
            };
            if !there {
                return Err(Refusal::mandatory(&field.api_name, &format!("{path}.{}", field.api_name)));
            }
        }
        let (desk, module) = (self.desk, self.module);
        for (_, field) in self.fields.all().filter(|(_, field)| field.kind == Kind::Autonumber) {
            let number =
                tables::take(desk.connection, &format!("crm {} {} {}", desk.org.id, module.api_name(), field.api_name), 1)?;
            record.data.insert(field.api_name.clone().into_owned(), number.to_string().into());
        }
        if desk.org.multi_currency && self.fields.named("Currency").is_some() {
            record.data.entry("Currency").or_insert_with(|| desk.org.currency.clone().into());
            record.data.entry("Exchange_Rate").or_insert_with(|| 1.into());
        }
        if module == Module::Products {
            record.data.entry("Product_Active").or_insert_with(|| true.into());
        }
        Ok(())
    }

    fn refuse_duplicates(&self, record: &Record, new: bool, row: &Map<String, Value>, path: &str) -> Result<(), Refusal> {
        for (_, field) in self.fields.all().filter(|(_, field)| field.unique.is_some() || field.external.is_some()) {
            if !new && !row.contains_key(&*field.api_name) {
                continue;
            }
            let Some(text) = record::indexed(record, field) else { continue };
            if let Some(other) = self.found(field, &text)?.into_iter().find(|other| *other != record.id) {
                return Err(self.duplicate(field, other, path)?);
            }
        }
        Ok(())
    }

    /// DUPLICATE_DATA with the record that was there first.
    fn duplicate(&self, field: &Field, other: i64, path: &str) -> Result<Refusal, Refusal> {
        let desk = self.desk;
        let owner = record::read(desk, self.module, other)?.map_or(Value::Null, |other| by(desk, other.owner));
        let details = json!({
            "api_name": field.api_name, "json_path": format!("{path}.{}", field.api_name),
            "duplicate_record": {"id": other.to_string(), "Owner": owner, "module": desk.org.module_json(self.module)},
        });
        let message = if field.external.is_some() { "The external field contains duplicate data." } else { "duplicate data" };
        Ok(Refusal::new("DUPLICATE_DATA", message, details))
    }

    /// Tags that a record names exist from then on.
    fn tags(&self, record: &Record) -> Result<(), Refusal> {
        let Some(Value::Array(tags)) = record.data.get("Tag") else { return Ok(()) };
        let names: Vec<&str> = tags.iter().filter_map(|tag| tag["name"].as_str()).collect();
        super::tags::ensure(self.desk, self.module, &names)
    }

    fn tell(&self, record: &Record, new: bool, changed: &[String]) -> Result<(), Refusal> {
        if !self.desk.watched {
            return Ok(());
        }
        let fields: Vec<&Field> = changed.iter().filter_map(|name| self.fields.named(name)).collect();
        let mut shower = Shower::new(self.desk);
        let mut values = Map::new();
        for field in fields.into_iter().filter(|field| field.kind != Kind::Subform) {
            values.insert(field.api_name.clone().into_owned(), shower.value(record, field)?);
        }
        let happened = if new { Happened::Insert } else { Happened::Update };
        note(self.desk, self.module, happened, record.id, values.into());
        Ok(())
    }
}

fn by(desk: &Desk, user: i64) -> Value {
    desk.org.person(user).map_or(Value::Null, |user| json!({"name": user.name(), "id": user.id.to_string()}))
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
