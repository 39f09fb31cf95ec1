//! What happens when a person clicks a custom button: its Deluge runs with the record he sees.

use serde_json::{Map, Value};

use super::answer::Refusal;
use super::buttons::{self, Button};
use super::lists;
use super::module::Module;
use super::records::{self, Desk};
use crate::deluge::{self, Opened};

/// What the page has to do next.
#[derive(Debug, Default, PartialEq)]
pub struct Pressed {
    pub opens: Vec<Opened>,
    /// What the person is told, if anything.
    pub message: Option<String>,
    /// The script failed, or returned a code other than 0.
    pub failed: bool,
    /// What the script wrote with `info`.
    pub info: Vec<String>,
}

/// All that a script is given, read while the store is held; `run` needs it no more.
pub struct Script {
    button: Button,
    variables: [(&'static str, Value); 2],
}

/// The button must stand on the page of that record.
pub fn prepare(desk: &Desk, module: Module, record: i64, button: &str) -> Result<Script, Refusal> {
    let button = buttons::need(desk, button)?;
    let kind = records::brief(desk, module, record)?.kind;
    if !button.stands_on(module, &kind) {
        return Err(Refusal::absent("Custom button"));
    }
    let named = match (module, kind.as_str()) {
        (Module::Contacts, "vendor") if desk.on("zoho.button_contacts_are_customer_or_vendor") => "vendor",
        (Module::Contacts, _) if desk.on("zoho.button_contacts_are_customer_or_vendor") => "customer",
        _ => module.entity(),
    };
    let record = handed_over(&lists::text(desk, module, record)?);
    Ok(Script { button, variables: [(named, record), ("organization", desk.org.json(false))] })
}

/// The record as a script sees it: custom fields are beside the others and in `custom_fields`.
fn handed_over(detail: &str) -> Value {
    let mut record: Map<String, Value> = serde_json::from_str(detail).unwrap_or_default();
    if let Some(Value::Object(fields)) = record.get("custom_field_hash").cloned() {
        for (name, value) in fields {
            record.entry(name).or_insert(value);
        }
    }
    record.entry("custom_fields").or_insert_with(|| Value::Array(Vec::new()));
    record.into()
}

impl Script {
    pub fn run(&self) -> Pressed {
        if self.button.action_type != "customfunction" {
            let message = format!("Buttons that do \"{}\" are not known here.", self.button.action_type);
            return Pressed { message: Some(message), failed: true, ..Pressed::default() };
        }
        let outcome = match deluge::run(&self.button.script, &self.variables) {
            Ok(outcome) => outcome,
            Err(mistake) => return Pressed { message: Some(mistake.to_string()), failed: true, ..Pressed::default() },
        };
        let returned = outcome.returned.as_ref();
        let message = returned.and_then(|map| map.get("message")).map(|message| match message {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let failed = returned.and_then(|map| map.get("code")).is_some_and(|code| *code != 0 && *code != "0");
        let message = message.filter(|text| !text.is_empty()).or_else(|| failed.then(|| "The function has failed.".to_owned()));
        Pressed { opens: outcome.opened, message, failed, info: outcome.info }
    }
}
