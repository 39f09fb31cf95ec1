//! What a run of the checks came to, for people.

use std::collections::BTreeMap;
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
        writeln!(to, "contracts: {} different exchanges held against the providers' documents", checked.exchanges)?;
        writeln!(to, "operations carried out, of those in each document:")?;
        for (document, known) in &checked.known {
            let covered = checked.covered.get(document).map_or(0, |covered| covered.len());
            writeln!(to, "  {document:16} {covered:4} of {known}")?;
        }
        writeln!(to, "exchanges that no document for machines describes:")?;
        by_count(to, &checked.skipped)?;
        writeln!(to, "{} deviations, by reason:", checked.findings.len())?;
        by_count(to, &verdict.reasons)?;
        for (about, keys) in [("not listed", &verdict.unlisted), ("listed, but it no longer occurs", &verdict.gone)] {
            for key in keys {
                writeln!(to, "  {about}: {key}")?;
            }
        }
        Ok(())
    }
}

/// The most frequent first.
pub fn by_count(to: &mut impl fmt::Write, counts: &BTreeMap<String, usize>) -> fmt::Result {
    let mut counts: Vec<_> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    counts.into_iter().try_for_each(|(what, count)| writeln!(to, "  {count:4} × {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_what_was_covered_and_what_is_new() {
        let mut checked = Checked { exchanges: 3, ..Checked::default() };
        checked.known.insert("Xero Identity".into(), 2);
        checked.cover("Xero Identity", "GET /Connections");
        let verdict = Verdict {
            unlisted: vec!["xero GET /A status 501 undeclared".into()],
            reasons: [("seldom".to_owned(), 1), ("often".to_owned(), 7)].into(),
            ..Verdict::default()
        };
        let told = Report { checked: &checked, verdict: &verdict }.to_string();
        assert!(told.contains("Xero Identity       1 of 2"), "{told}");
        assert!(told.find("   7 × often") < told.find("   1 × seldom"), "{told}");
        assert!(told.contains("not listed: xero GET /A status 501 undeclared"), "{told}");
    }
}
