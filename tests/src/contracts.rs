//! Holds recorded exchanges against the providers' own documents. It knows neither the connectors nor the sandbox: it reads what was
//! on the wire and what the documents say.
//!
//! What differs is a *finding* with a stable key. `tests/contracts/deviations.txt` lists those that are understood, each with its reason.

pub mod cast;
pub mod deviations;
pub mod examples;
pub mod openapi;
pub mod recording;
pub mod report;
pub mod schema;
pub mod xero;
pub mod zoho;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use recording::Exchange;

/// The folder of the providers' documents, where this machine has them.
pub fn documents() -> Option<PathBuf> {
    std::env::var_os("PROVIDER_SPEC").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// What a run over recordings found.
#[derive(Debug, Default)]
pub struct Checked {
    pub exchanges: usize,
    /// Exchanges that no document describes, by what they are.
    pub skipped: BTreeMap<String, usize>,
    /// Keys, each with the number of exchanges that show it.
    pub findings: BTreeMap<String, usize>,
    /// Operations that were carried out, by document.
    pub covered: BTreeMap<String, BTreeSet<String>>,
    /// How many operations each document has.
    pub known: BTreeMap<String, usize>,
}

impl Checked {
    fn find(&mut self, keys: impl IntoIterator<Item = String>) {
        // One exchange shows a finding once, in however many of its records.
        for key in keys.into_iter().collect::<BTreeSet<_>>() {
            *self.findings.entry(key).or_default() += 1;
        }
    }

    fn skip(&mut self, what: &str) {
        *self.skipped.entry(what.to_owned()).or_default() += 1;
    }

    fn cover(&mut self, document: &str, operation: &str) {
        self.covered.entry(document.to_owned()).or_default().insert(operation.to_owned());
    }
}

/// Checks every exchange of every file in the folder; one line is in memory at a time.
pub fn check(recordings: &Path, documents: &Path) -> Checked {
    let xero = xero::Documents::read(documents);
    let zoho = zoho::Documents::read(documents);
    let scopes = recording::scopes(recordings);
    let mut checked = Checked::default();
    xero.count(&mut checked.known);
    zoho.count(&mut checked.known);
    recording::each(recordings, |exchange: Exchange| {
        checked.exchanges += 1;
        match exchange.provider.as_str() {
            "xero" => xero.check(&exchange, &scopes, &mut checked),
            "zoho" => zoho.check(&exchange, &scopes, &mut checked),
            other => panic!("a recording of {other}"),
        }
    });
    checked
}
