//! Deluge, Zoho's script language, as far as a custom button needs it: a script and its variables in, what it wants opened out.
//!
//! It is pure and bounded: no script can hang it, fill the memory or exhaust the stack. What is outside the subset is refused
//! with a line and a sentence and never quietly done in another way.

mod calls;
mod meter;
mod run;
mod syntax;
#[cfg(test)]
mod tests;
mod tokens;
mod value;

use serde_json::Value as Json;

/// The longest script that is read.
pub const SCRIPT_BYTES_MAX: usize = 64 * 1024;

/// What a script did when it ended well.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// In the order asked for.
    pub opened: Vec<Opened>,
    /// None when it ended without `return`, or returned nothing.
    pub returned: Option<Json>,
    /// What `info` wrote.
    pub info: Vec<String>,
}

/// One `openUrl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub url: String,
    /// `new window`, `same window`, `popup window` or `parent window`.
    pub window: String,
}

/// Why a script could not be read or could not go on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Error at line {line}: {says}")]
pub struct Mistake {
    pub line: usize,
    pub says: String,
}

impl Mistake {
    fn at(line: usize, says: impl Into<String>) -> Self {
        Self { line, says: says.into() }
    }
}

/// Whether the script can be read at all.
pub fn check(script: &str) -> Result<(), Mistake> {
    syntax::parse(script).map(|_| ())
}

/// Runs the script. The variables are what Zoho hands to it: the record, the organisation.
pub fn run(script: &str, variables: &[(&str, Json)]) -> Result<Outcome, Mistake> {
    run::run(&syntax::parse(script)?, variables)
}
