//! Whether Zoho's own integration joins the CRM of a link with the books.

use async_graphql::{Enum, SimpleObject};
use connectors::zoho;
use entities::link;

use super::words::DateTime;

/// Whether Zoho's own integration joins CRM with the books.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum NativeWish {
    /// It is looked at, once a day and with every run that a person starts.
    Auto,
    Yes,
    No,
}

/// Zoho's own integration of Books and CRM. Where it is in use, CRM's records are made by it and not by us: accounts and vendors get our
/// fields, nothing else is written.
#[derive(SimpleObject)]
pub struct NativeIntegration {
    in_use: bool,
    wish: NativeWish,
    /// Whether it was found; nothing where Zoho has not said.
    found: Option<bool>,
    looked_at: Option<DateTime>,
}

impl NativeIntegration {
    /// Nothing for a link to another product than CRM.
    pub fn of(row: &link::Model) -> Option<Self> {
        if row.product != zoho::CRM.key {
            return None;
        }
        let wish = match row.native_wish.as_deref() {
            None => NativeWish::Auto,
            Some(link::NATIVE_YES) => NativeWish::Yes,
            Some(_) => NativeWish::No,
        };
        let looked_at = row.native_at.map(DateTime);
        Some(Self { in_use: row.is_beside_native(), wish, found: row.native_found, looked_at })
    }
}
