//! Xero: the Accounting API and the connections of the identity service.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::Checked;
use super::openapi::{Document, Operation};
use super::recording::Exchange;
use super::schema::{Schemas, Way};

const ACCOUNTING: &str = "Xero Accounting";
const IDENTITY: &str = "Xero Identity";

pub struct Documents {
    accounting: Document,
    identity: Document,
    /// The scopes of new apps, which the OpenAPI does not name yet, by operation.
    granular: BTreeMap<String, BTreeSet<String>>,
    /// What answers have in the document's own examples: the envelope, dates as text, and other fields that no schema has.
    shown: BTreeSet<String>,
}

/// Refusals that no operation declares and that the pages on response codes, limits and request sizes describe for all of them.
const IN_PROSE: [u16; 10] = [400, 401, 403, 404, 412, 413, 414, 429, 500, 503];

impl Documents {
    pub fn read(folder: &Path) -> Self {
        let folder = folder.join("xero");
        Self {
            accounting: Document::read(&folder.join("xero_accounting.yaml")),
            identity: Document::read(&folder.join("xero-identity.yaml")),
            granular: granular(&folder.join("operations.md")),
            shown: shown(&folder.join("examples.json")),
        }
    }

    pub fn count(&self, known: &mut BTreeMap<String, usize>) {
        known.insert(ACCOUNTING.into(), self.accounting.operations.len());
        known.insert(IDENTITY.into(), self.identity.operations.len());
    }

    pub fn check(&self, exchange: &Exchange, scopes: &BTreeSet<String>, checked: &mut Checked) {
        let (document, title, path) = if let Some((_, path)) = exchange.path.split_once("/api.xro/2.0") {
            (&self.accounting, ACCOUNTING, path.to_owned())
        } else if let Some(path) = exchange.path.strip_prefix("/xero/api/connections") {
            (&self.identity, IDENTITY, format!("/Connections{path}"))
        } else {
            return checked.skip("Xero: pages and tokens of the sign-in (no document for machines)");
        };
        if exchange.fault && !exchange.is_ours() {
            return checked.skip("answers of faults");
        }
        let Some(operation) = document.operation(&exchange.method, &path) else {
            // Strangers may ask for anything; that it is answered would be a finding.
            if exchange.is_ours() || exchange.succeeded() {
                let known = if document.knows_path(&path) { "method" } else { "path" };
                checked.find([format!("xero {} {} {known} unknown", exchange.method, template_of(&path))]);
            }
            return;
        };
        let mut found = Vec::new();
        if exchange.is_ours() {
            self.check_request(exchange, operation, &path, scopes, document, &mut found);
        }
        let in_prose = IN_PROSE.contains(&exchange.status) && !operation.answers.contains_key(&exchange.status.to_string());
        if !exchange.fault && in_prose {
            checked.skip(&format!("Xero: answers {} (described for all operations together, on pages)", exchange.status));
            check_refusal(exchange, &mut found);
        } else if !exchange.fault {
            check_answer(exchange, operation, &document.schemas, &mut found);
            found.retain(|problem| !self.is_shown(problem));
        }
        if exchange.succeeded() {
            checked.cover(title, &operation.name());
        }
        let name = operation.name();
        checked.find(found.into_iter().map(|problem| format!("xero {name} {problem}")));
    }

    /// Whether something that no schema has is in an example: there, or in the example of the record that it is in.
    fn is_shown(&self, problem: &str) -> bool {
        let Some(path) = problem.strip_prefix("answer ").and_then(|rest| rest.strip_suffix(" unknown")) else { return false };
        let path = path.strip_prefix("400 ").unwrap_or(path);
        let mut rest = path;
        loop {
            if self.shown.contains(rest) {
                return true;
            }
            match rest.split_once('.') {
                Some((_, inner)) if inner.contains('.') => rest = inner,
                _ => return false,
            }
        }
    }

    fn check_request(
        &self,
        exchange: &Exchange,
        operation: &Operation,
        path: &str,
        scopes: &BTreeSet<String>,
        document: &Document,
        found: &mut Vec<String>,
    ) {
        found.extend(operation.wrong_parts(path).into_iter().map(|problem| format!("path {problem}")));
        for (name, value) in &exchange.query {
            match operation.query.get(name) {
                None => found.push(format!("query {name} unknown")),
                Some(parameter) => {
                    found.extend(parameter.schema.check_text(value).map(|problem| format!("query {name} {problem}")));
                }
            }
        }
        let missing = operation
            .query
            .iter()
            .filter(|(name, parameter)| parameter.required && !exchange.query.iter().any(|(given, _)| given == *name));
        found.extend(missing.map(|(name, _)| format!("query lacks {name}")));
        check_headers(exchange, operation, found);
        check_body(exchange, operation, &document.schemas, found);
        let granular = self.granular.get(&operation.name()).into_iter().flatten();
        let mut wanted = operation.scopes.iter().chain(granular).peekable();
        if wanted.peek().is_some() && !wanted.any(|scope| asked_for(scope, scopes)) {
            found.push("scope not asked for".into());
        }
    }
}

/// Headers that belong to an operation only where it declares them, and those that every call of the Accounting API needs.
fn check_headers(exchange: &Exchange, operation: &Operation, found: &mut Vec<String>) {
    for name in ["if-modified-since", "idempotency-key", "contenttype"] {
        match (exchange.header(name), operation.headers.get(name)) {
            (Some(_), None) => found.push(format!("header {name} unknown")),
            (Some(value), Some(declared)) => {
                found.extend(declared.schema.check_text(value).map(|problem| format!("header {name} {problem}")));
            }
            (None, Some(declared)) if declared.required => found.push(format!("header {name} missing")),
            (None, _) => {}
        }
    }
    let binary = operation.answers.get("200").is_some_and(|kinds| !kinds.is_empty() && !kinds.contains_key("application/json"));
    if !binary && !operation.answers.contains_key("204") && !asks_for_json(exchange) {
        found.push("header accept is not JSON".into());
    }
    if exchange.path.contains("/api.xro/") && exchange.header("xero-tenant-id").is_none() {
        found.push("header xero-tenant-id missing".into());
    }
    if exchange.header("authorization").is_none() {
        found.push("header authorization missing".into());
    }
}

fn check_body(exchange: &Exchange, operation: &Operation, schemas: &Schemas, found: &mut Vec<String>) {
    match (operation.body.get("application/json"), &exchange.body) {
        (Some(schema), body) if !body.is_null() => {
            if !exchange.header("content-type").is_some_and(|kind| kind.starts_with("application/json")) {
                found.push("header content-type is not JSON".into());
            }
            let mut wrong = Vec::new();
            schema.check(body, Way::Sent, schemas, &mut wrong);
            found.extend(wrong.into_iter().map(|problem| format!("request {problem}")));
        }
        (Some(_), _) => found.push("request has no body".into()),
        (None, body) if !body.is_null() && operation.body.is_empty() => found.push("request has a body".into()),
        (None, _) => {}
    }
}

fn check_answer(exchange: &Exchange, operation: &Operation, schemas: &Schemas, found: &mut Vec<String>) {
    let Some(kinds) = operation.answers.get(&exchange.status.to_string()) else {
        found.push(format!("status {} undeclared", exchange.status));
        return;
    };
    let Some(schema) = kinds.get("application/json") else {
        if kinds.is_empty() && !exchange.answer.is_null() {
            found.push(format!("answer {} has a body", exchange.status));
        }
        return;
    };
    if !exchange.answer_type.starts_with("application/json") {
        // Who does not ask for JSON gets XML, which no document describes.
        if asks_for_json(exchange) {
            found.push(format!("answer {} is {:?}", exchange.status, exchange.answer_type));
        }
        return;
    }
    let mut wrong = Vec::new();
    match (&exchange.answer, exchange.status) {
        (Value::Null, _) => wrong.push("body missing".into()),
        (answer, 400) => schema.check(&without_echo(exchange, operation, answer, schemas), Way::Answered, schemas, &mut wrong),
        (answer, _) => schema.check(answer, Way::Answered, schemas, &mut wrong),
    }
    let which = if exchange.status == 200 { "answer".to_owned() } else { format!("answer {}", exchange.status) };
    found.extend(wrong.into_iter().map(|problem| format!("{which} {problem}")));
}

/// The forms of refusals that are the same for all operations: an error, or a problem of access.
fn check_refusal(exchange: &Exchange, found: &mut Vec<String>) {
    let answer = &exchange.answer;
    let right = match exchange.status {
        400 => answer["ErrorNumber"].is_number() && answer["Type"].is_string() && answer["Message"].is_string(),
        401 | 403 => answer["Title"].is_string() && answer["Status"] == exchange.status && answer["Detail"].is_string(),
        _ => true,
    };
    if !right && asks_for_json(exchange) {
        found.push(format!("answer {} is not a refusal as all are", exchange.status));
    }
}

/// The paths of everything that the answers of examples have.
fn shown(file: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let all: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut paths = BTreeSet::new();
    for example in all.as_object().into_iter().flatten().map(|(_, example)| example) {
        collect(&example["200"], String::new(), &mut paths);
        collect(&example["400"], String::new(), &mut paths);
    }
    paths
}

fn collect(value: &Value, path: String, paths: &mut BTreeSet<String>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, format!("{path}[]"), paths)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(value, path.clone(), paths);
                paths.insert(path);
            }
        }
        _ => {}
    }
}

/// How an element of a write is marked, in the facts and in examples of refusals; the schema of refusals does not have them.
const MARKS: [&str; 3] = ["HasErrors", "HasValidationErrors", "StatusAttributeString"];

/// A refusal repeats the elements that were sent. Its schema has only what is added to them, so the repeated fields are taken out:
/// those of the record, and whatever was sent.
fn without_echo(exchange: &Exchange, operation: &Operation, answer: &Value, schemas: &Schemas) -> Value {
    let mut known: BTreeSet<&str> = operation.record_fields(schemas).into_iter().chain(MARKS).collect();
    let sent = match &exchange.body {
        Value::Object(fields) => fields.values().filter_map(Value::as_array).flatten().chain([&exchange.body]).collect(),
        Value::Array(elements) => elements.iter().collect(),
        _ => Vec::new(),
    };
    known.extend(sent.into_iter().filter_map(Value::as_object).flat_map(|fields| fields.keys()).map(String::as_str));
    known.remove("ValidationErrors");
    let mut rest = answer.clone();
    for element in rest.get_mut("Elements").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
        element.retain(|name, _| !known.contains(name.as_str()));
    }
    rest
}

/// Who may write may read: `accounting.invoices` holds `accounting.invoices.read`.
fn asked_for(scope: &str, scopes: &BTreeSet<String>) -> bool {
    let whole = scope.strip_suffix(".read").unwrap_or(scope);
    [scope, whole].iter().any(|scope| scopes.contains(&format!("xero {scope}")))
}

fn asks_for_json(exchange: &Exchange) -> bool {
    exchange.header("accept").is_some_and(|kinds| kinds.contains("application/json"))
}

/// A path that no document has, with its ids taken out, so that the key is stable.
fn template_of(path: &str) -> String {
    let part = |part: &str| if uuid::Uuid::parse_str(part).is_ok() { "{id}".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The last column of the table of operations: ``| GET `/Accounts` (getAccounts) | … | granular |``.
fn granular(file: &Path) -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let rows = text.lines().filter_map(|line| {
        let columns: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let (method, rest) = columns.first()?.split_once(" `")?;
        let template = rest.split_once('`')?.0;
        Some((format!("{method} {template}"), columns.last()?.split([' ', ',']).map(str::to_owned).collect()))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contracts::recording::Exchange;

    const ACCOUNTING_YAML: &str = r##"
openapi: 3.0.0
paths:
  /Notes:
    parameters:
      - {in: header, name: Idempotency-Key, schema: {type: string, maxLength: 4}}
    get:
      security: [{OAuth2: [accounting.notes.read]}]
      parameters:
        - {in: query, name: page, schema: {type: integer}}
        - {in: header, name: If-Modified-Since, schema: {type: string}}
      responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/Notes"}}}}}
    put:
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Notes"}}}}
      responses:
        "200": {content: {application/json: {schema: {$ref: "#/components/schemas/Notes"}}}}
        "400": {content: {application/json: {schema: {$ref: "#/components/schemas/Error"}}}}
  /Notes/{NoteNumber}:
    get:
      parameters: [{in: path, name: NoteNumber, schema: {type: string}}]
      responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/Notes"}}}}}
  /Notes/{NoteID}:
    get:
      parameters: [{in: path, name: NoteID, schema: {type: string, format: uuid}}]
      responses: {"200": {content: {application/json: {schema: {$ref: "#/components/schemas/Notes"}}}}}
components:
  schemas:
    Notes: {properties: {Notes: {type: array, items: {$ref: "#/components/schemas/Note"}}}}
    Error: {properties: {Message: {type: string}, Elements: {type: array, items: {$ref: "#/components/schemas/Element"}}}}
    Element: {properties: {ValidationErrors: {type: array, items: {properties: {Message: {type: string}}}}}}
    Note: {properties: {Text: {type: string, maxLength: 5}, Seen: {type: boolean, readOnly: true}}}
"##;

    fn documents() -> Documents {
        let document = || Document::parse(ACCOUNTING_YAML).unwrap();
        let shown = ["Id", "Notes[].TextString"].map(str::to_owned).into();
        Documents { accounting: document(), identity: document(), granular: BTreeMap::new(), shown }
    }

    fn exchange(change: impl FnOnce(&mut Exchange)) -> Exchange {
        let headers = json!({"user-agent": "CP Connect/1", "accept": "application/json", "xero-tenant-id": "…",
                             "authorization": "…", "content-type": "application/json"});
        let mut exchange = Exchange {
            provider: "xero".into(),
            method: "GET".into(),
            path: "/xero/api/api.xro/2.0/Notes".into(),
            query: Vec::new(),
            headers: headers.as_object().unwrap().clone(),
            body: Value::Null,
            status: 200,
            answer_type: "application/json; charset=utf-8".into(),
            answer: json!({"Notes": [{"Text": "Ada", "Seen": true}]}),
            fault: false,
        };
        change(&mut exchange);
        exchange
    }

    fn found(change: impl FnOnce(&mut Exchange)) -> Vec<String> {
        let mut checked = Checked::default();
        let scopes = ["xero accounting.notes".to_owned()].into();
        documents().check(&exchange(change), &scopes, &mut checked);
        checked.findings.into_keys().collect()
    }

    #[test]
    fn what_is_as_the_document_says_is_covered_and_nothing_is_found() {
        assert!(found(|_| {}).is_empty());
        let mut checked = Checked::default();
        documents().check(&exchange(|_| {}), &["xero accounting.notes.read".to_owned()].into(), &mut checked);
        assert!(checked.findings.is_empty() && checked.covered[ACCOUNTING].contains("GET /Notes"));
    }

    #[test]
    fn ids_and_names_in_a_path_are_told_apart() {
        let document = Document::parse(ACCOUNTING_YAML).unwrap();
        let template = |path: &str| document.operation("GET", path).map(|operation| operation.template.clone());
        assert_eq!(template("/Notes/0d1c9a1e-52b4-4f0e-8a44-0c0ffee00101").as_deref(), Some("/Notes/{NoteID}"));
        assert_eq!(template("/Notes/N-1").as_deref(), Some("/Notes/{NoteNumber}"));
        assert_eq!(template("/Other"), None);
    }

    #[test]
    fn every_part_of_a_request_is_looked_at() {
        let query = |exchange: &mut Exchange| exchange.query = vec![("page".into(), "one".into()), ("size".into(), "1".into())];
        assert_eq!(found(query), ["xero GET /Notes query page is no integer", "xero GET /Notes query size unknown"]);
        let headers = |exchange: &mut Exchange| {
            exchange.headers.insert("idempotency-key".into(), "too long".into());
            exchange.headers.insert("contenttype".into(), "x".into());
            exchange.headers.remove("accept");
            exchange.headers.remove("xero-tenant-id");
        };
        let wrong = [
            "xero GET /Notes header accept is not JSON",
            "xero GET /Notes header contenttype unknown",
            "xero GET /Notes header idempotency-key too long",
            "xero GET /Notes header xero-tenant-id missing",
        ];
        assert_eq!(found(headers), wrong);
        let body = |exchange: &mut Exchange| {
            exchange.method = "PUT".into();
            exchange.body = json!({"Notes": [{"Text": "Adelaide", "Seen": true, "Colour": "red"}]});
        };
        let wrong = [
            "xero PUT /Notes request Notes[].Colour unknown",
            "xero PUT /Notes request Notes[].Seen read-only",
            "xero PUT /Notes request Notes[].Text too long",
        ];
        assert_eq!(found(body), wrong);
        assert_eq!(found(|exchange| exchange.method = "DELETE".into()), ["xero DELETE /Notes method unknown"]);
    }

    #[test]
    fn answers_are_looked_at_whoever_asked_and_requests_only_when_we_sent_them() {
        let strange = |exchange: &mut Exchange| {
            exchange.headers.remove("user-agent");
            exchange.query = vec![("size".into(), "1".into())];
            exchange.answer = json!({"Notes": [{"Seen": "yes"}]});
        };
        assert_eq!(found(strange), ["xero GET /Notes answer Notes[].Seen is string, not boolean"]);
        assert_eq!(found(|exchange| exchange.status = 501), ["xero GET /Notes status 501 undeclared"]);
        assert!(found(|exchange| (exchange.status, exchange.fault) = (503, true)).is_empty());
    }

    #[test]
    fn a_refusal_may_repeat_what_was_sent_and_what_the_record_has() {
        let refused = |element: Value| {
            found(|exchange| {
                exchange.method = "PUT".into();
                exchange.body = json!({"Notes": [{"Text": "Ada"}]});
                exchange.status = 400;
                exchange.answer = json!({"Message": "A validation exception occurred", "Elements": [element]});
            })
        };
        assert!(refused(json!({"Text": "Ada", "Seen": false, "ValidationErrors": [{"Message": "no"}]})).is_empty());
        let wrong = [
            "xero PUT /Notes answer 400 Elements[].Colour unknown",
            "xero PUT /Notes answer 400 Elements[].ValidationErrors[].Text unknown",
        ];
        assert_eq!(refused(json!({"Colour": "red", "ValidationErrors": [{"Text": "no"}]})), wrong);
    }

    #[test]
    fn what_an_example_shows_is_known_and_what_pages_describe_is_looked_at_for_its_form() {
        let example = |exchange: &mut Exchange| {
            exchange.answer = json!({"Id": "x", "Notes": [{"TextString": "Ada", "IdString": "x"}]});
        };
        assert_eq!(found(example), ["xero GET /Notes answer Notes[].IdString unknown"]);
        let refused = |status: u16, answer: Value| found(|exchange| (exchange.status, exchange.answer) = (status, answer));
        assert!(refused(404, Value::Null).is_empty());
        assert!(refused(401, json!({"Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired"})).is_empty());
        assert_eq!(refused(400, json!({"Message": "no"})), ["xero GET /Notes answer 400 is not a refusal as all are"]);
    }

    #[test]
    fn a_scope_that_no_consent_asked_for_is_found() {
        let mut checked = Checked::default();
        documents().check(&exchange(|_| {}), &BTreeSet::new(), &mut checked);
        assert_eq!(checked.findings.into_keys().collect::<Vec<_>>(), ["xero GET /Notes scope not asked for"]);
    }
}
