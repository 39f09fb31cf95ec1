//! A currency that the organisation uses.

use serde::Deserialize;

use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Currency {
    pub code: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub description: String,
}

impl Record for Currency {
    fn id(&self) -> &str {
        &self.code
    }
    fn updated_us(&self) -> i64 {
        0
    }
    fn label(&self) -> String {
        format!("Currency {}", self.code)
    }
}
