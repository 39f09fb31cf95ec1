//! A tracking category with its options, and how a line names one of them.

use serde::Deserialize;

use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrackingCategory {
    #[serde(rename = "TrackingCategoryID")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
    #[serde(default)]
    pub status: TrackingStatus,
    #[serde(default, deserialize_with = "wire::list")]
    pub options: Vec<TrackingOption>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TrackingOption {
    #[serde(rename = "TrackingOptionID")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
    #[serde(default)]
    pub status: TrackingStatus,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum TrackingStatus {
    #[default]
    Active,
    Archived,
    Deleted,
}

/// The option of a category that a line belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tracking {
    /// The category's id. Both ids may be missing where Xero names a category and its option by their names only.
    #[serde(rename = "TrackingCategoryID", default, deserialize_with = "wire::text")]
    pub category: String,
    #[serde(rename = "TrackingOptionID", default, deserialize_with = "wire::text")]
    pub option: String,
    #[serde(rename = "Name", default, deserialize_with = "wire::text")]
    pub category_name: String,
    #[serde(rename = "Option", default, deserialize_with = "wire::text")]
    pub option_name: String,
}

impl Record for TrackingCategory {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        0
    }
    fn alias(&self) -> Option<&str> {
        Some(self.name.as_str()).filter(|name| !name.is_empty())
    }
    fn label(&self) -> String {
        format!("Tracking category {}", self.name)
    }
}
