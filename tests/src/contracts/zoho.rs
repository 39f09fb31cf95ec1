//! Zoho: Books, Inventory and Billing, as far as the tables of their operations go.
//!
//! The tables know names and no types: which parameters, body fields and answer keys there are, which are required, which scope and
//! which status. Nested fields are known only where they are required.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::Checked;
use super::recording::Exchange;

/// The product's prefix of paths, its name, its table.
const TABLES: [(&str, &str, &str); 3] = [
    ("/books/v3", "Zoho Books", "endpoints-books-v3.tsv"),
    ("/inventory/v1", "Zoho Inventory", "endpoints-inventory-v1.tsv"),
    ("/billing/v1", "Zoho Billing", "endpoints-billing-v1.tsv"),
];
/// Products that are played but have no table.
const WITHOUT_TABLE: [(&str, &str); 3] = [
    ("/crm/", "Zoho CRM (no table of its operations)"),
    ("/invoice/v3", "Zoho Invoice (no table of its operations)"),
    ("/expense/v1", "Zoho Expense (no table of its operations)"),
];
/// Custom fields and custom buttons have pages of their own in Zoho's documents and are not in the table.
const ELSEWHERE: [&str; 2] = ["/settings/fields", "/settings/custombuttons"];

pub struct Documents {
    tables: Vec<Table>,
}

struct Table {
    prefix: &'static str,
    product: &'static str,
    /// How the keys of its findings begin: Books are meant where no product is named.
    key: &'static str,
    rows: Vec<Row>,
}

#[derive(Default)]
struct Row {
    method: String,
    path: String,
    scope: Vec<String>,
    required: Vec<String>,
    query: BTreeSet<String>,
    headers: Vec<String>,
    body_type: String,
    body_required: Vec<String>,
    body_fields: BTreeSet<String>,
    ok_status: String,
    answer_keys: BTreeSet<String>,
}

impl Documents {
    pub fn read(folder: &Path) -> Self {
        let tables = TABLES.map(|(prefix, product, file)| Table::read(prefix, product, &folder.join("zoho").join(file)));
        Self { tables: tables.into() }
    }

    pub fn count(&self, known: &mut BTreeMap<String, usize>) {
        for table in &self.tables {
            let names: BTreeSet<String> = table.rows.iter().map(Row::name).collect();
            known.insert(table.product.into(), names.len());
        }
    }

    pub fn check(&self, exchange: &Exchange, scopes: &BTreeSet<String>, checked: &mut Checked) {
        let Some((_, path)) = exchange.path.split_once("/api/").map(|(centre, path)| (centre, format!("/{path}"))) else {
            return checked.skip("Zoho: pages and tokens of the sign-in (no document for machines)");
        };
        if let Some((_, what)) = WITHOUT_TABLE.iter().find(|(prefix, _)| path.starts_with(prefix)) {
            return checked.skip(what);
        }
        let found = self.tables.iter().find_map(|table| Some((table, path.strip_prefix(table.prefix)?)));
        let Some((table, path)) = found else {
            if exchange.is_ours() || exchange.succeeded() {
                checked.find([format!("zoho {} {} path unknown", exchange.method, shortened(&path))]);
            }
            return;
        };
        let within = |known: &str| path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if let Some(known) = ELSEWHERE.iter().find(|known| within(known)) {
            return checked.skip(&format!("Zoho Books: {known} (a page of its own, not in the table)"));
        }
        let rows = table.rows(&exchange.method, path);
        if rows.is_empty() {
            if exchange.is_ours() || exchange.succeeded() {
                checked.find([format!("{} {} {} unknown", table.key, exchange.method, shortened(path))]);
            }
            return;
        }
        // Several operations can share a path; the one that is meant is the one that fits best.
        let looked = rows.into_iter().map(|row| (row, row.check(exchange, scopes)));
        let Some((row, found)) = looked.min_by_key(|(_, found)| found.len()) else { return };
        if exchange.succeeded() {
            checked.cover(table.product, &row.name());
        }
        let name = row.name();
        checked.find(found.into_iter().map(|problem| format!("{} {name} {problem}", table.key)));
    }
}

impl Table {
    fn read(prefix: &'static str, product: &'static str, file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut lines = text.lines();
        let heads: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
        let rows = lines.map(|line| Row::read(&heads, line)).collect();
        let key = match product {
            "Zoho Inventory" => "zoho inventory",
            "Zoho Billing" => "zoho billing",
            _ => "zoho",
        };
        Self { prefix, product, key, rows }
    }

    /// Every operation of a path; a part that is spelled out goes before a parameter.
    fn rows(&self, method: &str, path: &str) -> Vec<&Row> {
        let fitting = self.rows.iter().filter(|row| row.method == method).filter_map(|row| Some((row.fits(path)?, row)));
        let fitting: Vec<_> = fitting.collect();
        let best = fitting.iter().map(|(fit, _)| *fit).max();
        fitting.into_iter().filter(|(fit, _)| Some(*fit) == best).map(|(_, row)| row).collect()
    }
}

impl Row {
    fn read(heads: &[&str], line: &str) -> Self {
        let columns: BTreeMap<&str, &str> = heads.iter().copied().zip(line.split('\t')).collect();
        let text = |name: &str| columns.get(name).copied().unwrap_or_default().to_owned();
        let list = |name: &str| -> Vec<String> {
            text(name).split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Self {
            method: text("method"),
            path: text("path"),
            scope: list("scope"),
            required: list("required_params"),
            query: list("query_params").into_iter().collect(),
            headers: list("headers"),
            body_type: text("body_type"),
            body_required: list("body_required"),
            body_fields: list("body_fields").into_iter().collect(),
            ok_status: text("ok_status"),
            answer_keys: list("response_keys").into_iter().collect(),
        }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn fits(&self, path: &str) -> Option<usize> {
        let (mut known, mut given) = (self.path.split('/'), path.split('/'));
        let mut literal = 0;
        loop {
            match (known.next(), given.next()) {
                (None, None) => return Some(literal),
                // Records of modules that people make themselves: their names begin so.
                (Some("{module_name}"), Some(given)) if !given.starts_with("cm_") => return None,
                (Some(known), Some(given)) if (known.starts_with('{') || known == r"(\d+)") && !given.is_empty() => {}
                (Some(known), Some(given)) if known == given => literal += 1,
                _ => return None,
            }
        }
    }

    fn check(&self, exchange: &Exchange, scopes: &BTreeSet<String>) -> Vec<String> {
        let mut found = Vec::new();
        if exchange.is_ours() {
            self.check_parameters(exchange, &mut found);
            self.check_body(&exchange.body, &mut found);
            if !self.scope.iter().any(|scope| asked_for(scope, scopes)) {
                found.push(format!("scope {} not asked for", self.scope.join(",")));
            }
        }
        if exchange.fault {
            return found;
        }
        let keys: BTreeSet<&str> = exchange.answer.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
        if exchange.succeeded() {
            if exchange.status.to_string() != self.ok_status {
                found.push(format!("status {} instead of {}", exchange.status, self.ok_status));
            }
            // A file has no keys, though some rows name those of its refusal.
            if exchange.answer_type.starts_with("application/json") {
                self.check_keys(&exchange.answer, &keys, &mut found);
            }
        } else if exchange.answer_type.starts_with("application/json")
            && !(exchange.answer["code"].is_number() && exchange.answer["message"].is_string())
        {
            found.push(format!("answer {} is not a code and a message", exchange.status));
        }
        found
    }

    fn check_keys(&self, answer: &Value, keys: &BTreeSet<&str>, found: &mut Vec<String>) {
        let mut known: BTreeSet<&str> = self.answer_keys.iter().map(String::as_str).collect();
        // The page on paging: every list tells its page, also where its row leaves that out.
        if self.method == "GET" && answer.as_object().is_some_and(|fields| fields.values().any(Value::is_array)) {
            known.extend(keys.get("page_context"));
        }
        let (unknown, missing): (Vec<_>, Vec<_>) = (keys.difference(&known).collect(), known.difference(keys).collect());
        // Some rows tell the fields of the record where others tell the key that it is under.
        match unknown.as_slice() {
            [key] if missing.iter().any(|field| answer[**key].get(**field).is_some()) => {
                found.push(format!("answer has the record under {key}"));
            }
            _ => {
                found.extend(missing.into_iter().map(|key| format!("answer lacks {key}")));
                found.extend(unknown.into_iter().map(|key| format!("answer {key} unknown")));
            }
        }
    }

    fn check_parameters(&self, exchange: &Exchange, found: &mut Vec<String>) {
        let queried = |name: &str| exchange.query.iter().any(|(given, _)| given == name);
        let header = |name: &str| exchange.header(&name.to_lowercase()).is_some();
        for name in self.required.iter().filter(|name| !queried(name) && !header(name)) {
            found.push(format!("query lacks {name}"));
        }
        let unknown: BTreeSet<&str> =
            exchange.query.iter().map(|(name, _)| name.as_str()).filter(|name| !self.query.contains(*name)).collect();
        found.extend(unknown.into_iter().map(|name| format!("query {name} unknown")));
        for name in ["x-unique-identifier-key", "x-unique-identifier-value", "x-upsert"] {
            if header(name) && !self.headers.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                found.push(format!("header {name} unknown"));
            }
        }
        if !header("authorization") {
            found.push("header authorization missing".into());
        }
    }

    fn check_body(&self, body: &Value, found: &mut Vec<String>) {
        match body {
            Value::Null if self.body_required.is_empty() => {}
            Value::Null => found.push("request has no body".into()),
            Value::Object(_) if self.body_type.starts_with("multipart") => {}
            Value::Object(fields) => {
                let unknown = fields.keys().filter(|name| !self.body_fields.contains(*name));
                found.extend(unknown.map(|name| format!("request {name} unknown")));
                let missing = self.body_required.iter().filter(|path| !has(body, path));
                found.extend(missing.map(|path| format!("request lacks {path}")));
            }
            _ => found.push("request body is no object".into()),
        }
    }
}

/// Whether a path like `line_items[].item_id` is there in every element. An absent list lacks nothing: it has a line of its own.
fn has(body: &Value, path: &str) -> bool {
    match path.split_once('.') {
        None => body.get(path).is_some(),
        Some((list, rest)) => match (list.strip_suffix("[]"), body.get(list.trim_end_matches("[]"))) {
            (_, None) => true,
            (Some(_), Some(elements)) => elements.as_array().into_iter().flatten().all(|element| has(element, rest)),
            (None, Some(object)) => has(object, rest),
        },
    }
}

/// `ZohoBooks.invoices.CREATE` is in `ZohoBooks.invoices.ALL` and in `ZohoBooks.fullaccess.all`.
fn asked_for(scope: &str, scopes: &BTreeSet<String>) -> bool {
    let mut parts = scope.split('.');
    let (product, module) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    [scope.to_owned(), format!("{product}.{module}.ALL"), format!("{product}.fullaccess.all")]
        .iter()
        .any(|scope| scopes.contains(&format!("zoho {scope}")))
}

/// With its numbers taken out, so that the key is stable.
fn shortened(path: &str) -> String {
    let part =
        |part: &str| if part.len() >= 6 && part.bytes().all(|byte| byte.is_ascii_digit()) { "{id}" } else { part }.to_owned();
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn required_fields_are_looked_for_in_every_element() {
        let body = json!({"customer_id": "1", "line_items": [{"item_id": "2"}, {"name": "words"}], "address": {"city": "x"}});
        assert!(has(&body, "customer_id") && has(&body, "address.city") && has(&body, "taxes[].tax_id"));
        assert!(!has(&body, "vendor_id") && !has(&body, "line_items[].item_id") && !has(&body, "address.zip"));
    }

    #[test]
    fn a_wider_scope_holds_a_narrower_one() {
        let scopes: BTreeSet<String> = ["zoho ZohoBooks.invoices.ALL".to_owned(), "zoho ZohoBooks.bills.READ".into()].into();
        assert!(asked_for("ZohoBooks.invoices.CREATE", &scopes) && asked_for("ZohoBooks.bills.READ", &scopes));
        assert!(!asked_for("ZohoBooks.bills.CREATE", &scopes) && !asked_for("ZohoInventory.invoices.READ", &scopes));
    }

    #[test]
    fn keys_of_an_answer_are_those_of_the_table_or_those_of_its_record() {
        let row = |keys: &[&str]| Row { answer_keys: keys.iter().map(|key| (*key).to_owned()).collect(), ..Row::default() };
        let found = |row: &Row, answer: Value| {
            let mut found = Vec::new();
            let keys = answer.as_object().unwrap().keys().map(String::as_str).collect();
            row.check_keys(&answer, &keys, &mut found);
            found
        };
        assert!(found(&row(&["code", "bill"]), json!({"code": 0, "bill": {}})).is_empty());
        assert_eq!(
            found(&row(&["code", "bill"]), json!({"code": 0, "bills": []})),
            ["answer lacks bill", "answer bills unknown"]
        );
        assert_eq!(
            found(&row(&["code", "payment_id", "date"]), json!({"code": 0, "vendorpayment": {"payment_id": "1"}})),
            ["answer has the record under vendorpayment"]
        );
    }

    #[test]
    fn spelled_out_parts_go_before_parameters() {
        let row = |path: &str| Row { method: "POST".into(), path: path.into(), ..Row::default() };
        let table = Table { prefix: "", product: "", key: "", rows: vec![row("/invoices/{invoice_id}"), row("/invoices/email")] };
        assert_eq!(table.rows("POST", "/invoices/email")[0].path, "/invoices/email");
        assert_eq!(table.rows("POST", "/invoices/46000")[0].path, "/invoices/{invoice_id}");
        assert!(table.rows("GET", "/invoices/46000").is_empty());
    }
}
