//! Writes one row: takes its values, completes it, refuses what is there already, saves it and tells of it.

use serde_json::{Map, Value, json};

use super::answer::Refusal;
use super::desk::{Desk, Event, Happened, id_of};
use super::field::{Field, Fields, Kind};
use super::module::Module;
use super::record::{self, Record};
use super::show::Shower;
use super::{external, lines, value};
use crate::zoho::tables;

/// One call's writer.
pub struct Writer<'a> {
    pub desk: &'a Desk<'a>,
    pub module: Module,
    pub fields: &'a Fields,
    /// The customer's workflows run.
    pub workflows: bool,
}

impl Writer<'_> {
    /// Runs one row; its refusal is its answer, unless the store itself failed.
    pub fn row(
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
    pub fn named(&self, id: Option<&str>, row: &Map<String, Value>, path: &str) -> Result<Record, Refusal> {
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

    pub fn already_modified(&self, record: &Record) -> Refusal {
        let by = self.desk.org.person(record.modified_by).map_or(Value::Null, |user| user.json());
        let details =
            json!({"id": record.id.to_string(), "Modified_Time": self.desk.org.stamp(record.modified), "Modified_By": by});
        Refusal::new("ALREADY_MODIFIED", "the record has been modified already", details).at(412)
    }

    /// The fields that an upsert looks for, in their order.
    pub fn checked(&self, names: &[String]) -> Result<Vec<&Field>, Refusal> {
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
    pub fn matching(
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
    pub fn store(&self, was: Option<Record>, row: &Map<String, Value>, path: &str) -> Result<Value, Refusal> {
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

/// An event for the channels, if anybody listens.
pub fn note(desk: &Desk, module: Module, happened: Happened, id: i64, values: Value) {
    let Value::Object(values) = values else { return };
    if !desk.watched {
        return;
    }
    desk.events.borrow_mut().push(Event { module, happened, id, values });
}
