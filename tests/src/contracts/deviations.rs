//! The list of known differences between what we do and what the documents say. It may only shrink: a difference that is not listed
//! fails, and so does a listed one that no longer occurs, and one without a reason.
//!
//! One a line, `key  # reason`. A `*` in a key stands for anything within one operation: method, path and what differs are spelled out.
//! `UPDATE_DEVIATIONS=1` adds what is missing, with a reason that somebody has to write, and takes away what no longer occurs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;

/// What a reason says that nobody has written yet.
const NOT_WRITTEN: &str = "TODO reason";
const BETWEEN: &str = "  # ";

/// Two tests keep their differences in the same file.
static FILE: Mutex<()> = Mutex::new(());

/// A listed difference.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    key: String,
    reason: String,
}

/// What the comparison came to.
#[derive(Debug, Default)]
pub struct Verdict {
    pub unlisted: Vec<String>,
    /// Listed, but not found.
    pub gone: Vec<String>,
    pub without_reason: Vec<String>,
    /// How many keys each reason covers.
    pub reasons: BTreeMap<String, usize>,
}

impl Verdict {
    /// Fails unless every difference is understood.
    pub fn insist(&self) {
        let mut complaints = Vec::new();
        let mut complain = |about: &str, keys: &[String]| {
            if !keys.is_empty() {
                complaints.push(format!("{about}:\n  {}", keys.join("\n  ")));
            }
        };
        complain("not in tests/contracts/deviations.txt (UPDATE_DEVIATIONS=1 adds them; then write the reasons)", &self.unlisted);
        complain("listed without a reason, or for more than one operation", &self.without_reason);
        complain("listed, but they no longer occur: take them off the list", &self.gone);
        assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    }
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("contracts/deviations.txt")
}

/// Compares the differences of some kinds (`xero `, `example `: how their keys begin) with those that are listed. A part
/// of the stories cannot show every difference, hence `whole`.
pub fn compare(kinds: &[&str], found: &BTreeSet<String>, whole: bool) -> Verdict {
    let _alone = FILE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let text = std::fs::read_to_string(file()).unwrap_or_default();
    let verdict = |text: &str| {
        let mut verdict = judge(&listed(text), kinds, found);
        if !whole {
            verdict.gone.clear();
        }
        verdict
    };
    if std::env::var("UPDATE_DEVIATIONS").is_ok_and(|update| update == "1") {
        let updated = updated(&text, kinds, found, whole);
        std::fs::write(file(), &updated).expect("the list can be written");
        return verdict(&updated);
    }
    verdict(&text)
}

fn listed(text: &str) -> Vec<Known> {
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (key, reason) = line.split_once(BETWEEN).unwrap_or((line, ""));
            Known { key: key.trim().to_owned(), reason: reason.trim().to_owned() }
        })
        .collect()
}

fn judge(listed: &[Known], kinds: &[&str], found: &BTreeSet<String>) -> Verdict {
    let mut verdict = Verdict::default();
    for known in listed.iter().filter(|known| is_of(&known.key, kinds)) {
        if known.reason.is_empty() || known.reason.starts_with(NOT_WRITTEN) || is_too_wide(&known.key) {
            verdict.without_reason.push(known.key.clone());
        }
        if !found.iter().any(|key| matches(&known.key, key)) {
            verdict.gone.push(known.key.clone());
        }
    }
    for key in found {
        match listed.iter().find(|known| matches(&known.key, key)) {
            Some(known) => *verdict.reasons.entry(known.reason.clone()).or_default() += 1,
            None => verdict.unlisted.push(key.clone()),
        }
    }
    verdict
}

/// The text with new keys at its end, and without the lines of keys that no longer occur.
fn updated(text: &str, kinds: &[&str], found: &BTreeSet<String>, whole: bool) -> String {
    let known = listed(text);
    let stays = |line: &&str| {
        let Some(known) = listed(line).pop() else { return true };
        !whole || !is_of(&known.key, kinds) || found.iter().any(|key| matches(&known.key, key))
    };
    let mut updated: String = text.lines().filter(stays).map(|line| format!("{line}\n")).collect();
    for key in found.iter().filter(|key| !known.iter().any(|known| matches(&known.key, key))) {
        updated.push_str(&format!("{key}{BETWEEN}{NOT_WRITTEN}\n"));
    }
    updated
}

fn is_of(key: &str, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| key.starts_with(kind))
}

/// Whether a line could stand for more than one operation, or does not say what differs.
fn is_too_wide(key: &str) -> bool {
    let words: Vec<&str> = key.split(' ').collect();
    let operation = words.iter().position(|word| ["GET", "PUT", "POST", "DELETE"].contains(word)).map(|method| method + 2);
    key.ends_with('*') || key.contains('*') && operation.is_none_or(|end| words.iter().take(end).any(|word| word.contains('*')))
}

/// Whether a key is what a line says, whose stars stand for anything.
fn matches(pattern: &str, key: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = key.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn stars_stand_for_anything() {
        assert!(matches("xero * answer *Foo unknown", "xero GET /Invoices answer Invoices[].Foo unknown"));
        assert!(matches("xero GET /A status 429 undeclared", "xero GET /A status 429 undeclared"));
        assert!(!matches("xero GET /A status", "xero GET /A status 429"));
        assert!(!matches("xero * answer *Foo unknown", "xero GET /Invoices answer Invoices[].Foo read-only"));
    }

    #[test]
    fn the_list_may_only_shrink() {
        let listed = listed(
            "# a heading\nxero a  # because\nxero b  # it is gone\nzoho c  # of another kind\nxero d  # TODO reason\nxero *  # all\n",
        );
        let verdict = judge(&listed[..4], &["xero "], &keys(&["xero a", "xero d", "xero e"]));
        assert_eq!(verdict.unlisted, ["xero e"]);
        assert_eq!(verdict.gone, ["xero b"]);
        assert_eq!(verdict.without_reason, ["xero d"]);
        assert_eq!(verdict.reasons["because"], 1);
        assert_eq!(judge(&listed[4..], &["xero "], &keys(&["xero a"])).without_reason, ["xero *"], "too wide");
    }

    #[test]
    fn a_line_stands_for_one_operation() {
        for wide in
            ["xero * answer *Foo unknown", "xero GET /A* answer Foo unknown", "xero GET /A answer *", "zoho inventory * unknown"]
        {
            assert!(is_too_wide(wide), "{wide}");
        }
        for narrow in
            ["xero GET /A answer Foo unknown", "example GET /A As[].Contact.* missing", "zoho inventory PUT /a answer * unknown"]
        {
            assert!(!is_too_wide(narrow), "{narrow}");
        }
    }

    #[test]
    fn an_update_keeps_order_and_headings_and_other_kinds() {
        let text = "# first\nxero a  # because\nxero b  # gone\nzoho c  # other\n";
        let updated = updated(text, &["xero "], &keys(&["xero a", "xero e"]), true);
        assert_eq!(updated, "# first\nxero a  # because\nzoho c  # other\nxero e  # TODO reason\n");
        assert_eq!(judge(&listed(&updated), &["xero "], &keys(&["xero a", "xero e"])).without_reason, ["xero e"]);
    }
}
