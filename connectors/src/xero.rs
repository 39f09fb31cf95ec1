//! Xero: its organisations, its records, and the calls that read them.

pub mod below;
pub mod carrier;
pub mod census;
mod client;
pub mod connections;
mod envelope;
pub mod links;
mod options;
mod organisation;
pub mod records;
mod reports;
mod trouble;
pub mod webhook;
pub mod wire;
mod write;

pub use below::{Download, with_files};
pub use carrier::{Carrier, PhoneKind};
pub use client::{Client, IDS_PER_CALL, PAGE_SIZE, Page, Since};
pub use connections::{Connection, connections, delete_connection};
pub use envelope::{Odd, read_records};
pub use organisation::Organisation;
pub use reports::TrialBalance;
pub use write::{BATCH_MAX, Batch, Element, Verb, raw};

/// A kind of record in Xero's Accounting API: where it lives and how it may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resource {
    /// The path under `/api.xro/2.0`: `Invoices`.
    pub path: &'static str,
    /// The key of the array in the envelope: `Invoices`.
    pub many: &'static str,
    /// The key of a record's id: `InvoiceID`.
    pub id: &'static str,
    /// A `where` clause that every list call carries; "" for none.
    pub filter: &'static str,
    /// Whether `page` works. Otherwise one call gives everything.
    pub paged: bool,
    /// Records of a page. Where it is not `PAGE_SIZE`, there is no `pageSize` and no word about how many there are.
    pub page_size: u32,
    /// Whether `If-Modified-Since` is honoured, and records are ordered by the time of their change.
    pub since: bool,
    /// True where the list must not be asked for an order: it has no time of change to order by, or loses records between its pages.
    pub unordered: bool,
    /// How chosen records are asked for.
    pub by_ids: Option<&'static str>,
    /// True where a record has no address of its own and is found in the whole list, which is short.
    pub by_list: bool,
    /// Sent with every call.
    pub extra: &'static [(&'static str, &'static str)],
}

impl Resource {
    /// Whether Xero says how many records there are, and takes a page size.
    pub fn is_sized(&self) -> bool {
        self.paged && self.page_size == PAGE_SIZE
    }
}

/// A record as Xero gives it.
pub trait Record: Send + Sync + 'static {
    fn id(&self) -> &str;
    /// `UpdatedDateUTC` in microseconds since 1970, or 0 where Xero has none.
    fn updated_us(&self) -> i64;
    /// Another name by which records refer to it: an account's or item's code.
    fn alias(&self) -> Option<&str> {
        None
    }
    /// What a person calls it: "Invoice INV-0042".
    fn label(&self) -> String;
    /// What it has in a place that may carry a custom field's value. "" for nothing, and for places that it has not.
    fn says(&self, _: &Carrier) -> String {
        String::new()
    }
}
