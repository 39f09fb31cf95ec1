//! Named switches: one for each behaviour of a provider that its documents leave open, so that tests can turn it both ways.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use crate::{xero, zoho};

/// One open question and how the sandbox answers it unless told otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// `<provider>.<behaviour>`.
    pub name: &'static str,
    pub default: bool,
    /// What is true when it is on.
    pub says: &'static str,
}

/// The present answers.
#[derive(Clone, Default)]
pub struct Switches {
    changed: Arc<RwLock<BTreeMap<String, bool>>>,
}

/// A name that is in no table.
#[derive(Debug, thiserror::Error)]
#[error("there is no switch named `{0}`")]
pub struct Unknown(pub String);

impl Switches {
    /// Whether it is on. A name that is in no table is a mistake of the sandbox: it is off, and the log says so.
    pub fn on(&self, name: &str) -> bool {
        let changed = self.changed.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(on) = changed.get(name) {
            return *on;
        }
        match all().find(|switch| switch.name == name) {
            Some(switch) => switch.default,
            None => {
                tracing::error!(name, "the sandbox asks for a switch that is in no table");
                false
            }
        }
    }

    /// Turns it.
    pub fn set(&self, name: &str, on: bool) -> Result<(), Unknown> {
        if all().all(|switch| switch.name != name) {
            return Err(Unknown(name.to_owned()));
        }
        self.changed.write().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(name.to_owned(), on);
        Ok(())
    }
}

/// Every switch of both providers.
pub fn all() -> impl Iterator<Item = &'static Switch> {
    xero::SWITCHES.iter().chain(zoho::SWITCHES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_cannot_be_set() {
        assert!(Switches::default().set("xero.no_such_thing", true).is_err());
    }

    #[test]
    fn a_switch_keeps_its_default_until_it_is_turned() {
        let switches = Switches::default();
        for switch in all() {
            assert_eq!(switches.on(switch.name), switch.default, "{}", switch.name);
            switches.set(switch.name, !switch.default).unwrap();
            assert_eq!(switches.on(switch.name), !switch.default, "{}", switch.name);
        }
    }

    /// Every switch as the documentation shows it.
    fn table() -> String {
        let row = |switch: &Switch| {
            let says = switch.says.trim_end_matches('.');
            let (first, rest) = says.split_at(says.chars().next().map_or(0, char::len_utf8));
            let default = if switch.default { "on" } else { "off" };
            format!("| `{}` | {default} | {}{rest}. |\n", switch.name, first.to_uppercase())
        };
        let rows: String = all().map(row).collect();
        format!("| switch | default | says |\n|---|---|---|\n{rows}")
    }

    /// `UPDATE_DOCS=1 cargo test -p sandbox switches` writes the table anew.
    #[test]
    fn the_documentation_lists_every_switch() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/sandbox.md");
        let text = std::fs::read_to_string(path).unwrap();
        let (before, rest) = text.split_once("<!-- switches -->\n").unwrap();
        let (listed, after) = rest.split_once("<!-- end of switches -->").unwrap();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let new = format!("{before}<!-- switches -->\n{}<!-- end of switches -->{after}", table());
            std::fs::write(path, new).unwrap();
            return;
        }
        assert_eq!(listed, table(), "UPDATE_DOCS=1 cargo test -p sandbox switches writes it anew");
    }

    #[test]
    fn names_are_unique_and_say_whose_they_are() {
        let mut names: Vec<_> = all().map(|switch| switch.name).collect();
        assert!(names.iter().all(|name| name.starts_with("xero.") || name.starts_with("zoho.")));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
