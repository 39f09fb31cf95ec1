//! The part of JSON Schema that Xero's OpenAPI uses, and what of a JSON value is not as it says.

use std::collections::BTreeMap;

use serde_json::Value;

/// Named schemas of a document.
pub type Schemas = BTreeMap<String, Schema>;

#[derive(Debug, Clone, Default)]
pub struct Schema {
    refers_to: Option<String>,
    kind: String,
    format: String,
    ms_date: bool,
    read_only: bool,
    length_max: Option<usize>,
    allowed: Vec<String>,
    required: Vec<String>,
    fields: BTreeMap<String, Schema>,
    element: Option<Box<Schema>>,
}

/// Which way a body goes: read-only fields may not be sent, and dates are written in another form than they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Sent,
    Answered,
}

impl Schema {
    pub fn read(from: &Value) -> Self {
        let text = |name: &str| from[name].as_str().unwrap_or_default().to_owned();
        let texts = |name: &str| from[name].as_array().into_iter().flatten().map(plain).collect();
        Self {
            refers_to: from["$ref"].as_str().and_then(|address| address.rsplit('/').next()).map(str::to_owned),
            kind: match text("type") {
                kind if kind.is_empty() && from["properties"].is_object() => "object".into(),
                kind => kind,
            },
            format: text("format"),
            ms_date: from["x-is-msdate"] == true || from["x-is-msdate-time"] == true,
            read_only: from["readOnly"] == true,
            length_max: from["maxLength"].as_u64().and_then(|length| usize::try_from(length).ok()),
            allowed: texts("enum"),
            required: texts("required"),
            fields: from["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, field)| (name.clone(), Self::read(field)))
                .collect(),
            element: from["items"].is_object().then(|| Box::new(Self::read(&from["items"]))),
        }
    }

    /// Adds what is wrong, each as `path problem`.
    pub fn check(&self, value: &Value, way: Way, schemas: &Schemas, found: &mut Vec<String>) {
        self.look(value, "", way, schemas, found);
    }

    fn look(&self, value: &Value, path: &str, way: Way, schemas: &Schemas, found: &mut Vec<String>) {
        if let Some(name) = &self.refers_to {
            match schemas.get(name) {
                Some(schema) => schema.look(value, path, way, schemas, found),
                None => found.push(format!("{path} refers to {name}, which is not in the document")),
            }
            return;
        }
        let at = if path.is_empty() { "body" } else { path };
        let mut wrong = |problem: String| found.push(format!("{at} {problem}"));
        match (self.kind.as_str(), value) {
            ("" | "object", Value::Object(fields)) => {
                for name in self.required.iter().filter(|name| !fields.contains_key(*name)) {
                    wrong(format!("lacks {name}"));
                }
                for (name, value) in fields {
                    let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    match self.fields.get(name) {
                        // An object without declared fields may have any.
                        None if self.fields.is_empty() => {}
                        None => found.push(format!("{path} unknown")),
                        Some(field) if way == Way::Sent && field.read_only => found.push(format!("{path} read-only")),
                        Some(field) => field.look(value, &path, way, schemas, found),
                    }
                }
            }
            ("array", Value::Array(elements)) => {
                let path = format!("{path}[]");
                for element in elements {
                    if let Some(schema) = &self.element {
                        schema.look(element, &path, way, schemas, found);
                    }
                }
            }
            ("string", Value::String(text)) => {
                if let Some(problem) = self.wrong_text(text, way) {
                    wrong(problem);
                }
            }
            ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) | ("", _) => {}
            ("integer", Value::Number(number)) if !number.to_string().contains(['.', 'e', 'E']) => {}
            (kind, value) => wrong(format!("is {}, not {kind}", kind_of(value))),
        }
    }

    fn wrong_text(&self, text: &str, way: Way) -> Option<String> {
        if !self.allowed.is_empty() && !self.allowed.iter().any(|allowed| allowed == text) {
            // Only a word is part of the key, so that it is the same in every run.
            let word = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            return Some(if word { format!("cannot be {text:?}") } else { "is none of its values".to_owned() });
        }
        if self.length_max.is_some_and(|length_max| text.chars().count() > length_max) {
            return Some("too long".into());
        }
        if self.format == "uuid" && uuid::Uuid::parse_str(text).is_err() {
            return Some("is no uuid".into());
        }
        let right = match (self.ms_date, way) {
            (false, _) => true,
            (true, Way::Answered) => is_ms_date(text),
            (true, Way::Sent) => is_ms_date(text) || is_calendar_date(text),
        };
        (!right).then(|| "is no date as Xero has it".into())
    }

    /// For a parameter, which arrives as text.
    pub fn check_text(&self, text: &str) -> Option<String> {
        let right = match self.kind.as_str() {
            "integer" => text.parse::<i64>().is_ok(),
            "number" => text.parse::<f64>().is_ok(),
            "boolean" => matches!(text, "true" | "false"),
            _ => return self.wrong_text(text, Way::Sent),
        };
        (!right).then(|| format!("is no {}", self.kind))
    }

    /// The fields of the elements of the first list in an object: of an invoice, in a schema of invoices.
    pub fn element_fields<'a>(&'a self, schemas: &'a Schemas) -> Vec<&'a str> {
        let list = self.resolved(schemas).fields.values().find_map(|field| field.resolved(schemas).element.as_deref());
        list.into_iter().flat_map(|element| element.resolved(schemas).fields.keys()).map(String::as_str).collect()
    }

    fn resolved<'a>(&'a self, schemas: &'a Schemas) -> &'a Self {
        self.refers_to.as_ref().and_then(|name| schemas.get(name)).unwrap_or(self)
    }

    pub fn is_uuid(&self) -> bool {
        self.format == "uuid"
    }
}

/// `/Date(1539993600000+0000)/`.
fn is_ms_date(text: &str) -> bool {
    text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")).is_some_and(|inside| {
        let (ms, zone) = inside.split_at(inside.rfind(['+', '-']).filter(|at| *at > 0).unwrap_or(inside.len()));
        ms.parse::<i64>().is_ok() && (zone.is_empty() || zone.len() == 5)
    })
}

/// `2018-10-20`, with or without a time.
fn is_calendar_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10
        && bytes[..10].iter().enumerate().all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
        && (bytes.len() == 10 || bytes[10] == b'T')
}

pub fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Enumerations may be of texts or of numbers.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(schema: Value, value: &Value, way: Way) -> Vec<String> {
        let schemas = [("Colour".to_owned(), Schema::read(&json!({"type": "string", "enum": ["RED", "BLUE"]})))].into();
        let mut found = Vec::new();
        Schema::read(&schema).check(value, way, &schemas, &mut found);
        found
    }

    #[test]
    fn every_kind_of_difference_is_found() {
        let schema = json!({"type": "object", "required": ["Name"], "properties": {
            "Name": {"type": "string", "maxLength": 5},
            "Id": {"type": "string", "format": "uuid"},
            "Total": {"type": "number"},
            "Count": {"type": "integer"},
            "Colour": {"$ref": "#/components/schemas/Colour"},
            "Hue": {"$ref": "#/components/schemas/Colour"},
            "On": {"type": "string", "x-is-msdate": true},
            "Balance": {"type": "number", "readOnly": true},
            "Lines": {"type": "array", "items": {"properties": {"Text": {"type": "string"}}}},
        }});
        let good = json!({"Name": "Ada", "Id": "0d1c9a1e-52b4-4f0e-8a44-0c0ffee00101", "Total": 1.50, "Count": 2, "Colour": "RED",
                          "On": "/Date(1539993600000+0000)/", "Balance": 3, "Lines": [{"Text": "a"}]});
        assert!(found(schema.clone(), &good, Way::Answered).is_empty());
        let bad = json!({"Id": "7", "Total": "1.50", "Count": 2.5, "Colour": "GREEN", "Hue": "dark 7", "On": "2018-10-20", "Lines": [{"Words": "a"}],
                         "Extra": null});
        let expected = [
            "body lacks Name",
            "Colour cannot be \"GREEN\"",
            "Count is number, not integer",
            "Extra unknown",
            "Hue is none of its values",
            "Id is no uuid",
            "Lines[].Words unknown",
            "On is no date as Xero has it",
            "Total is string, not number",
        ];
        let mut seen = found(schema.clone(), &bad, Way::Answered);
        seen.sort();
        let mut expected = expected.map(str::to_owned).to_vec();
        expected.sort();
        assert_eq!(seen, expected);
        assert_eq!(found(schema.clone(), &json!({"Name": "Adelaide"}), Way::Sent), ["Name too long"]);
        assert_eq!(found(schema, &json!({"Name": "Ada", "Balance": 1, "On": "2018-10-20"}), Way::Sent), ["Balance read-only"]);
    }

    #[test]
    fn dates_are_known_by_their_form() {
        assert!(is_ms_date("/Date(1539993600000)/") && is_ms_date("/Date(-86400000+0000)/") && !is_ms_date("/Date(soon)/"));
        assert!(is_calendar_date("2018-10-20T00:00:00") && !is_calendar_date("20 Oct 2018"));
    }
}
