//! The records of Xero that we read, and only the fields we need.

mod account;
mod advance;
mod attachment;
mod bank_transaction;
mod bank_transfer;
mod contact;
mod credit_note;
mod currency;
mod invoice;
mod item;
mod manual_journal;
mod note;
mod organisation;
mod payment;
mod person;
mod purchase_order;
mod quote;
mod repeating_invoice;
mod tax_rate;
mod tracking_category;

pub use account::{Account, AccountStatus, AccountType};
pub use advance::{Advance, AdvanceStatus, AdvanceType, AllocatedInvoice, Allocation, PaidBack};
pub use attachment::Attachment;
pub use bank_transaction::{BankTransaction, BankTransactionStatus, BankTransactionType, Payee};
pub use bank_transfer::{BankTransfer, TransferAccount, TransferStatus};
pub use contact::{Address, Contact, ContactPerson, ContactStatus, MADE_FROM_VENDOR, Phone, Term};
pub use credit_note::{AllocatedTo, CreditAllocation, CreditNote, OfCredit};
pub use currency::Currency;
pub use invoice::{Applied, Invoice, InvoiceStatus, InvoiceType, LineAmountTypes, LineItem};
pub use item::{Item, ItemSide};
pub use manual_journal::{JournalStatus, ManualJournal, ManualJournalLine};
pub use note::Note;
pub use payment::{PaidCredit, PaidInvoice, Payment, PaymentAccount, PaymentStatus, PaymentType};
pub use person::{OfParty, Person};
pub use purchase_order::{PurchaseOrder, PurchaseOrderStatus};
pub use quote::{Quote, QuoteStatus};
pub use repeating_invoice::{RepeatingInvoice, RepeatingStatus, Schedule, Unit};
pub use tax_rate::TaxRate;
pub use tracking_category::{Tracking, TrackingCategory, TrackingOption, TrackingStatus};

use super::{PAGE_SIZE, Resource};

/// What all resources have in common: one call, no filter, one address per record.
pub(super) const PLAIN: Resource = Resource {
    path: "",
    many: "",
    id: "",
    filter: "",
    paged: false,
    since: false,
    unordered: false,
    page_size: PAGE_SIZE,
    by_ids: None,
    by_list: false,
    extra: &[],
};

/// Xero gives currencies no address, no time and no page.
pub const CURRENCIES: Resource = Resource { path: "Currencies", many: "Currencies", id: "Code", by_list: true, ..PLAIN };
pub const TAX_RATES: Resource = Resource { path: "TaxRates", many: "TaxRates", id: "TaxType", ..PLAIN };
pub const ACCOUNTS: Resource = Resource { path: "Accounts", many: "Accounts", id: "AccountID", since: true, ..PLAIN };
/// Documents of years ago name what is archived today.
pub const TRACKING_CATEGORIES: Resource = Resource {
    path: "TrackingCategories",
    many: "TrackingCategories",
    id: "TrackingCategoryID",
    extra: &[("includeArchived", "true")],
    ..PLAIN
};
/// `unitdp=4`: without it Xero rounds prices to cents.
pub const ITEMS: Resource =
    Resource { path: "Items", many: "Items", id: "ItemID", since: true, extra: &[("unitdp", "4")], ..PLAIN };
pub const CONTACTS: Resource = Resource {
    path: "Contacts",
    many: "Contacts",
    id: "ContactID",
    paged: true,
    since: true,
    by_ids: Some("IDs"),
    extra: &[("includeArchived", "true")],
    ..PLAIN
};
pub const SALES_INVOICES: Resource = Resource {
    path: "Invoices",
    many: "Invoices",
    id: "InvoiceID",
    filter: "Type==\"ACCREC\"",
    paged: true,
    since: true,
    by_ids: Some("IDs"),
    extra: &[("unitdp", "4")],
    ..PLAIN
};
pub const BILLS: Resource = Resource { filter: "Type==\"ACCPAY\"", ..SALES_INVOICES };
/// Both sides' credits. Xero takes no list of ids here.
pub const CREDIT_NOTES: Resource = Resource {
    path: "CreditNotes",
    many: "CreditNotes",
    id: "CreditNoteID",
    paged: true,
    since: true,
    extra: &[("unitdp", "4")],
    ..PLAIN
};
/// Payments of every type: one list feeds the flows of invoices, of bills and of refunds.
pub const PAYMENTS: Resource =
    Resource { path: "Payments", many: "Payments", id: "PaymentID", paged: true, since: true, ..PLAIN };
/// Money spent and received, what was paid in advance, and the halves of transfers, in one list.
pub const BANK_TRANSACTIONS: Resource = Resource {
    path: "BankTransactions",
    many: "BankTransactions",
    id: "BankTransactionID",
    paged: true,
    since: true,
    extra: &[("unitdp", "4")],
    ..PLAIN
};
pub const PREPAYMENTS: Resource =
    Resource { path: "Prepayments", many: "Prepayments", id: "PrepaymentID", paged: true, since: true, ..PLAIN };
pub const OVERPAYMENTS: Resource = Resource { path: "Overpayments", many: "Overpayments", id: "OverpaymentID", ..PREPAYMENTS };
/// Below each record that can have files.
pub const ATTACHMENTS: Resource = Resource { path: "Attachments", many: "Attachments", id: "AttachmentID", ..PLAIN };
/// Below each record that has a history. Its entries have no ids.
pub const HISTORY: Resource = Resource { path: "History", many: "HistoryRecords", id: "DateUTC", ..PLAIN };
/// A transfer has no time of change, and the list no pages.
pub const BANK_TRANSFERS: Resource = Resource {
    path: "BankTransfers",
    many: "BankTransfers",
    id: "BankTransferID",
    since: true,
    unordered: true,
    extra: &[("includeDeleted", "true")],
    ..PLAIN
};
/// They come in the order of change by themselves; asked for it, Xero loses some between the pages.
pub const MANUAL_JOURNALS: Resource = Resource {
    path: "ManualJournals",
    many: "ManualJournals",
    id: "ManualJournalID",
    paged: true,
    since: true,
    unordered: true,
    ..PLAIN
};
/// The size of its pages cannot be chosen, and nothing in an answer tells it.
pub const QUOTES: Resource = Resource {
    path: "Quotes",
    many: "Quotes",
    id: "QuoteID",
    paged: true,
    page_size: 100,
    since: true,
    extra: &[("unitdp", "4")],
    ..PLAIN
};
pub const PURCHASE_ORDERS: Resource = Resource {
    path: "PurchaseOrders",
    many: "PurchaseOrders",
    id: "PurchaseOrderID",
    paged: true,
    since: true,
    extra: &[("unitdp", "4")],
    ..PLAIN
};
/// Templates of both kinds: they are few, and Xero gives them no time and no page.
pub const REPEATING_INVOICES: Resource = Resource {
    path: "RepeatingInvoices",
    many: "RepeatingInvoices",
    id: "RepeatingInvoiceID",
    extra: &[("unitdp", "4")],
    ..PLAIN
};

/// The organisation itself: one record, whatever is asked.
pub const ORGANISATION: Resource = Resource { path: "Organisation", many: "Organisations", id: "OrganisationID", ..PLAIN };

/// The number people know a document by; one made from Xero's id where there is none.
pub fn number_or(number: &str, id: &str) -> String {
    match number.trim() {
        "" => format!("XERO-{}", id.get(..8).unwrap_or(id).to_ascii_uppercase()),
        number => number.to_owned(),
    }
}
