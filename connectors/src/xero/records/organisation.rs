//! The organisation as a record: what is made once for all of a link is made for it.

use crate::xero::{Organisation, Record};

impl Record for Organisation {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        0
    }
    fn alias(&self) -> Option<&str> {
        Some("organisation")
    }
    fn label(&self) -> String {
        self.name.clone()
    }
}
