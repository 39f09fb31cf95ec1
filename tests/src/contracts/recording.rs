//! What the sandbox's recorder wrote.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// One request and its answer.
#[derive(Debug)]
pub struct Exchange {
    pub provider: String,
    pub method: String,
    /// With the sandbox's prefix: `/zoho/eu/api/books/v3/invoices`.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub headers: Map<String, Value>,
    pub body: Value,
    pub status: u16,
    pub answer_type: String,
    pub answer: Value,
    /// A fault answered in the provider's place.
    pub fault: bool,
}

impl Exchange {
    fn read(line: &str) -> Self {
        let mut line: Value = serde_json::from_str(line).expect("a line of JSON");
        let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let pair =
            |pair: &Value| (pair[0].as_str().unwrap_or_default().to_owned(), pair[1].as_str().unwrap_or_default().to_owned());
        Self {
            provider: text(&line, "provider"),
            method: text(&line, "method"),
            path: text(&line, "path"),
            query: line["query"].as_array().into_iter().flatten().map(pair).collect(),
            headers: line["headers"].as_object().cloned().unwrap_or_default(),
            status: line["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or_default(),
            answer_type: text(&line, "answer_type"),
            fault: line["fault"] == true,
            body: line["body"].take(),
            answer: line["answer"].take(),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(Value::as_str)
    }

    /// Whether CP Connect sent it. What tests and other clients send may be wrong on purpose.
    pub fn is_ours(&self) -> bool {
        self.header("user-agent").is_some_and(|agent| agent.starts_with("CP Connect/"))
    }

    pub fn succeeded(&self) -> bool {
        !self.fault && (200..300).contains(&self.status)
    }
}

/// Every exchange of every file, file by file.
pub fn each(folder: &Path, mut look: impl FnMut(Exchange)) {
    for file in files(folder) {
        for line in BufReader::new(File::open(file).expect("a recording")).lines() {
            look(Exchange::read(&line.expect("a line")));
        }
    }
}

/// The files of a folder and of the folders in it.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|extension| extension == "jsonl") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Every scope that consents were asked for, `xero …` or `zoho …`.
pub fn scopes(folder: &Path) -> BTreeSet<String> {
    let mut scopes = BTreeSet::new();
    each(folder, |exchange| {
        let asked = exchange.query.iter().filter(|(name, _)| name == "scope" && exchange.method == "GET");
        for scope in asked.flat_map(|(_, scope)| scope.split([' ', ','])) {
            scopes.insert(format!("{} {scope}", exchange.provider));
        }
    });
    scopes
}
