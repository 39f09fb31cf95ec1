//! A file on a record. Only what tells it apart: its bytes are passed on and never kept.

use serde::Deserialize;

use crate::flow::On;
use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attachment {
    #[serde(rename = "AttachmentID")]
    pub file_id: String,
    pub file_name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub mime_type: String,
    /// Bytes. Xero gives it as a number; 0 where it says nothing.
    #[serde(default, deserialize_with = "wire::text")]
    content_length: String,
    /// The record it is on, and what people call that one.
    #[serde(skip)]
    pub on: String,
    #[serde(skip)]
    pub on_label: String,
    #[serde(skip)]
    id: String,
}

impl Attachment {
    /// The same file, now that it is known whose it is.
    pub fn of(self, on: &On) -> Self {
        Self { id: format!("{}:{}", on.id, self.file_id), on: on.id.to_owned(), on_label: on.label.to_owned(), ..self }
    }

    pub fn bytes(&self) -> u64 {
        self.content_length.parse().unwrap_or(0)
    }

    /// What its name ends in, in small letters: `pdf`. "" for a name without an ending.
    pub fn ending(&self) -> String {
        self.file_name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default()
    }
}

impl Record for Attachment {
    fn id(&self) -> &str {
        &self.id
    }
    /// Xero gives files no time.
    fn updated_us(&self) -> i64 {
        0
    }
    fn label(&self) -> String {
        format!("The file “{}” of {}", self.file_name, self.on_label)
    }
}
