//! An item: what is sold or bought. Document lines name it by its code.

use rust_decimal::Decimal;
use serde::Deserialize;

use crate::xero::{Record, wire};

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Item {
    #[serde(rename = "ItemID")]
    pub id: String,
    pub code: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub name: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub description: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub purchase_description: String,
    #[serde(default = "yes", deserialize_with = "wire::flag")]
    pub is_sold: bool,
    #[serde(default = "yes", deserialize_with = "wire::flag")]
    pub is_purchased: bool,
    #[serde(default)]
    pub sales_details: Option<ItemSide>,
    #[serde(default)]
    pub purchase_details: Option<ItemSide>,
    #[serde(rename = "UpdatedDateUTC", default, deserialize_with = "wire::moment_us")]
    pub updated_us: i64,
}

/// What holds when an item is sold, or when it is bought.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ItemSide {
    #[serde(default, deserialize_with = "wire::optional_amount")]
    pub unit_price: Option<Decimal>,
    #[serde(default, deserialize_with = "wire::text")]
    pub account_code: String,
    #[serde(rename = "COGSAccountCode", default, deserialize_with = "wire::text")]
    pub cogs_account_code: String,
    #[serde(default, deserialize_with = "wire::text")]
    pub tax_type: String,
}

impl ItemSide {
    /// The account that lines with this item go to; tracked items name another than the others.
    pub fn account(&self) -> &str {
        if self.account_code.is_empty() { &self.cogs_account_code } else { &self.account_code }
    }
}

/// Xero leaves these out when they are true.
fn yes() -> bool {
    true
}

impl Record for Item {
    fn id(&self) -> &str {
        &self.id
    }
    fn updated_us(&self) -> i64 {
        self.updated_us
    }
    fn alias(&self) -> Option<&str> {
        (!self.code.is_empty()).then_some(self.code.as_str())
    }
    fn label(&self) -> String {
        format!("Item {}", self.code)
    }
}
