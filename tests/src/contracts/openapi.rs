//! An OpenAPI document, read into operations and schemas.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::schema::{Schema, Schemas};

const METHODS: [&str; 4] = ["get", "put", "post", "delete"];

pub struct Document {
    pub operations: Vec<Operation>,
    pub schemas: Schemas,
}

pub struct Operation {
    pub method: String,
    /// `/Invoices/{InvoiceID}`.
    pub template: String,
    pub query: BTreeMap<String, Parameter>,
    /// By lower-case name.
    pub headers: BTreeMap<String, Parameter>,
    path: BTreeMap<String, Schema>,
    /// By content type.
    pub body: BTreeMap<String, Schema>,
    /// By status, then by content type.
    pub answers: BTreeMap<String, BTreeMap<String, Schema>>,
    /// What reading the same path answers.
    read: Option<Schema>,
    pub scopes: Vec<String>,
}

pub struct Parameter {
    pub schema: Schema,
    pub required: bool,
}

impl Document {
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    pub fn parse(text: &str) -> Result<Self, serde_saphyr::Error> {
        let whole: Value = serde_saphyr::from_str(text)?;
        let mut operations = Vec::new();
        for (template, methods) in whole["paths"].as_object().into_iter().flatten() {
            for method in METHODS.iter().filter(|method| methods[*method].is_object()) {
                operations.push(Operation::read(&whole, template, method, methods));
            }
        }
        let schemas = whole["components"]["schemas"].as_object().into_iter().flatten();
        Ok(Self { operations, schemas: schemas.map(|(name, schema)| (name.clone(), Schema::read(schema))).collect() })
    }

    /// The operation that a path means: the one with the most parts spelled out, and ids before names.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let known = self.operations.iter().filter(|operation| operation.method == method);
        known.filter_map(|operation| Some((operation.fits(path)?, operation))).max_by_key(|(fit, _)| *fit).map(|(_, known)| known)
    }

    pub fn knows_path(&self, path: &str) -> bool {
        self.operations.iter().any(|operation| operation.fits(path).is_some())
    }
}

impl Operation {
    fn read(whole: &Value, template: &str, method: &str, methods: &Value) -> Self {
        let from = &methods[method];
        let (mut query, mut headers, mut path) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let parameters = [&methods["parameters"], &from["parameters"]];
        for parameter in parameters.into_iter().flat_map(|list| list.as_array().into_iter().flatten()) {
            let parameter = resolved(whole, parameter);
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            let schema = Schema::read(&parameter["schema"]);
            let required = parameter["required"] == true;
            match parameter["in"].as_str() {
                Some("query") => drop(query.insert(name, Parameter { schema, required })),
                Some("header") => drop(headers.insert(name.to_lowercase(), Parameter { schema, required })),
                _ => drop(path.insert(name, schema)),
            }
        }
        let answers = from["responses"].as_object().into_iter().flatten();
        let read = content(resolved(whole, &methods["get"]["responses"]["200"])).remove("application/json");
        let security = from["security"].as_array().into_iter().flatten();
        let scopes = security.flat_map(|way| way.as_object().into_iter().flatten()).flat_map(|(_, scopes)| scopes.as_array());
        Self {
            method: method.to_uppercase(),
            template: template.to_owned(),
            query,
            headers,
            path,
            body: content(resolved(whole, &from["requestBody"])),
            answers: answers.map(|(status, answer)| (status.clone(), content(resolved(whole, answer)))).collect(),
            read,
            scopes: scopes.flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    /// The fields of the records that are written: as they are answered, or as they are read where nothing is answered.
    pub fn record_fields<'a>(&'a self, schemas: &'a Schemas) -> Vec<&'a str> {
        let answered = self.answers.get("200").and_then(|kinds| kinds.get("application/json"));
        answered.or(self.read.as_ref()).map(|schema| schema.element_fields(schemas)).unwrap_or_default()
    }

    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    /// How well a path fits: parts that are spelled out, then parts that are ids where ids are wanted. None: not at all.
    fn fits(&self, path: &str) -> Option<(usize, usize)> {
        let (mut known, mut given) = (self.template.split('/'), path.split('/'));
        let (mut literal, mut ids) = (0, 0);
        loop {
            match (known.next(), given.next()) {
                (None, None) => return Some((literal, ids)),
                (Some(known), Some(given)) if known.starts_with('{') && !given.is_empty() => {
                    let wants_id = self.path.get(known.trim_matches(['{', '}'])).is_some_and(Schema::is_uuid);
                    ids += usize::from(wants_id == uuid::Uuid::parse_str(given).is_ok());
                }
                (Some(known), Some(given)) if known.eq_ignore_ascii_case(given) => literal += 1,
                _ => return None,
            }
        }
    }

    /// The parts of a path that are not as their parameter says: `{InvoiceID} is no uuid`.
    pub fn wrong_parts(&self, path: &str) -> Vec<String> {
        let parts = self.template.split('/').zip(path.split('/'));
        parts
            .filter_map(|(known, given)| {
                let schema = self.path.get(known.strip_prefix('{')?.strip_suffix('}')?)?;
                Some(format!("{known} {}", schema.check_text(given)?))
            })
            .collect()
    }
}

fn resolved<'a>(whole: &'a Value, part: &'a Value) -> &'a Value {
    match part["$ref"].as_str().and_then(|address| address.strip_prefix('#')) {
        Some(pointer) => whole.pointer(pointer).unwrap_or(&Value::Null),
        None => part,
    }
}

fn content(from: &Value) -> BTreeMap<String, Schema> {
    let kinds = from["content"].as_object().into_iter().flatten();
    kinds.map(|(kind, content)| (kind.clone(), Schema::read(&content["schema"]))).collect()
}
