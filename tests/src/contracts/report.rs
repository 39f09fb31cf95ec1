//! What a run of the checks came to, for people.

use std::fmt::{self, Display, Formatter};

use super::Checked;
use super::deviations::Verdict;

pub struct Report<'a> {
    pub checked: &'a Checked,
    pub verdict: &'a Verdict,
}

impl Display for Report<'_> {
    fn fmt(&self, to: &mut Formatter<'_>) -> fmt::Result {
        let Self { checked, verdict } = self;
        let findings = checked.findings.len();
        writeln!(to, "contracts: {} exchanges checked, {findings} deviations", checked.exchanges)?;
        for (document, known) in &checked.known {
            let covered = checked.covered.get(document).map_or(0, |covered| covered.len());
            writeln!(to, "  {document}: {covered} of {known} operations carried out")?;
        }
        for (what, count) in &checked.skipped {
            writeln!(to, "  not checked: {count} × {what}")?;
        }
        for (reason, count) in &verdict.reasons {
            writeln!(to, "  {count} × {reason}")?;
        }
        for (about, keys) in [("not listed", &verdict.unlisted), ("no longer occurs", &verdict.gone)] {
            for key in keys {
                writeln!(to, "  {about}: {key}")?;
            }
        }
        Ok(())
    }
}
