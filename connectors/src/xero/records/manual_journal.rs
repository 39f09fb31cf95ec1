//! A manual journal: debits and credits that somebody wrote down.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::Tracking;
use super::invoice::LineAmountTypes;
use crate::xero::{Carrier, Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManualJournal {
    #[serde(rename = "ManualJournalID")]
    pub id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub narration: String,
    #[serde(default)]
    pub status: JournalStatus,
    #[serde(deserialize_with = "wire::day")]
    pub date: NaiveDate,
    /// A journal that does not say has no tax.
    #[serde(default = "no_tax")]
    pub line_amount_types: LineAmountTypes,
    #[serde(default, deserialize_with = "wire::list")]
    pub journal_lines: Vec<ManualJournalLine>,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum JournalStatus {
    #[default]
    Draft,
    Posted,
    Deleted,
    Voided,
    Archived,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManualJournalLine {
    /// Debits are positive, credits negative. A line that only says something has none.
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub line_amount: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::text")]
    pub account_code: String,
    #[serde(rename = "AccountID", default, deserialize_with = "wire::text")]
    pub account_id: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub description: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub tax_type: String,
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub tax_amount: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::list")]
    pub tracking: Vec<Tracking>,
}

fn no_tax() -> LineAmountTypes {
    LineAmountTypes::NoTax
}

impl Record for ManualJournal {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn label(&self) -> String {
        let said: String = self.narration.split_whitespace().collect::<Vec<_>>().join(" ");
        let said: String = said.chars().take(60).collect();
        match said.is_empty() {
            true => format!("Manual journal of {}", self.date),
            false => format!("Manual journal “{said}” of {}", self.date),
        }
    }
    fn says(&self, carrier: &Carrier) -> String {
        match carrier {
            Carrier::Narration => self.narration.trim().to_owned(),
            _ => String::new(),
        }
    }
}
