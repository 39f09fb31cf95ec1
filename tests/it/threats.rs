//! What the documents call proven is proven: every test that they name exists.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

#[test]
fn every_test_that_a_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut sources = Vec::new();
    for folder in ["api", "connectors", "emails", "entities", "jobs", "migration", "sandbox", "tests"] {
        rust_files(&root.join(folder), &mut sources);
    }
    // The file's name, or that of the file it is the tests of, and the test's.
    let mut known = BTreeSet::new();
    for path in &sources {
        let text = std::fs::read_to_string(path).unwrap();
        let own = path.file_stem().unwrap().to_str().unwrap();
        let above = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            match line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn ")) {
                Some(rest) if is_test => {
                    let name = rest.split('(').next().unwrap();
                    known.insert(format!("{own}::{name}"));
                    known.insert(format!("{above}::{name}"));
                    is_test = false;
                }
                _ => is_test |= line == "#[test]" || line.starts_with("#[tokio::test") || line.starts_with("#[actix_web::test"),
            }
        }
    }
    let document = std::fs::read_to_string(root.join("docs/threats.md")).unwrap();
    let named: BTreeSet<&str> = document.split('`').filter(|word| word.contains("::") && !word.contains(' ')).collect();
    assert!(named.len() > 25, "{}", named.len());
    let missing: Vec<_> = named.iter().filter(|name| !known.contains(**name)).collect();
    assert!(missing.is_empty(), "docs/threats.md names tests that are not there: {missing:#?}");
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}
