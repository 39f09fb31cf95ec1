//! One entry of a record's history: what people wrote about it, and what Xero noted by itself.

use serde::Deserialize;

use crate::flow::On;
use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Note {
    /// `Note`; anything else is Xero's own entry: `Created`, `Approved`, `Attached a file`.
    #[serde(default, deserialize_with = "wire::text")]
    pub changes: String,
    #[serde(rename = "DateUTC", default, deserialize_with = "wire::moment_us")]
    pub at_us: i64,
    #[serde(default, deserialize_with = "wire::text")]
    pub user: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub details: String,
    #[serde(skip)]
    pub on: String,
    #[serde(skip)]
    pub on_label: String,
    #[serde(skip)]
    id: String,
}

impl Note {
    /// The same note, now that it is known whose it is. A history is only ever added to: the time and the place among the notes of that
    /// time name a note for ever.
    pub fn of(self, on: &On, place: usize) -> Self {
        let id = format!("{}:{}.{place}", on.id, self.at_us);
        Self { id, on: on.id.to_owned(), on_label: on.label.to_owned(), ..self }
    }

    /// Whether somebody wrote it.
    pub fn is_written(&self) -> bool {
        self.changes.eq_ignore_ascii_case("Note")
    }
}

impl Record for Note {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.at_us
    }
    fn label(&self) -> String {
        format!("A note on {}", self.on_label)
    }
}
