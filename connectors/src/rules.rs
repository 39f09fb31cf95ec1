//! Rules: what a tenant wants of tracking and of custom fields. Types and evaluation only: pure, and kept as JSON.

pub mod checks;
mod fields;
mod sources;
mod tracking;
pub mod typed;

use serde::{Deserialize, Serialize};

use crate::xero::Carrier;
pub use fields::{RULED, apply_to_zoho, fields_of, spare, to_xero, zoho_prints};
pub use sources::{Asked, Said, deal, party, said};
pub use tracking::{Tracked, Unmet, judge, tracking, wanted_options};
pub use typed::DataType;

/// All rules of a link, in the order in which they are asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    pub tracking: Vec<TrackingRule>,
    pub fields: Vec<FieldRule>,
}

/// Sets one of Xero's tracking categories by what a record of Zoho's says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingRule {
    pub source: Source,
    #[serde(default)]
    pub transform: Transform,
    /// `TrackingCategoryID`.
    pub category: String,
    #[serde(default)]
    pub missing: Missing,
}

/// Where in Zoho the value stands. A line's own value comes before its document's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Source {
    Tag {
        tag_id: String,
    },
    DocumentField {
        api_name: String,
    },
    LineField {
        api_name: String,
    },
    ContactField {
        api_name: String,
    },
    /// The location, which older organisations call branch.
    Location,
    Project,
    Salesperson,
    /// A field of the deal in Zoho CRM that the document was made out of.
    DealField {
        api_name: String,
    },
    Constant {
        value: String,
    },
}

/// From a value to the name of an option.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "transform", rename_all = "snake_case")]
pub enum Transform {
    #[default]
    AsIs,
    /// A value that the table does not have goes as it is.
    Table {
        rows: Vec<Row>,
    },
    Prefix {
        prefix: String,
    },
}

/// One row of a table: a value of Zoho's, its name or its id, and an option of Xero's, its name or its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub from: String,
    pub to: String,
}

/// What happens where Xero has no such option.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "missing", rename_all = "snake_case")]
pub enum Missing {
    #[default]
    Hold,
    Create,
    /// This one, by its name or id.
    Default {
        option: String,
    },
}

/// Joins a custom field of Zoho's to a place in Xero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldRule {
    /// The kind of record: `books.invoices`.
    pub flow: String,
    pub direction: Direction,
    pub label: String,
    /// Zoho's name for the field: read, never guessed.
    pub api_name: String,
    pub data_type: DataType,
    /// The choices of a drop-down.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// It is made in Zoho where it is missing.
    #[serde(default)]
    pub create: bool,
    pub carrier: Carrier,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    ToZoho,
    ToXero,
    Both,
}

impl Direction {
    pub fn is_to_zoho(self) -> bool {
        self != Direction::ToXero
    }

    pub fn is_to_xero(self) -> bool {
        self != Direction::ToZoho
    }
}

impl Rules {
    pub fn is_empty(&self) -> bool {
        self.tracking.is_empty() && self.fields.is_empty()
    }

    /// Whether a rule looks at the contact of a document, whose fields the document does not show.
    pub fn ask_contacts(&self) -> bool {
        self.tracking.iter().any(|rule| matches!(rule.source, Source::ContactField { .. }))
    }

    /// The fields of CRM's deals that rules look at.
    pub fn deal_fields(&self) -> Vec<&str> {
        let mut fields: Vec<&str> = self
            .tracking
            .iter()
            .filter_map(|rule| match &rule.source {
                Source::DealField { api_name } => Some(api_name.as_str()),
                _ => None,
            })
            .collect();
        fields.sort_unstable();
        fields.dedup();
        fields
    }

    /// Whether a rule sets this category on records of this flow.
    pub fn set_tracking(&self, flow: &str) -> bool {
        let by_field = |rule: &FieldRule| matches!(rule.carrier, Carrier::Tracking { .. }) && rule.direction.is_to_xero();
        !self.tracking.is_empty() || self.fields.iter().any(|rule| rule.flow == flow && by_field(rule))
    }

    fn of(&self, flow: &str) -> impl Iterator<Item = &FieldRule> {
        self.fields.iter().filter(move |rule| rule.flow == flow)
    }
}

/// The flows whose custom fields a rule can carry, and what Zoho's settings call their modules.
pub const MODULES: [(&str, &str); 9] = [
    ("books.customers", "contact"),
    ("books.vendors", "contact"),
    ("books.invoices", "invoice"),
    ("books.bills", "bill"),
    ("books.credit_notes", "creditnote"),
    ("books.vendor_credits", "vendor_credit"),
    ("books.quotes", "estimate"),
    ("books.purchase_orders", "purchaseorder"),
    ("books.journals", "journal"),
];

/// What Zoho's settings call the module of a flow.
pub fn module(flow: &str) -> Option<&'static str> {
    MODULES.iter().find(|(known, _)| *known == flow).map(|(_, module)| *module)
}
